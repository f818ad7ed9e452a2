//! The byte stream of an open connection and its requests in flight.

use alloc::collections::VecDeque;
use alloc::vec::Vec;
use core::time::Duration;

use ottla_trace::event::TopicIx;
use ottla_wire::api::ApiKey;
use ottla_wire::frame::FrameDecoder;
use ottla_wire::primitives::Uuid;

use crate::accumulator::{BatchKey, PartitionIx};
use crate::time::Instant;

/// Largest answer that is taken. Metadata of a cluster with 100,000 partitions stays below.
const MAX_ANSWER: usize = 64 << 20;

/// A request that is not answered.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) correlation: i32,
    pub(crate) api: ApiKey,
    pub(crate) version: i16,
    pub(crate) kind: RequestKind,
    pub(crate) queued_at: Instant,
    /// When its last byte left the process: `request.timeout.ms` begins here.
    written_at: Option<Instant>,
    /// Where it ends in the stream of bytes handed over.
    end: u64,
}

/// What an answer means to the producer.
#[derive(Clone, Debug)]
pub(crate) enum RequestKind {
    ApiVersions,
    Metadata {
        topics: Vec<TopicIx>,
    },
    InitProducerId,
    #[cfg(feature = "sasl")]
    SaslHandshake,
    #[cfg(feature = "sasl")]
    SaslAuthenticate,
    Produce {
        batches: Vec<(PartitionIx, BatchKey)>,
        /// `acks=0`: there will be no answer; it is complete when it is written.
        unanswered: bool,
        /// What the topic ids of the request meant when it was written: a topic that is made anew before the answer
        /// comes has another one (KIP-516). Empty where the request names its topics.
        ids: Vec<(Uuid, TopicIx)>,
    },
}

impl Request {
    pub(crate) const fn is_unanswered(&self) -> bool {
        matches!(self.kind, RequestKind::Produce { unanswered: true, .. })
    }
}

/// Bytes out, frames in.
#[derive(Clone, Debug)]
pub(crate) struct Stream {
    pub(crate) frames: FrameDecoder,
    requests: VecDeque<Request>,
    next_correlation: i32,
    handed_over: u64,
    written: u64,
    /// When bytes last left, or when the first were handed over while none were waiting.
    progress_at: Instant,
    active_at: Instant,
    /// Requests that were answered.
    #[cfg(feature = "sasl")]
    answered: u32,
    /// When to log in again, if the broker limits the session (KIP-368).
    #[cfg(feature = "sasl")]
    pub(crate) renew_at: Option<Instant>,
    /// When the login that is under way began, and whether it renews a session.
    #[cfg(feature = "sasl")]
    pub(crate) login_since: Option<(Instant, bool)>,
}

impl Stream {
    pub(crate) fn new(now: Instant) -> Self {
        Self {
            frames: FrameDecoder::new(MAX_ANSWER),
            requests: VecDeque::new(),
            next_correlation: 0,
            handed_over: 0,
            written: 0,
            progress_at: now,
            active_at: now,
            #[cfg(feature = "sasl")]
            answered: 0,
            #[cfg(feature = "sasl")]
            renew_at: None,
            #[cfg(feature = "sasl")]
            login_since: None,
        }
    }

    /// Requests that were answered.
    #[cfg(feature = "sasl")]
    pub(crate) const fn answered(&self) -> u32 {
        self.answered
    }

    /// The number that the next request bears.
    pub(crate) const fn next_correlation(&self) -> i32 {
        self.next_correlation
    }

    pub(crate) fn in_flight(&self) -> usize {
        self.requests.len()
    }

    pub(crate) fn requests(&self) -> impl Iterator<Item = &Request> {
        self.requests.iter()
    }

    /// Bytes handed over that have not left the process.
    pub(crate) const fn unwritten(&self) -> u64 {
        self.handed_over - self.written
    }

    /// Notes a request of `len` bytes that is being handed over.
    pub(crate) fn push(&mut self, now: Instant, api: ApiKey, version: i16, kind: RequestKind, len: usize) {
        if self.unwritten() == 0 {
            self.progress_at = now;
        }
        self.active_at = now;
        self.handed_over += len as u64;
        self.requests.push_back(Request {
            correlation: self.next_correlation,
            api,
            version,
            kind,
            queued_at: now,
            written_at: None,
            end: self.handed_over,
        });
        self.next_correlation = self.next_correlation.wrapping_add(1) & i32::MAX;
    }

    /// Notes that bytes left. `on_request` sees each request whose last byte is among them.
    pub(crate) fn wrote(&mut self, now: Instant, count: usize, mut on_request: impl FnMut(&Request)) {
        let written = self.written.saturating_add(count as u64);
        debug_assert!(written <= self.handed_over, "more bytes written than handed over");
        self.written = written.min(self.handed_over);
        self.progress_at = now;
        self.active_at = now;
        let reached = self.written;
        let whole = |request: &&mut Request| request.end <= reached;
        for request in self.requests.iter_mut().take_while(whole) {
            if request.written_at.is_none() {
                request.written_at = Some(now);
                on_request(request);
            }
        }
    }

    /// Takes the next request from the front that is written and gets no answer.
    pub(crate) fn take_written_unanswered(&mut self) -> Option<Request> {
        let front = self.requests.front()?;
        if front.is_unanswered() && front.written_at.is_some() {
            return self.requests.pop_front();
        }
        None
    }

    /// Takes the request that an answer belongs to: the oldest. Those without answer in front of it must be taken first.
    pub(crate) fn take_answered(&mut self, now: Instant) -> Option<Request> {
        self.active_at = now;
        #[cfg(feature = "sasl")]
        {
            self.answered = self.answered.saturating_add(1);
        }
        self.requests.pop_front()
    }

    /// Returns a request whose answer could not be read.
    pub(crate) fn put_back(&mut self, request: Request) {
        self.requests.push_front(request);
    }

    pub(crate) fn front(&self) -> Option<&Request> {
        self.requests.front()
    }

    /// All requests, for a connection that is gone.
    pub(crate) fn take_all(&mut self) -> VecDeque<Request> {
        core::mem::take(&mut self.requests)
    }

    /// When the oldest request has waited too long: for its answer, or for bytes to leave at all.
    pub(crate) fn timeout_at(&self, limit: Duration) -> Option<Instant> {
        let oldest = self.requests.front()?;
        let since = oldest.written_at.unwrap_or(self.progress_at);
        Some(
            if mutant!(TimerFromQueueing) {
                oldest.queued_at
            } else {
                since
            } + limit,
        )
    }

    /// The broker holds its answers back, or the process was frozen: neither counts.
    pub(crate) fn extend_timeouts(&mut self, by: Duration) {
        self.progress_at += by;
        for request in &mut self.requests {
            if let Some(at) = &mut request.written_at {
                *at += by;
            }
        }
    }

    /// When an unused connection has been idle for that long; `None` while it is in use.
    pub(crate) fn idle_at(&self, limit: Duration) -> Option<Instant> {
        self.requests.is_empty().then(|| self.active_at + limit)
    }
}
