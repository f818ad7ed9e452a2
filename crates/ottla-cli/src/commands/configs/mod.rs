//! `ottla configs`: configurations of topics and brokers, with the output of Kafka's `kafka-configs`.

mod changes;

use std::io::{self, BufWriter, Write};
use std::path::PathBuf;

use clap::Args;
use ottla::admin::{Admin, AdminError, ConfigChange, ConfigEntry, ConfigResource, ConfigSource};
use ottla_wire::ErrorCode;

use crate::commands::console_consumer::{connect, into_failure};
use crate::connection::ConnectionArgs;
use crate::exit::{Failure, Outcome, written};
use crate::topic_name;

/// Describe or change the configurations of topics and brokers.
#[derive(Args, Debug)]
#[command(group = clap::ArgGroup::new("action").required(true).args(["describe", "alter"]))]
#[command(group = clap::ArgGroup::new("entity").required(true)
    .args(["entity_type", "topic", "broker", "broker_defaults"]))]
#[command(
    after_help = "--describe prints what was set for the entity, with --all every setting. Synonyms are the places where a setting has a value; the first one wins. A change applies at once, all of it or nothing.

Exit codes: 0 done, 1 the cluster refused it or has no such entity, 2 wrong usage, 3 no cluster answers.

Examples:
  ottla configs --bootstrap-server localhost:9092 --describe --topic orders
  ottla configs --bootstrap-server localhost:9092 --describe --all --entity-type topics --entity-name orders
  ottla configs --bootstrap-server localhost:9092 --alter --topic orders --add-config 'retention.ms=60000,cleanup.policy=[compact,delete]'
  ottla configs --bootstrap-server localhost:9092 --alter --topic orders --delete-config retention.ms
  ottla configs --bootstrap-server localhost:9092 --alter --broker-defaults --add-config min.insync.replicas=2"
)]
pub(crate) struct ConfigsArgs {
    #[command(flatten)]
    connection: ConnectionArgs,
    /// Print configurations.
    #[arg(long)]
    describe: bool,
    /// Change configurations.
    #[arg(long, conflicts_with = "all")]
    alter: bool,
    /// With --describe: those that nobody set, too.
    #[arg(long)]
    all: bool,
    /// What is configured: topics or brokers.
    #[arg(long, value_parser = entity_type, value_name = "TYPE")]
    entity_type: Option<EntityType>,
    /// The topic's name or the broker's id; with --describe all of them when absent.
    #[arg(
        long,
        value_name = "NAME",
        requires = "entity_type",
        conflicts_with = "entity_default"
    )]
    entity_name: Option<String>,
    /// What holds for all brokers that have no value of their own.
    #[arg(long, requires = "entity_type")]
    entity_default: bool,
    /// --entity-type topics --entity-name NAME.
    #[arg(long, value_name = "NAME")]
    topic: Option<String>,
    /// --entity-type brokers --entity-name ID.
    #[arg(long, value_name = "ID")]
    broker: Option<String>,
    /// --entity-type brokers --entity-default.
    #[arg(long)]
    broker_defaults: bool,
    /// With --alter: settings, NAME=VALUE,NAME=[VALUE,VALUE].
    #[arg(
        long,
        value_name = "SETTINGS",
        requires = "alter",
        conflicts_with = "add_config_file"
    )]
    add_config: Option<String>,
    /// With --alter: a .properties file with settings.
    #[arg(long, value_name = "FILE", requires = "alter")]
    add_config_file: Option<PathBuf>,
    /// With --alter: settings that return to their defaults, NAME,NAME.
    #[arg(long, value_name = "NAMES", requires = "alter")]
    delete_config: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum EntityType {
    /// Topics, by name.
    Topics,
    /// Brokers, by id.
    Brokers,
}

fn entity_type(text: &str) -> Result<EntityType, String> {
    match text {
        "topics" => Ok(EntityType::Topics),
        "brokers" => Ok(EntityType::Brokers),
        "users" | "clients" | "ips" | "groups" | "client-metrics" | "broker-loggers" => Err(format!(
            "{text} are not in ottla, which configures what a producer meets; it may be topics or brokers; use \
             kafka-configs"
        )),
        _ => Err("it may be topics or brokers".to_owned()),
    }
}

/// What the arguments select.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Selected {
    One(ConfigResource),
    AllTopics,
    AllBrokers,
}

impl ConfigsArgs {
    fn selected(&self) -> Result<Selected, Failure> {
        let (of, name) = match (&self.topic, &self.broker, self.entity_type) {
            (Some(topic), ..) => (EntityType::Topics, Some(topic)),
            (None, Some(broker), _) => (EntityType::Brokers, Some(broker)),
            (None, None, of) => (of.unwrap_or(EntityType::Brokers), self.entity_name.as_ref()),
        };
        match (of, name) {
            (EntityType::Topics, _) if self.entity_default => Err(Failure::Usage(
                "topics have no --entity-default: what holds for all topics is a configuration of the brokers \
                 (--broker-defaults)"
                    .to_owned(),
            )),
            (EntityType::Topics, Some(topic)) => {
                topic_name::check(topic)?;
                Ok(Selected::One(ConfigResource::Topic(topic.clone())))
            }
            (EntityType::Topics, None) => Ok(Selected::AllTopics),
            (EntityType::Brokers, Some(id)) => match id.parse() {
                Ok(id) if id >= 0 => Ok(Selected::One(ConfigResource::Broker(id))),
                _ => Err(Failure::Usage(format!(
                    "broker {id}: a broker is named by its id, a number from 0; `ottla broker-api-versions` shows them"
                ))),
            },
            (EntityType::Brokers, None) if self.entity_default || self.broker_defaults => {
                Ok(Selected::One(ConfigResource::BrokerDefaults))
            }
            (EntityType::Brokers, None) => Ok(Selected::AllBrokers),
        }
    }
}

/// Runs the command.
pub(crate) async fn run(args: ConfigsArgs) -> Outcome {
    let selected = args.selected()?;
    if args.describe {
        let mut admin = connect(&args.connection).await?;
        return describe(&mut admin, &selected, args.all).await;
    }
    let Selected::One(resource) = selected else {
        return Err(Failure::Usage(
            "--alter changes one topic or broker: add --entity-name, or --entity-default for all brokers"
                .to_owned(),
        ));
    };
    let changes = changes::changes(
        args.add_config.as_deref(),
        args.add_config_file.as_deref(),
        &args.delete_config,
    )?;
    let mut admin = connect(&args.connection).await?;
    alter(&mut admin, &resource, &changes).await
}

async fn alter(admin: &mut Admin, resource: &ConfigResource, changes: &[ConfigChange]) -> Outcome {
    admin
        .alter_configs(resource, changes)
        .await
        .map_err(with_way_out)?;
    let line = match resource {
        ConfigResource::Topic(name) => format!("Completed updating config for topic {name}."),
        ConfigResource::Broker(id) => format!("Completed updating config for broker {id}."),
        ConfigResource::BrokerDefaults => {
            "Completed updating default config for brokers in the cluster.".to_owned()
        }
    };
    written(writeln!(io::stdout(), "{line}"))
}

async fn describe(admin: &mut Admin, selected: &Selected, all: bool) -> Outcome {
    let resources: Vec<ConfigResource> = match selected {
        Selected::One(resource) => vec![resource.clone()],
        Selected::AllTopics => {
            let topics = admin.topics().await.map_err(into_failure)?;
            topics
                .into_iter()
                .map(|topic| ConfigResource::Topic(topic.name))
                .collect()
        }
        Selected::AllBrokers => {
            let brokers = admin.brokers().await.map_err(into_failure)?;
            let brokers = brokers
                .into_iter()
                .map(|broker| ConfigResource::Broker(broker.id));
            brokers.chain([ConfigResource::BrokerDefaults]).collect()
        }
    };
    for resource in &resources {
        let entries = admin.configs(std::slice::from_ref(resource)).await;
        let entries = entries.map_err(with_way_out)?;
        let entries = entries.into_iter().next().unwrap_or_default();
        written(print(
            resource,
            entries,
            all,
            &mut BufWriter::new(io::stdout().lock()),
        ))?;
    }
    Ok(())
}

/// In the words of Kafka's tool, settings by name.
fn print(
    resource: &ConfigResource,
    mut entries: Vec<ConfigEntry>,
    all: bool,
    out: &mut impl Write,
) -> io::Result<()> {
    let kind = if all { "All" } else { "Dynamic" };
    let own = match resource {
        ConfigResource::Topic(name) => {
            writeln!(out, "{kind} configs for topic {name} are:")?;
            ConfigSource::TOPIC
        }
        ConfigResource::Broker(id) => {
            writeln!(out, "{kind} configs for broker {id} are:")?;
            ConfigSource::BROKER
        }
        ConfigResource::BrokerDefaults => {
            writeln!(out, "Default configs for brokers in the cluster are:")?;
            ConfigSource::BROKER_DEFAULTS
        }
    };
    entries.retain(|entry| all || entry.source == own);
    entries.sort_by(|a, b| a.name.cmp(&b.name));
    for entry in &entries {
        let value = |value: &Option<String>| value.clone().unwrap_or_else(|| "null".to_owned());
        let synonyms = entry.synonyms.iter();
        let synonyms = synonyms.map(|(source, name, it)| format!("{}:{name}={}", source.name(), value(it)));
        writeln!(
            out,
            "  {}={} sensitive={} synonyms={{{}}}",
            entry.name,
            value(&entry.value),
            entry.is_sensitive,
            synonyms.collect::<Vec<_>>().join(", ")
        )?;
    }
    out.flush()
}

/// What to do about what the cluster refuses.
fn with_way_out(error: AdminError) -> Failure {
    let way_out = match &error {
        AdminError::Broker { code, .. } if *code == ErrorCode::INVALID_CONFIG => {
            "; `ottla configs --describe --all` shows the settings and their values"
        }
        _ => "",
    };
    match into_failure(error) {
        Failure::Delivery(text) => Failure::Delivery(text.trim_end_matches('.').to_owned() + way_out),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        args: ConfigsArgs,
    }

    fn selected(line: &str) -> Result<Selected, String> {
        let words = ["x", "--bootstrap-server", "b:1"]
            .into_iter()
            .chain(line.split(' '));
        let parsed = Line::try_parse_from(words).map_err(|error| error.to_string())?;
        parsed
            .args
            .selected()
            .map_err(|failure| failure.message().to_owned())
    }

    #[test]
    fn entities_have_a_long_name_and_a_short_one() {
        let topic = Selected::One(ConfigResource::Topic("t".to_owned()));
        for line in [
            "--describe --topic t",
            "--describe --entity-type topics --entity-name t",
        ] {
            assert_eq!(selected(line), Ok(topic.clone()), "{line}");
        }
        let broker = Selected::One(ConfigResource::Broker(7));
        for line in [
            "--describe --broker 7",
            "--describe --entity-type brokers --entity-name 7",
        ] {
            assert_eq!(selected(line), Ok(broker.clone()), "{line}");
        }
        let defaults = Selected::One(ConfigResource::BrokerDefaults);
        for line in [
            "--describe --broker-defaults",
            "--describe --entity-type brokers --entity-default",
        ] {
            assert_eq!(selected(line), Ok(defaults.clone()), "{line}");
        }
        assert_eq!(
            selected("--describe --entity-type topics"),
            Ok(Selected::AllTopics)
        );
        assert_eq!(
            selected("--describe --entity-type brokers"),
            Ok(Selected::AllBrokers)
        );
    }

    #[test]
    fn what_names_no_entity_says_what_would() {
        let error = selected("--describe --broker one").expect_err("no number");
        assert!(error.contains("a number from 0"), "{error}");
        let error = selected("--describe --entity-type topics --entity-default").expect_err("none");
        assert!(error.contains("--broker-defaults"), "{error}");
        let error = selected("--describe").expect_err("no entity");
        assert!(error.contains("--entity-type"), "{error}");
    }
}
