//! What the client knows of the cluster, and when it asks for more (`Metadata`, `ProducerMetadata`).

mod refresh;
mod request;
mod update;

pub(crate) use refresh::Refresh;
