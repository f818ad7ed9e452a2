//! Topics: list, describe, create.

use ottla_wire::error_code::ErrorCode;
use ottla_wire::messages::create_topics::{
    CreatableReplicaAssignment, CreatableTopic, CreatableTopicConfig, CreateTopicsRequest,
};
use ottla_wire::messages::metadata::MetadataResponseTopic;

use super::{Admin, AdminError, check, unknown};

/// A topic as the cluster describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopicDescription {
    /// Name.
    pub name: String,
    /// Topic id (KIP-516); zero when the broker does not tell.
    pub topic_id: [u8; 16],
    /// Whether it is one of Kafka's own.
    pub is_internal: bool,
    /// Partitions in order.
    pub partitions: Vec<PartitionDescription>,
}

/// A partition as the cluster describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartitionDescription {
    /// Number.
    pub partition: i32,
    /// Leader, -1 when there is none.
    pub leader: i32,
    /// Replicas in the order of preference.
    pub replicas: Vec<i32>,
    /// In-sync replicas.
    pub isr: Vec<i32>,
}

/// A topic to create.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewTopic {
    /// Name.
    pub name: String,
    /// Number of partitions; -1 for the broker's default.
    pub partitions: i32,
    /// Replicas of each; -1 for the broker's default.
    pub replication_factor: i16,
    /// Explicit replicas for each partition, in place of the two numbers.
    pub replica_assignment: Vec<Vec<i32>>,
    /// Configuration, name and value.
    pub configs: Vec<(String, String)>,
}

impl Admin {
    /// All topics, in the order of their names.
    pub async fn topics(&mut self) -> Result<Vec<TopicDescription>, AdminError> {
        let metadata = self.metadata(None).await?;
        let mut topics: Vec<_> = metadata.topics.into_iter().map(description).collect();
        topics.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(topics)
    }

    /// These topics; the first one that does not exist is the error.
    pub async fn describe(&mut self, names: &[String]) -> Result<Vec<TopicDescription>, AdminError> {
        let metadata = self.metadata(Some(names)).await?;
        let mut topics = Vec::with_capacity(metadata.topics.len());
        for topic in metadata.topics {
            let name = topic.name.clone().unwrap_or_default();
            if topic.error_code == ErrorCode::UNKNOWN_TOPIC_OR_PARTITION {
                return Err(unknown(&name));
            }
            check(topic.error_code, || format!("topic {name}"))?;
            topics.push(description(topic));
        }
        topics.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(topics)
    }

    /// Creates a topic.
    pub async fn create_topic(&mut self, topic: NewTopic) -> Result<(), AdminError> {
        let name = topic.name.clone();
        let explicit = !topic.replica_assignment.is_empty();
        let assignments = (0..)
            .zip(topic.replica_assignment)
            .map(|(partition_index, broker_ids)| CreatableReplicaAssignment {
                partition_index,
                broker_ids,
            });
        let configs = topic
            .configs
            .into_iter()
            .map(|(name, value)| CreatableTopicConfig {
                name,
                value: Some(value),
            });
        let request = CreateTopicsRequest {
            topics: vec![CreatableTopic {
                name: topic.name,
                num_partitions: if explicit { -1 } else { topic.partitions },
                replication_factor: if explicit { -1 } else { topic.replication_factor },
                assignments: assignments.collect(),
                configs: configs.collect(),
            }],
            timeout_ms: i32::try_from(self.options.request_timeout.as_millis()).unwrap_or(i32::MAX),
            ..Default::default()
        };
        let answer = self.connection.call(&request).await?;
        let result = answer.topics.into_iter().next().ok_or_else(|| unknown(&name))?;
        check(result.error_code, || match result.error_message {
            Some(words) if !words.is_empty() => format!("topic {name}: {words}"),
            _ => format!("topic {name} was not created"),
        })
    }
}

fn description(topic: MetadataResponseTopic) -> TopicDescription {
    let mut partitions: Vec<_> = topic
        .partitions
        .into_iter()
        .map(|p| PartitionDescription {
            partition: p.partition_index,
            leader: p.leader_id,
            replicas: p.replica_nodes,
            isr: p.isr_nodes,
        })
        .collect();
    partitions.sort_by_key(|p| p.partition);
    TopicDescription {
        name: topic.name.unwrap_or_default(),
        topic_id: topic.topic_id.0,
        is_internal: topic.is_internal,
        partitions,
    }
}
