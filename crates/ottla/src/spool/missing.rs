//! Records that damage took. Numbers are given out in a row, so those that are missing around a damaged place were in it.

use ottla_core::journal::{Entry, Run, Runs};

/// Bytes of the smallest entry with a record: 12 in front of the body, and its fields, all of them empty.
const SMALLEST: u64 = 12 + 45;

/// What is looked for while files are read, oldest first.
#[derive(Debug, Default)]
pub(super) struct Missing {
    /// The last record that was read.
    last: Option<u64>,
    /// Bytes behind it that are no entry.
    damaged: u64,
    missing: Runs,
    /// Records that other entries than their own tell of.
    told: Runs,
}

impl Missing {
    /// The next entry.
    pub(super) fn entry(&mut self, entry: &Entry<'_>) {
        match entry {
            Entry::Record { number, .. } => self.reached(*number),
            Entry::Stamped { numbers, .. } | Entry::Settled { numbers, .. } | Entry::Released { numbers } => {
                numbers.iter().for_each(|run| self.told.insert_run(*run));
            }
            Entry::Aside { .. } => {}
        }
    }

    /// So many bytes are no entry.
    pub(super) fn damaged(&mut self, bytes: u64) {
        self.damaged = self.damaged.saturating_add(bytes);
    }

    fn reached(&mut self, number: u64) {
        let between = self.last.and_then(|last| {
            let first = last.checked_add(1)?;
            let count = number.checked_sub(first)?;
            // More than the bytes have room for is no row of numbers.
            let count = Some(count).filter(|count| *count <= self.damaged / SMALLEST)?;
            let count = u32::try_from(count).ok()?;
            Some(Run { first, count })
        });
        if let Some(run) = between {
            self.missing.insert_run(run);
        }
        self.last = self.last.max(Some(number));
        self.damaged = 0;
    }

    /// The records of which no entry is left. Those at the very end of the last file nobody can count.
    pub(super) fn finish(mut self, next_number: u64) -> Runs {
        self.reached(next_number);
        self.missing.subtract(&self.told);
        self.missing
    }
}

#[cfg(test)]
mod tests {
    use ottla_core::Record;
    use ottla_core::journal::Settlement;

    use super::*;

    fn record(number: u64) -> Entry<'static> {
        Entry::Record {
            number,
            was: None,
            record: Record::to("t"),
        }
    }

    fn done(first: u64, count: u32) -> Entry<'static> {
        Entry::Settled {
            how: Settlement::Delivered,
            numbers: vec![Run { first, count }],
        }
    }

    #[track_caller]
    fn missing(damage: u64, entries: &[Entry<'_>], next_number: u64) -> Vec<u64> {
        let mut found = Missing::default();
        found.entry(&record(3));
        found.damaged(damage);
        entries.iter().for_each(|entry| found.entry(entry));
        found.finish(next_number).iter().collect()
    }

    #[test]
    fn what_was_in_a_damaged_place_is_missing_unless_another_entry_tells_of_it() {
        assert_eq!(missing(200, &[record(6)], 7), [4, 5]);
        assert_eq!(missing(200, &[record(6), done(5, 1)], 7), [4]);
        assert_eq!(missing(200, &[done(6, 1)], 7), [4, 5], "no record is behind it");
        assert!(missing(200, &[record(4)], 5).is_empty());
    }

    #[test]
    fn numbers_that_jump_for_another_reason_are_not_missing() {
        assert!(missing(0, &[record(6)], 7).is_empty());
        assert!(missing(2 * SMALLEST - 1, &[record(6)], 7).is_empty());
        assert!(missing(u64::MAX, &[record(u64::MAX - 1)], u64::MAX).is_empty());
    }
}
