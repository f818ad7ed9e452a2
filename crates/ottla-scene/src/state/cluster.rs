//! Brokers, their logs, and who leads what: the truth of a simulation, or the little that a client can know.

use std::{collections::BTreeMap, sync::Arc};

use ottla_trace::event::{BatchId, BrokerState, NodeId};

/// A broker.
#[derive(Clone, Debug, PartialEq)]
pub struct Broker {
    /// Node id.
    pub id: NodeId,
    /// Advertised address, if known.
    pub address: Option<(String, i32)>,
    /// The state of its process; `None` where nobody can see it (a live cluster, a trace of a client alone).
    pub state: Option<BrokerState>,
    /// When the state began.
    pub since: u64,
    /// When the controller will notice a dead broker, if the trace tells.
    pub fenced_at: Option<u64>,
}

impl Broker {
    /// Whether its process is gone.
    pub fn dead(&self) -> bool {
        matches!(self.state, Some(BrokerState::Killed | BrokerState::Fenced))
    }
}

/// The controller's word about a partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leadership {
    /// Leader, -1 when offline.
    pub leader: NodeId,
    /// Leader epoch.
    pub epoch: i32,
    /// Replicas in the order of preference.
    pub replicas: Vec<NodeId>,
    /// In-sync replicas.
    pub isr: Vec<NodeId>,
    /// When the leader became it.
    pub since: u64,
}

/// One replica's log.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Log {
    segments: Arc<BTreeMap<i64, Segment>>,
    /// Log end offset: the next record gets this one.
    pub end: i64,
    /// The offset below which records are committed, as this replica knows it.
    pub high_watermark: i64,
}

/// Consecutive offsets that came in one batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segment {
    /// Offset of the first record.
    pub base: i64,
    /// How many records.
    pub count: u32,
    /// The batch, when it is the traced client's.
    pub batch: Option<BatchId>,
}

impl Segment {
    /// The offset after the last record.
    pub fn end(&self) -> i64 {
        self.base.saturating_add(i64::from(self.count))
    }
}

impl Log {
    /// Adds a batch at its offset.
    pub fn append(&mut self, segment: Segment) {
        Arc::make_mut(&mut self.segments).insert(segment.base, segment);
        self.end = self.end.max(segment.end());
    }

    /// Copies what `leader` has up to `end`.
    pub fn follow(&mut self, leader: Option<&Log>, end: i64) {
        if let Some(leader) = leader {
            let from = self.end;
            for segment in leader.segments.range(from..end.max(from)).map(|(_, s)| *s) {
                self.append(segment);
            }
        }
        self.end = end;
    }

    /// Cuts the log so that it ends at `end`.
    pub fn truncate(&mut self, end: i64) {
        let segments = Arc::make_mut(&mut self.segments);
        segments.split_off(&end);
        if let Some(mut last) = segments.last_entry()
            && last.get().end() > end
        {
            let segment = last.get_mut();
            segment.count = u32::try_from(end - segment.base).unwrap_or(0);
        }
        self.end = end;
        self.high_watermark = self.high_watermark.min(end);
    }

    /// The batch and the place in it at `offset`.
    pub fn at(&self, offset: i64) -> Option<(BatchId, u32)> {
        let (_, segment) = self.segments.range(..=offset).next_back()?;
        let index = u32::try_from(offset - segment.base).ok()?;
        (index < segment.count).then_some((segment.batch?, index))
    }

    /// Whether something is known to be at `offset`, whoever wrote it.
    pub fn holds(&self, offset: i64) -> bool {
        let before = self.segments.range(..=offset).next_back();
        before.is_some_and(|(_, segment)| offset < segment.end())
    }

    /// The offset of a batch's first record, the latest copy first.
    pub fn find(&self, batch: BatchId) -> Option<i64> {
        let segment = self.segments.values().rev().find(|s| s.batch == Some(batch))?;
        Some(segment.base)
    }

    /// The offset of the first record that is known.
    pub fn first(&self) -> Option<i64> {
        self.segments.keys().next().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log(segments: &[(i64, u32, BatchId)]) -> Log {
        let mut log = Log::default();
        for &(base, count, batch) in segments {
            log.append(Segment {
                base,
                count,
                batch: Some(batch),
            });
        }
        log
    }

    #[test]
    fn a_follower_copies_only_what_it_fetched() {
        let leader = log(&[(0, 2, 10), (2, 3, 11), (5, 1, 12)]);
        let mut follower = Log::default();
        follower.follow(Some(&leader), 5);
        assert_eq!(follower.end, 5);
        assert_eq!(follower.at(4), Some((11, 2)));
        assert_eq!(follower.at(5), None);
        follower.follow(Some(&leader), 6);
        assert_eq!(follower.find(12), Some(5));
    }

    #[test]
    fn truncation_cuts_inside_a_batch_and_takes_the_watermark_along() {
        let mut log = log(&[(0, 4, 1), (4, 4, 2)]);
        log.high_watermark = 8;
        log.truncate(6);
        assert_eq!((log.end, log.high_watermark), (6, 6));
        assert!(log.holds(5) && !log.holds(6));
        log.truncate(0);
        assert_eq!(log.first(), None);
    }

    #[test]
    fn a_hole_holds_nothing() {
        let log = log(&[(0, 1, 1), (9, 1, 2)]);
        assert!(log.holds(0) && !log.holds(5) && log.holds(9));
        assert_eq!(log.end, 10);
    }
}
