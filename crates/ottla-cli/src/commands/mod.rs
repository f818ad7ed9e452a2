//! One file per command.

pub(crate) mod bridge;
pub(crate) mod broker_api_versions;
pub(crate) mod completions;
pub(crate) mod configs;
pub(crate) mod console_consumer;
pub(crate) mod console_producer;
pub(crate) mod console_spool;
pub(crate) mod deliveries;
pub(crate) mod demo;
pub(crate) mod dev_cluster;
pub(crate) mod man;
pub(crate) mod partition;
pub(crate) mod producer_perf_test;
pub(crate) mod sim;
pub(crate) mod spool;
pub(crate) mod topics;
pub(crate) mod trace;
pub(crate) mod verifiable_producer;
