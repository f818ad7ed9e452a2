//! The behaviours of a Kafka producer that have no other home among the tests; `table.rs` lists all of them, and
//! `tests/docs.rs` writes `docs/semantics.md` from it.

#[path = "../common/mod.rs"]
mod common;

mod accumulating;
mod bytes;
mod configuration;
mod contract;
mod errors;
mod idempotence;
mod learning;
mod metrics;
mod metrics_table;
mod partitioning;
mod recovery;
mod sending;
