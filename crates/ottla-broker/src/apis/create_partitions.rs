//! CreatePartitions, versions 0 to 3.
//!
//! - Any broker takes it and asks the controller. New partitions go on where the topic's first one began, or to the
//!   assigned brokers; `validate_only`.
//!
//! Deliberately absent: quotas.

use ottla_wire::{
    error_code::ErrorCode,
    messages::create_partitions::{
        CreatePartitionsRequest, CreatePartitionsResponse, CreatePartitionsTopicResult,
    },
};

use super::{Call, Reaction, topics};
use crate::{Broker, ControllerRequest, MorePartitions, TopicOutcome};

pub(super) fn handle(broker: &mut Broker, call: Call, request: CreatePartitionsRequest) -> Reaction {
    let twice = |name: &String| request.topics.iter().filter(|topic| topic.name == *name).count() > 1;
    let names: Vec<String> = request.topics.iter().map(|topic| topic.name.clone()).collect();
    let refused = match names.iter().find(|name| twice(name)) {
        Some(name) => vec![topics::refusal(
            name.clone(),
            ErrorCode::INVALID_REQUEST,
            "the request has this topic twice",
        )],
        None => Vec::new(),
    };
    let topics: Vec<MorePartitions> = request
        .topics
        .into_iter()
        .filter(|topic| refused.iter().all(|refused| refused.name != topic.name))
        .map(|topic| MorePartitions {
            name: topic.name,
            count: topic.count,
            assignments: topic
                .assignments
                .map(|all| all.into_iter().map(|one| one.broker_ids).collect()),
        })
        .collect();
    let asked = topics::Asked {
        kind: topics::Kind::Grow,
        names: topics.iter().map(|topic| topic.name.clone()).collect(),
        refused,
        timeout_ms: request.timeout_ms,
    };
    let validate_only = request.validate_only;
    topics::ask(broker, call, asked, |token| ControllerRequest::CreatePartitions {
        token: Some(token),
        topics,
        validate_only,
    })
}

pub(super) fn answer(call: Call, results: &[TopicOutcome]) -> Reaction {
    let results = results.iter().map(|outcome| CreatePartitionsTopicResult {
        name: outcome.name.clone(),
        error_code: outcome.error,
        error_message: outcome.message.clone(),
    });
    call.answer(&CreatePartitionsResponse {
        results: results.collect(),
        ..CreatePartitionsResponse::default()
    })
}
