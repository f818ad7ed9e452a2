//! Whether a client's batch may be appended: the checks of Kafka's `UnifiedLog.analyzeAndValidateRecords` and
//! `LogValidator`.

use bytes::Bytes;
use ottla_wire::{
    batch::{BatchError, BatchHeader, RecordBatch},
    codec::Codec,
    error_code::ErrorCode,
};

use crate::{TimestampType, TopicConfig};

/// `RecordBatch.NO_TIMESTAMP`: the producer does not say when.
const NO_TIMESTAMP: i64 = -1;

/// Why a batch is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) error: ErrorCode,
    pub(crate) message: String,
    /// The records that are to blame (KIP-467), by their place in the batch.
    pub(crate) records: Vec<(i32, String)>,
}

impl Refusal {
    /// An error that needs no words.
    pub(crate) fn bare(error: ErrorCode) -> Self {
        Self::new(error, "")
    }

    fn new(error: ErrorCode, message: impl Into<String>) -> Self {
        Self {
            error,
            message: message.into(),
            records: Vec::new(),
        }
    }
}

/// Checks the records field of one partition of a Produce request; gives its only batch.
///
/// # Errors
/// The error code that Kafka answers with.
pub(crate) fn check(
    records: &Bytes,
    version: i16,
    config: &TopicConfig,
    now_ms: i64,
    deep: bool,
) -> Result<RecordBatch, Refusal> {
    let mut rest = records.clone();
    let batch = RecordBatch::split_from(&mut rest).map_err(|error| corrupt(&error))?;
    let (header, len) = (batch.header(), batch.size());
    if !rest.is_empty() {
        let message = "Produce requests must have exactly one record batch per partition";
        return Err(Refusal::new(ErrorCode::INVALID_RECORD, message));
    }
    if header.codec() == Ok(Codec::Zstd) && version < 7 {
        let message = "Produce requests before version 7 must not use ZStandard";
        return Err(Refusal::new(ErrorCode::UNSUPPORTED_COMPRESSION_TYPE, message));
    }
    if header.base_offset != 0 {
        let message = format!(
            "the base offset of a produced batch is 0, not {}",
            header.base_offset
        );
        return Err(Refusal::new(ErrorCode::INVALID_RECORD, message));
    }
    if len > config.max_message_bytes {
        let message = format!(
            "the batch has {len} bytes, max.message.bytes is {}",
            config.max_message_bytes
        );
        return Err(Refusal::new(ErrorCode::MESSAGE_TOO_LARGE, message));
    }
    if deep {
        check_header(header)?;
        check_records(&batch, config, now_ms)?;
    } else {
        batch.verify_crc().map_err(|error| corrupt(&error))?;
        check_header(header)?;
    }
    if len as u64 > config.segment_bytes {
        let message = format!(
            "the batch has {len} bytes, segment.bytes is {}",
            config.segment_bytes
        );
        return Err(Refusal::new(ErrorCode::RECORD_LIST_TOO_LARGE, message));
    }
    Ok(batch)
}

fn corrupt(error: &BatchError) -> Refusal {
    Refusal::new(ErrorCode::CORRUPT_MESSAGE, error.to_string())
}

fn check_header(header: &BatchHeader) -> Result<(), Refusal> {
    let invalid = |message: &str| Err(Refusal::new(ErrorCode::INVALID_RECORD, message));
    if header.record_count <= 0 || header.last_offset_delta != header.record_count - 1 {
        return invalid("the number of records and the last offset delta contradict each other");
    }
    if header.is_control() {
        return invalid("clients are not allowed to write control records");
    }
    if header.is_transactional() {
        return Err(Refusal::new(
            ErrorCode::INVALID_TXN_STATE,
            "there are no transactions in this broker",
        ));
    }
    if header.producer_id >= 0 && header.base_sequence < 0 {
        return invalid("a batch with a producer id needs a sequence");
    }
    Ok(())
}

fn check_records(batch: &RecordBatch, config: &TopicConfig, now_ms: i64) -> Result<(), Refusal> {
    let limit = config.max_message_bytes.saturating_mul(64).max(1 << 20);
    let (mut next, mut error, mut wrong) = (0, ErrorCode::NONE, Vec::new());
    let records = batch.open(limit).map_err(|error| corrupt(&error))?;
    for record in &records {
        let record = record.map_err(|error| corrupt(&error))?;
        if record.offset - batch.header().base_offset != i64::from(next) {
            return Err(Refusal::new(
                ErrorCode::INVALID_RECORD,
                "the records' offsets are not consecutive",
            ));
        }
        // One record has one error, and the whole batch that of a timestamp if any record has.
        if config.compacted && record.key.is_none() {
            wrong.push((next, "compacted topics need a key".to_owned()));
            error = if error.is_ok() {
                ErrorCode::INVALID_RECORD
            } else {
                error
            };
        } else if let Some(message) = wrong_timestamp(record.timestamp, batch.header(), config, now_ms) {
            wrong.push((next, message));
            error = ErrorCode::INVALID_TIMESTAMP;
        }
        next += 1;
    }
    if error.is_ok() {
        return Ok(());
    }
    let message = "one or more records have been rejected".to_owned();
    Err(Refusal {
        error,
        message,
        records: wrong,
    })
}

/// What is wrong with a record's time (`LogValidator.validateTimestamp`).
fn wrong_timestamp(
    timestamp: i64,
    header: &BatchHeader,
    config: &TopicConfig,
    now_ms: i64,
) -> Option<String> {
    if config.timestamp_type == TimestampType::CreateTime && timestamp != NO_TIMESTAMP {
        let past = now_ms.saturating_sub(timestamp);
        let out =
            past > config.timestamp_before_max_ms || past.saturating_neg() > config.timestamp_after_max_ms;
        return out.then(|| format!("timestamp {timestamp} is out of range"));
    }
    (header.timestamp_type() == ottla_wire::batch::TimestampType::LogAppendTime)
        .then(|| "a producer must not say that its timestamps are the broker's".to_owned())
}
