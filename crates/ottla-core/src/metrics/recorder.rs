//! What is recorded for Kafka's metrics (`SenderMetricsRegistry`, `Selector`).

use alloc::collections::BTreeMap;
use core::time::Duration;

use ottla_trace::event::TopicIx;

use super::Drained;
use super::stat::Stat;
use crate::io::NodeId;
use crate::time::Instant;

/// One topic's.
#[derive(Clone, Debug, Default)]
pub(crate) struct OfTopic {
    pub(crate) sends: Stat,
    pub(crate) bytes: Stat,
    pub(crate) compression: Stat,
    pub(crate) retries: Stat,
    pub(crate) errors: Stat,
}

/// Bytes and messages of one node, or of all connections together.
#[derive(Clone, Debug, Default)]
pub(crate) struct Traffic {
    pub(crate) sent: Stat,
    pub(crate) received: Stat,
    pub(crate) responses: Stat,
    pub(crate) latency: Stat,
}

/// All of it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Recorder {
    pub(crate) batch_size: Stat,
    pub(crate) compression: Stat,
    pub(crate) queue_time: Stat,
    pub(crate) record_size: Stat,
    /// Records of each request.
    pub(crate) sends: Stat,
    pub(crate) retries: Stat,
    pub(crate) errors: Stat,
    pub(crate) splits: Stat,
    pub(crate) throttle: Stat,
    pub(crate) exhausted: Stat,
    pub(crate) opened: Stat,
    pub(crate) closed: Stat,
    pub(crate) logins: Stat,
    pub(crate) logins_failed: Stat,
    pub(crate) renewals: Stat,
    pub(crate) renewals_failed: Stat,
    pub(crate) renewal_time: Stat,
    pub(crate) all: Traffic,
    pub(crate) memory_waits: Stat,
    pub(crate) metadata_waits: Stat,
    pub(crate) flushes: Stat,
    pub(crate) topics: BTreeMap<TopicIx, OfTopic>,
    pub(crate) nodes: BTreeMap<NodeId, Traffic>,
}

fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}

impl Recorder {
    pub(crate) fn drained(&mut self, now: Instant, batch: Drained) {
        let bytes = batch.bytes as f64;
        self.batch_size.record(now, bytes);
        self.compression.record(now, f64::from(batch.ratio));
        self.queue_time.record(now, millis(batch.queued));
        self.record_size.record(now, batch.largest as f64);
        let topic = self.topics.entry(batch.topic).or_default();
        topic.sends.record(now, f64::from(batch.records));
        topic.bytes.record(now, bytes);
        topic.compression.record(now, f64::from(batch.ratio));
    }

    pub(crate) fn produce_requested(&mut self, now: Instant, records: u64) {
        self.sends.record(now, records as f64);
    }

    pub(crate) fn retried(&mut self, now: Instant, topic: TopicIx, records: u32) {
        self.retries.record(now, f64::from(records));
        let topic = self.topics.entry(topic).or_default();
        topic.retries.record(now, f64::from(records));
    }

    /// `topic`: of records that were in a batch.
    pub(crate) fn failed(&mut self, now: Instant, topic: Option<TopicIx>, records: usize) {
        self.errors.record(now, records as f64);
        if let Some(topic) = topic {
            let topic = self.topics.entry(topic).or_default();
            topic.errors.record(now, records as f64);
        }
    }

    pub(crate) fn split(&mut self, now: Instant) {
        self.splits.record(now, 1.0);
    }

    pub(crate) fn exhausted(&mut self, now: Instant) {
        self.exhausted.record(now, 1.0);
    }

    pub(crate) fn opened(&mut self, now: Instant) {
        self.opened.record(now, 1.0);
    }

    pub(crate) fn closed(&mut self, now: Instant) {
        self.closed.record(now, 1.0);
    }

    pub(crate) fn sent(&mut self, now: Instant, node: Option<NodeId>, bytes: usize) {
        self.both(node, |traffic| traffic.sent.record(now, bytes as f64));
    }

    pub(crate) fn received(&mut self, now: Instant, node: Option<NodeId>, bytes: usize) {
        self.both(node, |traffic| traffic.received.record(now, bytes as f64));
    }

    pub(crate) fn answered(&mut self, now: Instant, node: Option<NodeId>, throttle_ms: i32) {
        self.throttle.record(now, f64::from(throttle_ms));
        self.both(node, |traffic| traffic.responses.record(now, 1.0));
    }

    pub(crate) fn produce_answered(&mut self, now: Instant, node: Option<NodeId>, latency: Duration) {
        self.both(node, |traffic| traffic.latency.record(now, millis(latency)));
    }

    /// `renewal`: how long it took, when a session was renewed.
    #[cfg(feature = "sasl")]
    pub(crate) fn logged_in(&mut self, now: Instant, renewal: Option<Duration>) {
        match renewal {
            Some(took) => {
                self.renewals.record(now, 1.0);
                self.renewal_time.record(now, millis(took));
            }
            None => self.logins.record(now, 1.0),
        }
    }

    #[cfg(feature = "sasl")]
    pub(crate) fn login_failed(&mut self, now: Instant, renewal: bool) {
        let stat = if renewal {
            &mut self.renewals_failed
        } else {
            &mut self.logins_failed
        };
        stat.record(now, 1.0);
    }

    pub(crate) fn waited_for_memory(&mut self, now: Instant, wait: Duration) {
        self.memory_waits.record(now, wait.as_nanos() as f64);
    }

    pub(crate) fn waited_for_metadata(&mut self, now: Instant, wait: Duration) {
        self.metadata_waits.record(now, wait.as_nanos() as f64);
    }

    pub(crate) fn flushed(&mut self, now: Instant, took: Duration) {
        self.flushes.record(now, took.as_nanos() as f64);
    }

    fn both(&mut self, node: Option<NodeId>, record: impl Fn(&mut Traffic)) {
        record(&mut self.all);
        if let Some(node) = node {
            record(self.nodes.entry(node).or_default());
        }
    }
}
