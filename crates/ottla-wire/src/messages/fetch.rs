//! Fetch: reads record batches.

use alloc::string::String;
use alloc::vec::Vec;

use bytes::Bytes;

use crate::error_code::ErrorCode;
use crate::primitives::Uuid;
use crate::schema::{messages, schema};

schema! {
    /// Asks for record batches.
    pub struct FetchRequest {
        /// The cluster that the asker takes this one for; only between controllers.
        cluster_id: Option<String> [12.., null 12.., tag 0, ignorable] = None;
        /// The follower that asks, up to version 14; -1 for a client.
        replica_id: i32 [0..=14] = -1;
        /// The follower that asks, from version 15 on (KIP-903); `None` for a client.
        replica_state: Option<ReplicaState> [15.., tag 1];
        /// Milliseconds that the leader may wait for `min_bytes`.
        max_wait_ms: i32 [0..];
        /// Bytes that make an answer worthwhile.
        min_bytes: i32 [0..];
        /// Bytes that the answer should not exceed; its first batch may.
        max_bytes: i32 [3.., ignorable] = i32::MAX;
        /// 0: up to the high watermark; 1: up to the last stable offset.
        isolation_level: i8 [4.., ignorable];
        /// The incremental session (KIP-227); 0 for none.
        session_id: i32 [7.., ignorable];
        /// The place in the session; -1 for no session, 0 to open one.
        session_epoch: i32 [7.., ignorable] = -1;
        /// The partitions to read.
        topics: Vec<FetchTopic> [0..];
        /// The partitions to drop from the session.
        forgotten_topics_data: Vec<ForgottenTopic> [7..];
        /// The reader's rack, to read from a replica nearby (KIP-392).
        rack_id: String [11.., ignorable];
    }

    /// A follower that asks.
    pub struct ReplicaState {
        /// Its node id; -1 for a client.
        replica_id: i32 [15..] = -1;
        /// Its epoch; -1 if unknown.
        replica_epoch: i64 [15..] = -1;
    }

    /// The partitions of one topic to read.
    pub struct FetchTopic {
        /// The topic, up to version 12.
        topic: String [0..=12, ignorable];
        /// The topic, from version 13 on (KIP-516).
        topic_id: Uuid [13.., ignorable];
        /// One entry per partition.
        partitions: Vec<FetchPartition> [0..];
    }

    /// A partition to read.
    pub struct FetchPartition {
        /// The partition.
        partition: i32 [0..];
        /// The leader's epoch as the reader knows it, so that a deposed leader refuses; -1 if unknown.
        current_leader_epoch: i32 [9.., ignorable] = -1;
        /// The first offset wanted.
        fetch_offset: i64 [0..];
        /// Epoch of the last record read, to notice a truncation; -1 if unknown.
        last_fetched_epoch: i32 [12..] = -1;
        /// First offset of a follower's log; -1 for a client.
        log_start_offset: i64 [5.., ignorable] = -1;
        /// Bytes wanted of this partition; its first batch may exceed them.
        partition_max_bytes: i32 [0..];
        /// The directory in which a follower keeps it (KIP-853).
        replica_directory_id: Uuid [17.., tag 0, ignorable];
        /// The high watermark that a follower knows (KIP-1166); `i64::MAX` if it does not say.
        high_watermark: i64 [18.., tag 1, ignorable] = i64::MAX;
    }

    /// Partitions to drop from the session.
    pub struct ForgottenTopic {
        /// The topic, up to version 12.
        topic: String [7..=12, ignorable];
        /// The topic, from version 13 on.
        topic_id: Uuid [13.., ignorable];
        /// The partitions.
        partitions: Vec<i32> [7..];
    }

    /// Record batches.
    pub struct FetchResponse {
        /// Milliseconds for which the client should be quiet.
        throttle_time_ms: i32 [1.., ignorable];
        /// What went wrong as a whole, if anything.
        error_code: ErrorCode [7.., ignorable];
        /// The session that was opened or continued; 0 for none.
        session_id: i32 [7..];
        /// One entry per topic.
        responses: Vec<FetchableTopicResponse> [0..];
        /// Where the leaders named in the responses are (KIP-951).
        node_endpoints: Vec<NodeEndpoint> [16.., tag 0];
    }

    /// The batches of one topic.
    pub struct FetchableTopicResponse {
        /// The topic, up to version 12.
        topic: String [0..=12, ignorable];
        /// The topic, from version 13 on.
        topic_id: Uuid [13.., ignorable];
        /// One entry per partition.
        partitions: Vec<PartitionData> [0..];
    }

    /// The batches of one partition.
    pub struct PartitionData {
        /// The partition.
        partition_index: i32 [0..];
        /// What went wrong, if anything.
        error_code: ErrorCode [0..];
        /// Offset up to which the log is replicated, exclusive.
        high_watermark: i64 [0..];
        /// Offset up to which transactions are decided, exclusive; -1 if unknown.
        last_stable_offset: i64 [4.., ignorable] = -1;
        /// First offset that the log still has; -1 if unknown.
        log_start_offset: i64 [5.., ignorable] = -1;
        /// Where the reader's log and this one part, if they do.
        diverging_epoch: Option<EpochEndOffset> [12.., tag 0];
        /// The leader to go to, if it is another.
        current_leader: Option<LeaderIdAndEpoch> [12.., tag 1];
        /// The snapshot to fetch instead; only between controllers.
        snapshot_id: Option<SnapshotId> [12.., tag 2];
        /// Transactions that were aborted among the records; `None` unless the reader reads only committed ones.
        aborted_transactions: Option<Vec<AbortedTransaction>> [4.., null 4.., ignorable] = Some(Vec::new());
        /// The replica nearby that the reader should ask; -1 for none.
        preferred_read_replica: i32 [11..] = -1;
        /// Whole record batches, of which the last may be cut off.
        records: Option<Bytes> [0.., null 0..];
    }

    /// Where logs part.
    pub struct EpochEndOffset {
        /// The largest epoch that both have; -1 if unknown.
        epoch: i32 [12..] = -1;
        /// Where it ends here; -1 if unknown.
        end_offset: i64 [12..] = -1;
    }

    /// A leader.
    pub struct LeaderIdAndEpoch {
        /// Its node id; -1 if unknown.
        leader_id: i32 [12..] = -1;
        /// Its epoch; -1 if unknown.
        leader_epoch: i32 [12..] = -1;
    }

    /// A snapshot of the controllers' log.
    pub struct SnapshotId {
        /// The offset up to which it goes; -1 for none.
        end_offset: i64 [0..] = -1;
        /// The epoch of its last record; -1 for none.
        epoch: i32 [0..] = -1;
    }

    /// A transaction that was aborted.
    pub struct AbortedTransaction {
        /// Whose it was.
        producer_id: i64 [4..];
        /// Its first offset.
        first_offset: i64 [4..];
    }

    /// Where a node is.
    pub struct NodeEndpoint {
        /// Its node id.
        node_id: i32 [16..];
        /// Its host name.
        host: String [16..];
        /// Its port.
        port: i32 [16..];
        /// Its rack, if it has one.
        rack: Option<String> [16.., null 16..] = None;
    }
}

messages! {
    FetchRequest: Fetch;
    FetchResponse: Fetch;
}
