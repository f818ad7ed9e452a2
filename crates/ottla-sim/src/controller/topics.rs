//! Creation and deletion of topics.

use std::sync::Arc;

use ottla_broker::{
    ErrorCode, NewTopic, NodeId, PartitionImage, TopicConfig, TopicId, TopicImage, TopicOutcome,
    is_valid_topic_name,
};
use ottla_sorted::SortedSet;

use super::Controller;

/// Why a topic is not created, for people.
type Refusal = (ErrorCode, String);

impl Controller {
    pub(super) fn create_topic(&mut self, topic: &NewTopic, validate_only: bool) -> TopicOutcome {
        match self.plan_topic(topic) {
            Err((error, message)) => outcome(&topic.name, error, Some(message)),
            Ok((config, replicas)) => {
                let (partitions, factor) =
                    (replicas.len() as i32, replicas.first().map_or(0, Vec::len) as i16);
                let id = if validate_only {
                    TopicId::default()
                } else {
                    self.add_topic(&topic.name, config, replicas)
                };
                TopicOutcome {
                    id,
                    partitions,
                    replication_factor: factor,
                    ..outcome(&topic.name, ErrorCode::NONE, None)
                }
            }
        }
    }

    fn plan_topic(&self, topic: &NewTopic) -> Result<(TopicConfig, Vec<Vec<NodeId>>), Refusal> {
        if !is_valid_topic_name(&topic.name) {
            let message = format!(
                "'{}' is not a topic name: use 1 to 249 of a-z A-Z 0-9 . _ -",
                topic.name
            );
            return Err((ErrorCode::INVALID_TOPIC_EXCEPTION, message));
        }
        if self.image.topic(&topic.name).is_some() {
            return Err((
                ErrorCode::TOPIC_ALREADY_EXISTS,
                format!("topic '{}' already exists", topic.name),
            ));
        }
        // Nobody names topics in a page.
        if cfg!(feature = "full") && self.image.topics.keys().any(|name| collide(name, &topic.name)) {
            let message = format!("'{}' and another topic differ in . and _ alone", topic.name);
            return Err((ErrorCode::INVALID_TOPIC_EXCEPTION, message));
        }
        let mut config = self.settings.topic_defaults.clone();
        for (name, value) in &topic.configs {
            config
                .set(name, value)
                .map_err(|error| (ErrorCode::INVALID_CONFIG, error.to_string()))?;
        }
        let replicas = if topic.assignments.is_empty() {
            self.place(topic)?
        } else {
            self.check_assignments(topic)?
        };
        Ok((config, replicas))
    }

    fn place(&self, topic: &NewTopic) -> Result<Vec<Vec<NodeId>>, Refusal> {
        let or_default = |number: i64, default: i64| if number == -1 { default } else { number };
        let partitions = or_default(topic.partitions.into(), self.settings.num_partitions.into());
        let factor = or_default(
            topic.replication_factor.into(),
            self.settings.default_replication_factor.into(),
        );
        let nodes: Vec<NodeId> = self.image.brokers.keys().copied().collect();
        let message = format!("{partitions} partitions; it must be 1 to 10000");
        let partitions = usize::try_from(partitions)
            .ok()
            .filter(|count| (1..=10_000).contains(count));
        let partitions = partitions.ok_or((ErrorCode::INVALID_PARTITIONS, message))?;
        let message = format!(
            "replication factor {factor}; {} brokers are available",
            nodes.len()
        );
        let factor = usize::try_from(factor)
            .ok()
            .filter(|count| (1..=nodes.len()).contains(count));
        let factor = factor.ok_or((ErrorCode::INVALID_REPLICATION_FACTOR, message))?;
        // Kafka places at random; the first topic beginning at the first broker is easier to follow.
        let node = |place: usize| nodes[(place + self.topics_created) % nodes.len()];
        let replicas = |partition: usize| (0..factor).map(|copy| node(partition + copy)).collect();
        Ok((0..partitions).map(replicas).collect())
    }

    fn check_assignments(&self, topic: &NewTopic) -> Result<Vec<Vec<NodeId>>, Refusal> {
        let refuse = |message: &str| Err((ErrorCode::INVALID_REPLICA_ASSIGNMENT, message.to_owned()));
        let mut assignments = topic.assignments.clone();
        ottla_sorted::sort_by_key(&mut assignments, |&(partition, _)| partition);
        if assignments
            .iter()
            .zip(0..)
            .any(|((partition, _), expected)| *partition != expected)
        {
            return refuse("partitions must be numbered consecutively from 0");
        }
        for (_, replicas) in &assignments {
            let distinct: SortedSet<_> = replicas.iter().collect();
            if replicas.is_empty() || distinct.len() < replicas.len() {
                return refuse("each partition needs replicas on different brokers");
            }
            if cfg!(feature = "full") && replicas.len() != assignments[0].1.len() {
                return refuse("each partition needs the same number of replicas");
            }
            if replicas.iter().any(|node| self.is_fenced(*node)) {
                return refuse("a replica is assigned to a broker that is not there");
            }
        }
        Ok(assignments.into_iter().map(|(_, replicas)| replicas).collect())
    }

    fn add_topic(&mut self, name: &str, config: TopicConfig, replicas: Vec<Vec<NodeId>>) -> TopicId {
        self.topics_created += 1;
        let (high, low) = (self.rng.next_u64(), self.rng.next_u64());
        let id = u128::from(high) << 64 | u128::from(low);
        let id = TopicId(id.max(1).to_be_bytes());
        let name: Arc<str> = Arc::from(name);
        let partitions = replicas.into_iter().map(new_partition);
        let topic = TopicImage {
            id,
            name: name.clone(),
            config: Arc::new(config),
            partitions: partitions.collect(),
        };
        (0..topic.partitions.len()).for_each(|index| self.note_change(&name, index as i32));
        self.image.topics.insert(name.clone(), Arc::new(topic));
        self.image.names.insert(id, name);
        id
    }

    pub(super) fn delete_topic(&mut self, name: &str) -> TopicOutcome {
        match self.image.topics.remove(name) {
            None => {
                let message = "no topic has this name".to_owned();
                outcome(name, ErrorCode::UNKNOWN_TOPIC_OR_PARTITION, Some(message))
            }
            Some(topic) => {
                self.image.names.remove(&topic.id);
                self.deleted.push(topic.name.clone());
                self.changed = true;
                TopicOutcome {
                    id: topic.id,
                    ..outcome(name, ErrorCode::NONE, None)
                }
            }
        }
    }
}

/// Metrics write both as `_` (`Topic.hasCollision`).
fn collide(one: &str, other: &str) -> bool {
    let written = |byte: u8| if byte == b'.' { b'_' } else { byte };
    one.bytes().map(written).eq(other.bytes().map(written))
}

/// A partition that begins: its first replica leads, and all are in sync.
pub(super) fn new_partition(replicas: Vec<NodeId>) -> PartitionImage {
    PartitionImage {
        leader: replicas.first().copied(),
        leader_epoch: 0,
        partition_epoch: 0,
        isr: replicas.clone(),
        replicas,
    }
}

pub(super) fn outcome(name: &str, error: ErrorCode, message: Option<String>) -> TopicOutcome {
    TopicOutcome {
        name: name.to_owned(),
        id: TopicId::default(),
        error,
        message,
        partitions: -1,
        replication_factor: -1,
    }
}
