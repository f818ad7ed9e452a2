//! The runtimes: where time, sockets and tasks come from.

#[cfg(all(feature = "tokio", not(target_arch = "wasm32")))]
pub mod tokio;
#[cfg(feature = "web")]
pub mod web;

use std::task::{Context, Poll};

use ottla_core::Instant;

/// The clocks of a producer: a monotonic one that starts at 0, and the wall clock.
#[derive(Clone, Debug)]
pub(crate) struct Clock {
    #[cfg(not(target_arch = "wasm32"))]
    start: std::time::Instant,
    #[cfg(target_arch = "wasm32")]
    start: web::Start,
}

#[cfg(not(target_arch = "wasm32"))]
impl Clock {
    pub(crate) fn new() -> Self {
        let start = std::time::Instant::now();
        Self { start }
    }

    pub(crate) fn now(&self) -> Instant {
        // 64 bits of microseconds last for half a million years.
        Instant::from_micros(self.start.elapsed().as_micros() as u64)
    }

    pub(crate) fn wall_millis(&self) -> i64 {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        // A clock before 1970 has no timestamp that Kafka accepts; 0 is the nearest.
        since.map_or(0, |since| i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
    }
}

#[cfg(target_arch = "wasm32")]
impl Clock {
    pub(crate) fn new() -> Self {
        let start = web::Start::new();
        Self { start }
    }

    pub(crate) fn now(&self) -> Instant {
        self.start.elapsed()
    }

    pub(crate) fn wall_millis(&self) -> i64 {
        web::wall_millis()
    }
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
    #[cfg(not(all(feature = "tokio", not(target_arch = "wasm32"))))]
    {
        let _ = cx;
        Poll::Ready(())
    }
}
