//! JavaScript runtimes: pages, workers and edge isolates.
//!
//! [`WebSockets`] reaches brokers through a bridge. A runtime that has sockets of its own (`cloudflare:sockets`,
//! `node:net`) brings them as another [`Connect`](crate::transport::Connect) to
//! [`Builder::start_with`](crate::Builder::start_with).

mod pace;
mod socket;

use std::cell::RefCell;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use gloo::timers::callback::Timeout;
use ottla_core::Instant;
use wasm_bindgen::prelude::*;

use crate::transport::Timers;

pub use pace::{Slice, slice};
#[cfg(target_arch = "wasm32")]
pub(crate) use pace::{poll_proceed, poll_turn};
pub use socket::{WebSocketStream, WebSockets};

// `performance` is a global of windows, workers, workerd and Node alike; `window()` is not.
#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = performance, js_name = now)]
    fn performance_now() -> f64;
}

/// The zero of a producer's clock.
#[derive(Clone, Debug)]
pub(crate) struct Start(f64);

#[cfg_attr(
    not(target_arch = "wasm32"),
    expect(dead_code, reason = "native clocks are std's")
)]
impl Start {
    pub(crate) fn new() -> Self {
        Self(performance_now())
    }

    pub(crate) fn elapsed(&self) -> Instant {
        // Milliseconds with a fraction; a cast of a float saturates.
        Instant::from_micros(((performance_now() - self.0) * 1000.0) as u64)
    }
}

#[cfg_attr(
    not(target_arch = "wasm32"),
    expect(dead_code, reason = "native clocks are std's")
)]
pub(crate) fn wall_micros() -> i64 {
    (js_sys::Date::now() * 1000.0) as i64
}

#[cfg_attr(
    not(target_arch = "wasm32"),
    expect(dead_code, reason = "native seeds are std's")
)]
pub(crate) fn seed() -> u64 {
    // 2^53: all the bits of a JavaScript number.
    (js_sys::Math::random() * 9_007_199_254_740_992.0) as u64
}

/// `setTimeout`.
#[derive(Clone, Copy, Debug, Default)]
pub struct WebTimers;

impl Timers for WebTimers {
    type Sleep = WebSleep;

    fn sleep(&self, duration: Duration) -> WebSleep {
        WebSleep::new(duration)
    }
}

/// A timer that runs.
pub struct WebSleep {
    state: Rc<RefCell<SleepState>>,
    // Dropping it clears the timeout.
    _timeout: Timeout,
}

impl std::fmt::Debug for WebSleep {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WebSleep").finish_non_exhaustive()
    }
}

#[derive(Default)]
struct SleepState {
    fired: bool,
    waker: Option<Waker>,
}

impl WebSleep {
    pub(crate) fn new(duration: Duration) -> Self {
        let state = Rc::new(RefCell::new(SleepState::default()));
        // Rounded up, because a timer that fires early only fires again; setTimeout overflows above 2^31 ms, and a
        // wake-up in 24 days instead of later costs nothing.
        let millis = u64::try_from(duration.as_micros())
            .unwrap_or(u64::MAX)
            .div_ceil(1000)
            .min(i32::MAX as u64) as u32;
        let timeout = Timeout::new(millis, {
            let state = state.clone();
            move || {
                let waker = {
                    let mut state = state.borrow_mut();
                    state.fired = true;
                    state.waker.take()
                };
                if let Some(waker) = waker {
                    waker.wake();
                }
            }
        });
        Self {
            state,
            _timeout: timeout,
        }
    }
}

impl Future for WebSleep {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let mut state = self.state.borrow_mut();
        if state.fired {
            return Poll::Ready(());
        }
        state.waker = Some(cx.waker().clone());
        Poll::Pending
    }
}
