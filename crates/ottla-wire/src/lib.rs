//! Kafka's wire protocol as plain values: frames, headers, messages, record batches, codecs.
//!
//! No clock, no state beyond a frame decoder, no `std`: bytes in, values out, and back.

#![no_std]

extern crate alloc;
#[cfg(any(test, feature = "std"))]
extern crate std;

pub mod api;
pub mod batch;
pub mod codec;
pub mod error_code;
pub mod frame;
pub mod header;
pub mod messages;
pub mod primitives;
mod request;
mod schema;

pub use api::ApiKey;
pub use error_code::ErrorCode;
pub use messages::Message;
pub use primitives::{DecodeError, EncodeError, Uuid};
pub use request::{
    AnyRequest, RequestError, decode_request, decode_response, encode_request, encode_request_chunks,
    encode_response, encode_response_chunks, peek_correlation_id,
};
