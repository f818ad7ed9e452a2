//! CreateTopics.

use alloc::string::String;
use alloc::vec::Vec;

use crate::error_code::ErrorCode;
use crate::primitives::Uuid;
use crate::schema::{messages, schema};

schema! {
    /// Topics to create.
    pub struct CreateTopicsRequest {
        /// The topics.
        topics: Vec<CreatableTopic> [0..];
        /// Milliseconds that the controller may take.
        timeout_ms: i32 [0..] = 60_000;
        /// Whether to check the request only and create nothing.
        validate_only: bool [1..];
    }

    /// A topic to create.
    pub struct CreatableTopic {
        /// Its name.
        name: String [0..];
        /// How many partitions; -1 for the broker's default (version 4 and later) or with assignments.
        num_partitions: i32 [0..];
        /// How many replicas of each; -1 for the broker's default (version 4 and later) or with assignments.
        replication_factor: i16 [0..];
        /// Where the replicas go, if the broker is not to choose.
        assignments: Vec<CreatableReplicaAssignment> [0..];
        /// Settings that differ from the broker's defaults.
        configs: Vec<CreatableTopicConfig> [0..];
    }

    /// Where the replicas of one partition go.
    pub struct CreatableReplicaAssignment {
        /// The partition.
        partition_index: i32 [0..];
        /// The nodes; the first is the preferred leader.
        broker_ids: Vec<i32> [0..];
    }

    /// A setting.
    pub struct CreatableTopicConfig {
        /// Its name.
        name: String [0..];
        /// Its value.
        value: Option<String> [0.., null 0..];
    }

    /// What became of the topics.
    pub struct CreateTopicsResponse {
        /// Milliseconds for which the client should be quiet.
        throttle_time_ms: i32 [2.., ignorable];
        /// One entry per topic.
        topics: Vec<CreatableTopicResult> [0..];
    }

    /// What became of one topic.
    pub struct CreatableTopicResult {
        /// Its name.
        name: String [0..];
        /// The id that it got.
        topic_id: Uuid [7.., ignorable];
        /// What went wrong, if anything.
        error_code: ErrorCode [0..];
        /// What went wrong, in words.
        error_message: Option<String> [1.., null 0.., ignorable];
        /// Why its settings are not told, if they are not.
        topic_config_error_code: ErrorCode [5.., tag 0, ignorable];
        /// How many partitions it has; -1 if unknown.
        num_partitions: i32 [5.., ignorable] = -1;
        /// How many replicas each has; -1 if unknown.
        replication_factor: i16 [5.., ignorable] = -1;
        /// Its settings.
        configs: Option<Vec<CreatableTopicConfigs>> [5.., null 5.., ignorable] = Some(Vec::new());
    }

    /// A setting of a topic.
    pub struct CreatableTopicConfigs {
        /// Its name.
        name: String [5..];
        /// Its value, `None` if it has none or is sensitive.
        value: Option<String> [5.., null 5..];
        /// Whether it cannot be changed.
        read_only: bool [5..];
        /// Where the value comes from (`org.apache.kafka.clients.admin.ConfigEntry.ConfigSource`); -1 if unknown.
        config_source: i8 [5.., ignorable] = -1;
        /// Whether the value is kept secret.
        is_sensitive: bool [5..];
    }
}

messages! {
    CreateTopicsRequest: CreateTopics;
    CreateTopicsResponse: CreateTopics;
}
