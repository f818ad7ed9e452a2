//! A Kafka producer without sockets, clock or threads.
//!
//! [`Producer`] is a state machine: the application calls [`Producer::send`], the shell that owns sockets and the
//! clock calls [`Producer::poll`] and [`Producer::handle`]. Its type documentation has the driving rule. Nothing in
//! this crate reads a clock, draws a random number that the seed does not decide, or depends on the order of a hash
//! table, so a run is a pure function of (configuration, seed, inputs).
//!
//! # Panics, errors and limits
//!
//! A panic means a bug in this crate or a shell that breaks the driving rule, never a peer's input. Every length is
//! checked before memory is taken for it, and every queue has a limit.

#![no_std]
// A refused record is given back by value: boxing it would allocate to report that memory is short.
#![allow(clippy::result_large_err)]
extern crate alloc;
#[cfg(any(test, feature = "std"))]
extern crate std;

#[cfg(feature = "mutants")]
#[doc(hidden)]
pub mod mutants;

/// Whether a deliberate fault is selected; `false` outside of tests.
#[cfg(feature = "mutants")]
macro_rules! mutant {
    ($name:ident) => {
        crate::mutants::is(crate::mutants::Mutant::$name)
    };
}
#[cfg(not(feature = "mutants"))]
macro_rules! mutant {
    ($name:ident) => {
        $crate::no_fault()
    };
}

// A call, because a literal would make clippy simplify each condition that it stands in.
#[cfg(not(feature = "mutants"))]
#[inline(always)]
const fn no_fault() -> bool {
    false
}

mod accumulator;
mod admission;
mod backoff;
pub mod config;
mod connection;
pub mod delivery;
mod engine;
pub mod error;
pub mod extensions;
mod hash;
mod identity;
pub mod io;
pub mod journal;
mod lifecycle;
mod metadata;
pub mod metrics;
pub mod partitioner;
pub mod producer;
mod quoted;
pub mod record;
#[cfg(feature = "sasl")]
pub mod sasl;
mod send_error;
mod sender;
pub mod serializer;
mod settings;
mod snapshot;
mod suspend;
pub mod time;
pub mod timer;
mod tracer;
mod wake;

pub use config::Config;
pub use delivery::{Completion, DeliveryError, DeliveryErrorKind, RecordMetadata};
pub use extensions::{Builtin, Extensions};
pub use io::{Address, Chunks, ConnId, FlushId, Input, NodeId, Output, SealJob, SealedJob};
pub use producer::{Producer, RefuseReason, SendError};
pub use record::{Header, Record, RecordId};
pub use time::{Instant, Timestamp};
pub use timer::Timer;

pub use ottla_trace as trace;
