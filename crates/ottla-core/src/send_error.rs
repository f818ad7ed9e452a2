//! Why `send` gives a record back.

use alloc::sync::Arc;
use core::fmt;

use crate::error::TopicNameError;
use crate::record::Record;

/// Why `send` did not take a record. The record is always given back.
#[derive(Clone, Debug, PartialEq)]
pub enum SendError {
    /// `buffer.memory` is exhausted. Keep the record and send it again after [`crate::Output::Room`], before any later one,
    /// or drop it and call [`leave_line`](crate::Producer::leave_line).
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
        why: TopicNameError,
    },
    /// The partition is negative, or one that the application's partitioner made up.
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
                write!(
                    f,
                    "the topic cannot have a partition {partition}; name one that exists, or none"
                )
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
