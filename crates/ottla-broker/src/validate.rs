//! Whether a client's batch may be appended, and what becomes of it on the way: the checks of Kafka's
//! `ProduceRequest.validateRecords`, `UnifiedLog.analyzeAndValidateRecords` and `LogValidator`.

use bytes::Bytes;
use ottla_wire::{
    batch::{BatchError, BatchHeader, RecordBatch, RecordFault},
    codec::Codec,
    error_code::ErrorCode,
};

use crate::{FULL, TimestampType, TopicConfig, recompress::recompress};

/// `RecordBatch.NO_TIMESTAMP`: the producer does not say when.
const NO_TIMESTAMP: i64 = -1;
/// `LegacyRecord.RECORD_OVERHEAD_V0`: what is shorter is no batch of any format.
const SHORTEST: i32 = 14;

/// Why a batch is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) error: ErrorCode,
    /// For people; Kafka has words for few errors.
    pub(crate) message: &'static str,
    /// The records that are to blame (KIP-467), by their place in the batch.
    pub(crate) records: Vec<(i32, String)>,
    /// Found so late that the answer tells where the log begins.
    pub(crate) at_log: bool,
}

impl Refusal {
    /// An error that needs no words.
    pub(crate) fn bare(error: ErrorCode) -> Self {
        Self {
            error,
            message: "",
            records: Vec::new(),
            at_log: false,
        }
    }

    /// An error that the log found.
    pub(crate) fn of_log(error: ErrorCode) -> Self {
        Self {
            at_log: true,
            ..Self::bare(error)
        }
    }
}

/// What a batch is checked against.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rules<'a> {
    /// Of the Produce request.
    pub(crate) version: i16,
    /// Whether the request has a transactional id.
    pub(crate) transactional: bool,
    pub(crate) config: &'a TopicConfig,
    pub(crate) now_ms: i64,
    /// Whether records are looked at one by one.
    pub(crate) deep: bool,
}

/// Checks the records field of one partition of a Produce request; gives its only batch as it is to be appended.
///
/// # Errors
/// The error code that Kafka answers with.
pub(crate) fn check(records: &Bytes, rules: Rules<'_>) -> Result<RecordBatch, Refusal> {
    let mut rest = records.clone();
    let batch = RecordBatch::split_from(&mut rest).map_err(|error| refuse(&error))?;
    check_request(&batch, &mut rest, rules)?;
    let (header, config) = (batch.header(), rules.config);
    let len = batch.size();
    if header.base_offset != 0 {
        return Err(Refusal::of_log(ErrorCode::INVALID_RECORD));
    }
    if len > config.max_message_bytes {
        return Err(Refusal::bare(ErrorCode::MESSAGE_TOO_LARGE));
    }
    batch
        .verify_crc()
        .map_err(|_| Refusal::bare(ErrorCode::CORRUPT_MESSAGE))?;
    check_header(header)?;
    let batch = if rules.deep {
        check_records(batch, config, rules.now_ms)?
    } else {
        batch
    };
    if batch.size() as u64 > config.segment_bytes {
        return Err(Refusal::bare(ErrorCode::RECORD_LIST_TOO_LARGE));
    }
    Ok(batch)
}

/// Why Kafka refuses a whole request, whatever else is in it: bytes that are no batch of any format.
pub(crate) fn unreadable(records: &Bytes) -> Option<Refusal> {
    let refusal = refuse(&RecordBatch::split_from(&mut records.clone()).err()?);
    (!refusal.message.is_empty()).then_some(refusal)
}

/// What `RecordBatch::split_from` finds. Bytes that end early are no batch at all to Kafka.
fn refuse(error: &BatchError) -> Refusal {
    match error {
        BatchError::Magic(0 | 1) | BatchError::Truncated { .. } => Refusal::bare(ErrorCode::INVALID_RECORD),
        BatchError::RecordCount(_) => Refusal::of_log(ErrorCode::INVALID_RECORD),
        BatchError::Length(SHORTEST..) => Refusal::bare(ErrorCode::CORRUPT_MESSAGE),
        _ => Refusal {
            message: "the bytes are no record batch of a known format",
            ..Refusal::bare(ErrorCode::CORRUPT_MESSAGE)
        },
    }
}

/// What Kafka checks before it looks for the log.
fn check_request(batch: &RecordBatch, rest: &mut Bytes, rules: Rules<'_>) -> Result<(), Refusal> {
    let header = batch.header();
    if header.is_transactional() {
        return Err(if rules.transactional {
            Refusal {
                message: "no coordinator knows of the transaction",
                ..Refusal::bare(ErrorCode::NOT_ENOUGH_REPLICAS)
            }
        } else {
            Refusal::bare(ErrorCode::TRANSACTIONAL_ID_AUTHORIZATION_FAILED)
        });
    }
    if header.codec() == Ok(Codec::Zstd) && rules.version < 7 {
        return Err(Refusal::bare(ErrorCode::UNSUPPORTED_COMPRESSION_TYPE));
    }
    // The beginning of a second batch is not one yet, and is dropped.
    match RecordBatch::split_from(rest) {
        Err(BatchError::Truncated { .. }) => Ok(()),
        Err(error) => Err(refuse(&error)),
        Ok(_) => Err(Refusal::bare(ErrorCode::INVALID_RECORD)),
    }
}

fn check_header(header: &BatchHeader) -> Result<(), Refusal> {
    let consistent = header.record_count > 0 && header.last_offset_delta == header.record_count - 1;
    let numbered = header.producer_id < 0 || header.base_sequence >= 0;
    if consistent && numbered && !header.is_control() {
        Ok(())
    } else {
        Err(Refusal::of_log(ErrorCode::INVALID_RECORD))
    }
}

/// Looks at every record; gives the batch with the latest time that its records have, in the topic's codec.
fn check_records(batch: RecordBatch, config: &TopicConfig, now_ms: i64) -> Result<RecordBatch, Refusal> {
    let limit = config.max_message_bytes.saturating_mul(64).max(1 << 20);
    let (mut next, mut error, mut wrong) = (0, ErrorCode::NONE, Vec::new());
    let (mut latest, mut consecutive) = (NO_TIMESTAMP, true);
    let records = batch.open(limit).map_err(|error| undecodable(&error))?;
    for record in &records {
        let record = record.map_err(|error| undecodable(&error))?;
        consecutive &= record.offset == i64::from(next);
        latest = latest.max(record.timestamp);
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
    if !error.is_ok() {
        return Err(Refusal {
            message: "one or more records have been rejected",
            records: wrong,
            ..Refusal::of_log(error)
        });
    }
    let is_compressed = batch.header().codec() != Ok(Codec::None);
    // Kafka would number them anew, but has skipped their keys and values, and fails.
    if is_compressed && !consecutive {
        return Err(Refusal::of_log(ErrorCode::UNKNOWN_SERVER_ERROR));
    }
    if !FULL {
        return Ok(batch);
    }
    let mut batch = recompress(batch, &records, config.compression);
    if config.timestamp_type == TimestampType::CreateTime {
        batch.set_create_time(latest);
    }
    Ok(batch)
}

/// What is wrong with records under a right checksum. What Kafka's decoders do not expect is its own failure.
fn undecodable(error: &BatchError) -> Refusal {
    Refusal::of_log(match error {
        BatchError::Codec(_)
        | BatchError::Record {
            fault: RecordFault::Varint,
            ..
        } => ErrorCode::UNKNOWN_SERVER_ERROR,
        _ => ErrorCode::INVALID_RECORD,
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
