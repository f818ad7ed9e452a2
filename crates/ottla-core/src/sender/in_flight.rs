//! Produce requests: written without copying a batch, and what becomes of them when no answer comes.

use alloc::vec::Vec;

use ottla_trace::Event;
use ottla_trace::event::TopicIx;
use ottla_wire::api::ApiKey;
use ottla_wire::batch::{ProducerStamp, SealedBatch};
use ottla_wire::error_code::ErrorCode;
use ottla_wire::messages::produce::{PartitionParts, ProduceRequestParts, TopicParts};
use ottla_wire::primitives::Uuid;

use crate::accumulator::{BatchKey, BatchState, PartitionIx};
use crate::config::Acks;
use crate::connection::{Loss, RequestKind};
use crate::delivery::Outcome;
use crate::engine::Engine;
use crate::error::lookup;
use crate::io::{ConnId, NodeId};
use crate::metrics::Drained;
use crate::time::{Instant, micros};

/// Produce from this version on speaks of topics by id (KIP-516).
const BY_ID_SINCE: i16 = 13;

impl Engine {
    pub(crate) fn send_produce(
        &mut self,
        now: Instant,
        node: NodeId,
        conn: ConnId,
        batches: Vec<(PartitionIx, BatchKey)>,
    ) {
        let Some((stream, versions)) = self.network.conn(conn).and_then(|conn| conn.ready()) else {
            return;
        };
        let (correlation, newest) = (stream.next_correlation(), versions.produce);
        let mut parts = ProduceRequestParts {
            transactional_id: None,
            acks: self.settings.acks.wire(),
            timeout_ms: i32::try_from(self.settings.request_timeout.as_millis()).unwrap_or(i32::MAX),
            topics: Vec::new(),
        };
        let mut ids = Vec::new();
        let records = |key: &BatchKey| self.batches.get(*key).map_or(0, |batch| u64::from(batch.count));
        let records = batches.iter().map(|(_, key)| records(key)).sum();
        self.recorder.produce_requested(now, records);
        for (ix, key) in &batches {
            self.depart(now, node, conn, correlation, *ix, *key);
            self.add_batch(&mut parts, &mut ids, *ix, *key);
        }
        // The whole request speaks of ids or of names; metadata of older versions tells no ids.
        let by_id = newest >= BY_ID_SINCE && ids.iter().all(|(id, _)| *id != Uuid::default());
        let version = if by_id {
            newest
        } else {
            newest.min(BY_ID_SINCE - 1)
        };
        if !by_id {
            ids.clear();
        }
        let client_id = Some(&*self.settings.client_id);
        let Ok(chunks) = parts.write_prefixed(correlation, client_id, version) else {
            unreachable!("the version was agreed on, and max.request.size keeps lengths in their fields");
        };
        let kind = RequestKind::Produce {
            batches,
            unanswered: self.settings.acks == Acks::None && !mutant!(UnansweredAwaited),
            ids,
        };
        self.transmit(now, conn, ApiKey::Produce, version, kind, chunks);
    }

    /// Moves a batch from its queue into a request.
    fn depart(
        &mut self,
        now: Instant,
        node: NodeId,
        conn: ConnId,
        correlation: i32,
        ix: PartitionIx,
        key: BatchKey,
    ) {
        let partition = self.partition_mut(ix);
        let epoch = partition.leader_epoch;
        partition.in_flight.push(key);
        let Some(batch) = self.batches.get_mut(key) else {
            return;
        };
        let attempt = batch.attempts;
        batch.attempts += 1;
        batch.restamped = false;
        let doubtful = batch.may_be_duplicated();
        let drained = Drained {
            topic: self.partitions[ix.0 as usize].topic,
            records: batch.count,
            bytes: batch.size(),
            queued: now.saturating_since(batch.created),
            ratio: batch.sealed().map_or(1.0, SealedBatch::compression_ratio),
            largest: batch.largest,
        };
        let placeholder = BatchState::Abandoned;
        if let BatchState::Queued { mut sealed, .. } = core::mem::replace(&mut batch.state, placeholder) {
            let none = ProducerStamp {
                base_sequence: if mutant!(IdentityWithoutIdempotence) {
                    0
                } else {
                    -1
                },
                ..ProducerStamp::NONE
            };
            let stamp = batch.stamp.map_or(none, |stamp| stamp.wire());
            if sealed.stamped() != stamp {
                sealed.stamp(stamp);
            }
            batch.state = BatchState::InFlight {
                sealed,
                conn,
                correlation,
                leader_epoch: epoch,
            };
        }
        self.counters
            .drained(drained.records, drained.bytes, micros(drained.queued));
        self.recorder.drained(now, drained);
        if doubtful {
            self.counters.maybe_duplicated += 1;
            self.tracer
                .emit(now, || Event::MaybeDuplicated { batch: key.id() });
        }
        self.tracer.emit(now, || Event::Drained {
            batch: key.id(),
            node,
            conn: conn.0,
            correlation,
            attempt,
        });
    }

    /// Adds a batch to a request, sharing its records. Batches of one topic that follow each other share its name.
    fn add_batch(
        &self,
        parts: &mut ProduceRequestParts,
        ids: &mut Vec<(Uuid, TopicIx)>,
        ix: PartitionIx,
        key: BatchKey,
    ) {
        let Some(sealed) = self.batches.get(key).and_then(|batch| batch.sealed()) else {
            return;
        };
        let partition = self.partition(ix);
        let topic = self.topics.get(partition.topic);
        let entry = PartitionParts {
            index: partition.index,
            records: sealed.chunks().into(),
        };
        match ids.iter().position(|(_, known)| *known == partition.topic) {
            Some(place) => parts.topics[place].partitions.push(entry),
            None => {
                let topic_id = Uuid(topic.id);
                ids.push((topic_id, partition.topic));
                parts.topics.push(TopicParts {
                    name: (&*topic.name).into(),
                    topic_id,
                    partitions: alloc::vec![entry],
                });
            }
        }
    }

    /// `acks=0`: the request is written, which is all that will ever be known (behaviour 27).
    pub(crate) fn produce_unanswered(&mut self, now: Instant, batches: &[(PartitionIx, BatchKey)]) {
        for (ix, key) in batches {
            self.land(*ix, *key);
            self.finish(
                now,
                *key,
                Outcome::Stored {
                    base_offset: -1,
                    log_append_time: -1,
                },
            );
        }
    }

    /// The connection is gone: whether the broker has the batches nobody knows (behaviour 31).
    pub(crate) fn produce_lost(&mut self, now: Instant, batches: &[(PartitionIx, BatchKey)], loss: Loss) {
        let code = match loss {
            Loss::TimedOut => ErrorCode::REQUEST_TIMED_OUT,
            Loss::Disconnected | Loss::Wanted => ErrorCode::NETWORK_EXCEPTION,
        };
        let row = lookup(code.0);
        if row.refresh_metadata {
            self.refresh.want_all("a connection was lost");
        }
        for (ix, key) in batches {
            self.land(*ix, *key);
            if self.is_abandoned(*key) {
                self.forget(now, *key);
            } else {
                self.retry_or_fail(now, *key, row);
            }
        }
    }

    /// A batch is in no request any more.
    pub(crate) fn land(&mut self, ix: PartitionIx, key: BatchKey) {
        self.partition_mut(ix).in_flight.retain(|other| *other != key);
        self.dirty = true;
    }

    pub(crate) fn is_abandoned(&self, key: BatchKey) -> bool {
        self.batches
            .get(key)
            .is_some_and(|batch| matches!(batch.state, BatchState::Abandoned))
    }
}
