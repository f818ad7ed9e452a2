//! ApiVersions, versions 0 to 4.
//!
//! - Lists the APIs of this broker (those of producers only, without the feature `full`) with the versions that `ottla-wire` implements.
//! - A version above 4 is answered in the shape of version 0 with `UNSUPPORTED_VERSION` and the usable range, as
//!   Kafka does, so that the client can ask again.
//! - Produce is advertised from version 0 although versions below 3 are refused: Kafka 4 does so for the sake of
//!   librdkafka (KAFKA-18659).
//!
//! Deliberately absent: feature levels (KIP-584); the client's software name is read and not used.

use ottla_wire::{
    api::ApiKey,
    error_code::ErrorCode,
    messages::api_versions::{ApiVersion, ApiVersionsRequest, ApiVersionsResponse},
};

use super::{Call, Reaction};
use crate::Broker;

/// What this broker answers.
pub(super) const OFFERED: &[ApiKey] = if cfg!(feature = "full") {
    &[
        ApiKey::Produce,
        ApiKey::Fetch,
        ApiKey::ListOffsets,
        ApiKey::Metadata,
        ApiKey::FindCoordinator,
        ApiKey::ApiVersions,
        ApiKey::CreateTopics,
        ApiKey::DeleteTopics,
        ApiKey::InitProducerId,
    ]
} else {
    &[
        ApiKey::Produce,
        ApiKey::Metadata,
        ApiKey::ApiVersions,
        ApiKey::InitProducerId,
    ]
};

pub(super) fn handle(_: &Broker, call: Call, _: &ApiVersionsRequest) -> Reaction {
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
