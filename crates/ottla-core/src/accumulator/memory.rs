//! `buffer.memory`: bytes that accepted and unresolved records occupy.

/// The account. Charged per record and not per `batch.size` block (as KIP-1332 does): a thousand partitions with one
/// small record each cost a thousand small records. A sealed batch is charged what it takes after compression.
#[derive(Clone, Debug)]
pub(crate) struct Memory {
    total: usize,
    used: usize,
    /// Bytes that the record needs that was given back last and whose sender has not been told of room.
    wanted: Option<usize>,
    /// Whether somebody waits with that record, so that nobody may be served before.
    kept: bool,
}

impl Memory {
    pub(crate) const fn new(total: usize) -> Self {
        Self {
            total,
            used: 0,
            wanted: None,
            kept: false,
        }
    }

    pub(crate) const fn used(&self) -> usize {
        self.used
    }

    pub(crate) const fn total(&self) -> usize {
        self.total
    }

    /// Whether `bytes` may be taken. When not, the caller is queued: nobody may take memory before
    /// [`Memory::room`] has said that there is room, or the caller has left, or small records would starve a large one.
    pub(crate) fn has_room(&mut self, bytes: usize) -> bool {
        if (!self.kept || mutant!(MemoryOvertaken)) && bytes <= self.total.saturating_sub(self.used) {
            return true;
        }
        if !self.kept {
            self.wanted = Some(bytes);
            self.kept = true;
        }
        false
    }

    /// Gives up the place of the one who was queued. Room is announced all the same: who left may have done so
    /// only to come again then.
    pub(crate) const fn leave(&mut self) {
        self.kept = false;
    }

    pub(crate) const fn take(&mut self, bytes: usize) {
        self.used += bytes;
    }

    pub(crate) const fn give_back(&mut self, bytes: usize) {
        debug_assert!(bytes <= self.used, "more memory given back than taken");
        self.used = self.used.saturating_sub(bytes);
    }

    /// Whether somebody waits for memory: batches do not linger then.
    pub(crate) const fn is_wanted(&self) -> bool {
        self.wanted.is_some()
    }

    /// Whether the first who waits can be served now; says so once.
    pub(crate) fn room(&mut self) -> bool {
        match self.wanted {
            Some(bytes) if bytes <= self.total.saturating_sub(self.used) => {
                self.wanted = None;
                self.kept = false;
                true
            }
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_small_record_does_not_overtake_a_large_one_that_waits() {
        let mut memory = Memory::new(100);
        assert!(memory.has_room(60));
        memory.take(60);
        assert!(!memory.has_room(50));
        assert!(!memory.has_room(10), "the one of 50 was first");
        assert!(!memory.room());
        memory.give_back(20);
        assert!(memory.room());
        assert!(!memory.room(), "said once");
        assert!(memory.has_room(50));
    }

    #[test]
    fn who_left_holds_nobody_up_and_is_replaced_by_the_next() {
        let mut memory = Memory::new(100);
        memory.take(60);
        assert!(!memory.has_room(50));
        memory.leave();
        assert!(memory.has_room(10), "the one of 50 is gone");
        assert!(memory.is_wanted() && !memory.room());
        assert!(!memory.has_room(45));
        memory.give_back(5);
        assert!(memory.room(), "45 are enough for the one who waits now");
        assert!(!memory.room() && !memory.is_wanted());
    }
}
