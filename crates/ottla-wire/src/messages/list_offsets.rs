//! ListOffsets: offsets by timestamp, also the first and the last.

use alloc::string::String;
use alloc::vec::Vec;

use crate::error_code::ErrorCode;
use crate::schema::{messages, schema};

/// Timestamp that asks for the offset after the last record.
pub const LATEST_TIMESTAMP: i64 = -1;

/// Timestamp that asks for the offset of the first record.
pub const EARLIEST_TIMESTAMP: i64 = -2;

/// Timestamp that asks for the record with the largest timestamp (version 7 and later, KIP-734).
pub const MAX_TIMESTAMP: i64 = -3;

schema! {
    /// Asks for offsets.
    pub struct ListOffsetsRequest {
        /// The follower that asks; -1 for a client.
        replica_id: i32 [0..];
        /// 0: up to the high watermark; 1: up to the last stable offset.
        isolation_level: i8 [2..];
        /// One entry per topic.
        topics: Vec<ListOffsetsTopic> [0..];
        /// Milliseconds that the leader may wait for offsets from remote storage.
        timeout_ms: i32 [10.., ignorable];
    }

    /// The partitions of one topic.
    pub struct ListOffsetsTopic {
        /// The topic.
        name: String [0..];
        /// One entry per partition.
        partitions: Vec<ListOffsetsPartition> [0..];
    }

    /// One offset asked for.
    pub struct ListOffsetsPartition {
        /// The partition.
        partition_index: i32 [0..];
        /// The leader's epoch as the client knows it, so that a deposed leader refuses; -1 if unknown.
        current_leader_epoch: i32 [4.., ignorable] = -1;
        /// Milliseconds since the epoch: the offset of the first record with this timestamp or a later one.
        /// Negative ones are special, see [`LATEST_TIMESTAMP`].
        timestamp: i64 [0..];
    }

    /// The offsets.
    pub struct ListOffsetsResponse {
        /// Milliseconds for which the client should be quiet.
        throttle_time_ms: i32 [2.., ignorable];
        /// One entry per topic.
        topics: Vec<ListOffsetsTopicResponse> [0..];
    }

    /// The offsets of one topic.
    pub struct ListOffsetsTopicResponse {
        /// The topic.
        name: String [0..];
        /// One entry per partition.
        partitions: Vec<ListOffsetsPartitionResponse> [0..];
    }

    /// One offset.
    pub struct ListOffsetsPartitionResponse {
        /// The partition.
        partition_index: i32 [0..];
        /// What went wrong, if anything.
        error_code: ErrorCode [0..];
        /// The record's timestamp; -1 if there is none.
        timestamp: i64 [1..] = -1;
        /// The offset; -1 if there is none.
        offset: i64 [1..] = -1;
        /// Epoch of the leader that appended the record; -1 if unknown.
        leader_epoch: i32 [4..] = -1;
    }
}

messages! {
    ListOffsetsRequest: ListOffsets;
    ListOffsetsResponse: ListOffsets;
}
