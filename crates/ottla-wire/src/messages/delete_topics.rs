//! DeleteTopics.

use alloc::string::String;
use alloc::vec::Vec;

use crate::error_code::ErrorCode;
use crate::primitives::Uuid;
use crate::schema::{messages, schema};

schema! {
    /// Topics to delete.
    pub struct DeleteTopicsRequest {
        /// The topics by name or id, from version 6 on.
        topics: Vec<DeleteTopicState> [6..];
        /// The topics by name, up to version 5.
        topic_names: Vec<String> [0..=5, ignorable];
        /// Milliseconds that the controller may take.
        timeout_ms: i32 [0..];
    }

    /// A topic to delete.
    pub struct DeleteTopicState {
        /// Its name, `None` to go by the id.
        name: Option<String> [6.., null 6..] = None;
        /// Its id, zero to go by the name.
        topic_id: Uuid [6..];
    }

    /// What became of the topics.
    pub struct DeleteTopicsResponse {
        /// Milliseconds for which the client should be quiet.
        throttle_time_ms: i32 [1.., ignorable];
        /// One entry per topic.
        responses: Vec<DeletableTopicResult> [0..];
    }

    /// What became of one topic.
    pub struct DeletableTopicResult {
        /// Its name, `None` if it is unknown (version 6 and later).
        name: Option<String> [0.., null 6..];
        /// Its id, zero if it is unknown.
        topic_id: Uuid [6.., ignorable];
        /// What went wrong, if anything.
        error_code: ErrorCode [0..];
        /// What went wrong, in words.
        error_message: Option<String> [5.., null 5.., ignorable] = None;
    }
}

messages! {
    DeleteTopicsRequest: DeleteTopics;
    DeleteTopicsResponse: DeleteTopics;
}
