//! A Kafka producer for the places that Kafka clients cannot reach.
//!
//! ```no_run
//! use std::time::Duration;
//! use ottla::{Producer, Record};
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let producer = Producer::builder().bootstrap_servers("b1:9092,b2:9092").set("compression.type", "lz4").start()?;
//! let delivery = producer.send(Record::to("orders").key("kim").value("{}")).await?; // waits for room
//! let metadata = delivery.await?; // partition, offset, timestamp
//! println!("{}-{}@{}", metadata.topic, metadata.partition, metadata.offset);
//! producer.close(Duration::from_secs(10)).await?;
//! # Ok(())
//! # }
//! ```

// JavaScript has one thread, so `Arc` and `Mutex` share nothing between threads there.
#![cfg_attr(target_arch = "wasm32", allow(clippy::arc_with_non_send_sync))]

#[cfg(all(feature = "tokio", not(target_arch = "wasm32")))]
mod aborted;
#[cfg(all(feature = "tokio", not(target_arch = "wasm32")))]
pub mod admin;
#[cfg(feature = "hooks")]
mod around;
mod backlog;
mod builder;
mod deliveries;
mod driver;
mod error;
mod hooks;
#[cfg(feature = "hooks")]
mod hot_partition;
#[cfg(feature = "hooks")]
pub mod interceptor;
mod lookup;
#[cfg(not(feature = "hooks"))]
mod nothing_around;
#[cfg(feature = "hooks")]
pub mod partitioner;
mod producer;
#[cfg(all(feature = "tokio", not(target_arch = "wasm32")))]
pub mod reader;
mod room;
pub mod rt;
mod send;
mod shared;
pub mod sources;
#[cfg(all(feature = "spool", not(target_arch = "wasm32")))]
pub mod spool;
mod topic;
pub mod transport;

pub use builder::Builder;
pub use deliveries::{Delivery, DeliveryResult};
pub use driver::Driver;
pub use error::{ErrorKind, KafkaError, StartError};
pub use hooks::{MaybeSend, MaybeSync};
#[cfg(feature = "hooks")]
pub use hot_partition::HotPartition;
#[cfg(feature = "hooks")]
pub use interceptor::Interceptor;
pub use lookup::Lookup;
#[cfg(not(feature = "hooks"))]
use nothing_around as around;
#[cfg(feature = "hooks")]
pub use partitioner::Partitioner;
pub use producer::{Close, Flush, Producer};
pub use send::Send;
pub use topic::Topic;

pub use ottla_core::config;
pub use ottla_core::delivery::Persisted;
pub use ottla_core::metrics::Counters;
#[cfg(feature = "metrics")]
pub use ottla_core::metrics::Metric;
pub use ottla_core::producer::PartitionInfo;
#[cfg(feature = "sasl")]
pub use ottla_core::sasl;
pub use ottla_core::serializer;
pub use ottla_core::trace;
pub use ottla_core::{Header, Record, RecordMetadata, Timestamp};

/// The samples of the documents compile.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/coming-from.md")]
mod coming_from {}
