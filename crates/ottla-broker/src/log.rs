//! One replica's log: record batches as they came in, with offset and leader epoch written.

use std::collections::VecDeque;

use bytes::Bytes;
use ottla_wire::batch::{BatchHeader, RecordBatch};

use crate::{
    epoch_cache::EpochCache,
    producer_state::{ProducerStates, REMEMBERED, Snapshot},
};

/// The log of one replica, with what Kafka keeps beside it: leader epochs and producer snapshots.
///
/// It is what survives a killed process. (A killed process leaves what it wrote in the page cache; only a machine
/// that loses power loses it.)
#[derive(Clone, Debug, Default)]
pub struct Log {
    batches: VecDeque<RecordBatch>,
    start: i64,
    end: i64,
    bytes: u64,
    /// Bytes appended since the last snapshot.
    segment: u64,
    epochs: EpochCache,
    snapshots: Vec<Snapshot>,
    /// High watermark as last checkpointed.
    pub(crate) checkpoint: i64,
}

impl Log {
    /// Offset of the first record that is kept.
    #[must_use]
    pub fn start(&self) -> i64 {
        self.start
    }

    /// Offset that the next record will get.
    #[must_use]
    pub fn end(&self) -> i64 {
        self.end
    }

    /// The batches from the one that holds `offset`.
    pub fn batches_from(&self, offset: i64) -> impl Iterator<Item = &RecordBatch> {
        self.batches.range(self.position(offset)..)
    }

    /// The newest batch.
    #[must_use]
    pub fn last(&self) -> Option<&RecordBatch> {
        self.batches.back()
    }

    pub(crate) fn latest_epoch(&self) -> Option<i32> {
        self.epochs.latest()
    }

    /// The largest leader epoch not above `epoch` that wrote here, and where its records end.
    pub(crate) fn end_of_epoch(&self, epoch: i32) -> Option<(i32, i64)> {
        self.epochs.end_of(epoch, self.end)
    }

    pub(crate) fn begin_epoch(&mut self, epoch: i32) {
        self.epochs.assign(epoch, self.end);
    }

    /// Appends a batch as the leader; gives back its header as written.
    pub(crate) fn append(
        &mut self,
        mut batch: RecordBatch,
        leader_epoch: i32,
        append_time: Option<i64>,
    ) -> BatchHeader {
        batch.assign_offset(self.end, leader_epoch);
        if let Some(time) = append_time {
            batch.set_log_append_time(time);
        }
        let header = *batch.header();
        self.push(batch);
        header
    }

    /// Appends a batch that the leader has stamped. `false` when it does not continue this log.
    pub(crate) fn append_replicated(&mut self, batch: RecordBatch) -> bool {
        if batch.header().base_offset < self.end {
            return false;
        }
        self.push(batch);
        true
    }

    fn push(&mut self, batch: RecordBatch) {
        let header = batch.header();
        self.epochs
            .assign(header.partition_leader_epoch, header.base_offset);
        self.end = header.last_offset() + 1;
        self.bytes += batch.size() as u64;
        self.segment += batch.size() as u64;
        self.batches.push_back(batch);
    }

    /// Writes a snapshot of the producers when `coming` more bytes do not fit into the segment, as Kafka does when it
    /// rolls one (`LogSegment.shouldRoll`).
    pub(crate) fn roll(&mut self, segment_bytes: u64, coming: usize, producers: &ProducerStates) {
        if self.segment > 0 && self.segment + coming as u64 > segment_bytes {
            self.snapshot(producers);
        }
    }

    /// Writes a snapshot of the producers.
    pub(crate) fn snapshot(&mut self, producers: &ProducerStates) {
        self.segment = 0;
        if self.snapshots.last().is_none_or(|last| last.offset < self.end) {
            self.snapshots.push(producers.snapshot(self.end));
        }
        // One for each segment that is left, for a truncation to fall back on.
        let start = self.start;
        let newest = self.end;
        self.snapshots
            .retain(|it| it.offset > start || it.offset == newest);
    }

    /// The producers as a process that starts knows them: one batch each, because loading the log ends with a snapshot
    /// at its end, of which memory is filled (`LogLoader.recoverSegment`, `UnifiedLog.rebuildProducerState`).
    pub(crate) fn load_producers(&mut self, now_ms: i64, expiration_ms: i64) -> ProducerStates {
        self.rebuild_producers(now_ms, expiration_ms);
        ProducerStates::restore(self.snapshots.last(), now_ms, expiration_ms)
    }

    /// The producers after a truncation: one batch each from the newest snapshot that is left, and every batch since.
    /// Ends with a snapshot.
    pub(crate) fn rebuild_producers(&mut self, now_ms: i64, expiration_ms: i64) -> ProducerStates {
        let snapshot = self.snapshots.last();
        let mut producers = ProducerStates::restore(snapshot, now_ms, expiration_ms);
        for batch in self.batches_from(snapshot.map_or(self.start, |it| it.offset)) {
            producers.record(batch.header());
        }
        if self.end > self.start {
            self.snapshot(&producers);
        }
        producers
    }

    /// Whether the batch is one of the last five of its producer here: what a leader knows that has not been restarted.
    pub(crate) fn is_recent(&self, batch: &BatchHeader) -> bool {
        let same_producer = |it: &&RecordBatch| it.header().producer_id == batch.producer_id;
        let last = self.batches.iter().rev().filter(same_producer).take(REMEMBERED);
        let identity = |it: &BatchHeader| (it.producer_epoch, it.base_sequence, it.last_sequence());
        last.map(RecordBatch::header)
            .any(|it| identity(it) == identity(batch))
    }

    /// Removes every batch that begins at or after `offset`, and the one that holds it.
    pub(crate) fn truncate(&mut self, offset: i64) {
        while let Some(last) = self.batches.back() {
            if last.header().last_offset() < offset {
                break;
            }
            self.bytes -= last.size() as u64;
            self.batches.pop_back();
        }
        self.end = self
            .batches
            .back()
            .map_or(self.start.min(offset), |last| last.header().last_offset() + 1);
        self.start = self.start.min(self.end);
        self.epochs.truncate(self.end);
        self.snapshots.retain(|snapshot| snapshot.offset <= self.end);
        self.checkpoint = self.checkpoint.min(self.end);
    }

    /// Empties the log and lets it begin at `offset`: the leader no longer has what this replica would need.
    pub(crate) fn restart_at(&mut self, offset: i64) {
        *self = Self {
            start: offset,
            end: offset,
            checkpoint: offset,
            ..Self::default()
        };
    }

    /// Drops the oldest committed batches until at most `limit` bytes are left.
    pub(crate) fn retain_bytes(&mut self, limit: u64, high_watermark: i64) {
        while self.bytes > limit
            && self.batches.len() > 1
            && self.batches[0].header().last_offset() < high_watermark
        {
            self.drop_first();
        }
    }

    /// Drops what lies below `offset`, as the leader has done.
    pub(crate) fn advance_start(&mut self, offset: i64) {
        while self
            .batches
            .front()
            .is_some_and(|first| first.header().last_offset() < offset)
        {
            self.drop_first();
        }
    }

    fn drop_first(&mut self) {
        if let Some(first) = self.batches.pop_front() {
            self.bytes -= first.size() as u64;
            self.start = first.header().last_offset() + 1;
        }
    }

    /// Whole batches from the one that holds `offset`, below `limit`, at most `max_bytes`; the first one in any case
    /// if `at_least_one`.
    pub(crate) fn read(
        &self,
        offset: i64,
        limit: i64,
        max_bytes: usize,
        at_least_one: bool,
    ) -> Vec<RecordBatch> {
        let mut left = max_bytes;
        let mut found = Vec::new();
        for batch in self
            .batches_from(offset)
            .take_while(|batch| batch.header().last_offset() < limit)
        {
            if batch.size() > left && !(found.is_empty() && at_least_one) {
                break;
            }
            left = left.saturating_sub(batch.size());
            found.push(batch.clone());
        }
        found
    }

    fn position(&self, offset: i64) -> usize {
        self.batches
            .partition_point(|batch| batch.header().last_offset() < offset)
    }
}

/// The bytes of `batches` one after the other.
pub(crate) fn concat(batches: &[RecordBatch]) -> Bytes {
    let mut bytes = Vec::with_capacity(batches.iter().map(RecordBatch::size).sum());
    batches.iter().for_each(|batch| batch.write_to(&mut bytes));
    Bytes::from(bytes)
}

#[cfg(test)]
mod tests {
    use ottla_wire::batch::TimestampType;

    use super::*;
    use crate::testing::batch;

    fn log(counts: &[i32]) -> Log {
        let mut log = Log::default();
        for &count in counts {
            log.append(batch(count, -1, -1, -1), 0, None);
        }
        log
    }

    #[test]
    fn offsets_continue_and_are_written_into_the_batch() {
        let log = log(&[2, 3]);
        assert_eq!(log.end(), 5);
        let last = log.last().unwrap();
        assert_eq!(last.header().base_offset, 2);
        assert_eq!(last.to_bytes()[0..8], 2_i64.to_be_bytes());
    }

    #[test]
    fn reading_finds_the_batch_that_holds_the_offset_and_stops_at_the_limit() {
        let log = log(&[2, 3, 1]);
        let bases = |offset, limit, max| -> Vec<i64> {
            log.read(offset, limit, max, true)
                .iter()
                .map(|batch| batch.header().base_offset)
                .collect()
        };
        assert_eq!(bases(3, 6, 1 << 20), [2, 5]);
        assert_eq!(bases(3, 5, 1 << 20), [2]);
        assert_eq!(
            bases(3, 6, 1),
            [2],
            "the first batch comes even if it is larger than asked for"
        );
        assert!(log.read(3, 6, 1, false).is_empty());
    }

    #[test]
    fn truncation_removes_the_batch_that_holds_the_offset() {
        let mut log = log(&[2, 3, 1]);
        log.truncate(4);
        assert_eq!(log.end(), 2);
        log.truncate(0);
        assert_eq!(log.end(), 0);
    }

    #[test]
    fn retention_never_drops_what_is_not_committed() {
        let mut log = log(&[2, 3, 1]);
        log.retain_bytes(1, 2);
        assert_eq!(log.start(), 2);
        log.retain_bytes(1, 6);
        assert_eq!((log.start(), log.end()), (5, 6));
    }

    #[test]
    fn append_time_replaces_the_timestamp_and_the_checksum_still_holds() {
        let mut log = Log::default();
        let header = log.append(batch(1, -1, -1, -1), 0, Some(77));
        assert_eq!(header.timestamp_type(), TimestampType::LogAppendTime);
        assert_eq!(header.max_timestamp, 77);
        log.last().unwrap().verify_crc().unwrap();
    }
}
