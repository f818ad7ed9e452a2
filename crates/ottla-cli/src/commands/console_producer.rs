//! `ottla console-producer`: lines of standard input as records.

use std::io::{self, BufRead, BufReader, IsTerminal, Write};
use std::path::PathBuf;
use std::time::Instant;

use clap::{Args, ValueEnum};
use ottla::{Builder, Record};
use ottla_trace::Level;
use tokio::sync::mpsc;

use crate::classes;
use crate::commands::console_spool::{SpoolArgs, Spooling};
use crate::commands::deliveries::Deliveries;
use crate::connection::{ConnectionArgs, producing};
use crate::exit::{Failure, Outcome};
use crate::line_reader::{LineError, LineFormat, LineReader, TypedRecord};
use crate::metrics::MetricsArgs;
use crate::progress::{Progress, ProgressArgs};
use crate::properties;
use crate::topic_name;
use crate::trace_file::TraceFile;

/// Send each line of standard input as a record.
#[derive(Args, Debug)]
#[command(mut_args(producing))]
#[command(after_help = "Examples:
  ottla console-producer --bootstrap-server localhost:9092 --topic clicks < lines.txt
  printf 'kim\\thello\\n' | ottla console-producer --bootstrap-server localhost:9092 --topic clicks --reader-property parse.key=true
  ottla console-producer --bootstrap-server ws://localhost:8080/k/main --origin http://localhost:8000 --topic clicks
  ottla console-producer --bootstrap-server localhost:9092 --topic clicks --compression-codec lz4 --trace run.jsonl --trace-level record < lines.txt
  tail -f app.log | ottla console-producer --bootstrap-server localhost:9092 --topic logs --spool /var/spool/ottla

Reader properties (as Kafka's LineMessageReader):
  parse.key=false  parse.headers=false  ignore.error=false  null.marker=TEXT
  key.separator=\\t  headers.delimiter=\\t  headers.separator=,  headers.key.separator=:
  With headers and key a line is  h1:v1,h2:v2<TAB>key<TAB>value")]
pub(crate) struct ConsoleProducerArgs {
    #[command(flatten)]
    connection: ConnectionArgs,
    #[command(flatten)]
    progress: ProgressArgs,
    #[command(flatten)]
    metrics: MetricsArgs,
    #[command(flatten)]
    spool: SpoolArgs,
    /// The topic to produce to.
    #[arg(long)]
    topic: String,
    /// Send one record at a time and wait for its acknowledgement.
    #[arg(long)]
    sync: bool,
    /// none, gzip, snappy, lz4 or zstd; without a value gzip [compression.type].
    #[arg(long, value_name = "CODEC", num_args = 0..=1, default_missing_value = "gzip")]
    compression_codec: Option<String>,
    /// Bytes of a batch [batch.size].
    #[arg(
        long,
        value_name = "BYTES",
        visible_alias = "max-partition-memory-bytes",
        allow_hyphen_values = true
    )]
    batch_size: Option<String>,
    /// Retries [retries].
    #[arg(long, value_name = "N", allow_hyphen_values = true)]
    message_send_max_retries: Option<String>,
    /// Milliseconds before the first retry [retry.backoff.ms].
    #[arg(long, value_name = "MS", allow_hyphen_values = true)]
    retry_backoff_ms: Option<String>,
    /// Milliseconds that a record waits for a fuller batch [linger.ms].
    #[arg(long, value_name = "MS", allow_hyphen_values = true)]
    timeout: Option<String>,
    /// 0, 1 or all [acks].
    #[arg(long, value_name = "ACKS", allow_hyphen_values = true)]
    request_required_acks: Option<String>,
    /// Milliseconds to wait for an answer [request.timeout.ms].
    #[arg(long, value_name = "MS", allow_hyphen_values = true)]
    request_timeout_ms: Option<String>,
    /// Milliseconds after which metadata is refreshed [metadata.max.age.ms].
    #[arg(long, value_name = "MS", allow_hyphen_values = true)]
    metadata_expiry_ms: Option<String>,
    /// Milliseconds that a send may wait for metadata or memory [max.block.ms].
    #[arg(long, value_name = "MS", allow_hyphen_values = true)]
    max_block_ms: Option<String>,
    /// Bytes of records that may wait [buffer.memory].
    #[arg(long, value_name = "BYTES", allow_hyphen_values = true)]
    max_memory_bytes: Option<String>,
    /// Bytes of the socket's send buffer, -1 for the system's [send.buffer.bytes].
    #[arg(long, value_name = "BYTES", allow_hyphen_values = true)]
    socket_buffer_size: Option<String>,
    /// The class that reads lines: Kafka's LineMessageReader, the only one here.
    #[arg(long, value_name = "CLASS", value_parser = classes::line_reader)]
    line_reader: Option<()>,
    /// How lines are read; may be repeated, see below.
    #[arg(long, value_name = "NAME=VALUE")]
    reader_property: Vec<String>,
    /// A .properties file with reader properties.
    #[arg(long, value_name = "FILE")]
    reader_config: Option<PathBuf>,
    /// Write a trace of the producer, to be opened in the page or by `ottla trace check`.
    #[arg(long, value_name = "FILE")]
    trace: Option<PathBuf>,
    /// What is traced.
    #[arg(long, value_enum, default_value = "batch", requires = "trace")]
    trace_level: TraceLevel,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum TraceLevel {
    /// An event per batch, request and connection.
    Batch,
    /// The life of each record as well.
    Record,
}

impl ConsoleProducerArgs {
    fn builder(&self) -> Result<Builder, Failure> {
        let own = [
            ("compression.type", &self.compression_codec),
            ("batch.size", &self.batch_size),
            ("retries", &self.message_send_max_retries),
            ("retry.backoff.ms", &self.retry_backoff_ms),
            ("linger.ms", &self.timeout),
            ("acks", &self.request_required_acks),
            ("request.timeout.ms", &self.request_timeout_ms),
            ("metadata.max.age.ms", &self.metadata_expiry_ms),
            ("max.block.ms", &self.max_block_ms),
            ("buffer.memory", &self.max_memory_bytes),
            ("send.buffer.bytes", &self.socket_buffer_size),
        ];
        let own: Vec<_> = own
            .iter()
            .filter_map(|(name, value)| Some((*name, (*value).clone()?)))
            .collect();
        self.connection.producer(&own)
    }

    fn trace_file(&self) -> Result<Option<(Level, TraceFile)>, Failure> {
        let level = match self.trace_level {
            TraceLevel::Batch => Level::Batch,
            TraceLevel::Record => Level::Record,
        };
        let file = self.trace.as_ref().map(|path| TraceFile::create(path, level));
        Ok(file.transpose()?.map(|file| (level, file)))
    }

    fn line_format(&self) -> Result<LineFormat, Failure> {
        let mut pairs = match &self.reader_config {
            Some(path) => properties::file(path).map_err(Failure::usage)?,
            None => Vec::new(),
        };
        for argument in &self.reader_property {
            pairs.push(properties::pair("--reader-property", argument).map_err(Failure::usage)?);
        }
        LineFormat::from_properties(&pairs).map_err(Failure::usage)
    }
}

/// Runs the command.
pub(crate) async fn run(args: ConsoleProducerArgs) -> Outcome {
    topic_name::check(&args.topic)?;
    let format = args.line_format()?;
    let mut builder = args.builder()?;
    let trace = args.trace_file()?;
    if let Some((level, file)) = &trace {
        builder = builder.trace(*level, file.sink());
    }
    if let Some(dir) = args.spool.dir() {
        let spooling = Spooling::start(builder, &args.spool, dir.clone())?;
        let outcome = run_spooling(&args, spooling, spawn_reader(format)).await;
        if let Some((_, file)) = &trace {
            file.finish().await;
        }
        return outcome;
    }
    let (deliveries, producer) = Deliveries::start(builder)?;
    let metrics = args.metrics.start(&producer);
    let mut lines = spawn_reader(format);
    // Who types sees what became of each line; a line of progress would be in the way.
    let mut progress = if io::stdin().is_terminal() {
        Progress::none()
    } else {
        args.progress.start()
    };
    let mut number = 0;
    let mut input = Ok(());
    loop {
        let record = tokio::select! {
            line = lines.recv() => match line {
                None => break,
                Some(Ok(record)) => record,
                Some(Err(error)) => {
                    input = Err(Failure::Usage(error.to_string()));
                    break;
                }
            },
            _ = tokio::signal::ctrl_c() => break,
        };
        number += 1;
        let record = to_record(&args.topic, record);
        deliveries.send(&producer, number, record).await;
        progress.update(Instant::now(), || {
            format!("{number} records read, {} delivered", deliveries.delivered())
        });
        if args.sync {
            deliveries.settle(&producer).await;
        }
        if deliveries.hopeless() {
            break;
        }
    }
    deliveries.settle(&producer).await;
    progress.finish(|| format!("{number} records read, {} delivered", deliveries.delivered()));
    if let Some(metrics) = metrics {
        metrics.finish(&producer);
    }
    let outcome = deliveries.finish(producer).await;
    if let Some((_, file)) = &trace {
        file.finish().await;
    }
    both(input, outcome)
}

/// What the input did wrong comes first, but a lost record outweighs it.
fn both(input: Outcome, outcome: Outcome) -> Outcome {
    match (input, outcome) {
        (Err(input), Err(delivery)) => {
            eprintln!("ottla: {}", input.message());
            Err(delivery)
        }
        (Err(input), Ok(())) => Err(input),
        (Ok(()), outcome) => outcome,
    }
}

async fn run_spooling(
    args: &ConsoleProducerArgs,
    mut spooling: Spooling,
    lines: mpsc::Receiver<Result<TypedRecord, LineError>>,
) -> Outcome {
    let mut progress = if io::stdin().is_terminal() {
        Progress::none()
    } else {
        args.progress.start()
    };
    let record = |line| to_record(&args.topic, line);
    let input = spooling.read(lines, record, &mut progress).await;
    both(input, spooling.finish(&mut progress).await)
}

fn to_record(topic: &str, typed: TypedRecord) -> Record<'static> {
    let mut record = Record::to(topic.to_owned());
    if let Some(key) = typed.key {
        record = record.key(key);
    }
    if let Some(value) = typed.value {
        record = record.value(value);
    }
    for (name, value) in typed.headers {
        record = match value {
            Some(value) => record.header(name, value),
            None => record.null_header(name),
        };
    }
    record
}

/// Lines are read on a thread of their own: standard input blocks. The channel is short, so a slow cluster stops the
/// reader and not the machine's memory.
fn spawn_reader(format: LineFormat) -> mpsc::Receiver<Result<TypedRecord, LineError>> {
    let (sender, receiver) = mpsc::channel(1024);
    std::thread::spawn(move || {
        let prompt = io::stdin().is_terminal() && io::stderr().is_terminal();
        let input: Box<dyn BufRead> = Box::new(BufReader::with_capacity(1 << 16, io::stdin()));
        let mut reader = LineReader::new(input, format);
        loop {
            if prompt {
                let _ = write!(io::stderr(), ">");
            }
            let item = match reader.next_record() {
                Ok(None) => return,
                Ok(Some(record)) => Ok(record),
                Err(error) => Err(error),
            };
            let last = item.is_err();
            if sender.blocking_send(item).is_err() || last {
                return;
            }
        }
    });
    receiver
}
