//! The message that is being written, as the stage shows it: with the partition that the client would choose.

use ottla_core::partitioner::{key_hash, partition_for_key};
use ottla_scene::{
    stage::Draft,
    state::{Partition, State},
};
use ottla_trace::event::PartitionedBy;

use super::Message;

/// The draft of a message. A message without key goes where the sticky partitioner says when it is sent, not before.
pub(super) fn draft(message: &Message, state: &State) -> Draft {
    let of = partitions(message, state).count();
    let of = i32::try_from(of).unwrap_or(i32::MAX);
    let route = match (message.partition, &message.key) {
        (Some(partition), _) => (partition < of).then_some((partition, PartitionedBy::Explicit)),
        (None, Some(key)) => {
            let by = PartitionedBy::KeyHash {
                hash: key_hash(key.as_bytes()),
            };
            partition_for_key(key.as_bytes(), of).map(|partition| (partition, by))
        }
        (None, None) => None,
    };
    Draft {
        topic: message.topic.clone(),
        key: message.key.clone(),
        route,
    }
}

/// The queue that a message is expected to join.
pub(super) fn lane(message: &Message, state: &State) -> Option<Partition> {
    let (partition, _) = draft(message, state).route?;
    partitions(message, state).find(|(_, it)| *it == partition)
}

fn partitions<'a>(message: &'a Message, state: &'a State) -> impl Iterator<Item = Partition> + 'a {
    let all = state.partitions().into_iter();
    all.filter(|(topic, _)| state.topics.get(topic).is_some_and(|name| *name == message.topic))
}
