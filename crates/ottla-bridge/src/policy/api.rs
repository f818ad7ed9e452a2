//! The requests that pass, with their versions, and the answer that tells clients so.

use std::ops::RangeInclusive;

use bytes::Bytes;
use ottla_wire::api::ApiKey;
use ottla_wire::error_code::ErrorCode;
use ottla_wire::messages::api_versions::{ApiVersion, ApiVersionsRequest, ApiVersionsResponse};

use super::{Head, Verdict, answer};

/// What the bridge lets through, whatever the broker could do.
///
/// Produce ends at 12 because 13 names topics by id, which no topic rule can match. Metadata begins at 4 because
/// before it a client cannot say (and the bridge cannot rewrite) that topics must not be created, and ends at 11
/// because 12 can ask by topic id.
const ALLOWED: [(ApiKey, RangeInclusive<i16>); 4] = [
    (ApiKey::Produce, 3..=12),
    (ApiKey::Metadata, 4..=11),
    (ApiKey::ApiVersions, 0..=4),
    (ApiKey::InitProducerId, 0..=5),
];

/// The versions that both the bridge and one broker know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ApiTable(Vec<(ApiKey, RangeInclusive<i16>)>);

impl ApiTable {
    /// Keeps of what passes what this broker can do. ApiVersions is answered by the bridge, so all of it stays.
    pub(crate) fn intersect(broker: &[ApiVersion]) -> Self {
        let common = |(api, ours): &(ApiKey, RangeInclusive<i16>)| {
            if *api == ApiKey::ApiVersions {
                return Some((*api, ours.clone()));
            }
            let theirs = broker.iter().find(|version| version.api_key == *api as i16)?;
            let range = *ours.start().max(&theirs.min_version)..=*ours.end().min(&theirs.max_version);
            (!range.is_empty()).then_some((*api, range))
        };
        Self(ALLOWED.iter().filter_map(common).collect())
    }

    pub(crate) fn allows(&self, api: ApiKey, version: i16) -> bool {
        self.0
            .iter()
            .any(|(known, range)| *known == api && range.contains(&version))
    }

    fn versions(&self) -> Vec<ApiVersion> {
        let version = |(api, range): &(ApiKey, RangeInclusive<i16>)| ApiVersion {
            api_key: *api as i16,
            min_version: *range.start(),
            max_version: *range.end(),
        };
        self.0.iter().map(version).collect()
    }
}

/// Answers with the trimmed table; the broker is not asked.
pub(super) fn answer_versions(table: &ApiTable, head: &Head<'_>, frame: &Bytes) -> Verdict {
    let mut response = ApiVersionsResponse {
        api_keys: table.versions(),
        ..Default::default()
    };
    if table.allows(ApiKey::ApiVersions, head.version) {
        if let Err(verdict) = super::body::<ApiVersionsRequest>(head, frame) {
            return verdict;
        }
        return answer(head, &response);
    }
    // As Kafka does: version 0, which everybody can read, with the error and the table.
    response.error_code = ErrorCode::UNSUPPORTED_VERSION;
    answer(&Head { version: 0, ..*head }, &response)
}
