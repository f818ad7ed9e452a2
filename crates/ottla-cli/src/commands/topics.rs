//! `ottla topics`: list, describe and create, with the output of Kafka's `kafka-topics`.

use std::io::{self, Write};

use clap::Args;
use ottla::admin::{Admin, AdminError, NewTopic, PartitionDescription, TopicDescription};
use ottla_wire::error_code::ErrorCode;

use crate::commands::console_consumer::{connect, into_failure};
use crate::connection::ConnectionArgs;
use crate::exit::{Failure, Outcome};
use crate::properties;
use crate::topic_name;

/// List, describe or create topics.
#[derive(Args, Debug)]
#[command(group = clap::ArgGroup::new("action").required(true).args(["list", "describe", "create"]))]
#[command(
    after_help = "--describe prints what metadata says. Kafka's own tool asks two more APIs for Configs:, Elr: and LastKnownElr:, which
are left out here, and with them the filters that need a topic's configuration.

Exit codes: 0 done, 1 the cluster refused it or has no such topic, 2 wrong usage or a name that Kafka forbids, 3 no
cluster answers.

Examples:
  ottla topics --bootstrap-server localhost:9092 --list
  ottla topics --bootstrap-server localhost:9092 --create --topic orders --partitions 3 --replication-factor 3 --config min.insync.replicas=2
  ottla topics --bootstrap-server localhost:9092 --describe --topic orders
  ottla topics --bootstrap-server localhost:9092 --describe --under-replicated-partitions"
)]
pub(crate) struct TopicsArgs {
    #[command(flatten)]
    connection: ConnectionArgs,
    /// Print the names of all topics.
    #[arg(long)]
    list: bool,
    /// Print partitions, leaders, replicas and in-sync replicas.
    #[arg(long)]
    describe: bool,
    /// Create a topic.
    #[arg(long, requires = "topic")]
    create: bool,
    /// The topic.
    #[arg(long)]
    topic: Option<String>,
    /// Partitions of the new topic; the broker's default when absent.
    #[arg(long, value_name = "N", requires = "create", value_parser = clap::value_parser!(i32).range(1..))]
    partitions: Option<i32>,
    /// Replicas of each partition; the broker's default when absent.
    #[arg(long, value_name = "N", requires = "create", value_parser = clap::value_parser!(i16).range(1..))]
    replication_factor: Option<i16>,
    /// Replicas by hand, BROKER:BROKER for each partition, separated by commas.
    #[arg(long, value_name = "LIST", requires = "create", conflicts_with_all = ["partitions", "replication_factor"])]
    replica_assignment: Option<String>,
    /// A topic property; may be repeated.
    #[arg(long, value_name = "NAME=VALUE", requires = "create")]
    config: Vec<String>,
    /// Do nothing if the topic exists already.
    #[arg(long, requires = "create")]
    if_not_exists: bool,
    /// With --list or --describe: nothing, and no failure, when the topic does not exist.
    #[arg(long, conflicts_with = "create")]
    if_exists: bool,
    /// With --describe: the topic with this id.
    #[arg(long, value_name = "ID", requires = "describe", conflicts_with = "topic")]
    topic_id: Option<String>,
    /// With --describe: only partitions of which a replica is not in sync.
    #[arg(long, requires = "describe")]
    under_replicated_partitions: bool,
    /// With --describe: only partitions without a leader.
    #[arg(long, requires = "describe", conflicts_with = "under_replicated_partitions")]
    unavailable_partitions: bool,
    /// Leave out Kafka's own topics.
    #[arg(long)]
    exclude_internal: bool,
}

/// Runs the command.
pub(crate) async fn run(args: TopicsArgs) -> Outcome {
    let new = if args.create {
        Some(new_topic(&args)?)
    } else {
        None
    };
    if let Some(topic) = &args.topic {
        topic_name::check(topic)?;
    }
    let mut admin = connect(&args.connection).await?;
    if let Some(topic) = new {
        return create(&mut admin, topic, args.if_not_exists).await;
    }
    let topics = found(&args, &mut admin).await?;
    let mut out = io::stdout().lock();
    for topic in &topics {
        if args.list {
            writeln!(out, "{}", topic.name)
        } else if let Some(wanted) = args.filter() {
            let partitions = topic.partitions.iter().filter(|partition| wanted(partition));
            partitions
                .into_iter()
                .try_for_each(|partition| describe_partition(topic, partition, &mut out))
        } else {
            describe(topic, &mut out)
        }
        .map_err(Failure::usage)?;
    }
    Ok(())
}

/// The topics that the arguments select.
async fn found(args: &TopicsArgs, admin: &mut Admin) -> Result<Vec<TopicDescription>, Failure> {
    let answer = match &args.topic {
        Some(topic) => admin.describe(std::slice::from_ref(topic)).await,
        None => admin.topics().await,
    };
    let mut topics = match answer {
        Err(AdminError::Broker { code, .. })
            if args.if_exists && code == ErrorCode::UNKNOWN_TOPIC_OR_PARTITION =>
        {
            Vec::new()
        }
        answer => answer.map_err(into_failure)?,
    };
    topics.retain(|topic| !(args.exclude_internal && topic.is_internal));
    if let Some(id) = &args.topic_id {
        topics.retain(|topic| base64_id(topic.topic_id) == *id);
        if topics.is_empty() && !args.if_exists {
            return Err(Failure::Delivery(format!(
                "UNKNOWN_TOPIC_ID: no topic has the id {id}; `ottla topics --describe` shows the ids"
            )));
        }
    }
    Ok(topics)
}

impl TopicsArgs {
    /// Which partitions are shown alone, without their topic's line, as Kafka's tool does.
    fn filter(&self) -> Option<fn(&PartitionDescription) -> bool> {
        if self.under_replicated_partitions {
            Some(|partition| partition.isr.len() < partition.replicas.len())
        } else if self.unavailable_partitions {
            Some(|partition| partition.leader < 0)
        } else {
            None
        }
    }
}

fn new_topic(args: &TopicsArgs) -> Result<NewTopic, Failure> {
    let mut topic = NewTopic {
        name: args.topic.clone().unwrap_or_default(),
        partitions: args.partitions.unwrap_or(-1),
        replication_factor: args.replication_factor.unwrap_or(-1),
        ..NewTopic::default()
    };
    for argument in &args.config {
        topic
            .configs
            .push(properties::pair("--config", argument).map_err(Failure::usage)?);
    }
    if let Some(list) = &args.replica_assignment {
        topic.replica_assignment = list
            .split(',')
            .map(|replicas| {
                replicas
                    .split(':')
                    .map(|id| id.trim().parse())
                    .collect::<Result<_, _>>()
            })
            .collect::<Result<_, _>>()
            .map_err(|_| Failure::Usage(format!("--replica-assignment {list}: must look like 1:2,2:3")))?;
    }
    Ok(topic)
}

async fn create(admin: &mut Admin, topic: NewTopic, if_not_exists: bool) -> Outcome {
    let name = topic.name.clone();
    match admin.create_topic(topic).await {
        Ok(()) => {
            writeln!(io::stdout(), "Created topic {name}.").map_err(Failure::usage)?;
            Ok(())
        }
        Err(error) if if_not_exists && error.to_string().starts_with("TOPIC_ALREADY_EXISTS") => Ok(()),
        Err(error) => Err(into_failure(error)),
    }
}

fn describe(topic: &TopicDescription, out: &mut impl Write) -> io::Result<()> {
    let factor = topic.partitions.first().map_or(0, |p| p.replicas.len());
    writeln!(
        out,
        "Topic: {}\tTopicId: {}\tPartitionCount: {}\tReplicationFactor: {factor}",
        topic.name,
        base64_id(topic.topic_id),
        topic.partitions.len(),
    )?;
    topic
        .partitions
        .iter()
        .try_for_each(|partition| describe_partition(topic, partition, out))
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
    writeln!(
        out,
        "\tTopic: {}\tPartition: {}\tLeader: {leader}\tReplicas: {}\tIsr: {}",
        topic.name,
        p.partition,
        join(&p.replicas),
        join(&p.isr)
    )
}

fn join(ids: &[i32]) -> String {
    ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
}

/// A topic id as Kafka prints it: base64 for URLs, without padding.
fn base64_id(id: [u8; 16]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let bits = u128::from_be_bytes(id);
    // 22 digits hold 132 bits: the last digit carries the two lowest bits and four zeros.
    (0..22)
        .map(|digit| {
            let value = if digit < 21 {
                (bits >> (122 - 6 * digit)) & 63
            } else {
                (bits & 3) << 4
            };
            char::from(ALPHABET[usize::try_from(value).expect("six bits")])
        })
        .collect()
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
        };
        let offline = PartitionDescription {
            partition: 1,
            leader: -1,
            replicas: vec![3],
            isr: vec![],
        };
        let topic = TopicDescription {
            name: "orders".to_owned(),
            topic_id: *b"\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\xff",
            is_internal: false,
            partitions: vec![partition, offline],
        };
        let mut out = Vec::new();
        describe(&topic, &mut out).expect("to memory");
        assert_eq!(
            String::from_utf8(out).expect("text"),
            "Topic: orders\tTopicId: AAECAwQFBgcICQoLDA0O_w\tPartitionCount: 2\tReplicationFactor: 3\n\
             \tTopic: orders\tPartition: 0\tLeader: 2\tReplicas: 2,3,1\tIsr: 2,3\n\
             \tTopic: orders\tPartition: 1\tLeader: none\tReplicas: 3\tIsr: \n"
        );
    }
}
