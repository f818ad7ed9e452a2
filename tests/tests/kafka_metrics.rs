//! Kafka's metrics: the same work by this producer and by Kafka's own, step by step, and then their names, counters
//! and averages side by side.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use ottla::{Delivery, KafkaError, Producer, Record, Timestamp};
use ottla_tests::kafka::{JavaProducer, Kafka};
use ottla_tests::proxy::{Moment, PRODUCE};
use ottla_tests::wait::wait_for;
use tokio::runtime::Runtime;

const LIMIT: Duration = Duration::from_secs(60);
const PARTITIONS: i32 = 3;
/// As `timestamp`s are compressed with the rest, both must send the same.
const TIMESTAMP: i64 = 1_700_000_000_000;
/// What averages, and counters of time or of compressed bytes, may differ by.
const TOLERANCE: f64 = 0.05;
/// How long answers are held back where times are compared: beside it the machine's own delays are small.
const HELD: Duration = Duration::from_millis(1000);

/// How the names of Kafka's begin that `docs/metrics.md` says are not there.
const LEFT_OUT: [&str; 5] = [
    "select-",
    "io-",
    "waiting-threads",
    "txn-",
    "successful-authentication-no-reauth-total",
];

/// Group, tag and name.
type Key = (String, String, String);
type Metrics = BTreeMap<Key, f64>;

/// Who does the work.
trait Subject {
    fn send(&mut self, topic: &str, partition: i32, key: &str, header: &str, value: &str);
    fn flush(&mut self);
    /// Waits for all that was sent: how many were acknowledged, and how many failed.
    fn finish(&mut self) -> (usize, usize);
    fn metrics(&mut self) -> Metrics;
}

struct Theirs(JavaProducer);

impl Theirs {
    fn start(settings: &[(&str, &str)]) -> Option<Self> {
        let mut java = JavaProducer::launch()?;
        // Telemetry would be requests that this producer does not make (KIP-714).
        let words = settings.iter().map(|(name, value)| format!("{name}={value}"));
        let words: Vec<String> = ["start".to_owned(), "enable.metrics.push=false".to_owned()]
            .into_iter()
            .chain(words)
            .collect();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        assert_eq!(java.tell(&words), "ok");
        Some(Self(java))
    }
}

impl Subject for Theirs {
    fn send(&mut self, topic: &str, partition: i32, key: &str, header: &str, value: &str) {
        let (partition, timestamp) = (partition.to_string(), TIMESTAMP.to_string());
        let answer = self
            .0
            .tell(&["send", topic, &partition, &timestamp, key, header, value]);
        assert_eq!(answer, "ok");
    }

    fn flush(&mut self) {
        assert_eq!(self.0.tell(&["flush"]), "ok");
    }

    fn finish(&mut self) -> (usize, usize) {
        let answer = self.0.tell(&["await"]);
        let counts: Vec<usize> = answer.split(' ').filter_map(|word| word.parse().ok()).collect();
        match counts[..] {
            [acknowledged, failed] => (acknowledged, failed),
            _ => panic!("{answer}"),
        }
    }

    fn metrics(&mut self) -> Metrics {
        let answer = self.0.tell(&["metrics"]);
        let entries = answer.split(';').filter(|entry| !entry.is_empty());
        let parsed = entries.map(|entry| {
            let words: Vec<&str> = entry.split('\t').collect();
            let [group, tag, name, value] = words[..] else {
                panic!("{entry}")
            };
            let value = value.parse().expect("Java's numbers are read by Rust");
            ((group.to_owned(), tag.to_owned(), name.to_owned()), value)
        });
        parsed.collect()
    }
}

struct Ours {
    runtime: Runtime,
    producer: Producer,
    pending: Vec<Result<Delivery, KafkaError>>,
}

impl Ours {
    fn start(settings: &[(&str, &str)]) -> Self {
        let runtime = Runtime::new().expect("threads can be made");
        let producer = runtime.block_on(async {
            let builder = Producer::builder().set_all(settings.iter().copied());
            builder.start().expect("a good configuration")
        });
        Self {
            runtime,
            producer,
            pending: Vec::new(),
        }
    }
}

impl Subject for Ours {
    fn send(&mut self, topic: &str, partition: i32, key: &str, header: &str, value: &str) {
        let mut record = Record::to(topic).partition(partition).key(key).value(value);
        record = record.at(Timestamp(TIMESTAMP));
        if !header.is_empty() {
            record = record.header(header, header);
        }
        let sent = self.runtime.block_on(self.producer.send(record));
        self.pending.push(sent);
    }

    fn flush(&mut self) {
        // What failed is counted by `finish`, as Java's `flush` does not tell.
        let _ = self.runtime.block_on(self.producer.flush());
    }

    fn finish(&mut self) -> (usize, usize) {
        let (mut acknowledged, mut failed) = (0, 0);
        for sent in self.pending.drain(..) {
            let outcome = sent.and_then(|delivery| self.runtime.block_on(delivery));
            match outcome {
                Ok(_) => acknowledged += 1,
                Err(_) => failed += 1,
            }
        }
        (acknowledged, failed)
    }

    fn metrics(&mut self) -> Metrics {
        let metrics = self.producer.kafka_metrics().into_iter();
        let keyed = metrics.map(|metric| {
            (
                (metric.group.into(), metric.tag, metric.name.into()),
                metric.value,
            )
        });
        keyed.collect()
    }
}

/// Metrics once nothing moves any more: an answer is counted shortly after its records are reported.
fn settled(subject: &mut dyn Subject) -> Metrics {
    let moves = |key: &Key| key.2.ends_with("-rate") || key.2.ends_with("-ratio") || key.2 == "metadata-age";
    let mut last = Metrics::new();
    wait_for("the metrics to settle", LIMIT, || {
        let mut now = subject.metrics();
        now.retain(|key, _| !moves(key));
        let same = format!("{now:?}") == format!("{last:?}");
        last.clone_from(&now);
        same.then(|| subject.metrics())
    })
}

/// `len` bytes that lz4 makes much shorter, different for each `number`.
fn text(number: usize, len: usize) -> String {
    let mut text = String::new();
    while text.len() < len {
        text += &format!("{{\"number\":{number},\"at\":{}}}", text.len());
    }
    text.truncate(len);
    text
}

/// `len` characters in which lz4 finds nothing.
fn noise(len: usize) -> String {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut character = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        char::from(b'!' + (state >> 32) as u8 % 90)
    };
    (0..len).map(|_| character()).collect()
}

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

/// What differs, a line each, of so many that were compared.
#[derive(Default)]
struct Differences {
    compared: usize,
    lines: Vec<String>,
}

impl Differences {
    fn within(&mut self, key: &Key, ours: f64, theirs: f64, tolerance: f64) {
        self.compared += 1;
        let equal = (ours.is_nan() && theirs.is_nan()) || (ours - theirs).abs() <= tolerance * theirs.abs();
        if !equal {
            let (group, tag, name) = key;
            self.lines
                .push(format!("{group} {tag} {name}: {ours}, and {theirs} in Java"));
        }
    }

    /// `least`: fewer than so many would mean that names no longer match what is looked for.
    #[track_caller]
    fn check(&self, least: usize) {
        assert!(self.lines.is_empty(), "{}", self.lines.join("\n"));
        assert!(self.compared >= least, "only {} were compared", self.compared);
    }
}

fn is_rate(name: &str) -> bool {
    // `compression-rate` is a mean.
    (name.ends_with("-rate") && name != "compression-rate") || name.ends_with("-ratio")
}

/// What took as long as the machine let it; see `times_are_measured_alike`.
fn is_time(name: &str) -> bool {
    let times = ["-time-", "latency", "metadata-age"];
    times.iter().any(|part| name.contains(part)) && !name.starts_with("produce-throttle")
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

/// What two runs behind a proxy say, which holds answers back so long that the machine's own delays are small beside
/// it: totals since a first record that warmed up, and means of which that record is taken out again.
struct Paced {
    before: Metrics,
    after: Metrics,
}

impl Paced {
    fn total(&self, key: &Key) -> f64 {
        self.after.get(key).copied().unwrap_or(f64::NAN) - self.before.get(key).copied().unwrap_or(0.0)
    }

    /// The mean of what came after `first` recordings, when `all` were made in all.
    fn mean(&self, key: &Key, first: f64, all: f64) -> f64 {
        let before = self.before.get(key).map_or(0.0, |mean| mean * first);
        let after = self.after.get(key).copied().unwrap_or(f64::NAN) * all;
        (after - before) / (all - first)
    }
}

/// Java loads its classes while the first record waits for metadata, on a busy machine for longer than `max.block.ms`.
fn paced(subject: &mut dyn Subject, topic: &str, work: impl FnOnce(&mut dyn Subject)) -> Paced {
    const TRIES: usize = 10;
    let is_warm = (0..TRIES).any(|_| {
        subject.send(topic, 0, "key", "", "warm");
        subject.finish() == (1, 0)
    });
    assert!(is_warm, "the first record never arrives");
    let before = settled(subject);
    work(subject);
    let after = settled(subject);
    Paced { before, after }
}

/// Both subjects do the same behind the proxy, at most three times: what is measured otherwise differs each time, what
/// a busy machine delays does not.
fn compare_paced(
    linger: &str,
    work: impl Fn(&mut dyn Subject, &Kafka, &[String; 2]),
    compare: impl Fn(&Paced, &Paced) -> Differences,
    least: usize,
) {
    const ATTEMPTS: usize = 3;
    let kafka = Kafka::options().proxied().start();
    let mut differences = Differences::default();
    for _ in 0..ATTEMPTS {
        let topics = ["a", "b"].map(Kafka::topic_name);
        for topic in &topics {
            kafka.tools().create_topic(topic, 1, &[]);
        }
        let settings = [
            ("bootstrap.servers", kafka.proxied_bootstrap()),
            ("client.id", "metrics".to_owned()),
            ("linger.ms", linger.to_owned()),
            ("buffer.memory", "50000".to_owned()),
            ("max.request.size", "50000".to_owned()),
            ("max.block.ms", "1500".to_owned()),
        ];
        let settings: Vec<(&str, &str)> = settings
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        let Some(mut theirs) = Theirs::start(&settings) else {
            return;
        };
        let theirs = paced(&mut theirs, &topics[0], |subject| work(subject, &kafka, &topics));
        let ours = paced(&mut Ours::start(&settings), &topics[0], |subject| {
            work(subject, &kafka, &topics);
        });
        differences = compare(&ours, &theirs);
        if differences.lines.is_empty() {
            break;
        }
    }
    differences.check(least);
}

/// Lingering, answers that take long, a flush, metadata that take long; and a request whose connection is cut.
fn waits(subject: &mut dyn Subject, kafka: &Kafka, topics: &[String; 2]) {
    let proxy = kafka.proxy(1);
    proxy.delay_answers(HELD);
    for _ in 0..2 {
        subject.send(&topics[0], 0, "key", "", "lingers");
        assert_eq!(subject.finish(), (1, 0));
    }
    subject.send(&topics[0], 0, "key", "", "flushed");
    subject.flush();
    assert_eq!(subject.finish(), (1, 0));
    subject.send(&topics[1], 0, "key", "", "of an unknown topic");
    assert_eq!(subject.finish(), (1, 0));
    proxy.delay_answers(Duration::ZERO);
    let cuts = proxy.cuts_made();
    proxy.cut(PRODUCE, 1, Moment::BeforeRequest);
    for _ in 0..4 {
        subject.send(&topics[0], 0, "key", "", "retried");
    }
    assert_eq!(subject.finish(), (4, 0));
    assert_eq!(proxy.cuts_made(), cuts + 1);
}

#[test]
fn waits_and_retries_are_measured_alike() {
    // Of `waits`, and one before: batches as they went into requests, and requests that were answered.
    const QUEUED: f64 = 7.0;
    const ANSWERED: f64 = 6.0;
    let compare = |ours: &Paced, theirs: &Paced| {
        let mut differences = Differences::default();
        for key in ours.after.keys() {
            let name = key.2.as_str();
            let count = match name {
                "record-queue-time-avg" => QUEUED,
                "request-latency-avg" => ANSWERED,
                _ if name.ends_with("-total") && (is_time(name) || name.starts_with("record-")) => {
                    let tolerance = if is_time(name) { TOLERANCE } else { 0.0 };
                    differences.within(key, ours.total(key), theirs.total(key), tolerance);
                    continue;
                }
                _ => continue,
            };
            differences.within(
                key,
                ours.mean(key, 1.0, count),
                theirs.mean(key, 1.0, count),
                TOLERANCE,
            );
        }
        differences
    };
    compare_paced("1500", waits, compare, 15);
}

/// Two records fill buffer.memory for as long as the answers are held: the third gives up after max.block.ms, and the
/// fourth gets the room of the first.
fn full(subject: &mut dyn Subject, kafka: &Kafka, topics: &[String; 2]) {
    let proxy = kafka.proxy(1);
    proxy.delay_answers(HELD * 5 / 2);
    for _ in 0..4 {
        subject.send(&topics[0], 0, "key", "", &noise(20_000));
    }
    proxy.delay_answers(Duration::ZERO);
    assert_eq!(subject.finish(), (3, 1));
}

#[test]
fn a_full_buffer_is_measured_alike() {
    let compare = |ours: &Paced, theirs: &Paced| {
        let mut differences = Differences::default();
        let names = [
            "buffer-exhausted-total",
            "bufferpool-wait-time-ns-total",
            "record-error-total",
        ];
        for key in ours.after.keys().filter(|key| names.contains(&key.2.as_str())) {
            let tolerance = if is_time(&key.2) { TOLERANCE } else { 0.0 };
            differences.within(key, ours.total(key), theirs.total(key), tolerance);
        }
        differences
    };
    compare_paced("0", full, compare, 4);
}
