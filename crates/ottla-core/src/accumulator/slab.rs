//! Batches by key: an arena whose slots are reused and whose keys are not.

use alloc::vec::Vec;

use super::batch::Batch;
use ottla_trace::event::BatchId;

/// Names a batch for as long as it lives; after that it names nothing, even when its slot is used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BatchKey {
    slot: u32,
    id: BatchId,
}

impl BatchKey {
    pub(crate) const fn id(self) -> BatchId {
        self.id
    }
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Batches {
    slots: Vec<Option<Batch>>,
    free: Vec<u32>,
}

impl Batches {
    pub(crate) fn insert(&mut self, batch: Batch) -> BatchKey {
        let id = batch.id;
        let slot = self.free.pop().unwrap_or_else(|| {
            self.slots.push(None);
            // Each batch takes at least 61 bytes of memory: 2^32 of them do not fit anywhere.
            (self.slots.len() - 1) as u32
        });
        self.slots[slot as usize] = Some(batch);
        BatchKey { slot, id }
    }

    pub(crate) fn get(&self, key: BatchKey) -> Option<&Batch> {
        self.slots[key.slot as usize]
            .as_ref()
            .filter(|batch| batch.id == key.id)
    }

    pub(crate) fn get_mut(&mut self, key: BatchKey) -> Option<&mut Batch> {
        self.slots[key.slot as usize]
            .as_mut()
            .filter(|batch| batch.id == key.id)
    }

    pub(crate) fn remove(&mut self, key: BatchKey) -> Option<Batch> {
        let slot = &mut self.slots[key.slot as usize];
        if slot.as_ref().is_none_or(|batch| batch.id != key.id) {
            return None;
        }
        self.free.push(key.slot);
        slot.take()
    }
}
