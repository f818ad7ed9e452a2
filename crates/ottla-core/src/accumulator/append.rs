//! A record into its partition's open batch (behaviours 7 to 11). The hot path: no allocation per record.

use alloc::vec::Vec;

use ottla_trace::Event;
use ottla_trace::event::CloseReason;
use ottla_wire::batch::{BatchBuilder, CompressionEstimate, HEADER_LEN};
use ottla_wire::codec::Codec;

use super::{OpenBatch, PartitionIx};
use crate::admission::{headers, upper_bound};
use crate::delivery::RecordSlot;
use crate::engine::Engine;
use crate::record::{Record, RecordId};
use crate::time::Instant;
use crate::timer::Timer;

impl Engine {
    /// Appends the record and returns by how much the expected size of the partition's batches grew.
    pub(crate) fn append(
        &mut self,
        now: Instant,
        ix: PartitionIx,
        id: RecordId,
        record: &Record<'_>,
    ) -> usize {
        let estimate = self.estimate(ix);
        let (mut before, mut bytes) = self.append_to_open(ix, record, estimate);
        if bytes.is_none() {
            self.close_open(now, ix, CloseReason::Full);
            self.open_batch(now, ix, record);
            before = 0;
            (_, bytes) = self.append_to_open(ix, record, estimate);
        }
        let batch_size = self.settings.batch_size;
        let open = self.partition_mut(ix).open.as_mut();
        let (Some(open), Some(bytes)) = (open, bytes) else {
            unreachable!("an empty batch takes any record below 2 GiB, which max.request.size is");
        };
        open.slots.push(RecordSlot::new(id, record));
        open.charge += bytes;
        if cfg!(feature = "metrics") {
            open.largest = open.largest.max(upper_bound(record));
        }
        let size = open.builder.estimated_size(estimate);
        let grown = size - before;
        // A single record larger than `batch.size` would linger in Java until the next one does not fit.
        let is_full = size >= batch_size;
        self.memory.take(bytes);
        if self.tracer.records() {
            self.trace_appended(now, ix, id, bytes);
        }
        if is_full {
            self.close_open(now, ix, CloseReason::Full);
        }
        grown
    }

    /// Tells of the record that was appended last.
    #[cold]
    fn trace_appended(&mut self, now: Instant, ix: PartitionIx, id: RecordId, bytes: usize) {
        let Some(open) = &self.partitions[ix.0 as usize].open else {
            return;
        };
        let (batch, index) = (open.id, open.slots.len() as u32 - 1);
        self.tracer.emit_record(now, || Event::Appended {
            record: id.0,
            batch,
            index,
            bytes: bytes as u32,
        });
    }

    fn estimate(&self, ix: PartitionIx) -> CompressionEstimate {
        if self.settings.codec == Codec::None {
            return CompressionEstimate::Uncompressed;
        }
        CompressionEstimate::Ratio(self.topics.get(self.ratio_of(ix)).ratio.get())
    }

    /// Appends to the open batch, if there is one and it takes the record: its expected size before, and the bytes of
    /// the record.
    fn append_to_open(
        &mut self,
        ix: PartitionIx,
        record: &Record<'_>,
        estimate: CompressionEstimate,
    ) -> (usize, Option<usize>) {
        let max_request_size = self.settings.max_request_size;
        let Some(open) = &mut self.partition_mut(ix).open else {
            return (0, None);
        };
        let before = open.builder.estimated_size(estimate);
        // A topic that compresses to nothing must not gather all memory in one batch.
        let raw_limit = max_request_size.max(open.builder.limit());
        let timestamp = record.timestamp.map_or(-1, |timestamp| timestamp.0);
        let (key, value, headers) = (record.key.as_deref(), record.value.as_deref(), headers(record));
        if mutant!(RefusingBatchStaysOpen) {
            return (before, open.builder.append(timestamp, key, value, headers).ok());
        }
        let most = raw_limit.saturating_sub(HEADER_LEN);
        let bytes = open
            .builder
            .try_append_below(timestamp, key, value, headers, estimate, most);
        (before, bytes)
    }

    fn open_batch(&mut self, now: Instant, ix: PartitionIx, first: &Record<'_>) {
        let id = self.take_batch_id();
        let capacity = self.settings.batch_size.max(upper_bound(first));
        let open = OpenBatch {
            id,
            created: now,
            builder: BatchBuilder::new(capacity),
            slots: Vec::with_capacity(self.slots_hint),
            charge: HEADER_LEN,
            largest: 0,
            held: false,
        };
        self.memory.take(HEADER_LEN);
        let partition = self.partition_mut(ix);
        let reference = partition.reference();
        let was_idle = partition.queue.is_empty();
        partition.open = Some(open);
        self.list(ix);
        self.tracer.emit(now, || Event::BatchOpened {
            batch: id,
            topic: reference.topic,
            partition: reference.partition,
            capacity: capacity as u32,
        });
        self.trace_memory(now);
        if self.flushes.is_active() || mutant!(LingerIgnored) {
            self.dirty = true;
        } else if was_idle {
            self.wake
                .offer(now + self.settings.linger, Timer::Linger(reference));
        }
    }

    /// Puts a partition on the list of those that have work.
    pub(crate) fn list(&mut self, ix: PartitionIx) {
        let partition = self.partition_mut(ix);
        if !partition.listed {
            partition.listed = true;
            self.active.push(ix);
        }
    }

    pub(crate) fn trace_memory(&mut self, now: Instant) {
        let (used, total) = (self.memory.used() as u64, self.memory.total() as u64);
        self.tracer.emit(now, || Event::Memory { used, total });
    }
}
