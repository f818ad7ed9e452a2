//! Listeners: from accepted sockets to sessions, and the orderly end of all of them.

use std::convert::Infallible;
use std::fmt;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, watch};
use tokio::time::{Instant, sleep};

use crate::admission::{Admission, Place};
use crate::cluster::Directory;
use crate::config::{Config, Limits, Listener};
use crate::gateway::Gateway;
use crate::session::Session;
use crate::workers::Workers;
use crate::{admin, socket, upgrade};

/// HTTP requests may have this many headers, in at most 16 KiB.
const MAX_HEADERS: usize = 64;
const MAX_HEADER_BYTES: usize = 16 * 1024;
/// Connections that may wait to be accepted.
const BACKLOG: u32 = 1024;
/// After an error of `accept` (no file descriptors left, for instance) it is tried again after this time.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// The bridge, not yet bound.
#[derive(Debug)]
pub struct Bridge;

/// A bridge whose listeners are bound: connections queue, and [`run`](Self::run) serves them.
pub struct BoundBridge {
    listeners: Vec<(TcpListener, Arc<Listener>)>,
    admin: Option<TcpListener>,
    local_addrs: Vec<SocketAddr>,
    admin_addr: Option<SocketAddr>,
    shared: Arc<Shared>,
    shut_down: watch::Sender<bool>,
    finished: mpsc::Receiver<Infallible>,
}

/// What every connection needs.
struct Shared {
    gateway: Arc<Gateway>,
    clusters: Vec<Arc<Directory>>,
    admission: Arc<Admission>,
    handshakes: Arc<Semaphore>,
    workers: Arc<Workers>,
    /// Held by every connection; all of them are gone when the receiver ends.
    alive: mpsc::Sender<Infallible>,
}

/// Why a listener could not be bound.
#[derive(Debug)]
pub struct BindError {
    address: SocketAddr,
    source: io::Error,
}

impl fmt::Display for BindError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { address, source } = self;
        write!(f, "cannot listen on {address}: {source}; ")?;
        match source.kind() {
            io::ErrorKind::AddrInUse => write!(
                f,
                "stop what listens there, or choose another port in the configuration"
            ),
            io::ErrorKind::PermissionDenied => write!(f, "choose a port above 1023 in the configuration"),
            io::ErrorKind::InvalidInput => {
                write!(
                    f,
                    "this bridge has no tokens yet: bind 127.0.0.1 or [::1] in the configuration"
                )
            }
            _ => write!(f, "check the address in the configuration"),
        }
    }
}

impl std::error::Error for BindError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.source)
    }
}

impl Bridge {
    /// Binds every listener of the configuration. No broker is contacted.
    ///
    /// # Errors
    /// The first address that cannot be bound, or that is not loopback.
    pub async fn bind(config: Config) -> Result<BoundBridge, BindError> {
        let (shut_down, shutdown) = watch::channel(false);
        let (alive, finished) = mpsc::channel(1);
        let mut listeners = Vec::with_capacity(config.listeners.len());
        let mut local_addrs = Vec::with_capacity(config.listeners.len());
        let limits = config.limits;
        for listener in config.listeners {
            let (socket, address) = bind(listener.bind, &limits)?;
            local_addrs.push(address);
            listeners.push((socket, Arc::new(listener)));
        }
        let (admin, admin_addr) = match config.admin {
            Some(address) => bind(address, &limits).map(|(socket, address)| (Some(socket), Some(address)))?,
            None => (None, None),
        };
        let directory = |cluster| Arc::new(Directory::new(cluster, &limits));
        let shared = Arc::new(Shared {
            clusters: config.clusters.into_iter().map(directory).collect(),
            admission: Arc::new(Admission::new(&limits)),
            handshakes: Arc::new(Semaphore::new(
                usize::try_from(limits.handshakes).unwrap_or(usize::MAX >> 3),
            )),
            gateway: Arc::new(Gateway::new(limits, shutdown)),
            workers: Arc::new(Workers::start()),
            alive,
        });
        Ok(BoundBridge {
            listeners,
            admin,
            local_addrs,
            admin_addr,
            shared,
            shut_down,
            finished,
        })
    }
}

/// The configuration has checked this already; a configuration made in code has not.
fn bind(address: SocketAddr, limits: &Limits) -> Result<(TcpListener, SocketAddr), BindError> {
    let failed = |source| BindError { address, source };
    if !address.ip().is_loopback() {
        return Err(failed(io::Error::new(
            io::ErrorKind::InvalidInput,
            "not a loopback address",
        )));
    }
    let socket = listen(address, limits.kernel_buffer_bytes).map_err(failed)?;
    let bound = socket.local_addr().map_err(failed)?;
    Ok((socket, bound))
}

fn listen(address: SocketAddr, kernel_buffer_bytes: u64) -> io::Result<TcpListener> {
    let socket = socket::bounded(address, kernel_buffer_bytes)?;
    // As TcpListener::bind does: connections of the bridge before, which linger, do not keep this one from its address.
    #[cfg(unix)]
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

impl BoundBridge {
    /// Where WebSockets are accepted, in the order of the configuration, with the ports that the system chose.
    pub fn local_addrs(&self) -> &[SocketAddr] {
        &self.local_addrs
    }

    /// Where metrics and health are served.
    pub fn admin_addr(&self) -> Option<SocketAddr> {
        self.admin_addr
    }

    /// Serves until `shutdown` is ready, and then until every connection has got the answers that it waits for, at
    /// most `drain_timeout_ms` and a few seconds.
    pub async fn run(self, shutdown: impl Future<Output = ()>) {
        let Self {
            listeners,
            admin,
            shared,
            shut_down,
            mut finished,
            ..
        } = self;
        for (socket, listener) in listeners {
            tokio::spawn(accept_clients(Arc::clone(&shared), socket, listener));
        }
        let admin = admin.map(|socket| tokio::spawn(accept_admin(Arc::clone(&shared), socket)));
        shutdown.await;
        tracing::info!("shutting down: no new connections, requests in flight are finished");
        shut_down.send_replace(true);
        let workers = Arc::clone(&shared.workers);
        drop(shared);
        while finished.recv().await.is_some() {}
        drop(workers);
        if let Some(admin) = admin {
            // It answered /health until the end.
            admin.abort();
        }
    }
}

async fn accept_clients(shared: Arc<Shared>, socket: TcpListener, listener: Arc<Listener>) {
    let mut shutdown = shared.gateway.shutdown.clone();
    let shutting_down = async move {
        drop(shutdown.wait_for(|shutting_down| *shutting_down).await);
    };
    let accept = async {
        loop {
            // Taken first: a flood waits in the kernel, not here.
            let Ok(handshake) = Arc::clone(&shared.handshakes).acquire_owned().await else {
                return;
            };
            match socket.accept().await {
                Ok((stream, peer)) => {
                    tokio::spawn(serve(
                        Arc::clone(&shared),
                        Arc::clone(&listener),
                        stream,
                        peer,
                        handshake,
                    ));
                }
                Err(error) => {
                    tracing::warn!(%error, "cannot accept");
                    sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    };
    tokio::select! {
        () = accept => {}
        () = shutting_down => {}
    }
}

/// Serves HTTP on a new connection, until it is a WebSocket or refused.
async fn serve(
    shared: Arc<Shared>,
    listener: Arc<Listener>,
    stream: TcpStream,
    peer: SocketAddr,
    handshake: OwnedSemaphorePermit,
) {
    if stream.set_nodelay(true).is_err() {
        return;
    }
    let timeout = shared.gateway.limits.header_timeout();
    let answer = |request| std::future::ready(Ok::<_, Infallible>(open(&shared, &listener, peer, request)));
    let connection = http(timeout)
        .serve_connection(TokioIo::new(stream), service_fn(answer))
        .with_upgrades();
    if let Err(error) = connection.await {
        tracing::debug!(%peer, %error, "no request arrived");
    }
    drop(handshake);
}

fn http(header_timeout: Duration) -> http1::Builder {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(header_timeout)
        .max_headers(MAX_HEADERS)
        .max_buf_size(MAX_HEADER_BYTES);
    http
}

/// Answers the request that should open a WebSocket, and starts its session if it may.
fn open(
    shared: &Arc<Shared>,
    listener: &Arc<Listener>,
    peer: SocketAddr,
    request: Request<Incoming>,
) -> Response<String> {
    let (parts, body) = request.into_parts();
    let judged = upgrade::judge(listener, &shared.clusters, &parts).and_then(|wanted| {
        let place = shared
            .admission
            .admit(peer.ip(), listener.class, Instant::now())?;
        Ok((wanted, place))
    });
    match judged {
        Ok((wanted, place)) => {
            let response = upgrade::switching_protocols(&wanted);
            let session = Session {
                gateway: Arc::clone(&shared.gateway),
                listener: Arc::clone(listener),
                directory: wanted.directory,
                target: wanted.target,
            };
            let request = Request::from_parts(parts, body);
            tokio::spawn(start(Arc::clone(shared), session, place, request));
            response
        }
        Err(refusal) => {
            shared.gateway.metrics.refused_upgrade(refusal.status());
            refusal.into_response()
        }
    }
}

/// Takes the socket back from HTTP and lets a worker run the session on it.
async fn start(shared: Arc<Shared>, session: Session, place: Place, request: Request<Incoming>) {
    let Ok(upgraded) = hyper::upgrade::on(request).await else {
        return;
    };
    let Ok(parts) = upgraded.downcast::<TokioIo<TcpStream>>() else {
        unreachable!("every connection is served on a TokioIo<TcpStream>");
    };
    // The event loop that watched it lets it go; the worker's will watch it.
    let Ok(socket) = parts.io.into_inner().into_std() else {
        return;
    };
    let alive = shared.alive.clone();
    shared.workers.spawn(async move {
        let Ok(socket) = TcpStream::from_std(socket) else {
            return;
        };
        let gateway = Arc::clone(&session.gateway);
        gateway.metrics.upgrades.inc();
        gateway.metrics.connections.inc();
        session.run(socket, &parts.read_buf).await;
        gateway.metrics.connections.dec();
        drop((place, alive));
    });
}

async fn accept_admin(shared: Arc<Shared>, socket: TcpListener) {
    let gateway = Arc::clone(&shared.gateway);
    // Holding `shared` would keep the bridge from ever being finished.
    drop(shared);
    let slots = Arc::new(Semaphore::new(16));
    loop {
        let Ok(slot) = Arc::clone(&slots).acquire_owned().await else {
            return;
        };
        let Ok((stream, _)) = socket.accept().await else {
            sleep(ACCEPT_PAUSE).await;
            continue;
        };
        let gateway = Arc::clone(&gateway);
        tokio::spawn(async move {
            let timeout = gateway.limits.header_timeout();
            let answer = |request| std::future::ready(admin::answer(&gateway, &request));
            // A collector that hangs up is no event.
            drop(
                http(timeout)
                    .serve_connection(TokioIo::new(stream), service_fn(answer))
                    .await,
            );
            drop(slot);
        });
    }
}
