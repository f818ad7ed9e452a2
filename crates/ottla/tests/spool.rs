//! A spool in front of a producer, against simulated brokers over TCP: what was taken arrives, whatever died meanwhile.
#![cfg(all(feature = "spool", not(target_arch = "wasm32")))]

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

#[tokio::test]
async fn what_is_delivered_is_not_kept() {
    let (cluster, dir) = (one_partition().await, Dir::new());
    for fsync in [
        Fsync::Always,
        Fsync::Every(Duration::from_millis(5)),
        Fsync::Never,
    ] {
        let spool = start(&cluster.bootstrap(), &dir.0, SpoolOptions::default().fsync(fsync));
        send(&spool, &["a", "b"]).await;
        spool
            .send(Record::to("t").value("c"))
            .await
            .expect("there is room");
        let status = deliver(spool).await;
        assert_eq!((status.taken, status.delivered, status.pending), (3, 3, 0));
        assert!(dir.files(".spool").is_empty());
    }
    assert_eq!(
        values(&cluster).await,
        ["a", "b", "c", "a", "b", "c", "a", "b", "c"]
    );
}

#[tokio::test]
async fn what_could_not_be_sent_is_sent_by_the_next_start_in_order() {
    let (cluster, dir) = (one_partition().await, Dir::new());
    leave(&dir, &["a", "b"]).await;
    leave_more(&dir).await;
    let spool = start(&cluster.bootstrap(), &dir.0, SpoolOptions::default());
    send(&spool, &["e"]).await;
    let status = deliver(spool).await;
    assert_eq!((status.taken, status.delivered), (1, 5));
    assert_eq!(values(&cluster).await, ["a", "b", "c", "d", "e"]);
}

async fn leave_more(dir: &Dir) {
    let spool = start(NOBODY, &dir.0, SpoolOptions::default());
    assert_eq!(spool.status().pending, 2);
    send(&spool, &["c", "d"]).await;
    spool.close(Duration::ZERO).await.expect("closed");
}

#[tokio::test]
async fn a_directory_has_one_owner() {
    let dir = Dir::new();
    let spool = start(NOBODY, &dir.0, SpoolOptions::default());
    let second = SpoolProducer::start(builder(NOBODY), &dir.0, SpoolOptions::default());
    let error = second.expect_err("it is taken");
    assert!(matches!(error, SpoolError::Locked { .. }), "{error}");
    let text = error.to_string();
    assert!(text.contains(&std::process::id().to_string()), "{text}");
    spool.close(Duration::ZERO).await.expect("closed");
    let third = start(NOBODY, &dir.0, SpoolOptions::default());
    third.close(Duration::ZERO).await.expect("closed");
}

#[tokio::test]
async fn a_full_directory_refuses_records_and_takes_them_again_when_it_was_emptied() {
    let (cluster, dir) = (one_partition().await, Dir::new());
    let options = || SpoolOptions::default().max_bytes(20_000).segment_bytes(4096);
    let value = "x".repeat(1000);
    let spool = start(NOBODY, &dir.0, options());
    let mut taken = 0;
    let error = loop {
        match spool.send(Record::to("t").value(value.clone())).await {
            Ok(()) => taken += 1,
            Err(error) => break error,
        }
    };
    assert!(matches!(error, SpoolError::Full { limit: 20_000, .. }), "{error}");
    assert!((15..20).contains(&taken), "{taken}");
    spool.close(Duration::ZERO).await.expect("closed");
    let spool = start(&cluster.bootstrap(), &dir.0, options());
    assert!(spool.drained(PATIENCE).await);
    spool
        .send(Record::to("t").value(value.clone()))
        .await
        .expect("there is room again");
    let status = deliver(spool).await;
    assert_eq!(
        (status.delivered, values(&cluster).await.len()),
        (taken + 1, taken as usize + 1)
    );
}

#[tokio::test]
async fn files_go_when_their_records_are_delivered() {
    let (cluster, dir) = (one_partition().await, Dir::new());
    let spool = start(
        &cluster.bootstrap(),
        &dir.0,
        SpoolOptions::default().segment_bytes(4096),
    );
    let value = "x".repeat(500);
    for _ in 0..40 {
        send(&spool, &[value.as_str(); 10]).await;
        assert!(spool.drained(PATIENCE).await, "{:?}", spool.status());
        assert!(dir.files(".spool").len() <= 4, "{:?}", dir.files(".spool"));
    }
    deliver(spool).await;
    assert_eq!(values(&cluster).await.len(), 400);
}

#[tokio::test]
async fn a_torn_last_entry_is_cut_off_and_told() {
    let (cluster, dir) = (one_partition().await, Dir::new());
    leave(&dir, &["a", "b", "c"]).await;
    let file = dir.segment();
    let bytes = fs::read(&file).expect("a file");
    fs::write(&file, &bytes[..bytes.len() - 3]).expect("written");
    let said = Said::default();
    let spool = start(&cluster.bootstrap(), &dir.0, said.options());
    said.has("was not written to its end");
    send(&spool, &["d"]).await;
    deliver(spool).await;
    assert_eq!(values(&cluster).await, ["a", "b", "d"]);
    assert!(dir.files("damaged").is_empty());
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

#[tokio::test]
async fn a_damaged_file_is_kept_told_and_what_it_may_have_said_is_decided_by_the_policy() {
    for (policy, sent, unknown, dropped) in [
        (Unknown::Hold, vec!["cccc"], 1, 0),
        (Unknown::Resend, vec!["aaaa", "cccc"], 0, 0),
        (Unknown::Drop, vec!["cccc"], 0, 1),
    ] {
        let (cluster, (dir, bytes)) = (one_partition().await, damaged().await);
        let said = Said::default();
        let spool = start(&cluster.bootstrap(), &dir.0, said.options().unknown(policy));
        said.has("are damaged; the file is kept as");
        said.has("a damaged entry");
        let status = deliver(spool).await;
        assert_eq!((status.unknown, status.dropped), (unknown, dropped), "{policy:?}");
        assert_eq!(status.unknown_before, 0, "nobody told of them before");
        assert_eq!((status.damaged, status.lost), (1, 1), "{policy:?}");
        assert_eq!(values(&cluster).await, sent, "{policy:?}");
        let kept = dir.files("damaged");
        assert_eq!(kept.len(), 1);
        assert_eq!(fs::read(&kept[0]).expect("the file as it was"), bytes);
        // The next start finds nothing of it any more.
        let said = Said::default();
        let spool = start(NOBODY, &dir.0, said.options());
        let lines = said.lines();
        assert!(lines.iter().all(|line| !line.contains("damaged;")), "{lines:?}");
        let status = spool.close(Duration::ZERO).await.expect("closed");
        assert_eq!((status.pending, status.unknown), (0, unknown));
        assert_eq!(status.unknown_before, unknown);
        assert_eq!((status.dropped, status.damaged, status.lost), (0, 0, 0));
    }
}

#[tokio::test]
async fn a_damaged_file_that_is_kept_counts_as_bytes_of_the_directory() {
    let (dir, bytes) = damaged().await;
    let spool = start(NOBODY, &dir.0, SpoolOptions::default().max_bytes(1));
    let files = dir.files(".spool").into_iter().chain(dir.files(".damaged-"));
    let there: u64 = files.map(|path| fs::metadata(path).expect("a file").len()).sum();
    assert_eq!(spool.status().used_bytes, there);
    let error = spool.send(Record::to("t").value("d")).await.expect_err("full");
    let own = bytes.len() as u64;
    assert!(
        matches!(error, SpoolError::Full { used, damaged, .. } if (used, damaged) == (there, own)),
        "{error:?}"
    );
    assert!(error.to_string().contains("*.damaged-* away"), "{error}");
    spool.close(Duration::ZERO).await.expect("closed");
}

#[tokio::test]
async fn what_was_set_aside_is_sent_when_the_policy_says_so_and_once() {
    let (cluster, (dir, _)) = (one_partition().await, damaged().await);
    let spool = start(&cluster.bootstrap(), &dir.0, SpoolOptions::default());
    deliver(spool).await;
    let said = Said::default();
    let spool = start(&cluster.bootstrap(), &dir.0, said.options());
    said.has("stay aside");
    deliver(spool).await;
    assert_eq!(values(&cluster).await, ["cccc"]);
    for _ in 0..2 {
        let options = SpoolOptions::default().unknown(Unknown::Resend);
        deliver(start(&cluster.bootstrap(), &dir.0, options)).await;
    }
    assert_eq!(values(&cluster).await, ["cccc", "aaaa"]);
    assert!(dir.files(".spool").is_empty());
}

#[tokio::test]
async fn a_record_that_can_never_be_sent_is_refused_and_not_kept() {
    let dir = Dir::new();
    let spool = start(NOBODY, &dir.0, SpoolOptions::default());
    let large = Record::to("t").value(vec![0; 2 << 20]);
    for record in [large, Record::to("no/topic"), Record::to("t").partition(-1)] {
        let error = spool.send(record).await.expect_err("refused");
        assert!(matches!(error, SpoolError::Record(_)), "{error}");
    }
    assert_eq!(spool.status().pending, 0);
    spool.close(Duration::ZERO).await.expect("closed");
}

#[tokio::test]
async fn without_idempotence_there_is_no_spool() {
    let dir = Dir::new();
    let plain = builder(NOBODY).set("enable.idempotence", "false");
    let error = SpoolProducer::start(plain, &dir.0, SpoolOptions::default()).expect_err("refused");
    assert!(error.to_string().contains("enable.idempotence"), "{error}");
    assert!(!dir.0.exists(), "nothing was touched");
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

#[tokio::test]
async fn a_record_that_the_topic_refuses_is_set_aside_and_tried_again_by_the_next_start() {
    let dir = Dir::new();
    let large = "y".repeat(500);
    for _ in 0..2 {
        let (cluster, said) = (narrow().await, Said::default());
        let spool = start(&cluster.bootstrap(), &dir.0, said.options());
        if said.lines().is_empty() {
            send(&spool, &["a", &large, "b"]).await;
        } else {
            said.has("1 records that the cluster refused before are tried again");
        }
        let status = deliver(spool).await;
        assert_eq!(
            (status.refused, status.pending, status.unknown),
            (1, 0, 0),
            "{status:?}"
        );
        said.has("MESSAGE_TOO_LARGE");
        assert_eq!(values(&cluster).await.len() as u64, status.delivered);
        assert!(dir.0.join("aside.spool").exists());
    }
    // The topic was changed meanwhile.
    let cluster = one_partition().await;
    let status = deliver(start(&cluster.bootstrap(), &dir.0, SpoolOptions::default())).await;
    assert_eq!((status.refused, status.delivered), (0, 1));
    assert_eq!(values(&cluster).await, [large]);
    assert!(dir.files("spool").iter().all(|path| path.ends_with("lock")));
}

#[tokio::test]
async fn a_damaged_file_of_those_set_aside_is_kept_and_gives_what_is_whole() {
    let (dir, large) = (Dir::new(), ["x", "y"].map(|c| c.repeat(500)));
    let cluster = narrow().await;
    let spool = start(&cluster.bootstrap(), &dir.0, SpoolOptions::default());
    send(&spool, &[&large[0], &large[1]]).await;
    assert_eq!(deliver(spool).await.refused, 2);
    let file = dir.0.join("aside.spool");
    let mut bytes = fs::read(&file).expect("a file");
    let at = bytes
        .windows(4)
        .position(|four| four == b"xxxx")
        .expect("the first");
    bytes[at] ^= 1;
    // Its end was not written, either.
    bytes.extend_from_slice(&[0xf5, b's']);
    fs::write(&file, &bytes).expect("written");
    let (cluster, said) = (one_partition().await, Said::default());
    let status = deliver(start(&cluster.bootstrap(), &dir.0, said.options())).await;
    said.has("aside.spool is damaged; it is kept as");
    assert_eq!((status.delivered, status.damaged), (1, 1));
    assert_eq!(values(&cluster).await, [large[1].clone()]);
    assert_eq!(fs::read(&dir.files("damaged")[0]).expect("as it was"), bytes);
}

#[tokio::test]
async fn a_record_that_was_set_aside_stays_when_damage_took_the_reason() {
    let (dir, large) = (Dir::new(), "x".repeat(500));
    let cluster = narrow().await;
    let spool = start(&cluster.bootstrap(), &dir.0, SpoolOptions::default());
    send(&spool, &[&large]).await;
    assert_eq!(deliver(spool).await.refused, 1);
    let file = dir.0.join("aside.spool");
    let mut bytes = fs::read(&file).expect("a file");
    let at = bytes.windows(7).position(|seven| seven == b"MESSAGE");
    bytes[at.expect("the reason")] ^= 1;
    fs::write(&file, &bytes).expect("written");
    let cluster = one_partition().await;
    let status = deliver(start(&cluster.bootstrap(), &dir.0, SpoolOptions::default())).await;
    assert_eq!((status.unknown, status.damaged, status.delivered), (1, 1, 0));
    let options = SpoolOptions::default().unknown(Unknown::Resend);
    let status = deliver(start(&cluster.bootstrap(), &dir.0, options)).await;
    assert_eq!((status.unknown, status.damaged, status.delivered), (0, 0, 1));
    assert_eq!(values(&cluster).await, [large]);
}

#[tokio::test]
async fn a_directory_of_a_newer_version_is_not_touched() {
    let dir = Dir::new();
    leave(&dir, &["a"]).await;
    let mut bytes = fs::read(dir.segment()).expect("a file");
    bytes[11] = 9;
    let crc = ottla_wire::batch::crc::crc32c(&bytes[..12]);
    bytes[12..16].copy_from_slice(&crc.to_be_bytes());
    fs::write(dir.segment(), &bytes).expect("written");
    let error = SpoolProducer::start(builder(NOBODY), &dir.0, SpoolOptions::default()).expect_err("newer");
    assert!(matches!(error, SpoolError::Newer { version: 9, .. }), "{error}");
    assert_eq!(fs::read(dir.segment()).expect("a file"), bytes);
}

/// A process that dies: its runtime is gone from one moment to the next, sockets and all.
fn dies_after(bootstrap: &str, dir: &Path, seed: u64) -> Vec<String> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .expect("a runtime");
    let mut random = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = move |below: u64| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        random % below
    };
    let taken = runtime.block_on(async {
        let spool = start(bootstrap, dir, SpoolOptions::default());
        let (mut taken, end) = (Vec::new(), 5 + next(60));
        for n in 0..end {
            let value = format!("{seed}-{n}");
            spool
                .send(Record::to("t").value(value.clone()))
                .await
                .expect("there is room");
            taken.push(value);
        }
        let delivered = next(end);
        let mut status = spool.status();
        while status.delivered < delivered {
            tokio::task::yield_now().await;
            status = spool.status();
        }
        taken
    });
    runtime.shutdown_background();
    taken
}

#[test]
fn whatever_dies_when_each_record_arrives_once_and_in_order() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let cluster = runtime.block_on(one_partition());
    let (dir, mut expected) = (Dir::new(), Vec::new());
    for seed in 0..20 {
        wait_for_owner(&dir.0);
        expected.extend(dies_after(&cluster.bootstrap(), &dir.0, seed));
    }
    wait_for_owner(&dir.0);
    let there = runtime.block_on(async {
        deliver(start(&cluster.bootstrap(), &dir.0, SpoolOptions::default())).await;
        values(&cluster).await
    });
    assert_eq!(there, expected);
}

/// Waits until nobody owns the directory: the threads of a dead runtime end a moment later.
fn wait_for_owner(dir: &Path) {
    let Ok(lock) = fs::File::open(dir.join("lock")) else {
        return;
    };
    lock.lock().expect("it is free at last");
}
