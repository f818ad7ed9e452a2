//! The 61 bytes in front of a batch, as values.

use super::{BatchError, HEADER_LEN, MAGIC};
use crate::codec::{Codec, CodecError};

/// Length field and everything before it: what a batch's length does not count.
pub(crate) const LENGTH_OVERHEAD: usize = 12;
/// First byte that the CRC covers.
pub(crate) const CRC_START: usize = 21;

const CODEC_MASK: i16 = 0x07;
const LOG_APPEND_TIME: i16 = 0x08;
const TRANSACTIONAL: i16 = 0x10;
const CONTROL: i16 = 0x20;

/// Whose clock a batch's timestamps are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimestampType {
    /// Each record's own, given by the producer.
    CreateTime,
    /// The broker's at append, one for the whole batch (`message.timestamp.type=LogAppendTime`).
    LogAppendTime,
}

/// A batch's header. Reading it decompresses nothing and allocates nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BatchHeader {
    /// Offset of the first record; 0 from a producer. Not covered by the CRC.
    pub base_offset: i64,
    /// Bytes after this field.
    pub batch_length: i32,
    /// Epoch of the leader that appended it; -1 from a producer. Not covered by the CRC.
    pub partition_leader_epoch: i32,
    /// CRC-32C of everything behind this field.
    pub crc: u32,
    /// Bits 0-2 codec, 3 timestamp type, 4 transactional, 5 control, 6 delete horizon.
    pub attributes: i16,
    /// Offset of the last record minus `base_offset`. Stays when compaction removes the record.
    pub last_offset_delta: i32,
    /// Milliseconds since the epoch; that of the first record, which need not be the smallest.
    pub base_timestamp: i64,
    /// The largest timestamp, milliseconds since the epoch; the broker's for `LogAppendTime`.
    pub max_timestamp: i64,
    /// -1 without idempotence.
    pub producer_id: i64,
    /// -1 without idempotence.
    pub producer_epoch: i16,
    /// Sequence number of the first record; -1 without idempotence.
    pub base_sequence: i32,
    /// Records in the batch (fewer than `last_offset_delta + 1` after compaction).
    pub record_count: i32,
}

impl BatchHeader {
    /// Reads the header at the start of `bytes`, which may continue with records, and checks magic, length and count.
    /// The CRC is [`super::RecordBatch::verify_crc`]'s.
    ///
    /// # Errors
    /// [`BatchError::Truncated`] for fewer than 61 bytes, [`BatchError::Magic`], [`BatchError::Length`],
    /// [`BatchError::RecordCount`].
    pub fn parse(bytes: &[u8]) -> Result<Self, BatchError> {
        // The magic byte has the same place in every format, so an old one is named even when it is short.
        if let Some(&magic) = bytes.get(16)
            && magic as i8 != MAGIC
        {
            return Err(BatchError::Magic(magic as i8));
        }
        let Some(head) = bytes.first_chunk::<HEADER_LEN>() else {
            return Err(BatchError::Truncated {
                have: bytes.len(),
                need: HEADER_LEN,
            });
        };
        let header = Self {
            base_offset: i64::from_be_bytes(array(head, 0)),
            batch_length: i32::from_be_bytes(array(head, 8)),
            partition_leader_epoch: i32::from_be_bytes(array(head, 12)),
            crc: u32::from_be_bytes(array(head, 17)),
            attributes: i16::from_be_bytes(array(head, 21)),
            last_offset_delta: i32::from_be_bytes(array(head, 23)),
            base_timestamp: i64::from_be_bytes(array(head, 27)),
            max_timestamp: i64::from_be_bytes(array(head, 35)),
            producer_id: i64::from_be_bytes(array(head, 43)),
            producer_epoch: i16::from_be_bytes(array(head, 51)),
            base_sequence: i32::from_be_bytes(array(head, 53)),
            record_count: i32::from_be_bytes(array(head, 57)),
        };
        if header.batch_length < (HEADER_LEN - LENGTH_OVERHEAD) as i32 {
            return Err(BatchError::Length(header.batch_length));
        }
        if header.record_count < 0 {
            return Err(BatchError::RecordCount(header.record_count));
        }
        Ok(header)
    }

    /// The 61 bytes.
    #[must_use]
    pub fn encode(&self) -> [u8; HEADER_LEN] {
        let mut head = [0; HEADER_LEN];
        head[..8].copy_from_slice(&self.base_offset.to_be_bytes());
        head[8..12].copy_from_slice(&self.batch_length.to_be_bytes());
        head[12..16].copy_from_slice(&self.partition_leader_epoch.to_be_bytes());
        head[16] = MAGIC as u8;
        head[17..21].copy_from_slice(&self.crc.to_be_bytes());
        head[21..23].copy_from_slice(&self.attributes.to_be_bytes());
        head[23..27].copy_from_slice(&self.last_offset_delta.to_be_bytes());
        head[27..35].copy_from_slice(&self.base_timestamp.to_be_bytes());
        head[35..43].copy_from_slice(&self.max_timestamp.to_be_bytes());
        head[43..51].copy_from_slice(&self.producer_id.to_be_bytes());
        head[51..53].copy_from_slice(&self.producer_epoch.to_be_bytes());
        head[53..57].copy_from_slice(&self.base_sequence.to_be_bytes());
        head[57..61].copy_from_slice(&self.record_count.to_be_bytes());
        head
    }

    /// Bytes of the whole batch, this header included.
    #[must_use]
    pub const fn total_len(&self) -> usize {
        // `parse` and the builder keep the length at 49 or above.
        self.batch_length as usize + LENGTH_OVERHEAD
    }

    /// The codec of the records.
    ///
    /// # Errors
    /// [`CodecError::UnknownId`] for the three numbers that Kafka has not assigned.
    pub fn codec(&self) -> Result<Codec, CodecError> {
        Codec::from_id((self.attributes & CODEC_MASK) as u8)
    }

    /// Whose clock the timestamps are.
    #[must_use]
    pub const fn timestamp_type(&self) -> TimestampType {
        if self.attributes & LOG_APPEND_TIME == 0 {
            TimestampType::CreateTime
        } else {
            TimestampType::LogAppendTime
        }
    }

    /// Part of a transaction.
    #[must_use]
    pub const fn is_transactional(&self) -> bool {
        self.attributes & TRANSACTIONAL != 0
    }

    /// Holds a broker's transaction marker, not a user's records.
    #[must_use]
    pub const fn is_control(&self) -> bool {
        self.attributes & CONTROL != 0
    }

    /// Offset of the last record.
    #[must_use]
    pub const fn last_offset(&self) -> i64 {
        self.base_offset.wrapping_add(self.last_offset_delta as i64)
    }

    /// Sequence number of the last record, or -1 without idempotence. Wraps.
    #[must_use]
    pub const fn last_sequence(&self) -> i32 {
        if self.base_sequence < 0 {
            return self.base_sequence;
        }
        super::increment_sequence(self.base_sequence, self.last_offset_delta)
    }

    pub(crate) const fn set_log_append_time(&mut self, timestamp: i64) {
        self.attributes |= LOG_APPEND_TIME;
        self.max_timestamp = timestamp;
    }

    pub(crate) const fn set_create_time(&mut self, latest: i64) {
        self.attributes &= !LOG_APPEND_TIME;
        self.max_timestamp = latest;
    }
}

fn array<const N: usize>(head: &[u8; HEADER_LEN], at: usize) -> [u8; N] {
    core::array::from_fn(|i| head[at + i])
}
