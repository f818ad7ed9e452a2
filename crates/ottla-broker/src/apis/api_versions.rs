//! ApiVersions, versions 0 to 4.
//!
//! - Lists the APIs of this broker (those of producers only, without the feature `full`) with the versions that `ottla-wire` implements.
//! - A version above 4 is answered in the shape of version 0 with `UNSUPPORTED_VERSION` and the usable range, as
//!   Kafka does, so that the client can ask again.
//! - Produce is advertised from version 0 although versions below 3 are refused: Kafka 4 does so for the sake of
//!   librdkafka (KAFKA-18659).
//!
//! - A software name or version that KIP-511 does not allow: `INVALID_REQUEST`.
//!
//! Deliberately absent: feature levels (KIP-584).

use ottla_wire::{
    api::ApiKey,
    error_code::ErrorCode,
    messages::api_versions::{ApiVersion, ApiVersionsRequest, ApiVersionsResponse},
};

use super::{Call, Reaction};
use crate::{Broker, FULL};

/// From this version on the client says what it is.
const NAMED_SINCE: i16 = 3;

/// What this broker answers.
#[cfg(feature = "full")]
pub(super) const OFFERED: &[ApiKey] = &[
    ApiKey::Produce,
    ApiKey::Fetch,
    ApiKey::ListOffsets,
    ApiKey::Metadata,
    ApiKey::FindCoordinator,
    ApiKey::ApiVersions,
    ApiKey::CreateTopics,
    ApiKey::DeleteTopics,
    ApiKey::InitProducerId,
    ApiKey::DescribeConfigs,
    ApiKey::CreatePartitions,
    ApiKey::IncrementalAlterConfigs,
];
/// What this broker answers.
#[cfg(not(feature = "full"))]
pub(super) const OFFERED: &[ApiKey] = &[
    ApiKey::Produce,
    ApiKey::Metadata,
    ApiKey::ApiVersions,
    ApiKey::InitProducerId,
];

pub(super) fn handle(_: &Broker, call: Call, request: &ApiVersionsRequest) -> Reaction {
    let texts = [&request.client_software_name, &request.client_software_version];
    // The page's only client is ours.
    if FULL && call.version >= NAMED_SINCE && !texts.into_iter().all(|it| is_software(it)) {
        return call.answer(&ApiVersionsResponse {
            error_code: ErrorCode::INVALID_REQUEST,
            ..ApiVersionsResponse::default()
        });
    }
    call.answer(&ApiVersionsResponse {
        api_keys: OFFERED.iter().map(|api| range(*api)).collect(),
        ..ApiVersionsResponse::default()
    })
}

pub(super) fn unsupported(call: Call) -> Reaction {
    let response = ApiVersionsResponse {
        error_code: ErrorCode::UNSUPPORTED_VERSION,
        api_keys: vec![range(ApiKey::ApiVersions)],
        ..ApiVersionsResponse::default()
    };
    Call { version: 0, ..call }.answer(&response)
}

/// Kafka's `ApiVersionsRequest.isValid`: letters, digits, dots and hyphens, none of the latter two at an end.
fn is_software(text: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-');
    let outer = |byte: Option<u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric());
    let mut bytes = text.bytes();
    bytes.clone().all(inner) && outer(bytes.next()) && outer(text.bytes().last())
}

fn range(api: ApiKey) -> ApiVersion {
    let versions = api.versions();
    let lowest = if api == ApiKey::Produce {
        0
    } else {
        *versions.start()
    };
    ApiVersion {
        api_key: api as i16,
        min_version: lowest,
        max_version: *versions.end(),
    }
}
