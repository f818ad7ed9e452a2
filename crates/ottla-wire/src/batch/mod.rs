//! Record batches, format v2 (`DefaultRecordBatch`, KIP-98): built, sealed, stamped, read.
//!
//! ```text
//! 0            8       12           16     17   21          23                27             35
//! base offset  length  leader epoch magic  crc  attributes  last offset delta base timestamp max timestamp
//! 43           51              53             57            61
//! producer id  producer epoch  base sequence  record count  records (compressed as one piece)
//! ```
//!
//! All numbers are big endian. The CRC-32C covers bytes 21 to the end: offset and leader epoch are the broker's to
//! write without touching it. The record count stays readable when the records are compressed.
//!
//! The producer's way is [`BatchBuilder::append`], [`BatchBuilder::seal`], [`SealedBatch::stamp`],
//! [`SealedBatch::chunks`]; the reader's is [`read_batches`], [`RecordBatch::open`], [`Records::iter`].

pub mod builder;
pub mod crc;
mod error;
pub mod header;
pub mod reader;
pub mod sealed;
mod varint;

pub use builder::{
    BatchBuilder, BatchOverflow, CompressionEstimate, RecordHeader, estimate_record_upper_bound,
};
pub use error::{BatchError, RecordFault};
pub use header::{BatchHeader, TimestampType};
pub use reader::{BatchIter, Headers, RecordBatch, RecordIter, RecordView, Records, read_batches};
pub use sealed::{ProducerStamp, SealedBatch};

/// Bytes in front of the records of a batch.
pub const HEADER_LEN: usize = 61;

/// Most bytes that one record adds besides key, value and headers (`DefaultRecord.MAX_RECORD_OVERHEAD`).
pub const MAX_RECORD_OVERHEAD: usize = 21;

/// The only format that this crate speaks.
pub const MAGIC: i8 = 2;

/// The sequence number that follows `n` records after `sequence`; wraps from 2^31-1 to 0
/// (`DefaultRecordBatch.incrementSequence`). `n` is not negative.
#[must_use]
pub const fn increment_sequence(sequence: i32, n: i32) -> i32 {
    sequence.wrapping_add(n) & i32::MAX
}
