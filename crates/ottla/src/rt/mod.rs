//! The runtimes: where time, sockets and tasks come from.

#[cfg(all(feature = "tokio", not(target_arch = "wasm32")))]
pub mod tokio;
#[cfg(feature = "web")]
pub mod web;

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::task::{Context, Poll};

use ottla_core::Instant;

/// The clocks of a producer: a monotonic one that starts at 0, and the wall clock.
#[derive(Debug)]
pub(crate) struct Clock {
    #[cfg(not(target_arch = "wasm32"))]
    start: std::time::Instant,
    #[cfg(target_arch = "wasm32")]
    start: web::Start,
    // Microseconds since the epoch at the zero of the monotonic clock, as of the second that it was read in.
    wall_at_zero: AtomicI64,
    read_in_second: AtomicU64,
}

impl Clock {
    pub(crate) fn new() -> Self {
        let clock = Self {
            #[cfg(not(target_arch = "wasm32"))]
            start: std::time::Instant::now(),
            #[cfg(target_arch = "wasm32")]
            start: web::Start::new(),
            wall_at_zero: AtomicI64::new(0),
            read_in_second: AtomicU64::new(0),
        };
        clock.read_wall();
        clock
    }

    pub(crate) fn now(&self) -> Instant {
        #[cfg(not(target_arch = "wasm32"))]
        // 64 bits of microseconds last for half a million years.
        return Instant::from_micros(self.start.elapsed().as_micros() as u64);
        #[cfg(target_arch = "wasm32")]
        return self.start.elapsed();
    }

    /// The wall clock at a moment that [`now`](Self::now) just gave, in milliseconds since the epoch.
    ///
    /// Reading both clocks for each record was a sixth of the cost of sending it, so this one is read once a second.
    pub(crate) fn wall_millis(&self, now: Instant) -> i64 {
        let second = now.as_micros() / 1_000_000;
        if self.read_in_second.swap(second, Ordering::Relaxed) != second {
            self.read_wall();
        }
        let wall = self
            .wall_at_zero
            .load(Ordering::Relaxed)
            .saturating_add_unsigned(now.as_micros());
        wall / 1000
    }

    /// The same, read anew: a machine that slept has a wall clock that went on.
    #[cfg(all(feature = "spool", not(target_arch = "wasm32")))]
    pub(crate) fn wall_millis_now(&self, now: Instant) -> i64 {
        self.read_wall();
        self.wall_millis(now)
    }

    fn read_wall(&self) {
        let zero = system_micros().saturating_sub_unsigned(self.now().as_micros());
        self.wall_at_zero.store(zero, Ordering::Relaxed);
    }
}

fn system_micros() -> i64 {
    #[cfg(not(target_arch = "wasm32"))]
    {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        // A clock before 1970 has no timestamp that Kafka accepts; 0 is the nearest.
        since.map_or(0, |since| i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
    }
    #[cfg(target_arch = "wasm32")]
    web::wall_micros()
}

/// A number that differs from producer to producer.
pub(crate) fn seed() -> u64 {
    #[cfg(not(target_arch = "wasm32"))]
    {
        use std::hash::{BuildHasher, Hasher};
        // The standard library keys each of these from the system's random source.
        std::collections::hash_map::RandomState::new()
            .build_hasher()
            .finish()
    }
    #[cfg(target_arch = "wasm32")]
    web::seed()
}

/// Lets other tasks run now and then, although `send` is nearly always ready.
pub(crate) fn poll_proceed(cx: &mut Context<'_>) -> Poll<()> {
    #[cfg(all(feature = "tokio", not(target_arch = "wasm32")))]
    {
        use std::future::Future;
        std::pin::pin!(::tokio::task::coop::consume_budget()).poll(cx)
    }
    #[cfg(target_arch = "wasm32")]
    {
        web::poll_proceed(cx)
    }
    #[cfg(all(not(feature = "tokio"), not(target_arch = "wasm32")))]
    {
        let _ = cx;
        Poll::Ready(())
    }
}

/// Whether the driver may do one more piece of work before others get their turn.
pub(crate) fn poll_turn(cx: &mut Context<'_>) -> Poll<()> {
    #[cfg(target_arch = "wasm32")]
    {
        web::poll_turn(cx)
    }
    // A thread that does nothing else has no frames to miss.
    #[cfg(not(target_arch = "wasm32"))]
    {
        let _ = cx;
        Poll::Ready(())
    }
}
