//! CreateTopics, versions 2 to 7.
//!
//! - Any broker takes it and asks the controller, as in KRaft. Answered when the controller has decided; brokers hear
//!   of the topic a moment later.
//! - Partitions and replication factor, by number, by default (-1) or by explicit assignment; `validate_only`; topic
//!   configurations of [`crate::TopicConfig`].
//!
//! Deliberately absent: the configurations in the answer (an empty list), quotas for topic creation.

use ottla_wire::messages::create_topics::{
    CreatableTopic, CreatableTopicResult, CreateTopicsRequest, CreateTopicsResponse,
};

use super::{Call, Reaction, topics};
use crate::{Broker, ControllerRequest, NewTopic, TopicOutcome};

pub(super) fn handle(broker: &mut Broker, call: Call, request: CreateTopicsRequest) -> Reaction {
    let validate_only = request.validate_only;
    let topics: Vec<NewTopic> = request.topics.into_iter().map(new_topic).collect();
    let names = topics.iter().map(|topic| topic.name.clone()).collect();
    topics::ask(
        broker,
        call,
        topics::Kind::Create,
        (names, request.timeout_ms),
        |token| ControllerRequest::CreateTopics {
            token: Some(token),
            topics,
            validate_only,
        },
    )
}

fn new_topic(topic: CreatableTopic) -> NewTopic {
    let assignments = topic
        .assignments
        .into_iter()
        .map(|it| (it.partition_index, it.broker_ids));
    let configs = topic
        .configs
        .into_iter()
        .filter_map(|config| Some((config.name, config.value?)));
    NewTopic {
        name: topic.name,
        partitions: topic.num_partitions,
        replication_factor: topic.replication_factor,
        assignments: assignments.collect(),
        configs: configs.collect(),
    }
}

pub(super) fn answer(call: Call, results: &[TopicOutcome]) -> Reaction {
    let topics = results.iter().map(|outcome| CreatableTopicResult {
        name: outcome.name.clone(),
        topic_id: outcome.id,
        error_code: outcome.error,
        error_message: outcome.message.clone(),
        num_partitions: outcome.partitions,
        replication_factor: outcome.replication_factor,
        configs: Some(Vec::new()),
        ..CreatableTopicResult::default()
    });
    call.answer(&CreateTopicsResponse {
        topics: topics.collect(),
        ..CreateTopicsResponse::default()
    })
}
