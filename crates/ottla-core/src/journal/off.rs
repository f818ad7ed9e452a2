//! Without the feature `journal` nothing waits for anything.

use crate::accumulator::{Batch, BatchKey, PartitionIx};
use crate::delivery::DeliveryError;
use crate::engine::Engine;
use crate::time::Instant;

/// Nothing.
#[derive(Clone, Debug, Default)]
pub(crate) struct Gate {}

impl Gate {
    #[inline(always)]
    #[allow(clippy::unused_self, reason = "stands in for the journal")]
    const fn is_on(&self) -> bool {
        false
    }
}

/// Nothing.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Mark {}

impl Mark {
    #[inline(always)]
    #[allow(clippy::unused_self, reason = "stands in for the journal")]
    pub(crate) const fn part(self) -> Self {
        Self {}
    }
}

#[allow(clippy::unused_self, reason = "stands in for the journal")]
impl Engine {
    #[inline(always)]
    pub(crate) const fn journals(&self) -> bool {
        self.journal.is_on()
    }

    #[inline(always)]
    pub(crate) const fn awaits_journal(&self, _: &Batch) -> bool {
        false
    }

    #[inline(always)]
    pub(crate) const fn stays_for_journal(&mut self, _: Instant, _: PartitionIx, _: BatchKey) -> bool {
        false
    }

    #[inline(always)]
    pub(crate) const fn is_replay(&self, _: BatchKey) -> bool {
        false
    }

    #[inline(always)]
    pub(crate) const fn outcome_unknown(&mut self, _: Instant, _: BatchKey, _: &'static str) {}

    #[inline(always)]
    pub(crate) const fn note_unknown(&self, _: &mut DeliveryError) {}
}
