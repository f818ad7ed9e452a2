//! What a turn at the lock left to do: compression, the trace, callbacks. None of it needs the lock, and in a page it is
//! done a few milliseconds at a time.

use std::collections::VecDeque;
use std::sync::Arc;
use std::task::{Context, Poll, Waker, ready};

use ottla_core::trace::Envelope;
use ottla_core::{FlushId, Input, SealJob};

use crate::around::{Acknowledged, Listener, Told};
use crate::deliveries::{Aftermath, DeliveryResult};
use crate::hooks::{Callback, TraceSink};
use crate::rt::poll_turn;
use crate::shared::{Shared, Work, call};

/// Events or callbacks between two looks at the clock: each takes a microsecond or so.
const SMALL_PIECES: usize = 32;

/// Who is told of what happens, beside those who wait for records.
#[derive(Default)]
pub(crate) struct Listeners {
    pub(crate) trace: Option<TraceSink>,
    pub(crate) hot_partitions: Listener,
}

/// Work of one turn, in the order in which it is done.
pub(crate) struct Backlog {
    shared: Arc<Shared>,
    listeners: Listeners,
    seals: VecDeque<SealJob>,
    trace: VecDeque<Envelope>,
    told: Told,
    callbacks: VecDeque<(Callback, DeliveryResult)>,
    wakers: Vec<Waker>,
    flushed: Vec<FlushId>,
    closed: bool,
}

impl Backlog {
    pub(crate) fn new(shared: Arc<Shared>, listeners: Listeners) -> Self {
        Self {
            shared,
            listeners,
            seals: VecDeque::new(),
            trace: VecDeque::new(),
            told: Told::default(),
            callbacks: VecDeque::new(),
            wakers: Vec::new(),
            flushed: Vec::new(),
            closed: false,
        }
    }

    /// Takes the work of a turn, when that of the last one is done.
    pub(crate) fn take(&mut self, work: Work) {
        self.seals = work.seals.into();
        self.trace = work.trace.into();
        self.told = work.told;
        self.callbacks = work.after.callbacks.into();
        self.wakers = work.after.wakers;
        self.flushed = work.flushed;
        self.closed = work.closed;
    }

    /// Whether the producer is closed, and everybody was told.
    pub(crate) fn closed(&self) -> bool {
        self.closed
    }

    /// Works until there is nothing left to do, or others want their turn.
    pub(crate) fn poll(&mut self, inputs: &mut Vec<Input>, cx: &mut Context<'_>) -> Poll<()> {
        ready!(poll_turn(cx));
        while let Some(job) = self.seals.pop_front() {
            inputs.push(Input::Sealed(job.run()));
            ready!(poll_turn(cx));
        }
        while !self.trace.is_empty() {
            let now = self.trace.len().min(SMALL_PIECES);
            let told = self.trace.drain(..now);
            match &mut self.listeners.trace {
                Some(sink) => told.for_each(sink),
                None => drop(told),
            }
            ready!(poll_turn(cx));
        }
        self.listeners.hot_partitions.hear(&mut self.told);
        while let Some(batch) = self.told.next() {
            self.acknowledge(batch);
            ready!(poll_turn(cx));
        }
        while !self.callbacks.is_empty() {
            let now = self.callbacks.len().min(SMALL_PIECES);
            self.callbacks.drain(..now).for_each(call);
            ready!(poll_turn(cx));
        }
        self.wakers.drain(..).for_each(Waker::wake);
        // A flush is over once the callbacks of its records have run, as in Kafka's client.
        if !self.flushed.is_empty() || self.closed {
            let flushed = std::mem::take(&mut self.flushed);
            if self.closed {
                self.shared.interceptors.close();
            }
            let wakers = self.shared.lock().settle(&flushed, self.closed);
            wakers.into_iter().for_each(Waker::wake);
        }
        Poll::Ready(())
    }

    /// Interceptors hear of a record before its sender does.
    fn acknowledge(&mut self, batch: Acknowledged) {
        self.shared.interceptors.acknowledged(&batch);
        let mut after = Aftermath::default();
        self.shared
            .lock()
            .deliveries
            .resolve(batch.into_batch(), &mut after);
        self.callbacks.extend(after.callbacks);
        self.wakers.extend(after.wakers);
    }
}

impl Drop for Backlog {
    /// A driver that is dropped between two pieces of work still owes these their results.
    fn drop(&mut self) {
        while let Some(batch) = self.told.next() {
            self.acknowledge(batch);
        }
        self.callbacks.drain(..).for_each(call);
        self.wakers.drain(..).for_each(Waker::wake);
    }
}
