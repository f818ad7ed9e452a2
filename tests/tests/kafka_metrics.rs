//! Kafka's metrics: the same work by this producer and by Kafka's own, step by step, and then their names, counters
//! and averages side by side. Times are for `cargo xtask prove times`.

mod metrics;

use std::collections::BTreeSet;

use metrics::subjects::{Ours, Subject, Theirs};
use metrics::{Differences, Key, Metrics, TOLERANCE, is_rate, is_time, noise, settled, text};
use ottla_tests::kafka::Kafka;

const PARTITIONS: i32 = 3;
/// How the names of Kafka's begin that `docs/metrics.md` says are not there.
const LEFT_OUT: [&str; 5] = [
    "select-",
    "io-",
    "waiting-threads",
    "txn-",
    "successful-authentication-no-reauth-total",
];

/// The topics of a run; both subjects use the same.
struct Topics {
    main: String,
    /// Takes no batch above 18,000 bytes.
    narrow: String,
}

impl Topics {
    fn create(kafka: &Kafka) -> Self {
        let topics = Self {
            main: Kafka::topic_name("metrics"),
            narrow: Kafka::topic_name("narrow"),
        };
        let tools = kafka.tools();
        tools.create_topic(&topics.main, PARTITIONS.unsigned_abs(), &[]);
        tools.create_topic(&topics.narrow, 1, &[("max.message.bytes", "18000")]);
        topics
    }
}

/// Work whose requests are the same whoever does it, and the metrics before and after it.
fn requests(subject: &mut dyn Subject, topics: &Topics) -> [Metrics; 2] {
    // Connections, versions, metadata and an identity come first, in an order that is each producer's own.
    // What is shorter than a frame of lz4 would teach the estimate of the ratio that compression makes things longer.
    subject.send(&topics.main, 0, "key", "", &text(0, 500));
    subject.send(&topics.narrow, 0, "key", "", &text(0, 500));
    subject.flush();
    let before = settled(subject);
    for round in 0..150 {
        for partition in 0..PARTITIONS {
            for number in 0..5 {
                let header = if number % 3 == 0 { "trace" } else { "" };
                let value = text(round * 5 + number, 60 + number * 150);
                subject.send(&topics.main, partition, &format!("key-{number}"), header, &value);
            }
        }
        subject.flush();
    }
    assert_eq!(subject.finish(), (2 + 150 * 15, 0));
    [before, settled(subject)]
}

/// Batches that fill up, a record that is too large for the client, one that is for the broker, and a batch that is
/// split: how its requests are filled depends on when the sender looks.
fn batches(subject: &mut dyn Subject, topics: &Topics) -> Metrics {
    for number in 0..500 {
        subject.send(&topics.main, 1, "key", "", &text(number, 400));
    }
    subject.flush();
    assert_eq!(subject.finish(), (500, 0));
    subject.send(&topics.main, 0, "key", "", &noise(200_000));
    assert_eq!(subject.finish(), (0, 1), "max.request.size");
    subject.send(&topics.narrow, 0, "key", "", &noise(30_000));
    subject.flush();
    assert_eq!(subject.finish(), (0, 1), "max.message.bytes");
    // The topic has been compressing well, so that more goes into a batch than the broker takes.
    for number in 0..150 {
        subject.send(&topics.narrow, 0, "key", "", &text(number, 2000));
        subject.flush();
    }
    assert_eq!(subject.finish(), (150, 0));
    for start in 0..100 {
        let value = &noise(100_000)[start * 500..(start + 1) * 500];
        subject.send(&topics.narrow, 0, "key", "", value);
    }
    subject.flush();
    assert_eq!(subject.finish(), (100, 0));
    settled(subject)
}

fn names(metrics: &Metrics) -> BTreeSet<(String, String)> {
    let of_brokers = metrics.keys().filter(|(_, tag, _)| !tag.starts_with("node--"));
    let kept = of_brokers.filter(|(_, _, name)| LEFT_OUT.iter().all(|start| !name.starts_with(start)));
    kept.map(|(group, _, name)| (group.clone(), name.clone()))
        .collect()
}

/// Requests of the kinds that both make, by the same connection.
fn compare_requests(ours: &[Metrics; 2], theirs: &[Metrics; 2], bytes: f64) {
    let mut differences = Differences::default();
    for (key, ours_after) in &ours[1] {
        let name = key.2.as_str();
        if !name.ends_with("-total") || is_time(name) {
            continue;
        }
        let theirs_after = theirs[1].get(key).copied().unwrap_or(f64::NAN);
        let before = |metrics: &Metrics| metrics.get(key).copied().unwrap_or(0.0);
        let (ours, theirs) = (ours_after - before(&ours[0]), theirs_after - before(&theirs[0]));
        let tolerance = if name.contains("byte") { bytes } else { 0.0 };
        differences.within(key, ours, theirs, tolerance);
    }
    differences.check(25);
}

/// What was recorded of each batch and each record, from the start.
fn compare_batches(ours: &Metrics, theirs: &Metrics, bytes: f64) {
    // Requests were as the sender found the batches; `compare_requests` has them.
    let of_requests = [
        "request",
        "response",
        "outgoing",
        "incoming",
        "network-io",
        "connection",
    ];
    let mut differences = Differences::default();
    for (key, ours) in ours {
        let name = key.2.as_str();
        let skip = is_rate(name) || is_time(name) || of_requests.iter().any(|start| name.starts_with(start));
        if skip || name == "records-per-request-avg" {
            continue;
        }
        let theirs = theirs.get(key).copied().unwrap_or(f64::NAN);
        let tolerance = match name {
            _ if name.ends_with("-avg") || name == "compression-rate" => TOLERANCE,
            "byte-total" | "batch-size-max" => bytes,
            _ => 0.0,
        };
        differences.within(key, *ours, theirs, tolerance);
    }
    differences.check(25);
}

/// Means of what each request was.
fn compare_means(ours: &Metrics, theirs: &Metrics) {
    let means = ["request-size-avg", "request-size-max", "records-per-request-avg"];
    let mut differences = Differences::default();
    let of_broker = |key: &&Key| means.contains(&key.2.as_str());
    for key in ours.keys().filter(of_broker) {
        let theirs = theirs.get(key).copied().unwrap_or(f64::NAN);
        differences.within(key, ours[key], theirs, TOLERANCE);
    }
    differences.check(5);
}

fn compare(codec: &str, bytes: f64) {
    let kafka = Kafka::shared();
    let topics = Topics::create(kafka);
    let settings = [
        ("bootstrap.servers", kafka.bootstrap()),
        ("client.id", "metrics"),
        ("compression.type", codec),
        ("linger.ms", "60000"),
        ("delivery.timeout.ms", "120000"),
        ("max.request.size", "100000"),
    ];
    let Some(mut theirs) = Theirs::start(&settings) else {
        return;
    };
    let mut ours = Ours::start(&settings);
    let requested = [requests(&mut ours, &topics), requests(&mut theirs, &topics)];
    compare_requests(&requested[0], &requested[1], bytes);
    compare_means(&requested[0][1], &requested[1][1]);
    let [ours, theirs] = [batches(&mut ours, &topics), batches(&mut theirs, &topics)];
    compare_batches(&ours, &theirs, bytes);
    for start in LEFT_OUT {
        let is_kafkas = theirs.keys().any(|(_, _, name)| name.starts_with(start));
        assert!(is_kafkas, "Kafka has no metric {start}... any more");
    }
    let split = ours.iter().find(|(key, _)| key.2 == "batch-split-total");
    let is_split = split.is_some_and(|(_, count)| *count >= 1.0);
    assert_eq!(
        is_split,
        codec == "lz4",
        "only an estimate of the ratio fills a batch too far"
    );
    let (ours, theirs) = (names(&ours), names(&theirs));
    let only = |of: &BTreeSet<_>, other: &BTreeSet<_>| of.difference(other).cloned().collect::<Vec<_>>();
    assert_eq!(
        (only(&ours, &theirs), only(&theirs, &ours)),
        (Vec::new(), Vec::new()),
        "names that only one has"
    );
}

#[test]
fn names_counters_and_averages_are_kafkas_without_compression() {
    compare("none", 0.0);
}

#[test]
fn names_counters_and_averages_are_kafkas_with_lz4() {
    compare("lz4", TOLERANCE);
}
