//! A real Kafka that fails on cue: what is acknowledged is in the log, once and in order.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ottla::admin::{Admin, AdminOptions};
use ottla::reader::{PartitionReader, Start};
use ottla::trace::{Envelope, Event, Level};
use ottla::{Builder, Producer, Record};
use ottla_tests::kafka::Kafka;
use ottla_tests::kcat;
use ottla_tests::proxy::{Moment, PRODUCE};
use tokio::sync::mpsc;

const LIMIT: Duration = Duration::from_secs(60);
const PARTITIONS: i32 = 6;

/// The values of every record of a topic, by partition, in the order of the log, as kcat and the reader of this
/// project found them: their bugs are not the same, so a record that one of them invents or overlooks is noticed.
async fn read(bootstrap: &str, topic: &str, partitions: i32) -> Vec<Vec<String>> {
    let (address, name) = (bootstrap.to_owned(), topic.to_owned());
    let by_kcat = tokio::task::spawn_blocking(move || kcat::records(&address, &name));
    let by_reader = read_by_reader(bootstrap, topic, partitions).await;
    let mut logs = vec![Vec::new(); by_reader.len()];
    for record in by_kcat.await.expect("kcat reads the topic") {
        let log: &mut Vec<String> = &mut logs[usize::try_from(record.partition).expect("a partition")];
        log.push(String::from_utf8(record.value.expect("no tombstones")).expect("text"));
    }
    assert!(
        logs == by_reader,
        "{topic}: kcat reads {} records, the reader {}, or they differ",
        logs.iter().flatten().count(),
        by_reader.iter().flatten().count()
    );
    logs
}

async fn read_by_reader(bootstrap: &str, topic: &str, partitions: i32) -> Vec<Vec<String>> {
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

/// What the trace says of the batches that a node had not answered when it was killed.
#[derive(Default)]
struct Retries {
    /// Drained and not resolved: the node that each is on its way to.
    in_flight: HashMap<u64, i32>,
    victim: Option<i32>,
    unanswered: HashSet<u64>,
    /// A connection to the victim ended after the kill.
    disconnected: bool,
    /// Those of `unanswered` that were put back because that connection ended.
    repeated: usize,
}

impl Retries {
    /// `node` is about to be killed. A batch whose answer is under way will be acknowledged, and so not be counted.
    fn killing(&mut self, node: i32) {
        self.victim = Some(node);
        let on_their_way = self.in_flight.iter().filter(|(_, to)| **to == node);
        self.unanswered = on_their_way.map(|(batch, _)| *batch).collect();
    }

    fn note(&mut self, event: &Event) {
        match event {
            Event::Drained { batch, node, .. } => {
                self.in_flight.insert(*batch, *node);
            }
            Event::Disconnected { node, .. } => self.disconnected |= node.is_some() && *node == self.victim,
            Event::Retry { batch, because, .. } => {
                self.in_flight.remove(batch);
                let was_unanswered = self.unanswered.remove(batch);
                self.repeated +=
                    usize::from(was_unanswered && self.disconnected && because == "NETWORK_EXCEPTION");
            }
            Event::Acked { batch, .. }
            | Event::Failed { batch, .. }
            | Event::Expired { batch, .. }
            | Event::Split { batch, .. } => {
                self.in_flight.remove(batch);
                self.unanswered.remove(batch);
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
/// batches that the broker had not answered then were sent again because its connection ended.
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
            retries
                .lock()
                .expect("no holder of this lock panics")
                .killing(victim);
            kafka.node_mut(victim).kill();
        }
    }
    sending.await.expect("the sender does not panic");
    producer.close(LIMIT).await.expect("nothing is left");
    assert_eq!(told_ok, RECORDS);
    let repeated = retries.lock().expect("no holder of this lock panics").repeated;
    verify(kafka, topic).await;
    kafka.node_mut(victim).restart();
    repeated
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
    // A kill counts only if the broker died with batches unanswered, and those were sent again for that reason.
    for attempt in 0..6 {
        let topic = format!("killed-{attempt}");
        kafka.tools().create_topic(&topic, 6, &[]);
        let repeated = kill_a_leader(&mut kafka, &topic).await;
        println!("kill {attempt}: {repeated} batches that the dead broker had not answered were sent again");
        counted += usize::from(repeated > 0);
        if counted == 3 {
            return;
        }
    }
    panic!("only {counted} of 6 kills hit a broker with requests in flight");
}
