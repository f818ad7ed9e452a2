//! Bytes in, answers out.

use bytes::Bytes;
use ottla_trace::Event;
use ottla_wire::api::ApiKey;
use ottla_wire::codec::Codec;
#[cfg(feature = "sasl")]
use ottla_wire::frame::FrameError;
use ottla_wire::messages::Message;
use ottla_wire::messages::api_versions::ApiVersionsResponse;
use ottla_wire::messages::init_producer_id::InitProducerIdResponse;
use ottla_wire::messages::metadata::MetadataResponse;
use ottla_wire::messages::produce::ProduceResponse;
use ottla_wire::{decode_response, peek_correlation_id};

use super::{ConnState, Request, RequestKind, Versions};
use crate::engine::Engine;
use crate::io::ConnId;
use crate::time::{Instant, micros};

/// Produce below this version may not carry zstd (KIP-110).
const ZSTD_SINCE: i16 = 7;

impl Engine {
    /// Takes any piece of a connection's stream.
    pub(crate) fn received(&mut self, now: Instant, conn: ConnId, bytes: Bytes) {
        let Some(stream) = self.network.stream_mut(conn) else {
            return;
        };
        self.counters.bytes_in += bytes.len() as u64;
        let count = bytes.len();
        stream.frames.push(bytes);
        let node = self.network.node_of(conn);
        self.recorder.received(now, node, count);
        // An answer may end the connection: it is looked up for each frame.
        while let Some(stream) = self.network.stream_mut(conn) {
            match stream.frames.next_frame() {
                Ok(Some(frame)) => self.answered(now, conn, &frame),
                Ok(None) => return,
                Err(error) => {
                    #[cfg(feature = "sasl")]
                    if let Some(why) = not_a_frame(&error) {
                        return self.fault(now, conn, why);
                    }
                    return self.fault(now, conn, &alloc::format!("{error}"));
                }
            }
        }
    }

    fn answered(&mut self, now: Instant, conn: ConnId, frame: &Bytes) {
        self.dirty = true;
        // An answer to a later request shows that earlier ones were written, whatever the shell has reported.
        while let Some(stream) = self.network.stream_mut(conn)
            && stream.front().is_some_and(Request::is_unanswered)
        {
            let Some(request) = stream.take_answered(now) else {
                break;
            };
            self.unanswered(now, request);
        }
        let expected = self
            .network
            .conn(conn)
            .and_then(super::Connection::stream)
            .and_then(|stream| stream.front().map(|request| request.correlation));
        let found = peek_correlation_id(frame).ok();
        let (Some(expected), Some(found)) = (expected, found) else {
            return self.fault(now, conn, "the broker sent an answer that nobody asked for");
        };
        if expected != found && !mutant!(CorrelationUnchecked) {
            let why = alloc::format!("the broker answered request {found} when {expected} was next");
            return self.fault(now, conn, &why);
        }
        let request = self
            .network
            .stream_mut(conn)
            .and_then(|stream| stream.take_answered(now));
        if let Some(request) = request {
            self.dispatch(now, conn, request, frame);
        }
    }

    fn dispatch(&mut self, now: Instant, conn: ConnId, request: Request, frame: &Bytes) {
        let version = request.version;
        match &request.kind {
            RequestKind::ApiVersions => {
                if let Some((request, answer)) = self.decode::<ApiVersionsResponse>(now, conn, request, frame)
                {
                    self.note_answer(now, conn, &request, answer.throttle_time_ms);
                    self.negotiated(now, conn, version, &answer);
                }
            }
            RequestKind::Metadata { .. } => {
                if let Some((request, answer)) = self.decode::<MetadataResponse>(now, conn, request, frame) {
                    self.note_answer(now, conn, &request, answer.throttle_time_ms);
                    if let RequestKind::Metadata { topics } = request.kind {
                        self.keep_metadata(version, frame);
                        self.metadata_answered(now, conn, &topics, &answer);
                    }
                }
            }
            RequestKind::InitProducerId => {
                if let Some((request, answer)) =
                    self.decode::<InitProducerIdResponse>(now, conn, request, frame)
                {
                    self.note_answer(now, conn, &request, answer.throttle_time_ms);
                    self.identity_answered(now, &answer);
                }
            }
            #[cfg(feature = "sasl")]
            RequestKind::SaslHandshake => {
                if let Some((request, answer)) = self.decode(now, conn, request, frame) {
                    self.note_answer(now, conn, &request, 0);
                    self.handshake_answered(now, conn, &answer);
                }
            }
            #[cfg(feature = "sasl")]
            RequestKind::SaslAuthenticate => {
                if let Some((request, answer)) = self.decode(now, conn, request, frame) {
                    self.note_answer(now, conn, &request, 0);
                    self.authenticate_answered(now, conn, &answer);
                }
            }
            RequestKind::Produce { .. } => {
                if let Some((request, answer)) = self.decode::<ProduceResponse>(now, conn, request, frame) {
                    self.note_answer(now, conn, &request, answer.throttle_time_ms);
                    let latency = now.saturating_since(request.queued_at);
                    self.counters.produce_answered(micros(latency));
                    let node = self.network.node_of(conn);
                    self.recorder.produce_answered(now, node, latency);
                    if let RequestKind::Produce { batches, ids, .. } = request.kind {
                        self.produce_answered(now, conn, &batches, &ids, &answer);
                    }
                }
            }
        }
        for conn in self.network.superfluous() {
            self.hang_up(now, conn, "nodes are connected themselves");
        }
    }

    /// Decodes an answer. One that cannot be read ends the connection, as if it had never come.
    fn decode<M: Message>(
        &mut self,
        now: Instant,
        conn: ConnId,
        request: Request,
        frame: &Bytes,
    ) -> Option<(Request, M)> {
        match decode_response::<M>(request.version, frame) {
            Ok((_, answer)) => Some((request, answer)),
            Err(error) => {
                let why = alloc::format!(
                    "the broker's answer to {} {} cannot be read: {error}",
                    request.api.name(),
                    request.version
                );
                if let Some(stream) = self.network.stream_mut(conn) {
                    stream.put_back(request);
                }
                self.fault(now, conn, &why);
                None
            }
        }
    }

    fn note_answer(&mut self, now: Instant, conn: ConnId, request: &Request, throttle_ms: i32) {
        let latency = micros(now.saturating_since(request.queued_at));
        let correlation = request.correlation;
        self.tracer.emit(now, || Event::ResponseRead {
            conn: conn.0,
            correlation,
            latency,
            throttle_ms: u32::try_from(throttle_ms).unwrap_or(0),
        });
        let node = self.network.node_of(conn);
        self.recorder.answered(now, node, throttle_ms);
        // A broker that speaks an older version has held the answer back itself.
        let client_waits_since = match request.api {
            ApiKey::Produce | ApiKey::Metadata => 6,
            ApiKey::InitProducerId => 1,
            _ => 2,
        };
        if (request.version >= client_waits_since || mutant!(ThrottledTwice)) && !mutant!(ThrottleIgnored) {
            self.throttle(now, conn, throttle_ms);
        }
    }

    fn negotiated(&mut self, now: Instant, conn: ConnId, version: i16, answer: &ApiVersionsResponse) {
        if answer.error_code == ottla_wire::error_code::ErrorCode::UNSUPPORTED_VERSION
            && version > 0
            && !mutant!(ApiVersionsGivenUp)
        {
            return self.ask_versions(now, conn, fallback(version, answer));
        }
        if !answer.error_code.is_ok() {
            let why = alloc::format!("the broker refused ApiVersions: {}", answer.error_code.name());
            return self.fault(now, conn, &why);
        }
        let versions = match Versions::agree(answer) {
            Ok(versions) => versions,
            Err(error) => return self.fault(now, conn, &alloc::format!("{error}")),
        };
        if versions.produce < ZSTD_SINCE && !mutant!(ZstdUnchecked) && self.settings.codec == Codec::Zstd {
            let why = "the broker cannot read zstd; use Kafka 2.1 or newer, or another compression.type";
            return self.fault(now, conn, why);
        }
        #[cfg(feature = "sasl")]
        if self.needs_login(conn) {
            return self.begin_login(now, conn, versions);
        }
        self.ready(now, conn, versions);
    }

    /// Requests may go out from now on.
    pub(crate) fn ready(&mut self, now: Instant, conn: ConnId, versions: Versions) {
        let Some(connection) = self.network.conn_mut(conn) else {
            return;
        };
        let peer = connection.peer;
        let Some(stream) = connection.take_stream() else {
            return;
        };
        connection.state = ConnState::Ready { stream, versions };
        self.network.succeeded(peer);
        self.tracer.emit(now, || Event::Ready {
            conn: conn.0,
            produce_version: versions.produce,
        });
    }

    /// A throttled answer is an answer; the node is left in peace for the time that it asks for (KIP-219).
    fn throttle(&mut self, now: Instant, conn: ConnId, throttle_ms: i32) {
        let Ok(millis @ 1..) = u64::try_from(throttle_ms) else {
            return;
        };
        let wait = core::time::Duration::from_millis(millis);
        let Some(connection) = self.network.conn_mut(conn) else {
            return;
        };
        let peer = connection.peer;
        if let Some(stream) = connection.stream_mut()
            && !mutant!(ThrottleEatsTimer)
        {
            stream.extend_timeouts(wait);
        }
        let Some(id) = peer.node() else {
            return;
        };
        if let Some(node) = self.network.nodes.get_mut(&id) {
            let earlier = node.quiet_until;
            node.quiet_until = (now + wait).max(if mutant!(SilenceShortened) { now } else { earlier });
            let until = node.quiet_until.as_micros();
            self.tracer.emit(now, || Event::Throttled { node: id, until });
        }
    }
}

/// A listener with TLS answers a client without it with an alert, whose first bytes are no length of a frame.
#[cfg(feature = "sasl")]
fn not_a_frame(error: &FrameError) -> Option<&'static str> {
    let FrameError::TooLarge { length, .. } = error else {
        return None;
    };
    (length >> 16 == 0x1503).then_some(
        "the listener wants TLS; set security.protocol to SSL or SASL_SSL, or use a PLAINTEXT listener",
    )
}

/// The newest version of ApiVersions that a broker offers which does not know ours; it lists them in its refusal.
fn fallback(refused: i16, answer: &ApiVersionsResponse) -> i16 {
    let api = ApiKey::ApiVersions.key();
    answer
        .api_keys
        .iter()
        .find(|entry| entry.api_key == api)
        .map_or(0, |entry| entry.max_version)
        .clamp(0, refused - 1)
}
