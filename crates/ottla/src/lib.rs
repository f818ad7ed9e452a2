//! Kafka for the places Kafka clients cannot reach.

#[cfg(feature = "tokio")]
pub mod admin;
#[cfg(feature = "tokio")]
pub mod reader;
