//! Record batches as a reader sees them.

use bytes::Bytes;
use ottla_wire::batch::crc::crc32c;
use ottla_wire::batch::{BatchError, RecordBatch, RecordView, read_batches};

/// Longer keys and values are shown by their length and checksum.
const SHOWN: usize = 40;
/// More than any scenario writes.
const LIMIT: usize = 16 << 20;

#[derive(Debug)]
#[allow(dead_code, reason = "its Debug output is what is compared")]
pub(crate) struct BatchView {
    base_offset: i64,
    bytes: usize,
    partition_leader_epoch: i32,
    checksum: &'static str,
    codec: String,
    attributes: i16,
    last_offset_delta: i32,
    base_timestamp: i64,
    max_timestamp: i64,
    producer_id: i64,
    producer_epoch: i16,
    base_sequence: i32,
    record_count: i32,
    records: Vec<View>,
    unreadable: Option<String>,
}

#[derive(Debug)]
#[allow(dead_code, reason = "its Debug output is what is compared")]
struct View {
    offset: i64,
    timestamp: i64,
    key: String,
    value: String,
    headers: Vec<String>,
}

/// The batches of a Fetch answer's records field.
pub(crate) fn batches(records: Bytes) -> Vec<BatchView> {
    read_batches(records)
        .map(|batch| batch.map_or_else(|error| broken(&error), |batch| view(&batch)))
        .collect()
}

fn broken(error: &BatchError) -> BatchView {
    BatchView {
        base_offset: -1,
        bytes: 0,
        partition_leader_epoch: -1,
        checksum: "not reached",
        codec: String::new(),
        attributes: 0,
        last_offset_delta: 0,
        base_timestamp: 0,
        max_timestamp: 0,
        producer_id: -1,
        producer_epoch: -1,
        base_sequence: -1,
        record_count: 0,
        records: Vec::new(),
        unreadable: Some(error.to_string()),
    }
}

fn view(batch: &RecordBatch) -> BatchView {
    let header = batch.header();
    let (mut records, mut unreadable) = (Vec::new(), None);
    match batch.open(LIMIT) {
        Err(error) => unreadable = Some(error.to_string()),
        Ok(opened) => {
            for record in &opened {
                match record {
                    Ok(record) => records.push(record_view(&record)),
                    Err(error) => unreadable = Some(error.to_string()),
                }
            }
        }
    }
    BatchView {
        base_offset: header.base_offset,
        bytes: batch.size(),
        partition_leader_epoch: header.partition_leader_epoch,
        checksum: if batch.verify_crc().is_ok() {
            "right"
        } else {
            "wrong"
        },
        codec: header
            .codec()
            .map_or_else(|error| error.to_string(), |codec| codec.name().to_owned()),
        attributes: header.attributes,
        last_offset_delta: header.last_offset_delta,
        base_timestamp: header.base_timestamp,
        max_timestamp: header.max_timestamp,
        producer_id: header.producer_id,
        producer_epoch: header.producer_epoch,
        base_sequence: header.base_sequence,
        record_count: header.record_count,
        records,
        unreadable,
    }
}

fn record_view(record: &RecordView<'_>) -> View {
    let header = |it: ottla_wire::batch::RecordHeader<'_>| format!("{it:?}");
    View {
        offset: record.offset,
        timestamp: record.timestamp,
        key: text(record.key),
        value: text(record.value),
        headers: record.headers.map(header).collect(),
    }
}

fn text(bytes: Option<&[u8]>) -> String {
    match bytes {
        None => "null".to_owned(),
        Some(bytes) if bytes.len() > SHOWN => {
            format!("{} bytes with checksum {:08x}", bytes.len(), crc32c(bytes))
        }
        Some(bytes) => format!("'{}'", bytes.escape_ascii()),
    }
}
