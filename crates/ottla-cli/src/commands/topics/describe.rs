//! What `topics --describe` prints, in the columns of Kafka's tool.

use std::collections::BTreeMap;
use std::io::{self, BufWriter, Write};

use ottla::admin::{
    Admin, AdminError, ConfigEntry, ConfigResource, ConfigSource, PartitionDescription, TopicDescription,
};
use ottla_wire::Uuid;

use super::TopicsArgs;
use crate::commands::console_consumer::into_failure;
use crate::exit::{Failure, Outcome, written};

/// Configurations of so many topics are asked for at once.
const TOPICS_PER_QUESTION: usize = 500;

/// What is not shown when it is not asked for.
const MIN_ISR: &str = "min.insync.replicas";

/// What is known of the configurations of topics: what differs from the defaults, by topic.
struct Configs {
    overrides: BTreeMap<String, Vec<(String, String)>>,
    min_isr: BTreeMap<String, usize>,
}

/// Prints the topics, or those of their partitions that are asked for.
pub(super) async fn print(args: &TopicsArgs, admin: &mut Admin, names: &[String]) -> Outcome {
    let limit = args.partition_size_limit_per_response;
    let topics = admin
        .describe_in_parts(names, limit)
        .await
        .map_err(into_failure)?;
    let live = match args.unavailable_partitions {
        true => admin.brokers().await.map_err(into_failure)?,
        false => Vec::new(),
    };
    let live: Vec<i32> = live.iter().map(|broker| broker.id).collect();
    let configs = Configs::read(admin, &topics).await?;
    let mut out = BufWriter::new(io::stdout().lock());
    for topic in &topics {
        written(if args.topics_with_overrides {
            match configs.of(topic).is_empty() {
                true => Ok(()),
                false => describe_topic(topic, configs.of(topic), &mut out),
            }
        } else if args.shows_partitions_alone() {
            let min_isr = configs.min_isr.get(&topic.name).copied();
            let wanted = |partition: &&PartitionDescription| args.wants(partition, &live, min_isr);
            let mut partitions = topic.partitions.iter().filter(wanted);
            partitions.try_for_each(|partition| describe_partition(topic, partition, &mut out))
        } else {
            describe_topic(topic, configs.of(topic), &mut out).and_then(|()| {
                let mut partitions = topic.partitions.iter();
                partitions.try_for_each(|partition| describe_partition(topic, partition, &mut out))
            })
        })?;
    }
    written(out.flush())
}

impl TopicsArgs {
    /// Whether partitions are shown alone, without their topic's line, as Kafka's tool does.
    fn shows_partitions_alone(&self) -> bool {
        self.under_replicated_partitions
            || self.unavailable_partitions
            || self.under_min_isr_partitions
            || self.at_min_isr_partitions
    }

    fn wants(&self, partition: &PartitionDescription, live: &[i32], min_isr: Option<usize>) -> bool {
        let in_sync = partition.isr.len();
        (self.under_replicated_partitions && in_sync < partition.replicas.len())
            || (self.unavailable_partitions && !live.contains(&partition.leader))
            || (self.under_min_isr_partitions && min_isr.is_some_and(|least| in_sync < least))
            || (self.at_min_isr_partitions && min_isr == Some(in_sync))
    }
}

impl Configs {
    /// Asks for the configurations of these topics. A cluster that does not tell them is no reason to tell nothing of
    /// the partitions.
    async fn read(admin: &mut Admin, topics: &[TopicDescription]) -> Result<Self, Failure> {
        let mut configs = Self {
            overrides: BTreeMap::new(),
            min_isr: BTreeMap::new(),
        };
        for topics in topics.chunks(TOPICS_PER_QUESTION) {
            let resources: Vec<_> = topics
                .iter()
                .map(|topic| ConfigResource::Topic(topic.name.clone()))
                .collect();
            let entries = match admin.configs(&resources).await {
                Ok(entries) => entries,
                Err(error @ (AdminError::Broker { .. } | AdminError::Unsupported { .. })) => {
                    eprintln!("warning: Configs: cannot be shown: {error}");
                    return Ok(configs);
                }
                Err(error) => return Err(into_failure(error)),
            };
            for (topic, entries) in topics.iter().zip(entries) {
                configs.add(&topic.name, entries);
            }
        }
        Ok(configs)
    }

    fn add(&mut self, topic: &str, entries: Vec<ConfigEntry>) {
        let least = entries.iter().find(|entry| entry.name == MIN_ISR);
        let least = least.and_then(|entry| entry.value.as_deref()?.parse().ok());
        if let Some(least) = least {
            self.min_isr.insert(topic.to_owned(), least);
        }
        let overrides = entries
            .into_iter()
            .filter(|entry| entry.source != ConfigSource::DEFAULT)
            .map(|entry| (entry.name, entry.value.unwrap_or_else(|| "null".to_owned())));
        self.overrides.insert(topic.to_owned(), overrides.collect());
    }

    fn of(&self, topic: &TopicDescription) -> &[(String, String)] {
        self.overrides.get(&topic.name).map_or(&[], Vec::as_slice)
    }
}

fn describe_topic(
    topic: &TopicDescription,
    configs: &[(String, String)],
    out: &mut impl Write,
) -> io::Result<()> {
    let factor = topic.partitions.first().map_or(0, |p| p.replicas.len());
    let configs: Vec<_> = configs
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    writeln!(
        out,
        "Topic: {}\tTopicId: {}\tPartitionCount: {}\tReplicationFactor: {factor}\tConfigs: {}",
        topic.name,
        Uuid(topic.topic_id),
        topic.partitions.len(),
        configs.join(","),
    )
}

fn describe_partition(
    topic: &TopicDescription,
    p: &PartitionDescription,
    out: &mut impl Write,
) -> io::Result<()> {
    let leader = if p.leader < 0 {
        "none".to_owned()
    } else {
        p.leader.to_string()
    };
    let told = |ids: &Option<Vec<i32>>| ids.as_deref().map_or("N/A".to_owned(), join);
    writeln!(
        out,
        "\tTopic: {}\tPartition: {}\tLeader: {leader}\tReplicas: {}\tIsr: {}\tElr: {}\tLastKnownElr: {}",
        topic.name,
        p.partition,
        join(&p.replicas),
        join(&p.isr),
        told(&p.elr),
        told(&p.last_known_elr),
    )
}

fn join(ids: &[i32]) -> String {
    ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_description_has_kafkas_columns() {
        let partition = PartitionDescription {
            partition: 0,
            leader: 2,
            replicas: vec![2, 3, 1],
            isr: vec![2, 3],
            elr: Some(vec![1]),
            last_known_elr: Some(vec![]),
        };
        let offline = PartitionDescription {
            partition: 1,
            leader: -1,
            replicas: vec![3],
            isr: vec![],
            elr: None,
            last_known_elr: None,
        };
        let topic = TopicDescription {
            name: "orders".to_owned(),
            topic_id: *b"\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\xff",
            is_internal: false,
            partitions: vec![partition, offline],
        };
        let configs = [("retention.ms", "5"), ("cleanup.policy", "compact")];
        let configs = configs.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let mut out = Vec::new();
        describe_topic(&topic, &configs, &mut out).expect("to memory");
        for partition in &topic.partitions {
            describe_partition(&topic, partition, &mut out).expect("to memory");
        }
        assert_eq!(
            String::from_utf8(out).expect("text"),
            "Topic: orders\tTopicId: AAECAwQFBgcICQoLDA0O_w\tPartitionCount: 2\tReplicationFactor: 3\t\
             Configs: retention.ms=5,cleanup.policy=compact\n\
             \tTopic: orders\tPartition: 0\tLeader: 2\tReplicas: 2,3,1\tIsr: 2,3\tElr: 1\tLastKnownElr: \n\
             \tTopic: orders\tPartition: 1\tLeader: none\tReplicas: 3\tIsr: \tElr: N/A\tLastKnownElr: N/A\n"
        );
    }
}
