//! Records that are accepted, gathered into batches per partition (`RecordAccumulator`).

mod append;
mod batch;
mod close_batch;
mod load;
mod memory;
mod partition;
mod ratio;
mod slab;
mod topic;

pub(crate) use batch::{Batch, BatchState, OpenBatch, Stamp};
pub(crate) use memory::Memory;
pub(crate) use partition::{Partition, PartitionIx};
pub(crate) use ratio::RatioEstimate;
pub(crate) use slab::{BatchKey, Batches};
pub(crate) use topic::{TopicKnowledge, Topics};
