//! DeleteTopics, versions 1 to 6.
//!
//! - Any broker takes it and asks the controller. By name, in version 6 also by id. Logs are gone when each broker has
//!   heard of it.
//!
//! Deliberately absent: `delete.topic.enable`.

use ottla_wire::messages::delete_topics::{DeletableTopicResult, DeleteTopicsRequest, DeleteTopicsResponse};

use super::{Call, Reaction, topics};
use crate::{Broker, ControllerRequest, TopicId, TopicOutcome};

pub(super) fn handle(broker: &mut Broker, call: Call, request: DeleteTopicsRequest) -> Reaction {
    let image = broker.image.clone();
    let by_id = |id: &TopicId| image.topic_by_id(id).map(|topic| topic.name.to_string());
    // A name that no topic can have stands for an unknown id; the controller does not find it either.
    let states = request
        .topics
        .into_iter()
        .map(|it| it.name.or_else(|| by_id(&it.topic_id)).unwrap_or_default());
    let names: Vec<String> = request.topic_names.into_iter().chain(states).collect();
    topics::ask(
        broker,
        call,
        topics::Kind::Delete,
        (names.clone(), request.timeout_ms),
        |token| ControllerRequest::DeleteTopics { token, names },
    )
}

pub(super) fn answer(call: Call, results: &[TopicOutcome]) -> Reaction {
    let responses = results.iter().map(|outcome| DeletableTopicResult {
        name: Some(outcome.name.clone()),
        topic_id: outcome.id,
        error_code: outcome.error,
        error_message: outcome.message.clone(),
    });
    call.answer(&DeleteTopicsResponse {
        responses: responses.collect(),
        ..DeleteTopicsResponse::default()
    })
}
