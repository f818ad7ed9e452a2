//! Versions that both sides speak.

use core::ops::RangeInclusive;

use ottla_wire::api::ApiKey;
use ottla_wire::messages::api_versions::ApiVersionsResponse;

/// The version of each request on one connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Versions {
    pub(crate) produce: i16,
    pub(crate) metadata: i16,
    /// `None`: the broker (or a bridge) does not offer it.
    pub(crate) init_producer_id: Option<i16>,
    /// `None`: the broker takes no login, or only in the way of Kafka 0.10.
    #[cfg(feature = "sasl")]
    pub(crate) sasl_authenticate: Option<i16>,
}

/// An API that this client cannot do without, and what the broker offers of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NoCommonVersion {
    pub(crate) api: ApiKey,
    pub(crate) offered: Option<(i16, i16)>,
}

impl Versions {
    pub(crate) fn agree(offer: &ApiVersionsResponse) -> Result<Self, NoCommonVersion> {
        let newest = |api: ApiKey| {
            offer
                .common(api)
                .map(|versions: RangeInclusive<i16>| *versions.end())
        };
        let required = |api: ApiKey| {
            newest(api).ok_or_else(|| NoCommonVersion {
                api,
                offered: offer
                    .api_keys
                    .iter()
                    .find(|entry| entry.api_key == api.key())
                    .map(|entry| (entry.min_version, entry.max_version)),
            })
        };
        Ok(Self {
            produce: required(ApiKey::Produce)?,
            metadata: required(ApiKey::Metadata)?,
            init_producer_id: newest(ApiKey::InitProducerId),
            #[cfg(feature = "sasl")]
            sasl_authenticate: newest(ApiKey::SaslAuthenticate)
                .filter(|_| newest(ApiKey::SaslHandshake) >= Some(1)),
        })
    }
}

impl core::fmt::Display for NoCommonVersion {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let (api, ours) = (self.api, self.api.versions());
        let (from, to) = (ours.start(), ours.end());
        match self.offered {
            Some((min, max)) => write!(
                f,
                "the broker speaks {api} {min} to {max}, this client {from} to {to}; use Kafka 2.1 or newer"
            ),
            None => write!(
                f,
                "the broker does not offer {api}; is this a Kafka broker's listener?"
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;
    use alloc::vec::Vec;
    use ottla_wire::messages::api_versions::ApiVersion;

    fn offer(apis: &[(ApiKey, i16, i16)]) -> ApiVersionsResponse {
        let api_keys: Vec<_> = apis
            .iter()
            .map(|(api, min_version, max_version)| ApiVersion {
                api_key: api.key(),
                min_version: *min_version,
                max_version: *max_version,
            })
            .collect();
        ApiVersionsResponse {
            api_keys,
            ..Default::default()
        }
    }

    #[test]
    fn the_newest_common_version_is_used() {
        let versions = Versions::agree(&offer(&[
            (ApiKey::Produce, 0, 13),
            (ApiKey::Metadata, 0, 9),
            (ApiKey::InitProducerId, 0, 99),
        ]))
        .expect("all are offered");
        assert_eq!((versions.produce, versions.metadata), (13, 9));
        assert_eq!(
            versions.init_producer_id,
            Some(*ApiKey::InitProducerId.versions().end())
        );
    }

    #[test]
    fn a_broker_that_is_too_old_is_named_with_its_versions() {
        let refused = Versions::agree(&offer(&[(ApiKey::Produce, 0, 2), (ApiKey::Metadata, 0, 9)]))
            .expect_err("Produce 2 has no record batches");
        let text = refused.to_string();
        assert!(text.contains("speaks Produce 0 to 2"), "{text}");
    }
}
