//! `ottla dev-cluster`: simulated brokers behind real listeners, for development and tests.

use std::io::{ErrorKind, Write};
use std::{net::IpAddr, str::FromStr};

use clap::Args;
use ottla_broker::{NewTopic, NodeId, Settings};
use ottla_sim::tcp::{Order, Server, ServerOptions};
use tokio::io::{AsyncBufReadExt, BufReader, stdin};

use crate::exit::{Failure, Outcome, written};

/// What a partition keeps unless `--set log.retention.bytes` says otherwise: everything is in memory.
const RETENTION_BYTES: i64 = 256 << 20;
/// How often the rest is dropped, in microseconds: in the five minutes of Kafka a memory is full.
const RETENTION_CHECK_US: u64 = 1_000_000;

/// A Kafka cluster in one process, in memory, for development and tests.
///
/// Brokers, replication, leader election and producer state follow Kafka's rules; clients of any make can produce to it
/// and read partitions from it. It has no consumer groups, no transactions, no authentication, and forgets everything
/// when it ends.
///
/// Standard output gets the bootstrap servers in one line when all brokers are up. Standard input takes commands, one a
/// line, each answered by one line on standard output: `kill N`, `stop N`, `restart N`, `pause N`, `resume N` (SIGKILL,
/// SIGTERM, start, SIGSTOP, SIGCONT), `create TOPIC`, `states`, `quit`.
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  ottla dev-cluster --topic orders:3
  ottla dev-cluster --brokers 1 --port-base 0 --set auto.create.topics.enable=false --topic clicks
  ottla dev-cluster --topic orders:3:3:min.insync.replicas=2 --set broker.session.timeout.ms=2000")]
pub(crate) struct DevClusterArgs {
    /// Number of brokers; their node ids begin at 1.
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u16).range(1..=100))]
    brokers: u16,
    /// A topic to begin with: NAME[:PARTITIONS[:REPLICAS[:CONFIG=VALUE,...]]]. May be repeated.
    #[arg(long = "topic", value_name = "TOPIC")]
    topics: Vec<TopicSpec>,
    /// Address to listen on. Nothing protects the brokers: leave it on loopback unless the network is yours.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1")]
    host: IpAddr,
    /// Host that clients are told, if it is not the one of --host.
    #[arg(long, value_name = "HOST")]
    advertised_host: Option<String>,
    /// Port of the first broker; the others follow. 0 lets the system pick.
    #[arg(long, value_name = "PORT", default_value_t = 9092)]
    port_base: u16,
    /// A broker property of Kafka's, such as broker.session.timeout.ms=2000. May be repeated.
    #[arg(long = "set", value_name = "NAME=VALUE")]
    settings: Vec<Setting>,
}

/// A topic on the command line.
#[derive(Clone, Debug, PartialEq, Eq)]
struct TopicSpec(NewTopic);

impl FromStr for TopicSpec {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut parts = text.splitn(4, ':');
        let name = parts.next().unwrap_or_default().to_owned();
        let partitions = number(parts.next(), "number of partitions")?;
        let replication_factor = number(parts.next(), "number of replicas")?;
        let configs = parts
            .next()
            .unwrap_or_default()
            .split(',')
            .filter(|config| !config.is_empty());
        let configs = configs.map(|config| config.parse::<Setting>().map(|it| (it.name, it.value)));
        let configs = configs.collect::<Result<_, _>>()?;
        Ok(Self(NewTopic {
            name,
            partitions,
            replication_factor,
            configs,
            ..NewTopic::default()
        }))
    }
}

/// -1, Kafka's "the default", when there is none.
fn number<T: FromStr + From<i8>>(text: Option<&str>, what: &str) -> Result<T, String> {
    match text {
        None | Some("") => Ok(T::from(-1)),
        Some(text) => text.parse().map_err(|_| format!("'{text}' is not a {what}")),
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Setting {
    name: String,
    value: String,
}

impl FromStr for Setting {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, value) = text
            .split_once('=')
            .ok_or_else(|| format!("'{text}' has no '=': write NAME=VALUE"))?;
        Ok(Self {
            name: name.trim().to_owned(),
            value: value.trim().to_owned(),
        })
    }
}

/// Serves until `quit` or Ctrl-C.
pub(crate) async fn run(args: DevClusterArgs) -> Outcome {
    let server = start(args).await?;
    say(&server.bootstrap())?;
    eprintln!("the cluster is up; `help` lists what can be done to it, Ctrl-C ends it");
    let mut lines = BufReader::new(stdin()).lines();
    let mut reading = true;
    loop {
        tokio::select! {
            line = lines.next_line(), if reading => match line {
                Ok(Some(line)) => match obey(&server, line.trim()).await {
                    Some(reply) => say(&reply)?,
                    None => return Ok(()),
                },
                // Nobody commands it any more; it goes on serving.
                Ok(None) | Err(_) => reading = false,
            },
            _ = tokio::signal::ctrl_c() => return Ok(()),
        }
    }
}

/// Starts the cluster that the arguments describe.
async fn start(args: DevClusterArgs) -> Result<Server, Failure> {
    let mut settings = Settings {
        default_replication_factor: i16::try_from(args.brokers.min(3)).unwrap_or(3),
        ..Settings::default()
    };
    settings.topic_defaults.retention_bytes = RETENTION_BYTES;
    settings.retention_check_interval = RETENTION_CHECK_US;
    for setting in &args.settings {
        settings
            .set(&setting.name, &setting.value)
            .map_err(Failure::usage)?;
    }
    if !args.host.is_loopback() {
        eprintln!(
            "warning: whoever reaches {} can read and write everything in this cluster",
            args.host
        );
    }
    let options = ServerOptions {
        brokers: args.brokers,
        host: args.host,
        port_base: args.port_base,
        advertised_host: args.advertised_host,
        settings,
        topics: args.topics.into_iter().map(|TopicSpec(topic)| topic).collect(),
    };
    Server::start(options).await.map_err(|error| match error.kind() {
        ErrorKind::AddrInUse | ErrorKind::PermissionDenied => {
            Failure::Usage(format!("{error}; --port-base 0 takes free ports"))
        }
        _ => Failure::usage(error),
    })
}

fn say(line: &str) -> Outcome {
    written(writeln!(std::io::stdout(), "{line}"))
}

const HELP: &str =
    "kill N, stop N, restart N, pause N, resume N, create TOPIC[:PARTITIONS[:REPLICAS]], states, quit";

/// Does what a line says. The reply, or `None` to end.
async fn obey(server: &Server, line: &str) -> Option<String> {
    let (verb, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    let order = match verb {
        "quit" | "exit" => return None,
        "help" => return Some(HELP.to_owned()),
        "states" => return Some(states(server).await),
        "create" => return Some(create(server, rest.trim()).await),
        "kill" => Order::Kill,
        "stop" => Order::Stop,
        "restart" => Order::Restart,
        "pause" => Order::Pause,
        "resume" => Order::Resume,
        _ => return Some(format!("error: '{verb}' is not a command; there are: {HELP}")),
    };
    let Ok(node) = rest.trim().parse::<NodeId>() else {
        return Some(format!(
            "error: '{rest}' is not a node id; write for example: {verb} 1"
        ));
    };
    if server.order(node, order).await {
        return Some(format!("ok: {verb} {node}"));
    }
    Some(format!(
        "error: cannot {verb} broker {node}; states are: {}",
        states(server).await
    ))
}

async fn states(server: &Server) -> String {
    let states = server.states().await;
    let words: Vec<String> = states
        .into_iter()
        .map(|(node, state)| format!("{node}={state:?}").to_lowercase())
        .collect();
    words.join(" ")
}

async fn create(server: &Server, text: &str) -> String {
    let topic = match text.parse::<TopicSpec>() {
        Ok(TopicSpec(topic)) => topic,
        Err(error) => return format!("error: {error}"),
    };
    match server.create_topic(topic).await {
        Some(outcome) if outcome.error.is_ok() => format!("ok: create {}", outcome.name),
        Some(outcome) => format!(
            "error: {}",
            outcome.message.unwrap_or_else(|| outcome.error.to_string())
        ),
        None => "error: the cluster has ended".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn topics_are_written_with_colons() {
        let topic = |text: &str| text.parse::<TopicSpec>().map(|it| it.0);
        let plain = topic("orders").unwrap();
        assert_eq!(
            (plain.name.as_str(), plain.partitions, plain.replication_factor),
            ("orders", -1, -1)
        );
        let full = topic("orders:3:2:min.insync.replicas=2,retention.ms=5").unwrap();
        assert_eq!(
            (full.partitions, full.replication_factor, full.configs.len()),
            (3, 2, 2)
        );
        assert!(topic("orders:three").unwrap_err().contains("'three'"));
        assert!(topic("orders:3:2:x").unwrap_err().contains("NAME=VALUE"));
    }

    #[tokio::test]
    async fn a_port_that_is_taken_is_named_with_the_way_out() {
        let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = taken.local_addr().unwrap();
        let args = DevClusterArgs {
            brokers: 1,
            topics: Vec::new(),
            host: address.ip(),
            advertised_host: None,
            port_base: address.port(),
            settings: Vec::new(),
        };
        let failure = start(args).await.expect_err("it is taken");
        let text = failure.message();
        assert!(text.contains(&format!("cannot listen on {address}")), "{text}");
        assert!(text.ends_with("--port-base 0 takes free ports"), "{text}");
    }

    #[tokio::test]
    async fn lines_are_obeyed_and_answered() {
        let server = Server::start(ServerOptions::default()).await.unwrap();
        let mut replies = Vec::new();
        for line in [
            "kill 3",
            "kill 3",
            "kill x",
            "dance",
            "create a:1:1",
            "create a b",
            "states",
        ] {
            replies.push(obey(&server, line).await.unwrap());
        }
        assert_eq!(replies[0], "ok: kill 3");
        assert!(replies[1].starts_with("error: cannot kill broker 3"));
        assert!(replies[2].contains("'x' is not a node id"));
        assert!(replies[3].contains("'dance' is not a command"));
        assert_eq!(replies[4], "ok: create a");
        assert!(
            replies[5].starts_with("error: 'a b' is not a topic name"),
            "{}",
            replies[5]
        );
        assert_eq!(replies[6], "1=up 2=up 3=killed");
        assert_eq!(obey(&server, "quit").await, None);
    }
}
