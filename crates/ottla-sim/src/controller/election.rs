//! Who leads a partition, and who is in sync, when brokers come and go (Kafka's `PartitionChangeBuilder`).

use ottla_broker::{Endpoint, NodeId, PartitionImage};
use ottla_sorted::SortedMap;

type Alive = SortedMap<NodeId, Endpoint>;

/// A broker has left. `true` if that changes the partition.
pub(super) fn left(partition: &mut PartitionImage, node: NodeId, alive: &Alive, unclean: bool) -> bool {
    let before = partition.clone();
    // The last one stays: it alone is known to have everything.
    if partition.isr.len() > 1 {
        partition.isr.retain(|&member| member != node);
    }
    if partition.leader == Some(node) {
        elect(partition, alive, unclean);
    }
    finish(partition, &before)
}

/// A broker has joined. `true` if that changes the partition.
pub(super) fn joined(partition: &mut PartitionImage, alive: &Alive, unclean: bool) -> bool {
    let before = partition.clone();
    if partition.leader.is_none() {
        elect(partition, alive, unclean);
    }
    finish(partition, &before)
}

/// Moves the leadership to the first replica if it is in sync. `true` if that changes the partition.
pub(super) fn prefer(partition: &mut PartitionImage, alive: &Alive) -> bool {
    let before = partition.clone();
    if let Some(&first) = partition.replicas.first()
        && alive.contains_key(&first)
        && partition.isr.contains(&first)
    {
        partition.leader = Some(first);
    }
    finish(partition, &before)
}

fn elect(partition: &mut PartitionImage, alive: &Alive, unclean: bool) {
    let lives = |node: &&NodeId| alive.contains_key(node);
    let clean = partition
        .replicas
        .iter()
        .filter(lives)
        .find(|node| partition.isr.contains(node));
    partition.leader = clean.copied();
    if partition.leader.is_none()
        && unclean
        && let Some(&any) = partition.replicas.iter().find(lives)
    {
        partition.leader = Some(any);
        partition.isr = vec![any];
    }
}

fn finish(partition: &mut PartitionImage, before: &PartitionImage) -> bool {
    if partition == before {
        return false;
    }
    if partition.leader != before.leader {
        partition.leader_epoch += 1;
    }
    partition.partition_epoch += 1;
    true
}
