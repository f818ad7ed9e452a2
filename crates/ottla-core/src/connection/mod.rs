//! Connections: dialling, agreeing on versions, requests in flight, timeouts, reconnecting.
//!
//! ```text
//! (Dial) Dialing --Connected--> Negotiating --ApiVersions answered--> [LoggingIn] --> Ready
//!           |                        |                                  |     ^         |
//!           |                        |                                  |     +- again -+
//!           +------------------------+------ Closed, timeout, fault ----+---------------+--> gone; the peer backs off
//! ```
//!
//! With SASL a connection logs in after ApiVersions, and again before its session ends (KIP-368). Kafka's own client
//! asks for ApiVersions a second time after the login; the answer is the same, so this one does not.

mod events;
#[cfg(feature = "sasl")]
mod login;
mod network;
mod receive;
mod stream;
mod versions;

pub(crate) use events::Loss;
pub(crate) use network::{Network, Route, Wants};
pub(crate) use stream::{Request, RequestKind, Stream};
pub(crate) use versions::Versions;

use crate::io::{Address, ConnId, NodeId};
use crate::time::Instant;

/// Whom a connection leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Peer {
    /// The entry of `bootstrap.servers` with this index.
    Bootstrap(usize),
    /// A node that metadata named.
    Node(NodeId),
}

impl Peer {
    pub(crate) const fn node(self) -> Option<NodeId> {
        match self {
            Self::Bootstrap(_) => None,
            Self::Node(node) => Some(node),
        }
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Connection {
    pub(crate) id: ConnId,
    pub(crate) peer: Peer,
    pub(crate) address: Address,
    pub(crate) state: ConnState,
}

/// How far a connection has come.
#[derive(Clone, Debug)]
pub(crate) enum ConnState {
    /// The shell is opening it; given up at the deadline.
    Dialing { deadline: Instant },
    /// ApiVersions is asked.
    Negotiating { stream: Stream },
    /// A login is under way, the first or another (KIP-368). Answers to earlier requests still arrive.
    #[cfg(feature = "sasl")]
    LoggingIn {
        stream: Stream,
        versions: Versions,
        login: login::Login,
        /// Whether the session before it still holds.
        again: bool,
    },
    /// Requests may go out.
    Ready { stream: Stream, versions: Versions },
}

impl Connection {
    pub(crate) fn stream(&self) -> Option<&Stream> {
        match &self.state {
            ConnState::Dialing { .. } => None,
            #[cfg(feature = "sasl")]
            ConnState::LoggingIn { stream, .. } => Some(stream),
            ConnState::Negotiating { stream } | ConnState::Ready { stream, .. } => Some(stream),
        }
    }

    pub(crate) fn stream_mut(&mut self) -> Option<&mut Stream> {
        match &mut self.state {
            ConnState::Dialing { .. } => None,
            #[cfg(feature = "sasl")]
            ConnState::LoggingIn { stream, .. } => Some(stream),
            ConnState::Negotiating { stream } | ConnState::Ready { stream, .. } => Some(stream),
        }
    }

    /// Takes the stream out, to put it into the next state; nothing else may look at the state until then.
    fn take_stream(&mut self) -> Option<Stream> {
        let deadline = Instant::MAX;
        match core::mem::replace(&mut self.state, ConnState::Dialing { deadline }) {
            dialing @ ConnState::Dialing { .. } => {
                self.state = dialing;
                None
            }
            #[cfg(feature = "sasl")]
            ConnState::LoggingIn { stream, .. } => Some(stream),
            ConnState::Negotiating { stream } | ConnState::Ready { stream, .. } => Some(stream),
        }
    }

    /// The stream and its versions, when requests may go out.
    pub(crate) fn ready(&self) -> Option<(&Stream, &Versions)> {
        match &self.state {
            ConnState::Ready { stream, versions } => Some((stream, versions)),
            _ => None,
        }
    }
}
