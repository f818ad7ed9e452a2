//! The end of a batch: its results leave, its memory comes back.

use alloc::vec::Vec;

use ottla_trace::Event;
use ottla_trace::event::CloseReason;

use crate::accumulator::{Batch, BatchKey, BatchState, Partition, PartitionIx};
use crate::delivery::{Completion, DeliveryError, Outcome, Persisted, Returned};
use crate::engine::Engine;
use crate::io::Output;
use crate::time::Instant;

impl Engine {
    pub(crate) fn fail(&mut self, now: Instant, key: BatchKey, error: DeliveryError) {
        self.finish(now, key, Outcome::Failed(error));
    }

    /// Tells the results of a batch. One that is still in a request stays behind for the sake of its sequence.
    pub(crate) fn finish(&mut self, now: Instant, key: BatchKey, outcome: Outcome) {
        let Some(batch) = self.batches.get_mut(key) else {
            return;
        };
        let ix = batch.partition;
        let flying = matches!(batch.state, BatchState::InFlight { .. })
            && self.partitions[ix.0 as usize].in_flight.contains(&key);
        let slots = core::mem::take(&mut batch.slots);
        let failed = !matches!(outcome, Outcome::Stored { .. });
        let returned = match batch.sealed() {
            Some(sealed) if failed => Returned::Batch(sealed.clone()),
            _ => Returned::Nothing,
        };
        if flying {
            batch.state = BatchState::Abandoned;
            if mutant!(MemoryReturnedInFlight) {
                self.memory.give_back(core::mem::take(&mut batch.charge));
            }
            self.partition_mut(ix).stamped.retain(|other| *other != key);
        } else {
            self.forget(now, key);
        }
        self.trace_outcome(now, key, &outcome);
        if failed {
            self.counters.record_errors += slots.len() as u64;
            let topic = self.partition(ix).topic;
            self.recorder.failed(now, Some(topic), slots.len());
        } else {
            self.counters.record_acks += slots.len() as u64;
        }
        let partition = self.partition(ix);
        let completion = Completion {
            topic: self.topics.get(partition.topic).name.clone(),
            partition: partition.index,
            outcome,
            slots,
            returned,
        };
        self.hand_out(now, completion);
    }

    /// Hands out a completion, and after it the flushes that it completes.
    pub(crate) fn hand_out(&mut self, now: Instant, completion: Completion) {
        let flushed = self.book(&completion.slots);
        self.outbox.push_back(Output::Done(completion));
        for (flush, since) in flushed {
            self.flushed(now, flush, since);
        }
    }

    fn trace_outcome(&mut self, now: Instant, key: BatchKey, outcome: &Outcome) {
        self.tracer.emit(now, || match outcome {
            Outcome::Stored {
                base_offset,
                log_append_time,
            } => Event::Acked {
                batch: key.id(),
                base_offset: *base_offset,
                log_append_time: *log_append_time,
            },
            Outcome::Failed(error) | Outcome::Culprits { of_others: error, .. } => Event::Failed {
                batch: key.id(),
                error: error.code.into(),
                persisted: error.persisted,
            },
        });
    }

    /// Fails whatever is not resolved, wherever it is.
    pub(crate) fn fail_everything(&mut self, now: Instant, error: &DeliveryError) {
        for ix in self.waiting.clone() {
            self.fail_topic(now, ix, error);
        }
        self.fail_partitions(now, error, |_| true);
    }

    /// Fails what is accepted for some partitions.
    pub(crate) fn fail_partitions(
        &mut self,
        now: Instant,
        error: &DeliveryError,
        concerned: impl Fn(&Partition) -> bool,
    ) {
        for index in 0..self.active.len() {
            let ix = self.active[index];
            if !concerned(self.partition(ix)) {
                continue;
            }
            self.close_open(now, ix, CloseReason::Expired);
            let partition = self.partition(ix);
            let mut keys: Vec<BatchKey> = partition
                .in_flight
                .iter()
                .chain(&partition.queue)
                .copied()
                .collect();
            ottla_sorted::sort_by_key(&mut keys, |key| {
                self.batches.get(*key).and_then(Batch::first_record)
            });
            for key in keys {
                self.fail_with(now, key, error);
            }
        }
    }

    /// Fails the batches at the front of a queue that are doomed and complete.
    pub(crate) fn fail_doomed(&mut self, now: Instant, ix: PartitionIx) {
        while let Some(key) = self.partition(ix).queue.front().copied()
            && let Some(batch) = self.batches.get_mut(key)
            && !matches!(batch.state, BatchState::Sealing)
            && let Some(error) = batch.doom.take()
        {
            self.fail_with(now, key, &error);
        }
    }

    fn fail_with(&mut self, now: Instant, key: BatchKey, error: &DeliveryError) {
        let Some(batch) = self.batches.get_mut(key) else {
            return;
        };
        let ix = batch.partition;
        // Results keep the order of sending: a batch behind one that is being compressed waits for it.
        let front = self.partitions[ix.0 as usize].queue.front();
        let waits = front.is_some_and(|front| *front != key) && !mutant!(CloseOutOfOrder);
        match &batch.state {
            BatchState::Abandoned => {}
            BatchState::Queued { .. } if waits => batch.doom = Some(error.clone()),
            BatchState::Sealing => batch.doom = Some(error.clone()),
            BatchState::Queued { .. } | BatchState::InFlight { .. } => {
                let mut error = error.clone();
                if error.persisted == Persisted::No {
                    error.persisted = batch.persisted();
                }
                if !mutant!(FailureWithoutDoubt) {
                    self.doubt_sequence(ix, key);
                }
                self.fail(now, key, error);
            }
        }
    }
}
