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
        Self::with_buffer(limit, Vec::with_capacity(capacity + Front::ROOM))
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
        let room = Room {
            estimate: None,
            most: MAX_BODY,
        };
        let sizes = headers_size(headers.clone());
        let bytes = self
            .write_front(timestamp, key, value, sizes, room)
            .ok_or(BatchOverflow)?;
        self.write_headers(headers);
        Ok(bytes)
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
        self.try_append_below(timestamp, key, value, headers, estimate, MAX_BODY)
    }

    /// [`Self::try_append`] as long as the records take at most `most` bytes before compression: a topic that
    /// compresses to nothing must not gather everything in one batch. An empty batch takes any record here, too.
    #[inline]
    pub fn try_append_below<'h, H>(
        &mut self,
        timestamp: i64,
        key: Option<&[u8]>,
        value: Option<&[u8]>,
        headers: H,
        estimate: CompressionEstimate,
        most: usize,
    ) -> Option<usize>
    where
        H: Iterator<Item = RecordHeader<'h>> + Clone,
    {
        let room = Room {
            estimate: Some(estimate),
            most: if self.count == 0 {
                MAX_BODY
            } else {
                most.min(MAX_BODY)
            },
        };
        let sizes = headers_size(headers.clone());
        let bytes = self.write_front(timestamp, key, value, sizes, room)?;
        self.write_headers(headers);
        Some(bytes)
    }

    /// Exact bytes that [`Self::append`] would add.
    pub fn record_size<'h>(
        &self,
        timestamp: i64,
        key_len: Option<usize>,
        value_len: Option<usize>,
        headers: impl Iterator<Item = RecordHeader<'h>>,
    ) -> usize {
        self.sizes(timestamp, key_len, value_len, headers_size(headers))
            .record
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
    fn sizes(
        &self,
        timestamp: i64,
        key_len: Option<usize>,
        value_len: Option<usize>,
        (header_count, header_bytes): (i64, usize),
    ) -> Sizes {
        let base = if self.count == 0 {
            timestamp
        } else {
            self.base_timestamp
        };
        let content = 1
            + varint::len(timestamp.wrapping_sub(base))
            + varint::len(i64::from(self.count))
            + nullable(key_len)
            + nullable(value_len)
            + varint::len(header_count)
            + header_bytes;
        Sizes {
            content,
            record: varint::len(content as i64) + content,
        }
    }

    /// Writes a record up to and with the number of its headers, if there is room for all of it.
    ///
    /// Not generic, so that it is compiled here, as this crate is: callers may be compiled for size.
    fn write_front(
        &mut self,
        timestamp: i64,
        key: Option<&[u8]>,
        value: Option<&[u8]>,
        headers: (i64, usize),
        room: Room,
    ) -> Option<usize> {
        let sizes = self.sizes(timestamp, key.map(<[u8]>::len), value.map(<[u8]>::len), headers);
        let fits = room
            .estimate
            .is_none_or(|estimate| self.has_room_for(sizes.record, estimate));
        if !fits || sizes.record > room.most.saturating_sub(self.body.len()) {
            return None;
        }
        if self.count == 0 {
            self.base_timestamp = timestamp;
            self.max_timestamp = timestamp;
        }
        self.max_timestamp = self.max_timestamp.max(timestamp);
        let out = &mut self.body;
        out.reserve(sizes.record + Front::ROOM);
        let mut front = Front::default();
        front.varint(sizes.content as i64);
        // Attributes of a record: none are defined.
        front.byte(0);
        front.varint(timestamp.wrapping_sub(self.base_timestamp));
        front.varint(i64::from(self.count));
        front.varint(length(key));
        front.append_to(out);
        push_short(out, key.unwrap_or_default());
        let mut front = Front::default();
        front.varint(length(value));
        front.append_to(out);
        out.extend_from_slice(value.unwrap_or_default());
        varint::push(out, headers.0);
        self.count += 1;
        Some(sizes.record)
    }

    #[inline]
    fn write_headers<'h>(&mut self, headers: impl Iterator<Item = RecordHeader<'h>>) {
        for header in headers {
            push_nullable(&mut self.body, Some(header.key));
            push_nullable(&mut self.body, header.value);
        }
    }
}

/// What a record must fit into.
#[derive(Clone, Copy)]
struct Room {
    /// The batch's limit counts, too, for the size that is expected after compression.
    estimate: Option<CompressionEstimate>,
    /// Bytes of all records before compression.
    most: usize,
}

/// The small fields in front of a key, gathered to be copied at once: a copy of constant length is a few moves, and one
/// of any other length is a call.
#[derive(Default)]
struct Front {
    bytes: [u8; Self::ROOM],
    len: usize,
}

impl Front {
    /// Varints of the record's length, the timestamp (10 bytes at most), the offset and the key's length, and a byte.
    const ROOM: usize = 32;

    #[inline]
    fn byte(&mut self, byte: u8) {
        self.bytes[self.len % Self::ROOM] = byte;
        self.len += 1;
    }

    #[inline]
    fn varint(&mut self, value: i64) {
        let mut raw = varint::zigzag(value);
        while raw >= 0x80 {
            self.byte(raw as u8 | 0x80);
            raw >>= 7;
        }
        self.byte(raw as u8);
    }

    #[inline]
    fn append_to(&self, out: &mut Vec<u8>) {
        let end = out.len() + self.len;
        out.extend_from_slice(&self.bytes);
        out.truncate(end);
    }
}

/// The length field of nullable bytes.
#[inline]
fn length(bytes: Option<&[u8]>) -> i64 {
    bytes.map_or(-1, |bytes| bytes.len() as i64)
}

/// Appends what usually is short.
#[inline]
fn push_short(out: &mut Vec<u8>, bytes: &[u8]) {
    if bytes.len() > 32 {
        return out.extend_from_slice(bytes);
    }
    let (words, rest) = bytes.as_chunks::<8>();
    for word in words {
        out.extend_from_slice(word);
    }
    for byte in rest {
        out.push(*byte);
    }
}

/// Bytes of a record about to be written.
struct Sizes {
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

fn push_nullable(out: &mut Vec<u8>, bytes: Option<&[u8]>) {
    match bytes {
        Some(bytes) => {
            varint::push(out, bytes.len() as i64);
            out.extend_from_slice(bytes);
        }
        None => out.push(1),
    }
}
