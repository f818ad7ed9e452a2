//! `ottla console-consumer`: records as lines. It reads partitions and has no consumer groups.

use std::io::{self, BufWriter, Write};
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};
use ottla::admin::{Admin, AdminError, AdminOptions};
use ottla::config::Config;
use ottla::reader::{Isolation, PartitionReader, Start, StoredRecord};
use ottla_wire::ErrorCode;
use tokio::sync::mpsc;

use crate::classes::{self, Deserializer};
use crate::connection::ConnectionArgs;
use crate::exit::{Failure, Outcome, written};
use crate::formatter::{Formatter, ReadRecord, WriteError};
use crate::properties;
use crate::topic_name;

/// Print the records of a topic, or of one partition, as lines.
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  ottla console-consumer --bootstrap-server localhost:9092 --topic clicks --from-beginning
  ottla console-consumer --bootstrap-server localhost:9092 --topic clicks --partition 2 --offset 100 --max-messages 10
  ottla console-consumer --bootstrap-server localhost:9092 --topic clicks --from-beginning --timeout-ms 2000 --formatter-property print.key=true --formatter-property print.headers=true

Formatter properties (as Kafka's DefaultMessageFormatter):
  print.timestamp=false  print.partition=false  print.offset=false  print.headers=false  print.key=false  print.value=true
  key.separator=\\t  line.separator=\\n  headers.separator=,  null.literal=null")]
pub(crate) struct ConsoleConsumerArgs {
    #[command(flatten)]
    connection: ConnectionArgs,
    /// The topic to read.
    #[arg(long)]
    topic: String,
    /// One partition; all of them when absent.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(i32).range(0..))]
    partition: Option<i32>,
    /// Where to begin: earliest, latest or an offset (with --partition).
    #[arg(
        long,
        value_name = "OFFSET",
        requires = "partition",
        conflicts_with = "from_beginning"
    )]
    offset: Option<String>,
    /// Begin with the first record that is kept.
    #[arg(long)]
    from_beginning: bool,
    /// Stop after this many records.
    #[arg(long, value_name = "N")]
    max_messages: Option<u64>,
    /// Stop when no record came for this long.
    #[arg(long, value_name = "MS")]
    timeout_ms: Option<u64>,
    /// How records are printed; may be repeated, see below.
    #[arg(long, value_name = "NAME=VALUE")]
    formatter_property: Vec<String>,
    /// A .properties file with formatter properties.
    #[arg(long, value_name = "FILE")]
    formatter_config: Option<PathBuf>,
    /// The class that prints records: Kafka's DefaultMessageFormatter, the only one here.
    #[arg(long, value_name = "CLASS", value_parser = classes::formatter)]
    formatter: Option<()>,
    /// How keys are printed: a stock class such as StringDeserializer or LongDeserializer.
    #[arg(long, value_name = "CLASS", value_parser = classes::deserializer)]
    key_deserializer: Option<Deserializer>,
    /// How values are printed, as for keys.
    #[arg(long, value_name = "CLASS", value_parser = classes::deserializer)]
    value_deserializer: Option<Deserializer>,
    /// Leave out a record that a deserializer cannot read, with a warning, instead of stopping there.
    #[arg(long)]
    skip_message_on_error: bool,
    /// Whether records of transactions that are open or were aborted are read.
    #[arg(long, value_enum, default_value = "read_uncommitted")]
    isolation_level: IsolationLevel,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
enum IsolationLevel {
    /// All records.
    ReadUncommitted,
    /// None of an open or aborted transaction.
    ReadCommitted,
}

/// How long one fetch waits for records.
const FETCH_WAIT: Duration = Duration::from_millis(500);

impl ConsoleConsumerArgs {
    fn start(&self) -> Result<Start, Failure> {
        match self.offset.as_deref() {
            None if self.from_beginning => Ok(Start::Earliest),
            None | Some("latest") => Ok(Start::Latest),
            Some("earliest") => Ok(Start::Earliest),
            Some(text) => text
                .parse()
                .ok()
                .filter(|offset| *offset >= 0)
                .map(Start::Offset)
                .ok_or_else(|| {
                    Failure::Usage(format!(
                        "--offset {text}: valid values are 'earliest', 'latest' and numbers from 0"
                    ))
                }),
        }
    }

    fn formatter(&self) -> Result<Formatter, Failure> {
        let mut pairs = match &self.formatter_config {
            Some(path) => properties::file(path).map_err(Failure::usage)?,
            None => Vec::new(),
        };
        for argument in &self.formatter_property {
            pairs.push(properties::pair("--formatter-property", argument).map_err(Failure::usage)?);
        }
        let formatter = Formatter::from_properties(&pairs).map_err(Failure::usage)?;
        Ok(formatter.with_deserializers(
            self.key_deserializer.unwrap_or_default(),
            self.value_deserializer.unwrap_or_default(),
        ))
    }
}

/// Runs the command.
pub(crate) async fn run(args: ConsoleConsumerArgs) -> Outcome {
    topic_name::check(&args.topic)?;
    let (start, formatter) = (args.start()?, args.formatter()?);
    let isolation = match args.isolation_level {
        IsolationLevel::ReadUncommitted => Isolation::ReadUncommitted,
        IsolationLevel::ReadCommitted => Isolation::ReadCommitted,
    };
    let mut admin = connect(&args.connection).await?;
    let partitions = match args.partition {
        Some(partition) => vec![partition],
        None => all_partitions(&mut admin, &args.topic).await?,
    };
    let (sender, receiver) = mpsc::channel(4);
    for partition in partitions {
        let reader = PartitionReader::open_isolated(&mut admin, &args.topic, partition, start, isolation)
            .await
            .map_err(into_failure)?;
        tokio::spawn(follow(reader, sender.clone()));
    }
    drop(sender);
    print(&args, &formatter, receiver).await
}

async fn all_partitions(admin: &mut Admin, topic: &str) -> Result<Vec<i32>, Failure> {
    let described = admin.describe(&[topic.to_owned()]).await.map_err(into_failure)?;
    Ok(described
        .iter()
        .flat_map(|t| &t.partitions)
        .map(|p| p.partition)
        .collect())
}

type Fetched = Result<(i32, Vec<StoredRecord>), AdminError>;

async fn follow(mut reader: PartitionReader, sender: mpsc::Sender<Fetched>) {
    loop {
        let fetched = reader
            .poll(FETCH_WAIT)
            .await
            .map(|records| (reader.partition(), records));
        let last = fetched.is_err();
        if sender.send(fetched).await.is_err() || last {
            return;
        }
    }
}

async fn print(
    args: &ConsoleConsumerArgs,
    formatter: &Formatter,
    mut fetched: mpsc::Receiver<Fetched>,
) -> Outcome {
    let limit = args.timeout_ms.map(Duration::from_millis);
    let mut left = args.max_messages.unwrap_or(u64::MAX);
    let mut printed: u64 = 0;
    let mut out = BufWriter::new(io::stdout());
    let mut quiet_since = tokio::time::Instant::now();
    while left > 0 {
        let deadline = limit.map(|limit| quiet_since + limit);
        let next = tokio::select! {
            next = fetched.recv() => next,
            () = sleep_until(deadline) => break,
            _ = tokio::signal::ctrl_c() => break,
        };
        let Some(next) = next else { break };
        let (partition, records) = next.map_err(with_way_out)?;
        if !records.is_empty() {
            quiet_since = tokio::time::Instant::now();
        }
        for record in records.iter().take(usize::try_from(left).unwrap_or(usize::MAX)) {
            left -= 1;
            match formatter.write(view(partition, record), &mut out) {
                Ok(()) => printed += 1,
                Err(WriteError::Output(e)) => return written(Err(e)),
                Err(WriteError::Record(why)) => {
                    let place = format!("{}-{partition} at offset {}: {why}", args.topic, record.offset);
                    if !args.skip_message_on_error {
                        // What was printed before it is not lost.
                        if let Err(e) = out.flush() {
                            return written(Err(e));
                        }
                        return Err(Failure::Usage(format!(
                            "{place}; use another deserializer, or --skip-message-on-error"
                        )));
                    }
                    eprintln!("warning: {place}; left out");
                }
            }
        }
        if let Err(e) = out.flush() {
            return written(Err(e));
        }
    }
    eprintln!("Processed a total of {printed} messages");
    Ok(())
}

async fn sleep_until(deadline: Option<tokio::time::Instant>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}

fn view(partition: i32, record: &StoredRecord) -> ReadRecord<'_> {
    ReadRecord {
        partition,
        offset: record.offset,
        timestamp: record.timestamp,
        log_append_time: record.log_append_time,
        key: record.key.as_deref(),
        value: record.value.as_deref(),
        headers: &record.headers,
    }
}

/// Connects with what of the client properties an administrative connection knows; any other is refused.
pub(crate) async fn connect(connection: &ConnectionArgs) -> Result<Admin, Failure> {
    if connection.origin.is_some() {
        return Err(Failure::usage(
            "--origin: only a bridge looks at it, and a bridge lets clients produce and nothing else; leave it out, \
             and give brokers' host:port to this command",
        ));
    }
    let properties = connection.properties(&[])?;
    let known = ["bootstrap.servers", "client.id", "request.timeout.ms"];
    // What TLS and logins are called; the configuration itself knows each name.
    let families = ["security.", "ssl.", "sasl."];
    for (name, _) in &properties {
        if !known.contains(&name.as_str()) && !families.iter().any(|family| name.starts_with(family)) {
            return Err(Failure::Usage(format!(
                "{name}: this command knows only client.id, request.timeout.ms, security.protocol, ssl.* and sasl.*; leave it out"
            )));
        }
    }
    let config = Config::parse(properties).map_err(|errors| {
        let lines: Vec<String> = errors.iter().map(ToString::to_string).collect();
        Failure::Usage(lines.join("\n"))
    })?;
    for notice in config.notices() {
        // Others are about producing.
        if families.iter().any(|family| notice.name.starts_with(family)) {
            eprintln!("notice: {notice}");
        }
    }
    let options = AdminOptions::from_config(&config).map_err(Failure::usage)?;
    Admin::connect(options).await.map_err(into_failure)
}

/// As [`into_failure`], for what a fetch was answered.
fn with_way_out(error: AdminError) -> Failure {
    let outside =
        matches!(&error, AdminError::Broker { code, .. } if *code == ErrorCode::OFFSET_OUT_OF_RANGE);
    match into_failure(error) {
        Failure::Delivery(text) if outside => Failure::Delivery(format!(
            "{text}; give an --offset from the log, or --offset earliest"
        )),
        other => other,
    }
}

/// What kind of failure an administrative error is.
#[allow(clippy::needless_pass_by_value, reason = "it is made for map_err")]
pub(crate) fn into_failure(error: AdminError) -> Failure {
    match error {
        AdminError::NoCluster { .. } | AdminError::Connection { .. } => Failure::NoCluster(error.to_string()),
        AdminError::Address { .. } => Failure::Usage(error.to_string()),
        AdminError::Broker { .. } | AdminError::Unsupported { .. } | AdminError::Refused { .. } => {
            Failure::Delivery(error.to_string())
        }
    }
}
