//! The trace of a Kafka producer: what qlog is to QUIC.
//!
//! One [`Envelope`] a line of JSON ([`jsonl`]), in the order in which things happened. The command line and the
//! npm package write it in production, the simulation writes it, and the explainer opens it.
//!
//! Two levels ([`Level`]): `batch` is cheap enough for production, `record` adds an event for each record.
//! Names (topics, nodes, keys) are interned by [`event::Define`]; a [`Snapshot`] every so often lets a reader that
//! attaches late, or that has been told of [`Event::Lost`] events, start there.

#![no_std]
extern crate alloc;
#[cfg(test)]
extern crate std;

pub mod event;
mod json;
pub mod jsonl;
pub mod snapshot;
mod topics;

pub use event::Event;
pub use snapshot::Snapshot;

use json::{json_enums, json_structs};

/// The version of this format, written in the first line of every file ([`jsonl::Header`]).
pub const VERSION: u32 = 1;

json_enums! {
    /// How much is traced.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Default)]
    pub enum Level {
        /// Nothing.
        #[default]
        Off,
        /// An event per batch, request and connection change.
        Batch,
        /// `Batch`, and the life of each record.
        Record,
    }

    /// Who saw the event.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
    pub enum Source {
        /// The producer.
        Client,
        /// A broker of the simulation, by its node id.
        Broker(node: i32),
        /// The simulated world: network, controller, faults, oracle.
        World,
    }
}

json_structs! {
    /// An event with its time and origin.
    #[derive(Clone, Debug, PartialEq)]
    pub struct Envelope {
        /// Microseconds since the trace began; never decreases.
        pub t: u64,
        /// Counts up by one per source; a gap is announced by [`Event::Lost`].
        pub seq: u64,
        /// Who saw it.
        pub source: Source,
        /// What happened.
        pub event: Event,
    }
}
