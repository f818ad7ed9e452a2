//! A spool in front of a producer, against simulated brokers over TCP: what was taken arrives, whatever died meanwhile.
#![cfg(all(feature = "spool", not(target_arch = "wasm32")))]

mod aside;
mod contents;
mod damage;
mod deaths;
mod delivery;
mod limits;
#[path = "../support/mod.rs"]
mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ottla::spool::{Fsync, SpoolError, SpoolOptions, SpoolProducer, SpoolStatus, Unknown};
use ottla::{Builder, Producer, Record};
use ottla_broker::NewTopic;
use ottla_sim::tcp::Server;
use support::{cluster, create, read_all};

const PATIENCE: Duration = Duration::from_secs(30);
/// Where nobody listens.
const NOBODY: &str = "127.0.0.1:1";

/// A directory that goes away with its test.
struct Dir(PathBuf);

impl Dir {
    fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!(
            "ottla-spool-{}-{}",
            std::process::id(),
            COUNT.fetch_add(1, Ordering::Relaxed)
        );
        let dir = std::env::temp_dir().join(name);
        let _ = fs::remove_dir_all(&dir);
        Self(dir)
    }

    fn files(&self, end: &str) -> Vec<PathBuf> {
        let mut files: Vec<_> = fs::read_dir(&self.0)
            .expect("a directory")
            .map(|entry| entry.expect("an entry").path())
            .filter(|path| path.to_string_lossy().contains(end))
            .collect();
        files.sort();
        files
    }

    /// The only file of the log.
    fn segment(&self) -> PathBuf {
        self.0.join("000000000001.spool")
    }
}

impl Drop for Dir {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// What a spool gave notice of.
#[derive(Clone, Default)]
struct Said(Arc<Mutex<Vec<String>>>);

impl Said {
    fn lines(&self) -> Vec<String> {
        self.0.lock().expect("nobody panicked").clone()
    }

    fn options(&self) -> SpoolOptions {
        let said = self.0.clone();
        SpoolOptions::default().on_notice(move |line| {
            said.lock().expect("nobody panicked").push(line.to_owned());
        })
    }

    #[track_caller]
    fn has(&self, needle: &str) {
        let lines = self.lines();
        assert!(
            lines.iter().any(|line| line.contains(needle)),
            "no {needle:?} in {lines:?}"
        );
    }
}

fn builder(bootstrap: &str) -> Builder {
    Producer::builder()
        .bootstrap_servers(bootstrap)
        .set("reconnect.backoff.max.ms", "50")
        .set("retry.backoff.max.ms", "50")
}

fn start(bootstrap: &str, dir: &Path, options: SpoolOptions) -> SpoolProducer {
    SpoolProducer::start(builder(bootstrap), dir, options).expect("a spool")
}

async fn send(spool: &SpoolProducer, values: &[&str]) {
    let records = values
        .iter()
        .map(|value| Record::to("t").value((*value).to_owned()));
    spool.send_all(records.collect()).await.expect("there is room");
}

async fn deliver(spool: SpoolProducer) -> SpoolStatus {
    assert!(spool.drained(PATIENCE).await, "{:?}", spool.status());
    spool.close(PATIENCE).await.expect("written down")
}

/// Leaves records in a directory.
async fn leave(dir: &Dir, values: &[&str]) {
    let spool = start(NOBODY, &dir.0, SpoolOptions::default());
    send(&spool, values).await;
    let status = spool.close(Duration::ZERO).await.expect("closed");
    assert_eq!(status.pending, values.len() as u64);
}

async fn values(cluster: &Server) -> Vec<String> {
    let records = read_all(cluster, "t", 0).await;
    records
        .into_iter()
        .map(|stored| String::from_utf8(stored.value.unwrap_or_default().to_vec()).expect("text"))
        .collect()
}

async fn one_partition() -> Server {
    let cluster = cluster(1, |_| ()).await;
    create(&cluster, "t", 1, 1).await;
    cluster
}

/// A directory with three records, the middle one damaged.
async fn damaged() -> (Dir, Vec<u8>) {
    let dir = Dir::new();
    leave(&dir, &["aaaa", "bbbb", "cccc"]).await;
    let file = dir.segment();
    let mut bytes = fs::read(&file).expect("a file");
    let at = bytes
        .windows(4)
        .position(|four| four == b"bbbb")
        .expect("its value");
    bytes[at] ^= 1;
    fs::write(&file, &bytes).expect("written");
    (dir, bytes)
}

/// A cluster whose topic takes small batches only.
async fn narrow() -> Server {
    let cluster = cluster(1, |_| ()).await;
    let topic = NewTopic {
        name: "t".to_owned(),
        partitions: 1,
        replication_factor: 1,
        assignments: Vec::new(),
        configs: vec![("max.message.bytes".to_owned(), "300".to_owned())],
    };
    let outcome = cluster.create_topic(topic).await.expect("the cluster runs");
    assert!(outcome.error.is_ok(), "{outcome:?}");
    cluster
}
