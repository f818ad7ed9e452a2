//! The simulated cluster beside a real one: scenarios as data, one runner for both, and what comes of comparing them.

pub(crate) mod admin;
pub(crate) mod ask;
pub(crate) mod batch;
pub(crate) mod cluster;
pub(crate) mod connection;
pub(crate) mod fields;
pub(crate) mod log_view;
pub(crate) mod page;
pub(crate) mod play;
pub(crate) mod scenarios;
pub(crate) mod script;
