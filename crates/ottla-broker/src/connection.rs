//! A client's connection: bytes become requests, one at a time, and each is answered before the next is read.

use bytes::Bytes;
use ottla_wire::frame::FrameDecoder;

use crate::{
    Broker, Effect, Micros,
    apis::{self, Pending, Reaction},
};

/// The number of a client's connection, given by whoever accepts it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnId(pub u64);

/// A client's connection.
#[derive(Clone, Debug)]
pub(crate) struct Connection {
    decoder: FrameDecoder,
    unread: usize,
    pending: Option<Pending>,
    muted_until: Micros,
}

impl Connection {
    pub(crate) fn deadline(&self) -> Option<Micros> {
        let pending = self.pending.as_ref().map(Pending::deadline);
        let muted = (self.muted_until > 0).then_some(self.muted_until);
        pending.into_iter().chain(muted).min()
    }
}

impl Broker {
    /// A client has connected.
    pub fn connect(&mut self, conn: ConnId) {
        let connection = Connection {
            decoder: FrameDecoder::new(self.settings.socket_request_max_bytes),
            unread: 0,
            pending: None,
            muted_until: 0,
        };
        self.connections.insert(conn, connection);
    }

    /// A client's connection is gone. What it asked for is done all the same.
    pub fn disconnect(&mut self, conn: ConnId) {
        self.connections.remove(&conn);
        self.waiting.remove(&conn);
    }

    /// Bytes from a client have arrived; any piece of the stream.
    pub fn receive(&mut self, now: Micros, conn: ConnId, bytes: Bytes) {
        let Some(connection) = self.connections.get_mut(&conn) else {
            return;
        };
        connection.unread += bytes.len();
        connection.decoder.push(bytes);
        self.pump(now, conn);
        self.settle(now);
    }

    /// How many bytes of that connection wait behind a request that is not answered yet. Whoever accepts connections
    /// should stop reading from one that has many.
    #[must_use]
    pub fn unread(&self, conn: ConnId) -> usize {
        self.connections
            .get(&conn)
            .map_or(0, |connection| connection.unread)
    }

    /// Whether the connection waits for nothing: all that has arrived is answered.
    #[must_use]
    pub fn is_idle(&self, conn: ConnId) -> bool {
        self.connections
            .get(&conn)
            .is_none_or(|it| it.pending.is_none() && it.unread == 0)
    }

    fn pump(&mut self, now: Micros, conn: ConnId) {
        loop {
            let Some(connection) = self.connections.get_mut(&conn) else {
                return;
            };
            if connection.pending.is_some() || now < connection.muted_until {
                return;
            }
            let frame = match connection.decoder.next_frame() {
                Ok(Some(frame)) => frame,
                Ok(None) => return,
                Err(error) => return self.close(conn, error.to_string()),
            };
            connection.unread = connection.unread.saturating_sub(frame.len() + 4);
            let reaction = apis::dispatch(self, now, conn, &frame);
            self.react(now, conn, reaction);
        }
    }

    fn react(&mut self, now: Micros, conn: ConnId, reaction: Reaction) {
        match reaction {
            Reaction::Answer { bytes, throttle_ms } => {
                self.mute(now, conn, throttle_ms);
                self.effects.push_back(Effect::Send { conn, bytes });
            }
            Reaction::Silence { throttle_ms } => self.mute(now, conn, throttle_ms),
            Reaction::Close { why } => self.close(conn, why),
            Reaction::Wait(pending) => {
                if let Some(connection) = self.connections.get_mut(&conn) {
                    connection.pending = Some(pending);
                    self.waiting.insert(conn);
                }
            }
        }
    }

    fn mute(&mut self, now: Micros, conn: ConnId, throttle_ms: i32) {
        let pause = Micros::try_from(throttle_ms).unwrap_or(0) * 1_000;
        if let Some(connection) = self.connections.get_mut(&conn) {
            connection.muted_until = if pause == 0 { 0 } else { now + pause };
        }
    }

    fn close(&mut self, conn: ConnId, why: String) {
        self.disconnect(conn);
        self.effects.push_back(Effect::Close { conn, why });
    }

    /// Answers the waiting requests that can be answered by now.
    pub(crate) fn retry_waiting(&mut self, now: Micros) {
        let waiting: Vec<ConnId> = self.waiting.iter().copied().collect();
        for conn in waiting {
            self.retry(now, conn, |broker, pending| pending.retry(broker, now));
        }
    }

    /// Answers the waiting requests whose time is up.
    pub(crate) fn expire_waiting(&mut self, now: Micros) {
        let due = |conn: &ConnId| {
            let pending = self
                .connections
                .get(conn)
                .and_then(|connection| connection.pending.as_ref());
            pending.is_some_and(|pending| now >= pending.deadline())
        };
        let due: Vec<ConnId> = self.waiting.iter().copied().filter(due).collect();
        for conn in due {
            self.retry(now, conn, |broker, pending| Some(pending.expire(broker)));
        }
    }

    /// The controller has done, or not, what a client asked for.
    pub(crate) fn topics_done(&mut self, now: Micros, token: u64, results: &[crate::TopicOutcome]) {
        let waiting: Vec<ConnId> = self.waiting.iter().copied().collect();
        for conn in waiting {
            self.retry(now, conn, |_, pending| pending.topics_done(token, results));
        }
    }

    fn retry(
        &mut self,
        now: Micros,
        conn: ConnId,
        attempt: impl FnOnce(&Self, &mut Pending) -> Option<Reaction>,
    ) {
        let taken = self
            .connections
            .get_mut(&conn)
            .and_then(|connection| connection.pending.take());
        let Some(mut pending) = taken else { return };
        if let Some(reaction) = attempt(self, &mut pending) {
            self.waiting.remove(&conn);
            self.react(now, conn, reaction);
            self.pump(now, conn);
        } else if let Some(connection) = self.connections.get_mut(&conn) {
            connection.pending = Some(pending);
        }
    }

    /// Reads again from the connections whose throttling is over.
    pub(crate) fn unmute(&mut self, now: Micros) {
        let over = |connection: &Connection| connection.muted_until > 0 && now >= connection.muted_until;
        let over: Vec<ConnId> = self
            .connections
            .iter()
            .filter(|(_, it)| over(it))
            .map(|(conn, _)| *conn)
            .collect();
        for conn in over {
            if let Some(connection) = self.connections.get_mut(&conn) {
                connection.muted_until = 0;
            }
            self.pump(now, conn);
        }
    }
}
