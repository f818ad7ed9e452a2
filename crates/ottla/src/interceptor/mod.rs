//! Code of the application around every record: before it is sent, and when its fate is known (KIP-42).
//!
//! Kafka's rules hold: interceptors run in the order in which they were given; one that fails (panics) changes nothing
//! for the others nor for the record; each hears of every record's fate, before the record's own callback or future
//! does. What Java has no word for is a refusal: an interceptor that checks records says so with [`Refused`], and
//! `send` gives the record back with that error.

mod builtin;
mod chain;

use std::fmt;

use ottla_core::{Header, Record, RecordMetadata};

use crate::error::KafkaError;
use crate::hooks::{MaybeSend, MaybeSync};

pub use builtin::{MaximumSize, Provenance, RequireKey};
pub(crate) use chain::{Acknowledged, Interceptors, Sent};

/// Sees every record twice: on its way in, and when its fate is known. The methods are called from several threads at
/// once and never under a lock of the producer, so they may use it; `on_send` delays `send`, `on_acknowledgement` the
/// driver, and so all other results.
///
/// ```
/// use std::sync::atomic::{AtomicU64, Ordering};
/// use ottla::Record;
/// use ottla::interceptor::{Acknowledgement, Interceptor, Refused};
///
/// /// Counts what fails, and lets nothing through without a header.
/// #[derive(Default)]
/// struct Audit(AtomicU64);
///
/// impl Interceptor for Audit {
///     fn on_send(&self, record: &mut Record<'_>) -> Result<(), Refused> {
///         match record.headers.is_empty() {
///             true => Err(Refused::new("a record needs a header that says where it is from")),
///             false => Ok(()),
///         }
///     }
///
///     fn on_acknowledgement(&self, of: &Acknowledgement<'_>) {
///         self.0.fetch_add(u64::from(of.error.is_some()), Ordering::Relaxed);
///     }
/// }
/// ```
pub trait Interceptor: MaybeSend + MaybeSync {
    /// Sees, and may change, a record once before it is checked, partitioned and buffered (`onSend`). Keys and values
    /// are serialized already. A panic is caught: the record goes on as it is then.
    ///
    /// # Errors
    /// Refuses the record: `send` gives it back with this error, and the interceptors that come later do not see it.
    fn on_send(&self, record: &mut Record<'_>) -> Result<(), Refused> {
        let _ = record;
        Ok(())
    }

    /// Hears what became of a record (`onAcknowledgement`): delivered, failed, or given back by `send`. A panic is
    /// caught. Nothing is told of records that are still on their way when the producer's runtime ends without a `close`.
    fn on_acknowledgement(&self, of: &Acknowledgement<'_>) {
        let _ = of;
    }

    /// The producer is closed, and every record was told of.
    fn close(&self) {}
}

/// The fate of one record.
#[derive(Clone, Copy, Debug)]
pub struct Acknowledgement<'a> {
    /// Where the record is. After a failure topic and partition are what is known of them (-1: no partition was chosen),
    /// and all other numbers are -1, as in Java.
    pub metadata: &'a RecordMetadata,
    /// Why it was not delivered.
    pub error: Option<&'a KafkaError>,
    /// The headers with which it was sent (KIP-1156).
    pub headers: &'a [Header<'static>],
}

/// The word of an interceptor that lets a record not pass.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    code: &'static str,
    message: String,
}

impl Refused {
    /// An `INVALID_RECORD`; the message says what is wrong and what to do.
    pub fn new(message: impl Into<String>) -> Self {
        Self::with_code("INVALID_RECORD", message)
    }

    /// An error with another of Kafka's names.
    pub fn with_code(code: &'static str, message: impl Into<String>) -> Self {
        let message = message.into();
        Self { code, message }
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.message)
    }
}

impl std::error::Error for Refused {}
