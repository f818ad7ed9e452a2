//! The handle that applications hold.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use ottla_core::config::{Notice, SerializerClass};
use ottla_core::metrics::Counters;
use ottla_core::trace::Snapshot;
use ottla_core::{FlushId, Input, Record, SendError};

use crate::around::Sent;
use crate::builder::Builder;
use crate::deliveries::{Delivery, DeliveryResult};
use crate::error::KafkaError;
use crate::hooks::{Callback, MaybeSend};
use crate::lookup::Lookup;
use crate::send::{Send, stamp};
use crate::shared::{Phase, Progress, Shared, State};

/// A Kafka producer. Cheap to clone; all clones are one producer.
///
/// Dropping the last clone without [`close`](Self::close) sends what was accepted, as long as the runtime lives.
#[derive(Clone)]
pub struct Producer {
    inner: Arc<Handle>,
}

struct Handle {
    shared: Arc<Shared>,
    notices: Vec<Notice>,
}

impl Drop for Handle {
    fn drop(&mut self) {
        let kick = {
            let mut state = self.shared.lock();
            if state.phase == Phase::Open {
                let now = self.shared.clock.now();
                state.phase = Phase::Closing;
                state.core.close(now, None);
                state.pump(now);
            }
            state.kick()
        };
        wake(kick);
    }
}

impl fmt::Debug for Producer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Producer").finish_non_exhaustive()
    }
}

pub(crate) fn wake(waker: Option<Waker>) {
    if let Some(waker) = waker {
        waker.wake();
    }
}

/// Tells the producer what happened outside of its driver.
pub(crate) fn tell(shared: &Shared, input: Input) {
    let mut state = shared.lock();
    let now = shared.clock.now();
    state.core.handle(now, input);
    state.pump(now);
    let kick = state.kick();
    drop(state);
    wake(kick);
}

impl Producer {
    /// Begins to configure a producer.
    pub fn builder() -> Builder {
        Builder::new()
    }

    pub(crate) fn new(shared: Arc<Shared>, notices: Vec<Notice>) -> Self {
        let inner = Arc::new(Handle { shared, notices });
        Self { inner }
    }

    /// What was adjusted in the configuration, and what is unusual about it.
    pub fn notices(&self) -> &[Notice] {
        &self.inner.notices
    }

    /// Sends a record: waits, at most `max.block.ms`, until there is room for it, and gives the future of its result.
    ///
    /// Senders that wait for room get it in the order in which they began to wait. Dropping this future before it is
    /// ready means that the record is not sent.
    ///
    /// # Errors
    /// `BUFFER_EXHAUSTED` when there was no room in time, or why the record can never be sent. It is given back.
    pub fn send<'a>(&'a self, record: Record<'a>) -> Send<'a> {
        Send {
            shared: &self.inner.shared,
            record: Some(record),
            ticket: None,
            intercepted: false,
            accept: |state, id, ()| state.deliveries.watch(id),
            with: Some(()),
        }
    }

    /// Sends a record and calls back with its result, for records of one partition in the order in which they were
    /// sent. Waits for room like [`send`](Self::send). The callback runs on the driver's task and should be quick.
    ///
    /// # Errors
    /// As [`send`](Self::send); the callback is not called then.
    pub fn send_with<'a>(
        &'a self,
        record: Record<'a>,
        callback: impl FnOnce(DeliveryResult) + MaybeSend + 'static,
    ) -> Send<'a, (), Callback> {
        Send {
            shared: &self.inner.shared,
            record: Some(record),
            ticket: None,
            intercepted: false,
            accept: |state, id, callback| state.deliveries.call_back(id, callback),
            with: Some(Box::new(callback)),
        }
    }

    /// Sends a record of a spool, which is told of its result by the hook alone.
    #[cfg(all(feature = "spool", not(target_arch = "wasm32")))]
    pub(crate) fn send_spooled(&self, record: Record<'static>, number: u64) -> Send<'_, (), u64> {
        Send {
            shared: &self.inner.shared,
            record: Some(record),
            ticket: None,
            intercepted: false,
            accept: |state, id, number| {
                if let Some(spool) = &mut state.spool {
                    spool.accepted(id, number);
                }
            },
            with: Some(number),
        }
    }

    #[cfg(all(feature = "spool", not(target_arch = "wasm32")))]
    pub(crate) fn shared(&self) -> &Arc<Shared> {
        &self.inner.shared
    }

    /// Sends a record without ever waiting.
    ///
    /// # Errors
    /// `BUFFER_EXHAUSTED` when there is no room now, or why the record can never be sent. It is given back.
    pub fn try_send(&self, record: Record<'_>) -> Result<Delivery, KafkaError> {
        self.attempt(record, |state, id| state.deliveries.watch(id))
    }

    /// As [`try_send`](Self::try_send), and calls back with the result.
    ///
    /// # Errors
    /// As [`try_send`](Self::try_send); the callback is not called then.
    pub fn try_send_with(
        &self,
        record: Record<'_>,
        callback: impl FnOnce(DeliveryResult) + MaybeSend + 'static,
    ) -> Result<(), KafkaError> {
        self.attempt(record, |state, id| {
            state.deliveries.call_back(id, Box::new(callback));
        })
    }

    /// As [`try_send`](Self::try_send), for results that nobody wants to know.
    ///
    /// # Errors
    /// As [`try_send`](Self::try_send).
    pub fn post(&self, record: Record<'_>) -> Result<(), KafkaError> {
        self.attempt(record, |_, _| ())
    }

    fn attempt<T>(
        &self,
        mut record: Record<'_>,
        accept: impl FnOnce(&mut State, ottla_core::RecordId) -> T,
    ) -> Result<T, KafkaError> {
        let shared = &self.inner.shared;
        let interceptors = &shared.interceptors;
        if interceptors.is_empty() {
            return self.attempt_now(record, None, accept);
        }
        let attempted = match interceptors.on_send(&mut record) {
            Ok(()) => {
                let sent = Sent::of(&record);
                self.attempt_now(record, sent, accept)
            }
            Err(error) => Err(error.with_record(record.into_owned())),
        };
        attempted.inspect_err(|error| interceptors.given_back(error))
    }

    fn attempt_now<T>(
        &self,
        mut record: Record<'_>,
        sent: Option<Sent>,
        accept: impl FnOnce(&mut State, ottla_core::RecordId) -> T,
    ) -> Result<T, KafkaError> {
        let shared = &self.inner.shared;
        let mut state = shared.lock();
        if let Some(error) = state.refusal() {
            return Err(error.with_record(record.into_owned()));
        }
        let now = shared.clock.now();
        if !state.room.is_empty() {
            state.core.gave_up(now, now);
            return Err(KafkaError::full().with_record(record.into_owned()));
        }
        stamp(shared, now, &mut record);
        let accepted = state.core.send(now, record);
        if let Err(SendError::Full { .. }) = accepted {
            state.core.gave_up(now, now);
            state.core.leave_line();
        }
        let accepted = accepted
            .map(|id| {
                state.keep(id, sent);
                accept(&mut state, id)
            })
            .map_err(|error| match error {
                SendError::Full { record } => KafkaError::full().with_record(record),
                SendError::Refused { record, why } => state.refused(record, why),
            });
        state.pump(now);
        let kick = state.kick();
        drop(state);
        wake(kick);
        accepted
    }

    /// Sends what was accepted so far without lingering, and waits until all of it is resolved.
    ///
    /// # Errors
    /// Only when the producer's runtime has stopped; records tell their own failures.
    pub fn flush(&self) -> Flush {
        Flush {
            shared: self.inner.shared.clone(),
            id: None,
        }
    }

    /// Takes no more records, delivers the accepted ones within `timeout`, gives up the rest and closes the
    /// connections. May be called more than once.
    ///
    /// # Errors
    /// When records had to be given up. Their deliveries say which, and whether they may be in the log.
    pub fn close(&self, timeout: Duration) -> Close {
        Close {
            shared: self.inner.shared.clone(),
            timeout,
            begun: false,
        }
    }

    /// The partitions of a topic; asks for them when they are not known, and waits at most `max.block.ms`.
    ///
    /// # Errors
    /// `MAX_BLOCK_TIMEOUT` when no broker told in time, or that the topic's name is not allowed.
    pub fn partitions_for(&self, topic: impl Into<String>) -> Lookup {
        Lookup::new(self.inner.shared.clone(), topic.into())
    }

    /// The whole state as the trace shows it.
    pub fn snapshot(&self) -> Snapshot {
        self.inner.shared.lock().core.snapshot()
    }

    /// Tells the producer that it is about to be frozen (a page in the back/forward cache, a laptop that goes to sleep).
    pub fn suspend(&self) {
        self.tell(Input::Suspended);
    }

    /// Tells the producer that it runs again: the time since [`suspend`](Self::suspend) does not count for batches
    /// that were never sent.
    pub fn resume(&self) {
        self.tell(Input::Resumed);
    }

    fn tell(&self, input: Input) {
        tell(&self.inner.shared, input);
    }

    /// What was counted so far.
    pub fn metrics(&self) -> Counters {
        self.inner.shared.lock().core.metrics()
    }

    /// Kafka's metrics: averages, maxima and rates of the last minute, totals since the start.
    #[cfg(feature = "metrics")]
    pub fn kafka_metrics(&self) -> Vec<ottla_core::metrics::Metric> {
        let now = self.inner.shared.clock.now();
        self.inner.shared.lock().core.kafka_metrics(now)
    }

    /// `key.serializer` and `value.serializer`.
    pub(crate) fn serializers(&self) -> (SerializerClass, SerializerClass) {
        let state = self.inner.shared.lock();
        let config = state.core.config();
        (config.key_serializer(), config.value_serializer())
    }

    /// Records that are accepted and not resolved.
    pub fn outstanding(&self) -> u64 {
        self.inner.shared.lock().core.outstanding()
    }

    /// Bytes of `buffer.memory` in use.
    pub fn memory_used(&self) -> usize {
        self.inner.shared.lock().core.memory_used()
    }
}

/// The future of [`Producer::flush`].
#[derive(Debug)]
#[must_use = "a flush begins when this future is awaited"]
pub struct Flush {
    shared: Arc<Shared>,
    id: Option<FlushId>,
}

impl Future for Flush {
    type Output = Result<(), KafkaError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        let shared = this.shared.clone();
        let mut state = shared.lock();
        let id = match this.id {
            Some(id) => id,
            None => {
                if state.phase == Phase::Closed {
                    return Poll::Ready(Ok(()));
                }
                let now = shared.clock.now();
                let id = state.core.flush(now);
                state.flushes.push((id, Progress::Waiting(None)));
                state.pump(now);
                this.id = Some(id);
                id
            }
        };
        let phase = state.phase;
        let progress = state.flushes.iter_mut().find(|(flush, _)| *flush == id);
        let polled = match progress.map(|(_, progress)| progress) {
            Some(Progress::Waiting(waker)) if matches!(phase, Phase::Open | Phase::Closing) => {
                *waker = Some(cx.waker().clone());
                Poll::Pending
            }
            _ if phase == Phase::Abandoned => Poll::Ready(Err(KafkaError::abandoned())),
            _ => Poll::Ready(Ok(())),
        };
        let kick = state.kick();
        drop(state);
        wake(kick);
        polled
    }
}

impl Drop for Flush {
    fn drop(&mut self) {
        if let Some(id) = self.id {
            self.shared.lock().flushes.retain(|(flush, _)| *flush != id);
        }
    }
}

/// The future of [`Producer::close`].
#[derive(Debug)]
#[must_use = "a producer is closed when this future is awaited"]
pub struct Close {
    shared: Arc<Shared>,
    timeout: Duration,
    begun: bool,
}

impl Future for Close {
    type Output = Result<(), KafkaError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        let shared = this.shared.clone();
        let mut state = shared.lock();
        if !this.begun && matches!(state.phase, Phase::Open | Phase::Closing) {
            this.begun = true;
            let now = shared.clock.now();
            state.phase = Phase::Closing;
            state.core.close(now, Some(this.timeout));
            state.pump(now);
        }
        let polled = match state.phase {
            Phase::Open | Phase::Closing => {
                state.closing.push(cx.waker().clone());
                Poll::Pending
            }
            Phase::Closed => Poll::Ready(outcome(state.given_up, this.timeout)),
            Phase::Abandoned => Poll::Ready(Err(KafkaError::abandoned())),
        };
        // Those who wait for room never get it now.
        let mut wakers = Vec::new();
        state.room.wake_all(&mut wakers);
        wakers.extend(state.kick());
        drop(state);
        wakers.into_iter().for_each(Waker::wake);
        polled
    }
}

fn outcome(given_up: u64, timeout: Duration) -> Result<(), KafkaError> {
    if given_up == 0 {
        return Ok(());
    }
    let message = format!(
        "{given_up} records were not delivered within {} ms and were given up",
        timeout.as_millis() as u64
    );
    Err(KafkaError::new("CLOSED", crate::ErrorKind::Closed, message))
}
