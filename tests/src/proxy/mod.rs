//! A TCP proxy before a broker that knows where Kafka's requests and responses begin: it counts them, and cuts
//! connections at moments that no client can choose.

mod frames;
mod relay;

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use ottla_wire::ErrorCode;

/// Produce's api key, whose answers are worth losing.
pub const PRODUCE: i16 = 0;
/// Metadata's api key.
pub const METADATA: i16 = 3;
/// InitProducerId's api key.
pub const INIT_PRODUCER_ID: i16 = 22;

/// A request that passed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// Which connection, counted from 0 in the order of their acceptance.
    pub connection: usize,
    /// Kafka's api key.
    pub api_key: i16,
    /// Its version.
    pub api_version: i16,
    /// Its length without the length field, in bytes.
    pub length: usize,
}

/// When a connection is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// The request arrived here and no byte of it goes to the broker.
    BeforeRequest,
    /// The broker's whole answer arrived here, so what was asked is done, and no byte of it goes to the client.
    BeforeAnswer,
    /// Not at all: this answer and all later ones of the connection are kept from the client, as if the broker hung.
    Never,
}

#[derive(Debug)]
struct Cut {
    api_key: i16,
    moment: Moment,
    /// Requests of this kind that still pass before the one that is cut.
    to_pass: usize,
}

#[derive(Debug, Default)]
struct State {
    upstream: Option<String>,
    seen: Vec<Seen>,
    identities: Vec<ErrorCode>,
    planned: Vec<Cut>,
    cuts_made: usize,
    withheld: usize,
    delay: Duration,
    held: bool,
    connections: usize,
    sockets: Vec<TcpStream>,
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
    closing: AtomicBool,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state
            .lock()
            .expect("nothing panics while it holds this lock")
    }

    fn wait_while_held(&self) {
        let state = self.changed.wait_while(self.lock(), |state| state.held);
        drop(state.expect("nothing panics while it holds this lock"));
    }
}

/// The proxy; dropping it closes every connection.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    shared: Arc<Shared>,
    acceptor: Option<JoinHandle<()>>,
}

impl Proxy {
    /// Listens on a loopback port that the system picks. Until [`Proxy::set_upstream`], connections are closed
    /// as soon as they are accepted.
    ///
    /// # Panics
    /// When it cannot listen.
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a loopback port is free");
        let address = listener.local_addr().expect("it is bound");
        let shared = Arc::new(Shared::default());
        let for_acceptor = Arc::clone(&shared);
        let acceptor = std::thread::spawn(move || relay::accept(&listener, &for_acceptor));
        Self {
            address,
            shared,
            acceptor: Some(acceptor),
        }
    }

    /// Where clients connect.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where new connections go, as `host:port`.
    pub fn set_upstream(&self, upstream: &str) {
        self.shared.lock().upstream = Some(upstream.to_owned());
    }

    /// Cuts the connection of the `nth` request (from 1) of this kind, counted from now. Only that one.
    ///
    /// # Panics
    /// When `nth` is 0.
    pub fn cut(&self, api_key: i16, nth: usize, moment: Moment) {
        let to_pass = nth.checked_sub(1).expect("requests count from 1");
        self.shared.lock().planned.push(Cut {
            api_key,
            moment,
            to_pass,
        });
    }

    /// Lets every answer wait so long before it goes on to the client; answers that come together wait one after the
    /// other.
    pub fn delay_answers(&self, delay: Duration) {
        self.shared.lock().delay = delay;
    }

    /// Keeps all answers here until this is said to be over; they go on to the client then.
    pub fn hold_answers(&self, held: bool) {
        self.shared.lock().held = held;
        self.shared.changed.notify_all();
    }

    /// How many planned cuts have happened.
    pub fn cuts_made(&self) -> usize {
        self.shared.lock().cuts_made
    }

    /// How many answers arrived that [`Moment::Never`] kept from their client.
    pub fn withheld(&self) -> usize {
        self.shared.lock().withheld
    }

    /// Waits until `count` planned cuts have happened.
    ///
    /// # Panics
    /// After `limit`: whatever the test then looked at would have been for nothing.
    #[track_caller]
    pub fn wait_for_cuts(&self, count: usize, limit: Duration) {
        let end = Instant::now() + limit;
        let mut state = self.shared.lock();
        while state.cuts_made < count {
            let left = end.saturating_duration_since(Instant::now());
            assert!(
                !left.is_zero(),
                "waited {limit:?} for {count} cuts; {} were made",
                state.cuts_made
            );
            let waited = self.shared.changed.wait_timeout(state, left);
            state = waited.expect("nothing panics while it holds this lock").0;
        }
    }

    /// Closes all connections now, wherever they are.
    pub fn cut_all(&self) {
        for socket in self.shared.lock().sockets.drain(..) {
            relay::close(&socket);
        }
    }

    /// Every request that arrived, in order of arrival.
    pub fn seen(&self) -> Vec<Seen> {
        self.shared.lock().seen.clone()
    }

    /// How many requests of one kind arrived.
    pub fn count(&self, api_key: i16) -> usize {
        self.shared
            .lock()
            .seen
            .iter()
            .filter(|seen| seen.api_key == api_key)
            .count()
    }

    /// What the broker answered to each InitProducerId, in order.
    pub fn identities(&self) -> Vec<ErrorCode> {
        self.shared.lock().identities.clone()
    }

    /// How many connections were accepted.
    pub fn connections(&self) -> usize {
        self.shared.lock().connections
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.shared.closing.store(true, Ordering::SeqCst);
        self.hold_answers(false);
        // Wakes the acceptor; if that fails, it has ended already.
        drop(TcpStream::connect(self.address));
        if let Some(acceptor) = self.acceptor.take() {
            drop(acceptor.join());
        }
        self.cut_all();
    }
}

#[cfg(test)]
mod tests;
