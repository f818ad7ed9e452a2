//! Requests and responses, one module per API.
//!
//! Structs and fields bear the names of Kafka's message JSON (in snake case), and `Default` gives the defaults that
//! are written there, with two exceptions: a nullable string without a default starts as `None` (Kafka: empty), and
//! a struct in a tagged field is an `Option`, `None` when the tag is absent (Kafka: a struct of defaults).
//!
//! Encoding fails when a field holds something that the version cannot say; only what Kafka calls *ignorable* is
//! dropped. Decoding skips tagged fields that it does not know.

pub mod api_versions;
#[cfg(feature = "admin")]
pub mod create_partitions;
pub mod create_topics;
pub mod delete_topics;
#[cfg(feature = "admin")]
pub mod describe_configs;
#[cfg(feature = "admin")]
pub mod describe_topic_partitions;
pub mod fetch;
pub mod find_coordinator;
#[cfg(feature = "admin")]
pub mod incremental_alter_configs;
pub mod init_producer_id;
pub mod list_offsets;
pub mod metadata;
pub mod produce;
pub mod sasl;

use crate::api::ApiKey;
use crate::primitives::{DecodeError, DecodeErrorKind, EncodeError, EncodeErrorKind, Format, Reader, Writer};

/// A request or response.
pub trait Message: Sized + Default {
    /// The API it belongs to.
    const API: ApiKey;

    /// Appends the body, without header.
    ///
    /// # Errors
    ///
    /// If this crate has not that version, or a field holds what that version cannot say.
    fn encode(&self, version: i16, w: &mut Writer) -> Result<(), EncodeError>;

    /// Reads the body, without header.
    ///
    /// # Errors
    ///
    /// If this crate has not that version, or the bytes are not a message of it.
    fn decode(version: i16, r: &mut Reader<'_>) -> Result<Self, DecodeError>;
}

pub(crate) fn encode_format(api: ApiKey, version: i16) -> Result<Format, EncodeError> {
    if !api.versions().contains(&version) {
        let kind = EncodeErrorKind::UnsupportedVersion {
            api_key: api.key(),
            version,
        };
        return Err(EncodeError { kind, field: "" });
    }
    Ok(Format {
        version,
        flexible: api.is_flexible(version),
    })
}

pub(crate) fn decode_format(api: ApiKey, version: i16, r: &Reader<'_>) -> Result<Format, DecodeError> {
    if !api.versions().contains(&version) {
        return Err(r.error(DecodeErrorKind::UnsupportedVersion {
            api_key: api.key(),
            version,
        }));
    }
    Ok(Format {
        version,
        flexible: api.is_flexible(version),
    })
}
