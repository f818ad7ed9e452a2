//! A deterministic world for the producer.
//!
//! - [`Cluster`]: simulated brokers, a controller and the network between them; a Kafka cluster without clients.
//! - [`World`]: a cluster, simulated TCP, one production [`ottla_core::Producer`], and an [`Oracle`] that counts what really
//!   became of the records. Cloning it makes a branch.
//! - [`tcp`]: a cluster behind real listeners (feature `tcp`).
//!
//! Time is explicit and a seed decides everything that is left to chance.

// A refused record is given back by value, as the producer does.
#![allow(clippy::result_large_err)]

/// Whether this build checks itself and can be changed by administrators. A `const`, so that the page is without it.
pub(crate) const FULL: bool = cfg!(feature = "full");

mod checkers;
mod cluster;
mod controller;
mod oracle;
mod queue;
mod rng;
#[cfg(feature = "full")]
pub mod scenario;
#[cfg(feature = "full")]
mod swarm;
#[cfg(feature = "tcp")]
#[allow(clippy::disallowed_methods, reason = "real sockets live in real time")]
pub mod tcp;
mod world;

pub use checkers::Violation;
pub use cluster::{BrokerState, Cluster, ClusterEvent, ClusterSetup, Delays, Output};
pub use oracle::{Fate, Oracle, Told, fingerprint};
pub use rng::Rng;
#[cfg(feature = "full")]
pub use scenario::Scenario;
pub use world::{Command, Network, Pieces, Setup, Span, World};
