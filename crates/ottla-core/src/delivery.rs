//! What became of records.

use alloc::borrow::{Cow, ToOwned};
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;

pub use ottla_trace::event::Persisted;

use ottla_wire::batch::{RecordView, SealedBatch};

use crate::record::{Header, Record, RecordId};
use crate::time::Timestamp;

/// Where a delivered record is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordMetadata {
    /// Topic.
    pub topic: Arc<str>,
    /// Partition.
    pub partition: i32,
    /// Offset, or -1 when the broker did not say (`acks=0`, or a duplicate that it recognised).
    pub offset: i64,
    /// Milliseconds since the epoch: the broker's time when the topic uses `LogAppendTime`, else the record's own.
    pub timestamp: i64,
    /// Bytes of the serialized key, -1 when it is null.
    pub serialized_key_size: i32,
    /// Bytes of the serialized value, -1 when it is null.
    pub serialized_value_size: i32,
}

/// Who or what made a delivery fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeliveryErrorKind {
    /// A timeout of ours ran out (`delivery.timeout.ms`, `max.block.ms`).
    Timeout,
    /// The broker refused this record or its batch.
    Broker,
    /// This client may not write there.
    Authorization,
    /// The record is larger than a limit.
    TooLarge,
    /// The producer was closed before the record was delivered.
    Closed,
    /// The producer cannot go on: each later record fails likewise.
    Fatal,
}

/// Why a record was not delivered. Cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeliveryError {
    /// Kafka's name of the error (`NOT_ENOUGH_REPLICAS`), or ours for errors that only a client has
    /// (`DELIVERY_TIMEOUT`, `MAX_BLOCK_TIMEOUT`, `NO_BROKER` when not one address of the cluster ever answered,
    /// `RECORD_TOO_LARGE`, `CLOSED`).
    pub code: &'static str,
    /// By culprit.
    pub kind: DeliveryErrorKind,
    /// What is wrong, where, and what to do.
    pub message: Arc<str>,
    /// Whether the record is in the log nevertheless.
    pub persisted: Persisted,
}

impl fmt::Display for DeliveryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.message)?;
        match self.persisted {
            Persisted::No => Ok(()),
            Persisted::Possibly => f.write_str(" (the broker may have it nevertheless)"),
            Persisted::Yes => f.write_str(" (the broker has it nevertheless)"),
        }
    }
}

impl core::error::Error for DeliveryError {}

/// What is kept of a record while it is in a batch.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RecordSlot {
    pub(crate) id: RecordId,
    pub(crate) timestamp: i64,
    pub(crate) key_size: i32,
    pub(crate) value_size: i32,
}

impl RecordSlot {
    // Small code is wanted elsewhere in wasm; this runs for each record.
    #[inline(always)]
    pub(crate) fn new(id: RecordId, record: &Record<'_>) -> Self {
        Self {
            id,
            timestamp: record.timestamp.map_or(-1, |timestamp| timestamp.0),
            key_size: nullable_len(record.key.as_deref()),
            value_size: nullable_len(record.value.as_deref()),
        }
    }
}

/// The length of key or value, -1 when it is null.
#[inline]
pub(crate) fn nullable_len(bytes: Option<&[u8]>) -> i32 {
    bytes.map_or(-1, |bytes| i32::try_from(bytes.len()).unwrap_or(i32::MAX))
}

/// What a batch, or a record that never got into one, came to.
#[derive(Clone, Debug)]
pub(crate) enum Outcome {
    /// In the log from this offset on (-1: unknown).
    Stored { base_offset: i64, log_append_time: i64 },
    /// All failed alike.
    Failed(DeliveryError),
    /// KIP-467: the broker named the culprits (by index); the others failed with them, for no fault of their own.
    Culprits {
        of_others: DeliveryError,
        culprits: Vec<(u32, DeliveryError)>,
    },
}

/// The results of one batch, or of one record that failed before it was in a batch.
#[derive(Clone, Debug)]
pub struct Completion {
    pub(crate) topic: Arc<str>,
    pub(crate) partition: i32,
    pub(crate) outcome: Outcome,
    pub(crate) slots: Vec<RecordSlot>,
    pub(crate) returned: Returned,
}

/// Where the records of a failed completion are.
#[derive(Clone, Debug)]
pub(crate) enum Returned {
    /// Delivered: nowhere.
    Nothing,
    /// Still in the batch; decoded when somebody wants them.
    Batch(SealedBatch),
    /// They never were in a batch.
    Records(Vec<Record<'static>>),
}

impl Completion {
    /// Of records that failed before they were in a batch.
    pub(crate) fn of_records(
        topic: Arc<str>,
        outcome: Outcome,
        slots: Vec<RecordSlot>,
        records: Vec<Record<'static>>,
    ) -> Self {
        Self {
            topic,
            partition: -1,
            outcome,
            slots,
            returned: Returned::Records(records),
        }
    }

    /// The topic.
    pub fn topic(&self) -> &Arc<str> {
        &self.topic
    }

    /// The partition; -1 when the record failed before it had one.
    pub fn partition(&self) -> i32 {
        self.partition
    }

    /// Number of records.
    pub fn len(&self) -> usize {
        self.slots.len()
    }

    /// Never: a completion has at least one record.
    pub fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    /// Whether the records are delivered.
    pub fn is_ok(&self) -> bool {
        matches!(self.outcome, Outcome::Stored { .. })
    }

    /// The error of the batch as a whole.
    pub fn error(&self) -> Option<&DeliveryError> {
        match &self.outcome {
            Outcome::Stored { .. } => None,
            Outcome::Failed(error) | Outcome::Culprits { of_others: error, .. } => Some(error),
        }
    }

    /// The numbers of the records, in the order in which they were sent.
    pub fn ids(&self) -> impl ExactSizeIterator<Item = RecordId> + '_ {
        self.slots.iter().map(|slot| slot.id)
    }

    /// The result of each record, in the order in which they were sent.
    pub fn results(
        &self,
    ) -> impl ExactSizeIterator<Item = (RecordId, Result<RecordMetadata, DeliveryError>)> + '_ {
        (0..self.slots.len()).map(|index| (self.slots[index].id, self.result(index)))
    }

    /// The result of the record at this place of the batch, from 0.
    pub fn result(&self, index: usize) -> Result<RecordMetadata, DeliveryError> {
        let slot = &self.slots[index];
        match &self.outcome {
            Outcome::Stored {
                base_offset,
                log_append_time,
            } => Ok(RecordMetadata {
                topic: self.topic.clone(),
                partition: self.partition,
                offset: if *base_offset < 0 {
                    -1
                } else {
                    base_offset
                        + if mutant!(OffsetsNotCounted) {
                            0
                        } else {
                            index as i64
                        }
                },
                timestamp: if *log_append_time >= 0 && !mutant!(AppendTimeIgnored) {
                    *log_append_time
                } else {
                    slot.timestamp
                },
                serialized_key_size: slot.key_size,
                serialized_value_size: slot.value_size,
            }),
            Outcome::Failed(error) => Err(error.clone()),
            Outcome::Culprits { of_others, culprits } => Err(culprits
                .iter()
                .find(|(culprit, _)| *culprit as usize == index)
                .map_or_else(|| of_others.clone(), |(_, error)| error.clone())),
        }
    }

    /// The records of a failed completion, given back in the order in which they were sent; empty after success.
    pub fn records(self) -> Vec<(RecordId, Record<'static>)> {
        let ids = self.slots.iter().map(|slot| slot.id);
        match self.returned {
            Returned::Nothing => Vec::new(),
            Returned::Records(records) => ids.zip(records).collect(),
            Returned::Batch(batch) => {
                let Ok(records) = batch.records() else {
                    unreachable!("a batch that this process compressed is readable by it");
                };
                ids.zip(records.iter().flatten())
                    .map(|(id, view)| (id, given_back(&self.topic, self.partition, &view)))
                    .collect()
            }
        }
    }

    /// A line for people: what came of how many records.
    pub fn describe(&self) -> String {
        match self.error() {
            None => alloc::format!("{} records to {}-{}", self.len(), self.topic, self.partition),
            Some(error) => {
                alloc::format!(
                    "{} records to {}-{}: {error}",
                    self.len(),
                    self.topic,
                    self.partition
                )
            }
        }
    }
}

fn given_back(topic: &str, partition: i32, view: &RecordView<'_>) -> Record<'static> {
    Record {
        topic: Cow::Owned(topic.to_owned()),
        partition: Some(partition),
        timestamp: Some(Timestamp(view.timestamp)).filter(|timestamp| timestamp.0 >= 0),
        key: view.key.map(|key| Cow::Owned(key.to_vec())),
        value: view.value.map(|value| Cow::Owned(value.to_vec())),
        headers: view
            .headers
            .map(|header| Header {
                key: Cow::Owned(String::from_utf8_lossy(header.key).into_owned()),
                value: header.value.map(|value| Cow::Owned(value.to_vec())),
            })
            .collect(),
    }
}
