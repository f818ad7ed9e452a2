//! How far the sender may go: as fast as it can up to a record, or record by record while a broker is away.

use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

/// Records that may be unresolved at a time while a broker is away.
const FEW: usize = 20;

#[derive(Debug, Default)]
struct Limits {
    /// Records below this number are sent at once.
    open: usize,
    /// Those below this number only while few others are unresolved.
    slow: usize,
    resolved: usize,
}

/// Opened by the one who kills, passed by the one who sends.
#[derive(Debug, Default)]
pub(super) struct Gate {
    limits: Mutex<Limits>,
    changed: Notify,
}

impl Gate {
    /// Lets all records below `number` through, as fast as they come.
    pub(super) fn open(&self, number: usize) {
        self.set(|limits| limits.open = number);
    }

    /// Lets records below `number` through while few are unresolved, and no others.
    pub(super) fn slow_down(&self, number: usize) {
        self.set(|limits| {
            *limits = Limits {
                open: 0,
                slow: number,
                ..*limits
            }
        });
    }

    /// One more record is resolved.
    pub(super) fn resolved_one(&self) {
        self.set(|limits| limits.resolved += 1);
    }

    /// How many records are resolved.
    pub(super) fn resolved(&self) -> usize {
        self.limits().resolved
    }

    /// Waits until record `number` may be sent.
    pub(super) async fn pass(&self, number: usize) {
        // There is one sender, for whom `notify_one` keeps what it has missed.
        while !self.lets(number) {
            self.changed.notified().await;
        }
    }

    fn lets(&self, number: usize) -> bool {
        let limits = self.limits();
        number < limits.open || number < limits.slow.min(limits.resolved + FEW)
    }

    fn set(&self, change: impl FnOnce(&mut Limits)) {
        change(&mut self.limits());
        self.changed.notify_one();
    }

    fn limits(&self) -> MutexGuard<'_, Limits> {
        self.limits.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
