//! The clusters behind the bridge: who their brokers are, and how they are reached.

mod dial;
mod directory;
mod nodes;

pub(crate) use directory::{Dialled, Directory, Target};
pub(crate) use nodes::KnownNodes;

/// The port that clients are told. It means nothing: a client asks the bridge for a node by its number.
pub(crate) const HIDDEN_PORT: u16 = 9092;

/// The host that clients are told for a broker.
pub(crate) fn hidden_host(node_id: i32) -> String {
    format!("n{node_id}.bridge")
}
