//! DescribeTopicPartitions (KIP-966).

use alloc::string::String;
use alloc::vec::Vec;

use crate::error_code::ErrorCode;
use crate::primitives::{DecodeError, EncodeError, Format, Reader, Uuid, Value, Writer};
use crate::schema::{messages, schema};

/// A struct that may be null: one byte, -1 for null and 1 otherwise, stands before it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Nullable<T>(pub Option<T>);

impl<T: Value> Value for Nullable<T> {
    fn write(&self, format: Format, w: &mut Writer) -> Result<(), EncodeError> {
        match &self.0 {
            None => (-1_i8).write(format, w),
            Some(value) => {
                1_i8.write(format, w)?;
                value.write(format, w)
            }
        }
    }
    fn read(format: Format, r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let there = i8::read(format, r)? >= 0;
        Ok(Self(there.then(|| T::read(format, r)).transpose()?))
    }
    fn is_null(&self) -> bool {
        self.0.is_none()
    }
}

schema! {
    /// Which topics are asked for.
    pub struct DescribeTopicPartitionsRequest {
        /// The topics, in the order of their names; none for all.
        topics: Vec<TopicRequest> [0..];
        /// At most so many partitions are answered at once.
        response_partition_limit: i32 [0..] = 2_000;
        /// Where to go on, null to begin.
        cursor: Nullable<Cursor> [0.., null 0..];
    }

    /// A topic.
    pub struct TopicRequest {
        /// Its name.
        name: String [0..];
    }

    /// A place in the order of topics and partitions.
    pub struct Cursor {
        /// The topic.
        topic_name: String [0..];
        /// The partition to begin with.
        partition_index: i32 [0..];
    }

    /// The topics.
    pub struct DescribeTopicPartitionsResponse {
        /// Milliseconds for which the client should be quiet.
        throttle_time_ms: i32 [0.., ignorable];
        /// One entry per topic.
        topics: Vec<DescribeTopicPartitionsResponseTopic> [0..];
        /// Where to go on, null at the end.
        next_cursor: Nullable<Cursor> [0.., null 0.., ignorable];
    }

    /// A topic.
    pub struct DescribeTopicPartitionsResponseTopic {
        /// What is wrong with it, if anything.
        error_code: ErrorCode [0..];
        /// Its name.
        name: Option<String> [0.., null 0..];
        /// Its id.
        topic_id: Uuid [0.., ignorable];
        /// Whether it is one of Kafka's own.
        is_internal: bool [0.., ignorable];
        /// Its partitions.
        partitions: Vec<DescribeTopicPartitionsResponsePartition> [0..];
        /// What the client may do with it, as bits; the lowest `i32` if not told.
        topic_authorized_operations: i32 [0..] = i32::MIN;
    }

    /// A partition.
    pub struct DescribeTopicPartitionsResponsePartition {
        /// What is wrong with it, if anything.
        error_code: ErrorCode [0..];
        /// Its number.
        partition_index: i32 [0..];
        /// The leader, -1 if there is none.
        leader_id: i32 [0..];
        /// The leader's epoch.
        leader_epoch: i32 [0.., ignorable] = -1;
        /// All replicas, the preferred leader first.
        replica_nodes: Vec<i32> [0..];
        /// Those in sync.
        isr_nodes: Vec<i32> [0..];
        /// Those that may lead although they are not in sync.
        eligible_leader_replicas: Option<Vec<i32>> [0.., null 0..] = None;
        /// Those that last were so.
        last_known_elr: Option<Vec<i32>> [0.., null 0..] = None;
        /// Those whose broker is away.
        offline_replicas: Vec<i32> [0.., ignorable];
    }
}

messages! {
    DescribeTopicPartitionsRequest: DescribeTopicPartitions;
    DescribeTopicPartitionsResponse: DescribeTopicPartitions;
}
