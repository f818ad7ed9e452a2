//! SaslHandshake and SaslAuthenticate: who the client is.

use alloc::string::String;
use alloc::vec::Vec;

use bytes::Bytes;

use crate::error_code::ErrorCode;
use crate::schema::{messages, schema};

schema! {
    /// Names the mechanism that the client wants to use.
    pub struct SaslHandshakeRequest {
        /// `PLAIN`, `SCRAM-SHA-512`, ...
        mechanism: String [0..];
    }

    /// Whether the broker has the mechanism.
    pub struct SaslHandshakeResponse {
        /// `UNSUPPORTED_SASL_MECHANISM` or another error, if any.
        error_code: ErrorCode [0..];
        /// The mechanisms that the broker has.
        mechanisms: Vec<String> [0..];
    }

    /// One message of the mechanism from the client.
    pub struct SaslAuthenticateRequest {
        /// What the mechanism says.
        auth_bytes: Bytes [0..];
    }

    /// One message of the mechanism from the broker.
    pub struct SaslAuthenticateResponse {
        /// What went wrong, if anything.
        error_code: ErrorCode [0..];
        /// What went wrong, in words.
        error_message: Option<String> [0.., null 0..];
        /// What the mechanism says.
        auth_bytes: Bytes [0..];
        /// Milliseconds after which the client has to authenticate again (KIP-368); 0 for never.
        session_lifetime_ms: i64 [1.., ignorable];
    }
}

messages! {
    SaslHandshakeRequest: SaslHandshake;
    SaslHandshakeResponse: SaslHandshake;
    SaslAuthenticateRequest: SaslAuthenticate;
    SaslAuthenticateResponse: SaslAuthenticate;
}
