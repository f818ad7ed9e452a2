//! From the broker to the client: answers in the order of the requests, each rewritten.

use std::io;

use bytes::{Buf, BufMut, BytesMut};
use tokio::net::tcp::{ReadHalf, WriteHalf};
use tokio::sync::mpsc;
use tokio::time::{Interval, MissedTickBehavior, interval_at};

use super::closing::Outgoing;
use super::line::Line;
use super::{End, Pending, Session};
use crate::budget::Reserved;
use crate::close::{Close, CloseCode};
use crate::policy::{ApiTable, BadAnswer, LENGTH_PREFIX, rewrite_answer};
use crate::socket::read_now;
use crate::ws::ping_frame;

/// How much is asked of the broker's socket at once, and the size up to which an answer is not counted in the budget.
const READ_SIZE: usize = 16 * 1024;
/// Room for a few answers to Produce.
const FIRST_READ: usize = 2 * 1024;
/// Answers are written together up to about this much.
const WRITE_SIZE: usize = 64 * 1024;
/// Unanswered Pings after which a client counts as gone.
const MAX_MISSED_PINGS: u32 = 2;

pub(super) struct Downlink<'a> {
    session: &'a Session,
    apis: &'a ApiTable,
    line: &'a Line,
    broker: ReadHalf<'a>,
    client: WriteHalf<'a>,
    answers: mpsc::Receiver<Pending>,
    /// The answer that is next, if it has not been given yet.
    next: Option<Pending>,
    no_more_requests: bool,
    /// Bytes of the broker that are not part of a complete answer yet.
    raw: BytesMut,
    /// What a large answer in `raw` occupies.
    raw_reserved: Option<Reserved>,
    outgoing: &'a mut Outgoing,
    pings: Interval,
    missed_pings: u32,
}

impl<'a> Downlink<'a> {
    pub(super) fn new(
        session: &'a Session,
        apis: &'a ApiTable,
        line: &'a Line,
        broker: ReadHalf<'a>,
        client: WriteHalf<'a>,
        answers: mpsc::Receiver<Pending>,
        outgoing: &'a mut Outgoing,
    ) -> Self {
        let every = session.gateway.limits.ping_interval();
        let mut pings = interval_at(tokio::time::Instant::now() + every, every);
        pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self {
            session,
            apis,
            line,
            broker,
            client,
            answers,
            next: None,
            no_more_requests: false,
            raw: BytesMut::new(),
            raw_reserved: None,
            outgoing,
            pings,
            missed_pings: 0,
        }
    }

    /// Runs until every request has been answered and no more will come (`Ok`), or something ends the session.
    pub(super) async fn run(mut self) -> Result<(), End> {
        loop {
            if self.outgoing.len() < WRITE_SIZE && self.give_one()? {
                continue;
            }
            if !self.outgoing.is_empty() {
                self.flush().await?;
            } else if self.next.is_none() && self.no_more_requests {
                return Ok(());
            } else {
                self.wait().await?;
            }
        }
    }

    /// Moves the next answer to `outgoing` if it is complete.
    fn give_one(&mut self) -> Result<bool, End> {
        if self.next.is_none() {
            self.next = self.answers.try_recv().ok();
        }
        match self.next.take() {
            None => Ok(false),
            Some(Pending::Answer(bytes, reserved)) => {
                self.outgoing.put_message(&bytes, [reserved]);
                Ok(true)
            }
            Some(Pending::Broker(expect, own)) => {
                let Some(len) = self.complete_len()? else {
                    self.next = Some(Pending::Broker(expect, own));
                    return Ok(false);
                };
                self.raw.advance(LENGTH_PREFIX);
                let frame = self.raw.split_to(len).freeze();
                let rules = self.session.rules(self.apis);
                let mut nodes = self.session.directory.nodes();
                let answer =
                    rewrite_answer(&rules, expect, &frame, &mut nodes).map_err(|why| self.bad(&why))?;
                drop(nodes);
                self.session
                    .gateway
                    .metrics
                    .bytes_to_clients
                    .inc_by(answer.len() as u64);
                let raw = self.raw_reserved.take().unwrap_or(Reserved::NOTHING);
                self.outgoing.put_message(&answer, [raw, own]);
                Ok(true)
            }
        }
    }

    /// The announced length of the answer at the front, once its length is known.
    fn announced_len(&self) -> Result<Option<usize>, End> {
        let Some(prefix) = self.raw.first_chunk() else {
            return Ok(None);
        };
        let len = i32::from_be_bytes(*prefix);
        let max = self.session.gateway.limits.response_bytes;
        match usize::try_from(len) {
            Ok(fits) if fits as u64 <= max => Ok(Some(fits)),
            _ => {
                let why = format!("the broker's answer has {len} bytes; the limit is {max} (response_bytes)");
                Err(self.bad(&BadAnswer(why)))
            }
        }
    }

    fn complete_len(&self) -> Result<Option<usize>, End> {
        Ok(self
            .announced_len()?
            .filter(|len| self.raw.len() - LENGTH_PREFIX >= *len))
    }

    async fn wait(&mut self) -> Result<(), End> {
        if self.raw.is_empty() {
            // An idle connection keeps no buffer.
            self.raw = BytesMut::new();
        }
        let waits_for_broker = matches!(self.next, Some(Pending::Broker(..)));
        tokio::select! {
            next = self.answers.recv(), if self.next.is_none() && !self.no_more_requests => {
                self.no_more_requests = next.is_none();
                self.next = next;
            }
            readable = self.broker.readable() => {
                readable.map_err(|_| End::BrokerClosed)?;
                self.read_broker(waits_for_broker).await?;
            }
            ping = self.line.ping() => crate::ws::pong_frame(&ping, self.outgoing.control()),
            _ = self.pings.tick() => self.ask_for_sign_of_life()?,
        }
        Ok(())
    }

    async fn read_broker(&mut self, expected: bool) -> Result<(), End> {
        let room = match self.announced_len()? {
            Some(len) => {
                let missing = (LENGTH_PREFIX + len).saturating_sub(self.raw.len());
                if len > READ_SIZE && self.raw_reserved.is_none() {
                    let gateway = &self.session.gateway;
                    let patience = gateway.limits.stall_timeout();
                    self.raw_reserved = Some(gateway.answer_budget.reserve(len, patience).await?);
                    self.raw.reserve(missing);
                }
                missing.max(READ_SIZE)
            }
            None => READ_SIZE,
        };
        self.raw.reserve(FIRST_READ);
        match read_now(&self.broker, &mut (&mut self.raw).limit(room)) {
            Ok(0) => Err(End::BrokerClosed),
            Ok(_) if !expected && self.answers.is_empty() => Err(self.bad(&BadAnswer(
                "the broker sent an answer that nobody asked for".to_owned(),
            ))),
            Ok(_) => Ok(()),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(()),
            Err(_) => Err(End::BrokerClosed),
        }
    }

    fn ask_for_sign_of_life(&mut self) -> Result<(), End> {
        if !self.line.was_silent() {
            self.missed_pings = 0;
            return Ok(());
        }
        if self.missed_pings >= MAX_MISSED_PINGS {
            return Err(Close::new(CloseCode::Stall, "the client gives no sign of life").into());
        }
        self.missed_pings += 1;
        ping_frame(self.outgoing.control());
        Ok(())
    }

    async fn flush(&mut self) -> Result<(), End> {
        let stall = self.session.gateway.limits.stall_timeout();
        self.outgoing.write_all(&mut self.client, stall).await
    }

    /// The client learns that the broker is at fault; what was wrong is for the log.
    fn bad(&self, why: &BadAnswer) -> End {
        tracing::error!(cluster = self.session.directory.cluster().name, target = %self.session.target, "{}", why.0);
        Close::new(
            CloseCode::Busy,
            format!("{} gave an answer that cannot be passed on", self.session.target),
        )
        .into()
    }
}
