//! IncrementalAlterConfigs (KIP-339).

use alloc::string::String;
use alloc::vec::Vec;

use crate::error_code::ErrorCode;
use crate::schema::{messages, schema};

/// What is done to a setting (`org.apache.kafka.clients.admin.AlterConfigOp.OpType`).
pub mod operation {
    /// It gets the value.
    pub const SET: i8 = 0;
    /// It returns to its default.
    pub const DELETE: i8 = 1;
    /// The value is added to the list that it holds.
    pub const APPEND: i8 = 2;
    /// The value is taken from the list that it holds.
    pub const SUBTRACT: i8 = 3;
}

schema! {
    /// Settings to change.
    pub struct IncrementalAlterConfigsRequest {
        /// Of what.
        resources: Vec<AlterConfigsResource> [0..];
        /// Whether to check the request only and change nothing.
        validate_only: bool [0..];
    }

    /// Something that is configured.
    pub struct AlterConfigsResource {
        /// What it is, of [`resource_type`](super::describe_configs::resource_type).
        resource_type: i8 [0..];
        /// Its name.
        resource_name: String [0..];
        /// The changes.
        configs: Vec<AlterableConfig> [0..];
    }

    /// A change.
    pub struct AlterableConfig {
        /// The setting's name.
        name: String [0..];
        /// What is done to it, of [`operation`].
        config_operation: i8 [0..];
        /// The value, if the operation needs one.
        value: Option<String> [0.., null 0..];
    }

    /// What became of the changes.
    pub struct IncrementalAlterConfigsResponse {
        /// Milliseconds for which the client should be quiet.
        throttle_time_ms: i32 [0..];
        /// One entry per resource.
        responses: Vec<AlterConfigsResourceResponse> [0..];
    }

    /// What became of the changes to one resource.
    pub struct AlterConfigsResourceResponse {
        /// What went wrong, if anything.
        error_code: ErrorCode [0..];
        /// What went wrong, in words.
        error_message: Option<String> [0.., null 0..];
        /// What it is, of [`resource_type`](super::describe_configs::resource_type).
        resource_type: i8 [0..];
        /// Its name.
        resource_name: String [0..];
    }
}

messages! {
    IncrementalAlterConfigsRequest: IncrementalAlterConfigs;
    IncrementalAlterConfigsResponse: IncrementalAlterConfigs;
}
