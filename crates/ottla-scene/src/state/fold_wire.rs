//! Events of connections, requests and metadata.

use ottla_trace::{
    Event,
    event::{ConnId, NodeId},
};

use super::{ConnPhase, Connection, Request, State, Travel};

/// Finished requests that are kept for the broker's and the world's later words about them.
const RECENT_REQUESTS: usize = 64;
/// Closed connections that are kept.
const RECENT_CONNECTIONS: usize = 64;

impl State {
    pub(super) fn fold_wire(&mut self, t: u64, event: &Event) -> bool {
        match event {
            Event::RequestQueued { .. } => self.request(t, event),
            Event::RequestWritten { conn, correlation } => {
                self.change_request(*conn, *correlation, |it| it.written = Some(t));
            }
            Event::ResponseRead {
                conn, correlation, ..
            } => {
                self.change_request(*conn, *correlation, |it| it.done = Some(t));
                self.forget_requests();
            }
            Event::InFlight {
                conn,
                correlation,
                answer,
                node,
                arrives,
            } => self.travel(t, *conn, *correlation, *answer, *node, *arrives),
            Event::Throttled { node, until } => {
                self.throttled.insert(*node, *until);
            }
            Event::Dialing { conn, node, address } => self.dial(t, *conn, *node, address),
            Event::Connected { conn } => self.set_phase(t, *conn, ConnPhase::Connected),
            Event::Ready { conn, .. } => self.set_phase(t, *conn, ConnPhase::Ready),
            Event::Disconnected { conn, node, because } => self.disconnected(t, *conn, *node, because),
            Event::MetadataRequested { .. } => {}
            Event::MetadataUpdated { nodes, partitions } => {
                for node in nodes {
                    self.broker(*node);
                }
                for view in partitions {
                    let key = (view.topic, view.partition);
                    let old = self.belief.insert(key, view.clone());
                    if old.is_none_or(|old| old.leader != view.leader) {
                        self.believed_since.insert(key, t);
                    }
                }
            }
            _ => return false,
        }
        true
    }

    fn change_request(&mut self, conn: ConnId, correlation: i32, change: impl FnOnce(&mut Request)) {
        if let Some(it) = self.requests.get_mut(&(conn, correlation)) {
            change(it);
        }
    }

    fn request(&mut self, t: u64, event: &Event) {
        let Event::RequestQueued {
            conn,
            correlation,
            api,
            bytes,
            batches,
            ..
        } = event
        else {
            return;
        };
        let request = Request {
            conn: *conn,
            correlation: *correlation,
            api: api.clone(),
            bytes: *bytes,
            batches: batches.clone(),
            queued: t,
            written: None,
            out: None,
            back: None,
            refused: None,
            done: None,
        };
        self.requests.insert((*conn, *correlation), request);
    }

    fn travel(&mut self, t: u64, conn: ConnId, correlation: i32, answer: bool, node: NodeId, arrives: u64) {
        self.broker(node);
        if let Some(connection) = self.connections.get_mut(&conn) {
            connection.node.get_or_insert(node);
        }
        let travel = Travel { left: t, arrives };
        self.change_request(conn, correlation, |it| {
            if answer {
                it.back = Some(travel);
            } else {
                it.out = Some(travel);
            }
        });
    }

    fn dial(&mut self, t: u64, conn: ConnId, node: Option<NodeId>, address: &str) {
        if let Some(node) = node {
            self.broker(node);
        }
        let connection = Connection {
            id: conn,
            node,
            address: address.to_owned(),
            phase: ConnPhase::Dialing,
            since: t,
        };
        self.connections.insert(conn, connection);
        while self.connections.len() > RECENT_CONNECTIONS {
            let gone = |c: &&Connection| matches!(c.phase, ConnPhase::Lost { .. } | ConnPhase::Closed);
            let Some(oldest) = self.connections.values().find(gone).map(|c| c.id) else {
                break;
            };
            self.connections.remove(&oldest);
        }
    }

    fn set_phase(&mut self, t: u64, conn: ConnId, phase: ConnPhase) {
        if let Some(it) = self.connections.get_mut(&conn) {
            it.phase = phase;
            it.since = t;
        }
    }

    fn disconnected(&mut self, t: u64, conn: ConnId, node: Option<NodeId>, because: &str) {
        let mut waiting = false;
        for (_, it) in self.requests.range_mut((conn, i32::MIN)..=(conn, i32::MAX)) {
            waiting |= it.done.is_none();
            it.done.get_or_insert(t);
        }
        self.forget_requests();
        let Some(it) = self.connections.get_mut(&conn) else {
            return;
        };
        it.node = it.node.or(node);
        let never_opened = matches!(it.phase, ConnPhase::Dialing | ConnPhase::Connected);
        let dead = it
            .node
            .and_then(|node| self.brokers.get(&node))
            .is_some_and(super::Broker::dead);
        it.since = t;
        it.phase = if waiting || never_opened || dead {
            ConnPhase::Lost {
                because: because.to_owned(),
            }
        } else {
            ConnPhase::Closed
        };
    }

    fn forget_requests(&mut self) {
        let done = self.requests.values().filter(|it| it.done.is_some()).count();
        if done > RECENT_REQUESTS {
            let mut ended: Vec<_> = self
                .requests
                .iter()
                .filter_map(|(key, it)| Some((it.done?, *key)))
                .collect();
            ottla_sorted::sort(&mut ended);
            // Half of them at once, so that the search does not run at each answer.
            for (_, key) in &ended[..done - RECENT_REQUESTS / 2] {
                self.requests.remove(key);
            }
        }
    }
}
