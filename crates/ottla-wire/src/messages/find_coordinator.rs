//! FindCoordinator: the broker that coordinates a group or a transaction.

use alloc::string::String;
use alloc::vec::Vec;

use crate::error_code::ErrorCode;
use crate::schema::{messages, schema};

schema! {
    /// Asks for coordinators.
    pub struct FindCoordinatorRequest {
        /// The group or transactional id, up to version 3.
        key: String [0..=3];
        /// 0: group; 1: transaction; 2: share group (version 6 and later).
        key_type: i8 [1..];
        /// The groups or transactional ids, from version 4 on (KIP-699).
        coordinator_keys: Vec<String> [4..];
    }

    /// The coordinators. Up to version 3 there is one, in the fields of this struct.
    pub struct FindCoordinatorResponse {
        /// Milliseconds for which the client should be quiet.
        throttle_time_ms: i32 [1.., ignorable];
        /// What went wrong, if anything.
        error_code: ErrorCode [0..=3];
        /// What went wrong, in words.
        error_message: Option<String> [1..=3, null 1..=3, ignorable];
        /// The coordinator's node id.
        node_id: i32 [0..=3];
        /// Its host name.
        host: String [0..=3];
        /// Its port.
        port: i32 [0..=3];
        /// One entry per key, from version 4 on.
        coordinators: Vec<Coordinator> [4..];
    }

    /// The coordinator of one key.
    pub struct Coordinator {
        /// The group or transactional id.
        key: String [4..];
        /// The coordinator's node id; -1 for none.
        node_id: i32 [4..];
        /// Its host name.
        host: String [4..];
        /// Its port; -1 for none.
        port: i32 [4..];
        /// What went wrong, if anything.
        error_code: ErrorCode [4..];
        /// What went wrong, in words.
        error_message: Option<String> [4.., null 4.., ignorable];
    }
}

messages! {
    FindCoordinatorRequest: FindCoordinator;
    FindCoordinatorResponse: FindCoordinator;
}
