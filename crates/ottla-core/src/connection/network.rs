//! Nodes, bootstrap addresses, and the connections to them.

use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;

use ottla_sorted::SortedMap;

use super::{ConnState, Connection, Peer, Stream};
use crate::io::{Address, ConnId, NodeId};
use crate::partitioner::Rng;
use crate::settings::Settings;
use crate::time::Instant;
use crate::timer::Timer;
use crate::wake::Wake;

/// How reaching a peer went so far.
#[derive(Clone, Debug)]
pub(crate) struct Link {
    pub(crate) conn: Option<ConnId>,
    /// Attempts in a row that ended before the connection was ready.
    failures: u32,
    /// Not to be dialled before.
    not_before: Instant,
}

impl Link {
    const fn new() -> Self {
        Self {
            conn: None,
            failures: 0,
            not_before: Instant::ZERO,
        }
    }
}

/// A broker that metadata named.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) host: String,
    pub(crate) port: i32,
    pub(crate) link: Link,
    /// The broker asked for silence until then.
    pub(crate) quiet_until: Instant,
    /// Where the next round through its partitions begins, so that a full request starves nobody.
    pub(crate) next_start: usize,
    /// Since when there is data for it and it takes none; kept only with `partitioner.availability.timeout.ms`.
    pub(crate) starving_since: Option<Instant>,
}

impl Node {
    const fn new(host: String, port: i32) -> Self {
        Self {
            host,
            port,
            link: Link::new(),
            quiet_until: Instant::ZERO,
            next_start: 0,
            starving_since: None,
        }
    }
}

/// Where a request that any broker can answer may go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Route {
    /// Over this connection, now.
    Conn(ConnId),
    /// A connection is being made; or all are busy.
    Soon,
    /// Nobody is connected: dial this peer.
    Dial(Peer),
    /// Everybody backs off.
    Blocked,
}

#[derive(Clone, Debug)]
pub(crate) struct Network {
    bootstrap: Vec<(Address, Link)>,
    pub(crate) nodes: SortedMap<NodeId, Node>,
    conns: SortedMap<ConnId, Connection>,
    next_conn: u32,
    /// The bridge that told of the nodes, when it was one: they are reached through it.
    bridge: Option<String>,
    /// No node can be reached: look for them at the bootstrap addresses, too (KIP-899).
    rebootstrap: bool,
    last_failure: Option<Arc<str>>,
    /// No broker lets this client in, and nobody has asked for anything since: dialling would only knock again.
    #[cfg(feature = "sasl")]
    pub(crate) locked_out: bool,
}

impl Network {
    pub(crate) fn new(bootstrap: &[Address]) -> Self {
        Self {
            bootstrap: bootstrap
                .iter()
                .map(|address| (address.clone(), Link::new()))
                .collect(),
            nodes: SortedMap::new(),
            conns: SortedMap::new(),
            next_conn: 0,
            bridge: None,
            rebootstrap: false,
            last_failure: None,
            #[cfg(feature = "sasl")]
            locked_out: false,
        }
    }

    pub(crate) fn conn(&self, id: ConnId) -> Option<&Connection> {
        self.conns.get(&id)
    }

    pub(crate) fn conn_mut(&mut self, id: ConnId) -> Option<&mut Connection> {
        self.conns.get_mut(&id)
    }

    pub(crate) fn stream_mut(&mut self, id: ConnId) -> Option<&mut Stream> {
        self.conns.get_mut(&id)?.stream_mut()
    }

    /// The node that a connection leads to, if it is known to be one.
    pub(crate) fn node_of(&self, id: ConnId) -> Option<NodeId> {
        self.conns.get(&id).and_then(|conn| conn.peer.node())
    }

    pub(crate) fn conns(&self) -> impl Iterator<Item = &Connection> {
        self.conns.values()
    }

    pub(crate) fn conns_mut(&mut self) -> impl Iterator<Item = &mut Connection> {
        self.conns.values_mut()
    }

    pub(crate) fn conn_ids(&self) -> Vec<ConnId> {
        self.conns.keys().copied().collect()
    }

    /// The last thing that went wrong with a connection, in words.
    pub(crate) fn last_failure(&self) -> &str {
        self.last_failure
            .as_deref()
            .unwrap_or("no connection has been ready yet")
    }

    /// As [`Self::last_failure`], when there was one.
    pub(crate) fn noted_failure(&self) -> Option<&str> {
        self.last_failure.as_deref()
    }

    pub(crate) fn note_failure(&mut self, why: impl Into<Arc<str>>) {
        self.last_failure = Some(why.into());
    }

    pub(crate) fn link_mut(&mut self, peer: Peer) -> Option<&mut Link> {
        match peer {
            Peer::Bootstrap(index) => self.bootstrap.get_mut(index).map(|(_, link)| link),
            Peer::Node(node) => self.nodes.get_mut(&node).map(|node| &mut node.link),
        }
    }

    fn link(&self, peer: Peer) -> Option<&Link> {
        match peer {
            Peer::Bootstrap(index) => self.bootstrap.get(index).map(|(_, link)| link),
            Peer::Node(node) => self.nodes.get(&node).map(|node| &node.link),
        }
    }

    fn address(&self, peer: Peer) -> Option<Address> {
        match peer {
            Peer::Bootstrap(index) => self.bootstrap.get(index).map(|(address, _)| address.clone()),
            Peer::Node(id) => {
                let node = self.nodes.get(&id)?;
                Some(match &self.bridge {
                    Some(url) => Address::Bridge { url: url.clone() },
                    None => Address::Tcp {
                        host: node.host.clone(),
                        port: u16::try_from(node.port).ok()?,
                    },
                })
            }
        }
    }

    /// Registers a new connection to the peer, unless it has one or backs off.
    pub(crate) fn dial(
        &mut self,
        now: Instant,
        peer: Peer,
        settings: &Settings,
        rng: &mut Rng,
    ) -> Option<&Connection> {
        #[cfg(feature = "sasl")]
        if self.locked_out {
            return None;
        }
        let address = self.address(peer)?;
        let id = ConnId(self.next_conn);
        let link = self.link_mut(peer)?;
        if link.conn.is_some() || link.not_before > now {
            return None;
        }
        link.conn = Some(id);
        let deadline = now + settings.setup_timeout.delay(link.failures, rng);
        self.next_conn += 1;
        let connection = Connection {
            id,
            peer,
            address,
            state: ConnState::Dialing { deadline },
        };
        Some(self.conns.entry(id).or_insert(connection))
    }

    /// Forgets a connection.
    pub(crate) fn remove(&mut self, id: ConnId) -> Option<Connection> {
        let connection = self.conns.remove(&id)?;
        if let Some(link) = self.link_mut(connection.peer) {
            link.conn = None;
        }
        Some(connection)
    }

    /// The peer failed: it is left alone for a while.
    pub(crate) fn back_off(&mut self, now: Instant, peer: Peer, settings: &Settings, rng: &mut Rng) {
        if let Some(link) = self.link_mut(peer) {
            link.not_before = now + settings.reconnect_backoff.delay(link.failures, rng);
            link.failures = link.failures.saturating_add(1);
        }
    }

    /// A connection is ready: its peer is reachable.
    pub(crate) fn succeeded(&mut self, peer: Peer) {
        if let Some(link) = self.link_mut(peer) {
            link.failures = 0;
        }
    }

    /// Takes over the nodes that metadata named through `via`.
    ///
    /// A node whose advertised address is the bootstrap address that was dialled keeps that connection.
    pub(crate) fn learn(&mut self, via: ConnId, brokers: impl Iterator<Item = (NodeId, String, i32)>) {
        let source = self.conns.get(&via).map(|conn| conn.address.clone());
        if let Some(Address::Bridge { url }) = &source {
            self.bridge = Some(url.clone());
        }
        self.take_nodes(brokers);
        self.adopt(via, source.as_ref());
        self.rebootstrap &= mutant!(BootstrapForGood);
    }

    /// Takes over nodes that another producer was told of. They may be gone by now, so until one of them tells of them
    /// itself, the bootstrap addresses are tried as well.
    pub(crate) fn assume(&mut self, brokers: impl Iterator<Item = (NodeId, String, i32)>) {
        self.bridge = self.bootstrap.iter().find_map(|(address, _)| match address {
            Address::Bridge { url } => Some(url.clone()),
            Address::Tcp { .. } => None,
        });
        self.take_nodes(brokers);
        self.rebootstrap = true;
    }

    fn take_nodes(&mut self, brokers: impl Iterator<Item = (NodeId, String, i32)>) {
        let mut named = Vec::new();
        for (id, host, port) in brokers {
            named.push(id);
            self.place_node(id, &host, port);
        }
        self.nodes
            .retain(|id, node| named.contains(id) || node.link.conn.is_some());
    }

    /// Notes where a node is. Returns whether that is news.
    pub(crate) fn place_node(&mut self, id: NodeId, host: &str, port: i32) -> bool {
        let known = self.nodes.get_mut(&id);
        let is_news = known
            .as_ref()
            .is_none_or(|node| node.host != host || node.port != port);
        match known {
            Some(node) if is_news => {
                node.host = host.into();
                node.port = port;
                node.link.failures = 0;
            }
            Some(_) => {}
            None => {
                self.nodes.insert(id, Node::new(host.into(), port));
            }
        }
        is_news
    }

    fn adopt(&mut self, via: ConnId, source: Option<&Address>) {
        let Some(Address::Tcp { host, port }) = source else {
            return;
        };
        let Some(connection) = self.conns.get_mut(&via) else {
            return;
        };
        let Peer::Bootstrap(index) = connection.peer else {
            return;
        };
        let same = self.nodes.iter_mut().find(|(_, node)| {
            node.host == *host && node.port == i32::from(*port) && node.link.conn.is_none()
        });
        if let Some((id, node)) = same {
            node.link.conn = Some(via);
            connection.peer = Peer::Node(*id);
            self.bootstrap[index].1.conn = None;
        }
    }

    /// Bootstrap connections that are not needed since nodes are connected themselves.
    pub(crate) fn superfluous(&self) -> Vec<ConnId> {
        let nodes_ready = self
            .conns
            .values()
            .any(|conn| conn.peer.node().is_some() && conn.ready().is_some());
        if !nodes_ready {
            return Vec::new();
        }
        self.conns
            .values()
            .filter(|conn| conn.peer.node().is_none())
            .filter(|conn| conn.stream().is_none_or(|stream| stream.in_flight() == 0))
            .map(|conn| conn.id)
            .collect()
    }

    /// Where a request that any broker can answer goes: the ready connection with the fewest requests, preferring
    /// nodes; else whoever may be dialled, by chance (`NetworkClient.leastLoadedNode`,
    /// which however waits for a dead node's connection although others could be dialled). When every node backs off
    /// the bootstrap addresses count again (KIP-899).
    pub(crate) fn least_loaded(&mut self, now: Instant, settings: &Settings, rng: &mut Rng) -> Route {
        let max_in_flight = settings.max_in_flight;
        let ready = self
            .conns
            .values()
            .filter_map(|conn| conn.ready().map(|(stream, _)| (conn, stream)))
            .filter(|(conn, stream)| {
                stream.in_flight() < max_in_flight
                    && (!self.is_quiet(now, conn.peer) || mutant!(SilenceForBatchesOnly))
            })
            .min_by_key(|(conn, stream)| (stream.in_flight(), conn.peer.node().is_none()));
        if let Some((conn, _)) = ready {
            return Route::Conn(conn.id);
        }
        if self.conns.values().any(|conn| self.is_promising(conn)) {
            return Route::Soon;
        }
        let mut candidates = self.may_be_dialled(now);
        if candidates.is_empty() && settings.rebootstrap_after.is_some() && !mutant!(NoRebootstrap) {
            self.rebootstrap = true;
            candidates = self.may_be_dialled(now);
        }
        if candidates.is_empty() {
            return if self.conns.is_empty() {
                Route::Blocked
            } else {
                Route::Soon
            };
        }
        Route::Dial(candidates[rng.below(candidates.len() as u32) as usize])
    }

    fn may_be_dialled(&self, now: Instant) -> Vec<Peer> {
        let is_free = |link: &Link| link.conn.is_none() && link.not_before <= now;
        self.candidates()
            .filter(|peer| self.link(*peer).is_some_and(is_free))
            .collect()
    }

    /// Whether the broker asked for silence; that goes for requests of every kind.
    pub(crate) fn is_quiet(&self, now: Instant, peer: Peer) -> bool {
        let node = peer.node().and_then(|id| self.nodes.get(&id));
        node.is_some_and(|node| node.quiet_until > now)
    }

    /// Whether it is worth waiting for: not for one that is dialled again after it was lost, it may be dead.
    fn is_promising(&self, conn: &Connection) -> bool {
        !matches!(conn.state, ConnState::Dialing { .. })
            || self.link(conn.peer).is_some_and(|link| link.failures == 0)
    }

    /// Peers that a bootstrap may try.
    fn candidates(&self) -> impl Iterator<Item = Peer> + '_ {
        let nodes = self.nodes.keys().copied().map(Peer::Node);
        let bootstrap = (0..self.bootstrap.len()).map(Peer::Bootstrap);
        let use_bootstrap = self.nodes.is_empty() || self.rebootstrap;
        nodes.chain(bootstrap.filter(move |_| use_bootstrap))
    }

    /// Deadlines of connections, and ends of silence.
    pub(crate) fn offer_timers(&self, settings: &Settings, now: Instant, wake: &mut Wake) {
        for conn in self.conns.values() {
            if let ConnState::Dialing { deadline } = conn.state {
                wake.offer(deadline, Timer::ConnectionSetup(conn.id));
            }
            let Some(stream) = conn.stream() else {
                continue;
            };
            #[cfg(feature = "sasl")]
            if let Some(at) = conn.awaits_given_until(settings.request_timeout) {
                wake.offer(at, Timer::RequestTimeout(conn.id));
            }
            if let Some(at) = stream.timeout_at(settings.request_timeout) {
                wake.offer(at, Timer::RequestTimeout(conn.id));
            }
            if let Some(at) = settings.max_idle.and_then(|limit| stream.idle_at(limit)) {
                wake.offer(at, Timer::IdleConnection(conn.id));
            }
        }
        for (id, node) in self.nodes.iter() {
            if node.quiet_until > now {
                wake.offer(node.quiet_until, Timer::Throttle(*id));
            }
        }
    }

    /// Ends of backoff, for peers that somebody wants to reach.
    pub(crate) fn offer_reconnects(&self, now: Instant, wants: &Wants, wake: &mut Wake) {
        #[cfg(feature = "sasl")]
        if self.locked_out {
            return;
        }
        let anybody = self.candidates().filter(|_| wants.anybody);
        let leaders = wants.nodes.iter().map(|id| Peer::Node(*id));
        for peer in anybody.chain(leaders) {
            if let Some(link) = self.link(peer)
                && link.conn.is_none()
                && link.not_before > now
            {
                wake.offer(link.not_before, Timer::Reconnect(peer.node()));
            }
        }
    }
}

/// Who is to be reached.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wants {
    /// Any broker will do.
    pub(crate) anybody: bool,
    /// Leaders of partitions with batches to send.
    pub(crate) nodes: Vec<NodeId>,
}
