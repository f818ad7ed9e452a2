//! The simulated cluster behind its real listeners, when a leader is killed over the command's standard input while a
//! client writes with acks=all: none lost, none twice, the order of each key kept.

use std::collections::BTreeMap;
use std::process::Command;
use std::time::Duration;

use ottla::{Producer, Record};
use ottla_tests::dev_cluster::DevCluster;
use ottla_tests::process::Process;
use ottla_tests::wait::wait_until;
use ottla_tests::{kcat, places};
use tokio::sync::mpsc;

const LIMIT: Duration = Duration::from_secs(60);
const TOPIC: &str = "led";
const RECORDS: usize = 10_000;
const KEYS: usize = 50;

fn start() -> DevCluster {
    DevCluster::start_with(
        &["led:3:3:min.insync.replicas=2"],
        &["broker.session.timeout.ms=2000"],
    )
}

/// kcat reads every number once, and those of a key in their order, while the killed broker is still down.
#[track_caller]
fn verify(cluster: &DevCluster, victim: i32) {
    assert_ne!(cluster.leader(TOPIC, 0), victim, "another leader took over");
    let mut seen = vec![false; RECORDS];
    let mut last_of = BTreeMap::new();
    for record in kcat::records(cluster.bootstrap(), TOPIC) {
        let (key, value) = record.text();
        let n: usize = value.parse().expect("a number");
        assert!(
            !std::mem::replace(&mut seen[n], true),
            "record {n} is there twice"
        );
        if let Some(last) = last_of.insert(key.to_owned(), n) {
            assert!(last < n, "{key}: record {n} came after {last}");
        }
    }
    let lost: Vec<usize> = (0..RECORDS).filter(|n| !seen[*n]).collect();
    assert!(
        lost.is_empty(),
        "{} records are lost: {:?}",
        lost.len(),
        &lost[..lost.len().min(10)]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn ottla_outlives_the_leader_of_a_batch_in_flight() {
    let mut cluster = start();
    let victim = cluster.leader(TOPIC, 0);
    let producer = Producer::builder()
        .bootstrap_servers(cluster.bootstrap())
        .set("acks", "all")
        .set("linger.ms", "1")
        .set("buffer.memory", "65536")
        .start()
        .expect("a good configuration");
    let (acked, mut acks) = mpsc::unbounded_channel();
    let sender = producer.clone();
    let sending = tokio::spawn(async move {
        for n in 0..RECORDS {
            let acked = acked.clone();
            let record = Record::to(TOPIC)
                .key(format!("k{}", n % KEYS))
                .value(n.to_string());
            let sent = sender.send_with(record, move |result| drop(acked.send(result.map(|_| ()))));
            sent.await.expect("room comes within max.block.ms");
        }
    });
    let mut told_ok = 0;
    while let Some(result) = acks.recv().await {
        result.expect("every record is delivered");
        told_ok += 1;
        if told_ok == RECORDS / 5 {
            cluster.command(&format!("kill {victim}"));
        }
    }
    sending.await.expect("the sender does not panic");
    producer.close(LIMIT).await.expect("nothing is left");
    assert_eq!(told_ok, RECORDS);
    verify(&cluster, victim);
}

#[test]
fn kcat_outlives_the_leader() {
    let mut cluster = start();
    let victim = cluster.leader(TOPIC, 0);
    let mut command = Command::new("kcat");
    command.args(["-b", cluster.bootstrap(), "-P", "-t", TOPIC, "-K", ":"]);
    command.args([
        "-X",
        "acks=all",
        "-X",
        "enable.idempotence=true",
        "-X",
        "linger.ms=1",
    ]);
    let log = places::run_dir("kcat-outlives").join("log");
    let mut kcat = Process::start_at_keyboard("kcat", &mut command, &log);
    let mut write = |from: usize, to: usize| {
        for n in from..to {
            kcat.type_line(&format!("k{}:{n}", n % KEYS));
        }
    };
    write(0, RECORDS / 2);
    wait_until("some of it to be in the log", LIMIT, || {
        !kcat::records(cluster.bootstrap(), TOPIC).is_empty()
    });
    cluster.command(&format!("kill {victim}"));
    write(RECORDS / 2, RECORDS);
    kcat.end_input();
    let status = kcat.wait(LIMIT);
    assert!(status.success(), "{status}: {}", kcat.log());
    verify(&cluster, victim);
}
