//! Batches of an earlier process.

use alloc::vec::Vec;
use core::fmt;

use bytes::Bytes;
use ottla_trace::Event;
use ottla_trace::event::CloseReason;
use ottla_wire::batch::{BatchError, RecordBatch, SealedBatch};

use super::Mark;
use crate::accumulator::{Batch, BatchState, Partition, PartitionIx, Stamp};
use crate::delivery::RecordSlot;
use crate::engine::Engine;
use crate::identity::{ProducerIdentity, Sequence};
use crate::producer::RefuseReason;
use crate::record::RecordId;
use crate::time::Instant;

/// More partitions than any topic has: a larger number comes from a damaged journal.
const MOST_PARTITIONS: i32 = 100_000;
/// More than any batch holds, decompressed.
const LARGEST_BATCH: usize = 1 << 30;

/// Why a batch cannot be replayed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReplayError {
    /// The topic's name is not one, or the producer is closed.
    Refused(RefuseReason),
    /// No topic has a partition of this number.
    Partition(i32),
    /// The bytes are no batch.
    Batch(BatchError),
    /// The batch has no producer id and sequence, or no records.
    Unstamped,
}

impl fmt::Display for ReplayError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(why) => why.fmt(f),
            Self::Partition(partition) => write!(f, "no topic has a partition {partition}"),
            Self::Batch(error) => error.fmt(f),
            Self::Unstamped => f.write_str("the batch has no producer id and sequence, or no records"),
        }
    }
}

impl core::error::Error for ReplayError {}

impl Engine {
    pub(crate) fn replay(
        &mut self,
        now: Instant,
        topic: &str,
        partition: i32,
        mut batch: Bytes,
    ) -> Result<Vec<RecordId>, ReplayError> {
        if !self.lifecycle.is_running() {
            return Err(ReplayError::Refused(RefuseReason::Closed));
        }
        if !(0..MOST_PARTITIONS).contains(&partition) {
            return Err(ReplayError::Partition(partition));
        }
        let batch = RecordBatch::split_from(&mut batch).map_err(ReplayError::Batch)?;
        let (sealed, records) = SealedBatch::reopen(&batch, LARGEST_BATCH).map_err(ReplayError::Batch)?;
        let stamp = stamp_in(&sealed).ok_or(ReplayError::Unstamped)?;
        let views: Vec<_> = records
            .iter()
            .collect::<Result<_, _>>()
            .map_err(ReplayError::Batch)?;
        if views.is_empty() {
            return Err(ReplayError::Unstamped);
        }
        let ix = self.partition_ahead(now, topic, partition)?;
        let slots: Vec<RecordSlot> = views
            .iter()
            .map(|view| RecordSlot {
                id: self.take_record_id(),
                timestamp: view.timestamp,
                key_size: crate::delivery::nullable_len(view.key),
                value_size: crate::delivery::nullable_len(view.value),
            })
            .collect();
        let ids = slots.iter().map(|slot| slot.id).collect();
        self.queue_replay(now, ix, sealed, slots, stamp);
        Ok(ids)
    }

    /// A partition of a topic that may not be known yet.
    fn partition_ahead(
        &mut self,
        now: Instant,
        topic: &str,
        partition: i32,
    ) -> Result<PartitionIx, ReplayError> {
        self.want(now, topic).map_err(ReplayError::Refused)?;
        let Some(ix) = self.topics.find(topic) else {
            unreachable!("the topic was just named");
        };
        let topic = self.topics.get_mut(ix);
        for index in topic.partitions.len() as i32..=partition {
            topic.partitions.push(PartitionIx(self.partitions.len() as u32));
            self.partitions.push(Partition::new(ix, index));
        }
        Ok(topic.partitions[partition as usize])
    }

    fn queue_replay(
        &mut self,
        now: Instant,
        ix: PartitionIx,
        sealed: SealedBatch,
        slots: Vec<RecordSlot>,
        stamp: Stamp,
    ) {
        let id = self.take_batch_id();
        let place = self.partition(ix).reference();
        let (charge, count) = (sealed.held(), slots.len() as u32);
        self.tracer.emit(now, || Event::BatchOpened {
            batch: id,
            topic: place.topic,
            partition: place.partition,
            capacity: sealed.uncompressed_size() as u32,
        });
        self.tracer.emit(now, || Event::BatchClosed {
            batch: id,
            because: CloseReason::Full,
            records: count,
            bytes: sealed.uncompressed_size() as u32,
        });
        self.tracer.emit(now, || Event::Sealed {
            batch: id,
            codec: sealed.codec().name().into(),
            raw_bytes: sealed.uncompressed_size() as u32,
            bytes: sealed.size() as u32,
        });
        self.tracer.emit(now, || Event::Stamped {
            batch: id,
            producer_id: stamp.identity.id,
            epoch: stamp.identity.epoch,
            sequence: stamp.first.get(),
        });
        // Beyond buffer.memory if need be: there is one of each partition, and it is in memory already.
        self.memory.take(charge);
        let key = self.batches.insert(Batch {
            id,
            partition: ix,
            created: now,
            count,
            slots,
            charge,
            largest: 0,
            attempts: 0,
            is_part: false,
            stamp: Some(stamp),
            restamped: false,
            ambiguous: Some(stamp.wire()),
            journal: Mark::replayed(stamp),
            doom: None,
            state: BatchState::Queued {
                sealed,
                not_before: Instant::ZERO,
                leader_epoch: -1,
            },
        });
        self.partition_mut(ix).stamped.push(key);
        self.enqueue(key);
    }
}

fn stamp_in(sealed: &SealedBatch) -> Option<Stamp> {
    let stamp = sealed.stamped();
    let known = stamp.producer_id >= 0 && stamp.producer_epoch >= 0 && stamp.base_sequence >= 0;
    known.then(|| Stamp {
        identity: ProducerIdentity {
            id: stamp.producer_id,
            epoch: stamp.producer_epoch,
        },
        first: Sequence::new(stamp.base_sequence),
    })
}
