//! Which brokers should get a request now (`RecordAccumulator.ready`, behaviours 12, 28, 29).

use alloc::vec::Vec;

use crate::accumulator::{BatchState, Partition, PartitionIx};
use crate::connection::{Peer, Wants};
use crate::engine::Engine;
use crate::identity::IdentityState;
use crate::io::{ConnId, NodeId};
use crate::time::Instant;

impl Engine {
    /// Sends what may be sent: to every leader that has a partition whose time has come, as long as its connection
    /// takes requests.
    pub(crate) fn send_ready(&mut self, now: Instant) {
        self.unlist_idle();
        let mut nodes = core::mem::take(&mut self.wants.nodes);
        nodes.clear();
        self.collect_ready(now, &mut nodes);
        let may_send = self.identity.permits_sending() || mutant!(DrainedWithoutIdentity);
        for node in &nodes {
            let reach = self.connection_to(now, *node);
            self.note_reach(now, *node, &reach);
            match reach {
                Reach::Ready(conn) if may_send => self.send_to(now, *node, conn),
                Reach::Ready(_) | Reach::Busy => {}
                Reach::Absent => self.dial(now, Peer::Node(*node)),
            }
        }
        nodes.retain(|node| {
            self.network
                .nodes
                .get(node)
                .is_some_and(|node| node.link.conn.is_none())
        });
        self.wants.nodes = nodes;
        if self.tracer.is_on() {
            self.note_held(now);
        }
        if self.settings.adaptive && !mutant!(LoadIgnored) {
            self.weigh_partitions(now);
        }
    }

    fn unlist_idle(&mut self) {
        let (partitions, topics) = (&mut self.partitions, &mut self.topics);
        self.active.retain(|ix| {
            let partition = &mut partitions[ix.0 as usize];
            partition.listed = partition.has_work();
            if !partition.listed {
                // Weighed anew below if the topic has other work; else queues that are gone must not weigh on.
                topics.get_mut(partition.topic).sticky.clear_load();
            }
            partition.listed
        });
    }

    /// Notes whether a broker takes the data that is ready for it (`RecordAccumulator.updateNodeLatencyStats`).
    fn note_reach(&mut self, now: Instant, node: NodeId, reach: &Reach) {
        if self.settings.availability_timeout.is_some()
            && let Some(node) = self.network.nodes.get_mut(&node)
        {
            node.starving_since = match reach {
                Reach::Ready(_) => None,
                _ => node.starving_since.or(Some(now)),
            };
        }
    }

    /// Notes which open batches could not leave although `linger.ms` is over: that is why they will have waited.
    #[cold]
    fn note_held(&mut self, now: Instant) {
        let linger = self.settings.linger;
        for index in 0..self.active.len() {
            let ix = self.active[index];
            if let Some(open) = &mut self.partition_mut(ix).open {
                open.held |= open.created + linger <= now;
            }
        }
    }

    fn collect_ready(&mut self, now: Instant, nodes: &mut Vec<NodeId>) {
        for index in 0..self.active.len() {
            let ix = self.active[index];
            let partition = self.partition(ix);
            if partition.open.is_none() && partition.queue.is_empty() {
                continue;
            }
            let Some(leader) = partition.leader else {
                self.refresh.want_all("a partition has no leader");
                continue;
            };
            if nodes.contains(&leader) || !self.is_ready(now, ix) {
                continue;
            }
            if self.network.nodes.contains_key(&leader) {
                nodes.push(leader);
            } else {
                self.refresh.want_all("a leader's address is not known");
            }
        }
    }

    /// Requests to one node until it takes no more, or has nothing more that is ready.
    fn send_to(&mut self, now: Instant, node: NodeId, conn: ConnId) {
        while self.takes_requests(now, node, conn) {
            let ready = self
                .active
                .iter()
                .any(|ix| self.partition(*ix).leader == Some(node) && self.is_ready(now, *ix));
            if !ready || !self.drain_node(now, node, conn) {
                return;
            }
        }
    }

    /// Whether a partition's oldest batch should go now.
    pub(crate) fn is_ready(&self, now: Instant, ix: PartitionIx) -> bool {
        let partition = self.partition(ix);
        if !self.is_sendable(now, partition) {
            return false;
        }
        if !partition.queue.is_empty() {
            return true;
        }
        partition.open.as_ref().is_some_and(|open| {
            open.created + self.settings.linger <= now
                || mutant!(LingerIgnored)
                || (self.flushes.is_active() && !mutant!(FlushLingers))
                || (self.memory.is_wanted() && !mutant!(ShortMemoryLingers))
                || (!self.lifecycle.is_running() && !mutant!(CloseLingers))
        })
    }

    /// Whether the order of a partition allows its oldest batch to go now; it may be open (behaviours 30, 38 to 41, 44).
    pub(crate) fn is_sendable(&self, now: Instant, partition: &Partition) -> bool {
        // A broker that restarted knows the last batch of a partition only: with a journal there is never more in doubt.
        let one_at_a_time = self.settings.max_in_flight == 1 || self.journals();
        if one_at_a_time && !partition.in_flight.is_empty() && !mutant!(PartitionNotMuted) {
            return false;
        }
        let head = partition.queue.front().copied();
        let stamped = match head.and_then(|key| self.batches.get(key)) {
            Some(batch) => {
                if let BatchState::Queued { not_before, leader_epoch, .. } = &batch.state
                    && *not_before > now
                    && !mutant!(BackoffIgnored)
                    // A new leader has not refused it yet (KIP-951).
                    && (partition.leader_epoch <= *leader_epoch || mutant!(BackoffAtNewLeader))
                {
                    return false;
                }
                if self.awaits_journal(batch) {
                    return false;
                }
                batch.stamp.is_some()
            }
            None if partition.open.is_some() => false,
            None => return false,
        };
        if self.identity.is_off() {
            return true;
        }
        if stamped {
            // While a batch is being retried, only the oldest that is not resolved may go.
            return partition.stamped.first().copied() == head || mutant!(RetriesOvertake);
        }
        let sequences = &partition.sequences;
        let current = self.identity.current();
        let is_stale = sequences.identity().is_some() && sequences.identity() != current;
        let pending = !partition.stamped.is_empty() || !partition.in_flight.is_empty();
        if pending
            && ((is_stale && !mutant!(EpochsMixed))
                || !(sequences.is_established() || mutant!(FirstAckNotAwaited)))
        {
            return false;
        }
        sequences.unresolved().is_none() || mutant!(DoubtEndsAtOnce)
    }

    fn connection_to(&self, now: Instant, node: NodeId) -> Reach {
        let Some(node_state) = self.network.nodes.get(&node) else {
            return Reach::Busy;
        };
        match node_state.link.conn {
            None => Reach::Absent,
            Some(conn) if self.takes_requests(now, node, conn) => Reach::Ready(conn),
            Some(_) => Reach::Busy,
        }
    }

    fn takes_requests(&self, now: Instant, node: NodeId, conn: ConnId) -> bool {
        let quiet = self.network.is_quiet(now, Peer::Node(node));
        let ready = self.network.conn(conn).and_then(|conn| conn.ready());
        !quiet
            && ready.is_some_and(|(stream, _)| {
                (stream.in_flight() < self.settings.max_in_flight || mutant!(InFlightUnlimited))
                    && stream.unwritten() < self.settings.write_allowance
            })
    }

    /// Who is to be reached when it may be dialled again.
    pub(crate) fn wants_connection(&self, now: Instant) -> Wants {
        let identity = match self.identity.state {
            IdentityState::Unassigned { not_before } => not_before <= now && self.outstanding > 0,
            _ => false,
        };
        Wants {
            anybody: identity || self.refresh.is_due(now),
            nodes: self.wants.nodes.clone(),
        }
    }
}

enum Reach {
    Ready(ConnId),
    /// Connecting, silent, full, or not known any more.
    Busy,
    Absent,
}
