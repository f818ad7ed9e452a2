//! InitProducerId: an identity for an idempotent or transactional producer (KIP-98, KIP-360).

use alloc::string::String;

use crate::error_code::ErrorCode;
use crate::schema::{messages, schema};

schema! {
    /// Asks for a producer id and epoch.
    pub struct InitProducerIdRequest {
        /// `None` for a producer that is only idempotent.
        transactional_id: Option<String> [0.., null 0..];
        /// Milliseconds after which the coordinator aborts a transaction; without a transactional id it means
        /// nothing (Java sends `i32::MAX`).
        transaction_timeout_ms: i32 [0..];
        /// The id held so far, to get a new epoch for it; -1 for none.
        producer_id: i64 [3..] = -1;
        /// The epoch held so far; -1 for none.
        producer_epoch: i16 [3..] = -1;
    }

    /// A producer id and epoch.
    pub struct InitProducerIdResponse {
        /// Milliseconds for which the client should be quiet.
        throttle_time_ms: i32 [0.., ignorable];
        /// What went wrong, if anything.
        error_code: ErrorCode [0..];
        /// The id.
        producer_id: i64 [0..] = -1;
        /// The epoch.
        producer_epoch: i16 [0..];
    }
}

messages! {
    InitProducerIdRequest: InitProducerId;
    InitProducerIdResponse: InitProducerId;
}
