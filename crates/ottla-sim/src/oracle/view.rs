//! The log of one partition as the oracle last saw it.

use ottla_broker::{Log, NodeId};
use ottla_wire::batch::{RecordBatch, TimestampType};

use super::identity;

/// What one decompressed batch may hold: far above what any scenario writes.
const OPEN_LIMIT: usize = 1 << 30;

/// One record in the log.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    pub(super) offset: i64,
    epoch: i32,
    /// Which record it is, if it is one of ours.
    pub(super) record: Option<u64>,
    /// The latest sent of this record and those before it.
    latest: Option<u64>,
    /// How many records before it were sent after it.
    pub(super) inversions: u32,
}

/// The log of one partition.
#[derive(Clone, Debug, Default)]
pub(super) struct View {
    /// Whose log it is.
    pub(super) reference: Option<NodeId>,
    entries: Vec<Entry>,
    /// How many entries are below the high watermark.
    committed: usize,
    end: i64,
}

impl View {
    pub(super) fn end(&self) -> i64 {
        self.end
    }

    /// Takes back everything.
    pub(super) fn clear(&mut self, mut removed: impl FnMut(&Entry, bool)) {
        while let Some(last) = self.entries.pop() {
            removed(&last, self.entries.len() < self.committed);
        }
    }

    /// Takes back what `log` does not have.
    pub(super) fn cut_to_common(&mut self, log: &Log, mut removed: impl FnMut(&Entry, bool)) {
        while let Some(last) = self.entries.last() {
            let theirs = log.batches_from(last.offset).next().map(RecordBatch::header);
            let common = theirs.is_some_and(|header| {
                header.base_offset <= last.offset && header.partition_leader_epoch == last.epoch
            });
            if common {
                break;
            }
            removed(last, self.entries.len() <= self.committed);
            self.entries.pop();
        }
        self.committed = self.committed.min(self.entries.len());
        self.end = self.entries.last().map_or(0, |last| last.offset + 1);
    }

    /// Takes what `log` has more. `appeared` says whose record it is, by fingerprint, timestamp and offset.
    pub(super) fn extend(
        &mut self,
        log: &Log,
        topic: &str,
        mut appeared: impl FnMut(u128, Option<i64>, i64) -> Option<u64>,
    ) {
        for batch in log.batches_from(self.end) {
            // Brokers check what they append, so a batch that cannot be opened has no records of ours.
            let Ok(records) = batch.open(OPEN_LIMIT) else {
                continue;
            };
            let header = batch.header();
            let dated = header.timestamp_type() == TimestampType::CreateTime;
            for record in records
                .iter()
                .flatten()
                .filter(|record| record.offset >= self.end)
            {
                let headers = record.headers.map(|header| (header.key, header.value));
                let content = identity::of_parts(topic.as_bytes(), record.key, record.value, headers);
                let id = appeared(content, dated.then_some(record.timestamp), record.offset);
                self.entries.push(Entry {
                    offset: record.offset,
                    epoch: header.partition_leader_epoch,
                    record: id,
                    latest: self.entries.last().and_then(|last| last.latest).max(id),
                    inversions: 0,
                });
            }
        }
        self.end = log.end();
    }

    /// Moves the high watermark up to `offset`.
    pub(super) fn commit(&mut self, offset: i64, mut committed: impl FnMut(&mut [Entry], usize)) {
        while self
            .entries
            .get(self.committed)
            .is_some_and(|entry| entry.offset < offset)
        {
            committed(&mut self.entries, self.committed);
            self.committed += 1;
        }
    }
}

/// The records before the one at `at` that were sent after it, with their offsets. Costs nothing when there are none.
pub(super) fn earlier_than(entries: &[Entry], at: usize) -> Vec<(u64, i64)> {
    let Some(id) = entries[at].record else {
        return Vec::new();
    };
    let before = entries[..at].iter().rev();
    let disordered = before.take_while(|entry| entry.latest > Some(id));
    let earlier = disordered.filter_map(|entry| Some((entry.record.filter(|it| *it > id)?, entry.offset)));
    let mut earlier: Vec<_> = earlier.collect();
    // A record with two copies is one record.
    ottla_sorted::sort(&mut earlier);
    earlier.dedup_by_key(|(record, _)| *record);
    earlier
}
