//! Every reason for which the producer wants to be woken.

use crate::io::{ConnId, NodeId};
use ottla_trace::event::TopicIx;

/// A partition by the interned number of its topic ([`crate::Producer::topic_name`]).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PartitionRef {
    /// Topic.
    pub topic: TopicIx,
    /// Partition.
    pub partition: i32,
}

/// Why [`crate::Output::Wait`] names the moment that it names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Timer {
    /// Nothing is due: only an input or a `send` changes anything.
    Idle,
    /// `linger.ms` of the partition's oldest batch.
    Linger(PartitionRef),
    /// `retry.backoff.ms`: a batch of the partition may be sent again.
    RetryBackoff(PartitionRef),
    /// `delivery.timeout.ms` of the partition's oldest batch.
    DeliveryTimeout(PartitionRef),
    /// `max.block.ms` of the oldest record that waits for its topic's metadata.
    MaxBlock {
        /// The topic.
        topic: TopicIx,
    },
    /// `request.timeout.ms` of the oldest request of the connection.
    RequestTimeout(ConnId),
    /// `socket.connection.setup.timeout.ms`.
    ConnectionSetup(ConnId),
    /// `reconnect.backoff.ms`: the node (or, for `None`, a bootstrap address) may be dialled again.
    Reconnect(Option<NodeId>),
    /// `connections.max.idle.ms`.
    IdleConnection(ConnId),
    /// The broker asked for silence (KIP-219).
    Throttle(NodeId),
    /// `metadata.max.age.ms`, or a wanted refresh that backs off.
    Metadata,
    /// Backoff of InitProducerId.
    ProducerId,
    /// The deadline given to `close`.
    Close,
}
