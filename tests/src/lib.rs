//! What the end-to-end tests stand on: a real Apache Kafka, its tools, kcat, Node, workerd, and a TCP proxy
//! that cuts connections on cue.
//!
//! Everything here panics with a message that says what to do, because its callers are tests. Every process
//! that is started ends with the test process, however that ends (see [`process`]).
//!
//! Test files whose names start with `kafka_` need a Kafka; `cargo xtask test --without-kafka` leaves them out.

pub mod bridge;
pub mod certificates;
pub mod cli;
pub mod demo;
pub mod dev_cluster;
pub mod edge;
pub mod http;
pub mod kafka;
pub mod kcat;
pub mod kills;
pub mod ledger;
pub mod log;
pub mod meter;
pub mod node;
pub mod places;
pub mod ports;
pub mod process;
pub mod proxy;
pub mod run;
pub mod wait;
pub mod workerd;
