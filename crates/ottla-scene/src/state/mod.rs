//! The whole picture at one moment: a fold of the trace's events.
//!
//! Nothing here looks at a clock, and nothing is kept between two states: what is drawn at `t` is
//! `events[..n].fold(State::default())` and `t`, however one got there. The fold is total: an event that names
//! something unknown (a trace that began late, an edited file) is passed over, never a panic.

mod batch;
mod cluster;
mod fold;
mod fold_batch;
mod fold_cluster;
mod fold_record;
mod fold_snapshot;
mod fold_wire;
mod ledger;
mod query;
mod record;
mod table;
mod wire;

#[cfg(test)]
mod tests;

use std::collections::VecDeque;

use ottla_sorted::SortedMap;
use ottla_trace::event::{BatchId, ConnId, KeyIx, Ledger, NodeId, PartitionView, RecordId, TopicIx};

pub use batch::{Attempt, AttemptEnd, Batch, Phase, Sealed, Stamp};
pub use cluster::{Broker, Leadership, Log, Segment};
pub(crate) use fold_batch::BATCH_HEADER;
pub use ledger::{Counts, LedgerView};
pub use query::{Lane, PipeState, RecordAt};
pub use record::{Place, Record, Route};
pub use table::Table;
pub use wire::{ConnPhase, Connection, Position, Request, Travel};

/// Records and batches that are kept; the oldest are forgotten first. Only a live session gets there.
const KEEP: usize = 200_000;

/// A topic and a partition.
pub type Partition = (TopicIx, i32);

/// Everything that can be drawn.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct State {
    /// Time of the last event.
    pub t: u64,
    /// Events folded so far.
    pub events: u64,
    /// `client.id`.
    pub client_id: String,
    /// The effective configuration.
    pub config: SortedMap<String, String>,
    /// Topic names.
    pub topics: SortedMap<TopicIx, String>,
    /// Keys as text.
    pub keys: SortedMap<KeyIx, String>,
    /// Brokers.
    pub brokers: SortedMap<NodeId, Broker>,
    /// What the client believes about partitions.
    pub belief: SortedMap<Partition, PartitionView>,
    /// Since when it believes its present leader.
    pub believed_since: SortedMap<Partition, u64>,
    /// What the controller says about them, where a trace of a simulation tells.
    pub truth: SortedMap<Partition, Leadership>,
    /// Logs by replica.
    pub logs: SortedMap<(NodeId, Partition), Log>,
    /// Records by number.
    pub records: Table<Record>,
    /// Batches by number.
    pub batches: Table<Batch>,
    /// Unresolved batches in the order in which they will be sent.
    pub queues: SortedMap<Partition, Vec<BatchId>>,
    /// Records that wait for metadata, in order.
    pub awaiting: VecDeque<RecordId>,
    /// The record that is inside `send` right now, if the last event was about one.
    pub entering: Option<RecordId>,
    /// When it entered.
    t_entering: u64,
    /// Connections by number.
    pub connections: SortedMap<ConnId, Connection>,
    /// Requests that are not finished.
    pub requests: SortedMap<(ConnId, i32), Request>,
    /// Until when the client keeps quiet towards a node.
    pub throttled: SortedMap<NodeId, u64>,
    /// Producer id and epoch.
    pub identity: Option<(i64, i16)>,
    /// `buffer.memory` in use, and all of it.
    pub memory: (u64, u64),
    /// How often `send` gave a record back because the buffer was full.
    pub full: u64,
    /// The client's own count.
    pub counts: Counts,
    /// The oracle's count.
    pub oracle: Option<Ledger>,
    /// Records with an extraordinary fate, in the order of the verdicts.
    pub verdicts: Vec<RecordId>,
    /// The last fault that was injected.
    pub fault: Option<(u64, String)>,
    /// Events that the trace lost.
    pub lost_events: u64,
    /// Whether events of brokers or of a world were seen: then logs are the truth and nothing is hatched.
    pub observed: bool,
    /// Whether the producer is closing or closed.
    pub closing: bool,
    /// Whether the client's part began at its start or at a snapshot.
    attached: bool,
}
