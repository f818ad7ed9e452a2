//! `delivery.timeout.ms`: from the first record of a batch until its result, wherever it is (behaviour 43).

use alloc::string::String;

use ottla_trace::Event;
use ottla_trace::event::CloseReason;

use crate::accumulator::{Batch, BatchKey, BatchState, PartitionIx};
use crate::delivery::{DeliveryError, DeliveryErrorKind, Persisted};
use crate::engine::Engine;
use crate::time::Instant;

impl Engine {
    pub(crate) fn expire_batches(&mut self, now: Instant) {
        for index in 0..self.active.len() {
            let ix = self.active[index];
            self.expire_partition(now, ix);
        }
    }

    fn expire_partition(&mut self, now: Instant, ix: PartitionIx) {
        while let Some(key) = self.expired_of(now, ix) {
            self.expire(now, ix, key);
        }
        let limit = self.settings.delivery_timeout;
        let open = self.partition(ix).open.as_ref();
        if open.is_some_and(|open| open.created + limit <= now) {
            self.close_open(now, ix, CloseReason::Expired);
            if let Some(key) = self.partition(ix).queue.back().copied() {
                self.expire(now, ix, key);
            }
        }
    }

    /// The oldest batch whose time is up. One that is being sealed waits for its records to come back.
    fn expired_of(&self, now: Instant, ix: PartitionIx) -> Option<BatchKey> {
        let partition = self.partition(ix);
        let limit = self.settings.delivery_timeout;
        let is_late = |key: &&BatchKey| {
            self.batches.get(**key).is_some_and(|batch| {
                let can_expire = matches!(
                    batch.state,
                    BatchState::Queued { .. } | BatchState::InFlight { .. }
                );
                can_expire && batch.created + limit <= now
            })
        };
        // A retried batch is older than one behind it that is still in flight: results keep the order of sending.
        let late = partition.in_flight.iter().chain(partition.queue.front());
        late.filter(is_late)
            .min_by_key(|key| {
                let first = self.batches.get(**key).and_then(Batch::first_record);
                first.filter(|_| !mutant!(ExpiredOutOfOrder))
            })
            .copied()
    }

    fn expire(&mut self, now: Instant, ix: PartitionIx, key: BatchKey) {
        let Some(batch) = self.batches.get(key) else {
            return;
        };
        let (attempts, persisted) = (batch.attempts, batch.persisted());
        let error = self.expiry_error(key, attempts, persisted);
        // A part of a split has a sequence before it is sent; whatever has none stays without doubt.
        if attempts > 0 || !mutant!(UnsentPartLeavesGap) {
            self.doubt_sequence(ix, key);
        }
        self.tracer.emit(now, || Event::Expired {
            batch: key.id(),
            persisted,
        });
        self.fail(now, key, error);
    }

    fn expiry_error(&self, key: BatchKey, attempts: u32, persisted: Persisted) -> DeliveryError {
        let place = self.place_of(key);
        let limit = self.settings.delivery_timeout.as_millis() as u64;
        let story = match (attempts, persisted) {
            (0, _) => alloc::format!("it was never sent; {}", self.network.last_failure()),
            (_, Persisted::No) => alloc::format!("it was sent {attempts} times and refused each time"),
            _ => {
                let why = self.network.noted_failure();
                let why = why.map_or(String::new(), |why| alloc::format!("; {why}"));
                alloc::format!("it was sent {attempts} times and not every attempt was answered{why}")
            }
        };
        DeliveryError {
            code: "DELIVERY_TIMEOUT",
            kind: DeliveryErrorKind::Timeout,
            message: alloc::format!(
                "{place}: not delivered within {limit} ms (delivery.timeout.ms): {story}"
            )
            .into(),
            persisted,
        }
    }
}
