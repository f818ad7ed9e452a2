//! What the client knows of the cluster, and when it asks for more (`Metadata`, `ProducerMetadata`).

mod keep;
mod refresh;
mod request;
mod update;

pub(crate) use keep::Kept;
pub(crate) use refresh::Refresh;
