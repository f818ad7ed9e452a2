//! The whole state of a client at one moment, as far as a reader of the trace needs it.

use crate::{
    event::{BatchId, ConnId, KeyIx, NodeId, PartitionView, RecordId, TopicIx},
    json::json_structs,
};
use alloc::{string::String, vec::Vec};

json_structs! {
    /// The state of a client.
    #[derive(Clone, Debug, Default, PartialEq)]
    pub struct Snapshot {
        /// `client.id`.
        pub client_id: String,
        /// The effective configuration, name and value.
        pub config: Vec<(String, String)>,
        /// Interned topics.
        pub topics: Vec<(TopicIx, String)>,
        /// Interned keys.
        pub keys: Vec<(KeyIx, String)>,
        /// Brokers with the addresses that they advertise.
        pub nodes: Vec<(NodeId, String, i32)>,
        /// Partitions.
        pub partitions: Vec<PartitionView>,
        /// Batches that are not resolved, in the order of their queues.
        pub batches: Vec<BatchView>,
        /// Connections that are not closed.
        pub connections: Vec<ConnectionView>,
        /// Producer id, or -1.
        pub producer_id: i64,
        /// Producer epoch, or -1.
        pub epoch: i16,
        /// Bytes of `buffer.memory` in use.
        pub memory_used: u64,
        /// `buffer.memory`.
        pub memory_total: u64,
        /// Records accepted so far.
        pub accepted: u64,
        /// Records acknowledged so far.
        pub acked: u64,
        /// Records failed so far.
        pub failed: u64,
    }

    /// A batch that is not resolved.
    #[derive(Clone, Debug, PartialEq)]
    pub struct BatchView {
        /// Its number.
        pub batch: BatchId,
        /// Topic.
        pub topic: TopicIx,
        /// Partition.
        pub partition: i32,
        /// When it was opened (microseconds of the trace).
        pub opened: u64,
        /// Bytes that it may grow to.
        pub capacity: u32,
        /// Bytes that it has, with its header.
        pub bytes: u32,
        /// Its records (empty below level `record`).
        pub records: Vec<RecordId>,
        /// Number of records.
        pub count: u32,
        /// Whether it takes records.
        pub open: bool,
        /// How often it was sent.
        pub attempts: u32,
        /// Sequence of the first record, or -1.
        pub sequence: i32,
        /// The request that it is in, if it is in flight.
        pub in_flight: Option<(ConnId, i32)>,
    }

    /// A connection.
    #[derive(Clone, Debug, PartialEq)]
    pub struct ConnectionView {
        /// Its number.
        pub conn: ConnId,
        /// The node; `None` for a bootstrap address.
        pub node: Option<NodeId>,
        /// What was dialled.
        pub address: String,
        /// Whether requests may go out.
        pub ready: bool,
        /// Correlation ids in flight.
        pub in_flight: Vec<i32>,
    }
}
