//! DeleteTopics, versions 1 to 6.
//!
//! - Any broker takes it and asks the controller. By name, in version 6 also by id (`UNKNOWN_TOPIC_ID`). Logs are gone when each broker has
//!   heard of it.
//!
//! Deliberately absent: `delete.topic.enable`.

use ottla_wire::{
    error_code::ErrorCode,
    messages::delete_topics::{DeletableTopicResult, DeleteTopicsRequest, DeleteTopicsResponse},
};

use super::{Call, Reaction, topics};
use crate::{Broker, ControllerRequest, TopicOutcome};

pub(super) fn handle(broker: &mut Broker, call: Call, request: DeleteTopicsRequest) -> Reaction {
    let image = broker.image.clone();
    let (mut names, mut refused) = (request.topic_names, Vec::new());
    for topic in request.topics {
        let known = image.topic_by_id(&topic.topic_id);
        match topic.name.or_else(|| known.map(|it| it.name.to_string())) {
            Some(name) => names.push(name),
            None => refused.push(TopicOutcome {
                id: topic.topic_id,
                ..topics::refusal(String::new(), ErrorCode::UNKNOWN_TOPIC_ID, "no topic has this id")
            }),
        }
    }
    let asked = topics::Asked {
        kind: topics::Kind::Delete,
        names: names.clone(),
        refused,
        timeout_ms: request.timeout_ms,
    };
    topics::ask(broker, call, asked, |token| ControllerRequest::DeleteTopics {
        token: Some(token),
        names,
    })
}

pub(super) fn answer(call: Call, results: &[TopicOutcome]) -> Reaction {
    let responses = results.iter().map(|outcome| DeletableTopicResult {
        name: Some(outcome.name.clone()).filter(|name| !name.is_empty()),
        topic_id: outcome.id,
        error_code: outcome.error,
        error_message: outcome.message.clone(),
    });
    call.answer(&DeleteTopicsResponse {
        responses: responses.collect(),
        ..DeleteTopicsResponse::default()
    })
}
