//! A batch and the states of its life.
//!
//! ```text
//! Open --closed--> Sealing --Sealed--> Queued --drained--> InFlight --acked, failed--> gone
//!   (none: sealed at once)               ^  ^                 | |
//!                                        |  +----retriable----+ | delivery.timeout.ms: results are told,
//!                     children of a split+                      v the answer is still awaited
//!                                                           Abandoned --answer, disconnect--> gone
//! ```

use alloc::vec::Vec;

use ottla_trace::event::BatchId;
use ottla_wire::batch::{BatchBuilder, ProducerStamp, SealedBatch};

use super::PartitionIx;
use crate::delivery::{DeliveryError, Persisted, RecordSlot};
use crate::identity::{ProducerIdentity, Sequence};
use crate::io::ConnId;
use crate::journal::Mark;
use crate::record::RecordId;
use crate::time::Instant;

/// The batch of a partition that takes records.
#[derive(Clone, Debug)]
pub(crate) struct OpenBatch {
    pub(crate) id: BatchId,
    pub(crate) created: Instant,
    pub(crate) builder: BatchBuilder,
    pub(crate) slots: Vec<RecordSlot>,
    /// Bytes of `buffer.memory` that it holds.
    pub(crate) charge: usize,
    /// Upper bound of its largest record; kept for the metrics only.
    pub(crate) largest: usize,
    /// It could not leave when `linger.ms` was over; kept for the trace only.
    pub(crate) held: bool,
}

/// A batch that takes no more records.
#[derive(Clone, Debug)]
pub(crate) struct Batch {
    pub(crate) id: BatchId,
    pub(crate) partition: PartitionIx,
    /// When its first record was appended: `delivery.timeout.ms` counts from here, for the children of a split too.
    pub(crate) created: Instant,
    /// Its records; empty once their results are told.
    pub(crate) slots: Vec<RecordSlot>,
    /// Number of its records.
    pub(crate) count: u32,
    /// Bytes of `buffer.memory` that it holds.
    pub(crate) charge: usize,
    /// Upper bound of its largest record; kept for the metrics only.
    pub(crate) largest: usize,
    /// How often it was sent.
    pub(crate) attempts: u32,
    /// It is a part of a batch that was sent.
    pub(crate) is_part: bool,
    /// The identity and first sequence under which it goes out.
    pub(crate) stamp: Option<Stamp>,
    /// Its sequence was rewritten under a bumped epoch while an attempt was under way.
    pub(crate) restamped: bool,
    /// An attempt whose outcome nobody knows, and the stamp that it bore.
    pub(crate) ambiguous: Option<ProducerStamp>,
    /// What the journal knows of it.
    pub(crate) journal: Mark,
    /// Everything failed while it, or one in front of it, was being compressed: it fails when that one is back.
    pub(crate) doom: Option<DeliveryError>,
    pub(crate) state: BatchState,
}

/// Identity and sequence of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stamp {
    pub(crate) identity: ProducerIdentity,
    pub(crate) first: Sequence,
}

/// Where a closed batch is.
#[derive(Clone, Debug)]
pub(crate) enum BatchState {
    /// Its records are with the shell, being compressed.
    Sealing,
    /// In its partition's queue.
    Queued {
        sealed: SealedBatch,
        /// Not to be sent before, unless the leader's epoch is newer than at the last attempt.
        not_before: Instant,
        /// Leader epoch at the last attempt, -1 before the first.
        leader_epoch: i32,
    },
    /// In a request.
    InFlight {
        sealed: SealedBatch,
        conn: ConnId,
        correlation: i32,
        leader_epoch: i32,
    },
    /// In a request, but its results are told. Kept for what the answer says about the sequence.
    Abandoned,
}

impl Batch {
    /// Its place among the batches of its partition: record numbers grow with every `send`.
    pub(crate) fn first_record(&self) -> Option<RecordId> {
        self.slots.first().map(|slot| slot.id)
    }

    /// Bytes that it takes in a request.
    pub(crate) fn size(&self) -> usize {
        self.sealed().map_or(self.charge, SealedBatch::size)
    }

    pub(crate) fn sealed(&self) -> Option<&SealedBatch> {
        match &self.state {
            BatchState::Queued { sealed, .. } | BatchState::InFlight { sealed, .. } => Some(sealed),
            BatchState::Sealing | BatchState::Abandoned => None,
        }
    }

    /// The last of its sequences, when it has some.
    pub(crate) fn last_sequence(&self) -> Option<Sequence> {
        self.stamp
            .map(|stamp| stamp.first.plus(self.count.saturating_sub(1)))
    }

    /// Whether sending it (again) could store it twice: an attempt is in doubt, and the next one goes out under another
    /// identity, or under none.
    pub(crate) fn may_be_duplicated(&self) -> bool {
        self.ambiguous.is_some_and(|doubt| {
            self.stamp.is_none_or(|stamp| {
                stamp.wire().producer_epoch != doubt.producer_epoch || stamp.identity.id != doubt.producer_id
            })
        })
    }

    /// Whether the broker may have it, judged by what came of the attempts so far.
    pub(crate) fn persisted(&self) -> Persisted {
        if self.ambiguous.is_some() || matches!(self.state, BatchState::InFlight { .. }) {
            Persisted::Possibly
        } else {
            Persisted::No
        }
    }
}

impl Stamp {
    pub(crate) fn wire(self) -> ProducerStamp {
        ProducerStamp {
            producer_id: self.identity.id,
            producer_epoch: self.identity.epoch,
            base_sequence: self.first.get(),
        }
    }
}
