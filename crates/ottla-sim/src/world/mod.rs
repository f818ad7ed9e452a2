//! The whole world: a cluster, the network, one producer, an application, and an oracle that knows better.

mod command;
mod drive;
mod network;
mod setup;
mod stream;
mod trace;

use std::collections::VecDeque;

use ottla_broker::{Micros, NodeId};
use ottla_core::{
    Config, Input, Instant, Producer, Record, RecordId, RefuseReason, SendError, Timestamp,
    config::ConfigError,
};
use ottla_sorted::SortedMap;
use ottla_trace::{Envelope, event::Ledger};

pub use command::Command;
pub use setup::{Network, Pieces, Setup, Span};

use crate::{
    Cluster, Rng,
    checkers::{Checkers, Last, Violation},
    oracle::Oracle,
    queue::Queue,
};
use network::{Network as Pipes, Transit};
use trace::Trace;

/// A deterministic world: equal setups and equal commands at equal times make equal runs, byte by byte.
///
/// The page steps it, a test runs it to its end. Cloning it copies state and shares payload, so a clone is a branch.
/// Events of the trace are to be taken now and then ([`drain_trace`](Self::drain_trace)): they are kept until then.
#[derive(Clone, Debug)]
pub struct World {
    now: Micros,
    epoch_ms: i64,
    cluster: Cluster,
    producer: Producer,
    producer_at: Option<Micros>,
    network: Pipes,
    inputs: VecDeque<Input>,
    plan: Queue<Command>,
    /// Records that the application has handed over and the producer had no room for.
    parked: VecDeque<Record<'static>>,
    room: bool,
    closed: bool,
    /// The client's process is frozen: nothing reaches it, and it does nothing.
    frozen: bool,
    /// What its application does as soon as it runs again.
    deferred: VecDeque<Command>,
    oracle: Oracle,
    checkers: Checkers,
    told: Ledger,
    trace: Trace,
    injected: SortedMap<&'static str, u64>,
}

impl World {
    /// A world at time 0: its brokers are up, its producer has not done anything.
    ///
    /// # Errors
    /// Every mistake in the producer's configuration.
    pub fn new(setup: &Setup) -> Result<Self, Vec<ConfigError>> {
        let config = Config::parse(setup.producer_config())?;
        let mut rng = Rng::new(setup.seed);
        let checkers = Checkers::new(&config, setup);
        let mut producer = Producer::new(config, rng.next_u64());
        producer.set_trace(Instant::ZERO, setup.trace);
        let traced = setup.trace != ottla_trace::Level::Off;
        let mut world = Self {
            now: 0,
            epoch_ms: setup.epoch_ms,
            cluster: Cluster::new(setup.cluster()),
            producer,
            producer_at: None,
            network: Pipes::new(setup.network.clone(), rng.fork(), setup.endpoints(), traced),
            inputs: VecDeque::new(),
            plan: Queue::default(),
            parked: VecDeque::new(),
            room: false,
            closed: false,
            frozen: false,
            deferred: VecDeque::new(),
            oracle: Oracle::default(),
            checkers,
            told: Ledger::default(),
            trace: Trace::new(setup.trace),
            injected: SortedMap::new(),
        };
        for (node, endpoint) in setup.endpoints() {
            world.trace.node(0, node, &endpoint.host, endpoint.port);
        }
        // Readers of the trace may say "none lost" from the beginning, because somebody counts.
        world.trace.ledger(0, Ledger::default());
        for topic in &setup.topics {
            world.cluster.create_topic(0, topic);
        }
        world.settle();
        Ok(world)
    }

    /// The time.
    #[must_use]
    pub fn now(&self) -> Instant {
        Instant::from_micros(self.now)
    }

    /// The application hands a record over. Without a timestamp it gets the time of the world.
    ///
    /// # Errors
    /// Those of [`Producer::send`]; the record is given back.
    pub fn send(&mut self, record: Record<'_>) -> Result<RecordId, SendError> {
        let sent = self.accept(record);
        self.settle();
        sent
    }

    /// The application asks for a topic's metadata before it sends anything ([`Producer::want`]).
    ///
    /// # Errors
    /// When it cannot be a topic's name.
    pub fn want(&mut self, topic: &str) -> Result<(), RefuseReason> {
        let wanted = self.producer.want(Instant::from_micros(self.now), topic);
        self.settle();
        wanted
    }

    /// The application hands a record over, and waits its turn when the producer is full. `false` if it is refused.
    pub fn publish(&mut self, record: Record<'_>) -> bool {
        let accepted = self.publish_now(record);
        self.settle();
        accepted
    }

    fn publish_now(&mut self, record: Record<'_>) -> bool {
        if !self.parked.is_empty() {
            self.parked.push_back(self.dated(record).into_owned());
            return true;
        }
        match self.accept(record) {
            Ok(_) => true,
            Err(SendError::Full { record }) => {
                self.parked.push_back(record);
                true
            }
            Err(SendError::Refused { .. }) => false,
        }
    }

    fn accept(&mut self, record: Record<'_>) -> Result<RecordId, SendError> {
        let record = self.dated(record);
        let kept = record.clone();
        let id = self.producer.send(Instant::from_micros(self.now), record)?;
        self.oracle.accepted(id, &kept);
        self.checkers.accepted(id, self.now);
        Ok(id)
    }

    fn dated<'a>(&self, mut record: Record<'a>) -> Record<'a> {
        record
            .timestamp
            .get_or_insert(Timestamp(self.epoch_ms.saturating_add_unsigned(self.now / 1_000)));
        record
    }

    /// Plans a command for a time to come; at once if it has passed.
    pub fn schedule(&mut self, at: Instant, command: Command) {
        self.plan.push(at.as_micros().max(self.now), command);
    }

    /// When something happens by itself next.
    #[must_use]
    pub fn next_event_at(&self) -> Option<Instant> {
        Some(Instant::from_micros(self.next_at()))
    }

    fn next_at(&self) -> Micros {
        let producer_at = self.producer_at.filter(|_| !self.frozen);
        let others = [self.plan.next_at(), self.network.next_at(), producer_at];
        others
            .into_iter()
            .flatten()
            .fold(self.cluster.next_at(), Micros::min)
            .max(self.now)
    }

    /// Lets the next thing happen. `true` if the trace says something about it.
    ///
    /// Something always happens next, were it a timer of a broker that finds nothing to do.
    pub fn step(&mut self) -> bool {
        let before = self.trace.len();
        self.now = self.next_at();
        if let Some(command) = self.plan.pop(self.now) {
            self.command(command);
        } else if let Some(transit) = self.network.pop(self.now) {
            self.arrive(transit);
        } else if !self.frozen && self.producer_at.is_some_and(|at| at <= self.now) {
            self.inputs.push_back(Input::Timeout);
        }
        self.settle();
        self.trace.len() > before
    }

    /// Lets everything happen until that time, and comes to it.
    pub fn run_until(&mut self, until: Instant) {
        let until = until.as_micros();
        while self.next_at() <= until {
            self.step();
        }
        self.now = self.now.max(until);
    }

    /// Runs until `done`, or that time. `true` if it was done.
    pub fn run_while(&mut self, until: Instant, mut busy: impl FnMut(&Self) -> bool) -> bool {
        while busy(self) {
            if self.next_at() > until.as_micros() {
                self.now = self.now.max(until.as_micros());
                return false;
            }
            self.step();
        }
        true
    }

    /// The trace since this was last called, in the order in which things happened.
    pub fn drain_trace(&mut self) -> Vec<Envelope> {
        self.trace.take()
    }

    /// What became of the records so far.
    #[must_use]
    pub fn ledger(&self) -> Ledger {
        self.oracle.ledger()
    }

    /// What became of each record.
    #[must_use]
    pub fn oracle(&self) -> &Oracle {
        &self.oracle
    }

    /// The producer, to look at.
    #[must_use]
    pub fn producer(&self) -> &Producer {
        &self.producer
    }

    /// The cluster, to look at.
    #[must_use]
    pub fn cluster(&self) -> &Cluster {
        &self.cluster
    }

    /// Whether the producer is closed.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.closed
    }

    /// Whether every record that was handed over has its result.
    #[must_use]
    pub fn is_resolved(&self) -> bool {
        let ledger = self.oracle.ledger();
        self.parked.is_empty() && ledger.sent == ledger.told_ok + ledger.failed
    }

    /// What contradicts a guarantee so far.
    #[must_use]
    pub fn violations(&self) -> &[Violation] {
        self.checkers.violations()
    }

    /// How many faults of each kind were injected.
    #[must_use]
    pub fn injected(&self) -> &SortedMap<&'static str, u64> {
        &self.injected
    }

    /// Holds to every guarantee, whatever its premise.
    #[cfg(test)]
    pub(crate) fn insist(&mut self) {
        self.checkers.insist();
    }

    /// From now on the producer is held to what `acks=all` promises.
    #[cfg(test)]
    pub(crate) fn hold_to_acks_all(&mut self) {
        self.checkers.hold_to_acks_all();
    }

    /// The names of the guarantees that are in force with this configuration and these faults.
    #[must_use]
    pub fn guarantees(&self) -> Vec<&'static str> {
        self.checkers.in_force()
    }

    /// Undoes every fault that lasts: brokers start, networks thaw, delays end.
    pub fn heal(&mut self) {
        if self.frozen {
            self.command(Command::Resumed);
        }
        for node in self.network.is_frozen() {
            self.command(Command::Thaw(node));
        }
        let nodes: Vec<NodeId> = self.cluster.nodes().collect();
        for node in nodes {
            self.command(Command::Resume(node));
            self.command(Command::Restart(node));
            self.network.delay(node, 0);
            self.cluster.delay_replication(node, 0);
            self.cluster.delay_controller(node, 0);
        }
    }

    /// Heals the world, lets everything come to rest within `limit`, and asks every checker for its last word.
    pub fn finish(&mut self, limit: std::time::Duration) -> &[Violation] {
        self.heal();
        let until = self.now() + limit;
        // A record that failed while its request is on the way gives its memory back when that comes to an end.
        let busy = |world: &Self| !world.is_resolved() || world.producer.memory_used() > 0;
        self.run_while(until, busy);
        let resolved = self.is_resolved();
        // Replication may still be catching up; what is told OK has to be there when it has.
        let rest = self.now() + self.checkers.rest();
        self.run_until(rest);
        let last = Last {
            resolved,
            oracle: &self.oracle,
            producer: &self.producer,
            cluster: &self.cluster,
        };
        self.checkers.finish(self.now, &last);
        self.checkers.violations()
    }

    fn arrive(&mut self, transit: Transit) {
        let now = self.now;
        match transit {
            Transit::Syn(conn) => {
                let Some(node) = self.network.pipes.get(&conn).map(|pipe| pipe.node) else {
                    return;
                };
                match self.cluster.connect(node) {
                    Some(server) => self.network.opened(now, conn, server),
                    None => self.network.refuse(now, conn, "connection refused".to_owned()),
                }
            }
            Transit::Up(conn, bytes) => {
                let Some(server) = self.network.pipes.get(&conn).and_then(|pipe| pipe.server) else {
                    return;
                };
                let len = bytes.len();
                self.cluster.receive(now, server, bytes);
                let read = !self.cluster.is_stopped(server);
                self.network.arrived(now, conn, len, read);
            }
            Transit::FinUp(conn) => {
                if let Some(server) = self.network.cut(conn) {
                    self.cluster.disconnect(server);
                }
            }
            Transit::Opened(conn) => self.tell(conn, |conn| Input::Connected { conn }),
            Transit::Down(conn, bytes) => self.tell(conn, |conn| Input::Received { conn, bytes }),
            Transit::FinDown(conn, why) => {
                self.tell(conn, |conn| Input::Closed { conn, why });
                self.network.cut(conn);
            }
        }
    }

    fn tell(&mut self, conn: u32, input: impl FnOnce(ottla_core::ConnId) -> Input) {
        if self.network.is_wanted(conn) {
            self.inputs.push_back(input(ottla_core::ConnId(conn)));
        }
    }

    /// The client's connections to a broker are cut: both ends hear of it, and nothing on the way arrives.
    fn cut(&mut self, node: NodeId) -> bool {
        let conns = self.network.conns_to(node);
        for &conn in &conns {
            self.tell(conn, |conn| Input::Closed {
                conn,
                why: "connection reset by the network".to_owned(),
            });
            if let Some(server) = self.network.cut(conn) {
                self.cluster.disconnect(server);
            }
        }
        !conns.is_empty()
    }
}
