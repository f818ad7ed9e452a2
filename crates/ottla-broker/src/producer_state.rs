//! What a leader remembers about idempotent producers, by the rules of Kafka's `ProducerStateManager`,
//! `ProducerStateEntry` and `ProducerAppendInfo`.
//!
//! Deliberately absent: transactions (their markers, and the stricter rule of KIP-890 for the first sequence).

use std::collections::VecDeque;

use ottla_sorted::SortedMap;
use ottla_wire::{
    batch::{BatchHeader, increment_sequence},
    error_code::ErrorCode,
};

/// How many batches a leader remembers per producer (`ProducerStateEntry.NUM_BATCHES_TO_RETAIN`).
pub(crate) const REMEMBERED: usize = 5;

/// A batch that a producer wrote.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Remembered {
    first_sequence: i32,
    last_sequence: i32,
    pub(crate) first_offset: i64,
    pub(crate) last_offset: i64,
    pub(crate) timestamp: i64,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Entry {
    epoch: i16,
    last_timestamp: i64,
    batches: VecDeque<Remembered>,
}

/// The producers of one partition as they were at an offset, each with its last batch only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Snapshot {
    pub(crate) offset: i64,
    entries: SortedMap<i64, Entry>,
}

/// What a leader does with a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Judgement {
    /// Append it.
    New,
    /// It is in the log already; answer with its old offset.
    Duplicate(Remembered),
}

/// The producers that one partition remembers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ProducerStates {
    entries: SortedMap<i64, Entry>,
}

impl ProducerStates {
    pub(crate) fn restore(snapshot: Option<&Snapshot>, now_ms: i64, expiration_ms: i64) -> Self {
        let mut entries = snapshot.map(|it| it.entries.clone()).unwrap_or_default();
        entries.retain(|_, entry| !is_expired(entry, now_ms, expiration_ms));
        Self { entries }
    }

    /// Forgets who has not written for so long (`removeExpiredProducers`, which a timer calls).
    pub(crate) fn remove_expired(&mut self, now_ms: i64, expiration_ms: i64) {
        self.entries
            .retain(|_, entry| !is_expired(entry, now_ms, expiration_ms));
    }

    pub(crate) fn snapshot(&self, offset: i64) -> Snapshot {
        let mut entries = self.entries.clone();
        for entry in entries.values_mut() {
            let forgotten = entry.batches.len().saturating_sub(1);
            entry.batches.drain(..forgotten);
        }
        Snapshot { offset, entries }
    }

    /// Judges a batch that a client sent.
    ///
    /// # Errors
    /// `INVALID_PRODUCER_EPOCH` for an epoch that was fenced, `OUT_OF_ORDER_SEQUENCE_NUMBER` for a gap or for a
    /// batch that is older than those remembered.
    pub(crate) fn judge(&self, batch: &BatchHeader) -> Result<Judgement, ErrorCode> {
        if batch.producer_id < 0 {
            return Ok(Judgement::New);
        }
        // A forgotten producer may go on with any sequence: nothing says that it is wrong.
        let Some(entry) = self.entries.get(&batch.producer_id) else {
            return Ok(Judgement::New);
        };
        if batch.producer_epoch < entry.epoch {
            return Err(ErrorCode::INVALID_PRODUCER_EPOCH);
        }
        if batch.producer_epoch > entry.epoch {
            let begins = batch.base_sequence == 0;
            return if begins {
                Ok(Judgement::New)
            } else {
                Err(ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER)
            };
        }
        if let Some(known) = entry.find(batch) {
            return Ok(Judgement::Duplicate(*known));
        }
        match entry.batches.back() {
            Some(last) if follows(last.last_sequence, batch.base_sequence) => Ok(Judgement::New),
            _ => Err(ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER),
        }
    }

    /// Whether the batch is one of those remembered.
    pub(crate) fn knows(&self, batch: &BatchHeader) -> bool {
        let entry = self.entries.get(&batch.producer_id);
        entry.is_some_and(|entry| entry.epoch == batch.producer_epoch && entry.find(batch).is_some())
    }

    /// Remembers a batch that is in the log, however it came there.
    pub(crate) fn record(&mut self, batch: &BatchHeader) {
        if batch.producer_id < 0 {
            return;
        }
        let fresh = || Entry {
            epoch: batch.producer_epoch,
            last_timestamp: batch.max_timestamp,
            batches: VecDeque::new(),
        };
        let entry = self.entries.entry(batch.producer_id).or_insert_with(fresh);
        if entry.epoch != batch.producer_epoch {
            *entry = fresh();
        }
        if entry.batches.len() == REMEMBERED {
            entry.batches.pop_front();
        }
        entry.last_timestamp = batch.max_timestamp;
        entry.batches.push_back(Remembered {
            first_sequence: batch.base_sequence,
            last_sequence: batch.last_sequence(),
            first_offset: batch.base_offset,
            last_offset: batch.last_offset(),
            timestamp: batch.max_timestamp,
        });
    }
}

impl Entry {
    fn find(&self, batch: &BatchHeader) -> Option<&Remembered> {
        let range = (batch.base_sequence, batch.last_sequence());
        self.batches
            .iter()
            .find(|it| (it.first_sequence, it.last_sequence) == range)
    }
}

/// By the timestamp of the newest record, not by the time of writing.
fn is_expired(entry: &Entry, now_ms: i64, expiration_ms: i64) -> bool {
    now_ms.saturating_sub(entry.last_timestamp) >= expiration_ms
}

fn follows(last: i32, next: i32) -> bool {
    next == increment_sequence(last, 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 86_400_000;

    fn header(epoch: i16, sequence: i32, count: i32) -> BatchHeader {
        BatchHeader {
            base_offset: i64::from(sequence),
            batch_length: 49,
            partition_leader_epoch: 0,
            crc: 0,
            attributes: 0,
            last_offset_delta: count - 1,
            base_timestamp: 0,
            max_timestamp: 0,
            producer_id: 7,
            producer_epoch: epoch,
            base_sequence: sequence,
            record_count: count,
        }
    }

    fn states(batches: &[BatchHeader]) -> ProducerStates {
        let mut states = ProducerStates::default();
        batches.iter().for_each(|batch| states.record(batch));
        states
    }

    fn six() -> Vec<BatchHeader> {
        (0..6).map(|n| header(0, n * 2, 2)).collect()
    }

    #[test]
    fn the_last_five_batches_are_recognised() {
        let states = states(&six());
        let Ok(Judgement::Duplicate(known)) = states.judge(&header(0, 2, 2)) else {
            panic!("the fifth last")
        };
        assert_eq!((known.first_offset, known.last_offset), (2, 3));
        assert_eq!(
            states.judge(&header(0, 0, 2)),
            Err(ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER)
        );
        assert_eq!(states.judge(&header(0, 12, 1)), Ok(Judgement::New));
        assert_eq!(
            states.judge(&header(0, 13, 1)),
            Err(ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER)
        );
    }

    #[test]
    fn a_batch_of_the_same_first_sequence_and_another_length_is_no_duplicate() {
        assert_eq!(
            states(&six()).judge(&header(0, 10, 1)),
            Err(ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER)
        );
    }

    #[test]
    fn a_snapshot_keeps_one_batch() {
        let snapshot = states(&six()).snapshot(12);
        let restored = ProducerStates::restore(Some(&snapshot), 0, DAY);
        assert!(matches!(
            restored.judge(&header(0, 10, 2)),
            Ok(Judgement::Duplicate(_))
        ));
        assert_eq!(
            restored.judge(&header(0, 8, 2)),
            Err(ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER)
        );
        assert_eq!(restored.judge(&header(0, 12, 2)), Ok(Judgement::New));
    }

    #[test]
    fn an_older_epoch_is_fenced_and_a_newer_one_begins_at_zero() {
        let states = states(&[header(3, 0, 2)]);
        assert_eq!(
            states.judge(&header(2, 2, 1)),
            Err(ErrorCode::INVALID_PRODUCER_EPOCH)
        );
        assert_eq!(
            states.judge(&header(4, 2, 1)),
            Err(ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER)
        );
        assert_eq!(states.judge(&header(4, 0, 1)), Ok(Judgement::New));
    }

    #[test]
    fn a_forgotten_producer_may_continue_with_any_sequence() {
        let mut states = states(&[header(0, 0, 2)]);
        states.remove_expired(DAY - 1, DAY);
        assert_eq!(
            states.judge(&header(0, 40, 1)),
            Err(ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER)
        );
        states.remove_expired(DAY, DAY);
        assert_eq!(states.judge(&header(0, 40, 1)), Ok(Judgement::New));
    }

    #[test]
    fn sequences_wrap_inside_a_batch_and_between_batches() {
        let inside = states(&[header(0, i32::MAX - 1, 4)]);
        assert_eq!(inside.judge(&header(0, 2, 1)), Ok(Judgement::New));
        let between = states(&[header(0, i32::MAX - 1, 2)]);
        assert_eq!(between.judge(&header(0, 0, 1)), Ok(Judgement::New));
        assert!(matches!(
            inside.judge(&header(0, i32::MAX - 1, 4)),
            Ok(Judgement::Duplicate(_))
        ));
    }
}
