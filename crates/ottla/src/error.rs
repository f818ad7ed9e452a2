//! Errors of the client: Kafka's names, what they mean for the log, and the record given back.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use ottla_core::config::ConfigError;
use ottla_core::{DeliveryError, DeliveryErrorKind, Record, RefuseReason, delivery::Persisted};

/// Who or what is at fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// `buffer.memory` is full: the record was not accepted.
    Full,
    /// A timeout ran out (`delivery.timeout.ms`, `max.block.ms`).
    Timeout,
    /// The record, its topic or its partition is not acceptable.
    Record,
    /// The broker refused it.
    Broker,
    /// This client may not do that.
    Authorization,
    /// The producer is closed.
    Closed,
    /// The producer cannot go on: each later record fails likewise.
    Fatal,
}

/// What went wrong with a record, a flush or a close.
#[derive(Clone, Debug)]
pub struct KafkaError {
    code: &'static str,
    kind: ErrorKind,
    message: Arc<str>,
    persisted: Persisted,
    record: Option<Box<Record<'static>>>,
}

impl KafkaError {
    pub(crate) fn new(code: &'static str, kind: ErrorKind, message: impl Into<Arc<str>>) -> Self {
        Self {
            code,
            kind,
            message: message.into(),
            persisted: Persisted::No,
            record: None,
        }
    }

    pub(crate) fn full() -> Self {
        let message = "buffer.memory is full; wait for room, or raise buffer.memory";
        Self::new("BUFFER_EXHAUSTED", ErrorKind::Full, message)
    }

    pub(crate) fn no_room_in_time() -> Self {
        let message =
            "buffer.memory stayed full for max.block.ms; send less, raise buffer.memory, or wait longer";
        Self::new("BUFFER_EXHAUSTED", ErrorKind::Timeout, message)
    }

    /// The sender stopped waiting.
    pub(crate) fn no_longer_wanted() -> Self {
        let message = "the sender stopped waiting for room; the record was not sent";
        Self::new("BUFFER_EXHAUSTED", ErrorKind::Full, message)
    }

    /// The application's partitioner is wrong.
    pub(crate) fn no_such_partition(partition: i32, topic: &str, count: i32) -> Self {
        let last = count - 1;
        let message = if partition == i32::MIN {
            format!("the partitioner panicked at a record of topic {topic}; fix it, or name the partition")
        } else {
            format!(
                "the partitioner chose partition {partition} of topic {topic}, which has 0 to {last}; answer one of \
                 those, or None for the built-in choice"
            )
        };
        Self::new("INVALID_PARTITION", ErrorKind::Record, message)
    }

    pub(crate) fn closed() -> Self {
        Self::new(
            "CLOSED",
            ErrorKind::Closed,
            "the producer is closed; create a new one to send more",
        )
    }

    /// The driver is gone: nobody can tell any more what became of the record.
    pub(crate) fn abandoned() -> Self {
        Self {
            persisted: Persisted::Possibly,
            ..Self::new(
                "CLOSED",
                ErrorKind::Closed,
                "the runtime that drove the producer has stopped; close the producer before its runtime ends",
            )
        }
    }

    /// The same, about a record that was refused.
    pub(crate) fn never_sent(self) -> Self {
        Self {
            persisted: Persisted::No,
            ..self
        }
    }

    pub(crate) fn with_record(self, record: Record<'static>) -> Self {
        Self {
            record: Some(Box::new(record)),
            ..self
        }
    }

    /// Kafka's name of the error (`NOT_ENOUGH_REPLICAS`), or a name in that style for what only a client finds
    /// (`RECORD_TOO_LARGE`, `BUFFER_EXHAUSTED`, `DELIVERY_TIMEOUT`, `MAX_BLOCK_TIMEOUT`, `CLOSED`).
    pub fn code(&self) -> &'static str {
        self.code
    }

    /// By culprit.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// What is wrong, and what to do; one line.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Whether the record may be in the log nevertheless: look here before sending it again.
    pub fn persisted(&self) -> Persisted {
        self.persisted
    }

    /// The record that was not delivered, when there is one.
    pub fn record(&self) -> Option<&Record<'static>> {
        self.record.as_deref()
    }

    /// Takes the record back.
    pub fn into_record(self) -> Option<Record<'static>> {
        self.record.map(|record| *record)
    }
}

impl fmt::Display for KafkaError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.message)?;
        match self.persisted {
            Persisted::No => Ok(()),
            Persisted::Possibly => f.write_str(" (the broker may have it nevertheless)"),
            Persisted::Yes => f.write_str(" (the broker has it nevertheless)"),
        }
    }
}

impl std::error::Error for KafkaError {}

impl From<DeliveryError> for KafkaError {
    fn from(error: DeliveryError) -> Self {
        let kind = match error.kind {
            DeliveryErrorKind::Timeout => ErrorKind::Timeout,
            DeliveryErrorKind::Broker => ErrorKind::Broker,
            DeliveryErrorKind::Authorization => ErrorKind::Authorization,
            DeliveryErrorKind::TooLarge => ErrorKind::Record,
            DeliveryErrorKind::Closed => ErrorKind::Closed,
            DeliveryErrorKind::Fatal => ErrorKind::Fatal,
        };
        Self {
            code: error.code,
            kind,
            message: error.message,
            persisted: error.persisted,
            record: None,
        }
    }
}

impl From<RefuseReason> for KafkaError {
    fn from(why: RefuseReason) -> Self {
        let kind = match &why {
            RefuseReason::Closed => ErrorKind::Closed,
            RefuseReason::Fatal { .. } => ErrorKind::Fatal,
            _ => ErrorKind::Record,
        };
        let (code, text) = (why.code(), why.to_string());
        let message = text
            .strip_prefix(code)
            .and_then(|rest| rest.strip_prefix(": "))
            .unwrap_or(&text);
        Self::new(code, kind, message)
    }
}

/// Why a producer did not start.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum StartError {
    /// Every mistake of the configuration.
    Config(Vec<ConfigError>),
    /// There is no async runtime here.
    NoRuntime,
    /// A file of options cannot be read.
    File {
        /// The file.
        path: PathBuf,
        /// What the system says.
        problem: String,
    },
}

impl StartError {
    /// Kafka's name of the error, `INVALID_CONFIG`, or a name in that style for what only a client finds (`NO_RUNTIME`,
    /// `NO_CONFIG_FILE`).
    pub fn code(&self) -> &'static str {
        match self {
            Self::Config(_) => "INVALID_CONFIG",
            Self::NoRuntime => "NO_RUNTIME",
            Self::File { .. } => "NO_CONFIG_FILE",
        }
    }
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Config(errors) => {
                for (index, error) in errors.iter().enumerate() {
                    let separator = if index == 0 { "" } else { "\n" };
                    write!(f, "{separator}{error}")?;
                }
                Ok(())
            }
            Self::NoRuntime => f.write_str(
                "a producer is started inside of a tokio runtime; call start from an async function",
            ),
            Self::File { path, problem } => {
                write!(f, "the options in {} cannot be read: {problem}", path.display())
            }
        }
    }
}

impl std::error::Error for StartError {}
