//! Brokers that die, stop, start again; and the controller that notices.
//!
//! A broker sends a heartbeat every `broker.heartbeat.interval.ms`, so the controller fences a silent one
//! `broker.session.timeout.ms` after the last of them. Heartbeats are computed, not sent: they would be most of the
//! events of a world in which nothing happens.

use ottla_broker::{Broker, ConnId, Disk, Micros, NodeId, Start};

use super::{
    BrokerState, Cluster, Output,
    network::{self, Message},
    node::{Held, Process},
};

impl Cluster {
    pub(super) fn start_broker(&mut self, now: Micros, id: NodeId, disk: Disk) -> Broker {
        let clock_ms = self.nodes.get(&id).map_or(0, |node| node.clock_ms);
        let start = Start {
            id,
            cluster_id: self.cluster_id.clone(),
            settings: self.settings.clone(),
            disk,
            epoch_ms: self.epoch_ms.saturating_add(clock_ms),
            producer_ids: self.controller.producer_ids(),
            observe: self.observe,
        };
        Broker::start(now, start)
    }

    /// Kills a broker (SIGKILL): its connections are reset, its disk stays. `false` if it is not running.
    pub fn kill(&mut self, now: Micros, node: NodeId) -> bool {
        self.end(now, node, Broker::kill)
    }

    /// Stops a broker in order (SIGTERM): leaderships move first, then it writes its snapshots. `false` if it is not
    /// running.
    pub fn stop(&mut self, now: Micros, node: NodeId) -> bool {
        let running = self.nodes.get(&node).is_some_and(|node| node.running().is_some());
        if running {
            self.controller.fence(node);
            self.publish(now);
        }
        running && self.end(now, node, Broker::stop)
    }

    fn end(&mut self, now: Micros, id: NodeId, end: fn(Broker) -> Disk) -> bool {
        let Some(node) = self.nodes.get_mut(&id) else {
            return false;
        };
        let was_running = node.running().is_some();
        let process = std::mem::replace(
            &mut node.process,
            Process::Down {
                disk: Disk::default(),
            },
        );
        let (disk, ended) = match process {
            Process::Running { broker, .. } | Process::Paused { broker, .. } => (end(*broker), true),
            Process::Starting { disk } => (disk, true),
            Process::Down { disk } => (disk, false),
        };
        node.process = Process::Down { disk };
        if !ended {
            return false;
        }
        node.life += 1;
        node.process_no += 1;
        self.reset_connections(id);
        self.reset_fetches(now, id);
        if was_running {
            self.fall_silent(now, id);
        }
        let state = self.state(id).unwrap_or(BrokerState::Killed);
        self.emit_state(id, state);
        true
    }

    fn reset_connections(&mut self, id: NodeId) {
        let lost: Vec<ConnId> = self
            .connections
            .iter()
            .filter(|(_, node)| **node == id)
            .map(|(conn, _)| *conn)
            .collect();
        for conn in lost {
            self.connections.remove(&conn);
            self.outputs.push_back(Output::Close {
                conn,
                why: format!("connection reset: broker {id} is dead"),
            });
        }
    }

    /// Followers that wait for an answer learn that none will come.
    fn reset_fetches(&mut self, now: Micros, leader: NodeId) {
        let followers: Vec<NodeId> = self
            .nodes
            .keys()
            .copied()
            .filter(|node| *node != leader)
            .collect();
        for follower in followers {
            let at = now + self.delays.replication;
            self.queue.push(at, Message::Unreachable { follower, leader });
        }
    }

    /// From now on no heartbeat comes.
    fn fall_silent(&mut self, now: Micros, id: NodeId) {
        let (timeout, interval) = (
            self.settings.broker_session_timeout,
            self.settings.broker_heartbeat_interval,
        );
        let fenced = self.controller.is_fenced(id);
        let Some(node) = self.nodes.get_mut(&id) else {
            return;
        };
        node.silence += 1;
        if fenced {
            return;
        }
        let last = now - now.saturating_sub(node.since) % interval.max(1);
        node.session_until = (last + timeout).max(now);
        self.queue.push(
            node.session_until,
            Message::SessionOver {
                node: id,
                silence: node.silence,
            },
        );
    }

    pub(super) fn session_over(&mut self, now: Micros, id: NodeId, silence: u64) {
        if self.nodes.get(&id).is_none_or(|node| node.silence != silence) {
            return;
        }
        self.controller.fence(id);
        self.publish(now);
        if let Some(state) = self.state(id) {
            self.emit_state(id, state);
        }
    }

    /// Starts a dead broker on its disk. `false` if it is not dead.
    ///
    /// It registers once it has begun and the controller has given up the session of its former life, as Kafka's
    /// controller refuses a second registration until then.
    pub fn restart(&mut self, now: Micros, id: NodeId) -> bool {
        let fenced = self.controller.is_fenced(id);
        let startup = self.delays.startup;
        let Some(node) = self.nodes.get_mut(&id) else {
            return false;
        };
        let Process::Down { disk } = &mut node.process else {
            return false;
        };
        let disk = std::mem::take(disk);
        node.process = Process::Starting { disk };
        let begun = now + startup;
        let at = if fenced {
            begun
        } else {
            begun.max(node.session_until)
        };
        self.queue.push(
            at,
            Message::Registered {
                node: id,
                life: node.life,
            },
        );
        self.emit_state(id, BrokerState::Starting);
        true
    }

    pub(super) fn registered(&mut self, now: Micros, id: NodeId, life: u64) {
        let image = self.published.clone();
        let Some(node) = self.nodes.get_mut(&id).filter(|node| node.life == life) else {
            return;
        };
        let Process::Starting { disk } = &mut node.process else {
            return;
        };
        let disk = std::mem::take(disk);
        let broker = Box::new(self.start_broker(now, id, disk));
        if let Some(node) = self.nodes.get_mut(&id) {
            node.process = Process::Running {
                broker,
                serving: false,
            };
            node.since = now;
        }
        let delay = self.controller_delay(id);
        self.queue.push(now + delay, Message::Image { to: id, image });
        self.queue
            .push(now + 2 * delay, Message::CaughtUp { node: id, life });
    }

    pub(super) fn caught_up(&mut self, now: Micros, id: NodeId, life: u64) {
        let Some(node) = self.nodes.get_mut(&id).filter(|node| node.life == life) else {
            return;
        };
        let Process::Running { serving, .. } = &mut node.process else {
            return;
        };
        if std::mem::replace(serving, true) && !self.controller.is_fenced(id) {
            return;
        }
        self.controller.unfence(id);
        self.publish(now);
        self.emit_state(id, BrokerState::Up);
    }

    /// Stops a broker's process without ending it (SIGSTOP). `false` if it is not running.
    pub fn pause(&mut self, now: Micros, id: NodeId) -> bool {
        let Some(node) = self.nodes.get_mut(&id) else {
            return false;
        };
        let process = std::mem::replace(
            &mut node.process,
            Process::Down {
                disk: Disk::default(),
            },
        );
        match process {
            Process::Running { broker, serving } => {
                node.process = Process::Paused {
                    broker,
                    serving,
                    inbox: Vec::new(),
                };
            }
            other => {
                node.process = other;
                return false;
            }
        }
        node.life += 1;
        self.fall_silent(now, id);
        let state = self.state(id).unwrap_or(BrokerState::Paused);
        self.emit_state(id, state);
        true
    }

    /// Lets a stopped process go on (SIGCONT). `false` if it is not stopped.
    ///
    /// It first does what its kernel held for it, still believing what it believed; then it hears of the world.
    pub fn resume(&mut self, now: Micros, id: NodeId) -> bool {
        let Some(node) = self.nodes.get_mut(&id) else {
            return false;
        };
        let process = std::mem::replace(
            &mut node.process,
            Process::Down {
                disk: Disk::default(),
            },
        );
        let Process::Paused {
            broker,
            serving,
            inbox,
        } = process
        else {
            node.process = process;
            return false;
        };
        node.process = Process::Running { broker, serving };
        node.life += 1;
        node.silence += 1;
        node.since = now;
        let life = node.life;
        for held in inbox {
            if let Held::Departing(answer) = held {
                self.queue
                    .push(now + self.delays.replication, Message::Answer(answer));
                continue;
            }
            self.with_broker(now, id, |broker| network::hand_over(now, broker, held));
        }
        let delay = self.controller_delay(id);
        self.queue.push(
            now + delay,
            Message::Image {
                to: id,
                image: self.published.clone(),
            },
        );
        self.queue
            .push(now + 2 * delay, Message::CaughtUp { node: id, life });
        let state = self.state(id).unwrap_or(BrokerState::Up);
        self.emit_state(id, state);
        true
    }
}
