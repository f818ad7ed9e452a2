//! The cluster as the controller last described it: what Kafka calls the metadata image.

use std::sync::Arc;

use crate::{NodeId, TopicConfig, TopicId};
use ottla_sorted::SortedMap;

/// A broker that may be talked to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// Host as advertised.
    pub host: String,
    /// Port as advertised.
    pub port: u16,
    /// `broker.rack`.
    pub rack: Option<String>,
}

/// One partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartitionImage {
    /// The leader; `None` when no replica may lead.
    pub leader: Option<NodeId>,
    /// Goes up with every election.
    pub leader_epoch: i32,
    /// Goes up with every change, of the ISR too.
    pub partition_epoch: i32,
    /// Replicas, the preferred leader first.
    pub replicas: Vec<NodeId>,
    /// The in-sync replicas.
    pub isr: Vec<NodeId>,
}

/// One topic.
#[derive(Clone, Debug, PartialEq)]
pub struct TopicImage {
    /// Its id: another one when a deleted topic is created again (KIP-516).
    pub id: TopicId,
    /// Its name.
    pub name: Arc<str>,
    /// Its configuration.
    pub config: Arc<TopicConfig>,
    /// Its partitions, by number.
    pub partitions: Vec<PartitionImage>,
}

/// The cluster at one version of its metadata.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Image {
    /// Counts the controller's changes.
    pub version: u64,
    /// The controller's node, as clients are told.
    pub controller: Option<NodeId>,
    /// The brokers that are not fenced.
    pub brokers: SortedMap<NodeId, Endpoint>,
    /// Topics by name.
    pub topics: SortedMap<Arc<str>, Arc<TopicImage>>,
    /// Names by topic id.
    pub names: SortedMap<TopicId, Arc<str>>,
}

impl Image {
    /// The topic of that name.
    #[must_use]
    pub fn topic(&self, name: &str) -> Option<&Arc<TopicImage>> {
        self.topics.get(name)
    }

    /// The topic with that id.
    #[must_use]
    pub fn topic_by_id(&self, id: &TopicId) -> Option<&Arc<TopicImage>> {
        self.topic(self.names.get(id)?)
    }

    /// The partition of that topic and number.
    #[must_use]
    pub fn partition(&self, topic: &str, index: i32) -> Option<&PartitionImage> {
        self.topic(topic)?.partition(index)
    }
}

impl TopicImage {
    /// The partition of that number.
    #[must_use]
    pub fn partition(&self, index: i32) -> Option<&PartitionImage> {
        self.partitions.get(usize::try_from(index).ok()?)
    }
}

/// Whether Kafka accepts `name` for a topic (`Topic.validate`): 1 to 249 of `[a-zA-Z0-9._-]`, not `.` or `..`.
#[must_use]
pub fn is_valid_topic_name(name: &str) -> bool {
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    !name.is_empty() && name.len() <= 249 && name != "." && name != ".." && name.bytes().all(legal)
}

#[cfg(test)]
mod tests {
    use super::is_valid_topic_name;

    #[test]
    fn topic_names_follow_kafkas_rule() {
        for name in ["a", "orders-2", "a.b_c", &"x".repeat(249)] {
            assert!(is_valid_topic_name(name), "{name}");
        }
        for name in ["", ".", "..", "a b", "주문", &"x".repeat(250)] {
            assert!(!is_valid_topic_name(name), "{name}");
        }
    }
}
