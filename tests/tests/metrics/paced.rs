//! Waits, retries and a full buffer, behind a proxy. What they count is compared wherever tests run. How long they took is
//! as the machine lets it, and is compared by `cargo xtask prove times` alone.

use std::time::Duration;

use ottla_tests::kafka::Kafka;
use ottla_tests::proxy::{Moment, PRODUCE};

use super::subjects::{Ours, Subject, Theirs};
use super::{Differences, Key, Metrics, TOLERANCE, is_time, noise, settled};

/// How often times are compared; `cargo xtask prove times` sets it.
const LONG: &str = "OTTLA_METRICS_TIMES";
/// How long answers are held back where times are compared: beside it the machine's own delays are small.
const HELD: Duration = Duration::from_millis(1000);

/// What a run behind a proxy says: totals since a first record that warmed up, and means of which that record is taken out again.
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
        subject.flush();
        subject.finish() == (1, 0)
    });
    assert!(is_warm, "the first record never arrives");
    let before = settled(subject);
    work(subject);
    let after = settled(subject);
    Paced { before, after }
}

/// Work for both subjects, and what to compare after it.
struct Part {
    linger: &'static str,
    max_block: &'static str,
    work: fn(&mut dyn Subject, &Kafka, &[String; 2], timed: bool),
    compare: fn(&Paced, &Paced, timed: bool) -> Differences,
    /// How many metrics are compared at least.
    least: usize,
}

impl Part {
    /// `None` where there is no Java.
    fn play(&self, kafka: &Kafka, timed: bool) -> Option<Differences> {
        let topics = ["a", "b"].map(Kafka::topic_name);
        for topic in &topics {
            kafka.tools().create_topic(topic, 1, &[]);
        }
        let settings = [
            ("bootstrap.servers", kafka.proxied_bootstrap()),
            ("client.id", "metrics".to_owned()),
            ("linger.ms", self.linger.to_owned()),
            ("delivery.timeout.ms", "120000".to_owned()),
            ("buffer.memory", "50000".to_owned()),
            ("max.request.size", "50000".to_owned()),
            ("max.block.ms", self.max_block.to_owned()),
        ];
        let settings: Vec<(&str, &str)> = settings
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        let mut theirs = Theirs::start(&settings)?;
        let work = |subject: &mut dyn Subject| (self.work)(subject, kafka, &topics, timed);
        let theirs = paced(&mut theirs, &topics[0], work);
        let ours = paced(&mut Ours::start(&settings), &topics[0], work);
        Some((self.compare)(&ours, &theirs, timed))
    }

    /// At most three times: what is measured otherwise differs each time, what a busy machine delays does not.
    fn play_timed(&self, kafka: &Kafka) -> Option<Differences> {
        const ATTEMPTS: usize = 3;
        let mut differences = self.play(kafka, true)?;
        for _ in 1..ATTEMPTS {
            if differences.lines.is_empty() {
                break;
            }
            differences = self.play(kafka, true)?;
        }
        differences.check(self.least);
        Some(differences)
    }
}

/// Lingering, answers that take long, a flush, metadata that take long; and a request whose connection is cut.
fn waits(subject: &mut dyn Subject, kafka: &Kafka, topics: &[String; 2], timed: bool) {
    // Where times do not count, nothing is left to linger.
    let finish = |subject: &mut dyn Subject| {
        if !timed {
            subject.flush();
        }
        subject.finish()
    };
    let proxy = kafka.proxy(1);
    if timed {
        proxy.delay_answers(HELD);
    }
    for _ in 0..2 {
        subject.send(&topics[0], 0, "key", "", "lingers");
        assert_eq!(finish(subject), (1, 0));
    }
    subject.send(&topics[0], 0, "key", "", "flushed");
    subject.flush();
    assert_eq!(subject.finish(), (1, 0));
    subject.send(&topics[1], 0, "key", "", "of an unknown topic");
    assert_eq!(finish(subject), (1, 0));
    proxy.delay_answers(Duration::ZERO);
    let cuts = proxy.cuts_made();
    proxy.cut(PRODUCE, 1, Moment::BeforeRequest);
    for _ in 0..4 {
        subject.send(&topics[0], 0, "key", "", "retried");
    }
    assert_eq!(finish(subject), (4, 0));
    assert_eq!(proxy.cuts_made(), cuts + 1);
}

fn compare_waits(ours: &Paced, theirs: &Paced, timed: bool) -> Differences {
    // Of `waits`, and one before: batches as they went into requests, and requests that were answered.
    const QUEUED: f64 = 7.0;
    const ANSWERED: f64 = 6.0;
    let mut differences = Differences::default();
    for key in ours.after.keys().filter(|key| timed || !is_time(&key.2)) {
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
        let means = [ours, theirs].map(|paced| paced.mean(key, 1.0, count));
        differences.within(key, means[0], means[1], TOLERANCE);
    }
    differences
}

/// Two records fill buffer.memory while the answers are held: the third gives up after max.block.ms, and the fourth gets
/// the room of the first. Where times count, it has to wait for that.
fn full(subject: &mut dyn Subject, kafka: &Kafka, topics: &[String; 2], timed: bool) {
    let proxy = kafka.proxy(1);
    if timed {
        proxy.delay_answers(HELD * 5 / 2);
    } else {
        proxy.hold_answers(true);
    }
    let mut send = || subject.send(&topics[0], 0, "key", "", &noise(20_000));
    send();
    send();
    send();
    proxy.hold_answers(false);
    send();
    proxy.delay_answers(Duration::ZERO);
    assert_eq!(subject.finish(), (3, 1));
}

fn compare_full(ours: &Paced, theirs: &Paced, timed: bool) -> Differences {
    let names = [
        "buffer-exhausted-total",
        "bufferpool-wait-time-ns-total",
        "record-error-total",
    ];
    let mut differences = Differences::default();
    for key in ours.after.keys().filter(|key| names.contains(&key.2.as_str())) {
        match is_time(&key.2) {
            true if !timed => {}
            true => differences.within(key, ours.total(key), theirs.total(key), TOLERANCE),
            false => differences.within(key, ours.total(key), theirs.total(key), 0.0),
        }
    }
    differences
}

const WAITS: Part = Part {
    linger: "60000",
    max_block: "60000",
    work: waits,
    compare: compare_waits,
    least: 9,
};
const FULL: Part = Part {
    linger: "0",
    max_block: "5000",
    work: full,
    compare: compare_full,
    least: 3,
};
const TIMED: [Part; 2] = [
    Part {
        linger: "1500",
        max_block: "1500",
        least: 15,
        ..WAITS
    },
    Part {
        max_block: "1500",
        least: 4,
        ..FULL
    },
];

#[test]
#[allow(clippy::print_stdout, reason = "whoever proves this wants the figures")]
fn waits_retries_and_a_full_buffer_are_measured_alike() {
    let kafka = Kafka::options().proxied().start();
    let Ok(times) = std::env::var(LONG) else {
        for part in [WAITS, FULL] {
            if let Some(differences) = part.play(&kafka, false) {
                differences.check(part.least);
            }
        }
        return;
    };
    for _ in 0..times.parse().expect("a number of times") {
        for part in &TIMED {
            let differences = part.play_timed(&kafka).expect("Java, to compare with");
            println!(
                "times: {} totals and averages as in Java, the furthest {:.1} % off",
                differences.compared,
                differences.furthest * 100.0
            );
        }
    }
}
