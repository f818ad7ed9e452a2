//! The npm package `ottla`: [`ottla_core::Producer`] behind a JavaScript border that is crossed rarely.
//!
//! Sockets and timers are JavaScript's in every runtime (a page, Node, workerd), so this crate drives the core itself
//! instead of through the async crate `ottla`: a record goes in with one call, a batch's results come out with one.
//! Everything with a decision of a producer in it stays in the core; everything with a promise in it is in `npm/src/`.

mod engine;
mod host;
mod packed;
mod report;

pub use engine::Engine;
