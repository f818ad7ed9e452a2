//! Topics that grow, and configurations that change while the cluster runs.

use std::sync::Arc;

use ottla_broker::{ErrorCode, MorePartitions, NodeId, Settings, TopicConfig, TopicImage, TopicOutcome};
use ottla_sorted::SortedSet;

use super::{
    Controller,
    topics::{new_partition, outcome},
};

impl Controller {
    /// Gives a topic so many partitions in all (`ReplicationControlManager.createPartitions`). They never become fewer.
    pub(super) fn grow_topic(&mut self, more: &MorePartitions, validate_only: bool) -> TopicOutcome {
        let (name, count) = (more.name.as_str(), more.count);
        let Some(topic) = self.image.topic(name).cloned() else {
            return outcome(name, ErrorCode::UNKNOWN_TOPIC_OR_PARTITION, None);
        };
        let before = topic.partitions.len();
        let wanted = usize::try_from(count).unwrap_or(0);
        if wanted <= before || wanted > 10_000 {
            let message = format!("topic '{name}' has {before} partitions; {count} would not be an increase");
            return outcome(name, ErrorCode::INVALID_PARTITIONS, Some(message));
        }
        let factor = topic.partitions.first().map_or(1, |it| it.replicas.len());
        let nodes: Vec<NodeId> = self.image.brokers.keys().copied().collect();
        if nodes.len() < factor {
            let message = format!(
                "replication factor {factor}; {} brokers are available",
                nodes.len()
            );
            return outcome(name, ErrorCode::INVALID_REPLICATION_FACTOR, Some(message));
        }
        if let Some(assignments) = &more.assignments {
            if let Some(message) = self.misplaced(assignments, wanted - before, factor) {
                return outcome(name, ErrorCode::INVALID_REPLICA_ASSIGNMENT, Some(message));
            }
            if !validate_only {
                self.add_partitions(&topic, wanted, |index| assignments[index - before].clone());
            }
        } else if !validate_only {
            // On from the broker after the last partition's first one, as it was begun.
            let first = topic.partitions.last().and_then(|it| it.replicas.first());
            let place = first.and_then(|first| nodes.iter().position(|it| it == first));
            let place = place.map_or(0, |place| place + 1);
            self.add_partitions(&topic, wanted, |index| {
                let node = |copy: usize| nodes[(place + index - before + copy) % nodes.len()];
                (0..factor).map(node).collect()
            });
        }
        TopicOutcome {
            id: topic.id,
            partitions: count,
            replication_factor: factor as i16,
            ..outcome(name, ErrorCode::NONE, None)
        }
    }

    /// What is wrong with replicas that a caller chose, if anything.
    fn misplaced(&self, assignments: &[Vec<NodeId>], new: usize, factor: usize) -> Option<String> {
        if assignments.len() != new {
            return Some(format!(
                "{new} new partitions, but {} assignments",
                assignments.len()
            ));
        }
        let wrong = |replicas: &Vec<NodeId>| {
            let distinct: SortedSet<_> = replicas.iter().collect();
            replicas.len() != factor || distinct.len() < factor
        };
        if assignments.iter().any(wrong) {
            return Some(format!(
                "each partition needs {factor} replicas on different brokers"
            ));
        }
        let mut nodes = assignments.iter().flatten();
        let absent = nodes.find(|node| self.is_fenced(**node))?;
        Some(format!("broker {absent} is not there"))
    }

    fn add_partitions(
        &mut self,
        topic: &Arc<TopicImage>,
        wanted: usize,
        replicas: impl Fn(usize) -> Vec<NodeId>,
    ) {
        let mut grown = TopicImage::clone(topic);
        for index in topic.partitions.len()..wanted {
            grown.partitions.push(new_partition(replicas(index)));
            self.note_change(&topic.name, index as i32);
        }
        self.image.topics.insert(topic.name.clone(), Arc::new(grown));
    }

    /// Changes a topic's configurations, all or none; `None` goes back to the default.
    pub(super) fn configure_topic(
        &mut self,
        name: &str,
        changes: &[(String, Option<String>)],
        validate_only: bool,
    ) -> TopicOutcome {
        let Some(topic) = self.image.topic(name).cloned() else {
            return unknown(name);
        };
        let mut explicit = topic.config.explicit.clone();
        for (option, value) in changes {
            match value {
                Some(value) => _ = explicit.insert(option.clone(), value.clone()),
                None => _ = explicit.remove(option),
            }
        }
        let explicit = explicit
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()));
        match effective(&self.settings.topic_defaults, explicit) {
            Err(message) => outcome(name, ErrorCode::INVALID_CONFIG, Some(message)),
            Ok(config) => {
                if !validate_only {
                    self.replace_config(&topic, config);
                }
                TopicOutcome {
                    id: topic.id,
                    ..outcome(name, ErrorCode::NONE, None)
                }
            }
        }
    }

    /// Other settings for the cluster; what topics do not set themselves changes with them.
    pub(crate) fn configure(&mut self, settings: Arc<Settings>) {
        for topic in self.image.topics.values().cloned().collect::<Vec<_>>() {
            let explicit = topic.config.explicit.iter();
            let explicit = explicit.map(|(name, value)| (name.as_str(), value.as_str()));
            // What was valid when it was set is valid still.
            if let Ok(config) = effective(&settings.topic_defaults, explicit) {
                self.replace_config(&topic, config);
            }
        }
        self.settings = settings;
        self.changed = true;
    }

    fn replace_config(&mut self, topic: &Arc<TopicImage>, config: TopicConfig) {
        let unclean = config.unclean_leader_election && !topic.config.unclean_leader_election;
        let mut changed = TopicImage::clone(topic);
        changed.config = Arc::new(config);
        self.image.topics.insert(topic.name.clone(), Arc::new(changed));
        self.changed = true;
        if unclean {
            // A partition that waits for its last in-sync replica waits no more.
            self.update_partitions(super::election::joined);
        }
    }
}

fn effective<'a>(
    defaults: &TopicConfig,
    explicit: impl Iterator<Item = (&'a str, &'a str)>,
) -> Result<TopicConfig, String> {
    let mut config = defaults.clone();
    for (name, value) in explicit {
        config.set(name, value).map_err(|error| error.to_string())?;
    }
    Ok(config)
}

fn unknown(name: &str) -> TopicOutcome {
    let message = format!("there is no topic '{name}'");
    outcome(name, ErrorCode::UNKNOWN_TOPIC_OR_PARTITION, Some(message))
}
