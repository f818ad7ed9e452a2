//! A record on its way from the application to the core: past the interceptors, and into the queue for room.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use ottla_core::producer::PartitionCount;
use ottla_core::{Instant, Record, RefuseReason, SendError, Timestamp};

use crate::around::Sent;
use crate::deliveries::Delivery;
use crate::error::KafkaError;
use crate::producer::wake;
use crate::room::{Ticket, Turn};
use crate::shared::{Phase, Shared, State};

// A record that brings no time of its own gets that of its sending.
pub(crate) fn stamp(shared: &Shared, now: Instant, record: &mut Record<'_>) {
    if record.timestamp.is_none() {
        record.timestamp = Some(Timestamp(shared.clock.wall_millis(now)));
    }
}

impl State {
    /// What the core says of a record that it does not take, in more detail where a partitioner is at fault.
    #[cold]
    pub(crate) fn refused(&self, record: Record<'static>, why: RefuseReason) -> KafkaError {
        let error = match why {
            RefuseReason::InvalidPartition { partition } if record.partition.is_none() => {
                let count = match self.core.partition_count(&record.topic) {
                    PartitionCount::Known(count) => count,
                    PartitionCount::Asked | PartitionCount::Unasked => 0,
                };
                KafkaError::no_such_partition(partition, &record.topic, count)
            }
            why => KafkaError::from(why),
        };
        error.with_record(record)
    }

    /// Takes a sender out of the line for room, and gives the waker of the next one if that may try now.
    fn leave_line(&mut self, ticket: Ticket) -> Option<Waker> {
        if self.room.is_first(ticket) {
            self.core.leave_line();
        }
        self.room.leave(ticket)
    }

    pub(crate) fn refusal(&self) -> Option<KafkaError> {
        match self.phase {
            Phase::Open => None,
            Phase::Closing | Phase::Closed => Some(KafkaError::closed()),
            Phase::Abandoned => Some(KafkaError::abandoned().never_sent()),
        }
    }
}

/// The future of [`Producer::send`](crate::Producer::send) and [`Producer::send_with`](crate::Producer::send_with).
#[must_use = "a record is sent when this future is awaited"]
pub struct Send<'a, T = Delivery, W = ()> {
    pub(crate) shared: &'a Shared,
    pub(crate) record: Option<Record<'a>>,
    pub(crate) ticket: Option<Ticket>,
    // Interceptors see a record once, however often it asks for room.
    pub(crate) intercepted: bool,
    pub(crate) accept: fn(&mut State, ottla_core::RecordId, W) -> T,
    pub(crate) with: Option<W>,
}

impl<T, W> fmt::Debug for Send<'_, T, W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Send")
            .field("waits", &self.ticket)
            .finish_non_exhaustive()
    }
}

impl<T, W: Unpin> Future for Send<'_, T, W> {
    type Output = Result<T, KafkaError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        std::task::ready!(crate::rt::poll_proceed(cx));
        let this = self.get_mut();
        let shared = this.shared;
        let Some(mut record) = this.record.take() else {
            panic!("a send is polled after it was ready");
        };
        if !shared.interceptors.is_empty() && !this.intercepted {
            this.intercepted = true;
            if let Err(error) = shared.interceptors.on_send(&mut record) {
                let error = error.with_record(record.into_owned());
                shared.interceptors.given_back(&error);
                return Poll::Ready(Err(error));
            }
        }
        let mut wakers = [None, None];
        let polled = {
            let mut state = shared.lock();
            let polled = this.try_now(&mut state, record, cx);
            if polled.is_ready() {
                // The place is given up, and whoever is next may try.
                wakers[0] = this.ticket.take().and_then(|ticket| state.leave_line(ticket));
            }
            wakers[1] = state.kick();
            polled
        };
        wakers.into_iter().for_each(wake);
        if let Poll::Ready(Err(error)) = &polled {
            shared.interceptors.given_back(error);
        }
        polled
    }
}

impl<'a, T, W> Send<'a, T, W> {
    fn try_now(
        &mut self,
        state: &mut State,
        mut record: Record<'a>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<T, KafkaError>> {
        if let Some(error) = state.refusal() {
            return Poll::Ready(Err(error.with_record(record.into_owned())));
        }
        let now = self.shared.clock.now();
        stamp(self.shared, now, &mut record);
        let since = match self.ticket.map(|ticket| state.room.turn(ticket)) {
            None if state.room.is_empty() => now,
            Some(Turn::Now(since)) => since,
            Some(Turn::Expired(since)) => {
                state.core.gave_up(now, since);
                let error = KafkaError::no_room_in_time();
                return Poll::Ready(Err(error.with_record(record.into_owned())));
            }
            None | Some(Turn::Later) => {
                self.wait(state, record, now, cx);
                return Poll::Pending;
            }
        };
        let sent = if self.intercepted { Sent::of(&record) } else { None };
        match state.core.send_since(now, since, record) {
            Ok(id) => {
                state.keep(id, sent);
                let with = self
                    .with
                    .take()
                    .expect("a send that is not ready still has its callback");
                let accepted = (self.accept)(state, id, with);
                state.pump(now);
                Poll::Ready(Ok(accepted))
            }
            Err(SendError::Full { record }) => {
                state.pump(now);
                self.wait(state, record, now, cx);
                Poll::Pending
            }
            Err(SendError::Refused { record, why }) => {
                state.pump(now);
                Poll::Ready(Err(state.refused(record, why)))
            }
        }
    }

    fn wait(&mut self, state: &mut State, record: Record<'a>, now: Instant, cx: &mut Context<'_>) {
        match self.ticket {
            Some(ticket) => state.room.rearm(ticket, cx.waker()),
            None => self.ticket = Some(state.room.enter(now, cx.waker().clone())),
        }
        self.record = Some(record);
    }
}

impl<T, W> Drop for Send<'_, T, W> {
    fn drop(&mut self) {
        if let Some(ticket) = self.ticket.take() {
            let next = self.shared.lock().leave_line(ticket);
            wake(next);
            if let (true, Some(record)) = (self.intercepted, self.record.take()) {
                let error = KafkaError::no_longer_wanted().with_record(record.into_owned());
                self.shared.interceptors.given_back(&error);
            }
        }
    }
}
