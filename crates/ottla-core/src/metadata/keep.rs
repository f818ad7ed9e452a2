//! Handing what one producer was told of the cluster to the next, for runtimes in which a producer lives as long as a
//! request. It is the broker's answer as it came: plain bytes, which may be shared where sockets may not.

use core::time::Duration;

use alloc::vec::Vec;

use bytes::Bytes;
use ottla_wire::api::ApiKey;
use ottla_wire::decode_response;
use ottla_wire::messages::metadata::MetadataResponse;

use crate::engine::Engine;
use crate::time::Instant;

/// The last answer, when somebody asked to keep it: its version (big endian, two bytes) and its frame.
#[derive(Clone, Debug, Default)]
pub(crate) struct Kept {
    pub(crate) wanted: bool,
    pub(crate) answer: Option<Bytes>,
}

impl Engine {
    pub(crate) fn keep_metadata(&mut self, version: i16, frame: &Bytes) {
        if self.kept.wanted {
            let mut bytes = Vec::with_capacity(2 + frame.len());
            bytes.extend(version.to_be_bytes());
            bytes.extend_from_slice(frame);
            self.kept.answer = Some(bytes.into());
        }
    }

    /// Takes over a kept answer. False when it is too old, or says nothing that could be used.
    pub(crate) fn preload_metadata(&mut self, now: Instant, age: Duration, kept: &Bytes) -> bool {
        let left = self.settings.metadata_max_age.saturating_sub(age);
        let Some(answer) = decode(kept).filter(|answer| !left.is_zero() && !answer.brokers.is_empty()) else {
            return false;
        };
        self.trace_nodes(now, &answer);
        self.network.assume(
            answer
                .brokers
                .iter()
                .map(|broker| (broker.node_id, broker.host.clone(), broker.port)),
        );
        for topic in &answer.topics {
            let name = topic.name.as_deref().unwrap_or_default();
            if topic.error_code.is_ok()
                && !topic.partitions.is_empty()
                && let Ok(ix) = self.topic_named(now, name)
            {
                self.learn_topic(ix, topic);
            }
        }
        self.refresh.preloaded(now + left);
        self.trace_cluster(now);
        self.dirty = true;
        true
    }
}

fn decode(kept: &Bytes) -> Option<MetadataResponse> {
    let version = i16::from_be_bytes(*kept.first_chunk()?);
    if !ApiKey::Metadata.versions().contains(&version) {
        return None;
    }
    let (_, answer) = decode_response(version, &kept.slice(2..)).ok()?;
    Some(answer).filter(|answer: &MetadataResponse| answer.error_code.is_ok())
}
