//! A [`Cluster`] behind real TCP listeners, driven by the real clock (feature `tcp`).
//!
//! For development and tests: what is produced to it is in memory and gone when it ends.

mod actor;
mod connection;

use std::{
    collections::BTreeMap,
    io,
    net::{IpAddr, SocketAddr},
    time::SystemTime,
};

use ottla_broker::{Endpoint, NewTopic, NodeId, Settings, TopicOutcome};
use ottla_sorted::SortedMap;
use tokio::{
    net::TcpListener,
    sync::{mpsc, oneshot},
    task::JoinHandle,
};

use crate::{BrokerState, Cluster, ClusterSetup, Delays};
use actor::{Actor, Event};

/// How a served cluster is built.
#[derive(Clone, Debug)]
pub struct ServerOptions {
    /// Number of brokers, with node ids from 1.
    pub brokers: u16,
    /// The address to listen on, and to advertise unless `advertised_host` says otherwise.
    pub host: IpAddr,
    /// Port of the first broker; the others follow. 0: ports that the system picks.
    pub port_base: u16,
    /// The host that clients are told.
    pub advertised_host: Option<String>,
    /// Settings of the brokers.
    pub settings: Settings,
    /// Topics that exist from the beginning.
    pub topics: Vec<NewTopic>,
}

impl Default for ServerOptions {
    /// Three brokers on loopback, on ports that the system picks; new topics have as many replicas.
    fn default() -> Self {
        Self {
            brokers: 3,
            host: IpAddr::from([127, 0, 0, 1]),
            port_base: 0,
            advertised_host: None,
            settings: Settings {
                default_replication_factor: 3,
                ..Settings::default()
            },
            topics: Vec::new(),
        }
    }
}

/// What can be done to a broker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// SIGKILL.
    Kill,
    /// SIGTERM.
    Stop,
    /// Start a dead one.
    Restart,
    /// SIGSTOP.
    Pause,
    /// SIGCONT.
    Resume,
}

/// A cluster that is being served. It ends when this is dropped.
#[derive(Debug)]
pub struct Server {
    addresses: BTreeMap<NodeId, SocketAddr>,
    advertised: Vec<String>,
    events: mpsc::Sender<Event>,
    actor: JoinHandle<()>,
}

impl Server {
    /// Binds the listeners and serves. All brokers are up when this returns.
    ///
    /// # Errors
    /// When a port cannot be bound, or a topic cannot be created.
    pub async fn start(options: ServerOptions) -> io::Result<Self> {
        let mut listeners = BTreeMap::new();
        let mut brokers = SortedMap::new();
        for index in 0..options.brokers {
            let node = NodeId::from(index) + 1;
            let port = if options.port_base == 0 {
                Some(0)
            } else {
                options.port_base.checked_add(index)
            };
            let port =
                port.ok_or_else(|| io::Error::other("the ports of the last brokers are above 65535"))?;
            let listener = bind(SocketAddr::new(options.host, port)).await?;
            let host = options
                .advertised_host
                .clone()
                .unwrap_or_else(|| options.host.to_string());
            brokers.insert(
                node,
                Endpoint {
                    host,
                    port: listener.local_addr()?.port(),
                    rack: None,
                },
            );
            listeners.insert(node, listener);
        }
        let mut addresses = BTreeMap::new();
        for (&node, listener) in &listeners {
            addresses.insert(node, listener.local_addr()?);
        }
        let advertised = brokers
            .values()
            .map(|it| display_address(&it.host, it.port))
            .collect();
        let epoch_ms = SystemTime::UNIX_EPOCH
            .elapsed()
            .map_or(0, |since| since.as_millis() as i64);
        let mut cluster = Cluster::new(ClusterSetup {
            seed: epoch_ms.unsigned_abs(),
            cluster_id: "ottla-dev-cluster".to_owned(),
            brokers,
            settings: options.settings,
            delays: Delays::default(),
            epoch_ms,
            observe: false,
        });
        for topic in &options.topics {
            let outcome = cluster.create_topic(0, topic);
            if !outcome.error.is_ok() {
                let why = outcome.message.unwrap_or_else(|| outcome.error.name().to_owned());
                return Err(io::Error::new(
                    io::ErrorKind::InvalidInput,
                    format!("topic '{}': {why}", topic.name),
                ));
            }
        }
        let (events, inbox) = mpsc::channel(1_024);
        let actor = Actor::new(cluster, addresses.clone(), events.clone(), inbox);
        let actor = tokio::spawn(actor.run(listeners));
        Ok(Self {
            addresses,
            advertised,
            events,
            actor,
        })
    }

    /// What to give clients as `bootstrap.servers`.
    #[must_use]
    pub fn bootstrap(&self) -> String {
        self.advertised.join(",")
    }

    /// Where each broker listens.
    #[must_use]
    pub fn addresses(&self) -> &BTreeMap<NodeId, SocketAddr> {
        &self.addresses
    }

    /// Does something to a broker. `false` if there is no such broker or it is not in a state for that.
    pub async fn order(&self, node: NodeId, order: Order) -> bool {
        self.ask(|reply| Event::Order { node, order, reply })
            .await
            .unwrap_or(false)
    }

    /// Kills a broker (SIGKILL).
    pub async fn kill(&self, node: NodeId) -> bool {
        self.order(node, Order::Kill).await
    }

    /// Starts a dead broker. It takes connections when it has registered: after its former session, 9 s by default.
    pub async fn restart(&self, node: NodeId) -> bool {
        self.order(node, Order::Restart).await
    }

    /// Creates a topic.
    pub async fn create_topic(&self, topic: NewTopic) -> Option<TopicOutcome> {
        self.ask(|reply| Event::CreateTopic { topic, reply }).await
    }

    /// The state of each broker.
    pub async fn states(&self) -> Vec<(NodeId, BrokerState)> {
        self.ask(|reply| Event::States { reply })
            .await
            .unwrap_or_default()
    }

    async fn ask<T>(&self, event: impl FnOnce(oneshot::Sender<T>) -> Event) -> Option<T> {
        let (reply, answer) = oneshot::channel();
        self.events.send(event(reply)).await.ok()?;
        answer.await.ok()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.actor.abort();
    }
}

async fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let explain =
        |error: io::Error| io::Error::new(error.kind(), format!("cannot listen on {address}: {error}"));
    TcpListener::bind(address).await.map_err(explain)
}

fn display_address(host: &str, port: u16) -> String {
    if host.contains(':') {
        format!("[{host}]:{port}")
    } else {
        format!("{host}:{port}")
    }
}
