//! What the driver asks of a network: streams of bytes that it polls.
//!
//! TCP, WebSockets and whatever a JavaScript runtime offers are the same to the producer: an ordered stream that
//! arrives in arbitrary pieces.

use std::collections::VecDeque;
use std::future::Future;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use ottla_core::{Address, NodeId};

/// What to connect to.
#[derive(Clone, Debug)]
pub struct Dial {
    /// The broker; `None` for any broker of the bootstrap address.
    pub node: Option<NodeId>,
    /// Where.
    pub address: Address,
}

impl Dial {
    /// The WebSocket URL, when the address is that of a bridge.
    pub fn url(&self) -> Option<String> {
        match (&self.address, self.node) {
            (Address::Tcp { .. }, _) => None,
            (Address::Bridge { url }, Some(node)) => Some(format!("{url}/{node}")),
            (Address::Bridge { url }, None) => Some(format!("{url}/any")),
        }
    }
}

/// The subprotocol of a bridge: the bytes of a Kafka connection in binary messages of any size.
pub const SUBPROTOCOL: &str = "kafka.v1";

/// Opens connections. Implemented for the network of each runtime.
pub trait Connect: Unpin + 'static {
    /// A connection.
    type Stream: ByteStream;
    /// Its opening.
    type Dialing: Future<Output = Result<Self::Stream, Lost>> + Unpin;

    /// Begins to open a connection. The producer gives up by dropping the future.
    fn dial(&self, dial: Dial) -> Self::Dialing;

    /// What a login takes from outside: random bytes and, for OAUTHBEARER, a token. Asked for when `security.protocol`
    /// says SASL.
    #[cfg(feature = "sasl")]
    fn login(&self) -> Login {
        Box::pin(std::future::ready(Err(
            "this network has no logins; set security.protocol to PLAINTEXT or SSL".to_owned(),
        )))
    }
}

/// The outside's part of a login; the error is one line for people.
#[cfg(feature = "sasl")]
pub type Login = std::pin::Pin<Box<dyn Future<Output = Result<ottla_core::sasl::Given, String>> + Send>>;

/// Why a connection did not open, or why there will be no more of it; one line for people.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Lost {
    /// Dialling again may help.
    Broken(String),
    /// One side does not accept the other's certificate, or does not speak TLS: dialling again does not help.
    Rejected(String),
}

#[cfg(feature = "tokio")]
impl Lost {
    /// The same with words in front.
    pub(crate) fn of(self, prefix: impl std::fmt::Display) -> Self {
        match self {
            Self::Broken(why) => Self::Broken(format!("{prefix}: {why}")),
            Self::Rejected(why) => Self::Rejected(format!("{prefix}: {why}")),
        }
    }
}

impl From<String> for Lost {
    fn from(why: String) -> Self {
        Self::Broken(why)
    }
}

impl From<&str> for Lost {
    fn from(why: &str) -> Self {
        Self::Broken(why.to_owned())
    }
}

/// A connection. Dropping it closes it.
pub trait ByteStream: Unpin {
    /// The next bytes, never empty. The error is why there will be no more.
    fn poll_receive(&mut self, cx: &mut Context<'_>) -> Poll<Result<Bytes, Lost>>;

    /// Takes as much from the front of the queue as there is room for, and tells how many bytes have left the
    /// process since the last answer; never 0. Called as long as there are bytes that have not left, with an empty
    /// queue too.
    fn poll_transmit(
        &mut self,
        cx: &mut Context<'_>,
        queue: &mut VecDeque<Bytes>,
    ) -> Poll<Result<usize, Lost>>;
}

/// Timers of a runtime.
pub trait Timers: Unpin + 'static {
    /// A running timer.
    type Sleep: Future<Output = ()> + Unpin;

    /// Starts a timer.
    fn sleep(&self, duration: Duration) -> Self::Sleep;
}

/// Message size of WebSockets: large enough that framing costs nothing, small enough to be checked against a budget
/// in pieces.
const MESSAGE: usize = 64 << 10;

/// Takes the next message for a WebSocket from the queue: gathers small pieces, and cuts large ones without copying.
#[cfg_attr(
    not(any(feature = "tokio", feature = "web")),
    expect(dead_code, reason = "no runtime is built in")
)]
pub(crate) fn next_message(queue: &mut VecDeque<Bytes>) -> Bytes {
    let alone = queue.len() == 1;
    match queue.front_mut() {
        Some(first) if first.len() > MESSAGE => return first.split_to(MESSAGE),
        Some(first) if first.len() == MESSAGE || alone => return queue.pop_front().unwrap_or_default(),
        _ => {}
    }
    let mut message = BytesMut::with_capacity(MESSAGE);
    while let Some(first) = queue.front_mut() {
        let room = MESSAGE - message.len();
        if room == 0 {
            break;
        }
        if first.len() > room {
            message.extend_from_slice(&first.split_to(room));
        } else {
            message.extend_from_slice(first);
            queue.pop_front();
        }
    }
    message.freeze()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(pieces: &[usize]) -> Vec<usize> {
        let mut queue: VecDeque<Bytes> = pieces.iter().map(|size| Bytes::from(vec![7; *size])).collect();
        let mut sizes = Vec::new();
        while !queue.is_empty() {
            sizes.push(next_message(&mut queue).len());
        }
        sizes
    }

    #[test]
    fn messages_are_gathered_and_cut() {
        assert_eq!(cut(&[100]), [100]);
        assert_eq!(cut(&[100, 200, 300]), [600]);
        assert_eq!(cut(&[100, MESSAGE]), [MESSAGE, 100]);
        assert_eq!(cut(&[2 * MESSAGE + 5]), [MESSAGE, MESSAGE, 5]);
        assert_eq!(cut(&[MESSAGE, 1]), [MESSAGE, 1]);
    }
}
