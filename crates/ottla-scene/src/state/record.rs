//! One record, and where it is.

use ottla_trace::event::{BatchId, KeyIx, PartitionedBy, RecordId, TopicIx, Verdict};

/// A record that `send` accepted.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// Its number.
    pub id: RecordId,
    /// Topic.
    pub topic: TopicIx,
    /// Key; `None` is the null key.
    pub key: Option<KeyIx>,
    /// Serialized key in bytes, -1 when null.
    pub key_bytes: i32,
    /// Serialized value in bytes, -1 when null.
    pub value_bytes: i32,
    /// Number of headers.
    pub headers: u32,
    /// Milliseconds since the epoch.
    pub timestamp: i64,
    /// When `send` took it (microseconds of the trace, as all times here).
    pub accepted: u64,
    /// Since when it waits for metadata.
    pub awaiting: Option<u64>,
    /// Its partition, once it has one.
    pub route: Option<Route>,
    /// Its batch, once it is in one.
    pub place: Option<Place>,
    /// When and why it failed outside a batch.
    pub failed: Option<(u64, String)>,
    /// What the oracle says about it, if it is extraordinary.
    pub verdict: Option<Verdict>,
}

/// Which partition a record goes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Route {
    /// The partition.
    pub partition: i32,
    /// Partitions of the topic at that moment.
    pub of: i32,
    /// Who chose.
    pub by: PartitionedBy,
    /// When.
    pub at: u64,
}

/// Where in a batch a record is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The batch.
    pub batch: BatchId,
    /// Position in it, from 0.
    pub index: u32,
    /// Serialized size in the batch.
    pub bytes: u32,
    /// When.
    pub at: u64,
}
