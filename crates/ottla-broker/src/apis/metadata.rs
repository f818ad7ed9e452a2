//! Metadata, versions 0 to 13.
//!
//! - All topics for a null list (an empty one in version 0), none for an empty list, else those named, by name or
//!   from version 12 on by id.
//! - An unknown name is created if broker and client allow it; until that is done the answer is
//!   `UNKNOWN_TOPIC_OR_PARTITION`, as in KRaft clusters.
//! - A partition without a leader: `LEADER_NOT_AVAILABLE`.
//! - Says what this broker knows, which may be older than what the controller knows.
//!
//! - Authorized operations of topics (KIP-430): everything, as without an authorizer.
//!
//! Deliberately absent: authorized operations of the cluster (answered as "not asked for"), rebootstrapping (KIP-1102).

use ottla_sorted::SortedSet;
use ottla_wire::{
    error_code::ErrorCode,
    messages::metadata::{
        MetadataRequest, MetadataRequestTopic, MetadataResponse, MetadataResponseBroker,
        MetadataResponsePartition, MetadataResponseTopic,
    },
};

use super::{Call, Reaction};
use crate::{
    Broker, ControllerRequest, Effect, FULL, Image, NewTopic, PartitionImage, TopicImage,
    image::is_valid_topic_name,
};

/// From this version on the client says whether topics may be created.
const ASKS_FOR_CREATION_SINCE: i16 = 4;
/// Every operation that Kafka knows on a topic, one bit each (`AclEntry.supportedOperations`).
const EVERYTHING: i32 = 3_576;

pub(super) fn handle(broker: &mut Broker, call: Call, request: MetadataRequest) -> Reaction {
    let image = broker.image.clone();
    let mut topics: Vec<MetadataResponseTopic> = match request.topics {
        Some(topics) if call.version > 0 || !topics.is_empty() => {
            let may_create = call.version < ASKS_FOR_CREATION_SINCE || request.allow_auto_topic_creation;
            let asked = once_each(topics).into_iter().map(|asked| match asked.name {
                Some(name) => by_name(broker, &image, name, may_create),
                None => image.topic_by_id(&asked.topic_id).map_or_else(
                    || MetadataResponseTopic {
                        error_code: ErrorCode::UNKNOWN_TOPIC_ID,
                        topic_id: asked.topic_id,
                        ..MetadataResponseTopic::default()
                    },
                    |topic| describe(&image, topic),
                ),
            });
            asked.collect()
        }
        _ => image
            .topics
            .values()
            .map(|topic| describe(&image, topic))
            .collect(),
    };
    if FULL && request.include_topic_authorized_operations {
        for topic in topics.iter_mut().filter(|topic| topic.error_code.is_ok()) {
            topic.topic_authorized_operations = EVERYTHING;
        }
    }
    let brokers = image
        .brokers
        .iter()
        .map(|(&node_id, endpoint)| MetadataResponseBroker {
            node_id,
            host: endpoint.host.clone(),
            port: i32::from(endpoint.port),
            rack: endpoint.rack.clone(),
        });
    call.answer(&MetadataResponse {
        brokers: brokers.collect(),
        cluster_id: Some(broker.cluster_id.to_string()),
        // In KRaft any broker forwards what is meant for the controller, so any is as good.
        controller_id: image
            .controller
            .or(image.brokers.keys().next().copied())
            .unwrap_or(-1),
        topics,
        ..MetadataResponse::default()
    })
}

/// A topic that is asked for twice is told of once.
fn once_each(mut topics: Vec<MetadataRequestTopic>) -> Vec<MetadataRequestTopic> {
    if FULL {
        let mut seen = SortedSet::new();
        topics.retain(|topic| seen.insert((topic.name.clone(), topic.topic_id)));
    }
    topics
}

fn by_name(broker: &mut Broker, image: &Image, name: String, may_create: bool) -> MetadataResponseTopic {
    if let Some(topic) = image.topic(&name) {
        return describe(image, topic);
    }
    let error_code = if is_valid_topic_name(&name) {
        if may_create && broker.settings.auto_create_topics {
            create(broker, &name);
        }
        ErrorCode::UNKNOWN_TOPIC_OR_PARTITION
    } else {
        ErrorCode::INVALID_TOPIC_EXCEPTION
    };
    MetadataResponseTopic {
        error_code,
        name: Some(name),
        ..MetadataResponseTopic::default()
    }
}

fn create(broker: &mut Broker, name: &str) {
    if broker.creating.insert(name.to_owned()) {
        let topic = NewTopic {
            name: name.to_owned(),
            partitions: -1,
            replication_factor: -1,
            ..NewTopic::default()
        };
        let request = ControllerRequest::CreateTopics {
            token: None,
            topics: vec![topic],
            validate_only: false,
        };
        broker.effects.push_back(Effect::Controller(request));
    }
}

fn describe(image: &Image, topic: &TopicImage) -> MetadataResponseTopic {
    let partitions = (0..)
        .zip(&topic.partitions)
        .map(|(index, partition)| describe_partition(image, index, partition));
    MetadataResponseTopic {
        name: Some(topic.name.to_string()),
        topic_id: topic.id,
        partitions: partitions.collect(),
        ..MetadataResponseTopic::default()
    }
}

fn describe_partition(image: &Image, index: i32, partition: &PartitionImage) -> MetadataResponsePartition {
    let leader = partition
        .leader
        .filter(|leader| image.brokers.contains_key(leader));
    let offline = partition
        .replicas
        .iter()
        .filter(|node| !image.brokers.contains_key(node));
    MetadataResponsePartition {
        error_code: if leader.is_some() {
            ErrorCode::NONE
        } else {
            ErrorCode::LEADER_NOT_AVAILABLE
        },
        partition_index: index,
        leader_id: leader.unwrap_or(-1),
        leader_epoch: partition.leader_epoch,
        replica_nodes: partition.replicas.clone(),
        isr_nodes: partition.isr.clone(),
        offline_replicas: offline.copied().collect(),
    }
}
