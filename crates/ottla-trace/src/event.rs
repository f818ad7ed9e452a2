//! Every event.

mod parts;

use crate::{Snapshot, json::json_enums};
use alloc::{string::String, vec::Vec};

pub use parts::*;

/// A record, numbered by the producer in the order of acceptance.
pub type RecordId = u64;
/// A batch, numbered by the producer in the order of opening.
pub type BatchId = u64;
/// A connection, numbered by the producer in the order of dialling; never reused.
pub type ConnId = u32;
/// A Kafka node id.
pub type NodeId = i32;
/// An interned topic name.
pub type TopicIx = u32;
/// An interned record key.
pub type KeyIx = u32;

json_enums! {
    /// What happened.
    #[derive(Clone, Debug, PartialEq)]
    pub enum Event {
        // ---- any source
        /// A name for a number that later events use.
        Define(define: Define),
        /// The whole state of the source, so that a reader may begin here.
        Snapshot(snapshot: Snapshot),
        /// This many events were dropped because nobody read them in time; a `Snapshot` follows.
        Lost {
            /// How many.
            count: u64,
        },

        // ---- client: its start
        /// The producer started.
        Started {
            /// `client.id`.
            client_id: String,
            /// Wall clock at `t` = 0 in milliseconds since the epoch, if the shell told it.
            epoch_ms: Option<i64>,
            /// The effective configuration, name and value.
            config: Vec<(String, String)>,
        },

        // ---- client: one record (level `record`)
        /// `send` took the record: it is charged to `buffer.memory` and has a [`RecordId`].
        Accepted {
            /// Its number.
            record: RecordId,
            /// Its topic.
            topic: TopicIx,
            /// Its key; `None` is the null key.
            key: Option<KeyIx>,
            /// Size of the serialized key, -1 when null.
            key_bytes: i32,
            /// Size of the serialized value, -1 when null (a tombstone).
            value_bytes: i32,
            /// Number of headers.
            headers: u32,
            /// Milliseconds since the epoch.
            timestamp: i64,
        },
        /// The record waits until its topic's metadata is known (at most `max.block.ms`).
        AwaitingMetadata {
            /// The record.
            record: RecordId,
        },
        /// The record has a partition.
        Partitioned {
            /// The record.
            record: RecordId,
            /// The partition.
            partition: i32,
            /// Number of partitions of the topic at that moment.
            of: i32,
            /// Who chose.
            by: PartitionedBy,
        },
        /// The record is in a batch.
        Appended {
            /// The record.
            record: RecordId,
            /// The batch.
            batch: BatchId,
            /// Its place in the batch, from 0.
            index: u32,
            /// Its serialized size in the batch.
            bytes: u32,
        },
        /// A record failed outside a batch (too large, or metadata did not come in time).
        RecordFailed {
            /// The record.
            record: RecordId,
            /// Name of the error.
            error: String,
        },

        // ---- client: one batch
        /// A batch was begun.
        BatchOpened {
            /// Its number.
            batch: BatchId,
            /// Topic.
            topic: TopicIx,
            /// Partition.
            partition: i32,
            /// Bytes that it may grow to (`batch.size`, or more for one large record).
            capacity: u32,
        },
        /// No record is added any more.
        BatchClosed {
            /// The batch.
            batch: BatchId,
            /// Why.
            because: CloseReason,
            /// Records in it.
            records: u32,
            /// Bytes, before compression, with the batch header of 61 bytes.
            bytes: u32,
        },
        /// The records are compressed (once; a retry sends the same bytes).
        Sealed {
            /// The batch.
            batch: BatchId,
            /// `none`, `gzip`, `snappy`, `lz4` or `zstd`.
            codec: String,
            /// Bytes before, with header.
            raw_bytes: u32,
            /// Bytes after, with header.
            bytes: u32,
        },
        /// The batch got producer id, epoch and sequence.
        Stamped {
            /// The batch.
            batch: BatchId,
            /// Producer id.
            producer_id: i64,
            /// Producer epoch.
            epoch: i16,
            /// Sequence of its first record.
            sequence: i32,
        },
        /// The batch left its queue for a request.
        Drained {
            /// The batch.
            batch: BatchId,
            /// The leader as the client knows it.
            node: NodeId,
            /// The connection.
            conn: ConnId,
            /// The request's correlation id on that connection.
            correlation: i32,
            /// How often it has been sent before.
            attempt: u32,
        },
        /// The broker has it.
        Acked {
            /// The batch.
            batch: BatchId,
            /// Offset of its first record; -1 when unknown (acks=0, duplicate).
            base_offset: i64,
            /// Broker time, when the topic uses `LogAppendTime`, else -1.
            log_append_time: i64,
        },
        /// The batch goes back to the head of its queue.
        Retry {
            /// The batch.
            batch: BatchId,
            /// Kafka's name of the error.
            because: String,
            /// How often it has been sent.
            attempt: u32,
            /// Not before this time (microseconds of the trace).
            not_before: u64,
            /// Whether the broker may have it already.
            persisted: Persisted,
        },
        /// The batch's records failed.
        Failed {
            /// The batch.
            batch: BatchId,
            /// Kafka's name of the error.
            error: String,
            /// Whether the broker may have it.
            persisted: Persisted,
        },
        /// `delivery.timeout.ms` ran out.
        Expired {
            /// The batch.
            batch: BatchId,
            /// Whether the broker may have it.
            persisted: Persisted,
        },
        /// The batch was too large for the broker and was split.
        Split {
            /// The batch.
            batch: BatchId,
            /// The batches that take its place, in order.
            into: Vec<BatchId>,
        },
        /// A batch that may be in the log was sent again without an identity that lets the broker notice.
        MaybeDuplicated {
            /// The batch.
            batch: BatchId,
        },

        // ---- client: requests and connections
        /// A request was handed to the connection.
        RequestQueued {
            /// The connection.
            conn: ConnId,
            /// Its number on the connection.
            correlation: i32,
            /// Kafka's name of the API.
            api: String,
            /// Version.
            version: i16,
            /// Bytes with the length prefix.
            bytes: u32,
            /// Batches in it.
            batches: Vec<BatchId>,
            /// Number of requests now in flight on the connection.
            in_flight: u32,
        },
        /// The last byte of the request left the process.
        RequestWritten {
            /// The connection.
            conn: ConnId,
            /// The request.
            correlation: i32,
        },
        /// The answer was read.
        ResponseRead {
            /// The connection.
            conn: ConnId,
            /// The request.
            correlation: i32,
            /// Microseconds since the request was queued.
            latency: u64,
            /// The broker's wish, in milliseconds.
            throttle_ms: u32,
        },
        /// The client keeps quiet towards the node until then.
        Throttled {
            /// The node.
            node: NodeId,
            /// Time of the trace.
            until: u64,
        },
        /// A connection is asked for.
        Dialing {
            /// Its number.
            conn: ConnId,
            /// The node; `None` for a bootstrap address.
            node: Option<NodeId>,
            /// What is dialled.
            address: String,
        },
        /// The connection is open.
        Connected {
            /// The connection.
            conn: ConnId,
        },
        /// API versions are agreed: requests may go out.
        Ready {
            /// The connection.
            conn: ConnId,
            /// Version of Produce that will be used.
            produce_version: i16,
        },
        /// The connection is gone.
        Disconnected {
            /// The connection.
            conn: ConnId,
            /// The node that it was for.
            node: Option<NodeId>,
            /// Why.
            because: String,
        },
        /// The client asks for metadata of these topics (all that it follows when empty).
        MetadataRequested {
            /// Topics.
            topics: Vec<TopicIx>,
            /// Why.
            because: String,
        },
        /// What the client now believes about the cluster.
        MetadataUpdated {
            /// The brokers.
            nodes: Vec<NodeId>,
            /// The partitions of the topics that the client follows.
            partitions: Vec<PartitionView>,
        },

        // ---- client: identity and memory
        /// The producer has an identity.
        ProducerId {
            /// Producer id.
            producer_id: i64,
            /// Epoch.
            epoch: i16,
        },
        /// The epoch went up (KIP-360).
        EpochBumped {
            /// Producer id.
            producer_id: i64,
            /// The new epoch.
            epoch: i16,
            /// Why.
            because: String,
        },
        /// `buffer.memory` in use changed (level `batch`: when a batch opens or ends).
        Memory {
            /// Bytes in use.
            used: u64,
            /// `buffer.memory`.
            total: u64,
        },
        /// `send` gave a record back because `buffer.memory` is exhausted.
        Full,
        /// A flush began.
        FlushStarted {
            /// Its number.
            flush: u64,
        },
        /// Every record accepted before that flush is resolved.
        Flushed {
            /// Its number.
            flush: u64,
        },
        /// The producer is closing, or closed.
        Closing,
        /// All resources are returned.
        Closed,

        // ---- broker (simulation)
        /// The leader appended a batch to its log.
        LogAppended {
            /// Topic.
            topic: TopicIx,
            /// Partition.
            partition: i32,
            /// Offset of the first record.
            base_offset: i64,
            /// Number of records.
            count: u32,
            /// The connection that it came from, when it is the traced client's.
            conn: Option<ConnId>,
            /// The request on that connection.
            correlation: i32,
            /// Producer id, or -1.
            producer_id: i64,
            /// Sequence, or -1.
            sequence: i32,
        },
        /// The leader refused or recognised a batch.
        LogRefused {
            /// Topic.
            topic: TopicIx,
            /// Partition.
            partition: i32,
            /// Kafka's name of the error; `NONE` for a duplicate that is answered with its old offset.
            error: String,
            /// The connection.
            conn: Option<ConnId>,
            /// The request.
            correlation: i32,
        },
        /// A follower's log now ends here.
        Replicated {
            /// Topic.
            topic: TopicIx,
            /// Partition.
            partition: i32,
            /// Log end offset.
            log_end: i64,
        },
        /// The high watermark moved on this replica.
        HighWatermark {
            /// Topic.
            topic: TopicIx,
            /// Partition.
            partition: i32,
            /// The offset below which records are committed.
            offset: i64,
        },
        /// A replica cut its log to follow a new leader.
        Truncated {
            /// Topic.
            topic: TopicIx,
            /// Partition.
            partition: i32,
            /// New log end offset.
            log_end: i64,
        },

        // ---- world (simulation)
        /// Bytes are under way between client and broker.
        InFlight {
            /// The connection.
            conn: ConnId,
            /// The request.
            correlation: i32,
            /// Whether it is the answer.
            answer: bool,
            /// The broker.
            node: NodeId,
            /// When it arrives (microseconds of the trace).
            arrives: u64,
        },
        /// The state of a broker process.
        BrokerState {
            /// The broker.
            node: NodeId,
            /// Its state.
            state: BrokerState,
            /// When the controller will fence it, unless it is heard of before: a silent broker whose session
            /// (`broker.session.timeout.ms`) still runs.
            fenced_at: Option<u64>,
        },
        /// The controller's word about a partition.
        Leader {
            /// Topic.
            topic: TopicIx,
            /// Partition.
            partition: i32,
            /// Leader, -1 when offline.
            leader: NodeId,
            /// Leader epoch.
            epoch: i32,
            /// Replicas in the order of preference.
            replicas: Vec<NodeId>,
            /// In-sync replicas.
            isr: Vec<NodeId>,
        },
        /// A fault was injected, in words for people.
        Fault {
            /// Which.
            what: String,
        },
        /// The oracle's count, whenever it changes.
        Ledger(ledger: Ledger),
        /// A record's fate as the oracle knows it, when it is not the ordinary one (level `record`).
        Verdict {
            /// The record.
            record: RecordId,
            /// The fate.
            verdict: Verdict,
        },
    }
}
