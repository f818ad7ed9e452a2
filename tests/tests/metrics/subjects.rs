//! This producer, and Kafka's own.

use ottla::{Delivery, KafkaError, Producer, Record, Timestamp};
use ottla_tests::kafka::JavaProducer;
use tokio::runtime::Runtime;

use super::Metrics;

/// As `timestamp`s are compressed with the rest, both must send the same.
const TIMESTAMP: i64 = 1_700_000_000_000;

/// Who does the work.
pub(crate) trait Subject {
    fn send(&mut self, topic: &str, partition: i32, key: &str, header: &str, value: &str);
    fn flush(&mut self);
    /// Waits for all that was sent: how many were acknowledged, and how many failed.
    fn finish(&mut self) -> (usize, usize);
    fn metrics(&mut self) -> Metrics;
}

pub(crate) struct Theirs(JavaProducer);

impl Theirs {
    pub(crate) fn start(settings: &[(&str, &str)]) -> Option<Self> {
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

pub(crate) struct Ours {
    runtime: Runtime,
    producer: Producer,
    pending: Vec<Result<Delivery, KafkaError>>,
}

impl Ours {
    pub(crate) fn start(settings: &[(&str, &str)]) -> Self {
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
