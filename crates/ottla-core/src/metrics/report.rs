//! The metrics under Kafka's names.

use alloc::string::String;
use alloc::vec::Vec;

use super::recorder::{OfTopic, Traffic};
use super::stat::Stat;
use crate::engine::Engine;
use crate::time::Instant;

/// The group of what concerns the whole producer.
const PRODUCER: &str = "producer-metrics";
/// The group of what concerns one topic; the tag is its name.
const TOPIC: &str = "producer-topic-metrics";
/// The group of what concerns one broker; the tag is `node-` and its id.
const NODE: &str = "producer-node-metrics";

/// One metric at one moment.
#[derive(Clone, Debug, PartialEq)]
pub struct Metric {
    /// `producer-metrics`, `producer-topic-metrics` or `producer-node-metrics`.
    pub group: &'static str,
    /// Kafka's name.
    pub name: &'static str,
    /// The topic, or `node-` and the broker's id; empty for the whole producer.
    pub tag: String,
    /// Its value, in the unit that the name says. Averages and maxima of nothing are not a number.
    pub value: f64,
}

struct Report {
    now: Instant,
    group: &'static str,
    tag: String,
    out: Vec<Metric>,
}

impl Report {
    fn set(&mut self, name: &'static str, value: f64) {
        self.out.push(Metric {
            group: self.group,
            name,
            tag: self.tag.clone(),
            value,
        });
    }

    fn spread(&mut self, [avg, max]: [&'static str; 2], stat: &Stat) {
        self.set(avg, stat.avg(self.now));
        self.set(max, stat.max(self.now));
    }

    fn meter(&mut self, [rate, total]: [&'static str; 2], stat: &Stat) {
        self.set(rate, stat.rate(self.now));
        self.set(total, stat.total());
    }

    fn count(&mut self, [rate, total]: [&'static str; 2], stat: &Stat) {
        self.set(rate, stat.frequency(self.now));
        self.set(total, stat.times());
    }

    fn traffic(&mut self, traffic: &Traffic) {
        self.meter(["outgoing-byte-rate", "outgoing-byte-total"], &traffic.sent);
        self.count(["request-rate", "request-total"], &traffic.sent);
        self.spread(["request-size-avg", "request-size-max"], &traffic.sent);
        self.meter(["incoming-byte-rate", "incoming-byte-total"], &traffic.received);
        self.count(["response-rate", "response-total"], &traffic.responses);
        self.spread(["request-latency-avg", "request-latency-max"], &traffic.latency);
    }

    fn topic(&mut self, topic: &OfTopic) {
        self.meter(["record-send-rate", "record-send-total"], &topic.sends);
        self.meter(["byte-rate", "byte-total"], &topic.bytes);
        self.set("compression-rate", topic.compression.avg(self.now));
        self.meter(["record-retry-rate", "record-retry-total"], &topic.retries);
        self.meter(["record-error-rate", "record-error-total"], &topic.errors);
    }
}

impl Engine {
    /// Every metric, in a fixed order.
    pub(crate) fn report(&self, now: Instant) -> Vec<Metric> {
        let mut report = Report {
            now,
            group: PRODUCER,
            tag: String::new(),
            out: Vec::new(),
        };
        self.report_records(&mut report);
        self.report_times(&mut report);
        self.report_connections(&mut report);
        report.group = TOPIC;
        for (ix, topic) in &self.recorder.topics {
            report.tag = (&*self.topics.get(*ix).name).into();
            report.topic(topic);
        }
        report.group = NODE;
        for (id, traffic) in &self.recorder.nodes {
            report.tag = alloc::format!("node-{id}");
            report.traffic(traffic);
        }
        report.out
    }

    fn report_records(&self, report: &mut Report) {
        let recorder = &self.recorder;
        report.spread(["batch-size-avg", "batch-size-max"], &recorder.batch_size);
        report.set("compression-rate-avg", recorder.compression.avg(report.now));
        report.spread(
            ["record-queue-time-avg", "record-queue-time-max"],
            &recorder.queue_time,
        );
        report.spread(["record-size-avg", "record-size-max"], &recorder.record_size);
        report.meter(["record-send-rate", "record-send-total"], &recorder.sends);
        report.set("records-per-request-avg", recorder.sends.avg(report.now));
        report.meter(["record-retry-rate", "record-retry-total"], &recorder.retries);
        report.meter(["record-error-rate", "record-error-total"], &recorder.errors);
        report.meter(["batch-split-rate", "batch-split-total"], &recorder.splits);
        report.meter(
            ["buffer-exhausted-rate", "buffer-exhausted-total"],
            &recorder.exhausted,
        );
        let (used, total) = (self.memory.used() as f64, self.memory.total() as f64);
        report.set("buffer-total-bytes", total);
        report.set("buffer-available-bytes", (total - used).max(0.0));
    }

    fn report_times(&self, report: &mut Report) {
        let recorder = &self.recorder;
        report.spread(
            ["produce-throttle-time-avg", "produce-throttle-time-max"],
            &recorder.throttle,
        );
        report.set("bufferpool-wait-time-ns-total", recorder.memory_waits.total());
        report.set(
            "bufferpool-wait-ratio",
            recorder.memory_waits.rate(report.now) / 1e9,
        );
        report.set("metadata-wait-time-ns-total", recorder.metadata_waits.total());
        report.set("flush-time-ns-total", recorder.flushes.total());
        let updated = self.refresh.updated_at();
        report.set(
            "metadata-age",
            updated.map_or(f64::NAN, |at| report.now.saturating_since(at).as_secs_f64()),
        );
    }

    fn report_connections(&self, report: &mut Report) {
        let recorder = &self.recorder;
        let streams = || self.network.conns().filter_map(|conn| conn.stream());
        let in_flight: usize = streams().map(|stream| stream.in_flight()).sum();
        report.set("requests-in-flight", in_flight as f64);
        report.set("connection-count", streams().count() as f64);
        report.meter(
            ["connection-creation-rate", "connection-creation-total"],
            &recorder.opened,
        );
        report.meter(
            ["connection-close-rate", "connection-close-total"],
            &recorder.closed,
        );
        report.meter(
            [
                "successful-authentication-rate",
                "successful-authentication-total",
            ],
            &recorder.logins,
        );
        report.meter(
            ["failed-authentication-rate", "failed-authentication-total"],
            &recorder.logins_failed,
        );
        report.meter(
            [
                "successful-reauthentication-rate",
                "successful-reauthentication-total",
            ],
            &recorder.renewals,
        );
        report.meter(
            ["failed-reauthentication-rate", "failed-reauthentication-total"],
            &recorder.renewals_failed,
        );
        report.spread(
            ["reauthentication-latency-avg", "reauthentication-latency-max"],
            &recorder.renewal_time,
        );
        let (sent, received) = (&recorder.all.sent, &recorder.all.received);
        report.set(
            "network-io-rate",
            sent.frequency(report.now) + received.frequency(report.now),
        );
        report.set("network-io-total", sent.times() + received.times());
        report.traffic(&recorder.all);
    }
}
