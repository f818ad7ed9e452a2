//! Produce: appends record batches to partitions.

mod parts;

use alloc::string::String;
use alloc::vec::Vec;

use bytes::Bytes;

pub use parts::{PartitionParts, ProduceRequestParts, TopicParts};

use crate::error_code::ErrorCode;
use crate::primitives::Uuid;
use crate::schema::{messages, schema};

schema! {
    /// Record batches to append.
    pub struct ProduceRequest {
        /// `None` outside of transactions.
        transactional_id: Option<String> [3.., null 3..] = None;
        /// 0: no answer; 1: when the leader has it; -1: when all replicas in sync have it.
        acks: i16 [0..];
        /// Milliseconds that the leader may wait for the replicas.
        timeout_ms: i32 [0..];
        /// One entry per topic.
        topic_data: Vec<TopicProduceData> [0..];
    }

    /// The batches of one topic.
    pub struct TopicProduceData {
        /// The topic, up to version 12.
        name: String [0..=12, ignorable];
        /// The topic, from version 13 on (KIP-516).
        topic_id: Uuid [13.., ignorable];
        /// One entry per partition.
        partition_data: Vec<PartitionProduceData> [0..];
    }

    /// The batch of one partition.
    pub struct PartitionProduceData {
        /// The partition.
        index: i32 [0..];
        /// Exactly one record batch.
        records: Option<Bytes> [0.., null 0..];
    }

    /// What became of the batches.
    pub struct ProduceResponse {
        /// One entry per topic.
        responses: Vec<TopicProduceResponse> [0..];
        /// Milliseconds for which the client should be quiet. The request succeeded nevertheless.
        throttle_time_ms: i32 [1.., ignorable];
        /// Where the leaders named in the responses are (KIP-951).
        node_endpoints: Vec<NodeEndpoint> [10.., tag 0];
    }

    /// What became of the batches of one topic.
    pub struct TopicProduceResponse {
        /// The topic, up to version 12.
        name: String [0..=12, ignorable];
        /// The topic, from version 13 on (KIP-516).
        topic_id: Uuid [13.., ignorable];
        /// One entry per partition.
        partition_responses: Vec<PartitionProduceResponse> [0..];
    }

    /// What became of the batch of one partition.
    pub struct PartitionProduceResponse {
        /// The partition.
        index: i32 [0..];
        /// What went wrong, if anything.
        error_code: ErrorCode [0..];
        /// Offset of the first record; -1 if it was not appended.
        base_offset: i64 [0..];
        /// When the broker appended it, in ms since the epoch; -1 if the topic keeps the producer's timestamps.
        log_append_time_ms: i64 [2.., ignorable] = -1;
        /// First offset that the partition still has; -1 if unknown.
        log_start_offset: i64 [5.., ignorable] = -1;
        /// The records because of which the batch was refused (KIP-467).
        record_errors: Vec<BatchIndexAndErrorMessage> [8.., ignorable];
        /// Why the batch was refused, in words.
        error_message: Option<String> [8.., null 8.., ignorable] = None;
        /// The leader to go to, with `NOT_LEADER_OR_FOLLOWER` and `FENCED_LEADER_EPOCH` (KIP-951).
        current_leader: Option<LeaderIdAndEpoch> [10.., tag 0];
    }

    /// A record because of which its batch was refused.
    pub struct BatchIndexAndErrorMessage {
        /// Its place in the batch.
        batch_index: i32 [8..];
        /// What is wrong with it.
        batch_index_error_message: Option<String> [8.., null 8..] = None;
    }

    /// A leader.
    pub struct LeaderIdAndEpoch {
        /// Its node id; -1 if unknown.
        leader_id: i32 [10..] = -1;
        /// Its epoch; -1 if unknown.
        leader_epoch: i32 [10..] = -1;
    }

    /// Where a node is.
    pub struct NodeEndpoint {
        /// Its node id.
        node_id: i32 [10..];
        /// Its host name.
        host: String [10..];
        /// Its port.
        port: i32 [10..];
        /// Its rack, if it has one.
        rack: Option<String> [10.., null 10..] = None;
    }
}

messages! {
    ProduceRequest: Produce;
    ProduceResponse: Produce;
}
