//! A frozen process: the clock ran on, the producer could do nothing.

use crate::accumulator::BatchState;
use crate::connection::ConnState;
use crate::engine::Engine;
use crate::time::Instant;

impl Engine {
    pub(crate) fn suspend(&mut self, now: Instant) {
        self.suspended.get_or_insert(now);
    }

    /// The frozen time does not count for what was never sent, nor for answers and connections, which could not arrive.
    /// Batches that were sent go on ageing, also in parts: their brokers' memory of them does, too.
    pub(crate) fn resume(&mut self, now: Instant) {
        let Some(since) = self.suspended.take() else {
            return;
        };
        let lost = now.saturating_since(since);
        // What was sent after the freezing was announced lost less than all of it.
        for index in 0..self.active.len() {
            let ix = self.active[index];
            let partition = &mut self.partitions[ix.0 as usize];
            if let Some(open) = &mut partition.open {
                open.created = (open.created + lost).min(now);
            }
            for key in &partition.queue {
                if let Some(batch) = self.batches.get_mut(*key)
                    && batch.attempts == 0
                    && !batch.is_part
                {
                    batch.created = (batch.created + lost).min(now);
                }
            }
        }
        for ix in &self.waiting {
            for waiting in &mut self.topics.get_mut(*ix).waiting {
                waiting.deadline += lost;
            }
        }
        for connection in self.network.conns_mut() {
            if let ConnState::Dialing { deadline } = &mut connection.state {
                *deadline += lost;
            }
            if let Some(stream) = connection.stream_mut() {
                stream.extend_timeouts(lost);
            }
        }
        self.dirty = true;
        debug_assert!(
            self.batches_in_order(),
            "a batch became younger than one behind it"
        );
    }

    /// The children of a split share their parent's age; otherwise a queue is in the order of age.
    fn batches_in_order(&self) -> bool {
        self.active.iter().all(|ix| {
            self.partition(*ix)
                .queue
                .iter()
                .filter_map(|key| self.batches.get(*key))
                .filter(|batch| matches!(batch.state, BatchState::Queued { .. }))
                .is_sorted_by_key(|batch| batch.created)
        })
    }
}
