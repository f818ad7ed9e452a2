//! What is counted, and Kafka's metrics (feature `metrics`).

#[cfg(feature = "metrics")]
mod recorder;
#[cfg(feature = "metrics")]
mod report;
#[cfg(not(feature = "metrics"))]
mod silent;
#[cfg(feature = "metrics")]
mod stat;

#[cfg(feature = "metrics")]
pub(crate) use recorder::Recorder;
#[cfg(feature = "metrics")]
pub use report::Metric;
#[cfg(not(feature = "metrics"))]
pub(crate) use silent::Recorder;

use core::time::Duration;

use ottla_trace::event::TopicIx;

/// A batch as it goes into a request.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(not(feature = "metrics"), allow(dead_code, reason = "the recorder reads it"))]
pub(crate) struct Drained {
    pub(crate) topic: TopicIx,
    pub(crate) records: u32,
    pub(crate) bytes: usize,
    pub(crate) queued: Duration,
    pub(crate) ratio: f32,
    /// Upper bound of its largest record.
    pub(crate) largest: usize,
}

/// Totals since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counters {
    /// Records put into requests; one that is retried counts again (`record-send-total`).
    pub records_sent: u64,
    /// Records that were acknowledged, or written with `acks=0`.
    pub record_acks: u64,
    /// Records that went back into a queue (`record-retry-total`).
    pub record_retries: u64,
    /// Records that failed or were refused (`record-error-total`).
    pub record_errors: u64,
    /// Batches put into requests.
    pub batches_sent: u64,
    /// Bytes of those batches, with their headers.
    pub batch_bytes: u64,
    /// Microseconds that those batches spent in queues, summed up.
    pub queue_micros: u64,
    /// Batches that were split (`batch-split-total`).
    pub splits: u64,
    /// Times that the producer epoch was bumped.
    pub epoch_bumps: u64,
    /// Times that a batch was sent again which may be in the log under another identity (`ottla.ambiguity=retry`).
    pub maybe_duplicated: u64,
    /// `send`s that found `buffer.memory` full. Kafka's `buffer-exhausted-total` counts those that gave up.
    pub buffer_exhausted: u64,
    /// Requests of every kind.
    pub requests: u64,
    /// Produce requests that were answered.
    pub produce_answers: u64,
    /// Microseconds between a Produce request and its answer, summed up.
    pub latency_micros: u64,
    /// The longest of those.
    pub latency_micros_max: u64,
    /// Bytes handed to connections.
    pub bytes_out: u64,
    /// Bytes received.
    pub bytes_in: u64,
    /// Connections that failed or broke.
    pub connections_lost: u64,
}

impl Counters {
    pub(crate) fn drained(&mut self, records: u32, bytes: usize, queued_micros: u64) {
        self.records_sent += u64::from(records);
        self.batches_sent += 1;
        self.batch_bytes += bytes as u64;
        self.queue_micros = self.queue_micros.saturating_add(queued_micros);
    }

    pub(crate) fn produce_answered(&mut self, latency_micros: u64) {
        self.produce_answers += 1;
        self.latency_micros = self.latency_micros.saturating_add(latency_micros);
        self.latency_micros_max = self.latency_micros_max.max(latency_micros);
    }
}
