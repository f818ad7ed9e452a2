//! Back into the queue, in order (`Sender.reenqueueBatch`, behaviours 36, 39).

use ottla_trace::Event;
use ottla_trace::event::Persisted;

use crate::accumulator::{BatchKey, BatchState};
use crate::engine::Engine;
use crate::error::BrokerError;
use crate::time::Instant;

impl Engine {
    /// Sends a batch again later, unless its time or its retries are used up.
    pub(crate) fn retry_or_fail(&mut self, now: Instant, key: BatchKey, row: &'static BrokerError) {
        let Some(batch) = self.batches.get_mut(key) else {
            return;
        };
        let ix = batch.partition;
        if row.persisted != Persisted::No
            && let BatchState::InFlight { sealed, .. } = &batch.state
        {
            batch.ambiguous = Some(sealed.stamped());
        }
        let retried = batch.attempts.saturating_sub(1);
        let in_time = batch.created + self.settings.delivery_timeout > now;
        let allowed = !(self.settings.fail_ambiguous && batch.may_be_duplicated());
        if in_time && allowed && (retried < self.settings.retries || mutant!(RetriesUncounted)) {
            return self.requeue(now, key, row);
        }
        let mut error = self.broker_error(key, row, None);
        if !allowed {
            self.note_unknown(&mut error);
            error.message = alloc::format!(
                "{}; it is not sent again because it might be stored twice (ottla.ambiguity=fail)",
                error.message
            )
            .into();
        }
        // With retries left the broker's word was final. Without, nobody knows what it did with the sequence.
        if !in_time || retried >= self.settings.retries {
            self.doubt_sequence(ix, key);
        } else {
            self.give_up_sequence(ix, key, row.name);
        }
        self.fail(now, key, error);
    }

    fn requeue(&mut self, now: Instant, key: BatchKey, row: &'static BrokerError) {
        let Some(batch) = self.batches.get_mut(key) else {
            return;
        };
        let failures = if mutant!(BackoffConstant) {
            0
        } else {
            batch.attempts.saturating_sub(1)
        };
        let not_before = now + self.settings.retry_backoff.delay(failures, &mut self.rng);
        let BatchState::InFlight {
            sealed, leader_epoch, ..
        } = core::mem::replace(&mut batch.state, BatchState::Abandoned)
        else {
            debug_assert!(false, "only a batch in flight can be sent again");
            return;
        };
        batch.state = BatchState::Queued {
            sealed,
            not_before,
            leader_epoch,
        };
        if mutant!(DeliveryTimeoutRestarts) {
            batch.created = now;
        }
        let (ix, count) = (batch.partition, batch.count);
        let (attempt, persisted) = (batch.attempts, batch.persisted());
        self.counters.record_retries += u64::from(count);
        let topic = self.partition(ix).topic;
        self.recorder.retried(now, topic, count);
        self.enqueue(key);
        self.tracer.emit(now, || Event::Retry {
            batch: key.id(),
            because: row.name.into(),
            attempt,
            not_before: not_before.as_micros(),
            persisted,
        });
    }

    /// Puts a batch where it belongs: in front of every batch whose records were sent later. This is the order of
    /// sequences, too, and it holds when several batches come back from a connection that was lost.
    pub(crate) fn enqueue(&mut self, key: BatchKey) {
        let Some(batch) = self.batches.get(key) else {
            return;
        };
        let (ix, first) = (batch.partition, batch.first_record());
        let batches = &self.batches;
        let queue = &self.partitions[ix.0 as usize].queue;
        let place = queue
            .iter()
            .position(|other| {
                batches
                    .get(*other)
                    .is_some_and(|other| other.first_record() > first && !mutant!(RetryAtTheBack))
            })
            .unwrap_or(queue.len());
        self.partition_mut(ix).queue.insert(place, key);
        self.list(ix);
        self.dirty = true;
    }
}
