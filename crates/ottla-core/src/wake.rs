//! When the producer wants to be woken, and why.

use crate::accumulator::{BatchState, Partition};
use crate::engine::Engine;
use crate::identity::IdentityState;
use crate::lifecycle::Lifecycle;
use crate::time::Instant;
use crate::timer::Timer;

/// The earliest of the deadlines that were offered.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wake {
    pub(crate) at: Option<Instant>,
    pub(crate) why: Timer,
}

impl Default for Wake {
    fn default() -> Self {
        Self {
            at: None,
            why: Timer::Idle,
        }
    }
}

impl Wake {
    #[inline]
    pub(crate) fn offer(&mut self, at: Instant, why: Timer) {
        if at != Instant::MAX && self.at.is_none_or(|earliest| at < earliest) {
            *self = Self { at: Some(at), why };
        }
    }

    #[inline]
    pub(crate) fn is_due(&self, now: Instant) -> bool {
        self.at.is_some_and(|at| at <= now)
    }
}

impl Engine {
    /// The earliest deadline of everything. Deadlines that have passed without effect (a batch that may go but whose
    /// broker takes nothing now) are left out: the event that changes this comes as an input.
    pub(crate) fn next_wake(&self, now: Instant) -> Wake {
        let mut wake = Wake::default();
        for ix in &self.active {
            self.offer_partition(self.partition(*ix), now, &mut wake);
        }
        for ix in &self.waiting {
            let deadlines = self.topics.get(*ix).waiting.iter().map(|record| record.deadline);
            wake.offer(
                deadlines.min().unwrap_or(Instant::MAX),
                Timer::MaxBlock { topic: *ix },
            );
        }
        self.network.offer_timers(&self.settings, now, &mut wake);
        let wants = self.wants_connection(now);
        self.network.offer_reconnects(now, &wants, &mut wake);
        if let Some(at) = self.refresh.next_due().filter(|at| *at > now) {
            wake.offer(at, Timer::Metadata);
        }
        if let IdentityState::Unassigned { not_before } = self.identity.state
            && not_before > now
            && self.outstanding > 0
        {
            wake.offer(not_before, Timer::ProducerId);
        }
        if let Lifecycle::Closing { deadline } = self.lifecycle {
            wake.offer(deadline, Timer::Close);
        }
        wake
    }

    fn offer_partition(&self, partition: &Partition, now: Instant, wake: &mut Wake) {
        let reference = partition.reference();
        let mut oldest = Instant::MAX;
        if let Some(open) = &partition.open {
            oldest = open.created;
            let ready = open.created + self.settings.linger;
            if ready > now {
                wake.offer(ready, Timer::Linger(reference));
            }
        }
        if let Some(batch) = partition.queue.front().and_then(|key| self.batches.get(*key)) {
            // One that is being sealed cannot expire: its records are with the shell.
            if let BatchState::Queued { not_before, .. } = batch.state {
                oldest = oldest.min(batch.created);
                if not_before > now {
                    wake.offer(not_before, Timer::RetryBackoff(reference));
                }
            }
        }
        let flying = partition
            .in_flight
            .iter()
            .filter_map(|key| self.batches.get(*key))
            .find(|batch| matches!(batch.state, BatchState::InFlight { .. }));
        if let Some(batch) = flying {
            oldest = oldest.min(batch.created);
        }
        if oldest != Instant::MAX {
            wake.offer(
                oldest + self.settings.delivery_timeout,
                Timer::DeliveryTimeout(reference),
            );
        }
    }
}
