//! This project's producer at the work that `cargo xtask bench peers` gives to all of them:
//!
//! `peer-ottla BOOTSTRAP TOPIC VALUES CODEC RECORDS WARM_UP RATE TASKS`
//!
//! RATE is records a second, 0 for as many as go; with a rate the latencies are printed, too.
#![allow(clippy::print_stdout, reason = "what it is for")]

use std::error::Error;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use ottla::{Producer, Record};

const LIMIT: Duration = Duration::from_secs(120);
const KEYS: u64 = 1000;

/// Static, so that the callback of a record is nothing but code.
static FAILED: AtomicU64 = AtomicU64::new(0);
/// Microseconds from `send` to the callback.
static LATENCIES: Mutex<Vec<u64>> = Mutex::new(Vec::new());

type Failure = Box<dyn Error + Send + Sync>;

struct Work {
    topic: String,
    values: Vec<Vec<u8>>,
    keys: Vec<String>,
    rate: f64,
}

fn main() -> Result<(), Failure> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [bootstrap, topic, values, codec, records, warm_up, rate, tasks] = &args[..] else {
        return Err("BOOTSTRAP TOPIC VALUES CODEC RECORDS WARM_UP RATE TASKS are needed".into());
    };
    let work = Work {
        topic: topic.clone(),
        values: lines(Path::new(values))?,
        keys: (0..KEYS).map(|key| format!("{key:010}")).collect(),
        rate: rate.parse()?,
    };
    // Lives as long as the process, so that tasks can share it.
    let work: &'static Work = Box::leak(Box::new(work));
    let (records, warm_up, tasks): (u64, u64, u64) = (records.parse()?, warm_up.parse()?, tasks.parse()?);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let producer = Producer::builder()
            .bootstrap_servers(bootstrap)
            .set("linger.ms", "5")
            .set("batch.size", "16384")
            .set("compression.type", codec)
            .start()?;
        send(&producer, work, warm_up, tasks).await?;
        latencies().clear();
        let start = Instant::now();
        send(&producer, work, records, tasks).await?;
        report(records, start.elapsed());
        producer.close(LIMIT).await?;
        Ok(())
    })
}

fn lines(file: &Path) -> Result<Vec<Vec<u8>>, Failure> {
    let text = std::fs::read(file)?;
    let lines = text.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    Ok(lines.map(<[u8]>::to_vec).collect())
}

/// Sends so many records by so many tasks, and waits until all are answered.
async fn send(producer: &Producer, work: &'static Work, records: u64, tasks: u64) -> Result<(), Failure> {
    let running: Vec<_> = (0..tasks)
        .map(|task| {
            let (from, to) = (records * task / tasks, records * (task + 1) / tasks);
            tokio::spawn(send_some(producer.clone(), work, from, to))
        })
        .collect();
    for task in running {
        task.await??;
    }
    producer.flush().await?;
    match FAILED.load(Ordering::Relaxed) {
        0 => Ok(()),
        failed => Err(format!("{failed} records failed").into()),
    }
}

async fn send_some(producer: Producer, work: &'static Work, from: u64, to: u64) -> Result<(), Failure> {
    let start = Instant::now();
    for number in from..to {
        let at = usize::try_from(number)?;
        let record = Record::to(work.topic.as_str())
            .key(work.keys[at % work.keys.len()].as_str())
            .value(work.values[at % work.values.len()].as_slice());
        if work.rate > 0.0 {
            let due = Duration::from_secs_f64((number - from) as f64 / work.rate);
            tokio::time::sleep(due.saturating_sub(start.elapsed())).await;
            let sent = Instant::now();
            let noted = producer.send_with(record, move |result| {
                note(result.is_ok());
                let took = u64::try_from(sent.elapsed().as_micros()).unwrap_or(u64::MAX);
                latencies().push(took);
            });
            noted.await?;
        } else {
            producer.send_with(record, |result| note(result.is_ok())).await?;
        }
    }
    Ok(())
}

fn note(is_good: bool) {
    if !is_good {
        FAILED.fetch_add(1, Ordering::Relaxed);
    }
}

fn latencies() -> std::sync::MutexGuard<'static, Vec<u64>> {
    LATENCIES.lock().unwrap_or_else(PoisonError::into_inner)
}

fn report(records: u64, took: Duration) {
    let mut latencies = latencies();
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
