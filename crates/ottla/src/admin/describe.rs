//! Topics as the cluster describes them.

use ottla_wire::error_code::ErrorCode;
use ottla_wire::messages::describe_topic_partitions::{
    Cursor, DescribeTopicPartitionsRequest, DescribeTopicPartitionsResponsePartition,
    DescribeTopicPartitionsResponseTopic, Nullable, TopicRequest,
};
use ottla_wire::messages::metadata::MetadataResponseTopic;

use super::{Admin, AdminError, check, unknown};

/// The partitions of one answer that Kafka's tools ask for.
const PARTITIONS_PER_ANSWER: i32 = 2_000;

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
    /// Replicas that may lead although they are not in sync (KIP-966); `None` when the broker does not tell.
    pub elr: Option<Vec<i32>>,
    /// Those that last were eligible; `None` when the broker does not tell.
    pub last_known_elr: Option<Vec<i32>>,
}

impl Admin {
    /// All topics, in the order of their names, without what only [`describe`](Self::describe) tells.
    ///
    /// # Errors
    /// When the cluster does not answer.
    pub async fn topics(&mut self) -> Result<Vec<TopicDescription>, AdminError> {
        let metadata = self.metadata(None).await?;
        let mut topics: Vec<_> = metadata.topics.into_iter().map(from_metadata).collect();
        topics.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(topics)
    }

    /// These topics, in the order of their names.
    ///
    /// # Errors
    /// The first one that does not exist.
    pub async fn describe(&mut self, names: &[String]) -> Result<Vec<TopicDescription>, AdminError> {
        self.describe_in_parts(names, PARTITIONS_PER_ANSWER).await
    }

    /// As [`describe`](Self::describe), with at most so many partitions in each answer. A broker without
    /// DescribeTopicPartitions (Kafka before 3.8) answers all at once.
    ///
    /// # Errors
    /// As [`describe`](Self::describe).
    pub async fn describe_in_parts(
        &mut self,
        names: &[String],
        partitions_per_answer: i32,
    ) -> Result<Vec<TopicDescription>, AdminError> {
        if names.is_empty() {
            return Ok(Vec::new());
        }
        let api = ottla_wire::api::ApiKey::DescribeTopicPartitions;
        let mut topics = match self.connection.version(api) {
            Ok(_) => self.described_in_parts(names, partitions_per_answer).await?,
            Err(_) => self.described_by_metadata(names).await?,
        };
        topics.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(topics)
    }

    async fn described_by_metadata(&mut self, names: &[String]) -> Result<Vec<TopicDescription>, AdminError> {
        let metadata = self.metadata(Some(names)).await?;
        let mut topics = Vec::with_capacity(metadata.topics.len());
        for topic in metadata.topics {
            there(topic.error_code, topic.name.as_deref())?;
            topics.push(from_metadata(topic));
        }
        Ok(topics)
    }

    async fn described_in_parts(
        &mut self,
        names: &[String],
        partitions_per_answer: i32,
    ) -> Result<Vec<TopicDescription>, AdminError> {
        let mut names = names.to_vec();
        names.sort();
        names.dedup();
        let mut request = DescribeTopicPartitionsRequest {
            topics: names.into_iter().map(|name| TopicRequest { name }).collect(),
            response_partition_limit: partitions_per_answer,
            cursor: Nullable(None),
        };
        let mut topics: Vec<TopicDescription> = Vec::new();
        loop {
            let answer = self.connection.call(&request).await?;
            for topic in answer.topics {
                there(topic.error_code, topic.name.as_deref())?;
                let topic = from_parts(topic);
                // What does not fit into one answer goes on in the next.
                match topics.last_mut().filter(|last| last.name == topic.name) {
                    Some(last) => last.partitions.extend(topic.partitions),
                    None => topics.push(topic),
                }
            }
            let Some(next) = answer.next_cursor.0 else {
                return Ok(topics);
            };
            let place = |cursor: &Cursor| (cursor.topic_name.clone(), cursor.partition_index);
            if request
                .cursor
                .0
                .as_ref()
                .is_some_and(|last| place(last) >= place(&next))
            {
                return Err(self
                    .connection
                    .lost("DescribeTopicPartitions does not get on".to_owned()));
            }
            // What was told is not asked for again: the broker begins at the cursor's topic.
            request.topics.retain(|topic| topic.name >= next.topic_name);
            request.cursor = Nullable(Some(next));
        }
    }
}

fn there(code: ErrorCode, name: Option<&str>) -> Result<(), AdminError> {
    let name = name.unwrap_or_default();
    if code == ErrorCode::UNKNOWN_TOPIC_OR_PARTITION {
        return Err(unknown(name));
    }
    check(code, || format!("topic {name}"))
}

fn from_metadata(topic: MetadataResponseTopic) -> TopicDescription {
    let mut partitions: Vec<_> = topic
        .partitions
        .into_iter()
        .map(|p| PartitionDescription {
            partition: p.partition_index,
            leader: p.leader_id,
            replicas: p.replica_nodes,
            isr: p.isr_nodes,
            elr: None,
            last_known_elr: None,
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

fn from_parts(topic: DescribeTopicPartitionsResponseTopic) -> TopicDescription {
    let partition = |p: DescribeTopicPartitionsResponsePartition| PartitionDescription {
        partition: p.partition_index,
        leader: p.leader_id,
        replicas: p.replica_nodes,
        isr: p.isr_nodes,
        elr: Some(p.eligible_leader_replicas.unwrap_or_default()),
        last_known_elr: Some(p.last_known_elr.unwrap_or_default()),
    };
    let mut partitions: Vec<_> = topic.partitions.into_iter().map(partition).collect();
    partitions.sort_by_key(|p| p.partition);
    TopicDescription {
        name: topic.name.unwrap_or_default(),
        topic_id: topic.topic_id.0,
        is_internal: topic.is_internal,
        partitions,
    }
}
