//! What can be wrong with the bytes of a batch.

use super::varint::VarintFault;
use crate::codec::CodecError;
use core::fmt;

/// Bytes that are no valid batch. The peer's doing (or the disk's), never a bug of this crate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BatchError {
    /// The bytes end before the batch does. The last batch of a Fetch answer may be cut like this.
    Truncated {
        /// Bytes there are.
        have: usize,
        /// Bytes that are needed to go on (not always the whole batch).
        need: usize,
    },
    /// A format other than v2.
    Magic(i8),
    /// The length field is negative or smaller than a header.
    Length(i32),
    /// The record count is negative.
    RecordCount(i32),
    /// The stored CRC-32C is not that of the bytes.
    Crc {
        /// In the header.
        stored: u32,
        /// Of the bytes.
        computed: u32,
    },
    /// The records could not be decompressed.
    Codec(CodecError),
    /// A record is malformed.
    Record {
        /// Its position in the batch.
        index: u32,
        /// What is wrong with it.
        fault: RecordFault,
    },
    /// Bytes follow the last record.
    TrailingBytes(usize),
}

/// What is wrong with a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordFault {
    /// The bytes end inside the record, though the batch promised it.
    Truncated,
    /// A varint does not fit its type.
    Varint,
    /// A length is negative (below -1 for a key or value) or exceeds the record.
    Length,
    /// More headers are announced than the record can hold.
    HeaderCount,
    /// The fields end before the record does.
    TrailingBytes,
}

impl From<CodecError> for BatchError {
    fn from(error: CodecError) -> Self {
        Self::Codec(error)
    }
}

impl From<VarintFault> for RecordFault {
    fn from(fault: VarintFault) -> Self {
        match fault {
            VarintFault::Truncated => Self::Truncated,
            VarintFault::TooLong => Self::Varint,
        }
    }
}

impl fmt::Display for BatchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Truncated { have, need } => write!(f, "record batch is cut off: {have} bytes of {need}"),
            Self::Magic(magic) => {
                write!(
                    f,
                    "record batch has format v{magic}; only v2 (Kafka 0.11 and later) is supported"
                )
            }
            Self::Length(length) => write!(f, "record batch states an impossible length of {length} bytes"),
            Self::RecordCount(count) => {
                write!(f, "record batch states an impossible count of {count} records")
            }
            Self::Crc { stored, computed } => {
                write!(
                    f,
                    "record batch is corrupt: CRC-32C is {computed:08x}, its header says {stored:08x}"
                )
            }
            Self::Codec(error) => write!(f, "record batch cannot be decompressed: {error}"),
            Self::Record { index, fault } => write!(f, "record {index} of the batch is malformed: {fault}"),
            Self::TrailingBytes(bytes) => write!(f, "{bytes} bytes follow the last record of the batch"),
        }
    }
}

impl fmt::Display for RecordFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Truncated => "it is cut off",
            Self::Varint => "a variable-length number is too long",
            Self::Length => "a length is negative or exceeds the record",
            Self::HeaderCount => "it announces more headers than it can hold",
            Self::TrailingBytes => "its fields end before it does",
        })
    }
}

impl core::error::Error for BatchError {}
impl core::error::Error for RecordFault {}
