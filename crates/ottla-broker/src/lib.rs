//! A simulated Kafka broker: bytes in, bytes out, no sockets, threads or clock.
//!
//! [`Broker`] is one broker process. It speaks Kafka's wire protocol to clients, keeps logs with leader epochs and
//! producer state by Kafka's rules, and replicates with other brokers; what survives its death is a [`Disk`]. Who leads
//! what it hears from a controller as an [`Image`] (`ottla-sim` has one, and puts several brokers together).
//!
//! One file per API in `apis/`, whose header says which versions it speaks, how it behaves and what it leaves out.

mod apis;
mod broker;
mod config;
mod connection;
mod effect;
mod epoch_cache;
mod faults;
mod image;
mod leading;
mod log;
mod producer_state;
mod quota;
mod recompress;
mod replica;
mod replication;
#[cfg(test)]
mod testing;
mod validate;

pub use broker::{Broker, Disk, Start};
pub use config::{SettingError, Settings, TimestampType, TopicConfig};
pub use connection::ConnId;
pub use effect::{
    ConfigChanges, ControllerAnswer, ControllerRequest, Effect, FetchPosition, MorePartitions, NewTopic,
    Observation, Observed, ReplicaAnswer, ReplicaFetch, Replicated, TopicOutcome,
};
pub use faults::{Fault, PlannedFault};
pub use image::{Endpoint, Image, PartitionImage, TopicImage, is_valid_topic_name};
pub use log::Log;
pub use ottla_wire::{ErrorCode, Uuid as TopicId};

pub(crate) use connection::Connection;

/// Whether this build serves more than producers in a page. A `const`, so that what only others need is left out.
pub(crate) const FULL: bool = cfg!(feature = "full");

/// Microseconds since the world began.
pub type Micros = u64;
/// A Kafka node id.
pub type NodeId = i32;
