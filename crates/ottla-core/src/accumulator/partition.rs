//! One partition: its leader as far as known, its queue, its sequences.

use alloc::collections::VecDeque;
use alloc::vec::Vec;
use ottla_trace::event::TopicIx;

use super::batch::OpenBatch;
use super::slab::BatchKey;
use crate::identity::PartitionSequences;
use crate::io::NodeId;
use crate::timer::PartitionRef;

/// Index into the producer's partitions. Never reused, so that sequences survive whatever metadata says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct PartitionIx(pub(crate) u32);

#[derive(Clone, Debug)]
pub(crate) struct Partition {
    pub(crate) topic: TopicIx,
    pub(crate) index: i32,
    /// `None`: there is none, or nobody has told.
    pub(crate) leader: Option<NodeId>,
    /// -1 when unknown.
    pub(crate) leader_epoch: i32,
    pub(crate) replicas: Vec<NodeId>,
    pub(crate) isr: Vec<NodeId>,
    pub(crate) open: Option<OpenBatch>,
    /// Closed batches to be sent, oldest first; a retried batch is back in its place.
    pub(crate) queue: VecDeque<BatchKey>,
    /// Batches with a sequence that are not resolved, in the order of their sequences, queued or in flight.
    pub(crate) stamped: Vec<BatchKey>,
    /// Batches in requests, abandoned ones included.
    pub(crate) in_flight: Vec<BatchKey>,
    pub(crate) sequences: PartitionSequences,
    /// Whether it is in the list of partitions that have work.
    pub(crate) listed: bool,
}

impl Partition {
    pub(crate) fn new(topic: TopicIx, index: i32) -> Self {
        Self {
            topic,
            index,
            leader: None,
            leader_epoch: -1,
            replicas: Vec::new(),
            isr: Vec::new(),
            open: None,
            queue: VecDeque::new(),
            stamped: Vec::new(),
            in_flight: Vec::new(),
            sequences: PartitionSequences::default(),
            listed: false,
        }
    }

    pub(crate) fn reference(&self) -> PartitionRef {
        PartitionRef {
            topic: self.topic,
            partition: self.index,
        }
    }

    /// Batches that wait, the open one included: the load that adaptive partitioning looks at.
    pub(crate) fn queue_len(&self) -> u32 {
        self.queue.len() as u32 + u32::from(self.open.is_some())
    }

    pub(crate) fn has_work(&self) -> bool {
        self.open.is_some()
            || !self.queue.is_empty()
            || !self.in_flight.is_empty()
            || self.sequences.unresolved().is_some()
    }
}
