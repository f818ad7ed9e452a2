//! Topics: names, what is known of them, and the records that wait for that knowledge.

use alloc::collections::VecDeque;
use alloc::sync::Arc;
use alloc::vec::Vec;
use ottla_trace::event::TopicIx;
use ottla_wire::error_code::ErrorCode;

use super::{PartitionIx, RatioEstimate};
use crate::admission::Waiting;
use crate::hash::HashMap;
use crate::partitioner::{Partitions, RoundRobin, Sticky};
use crate::time::Instant;

/// What the client knows of a topic's partitions.
#[derive(Clone, Debug)]
pub(crate) enum TopicKnowledge {
    /// Nothing, and nobody asks.
    Unwanted,
    /// Nothing yet; `last_error` is what brokers said so far.
    Wanted { last_error: Option<ErrorCode> },
    /// Number and leaders of its partitions.
    Known,
}

#[derive(Clone, Debug)]
pub(crate) struct Topic {
    pub(crate) name: Arc<str>,
    pub(crate) knowledge: TopicKnowledge,
    /// All zero when the broker is too old to say.
    pub(crate) id: [u8; 16],
    /// By number. May have more entries than [`Topic::count`] says, after a topic was created anew.
    pub(crate) partitions: Vec<PartitionIx>,
    pub(crate) count: i32,
    /// Numbers of the partitions with a leader, ascending.
    pub(crate) available: Vec<i32>,
    pub(crate) sticky: Sticky,
    pub(crate) turns: RoundRobin,
    /// Accepted records without a partition, oldest first.
    pub(crate) waiting: VecDeque<Waiting>,
    pub(crate) ratio: RatioEstimate,
    pub(crate) last_used: Instant,
}

impl Topic {
    pub(crate) fn is_known(&self) -> bool {
        matches!(self.knowledge, TopicKnowledge::Known)
    }

    pub(crate) fn is_wanted(&self) -> bool {
        matches!(self.knowledge, TopicKnowledge::Wanted { .. })
    }

    pub(crate) fn choices(&self) -> Partitions<'_> {
        Partitions {
            count: self.count,
            available: &self.available,
        }
    }
}

/// All topics that were ever named.
#[derive(Clone, Debug, Default)]
pub(crate) struct Topics {
    by_name: HashMap<Arc<str>, TopicIx>,
    list: Vec<Topic>,
}

impl Topics {
    #[inline]
    pub(crate) fn find(&self, name: &str) -> Option<TopicIx> {
        self.by_name.get(name).copied()
    }

    pub(crate) fn insert(&mut self, name: &str, sticky: Sticky, now: Instant) -> TopicIx {
        let name: Arc<str> = name.into();
        // A name takes more than one byte: 2^32 of them do not fit anywhere.
        let ix = self.list.len() as TopicIx;
        self.by_name.insert(name.clone(), ix);
        self.list.push(Topic {
            name,
            knowledge: TopicKnowledge::Unwanted,
            id: [0; 16],
            partitions: Vec::new(),
            count: 0,
            available: Vec::new(),
            sticky,
            turns: RoundRobin::default(),
            waiting: VecDeque::new(),
            ratio: RatioEstimate::INITIAL,
            last_used: now,
        });
        ix
    }

    #[inline]
    pub(crate) fn get(&self, ix: TopicIx) -> &Topic {
        &self.list[ix as usize]
    }

    #[inline]
    pub(crate) fn get_mut(&mut self, ix: TopicIx) -> &mut Topic {
        &mut self.list[ix as usize]
    }

    pub(crate) fn name(&self, ix: TopicIx) -> Option<&Arc<str>> {
        self.list.get(ix as usize).map(|topic| &topic.name)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (TopicIx, &Topic)> {
        (0..).zip(&self.list)
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = (TopicIx, &mut Topic)> {
        (0..).zip(&mut self.list)
    }
}
