//! `ottla producer-perf-test`: how fast records go, in the words of Kafka's `ProducerPerformance`.

use std::io::Stderr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use clap::{Arg, Args};
use ottla::{Producer, Record};

use crate::commands::deliveries::{no_cluster, start, told};
use crate::connection::{ConnectionArgs, producing};
use crate::exit::{Failure, Outcome, written};
use crate::metrics;
use crate::progress::{Progress, ProgressArgs};
use crate::throughput::{Stats, Throttle};
use crate::topic_name;

/// Send many records as fast as they go, and print rates and latencies.
#[derive(Args, Debug)]
#[command(mut_args(producing), mut_args(as_kafkas))]
#[command(after_help = "Examples:
  ottla producer-perf-test --bootstrap-server localhost:9092 --topic perf --num-records 1000000 --record-size 100
  ottla producer-perf-test --bootstrap-server localhost:9092 --topic perf --num-records 50000 --record-size 1000 --throughput 5000 --command-property compression.type=lz4 linger.ms=5")]
pub(crate) struct PerfArgs {
    #[command(flatten)]
    connection: ConnectionArgs,
    #[command(flatten)]
    progress: ProgressArgs,
    /// The topic to produce to.
    #[arg(long)]
    topic: String,
    /// Records to send.
    #[arg(long, value_name = "N")]
    num_records: u64,
    /// Bytes of each value; the bytes are random capital letters, as Kafka's tool makes them.
    #[arg(long, value_name = "BYTES", conflicts_with_all = ["payload_file", "payload_monotonic"])]
    record_size: Option<usize>,
    /// Values are taken from this file in turn.
    #[arg(long, value_name = "FILE", conflicts_with = "payload_monotonic")]
    payload_file: Option<PathBuf>,
    /// What separates values in the file.
    #[arg(long, value_name = "TEXT", default_value = "\\n")]
    payload_delimiter: String,
    /// The value is the record's number.
    #[arg(long)]
    payload_monotonic: bool,
    /// Records a second, -1 for as many as go.
    #[arg(long, value_name = "N", default_value = "-1", allow_hyphen_values = true)]
    throughput: f64,
    /// Records carry a key of ten bytes, out of this many; 0 for none.
    #[arg(long, value_name = "N", default_value = "0")]
    keys: u64,
    /// Records at the start that do not count in the summary.
    #[arg(long, value_name = "N", default_value = "0")]
    warmup_records: u64,
    /// Print all of the producer's metrics at the end, with Kafka's names.
    #[arg(long, visible_alias = "metrics")]
    print_metrics: bool,
    /// Milliseconds between two lines with rates and latencies.
    #[arg(long, value_name = "MS", default_value = "5000", value_parser = clap::value_parser!(u64).range(1..))]
    reporting_interval: u64,
}

/// What Kafka's tool takes in another form than all others: properties one after the other, and the cluster as one of
/// them.
fn as_kafkas(arg: Arg) -> Arg {
    match arg.get_id().as_str() {
        "bootstrap_server" => arg.required(false),
        "command_property" => arg
            .num_args(1..)
            .help("Client properties, one or several; may be repeated, and win over --command-config"),
        _ => arg,
    }
}

enum Payload {
    Fixed(Vec<Vec<u8>>),
    Monotonic,
}

/// How many different random values are sent in turn: enough that compression sees variety.
const VARIETY: usize = 1000;

impl PerfArgs {
    fn payload(&self) -> Result<Payload, Failure> {
        if self.payload_monotonic {
            return Ok(Payload::Monotonic);
        }
        if let Some(path) = &self.payload_file {
            return payload_file(path, &self.payload_delimiter).map(Payload::Fixed);
        }
        match self.record_size {
            Some(size) if size > 0 => Ok(Payload::Fixed(random_values(size))),
            Some(_) => Err(Failure::Usage("--record-size 0: must be at least 1".to_owned())),
            None => Err(Failure::Usage(
                "one of --record-size, --payload-file and --payload-monotonic is needed".to_owned(),
            )),
        }
    }
}

fn payload_file(path: &PathBuf, delimiter: &str) -> Result<Vec<Vec<u8>>, Failure> {
    let bytes = std::fs::read(path)
        .map_err(|e| Failure::Usage(format!("{}: cannot be read: {e}", path.display())))?;
    let text = String::from_utf8_lossy(&bytes);
    let delimiter = crate::properties::unescape(delimiter);
    let values: Vec<_> = text
        .split(delimiter.as_str())
        .filter(|v| !v.is_empty())
        .map(|v| v.as_bytes().to_vec())
        .collect();
    if values.is_empty() {
        return Err(Failure::Usage(format!("{}: has no value in it", path.display())));
    }
    Ok(values)
}

/// A fixed seed: two runs send the same bytes.
fn random_values(size: usize) -> Vec<Vec<u8>> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut letter = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        b'A' + u8::try_from((state >> 32) % 26).expect("below 26")
    };
    (0..VARIETY)
        .map(|_| (0..size).map(|_| letter()).collect())
        .collect()
}

/// Runs the command.
pub(crate) async fn run(args: PerfArgs) -> Outcome {
    topic_name::check(&args.topic)?;
    let payload = args.payload()?;
    let producer = start(args.connection.producer(&[])?)?;
    let run = Arc::new(Run::default());
    let throttle = Throttle::new(args.throughput, Instant::now());
    let mut progress = args.progress.start();
    let mut keys = Keys::new(args.keys);
    for number in 0..args.num_records {
        let now = Instant::now();
        let wait = throttle.wait(number, now);
        if !wait.is_zero() {
            tokio::time::sleep(wait).await;
        }
        if number == args.warmup_records {
            *run.stats() = Some(Stats::new(
                usize::try_from(args.num_records - number).unwrap_or(usize::MAX),
                Instant::now(),
                Duration::from_millis(args.reporting_interval),
            ));
        }
        let monotonic;
        let value: &[u8] = match &payload {
            Payload::Fixed(values) => &values[usize::try_from(number).unwrap_or(0) % values.len()],
            Payload::Monotonic => {
                monotonic = number.to_string().into_bytes();
                &monotonic
            }
        };
        run.send(
            &producer,
            &args.topic,
            keys.next(number),
            value,
            number >= args.warmup_records,
        )
        .await?;
        if number % 1024 == 0 {
            run.report(&mut progress, number, args.num_records);
        }
    }
    let _ = producer.flush().await;
    progress.finish(|| format!("{} of {} records sent", args.num_records, args.num_records));
    run.finish(producer, args.print_metrics).await
}

#[derive(Default)]
struct Run {
    stats: Mutex<Option<Stats>>,
    failures: Mutex<Failures>,
}

#[derive(Default)]
struct Failures {
    count: u64,
    first: Option<(String, bool)>,
}

impl Run {
    fn stats(&self) -> std::sync::MutexGuard<'_, Option<Stats>> {
        self.stats.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn failures(&self) -> std::sync::MutexGuard<'_, Failures> {
        self.failures.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn failed(&self, error: &ottla::KafkaError) {
        let mut failures = self.failures();
        failures.count += 1;
        failures
            .first
            .get_or_insert_with(|| (told(&error.to_string()), no_cluster(error)));
    }

    async fn send(
        self: &Arc<Self>,
        producer: &Producer,
        topic: &str,
        key: Option<&[u8]>,
        value: &[u8],
        counted: bool,
    ) -> Outcome {
        let mut record = Record::to(topic).value(value);
        if let Some(key) = key {
            record = record.key(key);
        }
        let (run, sent, bytes) = (Arc::clone(self), Instant::now(), value.len());
        let result = producer
            .send_with(record, move |result| match result {
                Ok(_) if counted => {
                    if let Some(stats) = run.stats().as_mut() {
                        stats.record(sent.elapsed(), bytes);
                    }
                }
                Ok(_) => {}
                Err(error) => run.failed(&error),
            })
            .await;
        match result {
            Err(error) if no_cluster(&error) => Err(Failure::NoCluster(told(&error.to_string()))),
            Err(error) => {
                self.failed(&error);
                Ok(())
            }
            Ok(()) => Ok(()),
        }
    }

    fn report(&self, progress: &mut Progress<Stderr>, sent: u64, of: u64) {
        let now = Instant::now();
        if let Some(line) = self.stats().as_mut().and_then(|stats| stats.progress(now)) {
            progress.clear();
            eprintln!("{line}");
        }
        progress.update(now, || format!("{sent} of {of} records sent"));
    }

    async fn finish(&self, producer: Producer, print_metrics: bool) -> Outcome {
        if let Some(stats) = self.stats().as_mut() {
            println_out(&stats.summary(Instant::now()))?;
        }
        if print_metrics {
            println_out(&metrics::table(producer.kafka_metrics()))?;
        }
        let closed = producer.close(Duration::from_secs(30)).await;
        let failures = self.failures();
        match &failures.first {
            Some((why, true)) => Err(Failure::NoCluster(why.clone())),
            Some((why, false)) => Err(Failure::Delivery(format!(
                "{} records were not delivered; the first: {why}",
                failures.count
            ))),
            None => closed.map_err(|e| Failure::Delivery(e.to_string())),
        }
    }
}

fn println_out(line: &str) -> Outcome {
    use std::io::Write;
    written(writeln!(std::io::stdout(), "{line}"))
}

/// Keys of ten bytes in turn.
struct Keys {
    of: u64,
    buffer: String,
}

impl Keys {
    fn new(of: u64) -> Self {
        Self {
            of,
            buffer: String::new(),
        }
    }

    fn next(&mut self, number: u64) -> Option<&[u8]> {
        use std::fmt::Write;
        if self.of == 0 {
            return None;
        }
        self.buffer.clear();
        write!(self.buffer, "{:010}", number % self.of).expect("a String takes every write");
        Some(self.buffer.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        args: PerfArgs,
    }

    #[test]
    fn properties_follow_each_other_and_one_of_them_may_name_the_cluster() {
        let line = "x --command-property bootstrap.servers=b:1 acks=1 --topic t --num-records 1";
        let parsed = Line::try_parse_from(line.split(' ')).expect("as Kafka's tool takes it");
        let pairs = parsed
            .args
            .connection
            .properties(&[])
            .expect("the cluster is named");
        let expected = [("bootstrap.servers", "b:1"), ("acks", "1")];
        assert_eq!(
            pairs,
            expected.map(|(name, value)| (name.to_owned(), value.to_owned()))
        );
    }
}
