//! librdkafka at the work that `cargo xtask bench peers` gives to all producers:
//!
//! `peer-rdkafka BOOTSTRAP TOPIC VALUES CODEC RECORDS WARM_UP RATE TASKS`
//!
//! RATE is records a second, 0 for as many as go; with a rate the latencies are printed, too. TASKS must be 1.

use std::error::Error;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, OnceLock};
use std::time::{Duration, Instant};

use rdkafka::ClientContext;
use rdkafka::config::ClientConfig;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::producer::{BaseRecord, DeliveryResult, Producer, ProducerContext, ThreadedProducer};

const LIMIT: Duration = Duration::from_secs(120);
const KEYS: usize = 1000;

static FAILED: AtomicU64 = AtomicU64::new(0);
/// Microseconds from `send` to the callback.
static LATENCIES: Mutex<Vec<usize>> = Mutex::new(Vec::new());

fn micros() -> usize {
    static EPOCH: OnceLock<Instant> = OnceLock::new();
    let since = EPOCH.get_or_init(Instant::now).elapsed();
    usize::try_from(since.as_micros()).expect("a run is shorter than centuries")
}

struct Context;

impl ClientContext for Context {}

impl ProducerContext for Context {
    /// When the record was sent, in microseconds since the first look at the clock; 0 when that is of no interest.
    type DeliveryOpaque = usize;

    fn delivery(&self, result: &DeliveryResult<'_>, sent: Self::DeliveryOpaque) {
        if result.is_err() {
            FAILED.fetch_add(1, Ordering::Relaxed);
        }
        if sent > 0 {
            LATENCIES
                .lock()
                .expect("a push does not panic")
                .push(micros() - sent);
        }
    }
}

struct Work {
    topic: String,
    values: Vec<Vec<u8>>,
    keys: Vec<String>,
    rate: f64,
}

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [bootstrap, topic, values, codec, records, warm_up, rate, tasks] = &args[..] else {
        return Err("BOOTSTRAP TOPIC VALUES CODEC RECORDS WARM_UP RATE TASKS are needed".into());
    };
    if tasks != "1" {
        return Err("TASKS must be 1".into());
    }
    let lines = std::fs::read(values)?;
    let work = Work {
        topic: topic.clone(),
        values: lines
            .split(|byte| *byte == b'\n')
            .filter(|line| !line.is_empty())
            .map(<[u8]>::to_vec)
            .collect(),
        keys: (0..KEYS).map(|key| format!("{key:010}")).collect(),
        rate: rate.parse()?,
    };
    let producer: ThreadedProducer<Context> = ClientConfig::new()
        .set("bootstrap.servers", bootstrap)
        .set("acks", "all")
        .set("enable.idempotence", "true")
        .set("linger.ms", "5")
        .set("batch.size", "16384")
        .set("compression.type", codec)
        // Java's choice of partition, as the others have it.
        .set("partitioner", "murmur2_random")
        // As much as the others buffer at most; the default of 100,000 messages would be 13 MB.
        .set("queue.buffering.max.messages", "10000000")
        .set("queue.buffering.max.kbytes", "32768")
        .create_with_context(Context)?;
    let records: usize = records.parse()?;
    send(&producer, &work, warm_up.parse()?)?;
    LATENCIES.lock().expect("a push does not panic").clear();
    let start = Instant::now();
    send(&producer, &work, records)?;
    report(records, start.elapsed());
    Ok(())
}

fn send(producer: &ThreadedProducer<Context>, work: &Work, records: usize) -> Result<(), Box<dyn Error>> {
    let start = Instant::now();
    for number in 0..records {
        let mut sent = 0;
        if work.rate > 0.0 {
            let due = Duration::from_secs_f64(number as f64 / work.rate);
            std::thread::sleep(due.saturating_sub(start.elapsed()));
            sent = micros().max(1);
        }
        let mut record = BaseRecord::with_opaque_to(&work.topic, sent)
            .key(&work.keys[number % work.keys.len()])
            .payload(&work.values[number % work.values.len()]);
        while let Err((error, refused)) = producer.send(record) {
            if !matches!(error, KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull)) {
                return Err(error.into());
            }
            std::thread::sleep(Duration::from_millis(1));
            record = refused;
        }
    }
    producer.flush(LIMIT)?;
    match FAILED.load(Ordering::Relaxed) {
        0 => Ok(()),
        failed => Err(format!("{failed} records failed").into()),
    }
}

fn report(records: usize, took: Duration) {
    let mut latencies = LATENCIES.lock().expect("a push does not panic");
    latencies.sort_unstable();
    let at = |part: usize| {
        let micros = latencies.get(latencies.len() * part / 1000);
        micros.map_or(0.0, |micros| *micros as f64 / 1000.0)
    };
    println!(
        "{{\"records\":{records},\"seconds\":{},\"p50_ms\":{},\"p99_ms\":{}}}",
        took.as_secs_f64(),
        at(500),
        at(990)
    );
}
