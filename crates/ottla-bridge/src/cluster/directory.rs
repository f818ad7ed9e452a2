//! Finds the broker that a client asked for by number.

use std::fmt;
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ottla_wire::messages::api_versions::{ApiVersionsRequest, ApiVersionsResponse};
use ottla_wire::messages::metadata::{MetadataRequest, MetadataResponse};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};

use super::dial::{Unreachable, ask, connect};
use super::nodes::KnownNodes;
use crate::close::{Close, CloseCode};
use crate::config::{Cluster, HostPort, Limits};
use crate::policy::ApiTable;

/// The broker that a path names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// Any broker: the client wants to find out about the cluster.
    Any,
    /// The broker with this node id.
    Node(i32),
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => f.write_str("any broker"),
            Self::Node(id) => write!(f, "broker {id}"),
        }
    }
}

/// A connection to a broker, and what it can do.
pub(crate) struct Dialled {
    pub(crate) stream: TcpStream,
    pub(crate) apis: ApiTable,
}

/// Asking again sooner would let clients that ask for node ids that do not exist load the brokers.
const REFRESH_INTERVAL: Duration = Duration::from_millis(250);
/// An answer to ApiVersions is a few hundred bytes.
const MAX_VERSIONS_LEN: u64 = 65_536;
/// Before flexible encoding, and known to every broker since 0.11 and including 4.x.
const METADATA_VERSION: i16 = 4;

/// What the bridge knows of one cluster.
pub(crate) struct Directory {
    cluster: Cluster,
    dial_timeout: Duration,
    max_answer_len: u64,
    kernel_buffer_bytes: u64,
    nodes: Mutex<KnownNodes>,
    /// When Metadata was last asked for; held while it is being asked for, so that one asks for all who wait.
    refreshed: tokio::sync::Mutex<Option<Instant>>,
    /// Where the next search through the bootstrap list begins.
    next_bootstrap: AtomicUsize,
}

impl Directory {
    pub(crate) fn new(cluster: Cluster, limits: &Limits) -> Self {
        Self {
            dial_timeout: limits.dial_timeout(),
            max_answer_len: limits.response_bytes,
            kernel_buffer_bytes: limits.kernel_buffer_bytes,
            nodes: Mutex::new(KnownNodes::new(&cluster.bootstrap)),
            refreshed: tokio::sync::Mutex::new(None),
            next_bootstrap: AtomicUsize::new(0),
            cluster,
        }
    }

    pub(crate) fn cluster(&self) -> &Cluster {
        &self.cluster
    }

    pub(crate) fn nodes(&self) -> MutexGuard<'_, KnownNodes> {
        // Learning an address cannot leave the map half changed.
        self.nodes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Connects to a broker. The reason of a failure names no address, since a client will read it.
    pub(crate) async fn dial(&self, target: Target) -> Result<Dialled, Close> {
        let failed = |why: String| {
            let name = &self.cluster.name;
            Close::new(
                CloseCode::Busy,
                format!("{target} of cluster {name} cannot be reached: {why}"),
            )
        };
        match timeout(self.dial_timeout, self.try_dial(target)).await {
            Ok(Ok(dialled)) => Ok(dialled),
            Ok(Err(error)) => Err(failed(self.without_addresses(&error))),
            Err(_) => Err(failed("no answer in time".to_owned())),
        }
    }

    async fn try_dial(&self, target: Target) -> io::Result<Dialled> {
        let node_id = match target {
            Target::Any => return introduce(self.connect_any().await?).await,
            Target::Node(node_id) => node_id,
        };
        let known = self.address_of(node_id);
        let mut failure = io::Error::new(io::ErrorKind::NotFound, "the cluster has no such broker now");
        if let Some(address) = &known {
            match self.connect(address).await {
                Ok(stream) => return introduce(stream).await,
                Err(error) => failure = error,
            }
        }
        self.refresh().await?;
        match self.address_of(node_id) {
            Some(address) if Some(&address) != known.as_ref() => {
                introduce(self.connect(&address).await?).await
            }
            _ => Err(failure),
        }
    }

    fn address_of(&self, node_id: i32) -> Option<HostPort> {
        self.nodes().get(node_id).cloned()
    }

    async fn connect(&self, address: &HostPort) -> io::Result<TcpStream> {
        connect(address, &self.cluster.networks, self.kernel_buffer_bytes)
            .await
            .inspect_err(|error| {
                tracing::warn!(cluster = self.cluster.name, broker = %address, %error, "cannot connect");
            })
    }

    /// Tries the bootstrap brokers, beginning with another one each time, and then the brokers that are known.
    async fn connect_any(&self) -> io::Result<TcpStream> {
        let bootstrap = &self.cluster.bootstrap;
        let first = self.next_bootstrap.fetch_add(1, Ordering::Relaxed) % bootstrap.len().max(1);
        let mut candidates: Vec<HostPort> = bootstrap[first..]
            .iter()
            .chain(&bootstrap[..first])
            .cloned()
            .collect();
        candidates.extend(self.nodes().addresses().cloned());
        // One that swallows packets must not use up the time of the others.
        let each = self.dial_timeout / u32::try_from(candidates.len().min(4)).unwrap_or(4);
        let mut failure = io::Error::from(io::ErrorKind::NotFound);
        for address in &candidates {
            match timeout(each, self.connect(address)).await {
                Ok(Ok(stream)) => return Ok(stream),
                Ok(Err(error)) => failure = error,
                Err(_) => failure = io::ErrorKind::TimedOut.into(),
            }
        }
        Err(failure)
    }

    /// Asks the cluster who its brokers are.
    async fn refresh(&self) -> io::Result<()> {
        let mut refreshed = self.refreshed.lock().await;
        if refreshed.is_some_and(|at| at.elapsed() < REFRESH_INTERVAL) {
            return Ok(());
        }
        let mut stream = self.connect_any().await?;
        let no_topics = MetadataRequest {
            topics: Some(Vec::new()),
            ..Default::default()
        };
        let response: MetadataResponse =
            ask(&mut stream, METADATA_VERSION, &no_topics, self.max_answer_len).await?;
        let mut nodes = self.nodes();
        for broker in response.brokers {
            nodes.learn(broker.node_id, broker.host, broker.port);
        }
        *refreshed = Some(Instant::now());
        Ok(())
    }

    /// What a client may read: neither the address that was dialled, nor a host that a text from elsewhere names.
    fn without_addresses(&self, error: &io::Error) -> String {
        let dialled = error
            .get_ref()
            .and_then(|inner| inner.downcast_ref::<Unreachable>());
        let text = dialled.map_or_else(|| error.to_string(), |dialled| dialled.why.to_string());
        if self.nodes().mentioned_in(&text) {
            error.kind().to_string()
        } else {
            text
        }
    }
}

/// Asks a broker what it can do, as every Kafka client does first.
async fn introduce(mut stream: TcpStream) -> io::Result<Dialled> {
    let request = ApiVersionsRequest::default();
    let response: ApiVersionsResponse = ask(&mut stream, 0, &request, MAX_VERSIONS_LEN).await?;
    if !response.error_code.is_ok() {
        return Err(io::Error::other(format!(
            "it refuses ApiVersions: {}",
            response.error_code.name()
        )));
    }
    Ok(Dialled {
        stream,
        apis: ApiTable::intersect(&response.api_keys),
    })
}
