//! The spool on disks that fail.

mod power;
mod refused;
mod unsynced;

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ottla_broker::NewTopic;
use ottla_core::Record;
use ottla_core::journal::{Entry, read};
use ottla_sim::tcp::{Server, ServerOptions};

use super::faults::Faults;
use super::log::segment_path;
use super::open::{Opened, open};
use super::{SpoolError, SpoolOptions, SpoolProducer, SpoolStatus};
use crate::producer::Producer;

const PATIENCE: Duration = Duration::from_secs(30);
/// Where nobody listens.
const NOBODY: &str = "127.0.0.1:1";

/// What a spool gave notice of.
#[derive(Clone, Default)]
struct Said(Arc<Mutex<Vec<String>>>);

impl Said {
    fn options(&self) -> SpoolOptions {
        let said = self.0.clone();
        SpoolOptions::default().on_notice(move |line| {
            said.lock().expect("nobody panicked").push(line.to_owned());
        })
    }

    fn count(&self, needle: &str) -> usize {
        let lines = self.0.lock().expect("nobody panicked");
        assert!(lines.iter().all(|line| !line.contains('\n')), "one line each");
        lines.iter().filter(|line| line.contains(needle)).count()
    }
}

fn start_at(bootstrap: &str, dir: &Path, options: SpoolOptions) -> Result<SpoolProducer, SpoolError> {
    let builder = Producer::builder()
        .bootstrap_servers(bootstrap)
        .set("reconnect.backoff.max.ms", "50")
        .set("retry.backoff.max.ms", "50");
    SpoolProducer::start(builder, dir, options)
}

fn start(dir: &Path, options: SpoolOptions) -> SpoolProducer {
    start_at(NOBODY, dir, options).expect("a spool")
}

async fn send(spool: &SpoolProducer, value: impl Into<String>) -> Result<(), SpoolError> {
    spool.send(Record::to("t").value(value.into())).await
}

/// Expects that a record is refused with these words, in one line.
#[track_caller]
fn refused(sent: Result<(), SpoolError>, words: &[&str]) {
    let text = sent.expect_err("refused").to_string();
    assert!(!text.contains('\n'), "{text}");
    for word in words {
        assert!(text.contains(word), "no {word:?} in {text:?}");
    }
}

async fn close(spool: SpoolProducer) -> SpoolStatus {
    let closed = spool.close(Duration::ZERO);
    let closed = tokio::time::timeout(PATIENCE, closed).await;
    closed.expect("it ends").expect("written down")
}

/// Waits for something that the status says.
async fn until(spool: &SpoolProducer, is_so: impl FnMut(&SpoolStatus) -> bool) -> SpoolStatus {
    let mut status = spool.watch();
    let found = tokio::time::timeout(PATIENCE, status.wait_for(is_so)).await;
    found.expect("in time").expect("it runs").clone()
}

/// What the next start finds to be sent, and what it says about it.
fn reopen(dir: &Path) -> (Opened, Vec<String>, Said) {
    let said = Said::default();
    let opened = open(dir, &said.options()).expect("it can be opened");
    let values = pending(&opened);
    (opened, values, said)
}

fn pending(opened: &Opened) -> Vec<String> {
    let mut values = Vec::new();
    for segment in &opened.log.segments {
        let bytes = std::fs::read(segment_path(&opened.log.dir, segment.id)).expect("a file");
        for entry in read(&bytes).expect("this version").entries() {
            if let Entry::Record { number, record, .. } = entry
                && opened.log.ledger.is_pending(number)
            {
                let value = record.value.expect("a value").into_owned();
                values.push(String::from_utf8(value).expect("text"));
            }
        }
    }
    values
}

/// Expects that these values are to be sent at the next start, and that nothing is wrong with the files.
#[track_caller]
fn assert_kept(faults: &Faults, values: &[&str]) {
    let (opened, there, _) = reopen(faults.dir());
    assert_eq!(there, values);
    assert_eq!(
        (opened.status.damaged, opened.status.lost, opened.status.unknown),
        (0, 0, 0)
    );
}

/// A broker with a topic of one partition, which takes batches up to a size.
async fn cluster(largest: usize) -> Server {
    let options = ServerOptions {
        brokers: 1,
        ..ServerOptions::default()
    };
    let cluster = Server::start(options).await.expect("loopback has free ports");
    let topic = NewTopic {
        name: "t".to_owned(),
        partitions: 1,
        replication_factor: 1,
        assignments: Vec::new(),
        configs: vec![("max.message.bytes".to_owned(), largest.to_string())],
    };
    let outcome = cluster.create_topic(topic).await.expect("the cluster runs");
    assert!(outcome.error.is_ok(), "{outcome:?}");
    cluster
}

/// Everything in the topic, in order.
async fn stored(cluster: &Server) -> Vec<String> {
    use crate::admin::{Admin, AdminOptions};
    use crate::reader::{PartitionReader, Start};
    let options = AdminOptions::new(cluster.bootstrap());
    let mut admin = Admin::connect(options).await.expect("the cluster is up");
    let reader = PartitionReader::open(&mut admin, "t", 0, Start::Earliest).await;
    let mut reader = reader.expect("the partition is there");
    let end = reader.end().await.expect("its end is known");
    let mut values = Vec::new();
    while reader.position() < end {
        let more = reader.poll(Duration::from_millis(100)).await.expect("readable");
        let more = more.into_iter().map(|stored| stored.value.unwrap_or_default());
        values.extend(more.map(|value| String::from_utf8(value.to_vec()).expect("text")));
    }
    values
}
