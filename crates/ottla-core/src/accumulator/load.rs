//! How full the queues are, for adaptive partitioning (KIP-794).

use alloc::vec::Vec;

use ottla_trace::event::TopicIx;

use crate::engine::Engine;
use crate::partitioner::Load;
use crate::time::Instant;

impl Engine {
    /// Tells the sticky partitioners of topics that have work how long their queues are.
    pub(crate) fn weigh_partitions(&mut self, now: Instant) {
        let mut load = core::mem::take(&mut self.scratch.load);
        let mut last = None;
        for index in 0..self.active.len() {
            let ix = self.partition(self.active[index]).topic;
            if last.replace(ix) != Some(ix) {
                self.weigh_topic(now, ix, &mut load);
            }
        }
        self.scratch.load = load;
    }

    fn weigh_topic(&mut self, now: Instant, ix: TopicIx, load: &mut Vec<Load>) {
        let (partitions, nodes) = (&self.partitions, &self.network.nodes);
        let limit = self.settings.availability_timeout;
        let topic = self.topics.get_mut(ix);
        if !topic.sticky.is_used() {
            return;
        }
        load.clear();
        for number in &topic.available {
            let partition = &partitions[topic.partitions[*number as usize].0 as usize];
            let queued = partition.queue_len();
            // One without a queue is tried all the same, as `RecordAccumulator.partitionReady` does, which passes over empty
            // queues: a broker is asked for nothing when no data wait for it, and would starve for ever.
            let starves = queued > 0
                && !mutant!(StarvingNotAvoided)
                && limit.is_some_and(|limit| {
                    let node = partition.leader.and_then(|leader| nodes.get(&leader));
                    let since = node.and_then(|node| node.starving_since);
                    since.is_some_and(|since| now.saturating_since(since) > limit)
                });
            if !starves {
                load.push(Load {
                    partition: *number,
                    queued,
                });
            }
        }
        topic.sticky.set_load(load, topic.count as usize);
    }
}
