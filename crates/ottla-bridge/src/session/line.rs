//! What the two directions of a session tell each other.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use tokio::sync::Notify;

/// Signs of life, and Pings that wait for their Pong. A client that floods Pings gets the newest one answered, which
/// RFC 6455 §5.5.3 allows; nothing is queued.
#[derive(Debug, Default)]
pub(super) struct Line {
    pong: Mutex<Option<Bytes>>,
    wake: Notify,
    heard: AtomicBool,
    /// The bridge is waiting for the client; while it waits for the broker it hears nothing, and the client may be well.
    listening: AtomicBool,
}

impl Line {
    pub(super) fn set_listening(&self, listening: bool) {
        self.listening.store(listening, Ordering::Relaxed);
    }

    pub(super) fn hear(&self) {
        self.heard.store(true, Ordering::Relaxed);
    }

    /// Whether the client has been silent since the last call although the bridge listened.
    pub(super) fn was_silent(&self) -> bool {
        !self.heard.swap(false, Ordering::Relaxed) && self.listening.load(Ordering::Relaxed)
    }

    pub(super) fn answer_ping(&self, payload: Bytes) {
        *self.pong.lock().unwrap_or_else(PoisonError::into_inner) = Some(payload);
        self.wake.notify_one();
    }

    /// Waits for a Ping to be answered. Cancel safe.
    pub(super) async fn ping(&self) -> Bytes {
        loop {
            let waiting = self.pong.lock().unwrap_or_else(PoisonError::into_inner).take();
            if let Some(payload) = waiting {
                return payload;
            }
            self.wake.notified().await;
        }
    }
}
