//! All scenarios. Those that kill brokers come last, since what follows them would wait for the cluster to recover.

#![allow(clippy::too_many_lines, reason = "the functions here are tables")]

mod altering;
mod batches;
mod cluster;
mod codecs;
mod fetching;
mod idempotence;
mod listing;
mod metadata;
mod producing;
mod protocol;
mod times;
mod topics;

use super::script::Scenario;

/// All of them, in the order of the page.
pub(crate) fn all() -> Vec<Scenario> {
    [
        idempotence::all(),
        producing::all(),
        batches::all(),
        codecs::all(),
        times::all(),
        listing::all(),
        fetching::all(),
        metadata::all(),
        topics::all(),
        altering::all(),
        protocol::all(),
        cluster::all(),
    ]
    .into_iter()
    .flatten()
    .collect()
}
