//! What brokers and controller send each other, and what happens when it arrives.

use std::sync::Arc;

use ottla_broker::{
    Broker, ControllerAnswer, ControllerRequest, Effect, Image, Micros, NodeId, ReplicaAnswer, ReplicaFetch,
};

use super::{
    BrokerState, Cluster, ClusterEvent, Output,
    node::{Held, Process},
};

/// Something under way, or planned.
#[derive(Clone, Debug)]
pub(super) enum Message {
    Fetch(ReplicaFetch),
    /// The leader's process of that number sends the answer off.
    Departing {
        answer: ReplicaAnswer,
        process_no: u64,
    },
    Answer(ReplicaAnswer),
    Unreachable {
        follower: NodeId,
        leader: NodeId,
    },
    ToController {
        from: NodeId,
        request: ControllerRequest,
    },
    FromController {
        to: NodeId,
        answer: ControllerAnswer,
    },
    Image {
        to: NodeId,
        image: Arc<Image>,
    },
    /// The process of that life has registered.
    Registered {
        node: NodeId,
        life: u64,
    },
    /// The controller has heard that the process of that life has caught up.
    CaughtUp {
        node: NodeId,
        life: u64,
    },
    /// The session is over if the silence still lasts.
    SessionOver {
        node: NodeId,
        silence: u64,
    },
}

impl Cluster {
    pub(super) fn deliver(&mut self, now: Micros, message: Message) {
        match message {
            Message::Fetch(fetch) => self.deliver_fetch(now, fetch),
            Message::Departing { answer, process_no } => self.depart(now, answer, process_no),
            Message::Answer(answer) => {
                let to = answer.follower;
                self.deliver_held(now, to, Held::Answer(answer));
            }
            Message::Unreachable { follower, leader } => {
                self.deliver_held(now, follower, Held::Unreachable(leader));
            }
            Message::ToController { from, request } => {
                if let Some(answer) = self.controller.request(request) {
                    let at = now + self.controller_delay(from);
                    self.queue.push(at, Message::FromController { to: from, answer });
                }
                self.publish(now);
            }
            Message::FromController { to, answer } => {
                self.deliver_held(now, to, Held::FromController(answer));
            }
            // A stopped process hears nothing: it will ask for the newest image when it goes on.
            Message::Image { to, image } => {
                self.with_broker(now, to, |broker| broker.apply_image(now, &image));
            }
            Message::Registered { node, life } => self.registered(now, node, life),
            Message::CaughtUp { node, life } => self.caught_up(now, node, life),
            Message::SessionOver { node, silence } => self.session_over(now, node, silence),
        }
    }

    fn deliver_fetch(&mut self, now: Micros, fetch: ReplicaFetch) {
        let (follower, leader) = (fetch.follower, fetch.leader);
        let listens = self
            .nodes
            .get(&leader)
            .is_some_and(|node| node.process.broker().is_some());
        if listens {
            self.deliver_held(now, leader, Held::Fetch(fetch));
        } else {
            let at = now + self.delays.replication;
            self.queue.push(at, Message::Unreachable { follower, leader });
        }
    }

    fn depart(&mut self, now: Micros, answer: ReplicaAnswer, process_no: u64) {
        let Some(node) = self.nodes.get_mut(&answer.leader) else {
            return;
        };
        match &mut node.process {
            Process::Paused { inbox, .. } => inbox.push(Held::Departing(answer)),
            Process::Running { .. } if node.process_no == process_no => {
                self.queue
                    .push(now + self.delays.replication, Message::Answer(answer));
            }
            _ => {}
        }
    }

    /// Gives it to the process, or to the kernel of a stopped one.
    fn deliver_held(&mut self, now: Micros, to: NodeId, held: Held) {
        match self.nodes.get_mut(&to).map(|node| &mut node.process) {
            Some(Process::Running { broker, .. }) => {
                hand_over(now, broker, held);
                self.collect(now, to);
            }
            Some(Process::Paused { inbox, .. }) => inbox.push(held),
            _ => {}
        }
    }

    /// Does what a broker wants done.
    pub(super) fn collect(&mut self, now: Micros, id: NodeId) {
        while let Some(broker) = self.nodes.get_mut(&id).and_then(|node| node.process.broker_mut()) {
            if broker.needs_producer_ids() {
                broker.grant_producer_ids(self.controller.producer_ids());
            }
            let Some(effect) = broker.take_effect() else { break };
            match effect {
                Effect::Send { conn, bytes } => self.outputs.push_back(Output::Send { conn, bytes }),
                Effect::Close { conn, why } => {
                    self.connections.remove(&conn);
                    self.outputs.push_back(Output::Close { conn, why });
                }
                Effect::Fetch(fetch) => {
                    let at = now + self.delays.replication;
                    self.queue.push(at, Message::Fetch(fetch));
                }
                Effect::FetchAnswer(answer) => {
                    let follower = self.nodes.get(&answer.follower);
                    let at = now + self.delays.fetch + follower.map_or(0, |node| node.fetch_delay);
                    let process_no = self.nodes.get(&id).map_or(0, |node| node.process_no);
                    self.queue.push(at, Message::Departing { answer, process_no });
                }
                Effect::Controller(request) => {
                    let at = now + self.controller_delay(id);
                    self.queue.push(at, Message::ToController { from: id, request });
                }
            }
        }
        self.collect_observations(id);
    }

    fn collect_observations(&mut self, id: NodeId) {
        while let Some(observation) = self
            .nodes
            .get_mut(&id)
            .and_then(|node| node.process.broker_mut()?.take_observation())
        {
            self.emit(ClusterEvent::Broker(id, observation));
        }
    }

    /// Sends what the controller changed to every broker.
    pub(super) fn publish(&mut self, now: Micros) {
        let Some(image) = self.note_changes() else { return };
        let running: Vec<NodeId> = self
            .nodes
            .iter()
            .filter(|(_, node)| node.running().is_some())
            .map(|(id, _)| *id)
            .collect();
        for to in running {
            let at = now + self.controller_delay(to);
            self.queue.push(
                at,
                Message::Image {
                    to,
                    image: image.clone(),
                },
            );
        }
    }

    /// The same without the way.
    pub(super) fn publish_at_once(&mut self, now: Micros) {
        let Some(image) = self.note_changes() else { return };
        let ids: Vec<NodeId> = self.nodes.keys().copied().collect();
        ids.into_iter()
            .for_each(|id| self.with_broker(now, id, |broker| broker.apply_image(now, &image)));
    }

    fn note_changes(&mut self) -> Option<Arc<Image>> {
        let image = self.controller.take_image()?;
        self.published = image.clone();
        for topic in self.controller.take_deleted() {
            self.emit(ClusterEvent::Deleted(topic));
        }
        for (topic, index) in self.controller.take_changes() {
            if let Some(partition) = image.partition(&topic, index) {
                self.emit(ClusterEvent::Partition(topic, index, partition.clone()));
            }
        }
        Some(image)
    }

    pub(super) fn emit_state(&mut self, node: NodeId, state: BrokerState) {
        // A killed or frozen broker that the controller still counts on.
        let silent = matches!(state, BrokerState::Killed | BrokerState::Paused);
        let session = self
            .nodes
            .get(&node)
            .map(|it| it.session_until)
            .filter(|_| silent);
        self.emit(ClusterEvent::State(node, state, session));
    }

    pub(super) fn controller_delay(&self, node: NodeId) -> Micros {
        self.delays.controller + self.nodes.get(&node).map_or(0, |node| node.controller_delay)
    }
}

/// Gives a running process what arrived.
pub(super) fn hand_over(now: Micros, broker: &mut Broker, held: Held) {
    match held {
        Held::Connect(conn) => broker.connect(conn),
        Held::Bytes(conn, bytes) => broker.receive(now, conn, bytes),
        Held::Disconnect(conn) => broker.disconnect(conn),
        Held::Fetch(fetch) => broker.replica_fetch(now, fetch),
        Held::Answer(answer) => broker.replica_answer(now, answer),
        Held::Unreachable(leader) => broker.replica_unreachable(now, leader),
        // Leaves by the queue when the process goes on.
        Held::Departing(_) => {}
        Held::FromController(answer) => broker.controller_answer(now, answer),
    }
}
