//! What happens to connections, and what follows from it.

use alloc::vec::Vec;

use bytes::Bytes;
use ottla_trace::Event;
use ottla_wire::api::ApiKey;
use ottla_wire::encode_request;
use ottla_wire::messages::Message;
use ottla_wire::messages::api_versions::ApiVersionsRequest;

use super::{ConnState, Peer, RequestKind, Route, Stream};
use crate::engine::Engine;
#[cfg(feature = "sasl")]
use crate::io::Address;
use crate::io::{Chunks, ConnId, Output};
use crate::time::Instant;

const SOFTWARE: &str = "ottla";

impl Engine {
    /// Asks the shell for a connection, unless the peer has one or backs off.
    pub(crate) fn dial(&mut self, now: Instant, peer: Peer) {
        let Some(connection) = self.network.dial(now, peer, &self.settings, &mut self.rng) else {
            return;
        };
        let (conn, address) = (connection.id, connection.address.clone());
        self.tracer.emit(now, || Event::Dialing {
            conn: conn.0,
            node: peer.node(),
            address: alloc::format!("{address}"),
        });
        self.outbox.push_back(Output::Dial {
            conn,
            node: peer.node(),
            address,
        });
    }

    /// A connection for a request that any broker can answer; begins to make one when there is none.
    pub(crate) fn any_connection(&mut self, now: Instant) -> Option<ConnId> {
        match self.network.least_loaded(now, &self.settings, &mut self.rng) {
            Route::Conn(conn) => Some(conn),
            Route::Dial(peer) => {
                self.dial(now, peer);
                None
            }
            Route::Soon | Route::Blocked => None,
        }
    }

    /// The socket is open: agree on versions first.
    pub(crate) fn connected(&mut self, now: Instant, conn: ConnId) {
        let Some(connection) = self.network.conn_mut(conn) else {
            return;
        };
        if !matches!(connection.state, ConnState::Dialing { .. }) {
            debug_assert!(false, "Connected was reported twice for {conn:?}");
            return;
        }
        connection.state = ConnState::Negotiating {
            stream: Stream::new(now),
        };
        self.recorder.opened(now);
        self.tracer.emit(now, || Event::Connected { conn: conn.0 });
        self.ask_versions(now, conn, *ApiKey::ApiVersions.versions().end());
    }

    pub(crate) fn ask_versions(&mut self, now: Instant, conn: ConnId, version: i16) {
        let request = ApiVersionsRequest {
            client_software_name: SOFTWARE.into(),
            client_software_version: env!("CARGO_PKG_VERSION").into(),
        };
        self.request(now, conn, version, &request, RequestKind::ApiVersions);
    }

    /// Sends a small request.
    pub(crate) fn request<M: Message>(
        &mut self,
        now: Instant,
        conn: ConnId,
        version: i16,
        message: &M,
        kind: RequestKind,
    ) {
        let Some(stream) = self.network.stream_mut(conn) else {
            return;
        };
        let client_id = Some(&*self.settings.client_id);
        let Ok(bytes) = encode_request(stream.next_correlation(), client_id, version, message) else {
            unreachable!("the version was agreed on and every string fits");
        };
        self.transmit(now, conn, M::API, version, kind, alloc::vec![Bytes::from(bytes)]);
    }

    /// Hands an encoded request to the shell.
    pub(crate) fn transmit(
        &mut self,
        now: Instant,
        conn: ConnId,
        api: ApiKey,
        version: i16,
        kind: RequestKind,
        chunks: Vec<Bytes>,
    ) {
        let Some(stream) = self.network.stream_mut(conn) else {
            return;
        };
        let chunks = Chunks(chunks);
        let len = chunks.len();
        let correlation = stream.next_correlation();
        if self.tracer.is_on() {
            let batches = match &kind {
                RequestKind::Produce { batches, .. } => batches.iter().map(|(_, key)| key.id()).collect(),
                _ => Vec::new(),
            };
            let in_flight = stream.in_flight() as u32 + 1;
            self.tracer.emit(now, || Event::RequestQueued {
                conn: conn.0,
                correlation,
                api: api.name().into(),
                version,
                bytes: len as u32,
                batches,
                in_flight,
            });
        }
        stream.push(now, api, version, kind, len);
        self.counters.requests += 1;
        self.counters.bytes_out += len as u64;
        let node = self.network.node_of(conn);
        self.recorder.sent(now, node, len);
        self.outbox.push_back(Output::Transmit { conn, chunks });
    }

    /// Bytes left the process.
    pub(crate) fn written(&mut self, now: Instant, conn: ConnId, count: usize) {
        let Some(stream) = self.network.stream_mut(conn) else {
            return;
        };
        let tracer = &mut self.tracer;
        stream.wrote(now, count, |request| {
            let correlation = request.correlation;
            tracer.emit(now, || Event::RequestWritten {
                conn: conn.0,
                correlation,
            });
        });
        self.dirty = true;
        self.complete_unanswered(now, conn);
    }

    /// Completes requests that get no answer (`acks=0`) and are written.
    fn complete_unanswered(&mut self, now: Instant, conn: ConnId) {
        while let Some(request) = self
            .network
            .stream_mut(conn)
            .and_then(Stream::take_written_unanswered)
        {
            self.unanswered(now, request);
        }
    }

    pub(crate) fn unanswered(&mut self, now: Instant, request: super::Request) {
        if let RequestKind::Produce { batches, .. } = request.kind {
            self.produce_unanswered(now, &batches);
        }
    }

    /// The shell lost the connection, or could not make it.
    pub(crate) fn closed(&mut self, now: Instant, conn: ConnId, why: &str) {
        #[cfg(feature = "sasl")]
        if let Some(hint) = self.network.conn(conn).and_then(hint) {
            let why = alloc::format!("{why}; {hint}");
            return self.drop_connection(now, conn, &why, Loss::Disconnected);
        }
        self.drop_connection(now, conn, why, Loss::Disconnected);
    }

    /// Ends a connection because of its peer's behaviour.
    pub(crate) fn fault(&mut self, now: Instant, conn: ConnId, why: &str) {
        self.outbox.push_back(Output::Hangup { conn });
        self.drop_connection(now, conn, why, Loss::Disconnected);
    }

    /// Ends a connection that is not needed.
    pub(crate) fn hang_up(&mut self, now: Instant, conn: ConnId, why: &str) {
        self.outbox.push_back(Output::Hangup { conn });
        self.drop_connection(now, conn, why, Loss::Wanted);
    }

    pub(crate) fn drop_connection(&mut self, now: Instant, conn: ConnId, why: &str, loss: Loss) {
        let Some(mut connection) = self.network.remove(conn) else {
            return;
        };
        let peer = connection.peer;
        if loss != Loss::Wanted {
            self.network.back_off(now, peer, &self.settings, &mut self.rng);
            // Shells that know the name that they looked up say it themselves.
            let address = alloc::format!("{}", connection.address);
            let failure = if why.starts_with(&address) {
                why.into()
            } else {
                alloc::format!("{address}: {why}")
            };
            self.network.note_failure(failure);
            self.counters.connections_lost += 1;
        }
        self.tracer.emit(now, || Event::Disconnected {
            conn: conn.0,
            node: peer.node(),
            because: why.into(),
        });
        self.dirty = true;
        if let Some(stream) = connection.stream_mut() {
            self.recorder.closed(now);
            for request in stream.take_all() {
                self.request_lost(now, request.kind, loss);
            }
        }
        if loss != Loss::Wanted && peer.node().is_some() {
            // A broker that went away usually led something.
            self.refresh.want_all("a connection was lost");
        }
    }

    fn request_lost(&mut self, now: Instant, kind: RequestKind, loss: Loss) {
        match kind {
            RequestKind::ApiVersions => {}
            #[cfg(feature = "sasl")]
            RequestKind::SaslHandshake | RequestKind::SaslAuthenticate => {}
            RequestKind::Metadata { topics } => self.metadata_failed(now, &topics),
            RequestKind::InitProducerId => self.identity_failed(now),
            RequestKind::Produce { batches, .. } => self.produce_lost(now, &batches, loss),
        }
    }

    /// Closes what took too long to open or to answer, and what nobody used for long.
    pub(crate) fn expire_connections(&mut self, now: Instant) {
        let mut over = Vec::new();
        for conn in self.network.conns() {
            if let Some(verdict) = self.verdict(now, conn) {
                over.push((conn.id, verdict));
            }
        }
        for (conn, verdict) in over {
            let limit = self.settings.request_timeout.as_millis() as u64;
            match verdict {
                Verdict::Idle => self.hang_up(now, conn, "idle for connections.max.idle.ms"),
                Verdict::NotOpen => {
                    self.fault(now, conn, "not open within socket.connection.setup.timeout.ms");
                }
                #[cfg(feature = "sasl")]
                Verdict::NothingGiven => {
                    self.fault(now, conn, "no token was given within request.timeout.ms");
                }
                Verdict::NoAnswer => {
                    let why = alloc::format!("no answer within {limit} ms (request.timeout.ms)");
                    self.outbox.push_back(Output::Hangup { conn });
                    self.drop_connection(now, conn, &why, Loss::TimedOut);
                }
            }
        }
    }

    fn verdict(&self, now: Instant, conn: &super::Connection) -> Option<Verdict> {
        match &conn.state {
            ConnState::Dialing { deadline } => (*deadline <= now).then_some(Verdict::NotOpen),
            #[cfg(feature = "sasl")]
            ConnState::LoggingIn { stream, .. } => {
                let given = conn.awaits_given_until(self.settings.request_timeout);
                if given.is_some_and(|at| at <= now) {
                    return Some(Verdict::NothingGiven);
                }
                self.verdict_of(now, stream)
            }
            ConnState::Negotiating { stream } | ConnState::Ready { stream, .. } => {
                self.verdict_of(now, stream)
            }
        }
    }

    fn verdict_of(&self, now: Instant, stream: &Stream) -> Option<Verdict> {
        let settings = &self.settings;
        if stream
            .timeout_at(settings.request_timeout)
            .is_some_and(|at| at <= now)
        {
            return Some(Verdict::NoAnswer);
        }
        let idle = settings.max_idle.and_then(|limit| stream.idle_at(limit));
        idle.filter(|at| *at <= now).map(|_| Verdict::Idle)
    }
}

/// How a connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Loss {
    /// `NETWORK_EXCEPTION` for its requests.
    Disconnected,
    /// `REQUEST_TIMED_OUT` for its requests.
    TimedOut,
    /// By us, for no fault of the peer.
    Wanted,
}

enum Verdict {
    NotOpen,
    NoAnswer,
    #[cfg(feature = "sasl")]
    NothingGiven,
    Idle,
}

/// What a connection that ended tells by how far it came: listeners that want something else just hang up.
#[cfg(feature = "sasl")]
fn hint(connection: &super::Connection) -> Option<&'static str> {
    let stream = connection.stream()?;
    match (stream.answered(), &connection.state, &connection.address) {
        (_, _, Address::Bridge { .. }) => None,
        (0, ConnState::Negotiating { .. }, _) => {
            Some("it answered nothing: does its listener speak what security.protocol says?")
        }
        (1, ConnState::Ready { .. }, _) if stream.in_flight() > 0 => Some(
            "it answered nothing but ApiVersions: does its listener want a login (security.protocol=SASL_...)?",
        ),
        _ => None,
    }
}
