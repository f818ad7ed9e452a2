//! From open to queued: a batch takes no more records and is compressed, once.

use ottla_trace::Event;
use ottla_trace::event::{CloseReason, TopicIx};
use ottla_wire::batch::SealedBatch;
use ottla_wire::codec::Codec;

use super::{Batch, BatchKey, BatchState, PartitionIx};
use crate::engine::Engine;
use crate::io::{Output, SealJob, SealedJob};
use crate::journal::Mark;
use crate::time::Instant;

impl Engine {
    /// Closes the open batch of a partition, if there is one.
    pub(crate) fn close_open(&mut self, now: Instant, ix: PartitionIx, because: CloseReason) {
        let Some(open) = self.partition_mut(ix).open.take() else {
            return;
        };
        self.tracer.emit(now, || Event::BatchClosed {
            batch: open.id,
            because,
            records: open.slots.len() as u32,
            bytes: open.builder.uncompressed_size() as u32,
        });
        self.slots_hint = open.slots.len();
        let key = self.batches.insert(Batch {
            id: open.id,
            partition: ix,
            created: open.created,
            count: open.slots.len() as u32,
            slots: open.slots,
            charge: open.charge,
            largest: open.largest,
            attempts: 0,
            is_part: false,
            stamp: None,
            restamped: false,
            ambiguous: None,
            journal: Mark::default(),
            doom: None,
            state: BatchState::Sealing,
        });
        self.partition_mut(ix).queue.push_back(key);
        self.dirty = true;
        // What compresses nothing takes no longer than handing it over would.
        let codec = match because {
            CloseReason::Expired => Codec::None,
            _ => self.settings.codec,
        };
        let job = SealJob {
            key,
            builder: open.builder,
            codec,
            level: self.settings.level.filter(|_| codec != Codec::None),
        };
        if codec == Codec::None {
            self.sealed(now, job.run());
        } else {
            self.outbox.push_back(Output::Seal(job));
        }
    }

    /// A batch is compressed and may be sent.
    pub(crate) fn sealed(&mut self, now: Instant, job: SealedJob) {
        let SealedJob { key, sealed } = job;
        let Some(batch) = self.batches.get_mut(key) else {
            return;
        };
        let charge = core::mem::replace(&mut batch.charge, sealed.held());
        let ix = batch.partition;
        self.memory.give_back(charge);
        self.memory.take(sealed.held());
        self.observe_ratio(ix, &sealed);
        self.tracer.emit(now, || Event::Sealed {
            batch: key.id(),
            codec: sealed.codec().name().into(),
            raw_bytes: sealed.uncompressed_size() as u32,
            bytes: sealed.size() as u32,
        });
        let Some(batch) = self.batches.get_mut(key) else {
            return;
        };
        batch.state = BatchState::Queued {
            sealed,
            not_before: Instant::ZERO,
            leader_epoch: -1,
        };
        self.dirty = true;
        self.fail_doomed(now, ix);
    }

    fn observe_ratio(&mut self, ix: PartitionIx, sealed: &SealedBatch) {
        if sealed.codec() != Codec::None && !mutant!(RatioNotLearned) {
            let topic = self.ratio_of(ix);
            self.topics
                .get_mut(topic)
                .ratio
                .observe(sealed.compression_ratio());
        }
    }

    /// The topic whose compression a partition's batches have.
    pub(super) fn ratio_of(&self, ix: PartitionIx) -> TopicIx {
        if mutant!(RatioShared) {
            return 0;
        }
        self.partition(ix).topic
    }

    /// Removes a batch from everything that refers to it and gives its memory back.
    pub(crate) fn forget(&mut self, now: Instant, key: BatchKey) -> Option<Batch> {
        let batch = self.batches.remove(key)?;
        let partition = self.partition_mut(batch.partition);
        partition.queue.retain(|other| *other != key);
        partition.stamped.retain(|other| *other != key);
        partition.in_flight.retain(|other| *other != key);
        if !mutant!(MemoryNotReturned) {
            self.memory.give_back(batch.charge);
        }
        self.trace_memory(now);
        self.dirty = true;
        Some(batch)
    }
}
