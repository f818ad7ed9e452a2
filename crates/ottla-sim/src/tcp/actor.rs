//! The task that owns the cluster: everything that happens is sent to it.

use std::{
    collections::{BTreeMap, BTreeSet},
    future::pending,
    net::SocketAddr,
    time::{Duration, Instant},
};

use bytes::Bytes;
use ottla_broker::{ConnId, Micros, NewTopic, NodeId, TopicOutcome};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{mpsc, oneshot},
    task::JoinHandle,
    time::{sleep, sleep_until},
};

use super::{Order, bind, connection::Client};
use crate::{BrokerState, Cluster, Output};

/// From so many unread bytes on nothing more is read from a connection.
const UNREAD_LIMIT: usize = 4 << 20;
/// How often a port that is still taken is tried again.
const BIND_AGAIN: Duration = Duration::from_millis(100);

/// What the actor hears.
#[derive(Debug)]
pub(super) enum Event {
    Accepted {
        node: NodeId,
        stream: TcpStream,
    },
    Received {
        conn: ConnId,
        bytes: Bytes,
    },
    Gone {
        conn: ConnId,
    },
    Order {
        node: NodeId,
        order: Order,
        reply: oneshot::Sender<bool>,
    },
    CreateTopic {
        topic: NewTopic,
        reply: oneshot::Sender<TopicOutcome>,
    },
    States {
        reply: oneshot::Sender<Vec<(NodeId, BrokerState)>>,
    },
}

#[derive(Debug)]
pub(super) struct Actor {
    cluster: Cluster,
    began: Instant,
    addresses: BTreeMap<NodeId, SocketAddr>,
    listening: BTreeMap<NodeId, JoinHandle<()>>,
    clients: BTreeMap<ConnId, Client>,
    held: BTreeSet<ConnId>,
    events: mpsc::Sender<Event>,
    inbox: mpsc::Receiver<Event>,
}

impl Actor {
    pub(super) fn new(
        cluster: Cluster,
        addresses: BTreeMap<NodeId, SocketAddr>,
        events: mpsc::Sender<Event>,
        inbox: mpsc::Receiver<Event>,
    ) -> Self {
        Self {
            cluster,
            began: Instant::now(),
            addresses,
            listening: BTreeMap::new(),
            clients: BTreeMap::new(),
            held: BTreeSet::new(),
            events,
            inbox,
        }
    }

    pub(super) async fn run(mut self, listeners: BTreeMap<NodeId, TcpListener>) {
        for (node, listener) in listeners {
            let task = tokio::spawn(accept(node, listener, self.events.clone()));
            self.listening.insert(node, task);
        }
        loop {
            let next = self.settle();
            let wake = async {
                match next {
                    Some(at) => sleep_until(at.into()).await,
                    None => pending().await,
                }
            };
            tokio::select! {
                event = self.inbox.recv() => match event {
                    Some(event) => self.handle(event),
                    None => return,
                },
                () = wake => {}
            }
        }
    }

    fn now(&self) -> Micros {
        Micros::try_from(self.began.elapsed().as_micros()).unwrap_or(Micros::MAX)
    }

    fn handle(&mut self, event: Event) {
        let now = self.now();
        match event {
            Event::Accepted { node, stream } => {
                // Without a broker the stream is dropped: the client is reset.
                if let Some(conn) = self.cluster.connect(node) {
                    self.clients
                        .insert(conn, Client::new(conn, stream, self.events.clone()));
                }
            }
            Event::Received { conn, bytes } => {
                self.cluster.receive(now, conn, bytes);
                if self.cluster.unread(conn) > UNREAD_LIMIT
                    && let Some(client) = self.clients.get(&conn)
                {
                    client.hold(true);
                    self.held.insert(conn);
                }
            }
            Event::Gone { conn } => {
                self.cluster.disconnect(conn);
                self.clients.remove(&conn);
                self.held.remove(&conn);
            }
            // Whoever asked may have gone; then nobody wants the reply.
            Event::Order { node, order, reply } => _ = reply.send(self.order(now, node, order)),
            Event::CreateTopic { topic, reply } => _ = reply.send(self.cluster.create_topic(now, &topic)),
            Event::States { reply } => {
                let state = |&node: &NodeId| Some((node, self.cluster.state(node)?));
                _ = reply.send(self.addresses.keys().filter_map(state).collect());
            }
        }
    }

    fn order(&mut self, now: Micros, node: NodeId, order: Order) -> bool {
        match order {
            Order::Kill => self.cluster.kill(now, node),
            Order::Stop => self.cluster.stop(now, node),
            Order::Restart => self.cluster.restart(now, node),
            Order::Pause => self.cluster.pause(now, node),
            Order::Resume => self.cluster.resume(now, node),
        }
    }

    /// Does everything that is due; gives the time of what comes next.
    fn settle(&mut self) -> Option<Instant> {
        let at = loop {
            match self.cluster.poll(self.now()) {
                Output::Send { conn, bytes } => self.send(conn, bytes),
                Output::Close { conn, .. } => {
                    self.held.remove(&conn);
                    if let Some(client) = self.clients.remove(&conn) {
                        client.close();
                    }
                }
                Output::Wait { at } => break at,
            }
        };
        let cluster = &self.cluster;
        let clients = &self.clients;
        self.held.retain(|conn| {
            let held = cluster.unread(*conn) > UNREAD_LIMIT;
            if let Some(client) = clients.get(conn).filter(|_| !held) {
                client.hold(false);
            }
            held
        });
        self.listen();
        self.began.checked_add(Duration::from_micros(at))
    }

    fn send(&mut self, conn: ConnId, bytes: Bytes) {
        let Some(client) = self.clients.get(&conn) else {
            return;
        };
        if !client.send(bytes) {
            self.cluster.disconnect(conn);
            self.held.remove(&conn);
            if let Some(client) = self.clients.remove(&conn) {
                client.close();
            }
        }
    }

    /// Lets exactly the brokers listen that take connections.
    fn listen(&mut self) {
        for (&node, &address) in &self.addresses {
            let should = self.cluster.listens(node);
            if should && !self.listening.contains_key(&node) {
                let events = self.events.clone();
                let task = tokio::spawn(async move {
                    loop {
                        match bind(address).await {
                            Ok(listener) => return accept(node, listener, events).await,
                            Err(_) => sleep(BIND_AGAIN).await,
                        }
                    }
                });
                self.listening.insert(node, task);
            } else if !should && let Some(task) = self.listening.remove(&node) {
                task.abort();
            }
        }
    }
}

impl Drop for Actor {
    fn drop(&mut self) {
        self.listening.values().for_each(JoinHandle::abort);
    }
}

async fn accept(node: NodeId, listener: TcpListener, events: mpsc::Sender<Event>) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                if events.send(Event::Accepted { node, stream }).await.is_err() {
                    return;
                }
            }
            // Out of descriptors, usually: it passes.
            Err(_) => sleep(BIND_AGAIN).await,
        }
    }
}
