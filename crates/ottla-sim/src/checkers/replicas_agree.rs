//! When everything is at rest, every replica has what its leader has, byte by byte.
//!
//! That is the cluster's guarantee, not the producer's: the other guarantees mean little in a world that does not keep it.

use ottla_broker::{Log, NodeId};

use super::{Checker, Last, Premises};
use crate::Cluster;

#[derive(Clone, Debug, Default)]
pub(super) struct ReplicasAgree;

impl Checker for ReplicasAgree {
    fn guarantee(&self) -> &'static str {
        "replicas agree"
    }

    fn holds_under(&self, _: &Premises) -> bool {
        true
    }

    fn finish(&mut self, last: &Last<'_>) -> Vec<String> {
        let mut wrong = Vec::new();
        for topic in last.cluster.image().topics.values() {
            for (index, partition) in (0..).zip(&topic.partitions) {
                let Some(leader) = partition.leader else {
                    wrong.push(format!(
                        "{}-{index} has no leader in a healed cluster",
                        topic.name
                    ));
                    continue;
                };
                let followers = partition.replicas.iter().filter(|node| **node != leader);
                let differing =
                    followers.filter(|follower| !agree(last.cluster, &topic.name, index, leader, **follower));
                wrong.extend(differing.map(|follower| {
                    format!(
                        "{}-{index}: broker {follower} has another log than leader {leader}",
                        topic.name
                    )
                }));
            }
        }
        wrong
    }
}

fn agree(cluster: &Cluster, topic: &str, index: i32, leader: NodeId, follower: NodeId) -> bool {
    let log = |node| cluster.log(node, topic, index);
    let (Some(ours), Some(theirs)) = (log(leader), log(follower)) else {
        return false;
    };
    ours.end() == theirs.end()
        && ours
            .batches_from(shared(ours, theirs))
            .eq(theirs.batches_from(shared(ours, theirs)))
}

/// Where both logs have begun.
fn shared(ours: &Log, theirs: &Log) -> i64 {
    ours.start().max(theirs.start())
}
