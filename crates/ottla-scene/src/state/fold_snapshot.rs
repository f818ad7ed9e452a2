//! Beginning in the middle: a client's snapshot.

use ottla_trace::{Snapshot, event::PartitionView, event::Persisted, snapshot::BatchView};

use super::{Batch, ConnPhase, Connection, Phase, Stamp, State};

impl State {
    /// From here on the client's part is complete.
    pub(super) fn set_attached(&mut self) {
        self.attached = true;
    }

    /// Events are missing: the next snapshot counts.
    pub(super) fn detach(&mut self) {
        self.attached = false;
    }

    /// A snapshot is news only to those who came late or missed something.
    pub(super) fn fold_snapshot(&mut self, t: u64, snapshot: &Snapshot) {
        if self.attached {
            return;
        }
        self.attached = true;
        self.client_id.clone_from(&snapshot.client_id);
        self.config = snapshot.config.iter().cloned().collect();
        self.topics.extend(snapshot.topics.iter().cloned());
        self.keys.extend(snapshot.keys.iter().cloned());
        for (node, host, port) in &snapshot.nodes {
            self.broker(*node).address = Some((host.clone(), *port));
        }
        for view in &snapshot.partitions {
            self.believe(t, view);
        }
        if snapshot.producer_id >= 0 {
            self.identity = Some((snapshot.producer_id, snapshot.epoch));
        }
        self.memory = (snapshot.memory_used, snapshot.memory_total);
        self.counts.sent = snapshot.accepted;
        self.counts.told_ok = snapshot.acked;
        self.counts.failed = snapshot.failed;
        self.awaiting.clear();
        self.queues.clear();
        self.requests.clear();
        self.connections.clear();
        for view in &snapshot.batches {
            self.restore_batch(t, view);
        }
        for view in &snapshot.connections {
            let phase = if view.ready {
                ConnPhase::Ready
            } else {
                ConnPhase::Dialing
            };
            let connection = Connection {
                id: view.conn,
                node: view.node,
                address: view.address.clone(),
                phase,
                since: t,
            };
            self.connections.insert(view.conn, connection);
        }
    }

    fn believe(&mut self, t: u64, view: &PartitionView) {
        let key = (view.topic, view.partition);
        for node in &view.replicas {
            self.broker(*node);
        }
        self.belief.insert(key, view.clone());
        self.believed_since.entry(key).or_insert(t);
    }

    fn restore_batch(&mut self, t: u64, view: &BatchView) {
        let phase = match view.in_flight {
            Some((conn, correlation)) => Phase::InFlight { conn, correlation },
            None if view.open => Phase::Open,
            None => Phase::Ready,
        };
        let stamp = self
            .identity
            .filter(|_| view.sequence >= 0)
            .map(|(producer_id, epoch)| Stamp {
                producer_id,
                epoch,
                sequence: view.sequence,
            });
        self.queues
            .entry((view.topic, view.partition))
            .or_default()
            .push(view.batch);
        self.batches.insert(
            view.batch,
            Batch {
                id: view.batch,
                topic: view.topic,
                partition: view.partition,
                opened: view.opened.min(t),
                capacity: view.capacity,
                bytes: view.bytes,
                count: view.count,
                records: view.records.clone(),
                closed: None,
                sealed: None,
                stamp,
                phase,
                attempts: Vec::new(),
                persisted: if view.attempts > 0 {
                    Persisted::Possibly
                } else {
                    Persisted::No
                },
                maybe_duplicated: false,
            },
        );
    }
}
