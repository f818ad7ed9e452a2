//! The producer's inputs and outputs: everything that crosses the border to sockets, threads and the application.

use alloc::string::String;
use alloc::vec::Vec;
use bytes::Bytes;
use core::fmt;
use ottla_wire::batch::{BatchBuilder, SealedBatch};
use ottla_wire::codec::Codec;

use crate::accumulator::BatchKey;
use crate::delivery::Completion;
use crate::time::Instant;
use crate::timer::Timer;

/// A Kafka node id.
pub type NodeId = i32;

/// The number of a connection, in the order of dialling; never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnId(pub u32);

/// The number of a [`crate::Producer::flush`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FlushId(pub u64);

/// Where to connect to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// A broker over TCP.
    Tcp {
        /// Host name or IP address.
        host: String,
        /// Port.
        port: u16,
    },
    /// A broker behind a bridge. The shell dials `{url}/any` for a bootstrap connection and `{url}/{node}` for a node.
    Bridge {
        /// The WebSocket URL up to and with the cluster: `wss://kafka.example.com/k/main`.
        url: String,
    },
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp { host, port } if host.as_bytes().contains(&b':') => write!(f, "[{host}]:{port}"),
            Self::Tcp { host, port } => write!(f, "{host}:{port}"),
            Self::Bridge { url } => f.write_str(url),
        }
    }
}

/// Bytes to write to a connection, in order: small headers, and record batches that are shared and not copied.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Chunks(pub(crate) Vec<Bytes>);

impl Chunks {
    /// Number of bytes.
    pub fn len(&self) -> usize {
        self.0.iter().map(Bytes::len).sum()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.iter().all(Bytes::is_empty)
    }

    /// The pieces, in order.
    pub fn iter(&self) -> core::slice::Iter<'_, Bytes> {
        self.0.iter()
    }

    /// All bytes in one buffer. Copies them unless there is one piece.
    pub fn into_bytes(self) -> Bytes {
        match <[Bytes; 1]>::try_from(self.0) {
            Ok([only]) => only,
            Err(many) => many.concat().into(),
        }
    }
}

impl IntoIterator for Chunks {
    type Item = Bytes;
    type IntoIter = alloc::vec::IntoIter<Bytes>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'a> IntoIterator for &'a Chunks {
    type Item = &'a Bytes;
    type IntoIter = core::slice::Iter<'a, Bytes>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

/// A closed batch that wants to be compressed. [`SealJob::run`] is pure, so it may run on any thread.
#[derive(Clone, Debug)]
pub struct SealJob {
    pub(crate) key: BatchKey,
    pub(crate) builder: BatchBuilder,
    pub(crate) codec: Codec,
    pub(crate) level: Option<i32>,
}

/// A compressed batch, to be given back as [`Input::Sealed`].
#[derive(Clone, Debug)]
pub struct SealedJob {
    pub(crate) key: BatchKey,
    pub(crate) sealed: SealedBatch,
}

impl SealJob {
    /// Bytes to compress.
    pub fn len(&self) -> usize {
        self.builder.uncompressed_size()
    }

    /// Never: a batch has at least one record.
    pub fn is_empty(&self) -> bool {
        self.builder.is_empty()
    }

    /// Compresses.
    pub fn run(self) -> SealedJob {
        let codec = if mutant!(GrownBatchSentPlain) {
            Codec::None
        } else {
            self.codec
        };
        let level = self.level.filter(|_| codec != Codec::None);
        let Ok(sealed) = self.builder.seal(codec, level) else {
            unreachable!("the configuration admits only codecs of this build, and levels in their range");
        };
        SealedJob {
            key: self.key,
            sealed,
        }
    }
}

/// What the producer wants from the shell. See [`crate::Producer::poll`].
#[derive(Clone, Debug)]
pub enum Output {
    /// Open a connection. Answered by [`Input::Connected`] or [`Input::Closed`].
    Dial {
        /// Its number.
        conn: ConnId,
        /// The node; `None` for a bootstrap address.
        node: Option<NodeId>,
        /// Where.
        address: Address,
    },
    /// Write these bytes. Answered by [`Input::Written`], in one or several parts.
    Transmit {
        /// The connection.
        conn: ConnId,
        /// The bytes.
        chunks: Chunks,
    },
    /// The broker wants a login, of which the outside gives a part: answered by `Input::Given`. Only with the feature
    /// `sasl`, and when `security.protocol` says so.
    Login {
        /// The connection.
        conn: ConnId,
    },
    /// Close the connection and forget it: no input for it is expected any more, later ones are ignored.
    Hangup {
        /// The connection.
        conn: ConnId,
    },
    /// Compress a batch, here or on another thread. Answered by [`Input::Sealed`].
    Seal(SealJob),
    /// Results for the application.
    Done(Completion),
    /// `buffer.memory` has room again after a [`crate::SendError::Full`]: retry what was given back, oldest first,
    /// until `send` says `Full` again.
    Room,
    /// Every record that was accepted before this flush began is resolved.
    Flushed(FlushId),
    /// `close` is complete: no further output follows.
    Closed,
    /// Nothing to do before `at` (or, for `None`, before the next input or `send`).
    Wait {
        /// When to hand in [`Input::Timeout`].
        at: Option<Instant>,
        /// What is waited for.
        why: Timer,
    },
}

/// What the shell tells the producer. See [`crate::Producer::handle`].
#[derive(Clone, Debug)]
pub enum Input {
    /// The connection is open.
    Connected {
        /// The connection.
        conn: ConnId,
    },
    /// Bytes arrived; any piece of the stream.
    Received {
        /// The connection.
        conn: ConnId,
        /// The bytes.
        bytes: Bytes,
    },
    /// This many more bytes of what was transmitted have left the process.
    Written {
        /// The connection.
        conn: ConnId,
        /// Number of bytes since the last `Written`.
        count: usize,
    },
    /// The connection failed to open, or is gone.
    Closed {
        /// The connection.
        conn: ConnId,
        /// Why, in words for people.
        why: String,
    },
    /// The connection failed to open, or is gone, because one side does not accept the other's certificate: dialling
    /// again does not help.
    #[cfg(feature = "sasl")]
    Rejected {
        /// The connection.
        conn: ConnId,
        /// Why, in words for people.
        why: String,
    },
    /// What a login takes from outside, or why there is none.
    #[cfg(feature = "sasl")]
    Given {
        /// The connection.
        conn: ConnId,
        /// Random bytes and, for OAUTHBEARER, a token; the error is one line for people.
        given: Result<crate::sasl::Given, String>,
    },
    /// A batch is compressed.
    Sealed(SealedJob),
    /// What the journal was given up to this ticket is durable. See [`crate::Producer::journal`].
    #[cfg(feature = "journal")]
    Persisted {
        /// The number of the last entry that is durable ([`crate::journal::Stamped::ticket`]).
        ticket: u64,
    },
    /// The process is about to be frozen (a tab in the back/forward cache, a sleeping laptop).
    Suspended,
    /// The process runs again. The time since [`Input::Suspended`] does not count for batches that were never sent.
    Resumed,
    /// The moment of the last [`Output::Wait`] has come.
    Timeout,
}
