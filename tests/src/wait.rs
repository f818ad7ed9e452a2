//! Waiting for conditions.

use std::time::{Duration, Instant};

const POLL: Duration = Duration::from_millis(15);

/// Asks until there is an answer, or `limit` has passed.
pub fn poll_for<T>(limit: Duration, mut ask: impl FnMut() -> Option<T>) -> Option<T> {
    let start = Instant::now();
    loop {
        let answer = ask();
        if answer.is_some() || start.elapsed() >= limit {
            return answer;
        }
        std::thread::park_timeout(POLL);
    }
}

/// Asks until there is an answer.
///
/// # Panics
/// After `limit`, naming `what` was waited for.
#[track_caller]
pub fn wait_for<T>(what: &str, limit: Duration, ask: impl FnMut() -> Option<T>) -> T {
    poll_for(limit, ask).unwrap_or_else(|| panic!("waited {limit:?} for {what}"))
}

/// Asks until the answer is yes.
///
/// # Panics
/// After `limit`, naming `what` was waited for.
#[track_caller]
pub fn wait_until(what: &str, limit: Duration, mut ask: impl FnMut() -> bool) {
    wait_for(what, limit, || ask().then_some(()));
}
