//! How full the queues are, for adaptive partitioning (KIP-794).

use crate::engine::Engine;
use crate::partitioner::Load;

impl Engine {
    /// Tells the sticky partitioners of topics that have work how long their queues are.
    pub(crate) fn weigh_partitions(&mut self) {
        let mut load = core::mem::take(&mut self.scratch.load);
        let mut last = None;
        for index in 0..self.active.len() {
            let ix = self.partition(self.active[index]).topic;
            if last.replace(ix) != Some(ix) {
                self.weigh_topic(ix, &mut load);
            }
        }
        self.scratch.load = load;
    }

    fn weigh_topic(&mut self, ix: ottla_trace::event::TopicIx, load: &mut alloc::vec::Vec<Load>) {
        let partitions = &self.partitions;
        let topic = self.topics.get_mut(ix);
        if !topic.sticky.is_used() {
            return;
        }
        load.clear();
        load.extend(topic.available.iter().map(|partition| Load {
            partition: *partition,
            queued: partitions[topic.partitions[*partition as usize].0 as usize].queue_len(),
        }));
        topic.sticky.set_load(load, topic.count as usize);
    }
}
