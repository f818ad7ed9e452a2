//! The APIs: one file each, whose header lists versions, behaviour and deliberate omissions.
//!
//! As in Kafka, a request of an API or version that is not offered, or that cannot be read, closes the connection;
//! only ApiVersions answers `UNSUPPORTED_VERSION`.

mod api_versions;
#[cfg(feature = "full")]
mod create_partitions;
mod create_topics;
mod delete_topics;
#[cfg(feature = "full")]
mod describe_configs;
mod fetch;
mod find_coordinator;
#[cfg(feature = "full")]
mod incremental_alter_configs;
mod init_producer_id;
mod list_offsets;
mod metadata;
mod pending;
mod produce;
mod topics;

use bytes::Bytes;
use ottla_wire::{
    api::ApiKey,
    encode_response,
    header::RequestHeader,
    messages::Message,
    primitives::{DecodeError, Reader},
};

pub(crate) use pending::Pending;

use crate::{Broker, ConnId, FULL, Micros};

/// One request's circumstances.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Call {
    pub(crate) now: Micros,
    pub(crate) conn: ConnId,
    pub(crate) version: i16,
    pub(crate) correlation: i32,
    /// Bytes of the request with its length prefix.
    pub(crate) size: usize,
}

/// What to do about a request.
#[derive(Clone, Debug)]
pub(crate) enum Reaction {
    /// Answer, and read nothing more for `throttle_ms`.
    Answer { bytes: Bytes, throttle_ms: i32 },
    /// Go on without an answer, after `throttle_ms`.
    Silence { throttle_ms: i32 },
    /// Close the connection.
    Close { why: String },
    /// Not yet.
    Wait(Pending),
}

impl Call {
    pub(crate) fn answer<M: Message>(&self, response: &M) -> Reaction {
        self.answer_throttled(response, 0)
    }

    pub(crate) fn answer_throttled<M: Message>(&self, response: &M, throttle_ms: i32) -> Reaction {
        match encode_response(self.correlation, self.version, response) {
            Ok(bytes) => Reaction::Answer {
                bytes: Bytes::from(bytes),
                throttle_ms,
            },
            Err(error) => Reaction::Close {
                why: format!("{} answer: {error}", M::API.name()),
            },
        }
    }
}

pub(crate) fn dispatch(broker: &mut Broker, now: Micros, conn: ConnId, frame: &Bytes) -> Reaction {
    read(broker, now, conn, frame).unwrap_or_else(|error| Reaction::Close {
        why: format!("bad request: {error}"),
    })
}

fn read(broker: &mut Broker, now: Micros, conn: ConnId, frame: &Bytes) -> Result<Reaction, DecodeError> {
    let mut reader = Reader::new(frame);
    let header = RequestHeader::read(&mut reader)?;
    let call = Call {
        now,
        conn,
        version: header.api_version,
        correlation: header.correlation_id,
        size: frame.len() + 4,
    };
    let offered = ApiKey::from_i16(header.api_key).filter(|api| api_versions::OFFERED.contains(api));
    let Some(api) = offered else {
        return Ok(Reaction::Close {
            why: format!("API {} is not offered", header.api_key),
        });
    };
    if !api.versions().contains(&call.version) {
        return Ok(match api {
            ApiKey::ApiVersions => api_versions::unsupported(call),
            _ => Reaction::Close {
                why: format!("{} version {} is not offered", api.name(), call.version),
            },
        });
    }
    let reader = &mut reader;
    Ok(match api {
        ApiKey::Produce => produce::handle(broker, call, decode(call, reader)?),
        ApiKey::Fetch if FULL => fetch::handle(broker, call, decode(call, reader)?),
        ApiKey::ListOffsets if FULL => list_offsets::handle(broker, call, decode(call, reader)?),
        ApiKey::Metadata => metadata::handle(broker, call, decode(call, reader)?),
        ApiKey::FindCoordinator if FULL => find_coordinator::handle(call, decode(call, reader)?),
        ApiKey::ApiVersions => api_versions::handle(broker, call, &decode(call, reader)?),
        ApiKey::CreateTopics if FULL => create_topics::handle(broker, call, decode(call, reader)?),
        ApiKey::DeleteTopics if FULL => delete_topics::handle(broker, call, decode(call, reader)?),
        #[cfg(feature = "full")]
        ApiKey::DescribeConfigs => describe_configs::handle(broker, call, decode(call, reader)?),
        #[cfg(feature = "full")]
        ApiKey::CreatePartitions => create_partitions::handle(broker, call, decode(call, reader)?),
        #[cfg(feature = "full")]
        ApiKey::IncrementalAlterConfigs => {
            incremental_alter_configs::handle(broker, call, decode(call, reader)?)
        }
        ApiKey::InitProducerId => init_producer_id::handle(broker, call, &decode(call, reader)?),
        _ => Reaction::Close {
            why: format!("API {} is not offered", api.name()),
        },
    })
}

fn decode<M: Message>(call: Call, reader: &mut Reader<'_>) -> Result<M, DecodeError> {
    M::decode(call.version, reader)
}
