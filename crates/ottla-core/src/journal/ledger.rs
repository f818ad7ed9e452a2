//! What a row of entries comes to: which records are still to be delivered, and how.

use alloc::string::String;
use alloc::vec::Vec;

use bytes::Bytes;
use ottla_wire::batch::BatchHeader;

use super::entry::Entry;
use super::runs::{Run, Runs};
use crate::identity::Sequence;

/// A batch that was about to be sent and of which nothing is known since.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveStamp {
    /// Its topic.
    pub topic: String,
    /// Its partition.
    pub partition: i32,
    /// Its records, in order.
    pub numbers: Vec<Run>,
    /// The batch, for [`Producer::replay`](crate::Producer::replay).
    pub batch: Bytes,
    identity: (i64, i16),
    first: i32,
}

/// The state behind a journal's entries. Tell it all of them, oldest first.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    last: u64,
    fresh: Runs,
    doubtful: Runs,
    stamps: Vec<LiveStamp>,
    taken_back: Runs,
}

impl Ledger {
    /// The number of the next record.
    pub fn next_number(&self) -> u64 {
        self.last + 1
    }

    /// Records that are in no batch: they may be sent under any identity.
    pub fn fresh(&self) -> &Runs {
        &self.fresh
    }

    /// Records of which a damaged entry may have said that they were sent. Not among the fresh ones.
    pub fn doubtful(&self) -> &Runs {
        &self.doubtful
    }

    /// Batches to be sent again as they were, those of a partition in the order of their sequences.
    pub fn stamps(&self) -> &[LiveStamp] {
        &self.stamps
    }

    /// Whether a record that was set aside under this number was taken back.
    pub fn was_taken_back(&self, number: u64) -> bool {
        self.taken_back.contains(number)
    }

    /// Whether nothing is left to be done.
    pub fn is_empty(&self) -> bool {
        self.fresh.is_empty() && self.doubtful.is_empty() && self.stamps.is_empty()
    }

    /// The next entry.
    pub fn apply(&mut self, entry: &Entry<'_>) {
        match entry {
            Entry::Record { number, was, .. } => self.taken(*number, *was),
            Entry::Stamped {
                topic,
                partition,
                numbers,
                batch,
            } => self.stamped(topic, *partition, numbers, batch),
            Entry::Settled { numbers, .. } => {
                self.take(numbers);
            }
            Entry::Released { numbers } => {
                let released = self.take(numbers);
                self.fresh.merge(&released);
            }
            Entry::Aside { .. } => {}
        }
    }

    /// Never gives this number to a record.
    pub fn reserve(&mut self, number: u64) {
        self.last = self.last.max(number);
    }

    /// Whether anything is still to be done about a record.
    pub fn is_pending(&self, number: u64) -> bool {
        let run = Run {
            first: number,
            count: 1,
        };
        let in_batch = |stamp: &LiveStamp| {
            let numbers: Runs = stamp.numbers.iter().copied().collect();
            numbers.overlaps(run)
        };
        self.fresh.contains(number) || self.doubtful.contains(number) || self.stamps.iter().any(in_batch)
    }

    /// A record was taken: what an [`Entry::Record`] says.
    pub fn taken(&mut self, number: u64, was: Option<u64>) {
        self.last = self.last.max(number);
        if was.is_none_or(|was| self.taken_back.insert(was)) {
            self.fresh.insert(number);
        }
    }

    /// Entries are missing here. Whatever is in no batch so far may have been in one of them.
    pub fn damaged(&mut self) {
        self.doubtful.merge(&core::mem::take(&mut self.fresh));
    }

    /// Takes these records out of their batches: whether they were sent nobody knows.
    pub fn distrust(&mut self, runs: &[Run]) {
        let numbers = self.take(runs);
        self.doubtful.merge(&numbers);
    }

    /// Decides that the doubtful records are sent as if nothing had happened.
    pub fn trust(&mut self) {
        self.fresh.merge(&core::mem::take(&mut self.doubtful));
    }

    /// Takes records out of everything that they are in. A batch without one of its records is none that was sent last:
    /// its others are free.
    fn take(&mut self, runs: &[Run]) -> Runs {
        let numbers: Runs = runs.iter().copied().collect();
        self.last = self.last.max(numbers.last().unwrap_or(0));
        let fresh = &mut self.fresh;
        self.stamps.retain(|stamp| {
            let touched = stamp.numbers.iter().any(|run| numbers.overlaps(*run));
            if touched {
                let mut others: Runs = stamp.numbers.iter().copied().collect();
                others.subtract(&numbers);
                fresh.merge(&others);
            }
            !touched
        });
        self.fresh.subtract(&numbers);
        self.doubtful.subtract(&numbers);
        numbers
    }

    fn stamped(&mut self, topic: &str, partition: i32, runs: &[Run], batch: &[u8]) {
        self.take(runs);
        // What is no batch cannot have been sent by this program; its replay says so.
        let header = BatchHeader::parse(batch).ok();
        let identity = header.map_or((-1, -1), |header| (header.producer_id, header.producer_epoch));
        let first = header.map_or(-1, |header| header.base_sequence);
        // One batch of a partition is in flight at a time, and a later one under the same identity follows only an
        // acknowledged one.
        self.stamps.retain(|other| {
            let same = other.topic == topic && other.partition == partition && other.identity == identity;
            !(same && header.is_some() && Sequence::new(first).is_after(Sequence::new(other.first)))
        });
        self.stamps.push(LiveStamp {
            topic: topic.into(),
            partition,
            numbers: runs.to_vec(),
            batch: Bytes::copy_from_slice(batch),
            identity,
            first,
        });
    }
}
