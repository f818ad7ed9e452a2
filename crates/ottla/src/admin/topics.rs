//! Topics: create, delete, give more partitions.

use ottla_wire::api::ApiKey;
use ottla_wire::error_code::ErrorCode;
use ottla_wire::messages::create_partitions::{
    CreatePartitionsAssignment, CreatePartitionsRequest, CreatePartitionsTopic,
};
use ottla_wire::messages::create_topics::{
    CreatableReplicaAssignment, CreatableTopic, CreatableTopicConfig, CreateTopicsRequest,
};
use ottla_wire::messages::delete_topics::{DeleteTopicState, DeleteTopicsRequest};

use super::{Admin, AdminError, check, unknown};

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
            timeout_ms: self.timeout_ms(),
            ..Default::default()
        };
        let answer = self.connection.call(&request).await?;
        let result = answer.topics.into_iter().next().ok_or_else(|| unknown(&name))?;
        done(result.error_code, result.error_message, &name, "was not created")
    }

    /// Deletes a topic with all its records.
    ///
    /// # Errors
    /// When it does not exist, or the cluster does not let it be deleted.
    pub async fn delete_topic(&mut self, name: &str) -> Result<(), AdminError> {
        let by_state = self.connection.version(ApiKey::DeleteTopics)? >= 6;
        let state = DeleteTopicState {
            name: Some(name.to_owned()),
            ..DeleteTopicState::default()
        };
        let request = DeleteTopicsRequest {
            topics: if by_state { vec![state] } else { Vec::new() },
            topic_names: vec![name.to_owned()],
            timeout_ms: self.timeout_ms(),
        };
        let answer = self.connection.call(&request).await?;
        let result = answer.responses.into_iter().next().ok_or_else(|| unknown(name))?;
        done(result.error_code, result.error_message, name, "was not deleted")
    }

    /// Gives a topic more partitions, `count` in all. `assignment` has the replicas of each new one, if the cluster is
    /// not to choose them.
    ///
    /// # Errors
    /// When the topic does not exist, or has as many already.
    pub async fn create_partitions(
        &mut self,
        name: &str,
        count: i32,
        assignment: Option<Vec<Vec<i32>>>,
    ) -> Result<(), AdminError> {
        let assignments = assignment.map(|new| {
            let new = new.into_iter();
            new.map(|broker_ids| CreatePartitionsAssignment { broker_ids })
                .collect()
        });
        let request = CreatePartitionsRequest {
            topics: vec![CreatePartitionsTopic {
                name: name.to_owned(),
                count,
                assignments,
            }],
            timeout_ms: self.timeout_ms(),
            validate_only: false,
        };
        let answer = self.connection.call(&request).await?;
        let result = answer.results.into_iter().next().ok_or_else(|| unknown(name))?;
        done(result.error_code, result.error_message, name, "was not altered")
    }

    fn timeout_ms(&self) -> i32 {
        i32::try_from(self.options.request_timeout.as_millis()).unwrap_or(i32::MAX)
    }
}

fn done(code: ErrorCode, words: Option<String>, name: &str, otherwise: &str) -> Result<(), AdminError> {
    if code == ErrorCode::UNKNOWN_TOPIC_OR_PARTITION {
        return Err(unknown(name));
    }
    check(code, || match words {
        Some(words) if !words.is_empty() => format!("topic {name}: {words}"),
        _ => format!("topic {name} {otherwise}"),
    })
}
