//! Who waits for which record.
//!
//! Records are numbered without gaps, so their waiters live in chunks of consecutive slots: sending a record costs
//! one allocation in 256, and a batch of results is handed out under one lock per chunk.

use std::collections::VecDeque;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use ottla_core::{Completion, RecordId, RecordMetadata};

use crate::error::KafkaError;
use crate::hooks::Callback;

const CHUNK: usize = 256;

/// What became of a record.
pub type DeliveryResult = Result<RecordMetadata, KafkaError>;

#[derive(Default)]
enum Slot {
    /// Nobody asked.
    #[default]
    Unwatched,
    /// A [`Delivery`] exists; its waker once it was polled.
    Watched(Option<Waker>),
    Callback(Callback),
    /// Delivered, at this place of its batch.
    Delivered(Arc<Completion>, u32),
    Failed(Box<KafkaError>),
    /// The result was handed out.
    Taken,
}

struct Chunk {
    slots: Mutex<Vec<Slot>>,
}

impl Chunk {
    fn new() -> Arc<Self> {
        let mut slots = Vec::with_capacity(CHUNK);
        slots.resize_with(CHUNK, Slot::default);
        Arc::new(Self {
            slots: Mutex::new(slots),
        })
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Slot>> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The result of one accepted record, in the future. Dropping it changes nothing: the record is delivered all the
/// same.
pub struct Delivery {
    chunk: Arc<Chunk>,
    index: usize,
}

impl fmt::Debug for Delivery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Delivery").finish_non_exhaustive()
    }
}

impl Future for Delivery {
    type Output = DeliveryResult;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<DeliveryResult> {
        let mut slots = self.chunk.lock();
        let slot = &mut slots[self.index];
        match std::mem::replace(slot, Slot::Taken) {
            Slot::Delivered(batch, index) => {
                drop(slots);
                Poll::Ready(batch.result(index as usize).map_err(KafkaError::from))
            }
            Slot::Failed(error) => Poll::Ready(Err(*error)),
            Slot::Watched(waker) => {
                let waker = waker.filter(|waker| waker.will_wake(cx.waker()));
                *slot = Slot::Watched(Some(waker.unwrap_or_else(|| cx.waker().clone())));
                Poll::Pending
            }
            Slot::Unwatched | Slot::Callback(_) | Slot::Taken => {
                panic!("a delivery is polled after it was ready")
            }
        }
    }
}

/// What is to be done, outside of every lock, once results are in.
#[derive(Default)]
pub(crate) struct Aftermath {
    pub(crate) wakers: Vec<Waker>,
    pub(crate) callbacks: Vec<(Callback, DeliveryResult)>,
}

impl Aftermath {
    pub(crate) fn is_empty(&self) -> bool {
        self.wakers.is_empty() && self.callbacks.is_empty()
    }
}

/// All records that are accepted and not resolved.
#[derive(Default)]
pub(crate) struct Deliveries {
    // Number of the first slot of the first chunk.
    base: u64,
    chunks: VecDeque<Entry>,
}

struct Entry {
    // Only made when somebody watches a record of it.
    chunk: Option<Arc<Chunk>>,
    unresolved: usize,
}

impl Deliveries {
    /// Hands out the future of a record that was just accepted.
    pub(crate) fn watch(&mut self, id: RecordId) -> Delivery {
        let (chunk, index) = self.slot(id);
        chunk.lock()[index] = Slot::Watched(None);
        Delivery { chunk, index }
    }

    /// Calls back when the record, which was just accepted, is resolved.
    pub(crate) fn call_back(&mut self, id: RecordId, callback: Callback) {
        let (chunk, index) = self.slot(id);
        chunk.lock()[index] = Slot::Callback(callback);
    }

    fn slot(&mut self, id: RecordId) -> (Arc<Chunk>, usize) {
        let (entry, index) = self.entry(id);
        let entry = &mut self.chunks[entry];
        (entry.chunk.get_or_insert_with(Chunk::new).clone(), index)
    }

    fn entry(&mut self, id: RecordId) -> (usize, usize) {
        // A record is resolved once, so its number is never below those of the chunks that were let go.
        let place = (id.0 - self.base) as usize;
        let entry = place / CHUNK;
        while self.chunks.len() <= entry {
            self.chunks.push_back(Entry {
                chunk: None,
                unresolved: CHUNK,
            });
        }
        (entry, place % CHUNK)
    }

    /// Hands out the results of a batch, in the order in which its records were sent.
    pub(crate) fn resolve(&mut self, batch: Completion, after: &mut Aftermath) {
        if batch.is_ok() {
            self.resolve_delivered(batch, after);
        } else {
            self.resolve_failed(batch, after);
        }
        while self.chunks.front().is_some_and(|entry| entry.unresolved == 0) {
            self.chunks.pop_front();
            self.base += CHUNK as u64;
        }
    }

    fn resolve_delivered(&mut self, batch: Completion, after: &mut Aftermath) {
        let batch = Arc::new(batch);
        let mut ids = batch.ids().enumerate().peekable();
        while let Some(&(_, first)) = ids.peek() {
            let (at, _) = self.entry(first);
            let base = self.base + (at * CHUNK) as u64;
            let entry = &mut self.chunks[at];
            let mut slots = entry.chunk.as_ref().map(|chunk| chunk.lock());
            while let Some((index, id)) = ids.next_if(|(_, id)| (id.0 - base) < CHUNK as u64) {
                entry.unresolved -= 1;
                let Some(slots) = &mut slots else { continue };
                let slot = &mut slots[(id.0 - base) as usize];
                match std::mem::take(slot) {
                    Slot::Unwatched => {}
                    Slot::Callback(callback) => {
                        after
                            .callbacks
                            .push((callback, batch.result(index).map_err(KafkaError::from)));
                    }
                    Slot::Watched(waker) => {
                        after.wakers.extend(waker);
                        *slot = Slot::Delivered(batch.clone(), index as u32);
                    }
                    resolved => *slot = resolved,
                }
            }
        }
    }

    fn resolve_failed(&mut self, batch: Completion, after: &mut Aftermath) {
        let results: Vec<_> = batch.results().collect();
        // A batch gives all of its records back, or (a record that failed alone) the one.
        let mut records = batch.records().into_iter();
        for (id, result) in results {
            let record = records.next().map(|(_, record)| record);
            let result = result.map_err(|error| match record {
                Some(record) => KafkaError::from(error).with_record(record),
                None => KafkaError::from(error),
            });
            let (at, index) = self.entry(id);
            let entry = &mut self.chunks[at];
            entry.unresolved -= 1;
            if let Some(chunk) = &entry.chunk {
                settle(&mut chunk.lock()[index], result, after);
            }
        }
    }

    /// Fails whatever is left, when nobody drives the producer any more.
    pub(crate) fn abandon(&mut self, after: &mut Aftermath) {
        for entry in self.chunks.drain(..) {
            let Some(chunk) = entry.chunk else { continue };
            for slot in chunk.lock().iter_mut() {
                if matches!(slot, Slot::Watched(_) | Slot::Callback(_)) {
                    settle(slot, Err(KafkaError::abandoned()), after);
                }
            }
        }
    }
}

fn settle(slot: &mut Slot, result: DeliveryResult, after: &mut Aftermath) {
    match std::mem::take(slot) {
        Slot::Callback(callback) => after.callbacks.push((callback, result)),
        Slot::Watched(waker) => {
            after.wakers.extend(waker);
            // A success within a failed batch does not exist: all of its records fail together.
            *slot = match result {
                Err(error) => Slot::Failed(Box::new(error)),
                Ok(_) => Slot::Failed(Box::new(KafkaError::abandoned())),
            };
        }
        other => *slot = other,
    }
}
