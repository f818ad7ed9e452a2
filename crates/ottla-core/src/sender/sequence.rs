//! What becomes of sequences (`TransactionManager` of an idempotent producer, behaviours 40 to 49).

use ottla_trace::Event;

use crate::accumulator::{BatchKey, BatchState, PartitionIx, Stamp};
use crate::engine::Engine;
use crate::error::BrokerError;
use crate::identity::{Bump, ProducerIdentity};
use crate::time::Instant;

impl Engine {
    /// The broker has the batch.
    pub(crate) fn note_acked(&mut self, ix: PartitionIx, key: BatchKey) {
        let Some(batch) = self.batches.get(key) else {
            return;
        };
        let Some(stamp) = batch.stamp else {
            return;
        };
        let (restamped, last) = (batch.restamped, batch.last_sequence());
        let partition = self.partition_mut(ix);
        if restamped {
            // It was stored under its old epoch; the numbers that were planned for it leave a gap in the new one.
            self.want_bump(ix, "a batch was acknowledged under its old epoch");
        } else if partition.sequences.identity() == Some(stamp.identity)
            && let Some(last) = last
        {
            partition.sequences.acked(last);
        }
    }

    /// `OUT_OF_ORDER_SEQUENCE_NUMBER` (behaviour 46).
    pub(crate) fn resolve_sequence(
        &mut self,
        now: Instant,
        ix: PartitionIx,
        key: BatchKey,
        row: &'static BrokerError,
    ) {
        let Some((stamp, restamped)) = self.stamp_of(key) else {
            return self.retry_or_fail(now, key, row);
        };
        let sequences = &self.partition(ix).sequences;
        let is_gap = match sequences.unresolved() {
            // A batch in front of it expired with unknown outcome: now it is known.
            Some(next) => next == stamp.first,
            // A later batch was taken: a broker without memory of us takes any first sequence. Java retries such a
            // batch until delivery.timeout.ms; only a new epoch can help it.
            None => sequences.is_next(stamp.first) || sequences.is_passed(stamp.first),
        };
        if (is_gap || mutant!(OutOfOrderAlwaysBumps)) && !restamped && !mutant!(OutOfOrderNeverBumps) {
            self.want_bump(ix, row.name);
        }
        self.retry_or_fail(now, key, row);
    }

    /// `UNKNOWN_PRODUCER_ID` (behaviour 47).
    pub(crate) fn resolve_producer(
        &mut self,
        now: Instant,
        ix: PartitionIx,
        key: BatchKey,
        row: &'static BrokerError,
        log_start_offset: i64,
    ) {
        // Without a log start offset the partition moved while the answer was made: ask again.
        let restamped = self.stamp_of(key).is_none_or(|(_, restamped)| restamped);
        if log_start_offset >= 0
            && (!restamped || mutant!(RenumberedBumpsAgain))
            && !mutant!(UnknownProducerNeverBumps)
        {
            self.want_bump(ix, row.name);
        }
        self.retry_or_fail(now, key, row);
    }

    pub(crate) fn is_restamped(&self, key: BatchKey) -> bool {
        self.batches.get(key).is_some_and(|batch| batch.restamped)
    }

    fn stamp_of(&self, key: BatchKey) -> Option<(Stamp, bool)> {
        let batch = self.batches.get(key)?;
        batch.stamp.map(|stamp| (stamp, batch.restamped))
    }

    /// The partition's sequences begin at 0 under the next epoch.
    pub(crate) fn want_bump(&mut self, ix: PartitionIx, because: &'static str) {
        // A wish that nobody can fulfil at the moment (no identity any more) is repeated again and again: it is no
        // progress, and the producer would never come to rest.
        if !self.bumps.iter().any(|(other, _)| *other == ix) {
            self.bumps.push((ix, because));
            self.dirty = true;
        }
    }

    /// The broker refused a batch for good: its sequence is a gap that only a new epoch gets over (behaviour 49).
    pub(crate) fn give_up_sequence(&mut self, ix: PartitionIx, key: BatchKey, because: &'static str) {
        if self.stamp_of(key).is_some() && !self.is_replay(key) && !mutant!(FailureKeepsEpoch) {
            self.want_bump(ix, because);
        }
    }

    /// A batch that has a sequence fails without the broker's word: whether the sequence is used nobody knows, or
    /// (a part of a split that was not sent) it is a gap.
    pub(crate) fn doubt_sequence(&mut self, ix: PartitionIx, key: BatchKey) {
        let Some(batch) = self.batches.get(key) else {
            return;
        };
        let identity = batch.stamp.map(|stamp| stamp.identity);
        let partition = &mut self.partitions[ix.0 as usize];
        if identity.is_some()
            && identity == partition.sequences.identity()
            && let Some(last) = batch.last_sequence()
        {
            partition.sequences.mark_unresolved(last.plus(1));
        }
    }

    /// Ends doubts of partitions that have nothing in flight any more: either later batches were acknowledged, or the
    /// numbers are abandoned with their epoch (behaviour 44).
    pub(crate) fn resolve_sequences(&mut self, _now: Instant) {
        for index in 0..self.active.len() {
            let ix = self.active[index];
            let partition = self.partition_mut(ix);
            let undecided = partition.sequences.unresolved().is_some()
                && (partition.stamped.is_empty() || mutant!(DoubtEndsEarly))
                && partition.in_flight.is_empty();
            if undecided && !partition.sequences.try_resolve() {
                self.want_bump(ix, "a batch expired after it was sent");
            }
        }
    }

    /// Goes to the next epoch for the partitions that asked for it. Others follow when they have nothing in flight.
    pub(crate) fn apply_bumps(&mut self, now: Instant) {
        if self.bumps.is_empty() {
            return;
        }
        let Some(current) = self.identity.current() else {
            return;
        };
        // A partition that is behind anyway needs no further epoch.
        let needed = self
            .bumps
            .iter()
            .find(|(ix, _)| self.partition(*ix).sequences.identity() == Some(current))
            .copied();
        let identity = match needed {
            None => current,
            Some((_, because)) => match self.identity.bump(now) {
                Some(Bump::Epoch(next)) => {
                    self.counters.epoch_bumps += 1;
                    self.tracer.emit(now, || Event::EpochBumped {
                        producer_id: next.id,
                        epoch: next.epoch,
                        because: because.into(),
                    });
                    next
                }
                Some(Bump::Exhausted) | None => return,
            },
        };
        for (ix, _) in core::mem::take(&mut self.bumps) {
            self.restamp(now, ix, identity);
        }
    }

    /// Numbers a partition's unresolved batches anew, from 0.
    fn restamp(&mut self, now: Instant, ix: PartitionIx, identity: ProducerIdentity) {
        let stamped = core::mem::take(&mut self.partition_mut(ix).stamped);
        self.partition_mut(ix).sequences.restart(identity);
        self.dirty = true;
        for key in stamped {
            if self.is_replay(key) {
                self.partition_mut(ix).stamped.push(key);
                continue;
            }
            let Some(batch) = self.batches.get_mut(key) else {
                continue;
            };
            let sequences = &mut self.partitions[ix.0 as usize].sequences;
            let first = sequences.take(batch.count);
            batch.stamp = Some(Stamp { identity, first });
            let flying = matches!(batch.state, BatchState::InFlight { .. });
            batch.restamped = flying;
            let refused = self.settings.fail_ambiguous && !flying && batch.may_be_duplicated();
            self.partition_mut(ix).stamped.push(key);
            self.tracer.emit(now, || Event::Stamped {
                batch: key.id(),
                producer_id: identity.id,
                epoch: identity.epoch,
                sequence: first.get(),
            });
            if refused {
                self.refuse_doubtful(now, ix, key);
            }
        }
    }

    /// `ottla.ambiguity=fail`: a batch that may be stored does not go out under a new identity.
    fn refuse_doubtful(&mut self, now: Instant, ix: PartitionIx, key: BatchKey) {
        let row = crate::error::lookup(ottla_wire::error_code::ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER.0);
        let mut error = self.broker_error(key, row, None);
        self.note_unknown(&mut error);
        error.message = alloc::format!(
            "{}; it may be stored already and is not sent again (ottla.ambiguity=fail)",
            error.message
        )
        .into();
        self.fail(now, key, error);
        // The numbers planned for it are a gap.
        self.want_bump(ix, "a batch was given up");
    }
}
