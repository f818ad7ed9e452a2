//! Events of brokers and of the simulated world.

use ottla_trace::{
    Event,
    event::{BrokerState, NodeId},
};

use super::{Leadership, Partition, Segment, State};

impl State {
    pub(super) fn fold_cluster(&mut self, t: u64, node: Option<NodeId>, event: &Event) -> bool {
        match event {
            Event::LogAppended { .. } => self.appended(t, node, event),
            Event::LogRefused {
                error,
                conn: Some(conn),
                correlation,
                ..
            } => {
                // `NONE` is a duplicate that the broker recognised: its answer is a good one.
                if let Some(request) = self.requests.get_mut(&(*conn, *correlation))
                    && error != "NONE"
                {
                    request.refused = Some(error.clone());
                }
            }
            Event::LogRefused { .. } => {}
            Event::Replicated {
                topic,
                partition,
                log_end,
            } => self.replicated(node, (*topic, *partition), *log_end),
            Event::HighWatermark {
                topic,
                partition,
                offset,
            } => {
                if let Some(node) = node {
                    let log = self.logs.entry((node, (*topic, *partition))).or_default();
                    log.high_watermark = *offset;
                }
            }
            Event::Truncated {
                topic,
                partition,
                log_end,
            } => {
                if let Some(log) = node.and_then(|node| self.logs.get_mut(&(node, (*topic, *partition)))) {
                    log.truncate(*log_end);
                }
            }
            Event::BrokerState {
                node,
                state,
                fenced_at,
            } => self.broker_state(t, *node, *state, *fenced_at),
            Event::Leader { .. } => self.lead(t, event),
            Event::Fault { what } => self.fault = Some((t, what.clone())),
            Event::Ledger(ledger) => self.oracle = Some(*ledger),
            _ => return false,
        }
        true
    }

    fn appended(&mut self, t: u64, node: Option<NodeId>, event: &Event) {
        let Event::LogAppended {
            topic,
            partition,
            base_offset,
            count,
            conn,
            correlation,
            ..
        } = event
        else {
            return;
        };
        let Some(node) = node else { return };
        let request = conn.and_then(|conn| self.requests.get(&(conn, *correlation)));
        let batch = request.and_then(|request| {
            request.batches.iter().copied().find(|id| {
                self.batches
                    .get(*id)
                    .is_some_and(|b| (b.topic, b.partition) == (*topic, *partition))
            })
        });
        let segment = Segment {
            base: *base_offset,
            count: *count,
            batch,
        };
        self.logs
            .entry((node, (*topic, *partition)))
            .or_default()
            .append(segment);
        if let Some(it) = batch.and_then(|id| self.batches.get_mut(id))
            && let Some(attempt) = it
                .attempts
                .iter_mut()
                .find(|a| Some(a.conn) == *conn && a.correlation == *correlation)
        {
            attempt.appended = Some(t);
        }
    }

    fn replicated(&mut self, node: Option<NodeId>, partition: Partition, end: i64) {
        let Some(node) = node else { return };
        let leader = self
            .truth
            .get(&partition)
            .filter(|it| it.leader != node)
            .and_then(|it| self.logs.get(&(it.leader, partition)))
            .cloned();
        self.logs
            .entry((node, partition))
            .or_default()
            .follow(leader.as_ref(), end);
    }

    fn broker_state(&mut self, t: u64, node: NodeId, state: BrokerState, fenced_at: Option<u64>) {
        let broker = self.broker(node);
        broker.state = Some(state);
        broker.since = t;
        broker.fenced_at = fenced_at;
    }

    fn lead(&mut self, t: u64, event: &Event) {
        let Event::Leader {
            topic,
            partition,
            leader,
            epoch,
            replicas,
            isr,
        } = event
        else {
            return;
        };
        let key = (*topic, *partition);
        let since = match self.truth.get(&key) {
            Some(old) if old.leader == *leader => old.since,
            _ => t,
        };
        for node in replicas {
            self.broker(*node);
            self.logs.entry((*node, key)).or_default();
        }
        self.truth.insert(
            key,
            Leadership {
                leader: *leader,
                epoch: *epoch,
                replicas: replicas.clone(),
                isr: isr.clone(),
                since,
            },
        );
    }
}
