//! What a Produce answer means for each of its batches (`Sender.completeBatch`).

use alloc::vec::Vec;

use ottla_trace::event::TopicIx;
use ottla_wire::error_code::ErrorCode;
use ottla_wire::messages::produce::{NodeEndpoint, PartitionProduceResponse, ProduceResponse};
use ottla_wire::primitives::Uuid;

use crate::accumulator::{BatchKey, PartitionIx};
use crate::connection::Loss;
use crate::delivery::{DeliveryError, DeliveryErrorKind, Outcome, Persisted};
use crate::engine::Engine;
use crate::error::{Action, BrokerError, lookup};
use crate::hash::HashMap;
use crate::io::ConnId;
use crate::time::Instant;

impl Engine {
    pub(crate) fn produce_answered(
        &mut self,
        now: Instant,
        conn: ConnId,
        batches: &[(PartitionIx, BatchKey)],
        ids: &[(Uuid, TopicIx)],
        answer: &ProduceResponse,
    ) {
        if mutant!(ThrottledSuccessResent) && answer.throttle_time_ms > 0 {
            return self.produce_lost(now, batches, Loss::Disconnected);
        }
        let by_partition = self.by_partition(ids, answer);
        let mut unmentioned = Vec::new();
        for (ix, key) in batches {
            match by_partition.get(ix) {
                Some(said) => {
                    self.land(*ix, *key);
                    self.settle(now, *ix, *key, said, &answer.node_endpoints);
                }
                None => unmentioned.push((*ix, *key)),
            }
        }
        if !unmentioned.is_empty() {
            self.produce_lost(now, &unmentioned, Loss::Disconnected);
            self.fault(now, conn, "the broker's answer to Produce leaves out a partition");
        }
    }

    fn by_partition<'a>(
        &self,
        ids: &[(Uuid, TopicIx)],
        answer: &'a ProduceResponse,
    ) -> HashMap<PartitionIx, &'a PartitionProduceResponse> {
        let mut found = HashMap::default();
        for topic in &answer.responses {
            let found_topic = if ids.is_empty() {
                self.topics.find(&topic.name)
            } else {
                let now_named = |ix: &TopicIx| Uuid(self.topics.get(*ix).id);
                let same = ids.iter().find(|(id, ix)| {
                    let id = if mutant!(TopicIdsForgotten) {
                        now_named(ix)
                    } else {
                        *id
                    };
                    id == topic.topic_id
                });
                same.map(|(_, ix)| *ix)
            };
            let Some(ix) = found_topic else {
                continue;
            };
            let partitions = &self.topics.get(ix).partitions;
            for partition in &topic.partition_responses {
                let ix = usize::try_from(partition.index)
                    .ok()
                    .and_then(|index| partitions.get(index));
                if let Some(ix) = ix {
                    found.insert(*ix, partition);
                }
            }
        }
        found
    }

    fn settle(
        &mut self,
        now: Instant,
        ix: PartitionIx,
        key: BatchKey,
        answer: &PartitionProduceResponse,
        nodes: &[NodeEndpoint],
    ) {
        if self.is_abandoned(key) {
            // Its results are told; what it says about the sequence ends the doubt (behaviour 44, 45).
            if answer.error_code.is_ok() {
                self.note_acked(ix, key);
            }
            self.forget(now, key);
            return;
        }
        if answer.error_code.is_ok() {
            return self.stored(now, ix, key, answer.base_offset, answer.log_append_time_ms);
        }
        let row = lookup(answer.error_code.0);
        if row.refresh_metadata {
            self.refresh.want_all(row.name);
        }
        if self.is_replay(key)
            && (matches!(row.action, Action::ResolveSequence | Action::ResolveProducer)
                || answer.error_code == ErrorCode::INVALID_PRODUCER_EPOCH)
            && !mutant!(ReplayResent)
        {
            return self.outcome_unknown(now, key, row.name);
        }
        match row.action {
            Action::Succeed if mutant!(DuplicateFails) => self.refuse(now, ix, key, row, answer),
            Action::Succeed => self.stored(now, ix, key, -1, -1),
            Action::Retry => self.retry_or_fail(now, key, row),
            Action::RetryAtLeader => {
                if let Some(leader) = &answer.current_leader
                    && !mutant!(InlineLeaderIgnored)
                {
                    self.learn_leader(now, ix, leader, nodes);
                }
                self.retry_or_fail(now, key, row);
            }
            Action::Split => self.split_or_fail(now, key, row),
            Action::ResolveSequence => self.resolve_sequence(now, ix, key, row),
            Action::ResolveProducer => self.resolve_producer(now, ix, key, row, answer.log_start_offset),
            // It was refused under the epoch that it no longer bears.
            Action::Fail
                if answer.error_code == ErrorCode::INVALID_PRODUCER_EPOCH && self.is_restamped(key) =>
            {
                self.retry_or_fail(now, key, row);
            }
            Action::Fail => self.refuse(now, ix, key, row, answer),
            Action::Fatal => self.refuse_all(now, key, row),
        }
    }

    fn stored(
        &mut self,
        now: Instant,
        ix: PartitionIx,
        key: BatchKey,
        base_offset: i64,
        log_append_time: i64,
    ) {
        self.note_acked(ix, key);
        self.finish(
            now,
            key,
            Outcome::Stored {
                base_offset,
                log_append_time,
            },
        );
    }

    /// The broker refuses the batch for good, or some of its records (KIP-467).
    fn refuse(
        &mut self,
        now: Instant,
        ix: PartitionIx,
        key: BatchKey,
        row: &'static BrokerError,
        answer: &PartitionProduceResponse,
    ) {
        let error = self.broker_error(key, row, answer.error_message.as_deref());
        self.give_up_sequence(ix, key, row.name);
        if answer.record_errors.is_empty() || mutant!(EverybodyIsCulprit) {
            return self.fail(now, key, error);
        }
        // Of several culprits the broker does not say which met which error (`Sender.failBatch`).
        let row = match answer.record_errors.len() {
            1 => row,
            _ => lookup(ErrorCode::INVALID_RECORD.0),
        };
        let culprits: Vec<_> = answer
            .record_errors
            .iter()
            .filter_map(|culprit| {
                let index = u32::try_from(culprit.batch_index).ok()?;
                let said = culprit
                    .batch_index_error_message
                    .as_deref()
                    .or(answer.error_message.as_deref());
                Some((index, self.broker_error(key, row, said)))
            })
            .collect();
        let of_others = DeliveryError {
            code: "BATCH_REFUSED",
            kind: DeliveryErrorKind::Broker,
            message: "the broker refused another record of the same batch; send this one again".into(),
            persisted: Persisted::No,
        };
        self.finish(now, key, Outcome::Culprits { of_others, culprits });
    }

    /// Nothing can be delivered any more.
    fn refuse_all(&mut self, now: Instant, key: BatchKey, row: &'static BrokerError) {
        let error = self.broker_error(key, row, None);
        self.fail(now, key, error.clone());
        // The others were at other places.
        let error = DeliveryError {
            message: row.advice.into(),
            ..error
        };
        self.fail_everything(now, &error);
        if !self.identity.is_off() {
            if row.code == ErrorCode::CLUSTER_AUTHORIZATION_FAILED.0 {
                self.identity_failed(now);
            } else {
                self.identity.state = crate::identity::IdentityState::Failed(error);
            }
        }
    }

    /// The error of a batch as the application sees it.
    pub(crate) fn broker_error(
        &self,
        key: BatchKey,
        row: &'static BrokerError,
        said: Option<&str>,
    ) -> DeliveryError {
        let doubt = self
            .batches
            .get(key)
            .is_some_and(|batch| batch.ambiguous.is_some());
        let persisted = match row.persisted {
            Persisted::Possibly if mutant!(LossIsCertain) => Persisted::No,
            Persisted::No if doubt => Persisted::Possibly,
            persisted => persisted,
        };
        let place = self.place_of(key);
        let message = match said {
            Some(said) => alloc::format!("{place}: {}; the broker says: {said}", row.advice),
            None => alloc::format!("{place}: {}", row.advice),
        };
        DeliveryError {
            code: row.name,
            kind: kind_of(row),
            message: message.into(),
            persisted,
        }
    }

    /// Topic and partition of a batch, for messages.
    pub(crate) fn place_of(&self, key: BatchKey) -> alloc::string::String {
        self.batches.get(key).map_or_else(Default::default, |batch| {
            let partition = self.partition(batch.partition);
            alloc::format!("{}-{}", self.topics.get(partition.topic).name, partition.index)
        })
    }
}

fn kind_of(row: &BrokerError) -> DeliveryErrorKind {
    match ErrorCode(row.code) {
        ErrorCode::TOPIC_AUTHORIZATION_FAILED | ErrorCode::CLUSTER_AUTHORIZATION_FAILED => {
            DeliveryErrorKind::Authorization
        }
        ErrorCode::MESSAGE_TOO_LARGE | ErrorCode::RECORD_LIST_TOO_LARGE => DeliveryErrorKind::TooLarge,
        ErrorCode::REQUEST_TIMED_OUT => DeliveryErrorKind::Timeout,
        _ if row.action == Action::Fatal => DeliveryErrorKind::Fatal,
        _ => DeliveryErrorKind::Broker,
    }
}
