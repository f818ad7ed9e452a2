//! Where each leader's records begin in a log (Kafka's `LeaderEpochFileCache`, KIP-101 and KIP-279).

/// The leader epochs of a log with the offset that each began at, in ascending order of both.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct EpochCache {
    entries: Vec<(i32, i64)>,
}

impl EpochCache {
    /// The epoch of the newest record or leader.
    pub(crate) fn latest(&self) -> Option<i32> {
        self.entries.last().map(|&(epoch, _)| epoch)
    }

    /// Notes that `epoch` begins at `offset`. Entries that contradict it are removed: they describe records that
    /// are no longer there.
    pub(crate) fn assign(&mut self, epoch: i32, offset: i64) {
        if self.latest() == Some(epoch) {
            return;
        }
        self.entries
            .retain(|&(known, start)| known < epoch && start < offset);
        self.entries.push((epoch, offset));
    }

    /// The largest epoch not above `epoch`, and the offset where it ends in a log that ends at `log_end`.
    pub(crate) fn end_of(&self, epoch: i32, log_end: i64) -> Option<(i32, i64)> {
        let at = self
            .entries
            .partition_point(|&(known, _)| known <= epoch)
            .checked_sub(1)?;
        let end = self.entries.get(at + 1).map_or(log_end, |&(_, start)| start);
        Some((self.entries[at].0, end))
    }

    /// Forgets the epochs that begin at or after `offset`.
    pub(crate) fn truncate(&mut self, offset: i64) {
        self.entries.retain(|&(_, start)| start < offset);
    }
}

#[cfg(test)]
mod tests {
    use super::EpochCache;

    fn cache(entries: &[(i32, i64)]) -> EpochCache {
        let mut cache = EpochCache::default();
        entries
            .iter()
            .for_each(|&(epoch, offset)| cache.assign(epoch, offset));
        cache
    }

    #[test]
    fn an_epoch_ends_where_the_next_begins() {
        let cache = cache(&[(1, 0), (3, 10)]);
        assert_eq!(cache.end_of(1, 15), Some((1, 10)));
        assert_eq!(
            cache.end_of(2, 15),
            Some((1, 10)),
            "2 never wrote, so the largest below it counts"
        );
        assert_eq!(cache.end_of(3, 15), Some((3, 15)));
        assert_eq!(cache.end_of(9, 15), Some((3, 15)));
        assert_eq!(cache.end_of(0, 15), None);
    }

    #[test]
    fn a_leader_that_wrote_nothing_is_replaced() {
        let cache = cache(&[(1, 0), (2, 10), (3, 10)]);
        assert_eq!(cache.end_of(2, 12), Some((1, 10)));
        assert_eq!(cache.latest(), Some(3));
    }

    #[test]
    fn truncation_forgets_what_began_later() {
        let mut cache = cache(&[(1, 0), (3, 10)]);
        cache.truncate(10);
        assert_eq!(cache.latest(), Some(1));
    }
}
