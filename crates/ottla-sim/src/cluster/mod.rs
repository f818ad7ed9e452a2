//! Brokers, controller and the network between them: a Kafka cluster without its clients.

#[cfg(feature = "full")]
mod alteration;
mod lifecycle;
mod network;
mod node;

use std::{collections::VecDeque, sync::Arc};

use bytes::Bytes;
use ottla_broker::{
    Broker, ConnId, ControllerRequest, Disk, Endpoint, Image, Log, Micros, NewTopic, NodeId, Observation,
    PartitionImage, PlannedFault, Settings, TopicOutcome,
};
use ottla_sorted::SortedMap;

pub use ottla_trace::event::BrokerState;

use crate::{Rng, controller::Controller, queue::Queue};
use node::{Node, Process};

/// How a cluster is built.
#[derive(Clone, Debug)]
pub struct ClusterSetup {
    /// Decides topic ids.
    pub seed: u64,
    /// `cluster.id`, as clients are told.
    pub cluster_id: String,
    /// Brokers with the addresses that they advertise.
    pub brokers: SortedMap<NodeId, Endpoint>,
    /// Settings of brokers and controller.
    pub settings: Settings,
    /// The network inside.
    pub delays: Delays,
    /// The wall clock at time 0, in milliseconds since the epoch.
    pub epoch_ms: i64,
    /// Whether [`Cluster::take_event`] is called.
    pub observe: bool,
}

/// How long things take inside a cluster, in microseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Delays {
    /// From one broker to another, one way.
    pub replication: Micros,
    /// From the moment that a leader has records for a follower until they leave. A leader that dies meanwhile takes
    /// them with it.
    pub fetch: Micros,
    /// From the controller to a broker or back, one way.
    pub controller: Micros,
    /// From a broker's start until it registers.
    pub startup: Micros,
}

/// What a cluster wants done.
#[derive(Clone, Debug)]
pub enum Output {
    /// Write to a client.
    Send {
        /// The connection.
        conn: ConnId,
        /// A whole answer.
        bytes: Bytes,
    },
    /// A connection was closed.
    Close {
        /// The connection.
        conn: ConnId,
        /// Why, in words for a log.
        why: String,
    },
    /// Nothing to do until then.
    Wait {
        /// When to call [`Cluster::poll`] again if nothing happens before.
        at: Micros,
    },
}

/// Something that happened in the cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClusterEvent {
    /// In a broker.
    Broker(NodeId, Observation),
    /// To a broker process; and when the controller will give up a session that nobody keeps alive.
    State(NodeId, BrokerState, Option<Micros>),
    /// A topic was deleted.
    Deleted(Arc<str>),
    /// The controller changed a partition.
    Partition(Arc<str>, i32, PartitionImage),
}

/// A Kafka cluster without its clients.
///
/// Tell it what clients do ([`connect`](Self::connect), [`receive`](Self::receive), [`disconnect`](Self::disconnect)), then
/// [`poll`](Self::poll) until [`Output::Wait`]; repeat when that time has come. Time never goes backwards.
#[derive(Clone, Debug)]
pub struct Cluster {
    settings: Arc<Settings>,
    cluster_id: Arc<str>,
    epoch_ms: i64,
    observe: bool,
    delays: Delays,
    controller: Controller,
    nodes: SortedMap<NodeId, Node>,
    connections: SortedMap<ConnId, NodeId>,
    next_conn: u64,
    queue: Queue<network::Message>,
    outputs: VecDeque<Output>,
    events: VecDeque<ClusterEvent>,
    /// The newest image, for brokers that start.
    published: Arc<Image>,
}

impl Cluster {
    /// A cluster whose brokers are up and know each other.
    #[must_use]
    pub fn new(setup: ClusterSetup) -> Self {
        let settings = Arc::new(setup.settings);
        let mut controller = Controller::new(settings.clone(), Rng::new(setup.seed));
        for (&node, endpoint) in &setup.brokers {
            controller.register(node, endpoint.clone());
            controller.unfence(node);
        }
        let mut cluster = Self {
            settings,
            cluster_id: Arc::from(setup.cluster_id),
            epoch_ms: setup.epoch_ms,
            observe: setup.observe,
            delays: setup.delays,
            controller,
            nodes: SortedMap::new(),
            connections: SortedMap::new(),
            next_conn: 0,
            queue: Queue::default(),
            outputs: VecDeque::new(),
            events: VecDeque::new(),
            published: Arc::default(),
        };
        for &id in setup.brokers.keys() {
            let broker = cluster.start_broker(0, id, Disk::default());
            cluster.nodes.insert(id, Node::up(broker));
            cluster.emit(ClusterEvent::State(id, BrokerState::Up, None));
        }
        cluster.publish_at_once(0);
        cluster
    }

    /// Creates a topic that every broker knows at once, as if it had been there before.
    ///
    /// The outcome's `error` says whether it worked, as CreateTopics would.
    pub fn create_topic(&mut self, now: Micros, topic: &NewTopic) -> TopicOutcome {
        let topics = vec![topic.clone()];
        let request = ControllerRequest::CreateTopics {
            token: None,
            topics,
            validate_only: false,
        };
        let answer = self.controller.request(request);
        self.publish_at_once(now);
        match answer {
            Some(ottla_broker::ControllerAnswer::Topics { mut results, .. }) if results.len() == 1 => {
                results.remove(0)
            }
            _ => unreachable!("one topic is asked for, so there is one outcome"),
        }
    }

    /// A client connects to a broker. `None` if it refuses: nothing listens there.
    pub fn connect(&mut self, node: NodeId) -> Option<ConnId> {
        let conn = ConnId(self.next_conn);
        match &mut self.nodes.get_mut(&node)?.process {
            Process::Running {
                broker,
                serving: true,
            } => broker.connect(conn),
            // The kernel of a stopped process accepts all the same.
            Process::Paused { inbox, .. } => inbox.push(node::Held::Connect(conn)),
            _ => return None,
        }
        self.next_conn += 1;
        self.connections.insert(conn, node);
        Some(conn)
    }

    /// The node ids.
    pub fn nodes(&self) -> impl Iterator<Item = NodeId> {
        self.nodes.keys().copied()
    }

    /// Whether the process at the other end of that connection is stopped, so that nothing is read.
    #[must_use]
    pub fn is_stopped(&self, conn: ConnId) -> bool {
        let node = self.connections.get(&conn).and_then(|id| self.nodes.get(id));
        node.is_some_and(|node| matches!(node.process, Process::Paused { .. }))
    }

    /// Whether a client that connects to the broker is not refused.
    #[must_use]
    pub fn listens(&self, node: NodeId) -> bool {
        let process = self.nodes.get(&node).map(|node| &node.process);
        matches!(
            process,
            Some(Process::Running { serving: true, .. } | Process::Paused { .. })
        )
    }

    /// Bytes from a client have arrived.
    pub fn receive(&mut self, now: Micros, conn: ConnId, bytes: Bytes) {
        let Some(&id) = self.connections.get(&conn) else {
            return;
        };
        match self.nodes.get_mut(&id).map(|node| &mut node.process) {
            Some(Process::Running { broker, .. }) => {
                broker.receive(now, conn, bytes);
                self.collect(now, id);
            }
            Some(Process::Paused { inbox, .. }) => inbox.push(node::Held::Bytes(conn, bytes)),
            _ => {}
        }
    }

    /// A client has closed its connection.
    pub fn disconnect(&mut self, conn: ConnId) {
        let Some(id) = self.connections.remove(&conn) else {
            return;
        };
        match self.nodes.get_mut(&id).map(|node| &mut node.process) {
            Some(Process::Running { broker, .. }) => broker.disconnect(conn),
            Some(Process::Paused { inbox, .. }) => inbox.push(node::Held::Disconnect(conn)),
            _ => {}
        }
    }

    /// Whether a stopped or busy broker has bytes of that connection that it has not dealt with.
    #[must_use]
    pub fn is_idle(&self, conn: ConnId) -> bool {
        let node = self.connections.get(&conn).and_then(|id| self.nodes.get(id));
        match node.map(|node| &node.process) {
            Some(Process::Running { broker, .. }) => broker.is_idle(conn),
            Some(Process::Paused { .. }) => false,
            _ => true,
        }
    }

    /// How many bytes of that connection wait behind a request that is not answered yet.
    #[must_use]
    pub fn unread(&self, conn: ConnId) -> usize {
        let node = self.connections.get(&conn).and_then(|id| self.nodes.get(id));
        node.map_or(0, |node| node.process.unread(conn))
    }

    /// The next thing to do. Call until [`Output::Wait`].
    pub fn poll(&mut self, now: Micros) -> Output {
        loop {
            if let Some(output) = self.outputs.pop_front() {
                return output;
            }
            if let Some(message) = self.queue.pop(now) {
                self.deliver(now, message);
                continue;
            }
            match self.due(now) {
                Some(id) => self.with_broker(now, id, |broker| broker.tick(now)),
                None => return Output::Wait { at: self.next_at() },
            }
        }
    }

    /// When something happens by itself next.
    #[must_use]
    pub fn next_at(&self) -> Micros {
        let brokers = self
            .nodes
            .values()
            .filter_map(Node::running)
            .map(Broker::next_deadline);
        brokers.chain(self.queue.next_at()).min().unwrap_or(Micros::MAX)
    }

    /// What happened, in order; only if [`ClusterSetup::observe`].
    pub fn take_event(&mut self) -> Option<ClusterEvent> {
        self.events.pop_front()
    }

    /// The cluster as the controller sees it.
    #[must_use]
    pub fn image(&self) -> &Image {
        self.controller.image()
    }

    /// The settings that all share.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The log of a partition on a broker, dead or alive.
    #[must_use]
    pub fn log(&self, node: NodeId, topic: &str, partition: i32) -> Option<&Log> {
        let id = self.image().topic(topic)?.id;
        self.nodes.get(&node)?.process.log(&id, partition)
    }

    /// The high watermark of a partition as a running broker knows it.
    #[must_use]
    pub fn high_watermark(&self, node: NodeId, topic: &str, partition: i32) -> Option<i64> {
        let id = self.image().topic(topic)?.id;
        self.nodes
            .get(&node)?
            .process
            .broker()?
            .high_watermark(&id, partition)
    }

    /// The state of a broker.
    #[must_use]
    pub fn state(&self, node: NodeId) -> Option<BrokerState> {
        let fenced = self.controller.is_fenced(node);
        Some(match &self.nodes.get(&node)?.process {
            Process::Down { .. } if fenced => BrokerState::Fenced,
            Process::Down { .. } => BrokerState::Killed,
            Process::Paused { .. } if fenced => BrokerState::Fenced,
            Process::Paused { .. } => BrokerState::Paused,
            Process::Running { .. } if !fenced => BrokerState::Up,
            _ => BrokerState::Starting,
        })
    }

    /// Plans a fault for Produce requests to that broker; forgotten when it dies.
    pub fn plan_fault(&mut self, node: NodeId, fault: PlannedFault) {
        if let Some(broker) = self
            .nodes
            .get_mut(&node)
            .and_then(|node| node.process.broker_mut())
        {
            broker.plan_fault(fault);
        }
    }

    /// Makes a broker slow to fetch: what it follows leaves the leader so much later.
    pub fn delay_replication(&mut self, node: NodeId, extra: Micros) {
        if let Some(node) = self.nodes.get_mut(&node) {
            node.fetch_delay = extra;
        }
    }

    /// Delays everything that a broker hears from and says to the controller by this much, each way.
    pub fn delay_controller(&mut self, node: NodeId, extra: Micros) {
        if let Some(node) = self.nodes.get_mut(&node) {
            node.controller_delay = extra;
        }
    }

    /// Gives leaderships back to the first replicas (`kafka-leader-election --election-type preferred`).
    pub fn elect_preferred(&mut self, now: Micros) {
        self.controller.elect_preferred();
        self.publish(now);
    }

    fn due(&self, now: Micros) -> Option<NodeId> {
        let due = |node: &&Node| node.running().is_some_and(|broker| broker.next_deadline() <= now);
        self.nodes.iter().find(|(_, node)| due(node)).map(|(id, _)| *id)
    }

    fn with_broker(&mut self, now: Micros, id: NodeId, act: impl FnOnce(&mut Broker)) {
        if let Some(broker) = self.nodes.get_mut(&id).and_then(Node::running_mut) {
            act(broker);
            self.collect(now, id);
        }
    }

    fn emit(&mut self, event: ClusterEvent) {
        if self.observe {
            self.events.push_back(event);
        }
    }
}

#[cfg(test)]
mod tests;
