//! A real Kafka that lets a client write 100 KB/s and no more (KIP-13, KIP-219).

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use ottla::{Producer, Record};
use ottla_tests::kafka::Kafka;
use ottla_tests::ledger::{Found, Told, compare, record};
use ottla_tests::log;
use ottla_tests::meter::metric;
use tokio::time::timeout;

/// Bytes per second.
const QUOTA: usize = 100 * 1024;
/// Kafka looks at the rate of so many windows of one second; as much goes through unthrottled at the beginning.
const WINDOWS: usize = 3;
const CLIENT: &str = "slow";
const TOPIC: &str = "throttled";
const KEYS: usize = 7;
const PADDING: usize = 1_000;
/// Much more than a record of that size takes in a batch.
const OVERHEAD: usize = 100;
/// KB to send without [`LONG`]: the windows' worth, and some seconds more.
const FEW: usize = 700;
/// KB to send; `cargo xtask prove quota` sets it.
const LONG: &str = "OTTLA_QUOTA_KB";
/// A throttled client waits for seconds; one that waits for this long hangs.
const LIMIT: Duration = Duration::from_secs(600);
/// The least share of its quota that a client gets which always has something to send.
const FAIR_SHARE: f64 = 0.8;

/// Sends all records at once as far as there is room for them, and waits for the fate of each.
async fn send_all(producer: &Producer, records: usize) -> Vec<Told> {
    let told = Arc::new(Mutex::new(vec![Told::Nothing; records]));
    for number in 0..records {
        let (key, value) = record(number, KEYS, PADDING);
        let told = Arc::clone(&told);
        let accepted = producer.send_with(Record::to(TOPIC).key(key).value(value), move |result| {
            told.lock().expect("no holder of this lock panics")[number] = match result {
                Ok(metadata) => Told::Acked(metadata.partition, metadata.offset),
                Err(error) => Told::Failed(error.to_string()),
            };
        });
        accepted.await.expect("room comes within max.block.ms");
    }
    timeout(LIMIT, producer.flush())
        .await
        .expect("a throttled producer goes on")
        .expect("the producer runs");
    std::mem::take(&mut *told.lock().expect("no holder of this lock panics"))
}

fn limit_client(kafka: &Kafka) {
    let limit = format!("producer_byte_rate={QUOTA}");
    kafka
        .tools()
        .configs()
        .args(["--alter", "--add-config", &limit])
        .args(["--entity-type", "clients", "--entity-name", CLIENT])
        .ok();
}

#[tokio::test(flavor = "multi_thread")]
#[allow(clippy::print_stdout, reason = "whoever proves this wants the figures")]
async fn a_quota_slows_the_producer_down_and_nothing_else() {
    let kilobytes = std::env::var(LONG).map_or(FEW, |text| text.parse().expect("a number of KB"));
    let records = kilobytes * 1024 / PADDING;
    let kafka = Kafka::options()
        .config("quota.window.num", &WINDOWS.to_string())
        .start();
    kafka.tools().create_topic(TOPIC, 2, &[]);
    limit_client(&kafka);
    let producer = Producer::builder()
        .bootstrap_servers(kafka.bootstrap())
        .set("client.id", CLIENT)
        .set("buffer.memory", "262144")
        .set("max.block.ms", LIMIT.as_millis().to_string())
        .set("delivery.timeout.ms", LIMIT.as_millis().to_string())
        .start()
        .expect("a good configuration");
    assert!(
        metric(&producer, "produce-throttle-time-max").is_nan(),
        "nothing was sent"
    );
    let start = Instant::now();
    let told = send_all(&producer, records).await;
    let seconds = start.elapsed().as_secs_f64();
    let [average, longest] =
        ["avg", "max"].map(|kind| metric(&producer, &format!("produce-throttle-time-{kind}")));
    let counters = producer.metrics();
    producer.close(LIMIT).await.expect("nothing is left");
    let rate = (records * PADDING) as f64 / seconds;
    println!(
        "quota: {records} records of {PADDING} bytes in {seconds:.1} s: {:.0} % of {QUOTA} bytes/s; throttled for \
         {average:.0} ms on average, {longest:.0} ms at most; {} retries, {} errors",
        rate / QUOTA as f64 * 100.0,
        counters.record_retries,
        counters.record_errors
    );
    assert!(average > 0.0 && longest >= average, "{average} {longest}");
    assert_eq!((counters.record_retries, counters.record_errors), (0, 0));
    let logs = log::values(kafka.bootstrap(), TOPIC, 2).await;
    assert_eq!(logs.iter().flatten().count(), records);
    assert_eq!(compare(&told, &logs), Found::default());
    // What the broker counts is more than these bytes, and it forgives the first windows: both can only help.
    let allowed = QUOTA as f64 * (seconds + WINDOWS as f64);
    assert!((records * PADDING) as f64 <= allowed, "{rate} bytes/s");
    if std::env::var_os(LONG).is_some() {
        let share = (records * (PADDING + OVERHEAD)) as f64 / seconds / QUOTA as f64;
        assert!(share >= FAIR_SHARE, "only {share} of the quota");
    }
}
