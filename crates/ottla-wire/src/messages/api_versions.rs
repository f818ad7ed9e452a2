//! ApiVersions: what a broker speaks (KIP-35, KIP-511, KIP-584).

use alloc::string::String;
use alloc::vec::Vec;

use crate::api::ApiKey;
use crate::error_code::ErrorCode;
use crate::messages::{Message, decode_format, encode_format};
use crate::primitives::{DecodeError, EncodeError, Reader, Value, Writer};
use crate::schema::{messages, schema};

schema! {
    /// Asks for the APIs and versions of a broker.
    pub struct ApiVersionsRequest {
        /// Name of the client library; letters, digits, `-` and `.`.
        client_software_name: String [3.., ignorable];
        /// Version of the client library; same alphabet.
        client_software_version: String [3.., ignorable];
    }

    /// The APIs and versions of a broker.
    ///
    /// To a version that it does not know the broker answers `UNSUPPORTED_VERSION` in the shape of version 0, with
    /// the versions that it does know; encoding and decoding take care of that. Where that list cannot be read, it is
    /// empty: version 0 is left.
    pub struct ApiVersionsResponse {
        /// `UNSUPPORTED_VERSION` or nothing.
        error_code: ErrorCode [0..];
        /// One entry per API.
        api_keys: Vec<ApiVersion> [0..];
        /// Milliseconds for which the client should be quiet.
        throttle_time_ms: i32 [1.., ignorable];
        /// Features that the broker supports.
        supported_features: Vec<SupportedFeatureKey> [3.., tag 0, ignorable];
        /// Grows with every change of the finalized features; -1 if unknown.
        finalized_features_epoch: i64 [3.., tag 1, ignorable] = -1;
        /// Features that the whole cluster agreed on.
        finalized_features: Vec<FinalizedFeatureKey> [3.., tag 2, ignorable];
        /// Left over from the move away from ZooKeeper.
        zk_migration_ready: bool [3.., tag 3, ignorable];
    }

    /// The versions of one API.
    pub struct ApiVersion {
        /// The API's key.
        api_key: i16 [0..];
        /// Lowest version, inclusive.
        min_version: i16 [0..];
        /// Highest version, inclusive.
        max_version: i16 [0..];
    }

    /// A feature that the broker supports.
    pub struct SupportedFeatureKey {
        /// Its name.
        name: String [3..];
        /// Lowest level.
        min_version: i16 [3..];
        /// Highest level.
        max_version: i16 [3..];
    }

    /// A feature that the cluster agreed on.
    pub struct FinalizedFeatureKey {
        /// Its name.
        name: String [3..];
        /// Highest level in force.
        max_version_level: i16 [3..];
        /// Lowest level in force.
        min_version_level: i16 [3..];
    }
}

messages! {
    ApiVersionsRequest: ApiVersions;
}

impl ApiVersionsResponse {
    /// The versions of an API that both the broker and this crate speak, if any.
    pub fn common(&self, api: ApiKey) -> Option<core::ops::RangeInclusive<i16>> {
        let theirs = self.api_keys.iter().find(|entry| entry.api_key == api.key())?;
        let ours = api.versions();
        let (min, max) = (
            theirs.min_version.max(*ours.start()),
            theirs.max_version.min(*ours.end()),
        );
        (min <= max).then_some(min..=max)
    }
}

impl Message for ApiVersionsResponse {
    const API: ApiKey = ApiKey::ApiVersions;

    /// Any version may be given with `UNSUPPORTED_VERSION`, since the answer has the shape of version 0 then.
    fn encode(&self, version: i16, w: &mut Writer) -> Result<(), EncodeError> {
        let shape = if self.error_code == ErrorCode::UNSUPPORTED_VERSION {
            0
        } else {
            version
        };
        self.write(encode_format(Self::API, shape)?, w)
    }

    fn decode(version: i16, r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let format = decode_format(Self::API, version, r)?;
        // The error code is the first field of every version.
        if r.peek_i16() != Some(ErrorCode::UNSUPPORTED_VERSION.0) {
            return Self::read(format, r);
        }
        // Not every refusal has the shape of version 0 (librdkafka's mock broker); the error code says enough.
        let answer = Self::read(decode_format(Self::API, 0, r)?, r);
        r.skip(r.remaining())?;
        Ok(answer.unwrap_or_else(|_| Self {
            error_code: ErrorCode::UNSUPPORTED_VERSION,
            ..Self::default()
        }))
    }
}
