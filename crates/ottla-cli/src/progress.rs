//! Progress on standard error: a line that is rewritten on a terminal, and silence otherwise.

use std::io::{self, IsTerminal, Write};
use std::time::{Duration, Instant};

/// A line of progress.
pub(crate) struct Progress {
    shown: bool,
    terminal: bool,
    last: Option<Instant>,
}

const EVERY: Duration = Duration::from_millis(250);

impl Progress {
    /// Shows itself only when standard error is a terminal.
    pub(crate) fn new() -> Self {
        Self {
            shown: false,
            terminal: io::stderr().is_terminal(),
            last: None,
        }
    }

    /// Replaces the line, at most four times a second.
    pub(crate) fn update(&mut self, now: Instant, text: impl FnOnce() -> String) {
        if !self.terminal || self.last.is_some_and(|last| now.duration_since(last) < EVERY) {
            return;
        }
        self.last = Some(now);
        self.shown = true;
        // Standard error that is gone is no reason to stop a delivery.
        let _ = write!(io::stderr(), "\r\x1b[2K{}", text());
    }

    /// Takes the line away, so that what follows stands on a line of its own.
    pub(crate) fn clear(&mut self) {
        if std::mem::take(&mut self.shown) {
            let _ = write!(io::stderr(), "\r\x1b[2K");
        }
    }
}
