//! From the client to the broker: one request at a time, read completely, judged, forwarded.

use std::future::Future;
use std::io::{self, IoSlice};
use std::time::Duration;

use bytes::{Buf, Bytes, BytesMut};
use ottla_wire::api::ApiKey;
use tokio::io::Interest;
use tokio::net::tcp::{ReadHalf, WriteHalf};
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep, timeout_at};

use super::line::Line;
use super::oversized::{MAX_OUTLINE, Reading, too_big};
use super::{End, Pending, Session};
use crate::budget::Reserved;
use crate::close::{Close, CloseCode};
use crate::policy::{ApiTable, LENGTH_PREFIX, Verdict, judge, judge_outline};
use crate::ws::{AHEAD, Incoming, Step};

/// How often a client is looked at while the bridge waits for something else.
const LOOK_INTERVAL: Duration = Duration::from_millis(250);
/// Own answers up to this size are not counted in the budget.
const SMALL_ANSWER: usize = 16 * 1024;
/// Bytes of requests after which it is another connection's turn.
const TURN: usize = 256 * 1024;
/// Requests up to so many times the limit are read to their end and answered; a longer one closes the connection.
const TIMES_TOO_LONG: u64 = 16;
const MINUTE: Duration = Duration::from_secs(60);

pub(super) struct Uplink<'a> {
    session: &'a Session,
    apis: &'a ApiTable,
    line: &'a Line,
    incoming: Incoming,
    client: ReadHalf<'a>,
    broker: WriteHalf<'a>,
    pending: mpsc::Sender<Pending>,
    shutdown: watch::Receiver<bool>,
    /// Until the first request is complete.
    first_deadline: Option<Instant>,
    producer_ids: ProducerIds,
}

/// How many producer ids were asked for in the current minute.
struct ProducerIds {
    since: Instant,
    count: u64,
}

/// A complete request with its length prefix, and the bytes of the budget that it occupies.
struct Request {
    bytes: Bytes,
    reserved: Reserved,
    /// How many bytes came, with the length prefix: more than there are if the request is too long.
    len: usize,
    is_outline: bool,
}

impl<'a> Uplink<'a> {
    pub(super) fn new(
        session: &'a Session,
        apis: &'a ApiTable,
        line: &'a Line,
        incoming: Incoming,
        client: ReadHalf<'a>,
        broker: WriteHalf<'a>,
        pending: mpsc::Sender<Pending>,
    ) -> Self {
        let now = Instant::now();
        Self {
            session,
            apis,
            line,
            incoming,
            client,
            broker,
            pending,
            shutdown: session.gateway.shutdown.clone(),
            first_deadline: Some(now + session.gateway.limits.first_request_timeout()),
            producer_ids: ProducerIds { since: now, count: 0 },
        }
    }

    /// Runs until the bridge shuts down (`Ok`) or something ends the session.
    pub(super) async fn run(mut self) -> Result<(), End> {
        let mut turn = 0;
        loop {
            let pending = self.pending.clone();
            let Ok(room) = or_client_gone(&self.client, pending.reserve()).await? else {
                return Ok(());
            };
            self.line.set_listening(true);
            let Some(request) = self.next_request().await? else {
                return Ok(());
            };
            self.line.set_listening(false);
            self.first_deadline = None;
            turn += request.len;
            self.serve(request, room).await?;
            // Sockets that are always ready must not keep other connections from their turn.
            if turn < TURN {
                tokio::task::consume_budget().await;
            } else {
                turn = 0;
                tokio::task::yield_now().await;
            }
        }
    }

    async fn serve(&mut self, request: Request, room: mpsc::Permit<'_, Pending>) -> Result<(), End> {
        let metrics = &self.session.gateway.metrics;
        metrics.bytes_from_clients.inc_by(request.len as u64);
        let rules = self.session.rules(self.apis);
        let (api, verdict) = if request.is_outline {
            judge_outline(&rules, &request.bytes)
        } else {
            judge(&rules, &request.bytes)
        };
        let api_name = api.map_or("other", ApiKey::name);
        if api == Some(ApiKey::InitProducerId) {
            self.producer_ids
                .count_one(self.session.gateway.limits.producer_ids_per_minute)?;
        }
        let (chunks, expect) = match verdict {
            Verdict::Forward { chunks, expect } => {
                metrics.request(api_name, "forwarded");
                (chunks, expect)
            }
            Verdict::Cut {
                chunks,
                expect,
                refused_partitions,
            } => {
                metrics.request(api_name, "cut");
                metrics.refused_partitions.inc_by(refused_partitions);
                (chunks, expect)
            }
            Verdict::Answer(bytes) => {
                metrics.request(api_name, "answered");
                let reserved = self.reserve_answer(bytes.len()).await?;
                room.send(Pending::Answer(bytes, reserved));
                return Ok(());
            }
            Verdict::Close(close) => {
                metrics.request(api_name, "refused");
                return Err(close.into());
            }
        };
        // Before the first byte is written: an answer may be there before the last one is.
        match expect {
            Some(expect) => {
                let reserved = self.reserve_answer(expect.own_bytes()).await?;
                room.send(Pending::Broker(expect, reserved));
            }
            None => drop(room),
        }
        drop(request.bytes);
        self.forward(chunks).await?;
        drop(request.reserved);
        Ok(())
    }

    async fn reserve_answer(&self, len: usize) -> Result<Reserved, End> {
        if len <= SMALL_ANSWER {
            return Ok(Reserved::NOTHING);
        }
        let gateway = &self.session.gateway;
        let reserve = gateway.answer_budget.reserve(len, gateway.limits.stall_timeout());
        Ok(or_client_gone(&self.client, reserve).await??)
    }

    /// Reads the next request; `None` if the bridge shuts down before it begins.
    async fn next_request(&mut self) -> Result<Option<Request>, End> {
        let gateway = &self.session.gateway;
        let mut prefix = BytesMut::with_capacity(LENGTH_PREFIX);
        let mut shutdown = self.shutdown.clone();
        let first_deadline = self.first_deadline;
        if *shutdown.borrow() {
            return Ok(None);
        }
        tokio::select! {
            // What is there already needs no look at the rest.
            biased;
            begun = self.read(&mut prefix, LENGTH_PREFIX) => begun?,
            _ = shutdown.wait_for(|shutting_down| *shutting_down) => return Ok(None),
            () = until(first_deadline) => return Err(too_slow("no request arrived in time").into()),
        }
        let begun = Instant::now();
        self.fill(
            &mut prefix,
            LENGTH_PREFIX,
            begun + gateway.limits.frame_timeout(0),
        )
        .await?;
        match checked_len(&prefix, gateway.limits.request_bytes)? {
            Length::Passes(len) => self.whole(&prefix, len, begun).await.map(Some),
            Length::TooLong(len) => self.outline(len, begun).await.map(Some),
        }
    }

    /// Reads the rest of a request that may pass.
    async fn whole(&mut self, prefix: &[u8], len: usize, begun: Instant) -> Result<Request, End> {
        let reserved = self.reserve_request(len).await?;
        let mut frame = BytesMut::with_capacity(LENGTH_PREFIX + len + AHEAD);
        frame.extend_from_slice(prefix);
        let deadline = begun + self.session.gateway.limits.frame_timeout(len);
        self.fill(&mut frame, LENGTH_PREFIX + len, deadline).await?;
        Ok(Request {
            bytes: frame.freeze(),
            reserved,
            len: LENGTH_PREFIX + len,
            is_outline: false,
        })
    }

    /// Reads the rest of a request that is too long, without keeping it.
    async fn outline(&mut self, len: usize, begun: Instant) -> Result<Request, End> {
        let reserved = self.reserve_request(MAX_OUTLINE).await?;
        let deadline = begun + self.session.gateway.limits.frame_timeout(len);
        let reading = Reading::new(self, len).run();
        let outline = timeout_at(deadline, reading)
            .await
            .unwrap_or_else(|_| Err(too_slow("a request did not arrive in time").into()))?;
        Ok(Request {
            bytes: outline.freeze(),
            reserved,
            len: LENGTH_PREFIX + len,
            is_outline: true,
        })
    }

    async fn reserve_request(&self, len: usize) -> Result<Reserved, End> {
        let gateway = &self.session.gateway;
        let reserve = gateway
            .request_budget
            .reserve(len, gateway.limits.stall_timeout());
        Ok(or_client_gone(&self.client, reserve).await??)
    }

    pub(super) fn max_request(&self) -> u64 {
        self.session.gateway.limits.request_bytes
    }

    /// Whether this is a Produce request of a version that passes.
    pub(super) fn may_produce(&self, api: i16, version: i16) -> bool {
        api == ApiKey::Produce as i16 && self.apis.allows(ApiKey::Produce, version)
    }

    /// Reads until `to` has `len` bytes.
    async fn fill(&mut self, to: &mut BytesMut, len: usize, deadline: Instant) -> Result<(), End> {
        let whole = async {
            while to.len() < len {
                let missing = len - to.len();
                self.read(to, missing).await?;
            }
            Ok(())
        };
        timeout_at(deadline, whole)
            .await
            .unwrap_or_else(|_| Err(too_slow("a request did not arrive in time").into()))
    }

    /// Appends at least one and at most `wanted` bytes. Cancel safe.
    pub(super) async fn read(&mut self, to: &mut BytesMut, wanted: usize) -> Result<(), End> {
        loop {
            let step = self.incoming.read(&self.client, to, wanted).await?;
            self.line.hear();
            match step {
                Step::Data => return Ok(()),
                Step::Ping(payload) => self.line.answer_ping(payload),
                Step::Pong => {}
                Step::Closed => return Err(End::ClientClosed),
                Step::Eof => return Err(End::ClientGone),
            }
        }
    }

    async fn forward(&mut self, chunks: Vec<Bytes>) -> Result<(), End> {
        let stall = self.session.gateway.limits.stall_timeout();
        let mut chunks = std::collections::VecDeque::from(chunks);
        while !chunks.is_empty() {
            let slices: Vec<IoSlice<'_>> = chunks.iter().take(64).map(|chunk| IoSlice::new(chunk)).collect();
            match self.broker.try_write_vectored(&slices) {
                Ok(written) => {
                    self.session
                        .gateway
                        .metrics
                        .bytes_to_brokers
                        .inc_by(written as u64);
                    advance(&mut chunks, written);
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    tokio::select! {
                        writable = self.broker.writable() => writable.map_err(|_| End::BrokerClosed)?,
                        () = client_gone(&self.client) => return Err(End::ClientGone),
                        () = sleep(stall) => return Err(self.broker_stalled()),
                    }
                }
                Err(_) => return Err(End::BrokerClosed),
            }
        }
        Ok(())
    }

    fn broker_stalled(&self) -> End {
        Close::new(
            CloseCode::Stall,
            format!("{} does not take requests", self.session.target),
        )
        .into()
    }
}

impl ProducerIds {
    fn count_one(&mut self, per_minute: u64) -> Result<(), End> {
        if self.since.elapsed() >= MINUTE {
            *self = Self {
                since: Instant::now(),
                count: 0,
            };
        }
        self.count += 1;
        if self.count > per_minute {
            let reason = format!("more than {per_minute} InitProducerId requests in a minute");
            return Err(Close::new(CloseCode::Rate, reason).into());
        }
        Ok(())
    }
}

/// The length that a request announces.
enum Length {
    Passes(usize),
    /// So long that only its outline is read.
    TooLong(usize),
}

fn checked_len(prefix: &[u8], max: u64) -> Result<Length, End> {
    let len = prefix
        .first_chunk()
        .map_or(-1, |prefix| i32::from_be_bytes(*prefix));
    match usize::try_from(len) {
        Ok(len) if len as u64 <= max => Ok(Length::Passes(len)),
        Ok(len) if len as u64 <= max.saturating_mul(TIMES_TOO_LONG) => Ok(Length::TooLong(len)),
        _ => Err(too_big(len.into(), max)),
    }
}

fn too_slow(what: &str) -> Close {
    Close::new(CloseCode::Stall, what)
}

async fn until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}

fn advance(chunks: &mut std::collections::VecDeque<Bytes>, mut written: usize) {
    while let Some(first) = chunks.front_mut() {
        let part = written.min(first.len());
        first.advance(part);
        written -= part;
        if !first.is_empty() {
            break;
        }
        chunks.pop_front();
    }
}

/// Waits for something other than the client, unless the client goes away.
async fn or_client_gone<T>(client: &ReadHalf<'_>, wait: impl Future<Output = T>) -> Result<T, End> {
    tokio::select! {
        biased;
        result = wait => Ok(result),
        () = client_gone(client) => Err(End::ClientGone),
    }
}

/// Waits until the client's side of the socket is closed, without reading what it sent before.
async fn client_gone(client: &ReadHalf<'_>) {
    loop {
        sleep(LOOK_INTERVAL).await;
        tokio::select! {
            biased;
            ready = client.ready(Interest::READABLE) => {
                if ready.map_or(true, |ready| ready.is_read_closed()) {
                    return;
                }
            }
            () = std::future::ready(()) => {}
        }
    }
}
