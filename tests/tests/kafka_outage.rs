//! A Kafka that is gone for long: whoever goes on sending needs no more memory for that.
//!
//! This file has one test, so that nobody else's memory is in its process.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use ottla::{Producer, Record};
use ottla_tests::kafka::Kafka;
use ottla_tests::meter::{memory, metric};
use ottla_tests::{kcat, ledger};
use tokio::time::timeout;

const TOPIC: &str = "gone";
const PADDING: usize = 1_000;
const MEMORY: usize = 1 << 20;
/// Records that fail before memory is looked at: what only the first ones need is there.
const WARM: usize = 10_000;
/// Records that fail after that, without [`LONG`]: sixty times what the buffer holds.
const FEW: usize = 60_000;
/// Minutes without a broker; `cargo xtask prove outage` sets it.
const LONG: &str = "OTTLA_OUTAGE_MINUTES";
/// KiB that resident memory may move by, which is the allocator's affair: 70 bytes kept for each record are more.
const SLACK: f64 = 4_096.0;
const LIMIT: Duration = Duration::from_secs(120);

struct Sender {
    producer: Producer,
    number: usize,
    expired: Arc<AtomicUsize>,
    refused: usize,
}

impl Sender {
    /// One record, which is refused, or fails later.
    async fn send(&mut self) {
        let (key, value) = ledger::record(self.number, 7, PADDING);
        self.number += 1;
        let expired = Arc::clone(&self.expired);
        let sending = self
            .producer
            .send_with(Record::to(TOPIC).key(key).value(value), move |result| {
                assert!(result.is_err(), "there is no broker");
                expired.fetch_add(1, Ordering::Relaxed);
            });
        let accepted = timeout(LIMIT, sending).await.expect("the wait for room ends");
        self.refused += usize::from(accepted.is_err());
    }

    fn failed(&self) -> usize {
        self.refused + self.expired.load(Ordering::Relaxed)
    }

    /// Sends until so many have failed, or for so long.
    async fn send_until(&mut self, failed: usize, time: Option<Duration>) {
        let start = Instant::now();
        let goes_on = |sender: &Self| match time {
            Some(time) => start.elapsed() < time,
            None => sender.failed() < failed,
        };
        while goes_on(self) {
            self.send().await;
        }
    }
}

/// Goes on sending for `rounds` rounds, and gives the resident memory in KiB before the first and after each.
#[allow(clippy::print_stdout, reason = "whoever proves this wants the figures")]
async fn sizes(sender: &mut Sender, rounds: usize, each: Option<Duration>) -> Vec<f64> {
    let start = Instant::now();
    let mut sizes = Vec::new();
    for round in 0..=rounds {
        sizes.extend(memory(std::process::id(), "VmRSS"));
        println!(
            "outage: after {:.0} s: {:?} KiB resident, {} records expired, {} refused, {} of {MEMORY} bytes free",
            start.elapsed().as_secs_f64(),
            sizes.last(),
            sender.expired.load(Ordering::Relaxed),
            sender.refused,
            metric(&sender.producer, "buffer-available-bytes")
        );
        if round < rounds {
            let more = sender.failed() + FEW / rounds;
            sender.send_until(more, each).await;
        }
    }
    sizes
}

/// Sends a value until it gets through, and returns how often that was: a broker that has just started may need longer
/// than this impatient producer waits.
async fn deliver(producer: &Producer, value: &str) -> usize {
    for tries in 1..1_000 {
        let delivery = producer.send(Record::to(TOPIC).value(value)).await;
        if delivery.expect("there is room for one").await.is_ok() {
            return tries;
        }
    }
    panic!("a broker is there, and the producer does not find it");
}

/// The log has the record of before and that of after, and nothing that was sent in between.
fn only_delivered_records_are_there(kafka: &Kafka, tries: usize) {
    let there = kcat::records(kafka.bootstrap(), TOPIC);
    let values: Vec<&[u8]> = there
        .iter()
        .map(|record| record.value.as_deref().unwrap_or_default())
        .collect();
    let before = values.iter().take_while(|value| **value == b"before").count();
    let after = values[before..]
        .iter()
        .filter(|value| **value == b"after")
        .count();
    assert!(
        (1..=tries).contains(&after),
        "{after} records after {tries} tries"
    );
    assert!(
        before > 0 && before + after == values.len(),
        "records that had failed are there"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_producer_without_a_broker_keeps_its_size() {
    let minutes: Option<usize> = std::env::var(LONG)
        .ok()
        .map(|text| text.parse().expect("a number of minutes"));
    let mut kafka = Kafka::options().start();
    kafka.tools().create_topic(TOPIC, 1, &[]);
    let producer = Producer::builder()
        .bootstrap_servers(kafka.bootstrap())
        .set("buffer.memory", MEMORY.to_string())
        .set("linger.ms", "0")
        .set("max.block.ms", "100")
        .set("request.timeout.ms", "200")
        .set("delivery.timeout.ms", "300")
        .start()
        .expect("a good configuration");
    deliver(&producer, "before").await;
    kafka.node_mut(1).kill();
    let mut sender = Sender {
        producer: producer.clone(),
        number: 0,
        expired: Arc::default(),
        refused: 0,
    };
    sender
        .send_until(WARM, minutes.map(|_| Duration::from_secs(60)))
        .await;
    let sizes = sizes(
        &mut sender,
        minutes.unwrap_or(4),
        minutes.map(|_| Duration::from_secs(60)),
    )
    .await;
    assert!(
        sender.expired.load(Ordering::Relaxed) > 0,
        "no record got as far as the buffer"
    );
    for size in &sizes {
        let growth = size - sizes[0];
        assert!(
            growth.abs() <= SLACK,
            "{growth} KiB more than at first: {sizes:?}"
        );
    }
    timeout(LIMIT, producer.flush())
        .await
        .expect("every record expires")
        .expect("the producer runs");
    assert_eq!(metric(&producer, "buffer-available-bytes"), MEMORY as f64);

    kafka.node_mut(1).restart();
    let tries = deliver(&producer, "after").await;
    producer.close(LIMIT).await.expect("nothing is left");
    only_delivered_records_are_there(&kafka, tries);
}
