//! Records in, one growing buffer out: the hottest loop of the producer.
//!
//! The 61 header bytes live apart ([`super::SealedBatch`]): they change with every stamp while the records stay, so a
//! sealed body can be shared by every attempt to send it.

use super::varint;
use super::{HEADER_LEN, MAX_RECORD_OVERHEAD};
use alloc::vec::Vec;

/// Kafka's safety factor on the estimated compression ratio (`MemoryRecordsBuilder`).
const RATIO_SAFETY: f32 = 1.05;
/// Largest buffer that a new builder reserves at once; beyond it the buffer doubles as it fills.
const MAX_INITIAL_CAPACITY: usize = 64 * 1024;
/// Largest body: the whole batch must fit the protocol's 32-bit length.
pub(super) const MAX_BODY: usize = i32::MAX as usize - HEADER_LEN;

/// A header of a record, borrowed. Names may repeat and keep their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecordHeader<'a> {
    /// The name: UTF-8 by Kafka's rule, but a reader meets what other clients wrote.
    pub key: &'a [u8],
    /// The value; `None` is Kafka's null.
    pub value: Option<&'a [u8]>,
}

impl<'a> RecordHeader<'a> {
    /// A header of that name.
    #[must_use]
    pub const fn new(key: &'a str, value: Option<&'a [u8]>) -> Self {
        Self {
            key: key.as_bytes(),
            value,
        }
    }

    /// The name as text.
    ///
    /// # Errors
    /// If the peer that wrote it did not write UTF-8.
    pub const fn key_str(&self) -> Result<&'a str, core::str::Utf8Error> {
        core::str::from_utf8(self.key)
    }
}

/// How the size of the finished batch is estimated while it fills.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum CompressionEstimate {
    /// Not compressed: the size is exact.
    Uncompressed,
    /// Compressed bytes per byte expected for this topic and codec (1.0 when nothing is known).
    Ratio(f32),
}

/// Most bytes that a batch with this one record can have: 61 + 21 + varints + key + value + headers
/// (`DefaultRecordBatch.estimateBatchSizeUpperBound`). This is what Kafka checks against `max.request.size` and what
/// it reserves from `buffer.memory`.
pub fn estimate_record_upper_bound<'h>(
    key_len: Option<usize>,
    value_len: Option<usize>,
    headers: impl Iterator<Item = RecordHeader<'h>>,
) -> usize {
    let (count, header_bytes) = headers_size(headers);
    HEADER_LEN
        + MAX_RECORD_OVERHEAD
        + nullable(key_len)
        + nullable(value_len)
        + varint::len(count)
        + header_bytes
}

/// Fills one batch of one partition.
///
/// Sizes are those of the batch in bytes, header included, as in Kafka's `batch.size`.
#[derive(Clone, Debug)]
pub struct BatchBuilder {
    pub(crate) body: Vec<u8>,
    limit: usize,
    pub(crate) count: i32,
    pub(crate) base_timestamp: i64,
    pub(crate) max_timestamp: i64,
}

/// A record that cannot be in any batch: with it the batch would exceed the protocol's 2 GiB.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BatchOverflow;

impl core::fmt::Display for BatchOverflow {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("the record does not fit: a record batch holds less than 2 GiB; start a new batch")
    }
}

impl core::error::Error for BatchOverflow {}

impl BatchBuilder {
    /// An empty batch that is full at `limit` bytes. Kafka's limit is the larger of `batch.size` and
    /// [`estimate_record_upper_bound`] of the first record.
    #[must_use]
    pub fn new(limit: usize) -> Self {
        let capacity = limit.saturating_sub(HEADER_LEN).min(MAX_INITIAL_CAPACITY);
        Self::with_buffer(limit, Vec::with_capacity(capacity))
    }

    /// As [`Self::new`], reusing the allocation of `buffer`; its content is dropped.
    #[must_use]
    pub fn with_buffer(limit: usize, mut buffer: Vec<u8>) -> Self {
        buffer.clear();
        Self {
            body: buffer,
            limit,
            count: 0,
            base_timestamp: -1,
            max_timestamp: -1,
        }
    }

    /// Appends a record and returns the bytes that it took. `timestamp` is in milliseconds since the epoch.
    ///
    /// It does not ask whether there is room: the limit is the caller's to keep, or [`Self::try_append`]'s.
    ///
    /// # Errors
    /// [`BatchOverflow`], with the batch unchanged, if the batch would pass 2 GiB.
    #[inline]
    pub fn append<'h, H>(
        &mut self,
        timestamp: i64,
        key: Option<&[u8]>,
        value: Option<&[u8]>,
        headers: H,
    ) -> Result<usize, BatchOverflow>
    where
        H: Iterator<Item = RecordHeader<'h>> + Clone,
    {
        let sizes = self.sizes(
            timestamp,
            key.map(<[u8]>::len),
            value.map(<[u8]>::len),
            headers.clone(),
        );
        if sizes.record > MAX_BODY - self.body.len() {
            return Err(BatchOverflow);
        }
        self.write(&sizes, timestamp, key, value, headers);
        Ok(sizes.record)
    }

    /// [`Self::append`] if the record fits by [`Self::has_room_for`]; otherwise `None`, with the batch unchanged, and
    /// the record belongs into the next batch. An empty batch takes any record.
    ///
    /// One pass over the sizes instead of two.
    #[inline]
    pub fn try_append<'h, H>(
        &mut self,
        timestamp: i64,
        key: Option<&[u8]>,
        value: Option<&[u8]>,
        headers: H,
        estimate: CompressionEstimate,
    ) -> Option<usize>
    where
        H: Iterator<Item = RecordHeader<'h>> + Clone,
    {
        let sizes = self.sizes(
            timestamp,
            key.map(<[u8]>::len),
            value.map(<[u8]>::len),
            headers.clone(),
        );
        if !self.has_room_for(sizes.record, estimate) || sizes.record > MAX_BODY - self.body.len() {
            return None;
        }
        self.write(&sizes, timestamp, key, value, headers);
        Some(sizes.record)
    }

    /// Exact bytes that [`Self::append`] would add.
    pub fn record_size<'h>(
        &self,
        timestamp: i64,
        key_len: Option<usize>,
        value_len: Option<usize>,
        headers: impl Iterator<Item = RecordHeader<'h>>,
    ) -> usize {
        self.sizes(timestamp, key_len, value_len, headers).record
    }

    /// Whether a record of `record_size` bytes ([`Self::record_size`]) still fits. The first one always does; no
    /// credit is given for the compression of the new record (`MemoryRecordsBuilder.hasRoomFor`).
    #[must_use]
    pub fn has_room_for(&self, record_size: usize, estimate: CompressionEstimate) -> bool {
        self.count == 0
            || (!self.is_full(estimate) && self.limit >= self.estimated_size(estimate) + record_size)
    }

    /// Whether the estimated size has reached the limit (`MemoryRecordsBuilder.isFull`). Never before the first record.
    #[must_use]
    pub fn is_full(&self, estimate: CompressionEstimate) -> bool {
        self.count > 0 && self.limit <= self.estimated_size(estimate)
    }

    /// Expected bytes of the finished batch.
    #[must_use]
    pub fn estimated_size(&self, estimate: CompressionEstimate) -> usize {
        match estimate {
            CompressionEstimate::Uncompressed => HEADER_LEN + self.body.len(),
            CompressionEstimate::Ratio(ratio) => {
                HEADER_LEN + (self.body.len() as f32 * ratio * RATIO_SAFETY) as usize
            }
        }
    }

    /// Exact bytes of the batch before compression, header included.
    #[must_use]
    pub const fn uncompressed_size(&self) -> usize {
        HEADER_LEN + self.body.len()
    }

    /// Records so far; also the offset delta of the next one.
    #[must_use]
    pub const fn record_count(&self) -> i32 {
        self.count
    }

    /// No record yet.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The limit given at the start.
    #[must_use]
    pub const fn limit(&self) -> usize {
        self.limit
    }

    /// Bytes that the buffer occupies.
    #[must_use]
    pub const fn capacity(&self) -> usize {
        self.body.capacity()
    }

    /// Largest timestamp so far, or -1.
    #[must_use]
    pub const fn max_timestamp(&self) -> i64 {
        self.max_timestamp
    }

    #[inline]
    fn sizes<'h>(
        &self,
        timestamp: i64,
        key_len: Option<usize>,
        value_len: Option<usize>,
        headers: impl Iterator<Item = RecordHeader<'h>>,
    ) -> Sizes {
        let base = if self.count == 0 {
            timestamp
        } else {
            self.base_timestamp
        };
        let (header_count, header_bytes) = headers_size(headers);
        let content = 1
            + varint::len(timestamp.wrapping_sub(base))
            + varint::len(i64::from(self.count))
            + nullable(key_len)
            + nullable(value_len)
            + varint::len(header_count)
            + header_bytes;
        Sizes {
            header_count,
            content,
            record: varint::len(content as i64) + content,
        }
    }

    #[inline]
    fn write<'h>(
        &mut self,
        sizes: &Sizes,
        timestamp: i64,
        key: Option<&[u8]>,
        value: Option<&[u8]>,
        headers: impl Iterator<Item = RecordHeader<'h>>,
    ) {
        if self.count == 0 {
            self.base_timestamp = timestamp;
            self.max_timestamp = timestamp;
        }
        self.max_timestamp = self.max_timestamp.max(timestamp);
        let out = &mut self.body;
        out.reserve(sizes.record);
        varint::push(out, sizes.content as i64);
        // Attributes of a record: none are defined.
        out.push(0);
        varint::push(out, timestamp.wrapping_sub(self.base_timestamp));
        varint::push(out, i64::from(self.count));
        push_nullable(out, key);
        push_nullable(out, value);
        varint::push(out, sizes.header_count);
        for header in headers {
            push_nullable(out, Some(header.key));
            push_nullable(out, header.value);
        }
        self.count += 1;
    }
}

/// Bytes of a record about to be written.
struct Sizes {
    header_count: i64,
    /// Behind the length field.
    content: usize,
    /// With it.
    record: usize,
}

/// Bytes of a length and its content; null is the length -1.
#[inline]
const fn nullable(len: Option<usize>) -> usize {
    match len {
        Some(len) => varint::len(len as i64) + len,
        None => 1,
    }
}

#[inline]
fn headers_size<'h>(headers: impl Iterator<Item = RecordHeader<'h>>) -> (i64, usize) {
    headers.fold((0, 0), |(count, bytes), header| {
        (
            count + 1,
            bytes + nullable(Some(header.key.len())) + nullable(header.value.map(<[u8]>::len)),
        )
    })
}

#[inline]
fn push_nullable(out: &mut Vec<u8>, bytes: Option<&[u8]>) {
    match bytes {
        Some(bytes) => {
            varint::push(out, bytes.len() as i64);
            out.extend_from_slice(bytes);
        }
        None => out.push(1),
    }
}
