//! CreateTopics, versions 2 to 7.
//!
//! - Any broker takes it and asks the controller, as in KRaft. Answered when the controller has decided; brokers hear
//!   of the topic a moment later.
//! - Partitions and replication factor, by number, by default (-1) or by explicit assignment; `validate_only`; topic
//!   configurations of [`crate::TopicConfig`].
//! - A name that is there twice, or numbers beside an assignment: `INVALID_REQUEST`.
//!
//! Deliberately absent: the configurations in the answer (an empty list), quotas for topic creation.

use ottla_sorted::SortedSet;
use ottla_wire::{
    error_code::ErrorCode,
    messages::create_topics::{
        CreatableTopic, CreatableTopicResult, CreateTopicsRequest, CreateTopicsResponse,
    },
};

use super::{Call, Reaction, topics};
use crate::{Broker, ControllerRequest, NewTopic, TopicOutcome};

pub(super) fn handle(broker: &mut Broker, call: Call, request: CreateTopicsRequest) -> Reaction {
    let validate_only = request.validate_only;
    let (topics, refused) = sort_out(request.topics);
    let asked = topics::Asked {
        kind: topics::Kind::Create,
        names: topics.iter().map(|topic| topic.name.clone()).collect(),
        refused,
        timeout_ms: request.timeout_ms,
    };
    topics::ask(broker, call, asked, |token| ControllerRequest::CreateTopics {
        token: Some(token),
        topics,
        validate_only,
    })
}

/// The topics for the controller, and those that are refused without it.
fn sort_out(asked: Vec<CreatableTopic>) -> (Vec<NewTopic>, Vec<TopicOutcome>) {
    let (mut names, mut twice) = (SortedSet::new(), SortedSet::new());
    for topic in &asked {
        if !names.insert(topic.name.clone()) {
            twice.insert(topic.name.clone());
        }
    }
    let refuse = topics::refusal;
    let named_twice = twice.iter().map(|name| {
        let message = "the request has this topic twice";
        refuse(name.clone(), ErrorCode::INVALID_REQUEST, message)
    });
    let mut refused: Vec<TopicOutcome> = named_twice.collect();
    let mut topics = Vec::new();
    for topic in asked.into_iter().filter(|topic| !twice.contains(&topic.name)) {
        let is_placed_by_number = topic.num_partitions != -1 || topic.replication_factor != -1;
        if !topic.assignments.is_empty() && is_placed_by_number {
            let message = "with an assignment, partitions and replication factor must both be -1";
            refused.push(refuse(topic.name, ErrorCode::INVALID_REQUEST, message));
        } else if let Some(config) = topic.configs.iter().find(|config| config.value.is_none()) {
            let message = format!("the configuration '{}' has no value", config.name);
            refused.push(refuse(topic.name.clone(), ErrorCode::INVALID_CONFIG, &message));
        } else {
            topics.push(new_topic(topic));
        }
    }
    (topics, refused)
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
