//! A deterministic world for the producer.
//!
//! [`Cluster`] puts simulated brokers, a controller and the network between them together: a Kafka cluster without clients,
//! driven by explicit time. A seed decides everything that is left to chance.

mod cluster;
mod controller;
mod rng;
#[cfg(feature = "tcp")]
pub mod tcp;

pub use cluster::{BrokerState, Cluster, ClusterEvent, ClusterSetup, Delays, Output};
pub use rng::Rng;
