//! `ottla topics`: list, describe, create, alter and delete, with the output of Kafka's `kafka-topics`.

mod describe;
mod names;

use std::io::{self, Write};

use clap::Args;
use ottla::admin::{Admin, AdminError, NewTopic, TopicDescription};
use ottla_wire::{ErrorCode, Uuid};

use self::names::Topics;
use crate::commands::console_consumer::{connect, into_failure};
use crate::connection::ConnectionArgs;
use crate::exit::{Failure, Outcome, written};
use crate::properties;
use crate::topic_name;

/// List, describe, create, alter or delete topics.
#[derive(Args, Debug)]
#[command(group = clap::ArgGroup::new("action").required(true).args(["list", "describe", "create", "alter", "delete"]))]
#[command(group = clap::ArgGroup::new("filter").args([
    "under_replicated_partitions", "unavailable_partitions", "under_min_isr_partitions", "at_min_isr_partitions",
    "topics_with_overrides",
]))]
#[command(
    after_help = "--topic is a name, or with one of *+?|()[]{}^$\\, in it a regular expression that the whole name must match (not with --create). A deleted topic's records are gone. Configurations of a topic that exists are changed by `ottla configs`.

Exit codes: 0 done, 1 the cluster refused it or has no such topic, 2 wrong usage or a name that Kafka forbids, 3 no cluster answers.

Examples:
  ottla topics --bootstrap-server localhost:9092 --list
  ottla topics --bootstrap-server localhost:9092 --create --topic orders --partitions 3 --replication-factor 3 --config min.insync.replicas=2
  ottla topics --bootstrap-server localhost:9092 --describe --topic orders
  ottla topics --bootstrap-server localhost:9092 --describe --under-replicated-partitions
  ottla topics --bootstrap-server localhost:9092 --alter --topic orders --partitions 6
  ottla topics --bootstrap-server localhost:9092 --delete --topic 'test-.*'"
)]
pub(crate) struct TopicsArgs {
    #[command(flatten)]
    connection: ConnectionArgs,
    /// Print the names of all topics.
    #[arg(long)]
    list: bool,
    /// Print configurations, partitions, leaders, replicas and in-sync replicas.
    #[arg(long)]
    describe: bool,
    /// Create a topic.
    #[arg(long, requires = "topic")]
    create: bool,
    /// Give topics more partitions; records that have a key may then go to another one than before.
    #[arg(long, requires = "topic", requires = "partitions")]
    alter: bool,
    /// Delete topics with all their records.
    #[arg(long, requires = "topic")]
    delete: bool,
    /// The topic, or a regular expression.
    #[arg(long)]
    topic: Option<String>,
    /// Partitions of the new topic (the broker's default when absent); with --alter, how many it is to have in all.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(i32).range(1..))]
    partitions: Option<i32>,
    /// Replicas of each partition; the broker's default when absent.
    #[arg(long, value_name = "N", requires = "create", value_parser = clap::value_parser!(i16).range(1..))]
    replication_factor: Option<i16>,
    /// Replicas by hand, BROKER:BROKER for each partition, separated by commas; with --alter, the present ones first.
    #[arg(long, value_name = "LIST", conflicts_with = "replication_factor")]
    replica_assignment: Option<String>,
    /// A topic property; may be repeated.
    #[arg(long, value_name = "NAME=VALUE", requires = "create")]
    config: Vec<String>,
    /// Do nothing if the topic exists already.
    #[arg(long, requires = "create")]
    if_not_exists: bool,
    /// With any action but --create: nothing, and no failure, when the topic does not exist.
    #[arg(long, conflicts_with = "create")]
    if_exists: bool,
    /// With --describe: the topic with this id.
    #[arg(long, value_name = "ID", requires = "describe", conflicts_with = "topic")]
    topic_id: Option<String>,
    /// With --describe: only partitions of which a replica is not in sync.
    #[arg(long, requires = "describe")]
    under_replicated_partitions: bool,
    /// With --describe: only partitions without a leader that is up.
    #[arg(long, requires = "describe")]
    unavailable_partitions: bool,
    /// With --describe: only partitions with fewer replicas in sync than min.insync.replicas.
    #[arg(long, requires = "describe")]
    under_min_isr_partitions: bool,
    /// With --describe: only partitions with exactly min.insync.replicas in sync.
    #[arg(long, requires = "describe")]
    at_min_isr_partitions: bool,
    /// With --describe: only topics with configurations of their own, without their partitions.
    #[arg(long, requires = "describe")]
    topics_with_overrides: bool,
    /// With --describe: at most so many partitions in one answer of the broker.
    #[arg(long, value_name = "N", requires = "describe", default_value_t = 2_000,
        value_parser = clap::value_parser!(i32).range(1..))]
    partition_size_limit_per_response: i32,
    /// Leave out Kafka's own topics.
    #[arg(long)]
    exclude_internal: bool,
}

/// Runs the command.
pub(crate) async fn run(args: TopicsArgs) -> Outcome {
    if args.create {
        let topic = new_topic(&args)?;
        let mut admin = connect(&args.connection).await?;
        return create(&mut admin, topic, args.if_not_exists).await;
    }
    if !args.alter && (args.partitions.is_some() || args.replica_assignment.is_some()) {
        let which = if args.partitions.is_some() {
            "--partitions"
        } else {
            "--replica-assignment"
        };
        return Err(Failure::Usage(format!(
            "{which} goes with --create or --alter; leave it out"
        )));
    }
    let replicas = args.replica_assignment.as_deref().map(assignment).transpose()?;
    let wanted = Topics::parse(args.topic.as_deref())?;
    let mut admin = connect(&args.connection).await?;
    let topics = found(&args, &wanted, &mut admin).await?;
    if args.alter {
        return alter(&args, &mut admin, &topics, replicas).await;
    }
    if args.delete {
        return delete(&mut admin, &topics).await;
    }
    let names: Vec<_> = topics.into_iter().map(|topic| topic.name).collect();
    if args.describe {
        return describe::print(&args, &mut admin, &names).await;
    }
    let mut out = io::stdout().lock();
    let mut names = names.iter();
    written(names.try_for_each(|name| writeln!(out, "{name}")))
}

/// The topics that the arguments select.
async fn found(
    args: &TopicsArgs,
    wanted: &Topics,
    admin: &mut Admin,
) -> Result<Vec<TopicDescription>, Failure> {
    let mut topics = match wanted {
        Topics::Named(name) => match admin.describe(std::slice::from_ref(name)).await {
            Err(AdminError::Broker { code, .. })
                if args.if_exists && code == ErrorCode::UNKNOWN_TOPIC_OR_PARTITION =>
            {
                Vec::new()
            }
            answer => answer.map_err(into_failure)?,
        },
        _ => admin.topics().await.map_err(into_failure)?,
    };
    topics.retain(|topic| wanted.mean(&topic.name));
    topics.retain(|topic| !(args.exclude_internal && topic.is_internal));
    if let Some(id) = &args.topic_id {
        topics.retain(|topic| Uuid(topic.topic_id).to_string() == *id);
    }
    if !topics.is_empty() || args.if_exists {
        return Ok(topics);
    }
    let why = match (&args.topic_id, wanted) {
        (Some(id), _) => {
            format!("UNKNOWN_TOPIC_ID: no topic has the id {id}; `ottla topics --describe` shows the ids")
        }
        (None, Topics::Matching(pattern)) => format!(
            "UNKNOWN_TOPIC_OR_PARTITION: no topic matches {}; `ottla topics --list` shows all names",
            pattern.text
        ),
        (None, _) => return Ok(topics),
    };
    Err(Failure::Delivery(why))
}

fn new_topic(args: &TopicsArgs) -> Result<NewTopic, Failure> {
    let name = args.topic.clone().unwrap_or_default();
    topic_name::check(&name)?;
    if args.partitions.is_some() && args.replica_assignment.is_some() {
        return Err(Failure::Usage(
            "--replica-assignment says how many partitions there are; leave out --partitions".to_owned(),
        ));
    }
    let configs = args
        .config
        .iter()
        .map(|argument| properties::pair("--config", argument));
    Ok(NewTopic {
        name,
        partitions: args.partitions.unwrap_or(-1),
        replication_factor: args.replication_factor.unwrap_or(-1),
        replica_assignment: args
            .replica_assignment
            .as_deref()
            .map_or(Ok(Vec::new()), assignment)?,
        configs: configs.collect::<Result<_, _>>().map_err(Failure::usage)?,
    })
}

/// `1:2,2:3`: the replicas of each partition.
fn assignment(list: &str) -> Result<Vec<Vec<i32>>, Failure> {
    let ids = |replicas: &str| replicas.split(':').map(|id| id.trim().parse()).collect();
    let parsed: Result<_, std::num::ParseIntError> = list.split(',').map(ids).collect();
    parsed.map_err(|_| Failure::Usage(format!("--replica-assignment {list}: must look like 1:2,2:3")))
}

async fn create(admin: &mut Admin, topic: NewTopic, if_not_exists: bool) -> Outcome {
    let name = topic.name.clone();
    match admin.create_topic(topic).await {
        Ok(()) => written(writeln!(io::stdout(), "Created topic {name}.")),
        Err(error) if if_not_exists && error.to_string().starts_with("TOPIC_ALREADY_EXISTS") => Ok(()),
        Err(error) => Err(into_failure(error)),
    }
}

async fn alter(
    args: &TopicsArgs,
    admin: &mut Admin,
    topics: &[TopicDescription],
    replicas: Option<Vec<Vec<i32>>>,
) -> Outcome {
    let count = args.partitions.unwrap_or_default();
    for topic in topics {
        let had = topic.partitions.len();
        // The list begins with the partitions that are there, as Kafka's does.
        let new = replicas
            .as_ref()
            .map(|all| all.iter().skip(had).cloned().collect());
        admin
            .create_partitions(&topic.name, count, new)
            .await
            .map_err(into_failure)?;
        eprintln!(
            "topic {} has {count} partitions, it had {had}; a key's next records may go to another one than its last",
            topic.name
        );
    }
    Ok(())
}

async fn delete(admin: &mut Admin, topics: &[TopicDescription]) -> Outcome {
    for topic in topics {
        admin.delete_topic(&topic.name).await.map_err(into_failure)?;
        eprintln!("deleted topic {}", topic.name);
    }
    Ok(())
}
