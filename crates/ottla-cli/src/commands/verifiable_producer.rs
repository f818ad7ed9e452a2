//! `ottla verifiable-producer`: the JSON lines of Kafka's `VerifiableProducer`, so that Kafka's system tests can
//! drive it.

use std::io::{IsTerminal, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use clap::Args;
use ottla::{KafkaError, Producer, Record, RecordMetadata, Timestamp};
use serde_json::json;

use crate::commands::deliveries::{no_cluster, start as start_producer, told};
use crate::connection::{ConnectionArgs, producing};
use crate::exit::{Failure, Outcome, unwritable};
use crate::progress::{Progress, ProgressArgs};
use crate::throughput::Throttle;
use crate::topic_name;

/// Produce increasing integers and print one JSON line for each, as Kafka's VerifiableProducer does.
#[derive(Args, Debug)]
#[command(mut_args(producing))]
#[command(
    after_help = "Example:\n  ottla verifiable-producer --bootstrap-server localhost:9092 --topic test --max-messages 1000 --throughput 100"
)]
pub(crate) struct VerifiableArgs {
    #[command(flatten)]
    connection: ConnectionArgs,
    #[command(flatten)]
    progress: ProgressArgs,
    /// The topic to produce to.
    #[arg(long)]
    topic: String,
    /// Messages to produce; -1 produces until it is stopped.
    #[arg(long, value_name = "N", default_value = "-1", allow_hyphen_values = true)]
    max_messages: i64,
    /// Messages a second, -1 for as many as go.
    #[arg(long, value_name = "N", default_value = "-1", allow_hyphen_values = true)]
    throughput: i32,
    /// 0, 1 or -1.
    #[arg(long, default_value = "-1", allow_hyphen_values = true, value_parser = ["0", "1", "-1"])]
    acks: String,
    /// Timestamp of the first message in milliseconds since the epoch; -1 for the clock.
    #[arg(long, value_name = "MS", default_value = "-1", allow_hyphen_values = true)]
    message_create_time: i64,
    /// Values are PREFIX.NUMBER.
    #[arg(long, value_name = "PREFIX")]
    value_prefix: Option<i64>,
    /// Keys count from 0 to N-1 and start again.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    repeating_keys: Option<u64>,
}

/// Runs the command.
pub(crate) async fn run(args: VerifiableArgs) -> Outcome {
    topic_name::check(&args.topic)?;
    // No retries, as Kafka's tool has it, unless the command line says otherwise; then idempotence is off as well.
    let defaults = [("acks", args.acks.clone()), ("retries", "0".to_owned())];
    let producer = start_producer(args.connection.producer(&defaults)?)?;
    let tally = Arc::new(Tally::default());
    print(&json!({ "timestamp": now_ms(), "name": "startup_complete" }))?;
    let start = Instant::now();
    let throttle = Throttle::new(f64::from(args.throughput), start);
    let mut sent: u64 = 0;
    // On a terminal the lines themselves are the progress.
    let mut progress = if std::io::stdout().is_terminal() {
        Progress::none()
    } else {
        args.progress.start()
    };
    while args.max_messages < 0 || sent < args.max_messages.unsigned_abs() {
        let wait = throttle.wait(sent, Instant::now());
        tokio::select! {
            () = tokio::time::sleep(wait), if !wait.is_zero() => {}
            _ = tokio::signal::ctrl_c() => break,
            () = std::future::ready(()), if wait.is_zero() => {}
        }
        send(&args, &producer, &tally, sent, start).await?;
        sent += 1;
        progress.update(Instant::now(), || {
            format!(
                "{sent} sent, {} acknowledged",
                tally.acked.load(Ordering::Relaxed)
            )
        });
    }
    let _ = producer.flush().await;
    progress.finish(|| {
        format!(
            "{sent} sent, {} acknowledged",
            tally.acked.load(Ordering::Relaxed)
        )
    });
    let closed = producer.close(Duration::from_secs(30)).await;
    let acked = tally.acked.load(Ordering::Relaxed);
    print(&json!({ "timestamp": now_ms(), "name": "shutdown_complete" }))?;
    print(&json!({
        "timestamp": now_ms(), "name": "tool_data", "sent": sent, "acked": acked,
        "target_throughput": args.throughput,
        "avg_throughput": acked as f64 / start.elapsed().as_secs_f64().max(1e-3),
    }))?;
    let first = tally
        .first_failure
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .take();
    match first {
        Some((why, true)) => Err(Failure::NoCluster(why)),
        Some((why, false)) => Err(Failure::Delivery(format!(
            "{} of {sent} messages were not delivered; the first: {why}",
            sent - acked
        ))),
        None => closed.map_err(|e| Failure::Delivery(e.to_string())),
    }
}

#[derive(Default)]
struct Tally {
    acked: AtomicU64,
    first_failure: Mutex<Option<(String, bool)>>,
}

async fn send(
    args: &VerifiableArgs,
    producer: &Producer,
    tally: &Arc<Tally>,
    number: u64,
    start: Instant,
) -> Outcome {
    let value = match args.value_prefix {
        Some(prefix) => format!("{prefix}.{number}"),
        None => number.to_string(),
    };
    let key = args.repeating_keys.map(|of| (number % of).to_string());
    let mut record = Record::to(args.topic.clone()).value(value.clone().into_bytes());
    if let Some(key) = &key {
        record = record.key(key.clone().into_bytes());
    }
    if args.message_create_time >= 0 {
        let elapsed = i64::try_from(start.elapsed().as_millis()).unwrap_or(i64::MAX);
        record = record.at(Timestamp(args.message_create_time.saturating_add(elapsed)));
    }
    let line = Line {
        key,
        value,
        topic: args.topic.clone(),
    };
    let (tally, later) = (Arc::clone(tally), line.clone());
    let in_callback = Arc::clone(&tally);
    let result = producer
        .send_with(record, move |result| match result {
            Ok(metadata) => in_callback.success(&later, &metadata),
            Err(error) => in_callback.failure(&later, &error),
        })
        .await;
    if let Err(error) = result {
        tally.failure(&line, &error);
        if no_cluster(&error) {
            return Err(Failure::NoCluster(told(&error.to_string())));
        }
    }
    Ok(())
}

#[derive(Clone)]
struct Line {
    key: Option<String>,
    value: String,
    topic: String,
}

impl Tally {
    fn success(&self, line: &Line, metadata: &RecordMetadata) {
        self.acked.fetch_add(1, Ordering::Relaxed);
        // A closed standard output cannot be told about; the exit code still counts.
        let _ = print(&json!({
            "timestamp": now_ms(), "name": "producer_send_success", "key": line.key, "value": line.value,
            "topic": metadata.topic.as_ref(), "partition": metadata.partition, "offset": metadata.offset,
        }));
    }

    fn failure(&self, line: &Line, error: &KafkaError) {
        let mut first = self.first_failure.lock().unwrap_or_else(PoisonError::into_inner);
        first.get_or_insert_with(|| (told(&error.to_string()), no_cluster(error)));
        let _ = print(&json!({
            "timestamp": now_ms(), "name": "producer_send_error", "exception": error.code(),
            "message": error.to_string(), "key": line.key, "value": line.value, "topic": line.topic,
        }));
    }
}

fn print(line: &serde_json::Value) -> Outcome {
    writeln!(std::io::stdout(), "{line}").map_err(unwritable)
}

fn now_ms() -> u128 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |d| d.as_millis())
}
