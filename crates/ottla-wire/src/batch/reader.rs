//! Batches out of the records field of a Fetch answer or a Produce request.
//!
//! Splitting the field copies nothing; [`RecordBatch::open`] checks and decompresses; [`Records::iter`] borrows.

use super::header::CRC_START;
use super::varint;
use super::{BatchError, BatchHeader, HEADER_LEN, RecordFault, RecordHeader, TimestampType, crc};
use crate::codec::{self, Codec};
use alloc::vec::Vec;
use bytes::Bytes;

/// Iterates the batches of `records`.
#[must_use]
pub const fn read_batches(records: Bytes) -> BatchIter {
    BatchIter { rest: records }
}

/// Batches of a records field, in order. Ends at the end, at the first malformed batch (after its error), or in front
/// of a batch that is cut off, which a broker does to the last one of a Fetch answer: see [`Self::remaining`].
#[derive(Clone, Debug)]
pub struct BatchIter {
    rest: Bytes,
}

impl BatchIter {
    /// Bytes not given out: after the end, those of a last batch that is cut off. Not an error in a Fetch answer;
    /// in a Produce request it is one.
    #[must_use]
    pub const fn remaining(&self) -> &Bytes {
        &self.rest
    }
}

impl Iterator for BatchIter {
    type Item = Result<RecordBatch, BatchError>;

    fn next(&mut self) -> Option<Self::Item> {
        match RecordBatch::split_from(&mut self.rest) {
            Ok(batch) => Some(Ok(batch)),
            Err(BatchError::Truncated { .. }) => None,
            Err(error) => {
                self.rest = Bytes::new();
                Some(Err(error))
            }
        }
    }
}

/// A batch with its records as they were sent: what a broker keeps in its log. Cloning shares the records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordBatch {
    pub(crate) header: BatchHeader,
    pub(crate) body: Bytes,
}

impl RecordBatch {
    /// Takes the first batch off `bytes`, sharing them. Checks length, magic and count, not the CRC.
    ///
    /// # Errors
    /// Those of [`BatchHeader::parse`]; [`BatchError::Truncated`] also if the records end early. `bytes` is unchanged then.
    pub fn split_from(bytes: &mut Bytes) -> Result<Self, BatchError> {
        let header = BatchHeader::parse(bytes)?;
        let need = header.total_len();
        if bytes.len() < need {
            return Err(BatchError::Truncated {
                have: bytes.len(),
                need,
            });
        }
        let mut batch = bytes.split_to(need);
        Ok(Self {
            header,
            body: batch.split_off(HEADER_LEN),
        })
    }

    /// The header.
    #[must_use]
    pub const fn header(&self) -> &BatchHeader {
        &self.header
    }

    /// The records, compressed or not.
    #[must_use]
    pub const fn body(&self) -> &Bytes {
        &self.body
    }

    /// Bytes on the wire.
    #[must_use]
    pub const fn size(&self) -> usize {
        HEADER_LEN + self.body.len()
    }

    /// Compares the CRC.
    ///
    /// # Errors
    /// [`BatchError::Crc`].
    pub fn verify_crc(&self) -> Result<(), BatchError> {
        let computed = self.compute_crc();
        if computed == self.header.crc {
            return Ok(());
        }
        Err(BatchError::Crc {
            stored: self.header.crc,
            computed,
        })
    }

    /// Verifies the CRC and makes the records readable, decompressing at most `limit` bytes. Records that are not
    /// compressed are shared and have no limit.
    ///
    /// # Errors
    /// [`BatchError::Crc`]; [`BatchError::Codec`] for an unknown or missing codec, malformed data, or more than `limit`.
    pub fn open(&self, limit: usize) -> Result<Records, BatchError> {
        self.verify_crc()?;
        self.decompress(limit)
    }

    pub(crate) fn decompress(&self, limit: usize) -> Result<Records, BatchError> {
        let data = match self.header.codec()? {
            Codec::None => self.body.clone(),
            codec => Bytes::from(codec::decompress(codec, &self.body, limit)?),
        };
        Ok(Records {
            header: self.header,
            data,
        })
    }

    /// Gives the batch its place in a log, as a leader does. The CRC does not cover these fields.
    pub const fn assign_offset(&mut self, base_offset: i64, leader_epoch: i32) {
        self.header.base_offset = base_offset;
        self.header.partition_leader_epoch = leader_epoch;
    }

    /// Replaces the timestamps by the broker's (`message.timestamp.type=LogAppendTime`). Computes the CRC anew.
    pub fn set_log_append_time(&mut self, timestamp: i64) {
        self.header.set_log_append_time(timestamp);
        self.header.crc = self.compute_crc();
    }

    /// Gives the batch the latest time of its records, and says that times are the producer's, as a leader makes sure of
    /// (`message.timestamp.type=CreateTime`). Computes the CRC anew if that changes anything.
    pub fn set_create_time(&mut self, latest: i64) {
        let before = self.header;
        self.header.set_create_time(latest);
        if self.header != before {
            self.header.crc = self.compute_crc();
        }
    }

    /// A batch of a header and the records that it describes. Computes the CRC.
    #[must_use]
    pub fn sealed(header: BatchHeader, body: Bytes) -> Self {
        let mut batch = Self { header, body };
        batch.header.crc = batch.compute_crc();
        batch
    }

    /// Header and records, the latter shared.
    #[must_use]
    pub fn chunks(&self) -> [Bytes; 2] {
        [Bytes::copy_from_slice(&self.header.encode()), self.body.clone()]
    }

    /// Header and records in one new buffer.
    #[must_use]
    pub fn to_bytes(&self) -> Bytes {
        let mut out = Vec::with_capacity(self.size());
        self.write_to(&mut out);
        Bytes::from(out)
    }

    /// Appends header and records to `out`.
    pub fn write_to(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.header.encode());
        out.extend_from_slice(&self.body);
    }

    fn compute_crc(&self) -> u32 {
        let head = crc::crc32c(&self.header.encode()[CRC_START..]);
        crc::Shift::bytes(self.body.len()).combine(head, crc::crc32c(&self.body))
    }
}

/// The records of one batch, decompressed. Cloning shares them.
#[derive(Clone, Debug)]
pub struct Records {
    header: BatchHeader,
    data: Bytes,
}

impl Records {
    #[cfg(feature = "keep-records")]
    pub(super) const fn kept(header: BatchHeader, data: Bytes) -> Self {
        Self { header, data }
    }

    /// The batch's header.
    #[must_use]
    pub const fn header(&self) -> &BatchHeader {
        &self.header
    }

    /// The decompressed bytes of all records.
    #[must_use]
    pub const fn data(&self) -> &Bytes {
        &self.data
    }

    /// The records in order; after an error, nothing.
    #[must_use]
    pub fn iter(&self) -> RecordIter<'_> {
        RecordIter {
            header: &self.header,
            data: &self.data,
            at: 0,
            index: 0,
        }
    }
}

impl<'a> IntoIterator for &'a Records {
    type Item = Result<RecordView<'a>, BatchError>;
    type IntoIter = RecordIter<'a>;

    fn into_iter(self) -> RecordIter<'a> {
        self.iter()
    }
}

/// Iterator of [`Records::iter`].
#[derive(Clone, Debug)]
pub struct RecordIter<'a> {
    header: &'a BatchHeader,
    data: &'a [u8],
    at: usize,
    index: i32,
}

impl<'a> Iterator for RecordIter<'a> {
    type Item = Result<RecordView<'a>, BatchError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.index >= self.header.record_count {
            let left = core::mem::replace(&mut self.at, self.data.len());
            let left = self.data.len() - left;
            return (left > 0).then_some(Err(BatchError::TrailingBytes(left)));
        }
        let record = parse_record(self.header, self.data, &mut self.at);
        let index = self.index as u32;
        match record {
            Ok(record) => {
                self.index += 1;
                Some(Ok(record))
            }
            Err(fault) => {
                self.index = self.header.record_count;
                self.at = self.data.len();
                Some(Err(BatchError::Record { index, fault }))
            }
        }
    }
}

/// One record, borrowed from its batch.
#[derive(Clone, Copy, Debug)]
pub struct RecordView<'a> {
    /// In its partition; for a batch from a producer, which starts at 0, its place in the batch.
    pub offset: i64,
    /// Milliseconds since the epoch; the broker's under `LogAppendTime`.
    pub timestamp: i64,
    /// `None` is Kafka's null, different from empty.
    pub key: Option<&'a [u8]>,
    /// `None` is a tombstone.
    pub value: Option<&'a [u8]>,
    /// In order, duplicates kept.
    pub headers: Headers<'a>,
    /// Bytes in the decompressed batch, its own length field included.
    pub size: usize,
}

/// The headers of a record; an iterator. They were checked with the record, so reading them cannot fail.
#[derive(Clone, Copy, Debug, Default)]
pub struct Headers<'a> {
    bytes: &'a [u8],
    at: usize,
    left: usize,
}

impl<'a> Iterator for Headers<'a> {
    type Item = RecordHeader<'a>;

    fn next(&mut self) -> Option<RecordHeader<'a>> {
        self.left = self.left.checked_sub(1)?;
        parse_header(self.bytes, &mut self.at).ok()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl ExactSizeIterator for Headers<'_> {}

fn parse_record<'a>(
    header: &BatchHeader,
    data: &'a [u8],
    at: &mut usize,
) -> Result<RecordView<'a>, RecordFault> {
    let start = *at;
    let len = varint::read_int(data, at)?;
    let len = usize::try_from(len).map_err(|_| RecordFault::Length)?;
    let record = take(data, at, len).map_err(|_| RecordFault::Truncated)?;
    let mut inner = 0;
    // Attributes of a record: none are defined, Kafka ignores them.
    take(record, &mut inner, 1)?;
    let timestamp_delta = varint::read_long(record, &mut inner)?;
    let offset_delta = varint::read_int(record, &mut inner)?;
    let key = take_nullable(record, &mut inner)?;
    let value = take_nullable(record, &mut inner)?;
    let headers = parse_headers(record, &mut inner)?;
    if inner != record.len() {
        return Err(RecordFault::TrailingBytes);
    }
    let timestamp = match header.timestamp_type() {
        TimestampType::CreateTime => header.base_timestamp.wrapping_add(timestamp_delta),
        TimestampType::LogAppendTime => header.max_timestamp,
    };
    let offset = header.base_offset.wrapping_add(i64::from(offset_delta));
    Ok(RecordView {
        offset,
        timestamp,
        key,
        value,
        headers,
        size: *at - start,
    })
}

fn parse_headers<'a>(record: &'a [u8], at: &mut usize) -> Result<Headers<'a>, RecordFault> {
    let count = varint::read_int(record, at)?;
    let count = usize::try_from(count).map_err(|_| RecordFault::HeaderCount)?;
    // A header takes two bytes at least.
    if count > (record.len() - *at) / 2 {
        return Err(RecordFault::HeaderCount);
    }
    let headers = Headers {
        bytes: record,
        at: *at,
        left: count,
    };
    for _ in 0..count {
        parse_header(record, at)?;
    }
    Ok(headers)
}

fn parse_header<'a>(record: &'a [u8], at: &mut usize) -> Result<RecordHeader<'a>, RecordFault> {
    let key = take_nullable(record, at)?.ok_or(RecordFault::Length)?;
    let value = take_nullable(record, at)?;
    Ok(RecordHeader { key, value })
}

fn take_nullable<'a>(record: &'a [u8], at: &mut usize) -> Result<Option<&'a [u8]>, RecordFault> {
    match varint::read_int(record, at)? {
        -1 => Ok(None),
        len => {
            let len = usize::try_from(len).map_err(|_| RecordFault::Length)?;
            take(record, at, len).map(Some)
        }
    }
}

fn take<'a>(bytes: &'a [u8], at: &mut usize, len: usize) -> Result<&'a [u8], RecordFault> {
    let end = at.checked_add(len).ok_or(RecordFault::Length)?;
    let taken = bytes.get(*at..end).ok_or(RecordFault::Length)?;
    *at = end;
    Ok(taken)
}
