//! The producer: wiring of its parts.

use alloc::sync::Arc;
use core::fmt;
use core::time::Duration;

use ottla_trace::{Envelope, Level, Snapshot};

use crate::config::Config;
use crate::extensions::{Builtin, Extensions};
use crate::io::{FlushId, Input, Output};
use crate::record::{Record, RecordId};
use crate::time::Instant;
use crate::timer::Timer;

/// Why `send` did not take a record. The record is always given back.
#[derive(Clone, Debug, PartialEq)]
pub enum SendError {
    /// `buffer.memory` is exhausted. Keep the record and send it again after [`Output::Room`], before any later one.
    Full {
        /// The record.
        record: Record<'static>,
    },
    /// The record can never be sent like this.
    Refused {
        /// The record.
        record: Record<'static>,
        /// Why.
        why: RefuseReason,
    },
}

impl fmt::Display for SendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Full { .. } => {
                f.write_str("BUFFER_EXHAUSTED: buffer.memory is full; wait for room, or raise buffer.memory")
            }
            Self::Refused { why, .. } => why.fmt(f),
        }
    }
}

impl core::error::Error for SendError {}

/// Why a record is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RefuseReason {
    /// The producer is closing or closed.
    Closed,
    /// The producer met an error after which nothing can be delivered.
    Fatal {
        /// Kafka's name of the error.
        code: &'static str,
        /// The error.
        message: Arc<str>,
    },
    /// The record is larger than `max.request.size` or `buffer.memory`.
    TooLarge {
        /// Upper bound of its size in a batch of its own, in bytes.
        size: usize,
        /// The limit in bytes.
        limit: usize,
        /// The option that sets the limit.
        option: &'static str,
    },
    /// The topic name is not one that Kafka allows.
    InvalidTopic {
        /// What is wrong with it.
        why: crate::error::TopicNameError,
    },
    /// The partition is negative.
    InvalidPartition {
        /// The partition.
        partition: i32,
    },
    /// The timestamp is negative.
    InvalidTimestamp {
        /// The timestamp.
        timestamp: i64,
    },
}

impl RefuseReason {
    /// The name of the error, in the style of Kafka's error names.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Closed => "CLOSED",
            Self::Fatal { code, .. } => code,
            Self::TooLarge { .. } => "RECORD_TOO_LARGE",
            Self::InvalidTopic { .. } => "INVALID_TOPIC_EXCEPTION",
            Self::InvalidPartition { .. } => "INVALID_PARTITION",
            Self::InvalidTimestamp { .. } => "INVALID_TIMESTAMP",
        }
    }
}

impl fmt::Display for RefuseReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.code())?;
        match self {
            Self::Closed => f.write_str("the producer is closed; create a new one to send more"),
            Self::Fatal { message, .. } => f.write_str(message),
            Self::TooLarge { size, limit, option } => write!(
                f,
                "the record needs up to {size} bytes, {option} allows {limit}; send less, or raise {option}"
            ),
            Self::InvalidTopic { why } => why.fmt(f),
            Self::InvalidPartition { partition } => {
                write!(f, "partition {partition} is negative; name one from 0, or none")
            }
            Self::InvalidTimestamp { timestamp } => {
                write!(
                    f,
                    "timestamp {timestamp} is negative; give milliseconds since 1970"
                )
            }
        }
    }
}

impl core::error::Error for RefuseReason {}

/// What is known of a partition, for [`Producer::partitions_for`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PartitionInfo {
    /// Its number.
    pub partition: i32,
    /// The leader, if there is one.
    pub leader: Option<crate::io::NodeId>,
}

/// A Kafka producer as a state machine.
///
/// # Methods by class
///
/// - *Application*: [`send`](Self::send), [`flush`](Self::flush), [`close`](Self::close).
/// - *Shell*: [`handle`](Self::handle) for each thing that happened, [`poll`](Self::poll) until [`Output::Wait`].
/// - *Observation*: [`drain_trace`](Self::drain_trace), [`snapshot`](Self::snapshot) and the getters.
///
/// # Driving rule
///
/// Handle one input, poll until `Wait`, repeat. After `send`, `flush` or `close` poll until `Wait`, too. Debug builds
/// assert it. `now` never decreases from call to call.
#[derive(Clone, Debug)]
pub struct Producer<X: Extensions = Builtin> {
    config: Config,
    extensions: X,
    seed: u64,
}

impl Producer {
    /// A producer with the built-in partitioners. `seed` decides every random choice.
    pub fn new(config: Config, seed: u64) -> Self {
        Self::with_extensions(config, seed, Builtin)
    }
}

impl<X: Extensions> Producer<X> {
    /// A producer with an application's own decisions.
    pub fn with_extensions(config: Config, seed: u64, extensions: X) -> Self {
        Self {
            config,
            extensions,
            seed,
        }
    }

    /// Takes a record, or gives it back. Never waits.
    pub fn send(&mut self, now: Instant, record: Record<'_>) -> Result<RecordId, SendError> {
        self.send_since(now, now, record)
    }

    /// As [`send`](Self::send), for a record that already waited for room: its `max.block.ms` began at `since`.
    pub fn send_since(
        &mut self,
        _now: Instant,
        _since: Instant,
        record: Record<'_>,
    ) -> Result<RecordId, SendError> {
        Err(SendError::Full {
            record: record.into_owned(),
        })
    }

    /// Sends everything that was accepted so far without lingering. [`Output::Flushed`] says when all of it is resolved.
    pub fn flush(&mut self, _now: Instant) -> FlushId {
        FlushId(0)
    }

    /// Takes no more records, delivers the accepted ones, then says [`Output::Closed`]. After `within` whatever is
    /// not delivered fails with `CLOSED`; `None` waits as long as the timeouts allow.
    pub fn close(&mut self, _now: Instant, _within: Option<Duration>) {}

    /// The next thing to do. Call until [`Output::Wait`].
    pub fn poll(&mut self, _now: Instant) -> Output {
        Output::Wait {
            at: None,
            why: Timer::Idle,
        }
    }

    /// Tells the producer what happened.
    pub fn handle(&mut self, _now: Instant, _input: Input) {}

    /// Hands over what was traced since the last call.
    pub fn drain_trace(&mut self, _sink: &mut impl FnMut(Envelope)) {}

    /// Changes how much is traced. A snapshot follows at once unless it is `Off`.
    pub fn set_trace(&mut self, _now: Instant, _level: Level) {}

    /// The whole state, as the trace shows it.
    pub fn snapshot(&self) -> Snapshot {
        Snapshot::default()
    }

    /// The name of an interned topic.
    pub fn topic_name(&self, _topic: ottla_trace::event::TopicIx) -> Option<&Arc<str>> {
        None
    }

    /// The partitions of a topic, if its metadata is known.
    pub fn partitions_for(&self, _topic: &str) -> Option<alloc::vec::Vec<PartitionInfo>> {
        None
    }

    /// Records that are accepted and not resolved.
    pub fn outstanding(&self) -> u64 {
        0
    }

    /// Bytes of `buffer.memory` in use.
    pub fn memory_used(&self) -> usize {
        0
    }

    /// Requests that wait for their answer.
    pub fn in_flight(&self) -> usize {
        0
    }

    /// The configuration.
    pub fn config(&self) -> &Config {
        &self.config
    }
}
