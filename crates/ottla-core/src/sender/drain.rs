//! Which batches go into a request (`RecordAccumulator.drainBatchesForOneNode`, behaviours 13, 38).

use alloc::vec::Vec;

use ottla_trace::Event;
use ottla_trace::event::CloseReason;
use ottla_wire::batch::CompressionEstimate;

use crate::accumulator::{Batch, BatchKey, BatchState, PartitionIx, Stamp};
use crate::engine::Engine;
use crate::io::{ConnId, NodeId};
use crate::time::Instant;

impl Engine {
    /// Sends one request with the oldest batch of each partition that the node leads, lingering ones included, up to
    /// `max.request.size`. Returns whether it did.
    pub(crate) fn drain_node(&mut self, now: Instant, node: NodeId, conn: ConnId) -> bool {
        let (plan, size) = self.plan(now, node);
        let Some(stream) = self.network.stream_mut(conn) else {
            return false;
        };
        let unwritten = stream.unwritten();
        if unwritten > 0 && unwritten + size as u64 > self.settings.write_allowance {
            return false;
        }
        for ix in &plan {
            if self.partition(*ix).queue.is_empty() {
                let because = self.close_reason(now, *ix);
                self.close_open(now, *ix, because);
            }
        }
        // One request with all of them is better than one now and others later: sealing takes microseconds.
        if plan.is_empty() || plan.iter().any(|ix| self.is_head_sealing(*ix)) {
            return false;
        }
        let mut batches = Vec::with_capacity(plan.len());
        for ix in plan {
            if let Some(key) = self.partition_mut(ix).queue.pop_front() {
                self.stamp(now, ix, key);
                if self.stays_for_journal(now, ix, key) {
                    continue;
                }
                batches.push((ix, key));
            }
        }
        if cfg!(feature = "journal") && batches.is_empty() {
            return false;
        }
        self.send_produce(now, node, conn, batches);
        true
    }

    /// The partitions whose oldest batch goes into the next request, and the bytes of those batches. The round begins
    /// where the last one ended. A batch that is too large for a request goes alone.
    fn plan(&mut self, now: Instant, id: NodeId) -> (Vec<PartitionIx>, usize) {
        let led: Vec<PartitionIx> = self
            .active
            .iter()
            .copied()
            .filter(|ix| self.partition(*ix).leader == Some(id))
            .collect();
        let start = match self.network.nodes.get(&id) {
            Some(node) if !led.is_empty() => node.next_start % led.len(),
            _ => return (Vec::new(), 0),
        };
        let mut plan = Vec::with_capacity(led.len());
        let mut total = 0;
        let mut looked_at = 0;
        for ix in led[start..].iter().chain(&led[..start]) {
            let partition = self.partition(*ix);
            if self.is_sendable(now, partition) && (!mutant!(LingeringLeftBehind) || self.is_ready(now, *ix))
            {
                let size = self.head_size(*ix);
                if !plan.is_empty() && total + size > self.settings.max_request_size {
                    break;
                }
                total += size;
                plan.push(*ix);
            }
            looked_at += 1;
        }
        if let Some(node) = self.network.nodes.get_mut(&id) {
            node.next_start = if mutant!(RoundsBeginAnew) {
                0
            } else {
                (start + looked_at) % led.len()
            };
        }
        (plan, total)
    }

    /// Bytes of the batch that is next in a partition.
    fn head_size(&self, ix: PartitionIx) -> usize {
        let partition = self.partition(ix);
        if let Some(key) = partition.queue.front() {
            return self.batches.get(*key).map_or(0, Batch::size);
        }
        let estimate = match self.settings.codec {
            ottla_wire::codec::Codec::None => CompressionEstimate::Uncompressed,
            _ => CompressionEstimate::Ratio(self.topics.get(partition.topic).ratio.get()),
        };
        partition
            .open
            .as_ref()
            .map_or(0, |open| open.builder.estimated_size(estimate))
    }

    fn is_head_sealing(&self, ix: PartitionIx) -> bool {
        let head = self.partition(ix).queue.front();
        head.and_then(|key| self.batches.get(*key))
            .is_none_or(|batch| matches!(batch.state, BatchState::Sealing))
    }

    fn close_reason(&self, now: Instant, ix: PartitionIx) -> CloseReason {
        let linger = self.settings.linger;
        let open = self.partition(ix).open.as_ref();
        if let Some(open) = open.filter(|open| open.created + linger <= now) {
            match (open.held, linger.is_zero()) {
                (true, _) => CloseReason::Held,
                (false, true) => CloseReason::NoLinger,
                (false, false) => CloseReason::Linger,
            }
        } else if !self.lifecycle.is_running() {
            CloseReason::Close
        } else if self.flushes.is_active() {
            CloseReason::Flush
        } else if self.memory.is_wanted() {
            CloseReason::Memory
        } else {
            CloseReason::NodeReady
        }
    }

    /// Gives a batch its identity and sequence, unless it has them. A retry goes out under the same ones, or the
    /// broker could not recognise it.
    fn stamp(&mut self, now: Instant, ix: PartitionIx, key: BatchKey) {
        let Some(identity) = self.identity.current() else {
            return;
        };
        let Some(batch) = self.batches.get_mut(key) else {
            return;
        };
        if batch.stamp.is_some() && !mutant!(RestampedOnRetry) {
            return;
        }
        let partition = &mut self.partitions[ix.0 as usize];
        if partition.sequences.identity() != Some(identity) {
            partition.sequences.restart(identity);
        }
        let stamp = Stamp {
            identity,
            first: partition.sequences.take(batch.count),
        };
        batch.stamp = Some(stamp);
        partition.stamped.push(key);
        self.tracer.emit(now, || Event::Stamped {
            batch: key.id(),
            producer_id: identity.id,
            epoch: identity.epoch,
            sequence: stamp.first.get(),
        });
    }
}
