//! One batch: what is in it, what it waits for, and how often it was sent.

use ottla_trace::event::{BatchId, CloseReason, ConnId, NodeId, Persisted, RecordId, TopicIx};

/// A batch from its opening to its end.
#[derive(Clone, Debug, PartialEq)]
pub struct Batch {
    /// Its number.
    pub id: BatchId,
    /// Topic.
    pub topic: TopicIx,
    /// Partition.
    pub partition: i32,
    /// When it was opened.
    pub opened: u64,
    /// Bytes that it may grow to.
    pub capacity: u32,
    /// Bytes so far, uncompressed, with the header of 61 bytes.
    pub bytes: u32,
    /// Number of records.
    pub count: u32,
    /// Its records in order; empty in a trace of level `batch`.
    pub records: Vec<RecordId>,
    /// When and why it took no more records.
    pub closed: Option<(u64, CloseReason)>,
    /// When it was compressed, and to what.
    pub sealed: Option<Sealed>,
    /// Its identity, once it was stamped.
    pub stamp: Option<Stamp>,
    /// What happens to it now.
    pub phase: Phase,
    /// Every time it was sent.
    pub attempts: Vec<Attempt>,
    /// Whether the broker has it, as far as the client knows.
    pub persisted: Persisted,
    /// Whether it was sent again in a way that may have written it twice.
    pub maybe_duplicated: bool,
}

/// The result of compression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sealed {
    /// When.
    pub at: u64,
    /// `none`, `gzip`, `snappy`, `lz4` or `zstd`.
    pub codec: String,
    /// Bytes on the wire, with header.
    pub bytes: u32,
}

/// Producer id, epoch and first sequence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// Producer id.
    pub producer_id: i64,
    /// Epoch.
    pub epoch: i16,
    /// Sequence of the first record.
    pub sequence: i32,
}

/// What happens to a batch.
#[derive(Clone, Debug, PartialEq)]
pub enum Phase {
    /// It takes records.
    Open,
    /// It waits for its leader's connection to have room.
    Ready,
    /// It is part of a request that is not answered.
    InFlight {
        /// The connection.
        conn: ConnId,
        /// The request.
        correlation: i32,
    },
    /// It waits to be sent again.
    Retry {
        /// Since when.
        since: u64,
        /// Not before this.
        not_before: u64,
        /// Kafka's name of the error.
        because: String,
    },
    /// The application was told that it is delivered.
    Acked {
        /// When.
        at: u64,
        /// Offset of the first record, -1 when unknown.
        base_offset: i64,
    },
    /// The application was told that it failed.
    Failed {
        /// When.
        at: u64,
        /// Kafka's name of the error.
        error: String,
    },
    /// Others took its place.
    Split {
        /// When.
        at: u64,
        /// The others.
        into: Vec<BatchId>,
    },
}

/// One sending of a batch.
#[derive(Clone, Debug, PartialEq)]
pub struct Attempt {
    /// The connection.
    pub conn: ConnId,
    /// The request.
    pub correlation: i32,
    /// The leader as the client knew it.
    pub node: NodeId,
    /// When the batch left its queue.
    pub drained: u64,
    /// When a simulated leader wrote it into its log.
    pub appended: Option<u64>,
    /// When and how the attempt ended.
    pub ended: Option<(u64, AttemptEnd)>,
}

/// How a sending ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AttemptEnd {
    /// The broker has it.
    Acked,
    /// The broker answered with this error.
    Refused(String),
    /// Nobody answered: the connection went away, or time ran out. Carries Kafka's name of the error.
    Lost(String),
}

impl Batch {
    /// Whether the application does not know yet what became of it.
    pub fn unresolved(&self) -> bool {
        matches!(
            self.phase,
            Phase::Open | Phase::Ready | Phase::InFlight { .. } | Phase::Retry { .. }
        )
    }

    /// Whether it stands in its partition's queue.
    pub fn queued(&self) -> bool {
        matches!(self.phase, Phase::Open | Phase::Ready | Phase::Retry { .. })
    }

    /// When the application was told, and whether it was good news.
    pub fn told(&self) -> Option<(u64, bool)> {
        match self.phase {
            Phase::Acked { at, .. } => Some((at, true)),
            Phase::Failed { at, .. } => Some((at, false)),
            _ => None,
        }
    }
}
