//! `MESSAGE_TOO_LARGE`: a batch that the broker finds too large goes out in parts (KIP-126, behaviour 50).

use alloc::vec::Vec;

use ottla_trace::Event;
use ottla_trace::event::CloseReason;
use ottla_wire::batch::{BatchBuilder, CompressionEstimate, RecordView, SealedBatch};

use crate::accumulator::{Batch, BatchKey, BatchState, Stamp};
use crate::delivery::RecordSlot;
use crate::engine::Engine;
use crate::error::BrokerError;
use crate::io::SealJob;
use crate::time::Instant;

impl Engine {
    pub(crate) fn split_or_fail(&mut self, now: Instant, key: BatchKey, row: &'static BrokerError) {
        let Some(batch) = self.batches.get(key) else {
            return;
        };
        let ix = batch.partition;
        let in_time = batch.created + self.settings.delivery_timeout > now;
        let sealed = match &batch.state {
            BatchState::InFlight { sealed, .. } if batch.count > 1 && in_time => sealed.clone(),
            _ => {
                let error = self.broker_error(key, row, None);
                self.give_up_sequence(ix, key, row.name);
                return self.fail(now, key, error);
            }
        };
        self.split(now, key, &sealed);
    }

    fn split(&mut self, now: Instant, key: BatchKey, sealed: &SealedBatch) {
        let Some(parent) = self.batches.remove(key) else {
            return;
        };
        let ix = parent.partition;
        let topic = self.partition(ix).topic;
        self.topics
            .get_mut(topic)
            .ratio
            .reset_after_split(sealed.compression_ratio());
        self.memory.give_back(parent.charge);
        let parts = self.divide(sealed, &parent.slots);
        let mut first = parent.stamp;
        let mut children = Vec::with_capacity(parts.len());
        for (builder, slots) in parts {
            let child = self.adopt_part(now, &parent, builder, slots, first);
            if mutant!(SplitRepeatsSequence) {
                children.push(child);
                continue;
            }
            first = first.map(|stamp| Stamp {
                first: stamp
                    .first
                    .plus(self.batches.get(child).map_or(0, |batch| batch.count)),
                ..stamp
            });
            children.push(child);
        }
        self.counters.splits += 1;
        self.recorder.split(now);
        self.tracer.emit(now, || Event::Split {
            batch: key.id(),
            into: children.iter().map(|child| child.id()).collect(),
        });
        let stamped = &mut self.partition_mut(ix).stamped;
        if let Some(place) = stamped.iter().position(|other| *other == key) {
            stamped.splice(place..=place, children.iter().copied());
        }
        for child in children {
            self.enqueue(child);
        }
        self.trace_memory(now);
    }

    /// The records of a batch in smaller ones: at most `batch.size`, and at most half of what was too large, so that
    /// splitting comes to an end.
    fn divide(&self, sealed: &SealedBatch, slots: &[RecordSlot]) -> Vec<(BatchBuilder, Vec<RecordSlot>)> {
        let half = sealed.uncompressed_size() / 2;
        let limit = if mutant!(SplitByHalves) {
            half
        } else {
            self.settings.batch_size.min(half)
        };
        let Ok(records) = sealed.records() else {
            unreachable!("a batch that this process compressed is readable by it");
        };
        let mut parts: Vec<(BatchBuilder, Vec<RecordSlot>)> = Vec::new();
        for (record, slot) in records.iter().flatten().zip(slots) {
            let fits = parts.last().is_some_and(|(builder, _)| {
                builder.has_room_for(record.size, CompressionEstimate::Uncompressed)
            });
            if !fits {
                parts.push((BatchBuilder::new(limit), Vec::new()));
            }
            if let Some((builder, slots)) = parts.last_mut() {
                append_view(builder, &record);
                slots.push(*slot);
            }
        }
        parts
    }

    /// Makes a queued batch of a part. It inherits the time that has passed, and not the attempts.
    fn adopt_part(
        &mut self,
        now: Instant,
        parent: &Batch,
        builder: BatchBuilder,
        slots: Vec<RecordSlot>,
        stamp: Option<Stamp>,
    ) -> BatchKey {
        let id = self.take_batch_id();
        let place = self.partition(parent.partition).reference();
        self.tracer.emit(now, || Event::BatchOpened {
            batch: id,
            topic: place.topic,
            partition: place.partition,
            capacity: builder.limit() as u32,
        });
        self.tracer.emit(now, || Event::BatchClosed {
            batch: id,
            because: CloseReason::Split,
            records: slots.len() as u32,
            bytes: builder.uncompressed_size() as u32,
        });
        let charge = builder.uncompressed_size();
        self.memory.take(charge);
        let child = self.batches.insert(Batch {
            id,
            partition: parent.partition,
            created: if mutant!(SplitForgetsAge) {
                now
            } else {
                parent.created
            },
            count: slots.len() as u32,
            slots,
            charge,
            largest: parent.largest,
            attempts: if mutant!(SplitCountsAsRetry) {
                parent.attempts
            } else {
                0
            },
            is_part: true,
            stamp,
            restamped: false,
            ambiguous: parent.ambiguous,
            journal: parent.journal.part(),
            doom: None,
            state: BatchState::Sealing,
        });
        let job = SealJob {
            key: child,
            builder,
            codec: self.settings.codec,
            level: self.settings.level,
        };
        self.sealed(now, job.run());
        child
    }
}

fn append_view(builder: &mut BatchBuilder, record: &RecordView<'_>) {
    let appended = builder.append(record.timestamp, record.key, record.value, record.headers);
    let Ok(_) = appended else {
        unreachable!("a part is smaller than the batch that it comes from");
    };
}
