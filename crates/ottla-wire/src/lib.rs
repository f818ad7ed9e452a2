//! Kafka's wire protocol as plain values: frames, headers, messages, record batches, codecs.
//!
//! No clock, no state beyond a frame decoder, no `std`: bytes in, values out, and back. Whatever a peer sends is
//! either a value or a typed error that says which field is wrong and where. Lengths and counts are checked against
//! the bytes that are really there before memory is allocated; a decoded message takes at most some 50 times the
//! memory of its frame, so the limit that [`frame::FrameDecoder`] is given is the one that counts.
//!
//! | API | key | versions | flexible since |
//! |---|---|---|---|
//! | Produce | 0 | 3 to 13 | 9 |
//! | Fetch | 1 | 4 to 18 | 12 |
//! | ListOffsets | 2 | 1 to 11 | 6 |
//! | Metadata | 3 | 0 to 13 | 9 |
//! | FindCoordinator | 10 | 0 to 6 | 3 |
//! | SaslHandshake | 17 | 0 to 1 | never |
//! | ApiVersions | 18 | 0 to 4 | 3 |
//! | CreateTopics | 19 | 2 to 7 | 5 |
//! | DeleteTopics | 20 | 1 to 6 | 4 |
//! | InitProducerId | 22 | 0 to 5 | 2 |
//! | DescribeConfigs | 32 | 1 to 4 | 4 |
//! | SaslAuthenticate | 36 | 0 to 2 | 2 |
//! | CreatePartitions | 37 | 0 to 3 | 2 |
//! | IncrementalAlterConfigs | 44 | 0 to 1 | 1 |
//! | DescribeTopicPartitions | 75 | 0 to 0 | 0 |
//!
//! What Kafka 4.0 removed is not here (Produce before 3, say), nor is what it calls unstable (InitProducerId 6).
//!
//! # A round trip
//!
//! ```
//! use bytes::Bytes;
//! use ottla_wire::messages::metadata::{MetadataRequest, MetadataResponse};
//! use ottla_wire::{AnyRequest, decode_request, decode_response, encode_request, encode_response, frame::FrameDecoder};
//!
//! let request = MetadataRequest { topics: None, ..Default::default() };
//! let sent = encode_request(1, Some("kim"), 12, &request)?;
//!
//! let mut broker = FrameDecoder::new(1 << 20);
//! broker.push(sent);
//! let frame = broker.next_frame()?.expect("the frame came whole");
//! let (header, received) = decode_request(&frame)?;
//! assert_eq!(received, AnyRequest::Metadata(request));
//! let answer = encode_response(header.correlation_id, header.api_version, &MetadataResponse::default())?;
//!
//! let frame = Bytes::from(answer).slice(4..);
//! let (correlation_id, _response) = decode_response::<MetadataResponse>(12, &frame)?;
//! assert_eq!(correlation_id, 1);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Features
//!
//! `gzip`, `lz4` and `zstd` work without `std`; `snappy` needs it. `std` also chooses the processor's own instructions
//! for checksums. `admin` adds DescribeConfigs, CreatePartitions, IncrementalAlterConfigs and
//! DescribeTopicPartitions, which nobody who only produces needs. All are on by default.

#![no_std]

extern crate alloc;
#[cfg(any(test, feature = "std"))]
extern crate std;

pub mod api;
pub mod batch;
pub mod codec;
mod crc_tables;
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
