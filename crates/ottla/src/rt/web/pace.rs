//! Turns of the event loop: what runs in one task of a page is a few milliseconds of work, whoever asks for it.
//!
//! Futures that wake each other run in microtasks, and microtasks never give the page its frame or the reader's hand its
//! answer. So the driver and `send` ask here before they go on, and when the slice is used up they all wait for the next
//! task: a message of a `MessageChannel`, which comes at once, where `setTimeout` would wait for 4 ms.

use std::cell::RefCell;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use gloo::timers::callback::Timeout;
use wasm_bindgen::prelude::*;

use super::performance_now;

/// Milliseconds of work in one task. A frame at 60 Hz has 16, and the page's own drawing needs some.
const SLICE_MS: f64 = 6.0;

/// `send` is so short that looking at the clock each time would be a good part of it.
const SENDS_PER_LOOK: u32 = 16;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(extends = js_sys::Object)]
    type MessageChannel;
    #[wasm_bindgen(constructor, catch)]
    fn new() -> Result<MessageChannel, JsValue>;
    #[wasm_bindgen(method, getter)]
    fn port1(this: &MessageChannel) -> MessagePort;
    #[wasm_bindgen(method, getter)]
    fn port2(this: &MessageChannel) -> MessagePort;

    #[derive(Clone)]
    #[wasm_bindgen(extends = js_sys::Object)]
    type MessagePort;
    #[wasm_bindgen(method, setter)]
    fn set_onmessage(this: &MessagePort, callback: &JsValue);
    #[wasm_bindgen(method, js_name = postMessage)]
    fn post_message(this: &MessagePort, message: &JsValue);
    #[wasm_bindgen(method)]
    fn close(this: &MessagePort);
}

/// The slice of this task.
struct Pace {
    began: f64,
    /// When somebody asked last. Who has not asked for a whole slice is in another task by now, or was a single piece of
    /// work that nothing could have cut. Events of sockets say nothing: Chromium raises several of them in one task.
    asked: f64,
    sends: u32,
    /// Waits for the next task.
    paused: bool,
    /// Driving comes before sending: it makes room, and its work only grows while others add to it.
    drivers: Vec<Waker>,
    senders: Vec<Waker>,
}

thread_local! {
    static PACE: RefCell<Pace> = const {
        RefCell::new(Pace {
            began: f64::MIN,
            asked: f64::MIN,
            sends: 0,
            paused: false,
            drivers: Vec::new(),
            senders: Vec::new(),
        })
    };
}

/// Whether the driver may go on in this task; it is woken in the next one when not.
#[cfg_attr(
    not(target_arch = "wasm32"),
    expect(dead_code, reason = "native threads are the system's to share")
)]
pub(crate) fn poll_turn(cx: &mut Context<'_>) -> Poll<()> {
    PACE.with_borrow_mut(|pace| pace.poll(cx, |pace| &mut pace.drivers))
}

/// Whether one more record may be sent in this task.
#[cfg_attr(
    not(target_arch = "wasm32"),
    expect(dead_code, reason = "native threads are the system's to share")
)]
pub(crate) fn poll_proceed(cx: &mut Context<'_>) -> Poll<()> {
    PACE.with_borrow_mut(|pace| {
        pace.sends = pace.sends.wrapping_add(1);
        if !pace.paused && !pace.sends.is_multiple_of(SENDS_PER_LOOK) {
            return Poll::Ready(());
        }
        pace.poll(cx, |pace| &mut pace.senders)
    })
}

/// Ready while this task of the event loop has time left, and in the next one when not: for an application's own long
/// work between `send`s, so that frames and the reader's hand come between.
pub fn slice() -> Slice {
    Slice(())
}

/// The future of [`slice`].
#[derive(Clone, Copy, Debug)]
#[must_use = "nothing waits unless it is awaited"]
pub struct Slice(());

impl Future for Slice {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        PACE.with_borrow_mut(|pace| pace.poll(cx, |pace| &mut pace.senders))
    }
}

impl Pace {
    fn begin(&mut self, now: f64) {
        self.began = now;
        self.asked = now;
    }

    fn poll(&mut self, cx: &Context<'_>, queue: impl FnOnce(&mut Self) -> &mut Vec<Waker>) -> Poll<()> {
        if !self.paused {
            let now = performance_now();
            if now - self.asked > SLICE_MS {
                self.begin(now);
            }
            self.asked = now;
            if now - self.began < SLICE_MS {
                return Poll::Ready(());
            }
            self.paused = true;
            next_task(resume);
        }
        let queue = queue(self);
        if !queue.iter().any(|waker| waker.will_wake(cx.waker())) {
            queue.push(cx.waker().clone());
        }
        Poll::Pending
    }
}

fn resume() {
    let wakers = PACE.with_borrow_mut(|pace| {
        pace.paused = false;
        pace.begin(performance_now());
        let mut wakers = std::mem::take(&mut pace.drivers);
        wakers.append(&mut pace.senders);
        wakers
    });
    wakers.into_iter().for_each(Waker::wake);
}

/// Calls back in a task of its own, as soon as there is one.
fn next_task(then: fn()) {
    let Ok(channel) = MessageChannel::new() else {
        // A runtime without channels is not a page: its timers are not held back.
        Timeout::new(0, then).forget();
        return;
    };
    // A channel that stays open keeps Node alive, so each pause has its own.
    let port = channel.port1();
    let closing = port.clone();
    let called = Closure::once_into_js(move || {
        closing.close();
        then();
    });
    port.set_onmessage(&called);
    channel.port2().post_message(&JsValue::NULL);
}
