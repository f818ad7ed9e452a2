//! The producer behind its lock: senders append on their own threads, the driver does everything else.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;
use std::time::Duration;

use ottla_core::trace::Envelope;
use ottla_core::{Completion, FlushId, Input, Instant, Output, Producer as Core, RecordId, SealJob};

use crate::around::{Around, Hooks, Interceptors, Sent, Told};
use crate::deliveries::{Aftermath, Deliveries, DeliveryResult};
use crate::hooks::Callback;
use crate::lookup::Lookups;
use crate::room::Room;
use crate::rt::Clock;

/// Events of the trace that are worth waking the driver for.
const TRACE_AT_ONCE: usize = 256;

/// How far the producer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    Open,
    Closing,
    Closed,
    /// The driver is gone.
    Abandoned,
}

/// Everything under the lock.
pub(crate) struct State {
    pub(crate) core: Core<Hooks>,
    pub(crate) deliveries: Deliveries,
    pub(crate) room: Room,
    pub(crate) phase: Phase,
    pub(crate) max_block: Duration,
    pub(crate) flushes: Vec<(FlushId, Progress)>,
    pub(crate) closing: Vec<Waker>,
    pub(crate) lookups: Lookups,
    /// Records that `close` gave up.
    pub(crate) given_up: u64,
    pub(crate) tracing: bool,
    around: Around,
    #[cfg(all(feature = "spool", not(target_arch = "wasm32")))]
    pub(crate) spool: Option<crate::spool::Hook>,
    work: Work,
    core_deadline: Option<Instant>,
    driver: DriverState,
}

/// A flush that somebody waits for.
#[derive(Debug)]
pub(crate) enum Progress {
    Waiting(Option<Waker>),
    Done,
}

/// What the driver is doing.
enum DriverState {
    Running,
    /// It sleeps until then.
    Asleep {
        until: Option<Instant>,
        waker: Waker,
    },
}

/// What only the driver does.
#[derive(Default)]
pub(crate) struct Work {
    /// Dials, transmissions and hang-ups, in order.
    pub(crate) network: Vec<Output>,
    pub(crate) seals: Vec<SealJob>,
    pub(crate) after: Aftermath,
    pub(crate) flushed: Vec<FlushId>,
    pub(crate) trace: Vec<Envelope>,
    /// What the application is told before senders hear of their records.
    pub(crate) told: Told,
    pub(crate) closed: bool,
}

impl Work {
    fn is_empty(&self) -> bool {
        self.is_quiet() && self.trace.is_empty()
    }

    // A sender wakes the driver for its trace only now and then: the driver looks anyway when it does anything else.
    fn is_urgent(&self) -> bool {
        !self.is_quiet() || self.trace.len() >= TRACE_AT_ONCE
    }

    fn is_quiet(&self) -> bool {
        self.network.is_empty()
            && self.seals.is_empty()
            && self.after.is_empty()
            && self.flushed.is_empty()
            && self.told.is_empty()
            && !self.closed
    }
}

/// What the driver gets from a turn at the lock.
pub(crate) enum Turn {
    Work(Work),
    /// Nothing to do before then.
    Sleep(Option<Instant>),
}

/// The producer as handles and driver share it.
pub(crate) struct Shared {
    state: Mutex<State>,
    pub(crate) clock: Clock,
    pub(crate) interceptors: Interceptors,
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared").finish_non_exhaustive()
    }
}

impl Shared {
    pub(crate) fn new(
        core: Core<Hooks>,
        clock: Clock,
        around: Around,
        interceptors: Interceptors,
        tracing: bool,
    ) -> Self {
        let max_block = core.config().max_block();
        let state = State {
            core,
            deliveries: Deliveries::default(),
            room: Room::default(),
            phase: Phase::Open,
            max_block,
            flushes: Vec::new(),
            closing: Vec::new(),
            lookups: Lookups::default(),
            given_up: 0,
            tracing,
            around,
            #[cfg(all(feature = "spool", not(target_arch = "wasm32")))]
            spool: None,
            work: Work::default(),
            core_deadline: None,
            driver: DriverState::Running,
        };
        Self {
            state: Mutex::new(state),
            clock,
            interceptors,
        }
    }

    // A panic under the lock is a bug; those who come later still get their errors instead of a second panic.
    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Hands the driver what there is to do, after telling the producer what happened.
    pub(crate) fn turn(&self, inputs: &mut Vec<Input>, waker: &Waker) -> Turn {
        let mut state = self.lock();
        let now = self.clock.now();
        #[cfg(all(feature = "spool", not(target_arch = "wasm32")))]
        if state.spool.is_some() {
            let wall = ottla_core::Timestamp(self.clock.wall_millis_now(now));
            state.core.set_wall(now, wall);
        }
        for input in inputs.drain(..) {
            state.core.handle(now, input);
            state.pump(now);
        }
        if state.core_deadline.is_some_and(|at| at <= now) {
            state.core.handle(now, Input::Timeout);
            state.pump(now);
        }
        let max_block = state.max_block;
        let State {
            room, lookups, work, ..
        } = &mut *state;
        room.expire(now, max_block, &mut work.after.wakers);
        lookups.expire(now, &mut work.after.wakers);
        if !state.work.is_empty() {
            state.driver = DriverState::Running;
            return Turn::Work(std::mem::take(&mut state.work));
        }
        let until = state.deadline();
        state.driver = DriverState::Asleep {
            until,
            waker: waker.clone(),
        };
        Turn::Sleep(until)
    }

    /// Fails everything, because nobody will drive the producer any more.
    pub(crate) fn abandon(&self) {
        let after = {
            let mut state = self.lock();
            let State {
                deliveries,
                room,
                lookups,
                closing,
                flushes,
                work,
                ..
            } = &mut *state;
            let mut after = std::mem::take(&mut work.after);
            while let Some(done) = work.told.next() {
                deliveries.resolve(done.into_batch(), &mut after);
            }
            deliveries.abandon(&mut after);
            room.wake_all(&mut after.wakers);
            lookups.wake_all(&mut after.wakers);
            after.wakers.append(closing);
            for (_, progress) in flushes {
                if let Progress::Waiting(waker) = progress {
                    after.wakers.extend(waker.take());
                }
            }
            if state.phase != Phase::Closed {
                state.phase = Phase::Abandoned;
            }
            after
        };
        run(after);
    }
}

/// Hands a result to its callback.
pub(crate) fn call((callback, result): (Callback, DeliveryResult)) {
    // An application's panic must not stop the deliveries of others.
    let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| callback(result)));
}

/// Calls back and wakes.
pub(crate) fn run(after: Aftermath) {
    after.callbacks.into_iter().for_each(call);
    for waker in after.wakers {
        waker.wake();
    }
}

impl State {
    /// Polls the producer until it waits, and sorts what it says.
    pub(crate) fn pump(&mut self, now: Instant) {
        loop {
            match self.core.poll(now) {
                Output::Wait { at, .. } => {
                    self.core_deadline = at;
                    break;
                }
                Output::Done(batch) => self.resolve(batch),
                Output::Seal(job) => self.work.seals.push(job),
                Output::Room => self.work.after.wakers.extend(self.room.first()),
                Output::Flushed(id) => self.work.flushed.push(id),
                Output::Closed => self.work.closed = true,
                network @ (Output::Dial { .. }
                | Output::Transmit { .. }
                | Output::Hangup { .. }
                | Output::Login { .. }) => {
                    self.work.network.push(network);
                }
            }
        }
        let State {
            core, lookups, work, ..
        } = self;
        lookups.answer(
            |topic| core.partitions_for(topic).is_some(),
            &mut work.after.wakers,
        );
        #[cfg(all(feature = "spool", not(target_arch = "wasm32")))]
        if let Some(spool) = &mut self.spool {
            self.core.drain_journal(&mut |entry| spool.stamped(entry));
        }
        if self.tracing {
            let trace = &mut self.work.trace;
            self.core.drain_trace(&mut |envelope| trace.push(envelope));
        }
    }

    fn resolve(&mut self, batch: Completion) {
        #[cfg(all(feature = "spool", not(target_arch = "wasm32")))]
        if let Some(spool) = &mut self.spool {
            spool.resolved(&batch);
        }
        if batch.error().is_some_and(|error| error.code == "CLOSED") {
            self.given_up += batch.len() as u64;
        }
        let core = &self.core;
        let count = |topic: &str| core.partition_count(topic);
        if let Some(batch) = self.around.done(batch, count, &mut self.work.told) {
            self.deliveries.resolve(batch, &mut self.work.after);
        }
    }

    /// Keeps what interceptors will be shown of an accepted record.
    pub(crate) fn keep(&mut self, id: RecordId, sent: Option<Sent>) {
        self.around.keep(id, sent);
    }

    /// The waker of the driver, when it sleeps and should not; to be woken after the lock is released.
    pub(crate) fn kick(&mut self) -> Option<Waker> {
        let late = |until: Option<Instant>, due: Option<Instant>| match (until, due) {
            (_, None) => false,
            (None, Some(_)) => true,
            (Some(until), Some(due)) => due < until,
        };
        let due = self.deadline();
        match &self.driver {
            DriverState::Asleep { until, .. } if self.work.is_urgent() || late(*until, due) => {
                match std::mem::replace(&mut self.driver, DriverState::Running) {
                    DriverState::Asleep { waker, .. } => Some(waker),
                    DriverState::Running => None,
                }
            }
            _ => None,
        }
    }

    fn deadline(&self) -> Option<Instant> {
        let own = [self.room.deadline(self.max_block), self.lookups.deadline()];
        own.into_iter().flatten().chain(self.core_deadline).min()
    }

    /// Marks what the driver has finished, and gives the wakers of those who wait for it.
    pub(crate) fn settle(&mut self, flushed: &[FlushId], closed: bool) -> Vec<Waker> {
        let mut wakers = Vec::new();
        for (id, progress) in &mut self.flushes {
            if flushed.contains(id)
                && let Progress::Waiting(waker) = std::mem::replace(progress, Progress::Done)
            {
                wakers.extend(waker);
            }
        }
        if closed {
            self.core.extensions_mut().close();
            self.phase = Phase::Closed;
            wakers.append(&mut self.closing);
            self.room.wake_all(&mut wakers);
            self.lookups.wake_all(&mut wakers);
        }
        wakers
    }
}

/// Ends the deliveries when the driver is dropped before the producer was closed.
pub(crate) struct Guard(pub(crate) Arc<Shared>);

impl Drop for Guard {
    fn drop(&mut self) {
        self.0.abandon();
    }
}
