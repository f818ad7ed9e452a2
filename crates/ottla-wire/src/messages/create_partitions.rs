//! CreatePartitions.

use alloc::string::String;
use alloc::vec::Vec;

use crate::error_code::ErrorCode;
use crate::schema::{messages, schema};

schema! {
    /// Topics that are to have more partitions.
    pub struct CreatePartitionsRequest {
        /// The topics.
        topics: Vec<CreatePartitionsTopic> [0..];
        /// Milliseconds that the controller may take.
        timeout_ms: i32 [0..];
        /// Whether to check the request only and change nothing.
        validate_only: bool [0..];
    }

    /// A topic that is to have more partitions.
    pub struct CreatePartitionsTopic {
        /// Its name.
        name: String [0..];
        /// How many partitions it is to have, the present ones included.
        count: i32 [0..];
        /// Where the replicas of each new partition go; `None` if the broker is to choose.
        assignments: Option<Vec<CreatePartitionsAssignment>> [0.., null 0..] = Some(Vec::new());
    }

    /// Where the replicas of one new partition go.
    pub struct CreatePartitionsAssignment {
        /// The nodes; the first is the preferred leader.
        broker_ids: Vec<i32> [0..];
    }

    /// What became of the topics.
    pub struct CreatePartitionsResponse {
        /// Milliseconds for which the client should be quiet.
        throttle_time_ms: i32 [0..];
        /// One entry per topic.
        results: Vec<CreatePartitionsTopicResult> [0..];
    }

    /// What became of one topic.
    pub struct CreatePartitionsTopicResult {
        /// Its name.
        name: String [0..];
        /// What went wrong, if anything.
        error_code: ErrorCode [0..];
        /// What went wrong, in words.
        error_message: Option<String> [0.., null 0..];
    }
}

messages! {
    CreatePartitionsRequest: CreatePartitions;
    CreatePartitionsResponse: CreatePartitions;
}
