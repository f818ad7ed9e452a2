//! A real Kafka that fails on cue: what is acknowledged is in the log, once and in order.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ottla::admin::{Admin, AdminOptions};
use ottla::reader::{PartitionReader, Start};
use ottla::trace::{Envelope, Event, Level};
use ottla::{Builder, Producer, Record};
use ottla_tests::kafka::Kafka;
use ottla_tests::proxy::{Moment, PRODUCE};
use tokio::sync::mpsc;

const LIMIT: Duration = Duration::from_secs(60);
const PARTITIONS: i32 = 6;

/// The values of every record of a topic, by partition, in the order of the log.
async fn read(bootstrap: &str, topic: &str, partitions: i32) -> Vec<Vec<String>> {
    let mut admin = Admin::connect(AdminOptions::new(bootstrap))
        .await
        .expect("a broker is up");
    let mut all = Vec::new();
    for partition in 0..partitions {
        let mut reader = PartitionReader::open(&mut admin, topic, partition, Start::Earliest)
            .await
            .expect("the partition has a leader");
        let end = reader.end().await.expect("the leader answers");
        let mut values = Vec::new();
        while reader.position() < end {
            for record in reader
                .poll(Duration::from_secs(5))
                .await
                .expect("the leader answers")
            {
                values.push(String::from_utf8(record.value.expect("no tombstones")).expect("text"));
            }
        }
        all.push(values);
    }
    all
}

/// One record, whose answer is cut off after the broker appended it.
async fn cut_answer(kafka: &Kafka, topic: &str, idempotence: &str) -> Vec<String> {
    kafka.tools().create_topic(topic, 1, &[]);
    let proxy = kafka.proxy(1);
    let before = proxy.cuts_made();
    proxy.cut(PRODUCE, 1, Moment::BeforeAnswer);
    let producer = Producer::builder()
        .bootstrap_servers(kafka.proxied_bootstrap())
        .set("enable.idempotence", idempotence)
        .start()
        .expect("a good configuration");
    let delivery = producer
        .send(Record::to(topic).key("kim").value("once"))
        .await
        .expect("room");
    let metadata = delivery.await.expect("delivered after a retry");
    producer.close(LIMIT).await.expect("nothing is left");
    proxy.wait_for_cuts(before + 1, LIMIT);
    assert_eq!(metadata.partition, 0);
    read(kafka.bootstrap(), topic, 1).await.remove(0)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_is_lost_makes_one_copy_with_idempotence_and_two_without() {
    let kafka = Kafka::options().proxied().start();
    assert_eq!(cut_answer(&kafka, "idempotent", "true").await, ["once"]);
    assert_eq!(cut_answer(&kafka, "plain", "false").await, ["once", "once"]);
}

/// What the trace said of batches that were on their way to a node when it died.
#[derive(Default)]
struct Retries {
    node_of: HashMap<u64, i32>,
    repeated: HashMap<i32, usize>,
}

impl Retries {
    fn note(&mut self, event: &Event) {
        match event {
            Event::Drained { batch, node, .. } => {
                self.node_of.insert(*batch, *node);
            }
            Event::Retry { batch, .. } => {
                if let Some(node) = self.node_of.get(batch) {
                    *self.repeated.entry(*node).or_default() += 1;
                }
            }
            _ => {}
        }
    }
}

fn traced(builder: Builder) -> (Builder, Arc<Mutex<Retries>>) {
    let retries = Arc::new(Mutex::new(Retries::default()));
    let sink = Arc::clone(&retries);
    let builder = builder.trace(Level::Batch, move |envelope: Envelope| {
        sink.lock()
            .expect("no holder of this lock panics")
            .note(&envelope.event);
    });
    (builder, retries)
}

const RECORDS: usize = 50_000;
const KEYS: usize = 200;

/// Sends all records and kills the leader of partition 0 when a fifth of them is acknowledged. Returns how many
/// batches that were on their way to the dead broker were sent again.
async fn kill_a_leader(kafka: &mut Kafka, topic: &str) -> usize {
    let builder = Producer::builder()
        .bootstrap_servers(kafka.bootstrap())
        .set("linger.ms", "1")
        .set("buffer.memory", "262144");
    let (builder, retries) = traced(builder);
    let producer = builder.start().expect("a good configuration");
    let victim = kafka.leader(topic, 0);
    let (acked, mut acks) = mpsc::unbounded_channel();
    let sending = {
        let (producer, topic) = (producer.clone(), topic.to_owned());
        tokio::spawn(async move {
            for n in 0..RECORDS {
                let acked = acked.clone();
                let key = format!("k{}", n % KEYS);
                let value = format!("{key} {n} {}", "x".repeat(80));
                let record = Record::to(topic.as_str()).key(key).value(value);
                producer
                    .send_with(record, move |result| {
                        let _ = acked.send(result.map(|_| ()));
                    })
                    .await
                    .expect("room comes within max.block.ms");
            }
        })
    };
    let mut told_ok = 0;
    while let Some(result) = acks.recv().await {
        result.expect("every record is delivered");
        told_ok += 1;
        if told_ok == RECORDS / 5 {
            kafka.node_mut(victim).kill();
        }
    }
    sending.await.expect("the sender does not panic");
    producer.close(LIMIT).await.expect("nothing is left");
    assert_eq!(told_ok, RECORDS);
    let repeated = retries
        .lock()
        .expect("no holder of this lock panics")
        .repeated
        .get(&victim)
        .copied();
    verify(kafka, topic).await;
    kafka.node_mut(victim).restart();
    repeated.unwrap_or(0)
}

/// Every record is in the log once, and those of one key are in the order in which they were sent.
async fn verify(kafka: &Kafka, topic: &str) {
    let logs = read(kafka.bootstrap(), topic, PARTITIONS).await;
    let mut seen = HashSet::new();
    let mut last_of: HashMap<String, usize> = HashMap::new();
    for value in logs.iter().flatten() {
        let mut words = value.split(' ');
        let key = words.next().expect("a key").to_owned();
        let n: usize = words.next().and_then(|n| n.parse().ok()).expect("a number");
        assert!(seen.insert(n), "record {n} is there twice");
        if let Some(last) = last_of.insert(key, n) {
            assert!(last < n, "record {n} came before {last}");
        }
    }
    assert_eq!(seen.len(), RECORDS, "records that are missing");
}

#[tokio::test(flavor = "multi_thread")]
#[allow(clippy::print_stdout, reason = "the figures belong into the log of the run")]
async fn a_broker_killed_during_50_000_records_loses_and_repeats_none() {
    let mut kafka = Kafka::options()
        .brokers(3)
        .config("min.insync.replicas", "2")
        .start();
    let mut counted = 0;
    // A kill counts only if batches were on their way to the dead broker.
    for attempt in 0..6 {
        let topic = format!("killed-{attempt}");
        kafka.tools().create_topic(&topic, 6, &[]);
        let repeated = kill_a_leader(&mut kafka, &topic).await;
        println!(
            "kill {attempt}: {repeated} batches that were on their way to the dead broker were sent again"
        );
        counted += usize::from(repeated > 0);
        if counted == 3 {
            return;
        }
    }
    panic!("only {counted} of 6 kills hit a broker with requests in flight");
}
