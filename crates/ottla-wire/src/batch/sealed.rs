//! A finished batch: its records compressed once, its header stamped as often as needed.

use super::builder::MAX_BODY;
use super::crc::{self, Shift};
use super::header::{CRC_START, LENGTH_OVERHEAD};
use super::reader::{RecordBatch, Records};
use super::{BatchBuilder, BatchError, BatchHeader, HEADER_LEN};
use crate::codec::{self, Codec, CodecError};
use bytes::Bytes;

/// Who sent a batch and which one it is: what a broker recognises a repeated batch by (KIP-98).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProducerStamp {
    /// Given by InitProducerId.
    pub producer_id: i64,
    /// Given with it; also bumped by the producer itself.
    pub producer_epoch: i16,
    /// Sequence number of the first record in its partition.
    pub base_sequence: i32,
}

impl ProducerStamp {
    /// No idempotence.
    pub const NONE: Self = Self {
        producer_id: -1,
        producer_epoch: -1,
        base_sequence: -1,
    };
}

/// A batch whose records are final. Cloning shares them.
///
/// The CRC covers part of the header, so each [`Self::stamp`] changes it; the records' share of it is computed once, at
/// the seal, and joined with that of the 40 header bytes.
#[derive(Clone, Debug)]
pub struct SealedBatch {
    header: BatchHeader,
    body: Bytes,
    /// What the body was before compression.
    #[cfg(feature = "keep-records")]
    records: Bytes,
    body_crc: u32,
    shift: Shift,
    codec: Codec,
    uncompressed_len: usize,
}

impl BatchBuilder {
    /// Ends the batch and compresses its records as one piece. A compressed body that came out larger is still the one
    /// that is sent, as Java does: the attributes of a topic's batches stay predictable.
    ///
    /// # Errors
    /// [`CodecError::Unavailable`] if this build lacks the codec, [`CodecError::Level`] for a level out of its range,
    /// [`CodecError::TooLarge`] if compression made 2 GiB or more out of what was just below.
    pub fn seal(self, codec: Codec, level: Option<i32>) -> Result<SealedBatch, CodecError> {
        let Self {
            body,
            count,
            base_timestamp,
            max_timestamp,
            ..
        } = self;
        let uncompressed_len = body.len();
        let records = Bytes::from(body);
        let body = match codec {
            Codec::None => records.clone(),
            codec => Bytes::from(codec::compress(codec, level, &records)?),
        };
        if body.len() > MAX_BODY {
            return Err(CodecError::TooLarge {
                codec,
                limit: MAX_BODY,
            });
        }
        let mut sealed = SealedBatch::new(
            body,
            uncompressed_len,
            codec,
            count,
            base_timestamp,
            max_timestamp,
        );
        sealed.keep(records);
        Ok(sealed)
    }
}

impl SealedBatch {
    fn new(
        body: Bytes,
        uncompressed_len: usize,
        codec: Codec,
        record_count: i32,
        base_timestamp: i64,
        max_timestamp: i64,
    ) -> Self {
        let header = BatchHeader {
            base_offset: 0,
            batch_length: (HEADER_LEN - LENGTH_OVERHEAD + body.len()) as i32,
            partition_leader_epoch: -1,
            crc: 0,
            attributes: i16::from(codec.id()),
            // An empty batch has 0, as a batch of one.
            last_offset_delta: (record_count - 1).max(0),
            base_timestamp,
            max_timestamp,
            producer_id: -1,
            producer_epoch: -1,
            base_sequence: -1,
            record_count,
        };
        let mut sealed = Self {
            header,
            body_crc: crc::crc32c(&body),
            shift: Shift::bytes(body.len()),
            body,
            #[cfg(feature = "keep-records")]
            records: Bytes::new(),
            codec,
            uncompressed_len,
        };
        sealed.refresh_crc();
        sealed
    }

    /// A batch that was kept outside of the process ([`Self::to_bytes`]), with its stamp, and its records.
    ///
    /// # Errors
    /// Those of [`RecordBatch::open`], which decompresses at most `limit` bytes.
    pub fn reopen(batch: &RecordBatch, limit: usize) -> Result<(Self, Records), BatchError> {
        let records = batch.open(limit)?;
        let mut sealed = Self {
            header: batch.header,
            body_crc: crc::crc32c(&batch.body),
            shift: Shift::bytes(batch.body.len()),
            body: batch.body.clone(),
            #[cfg(feature = "keep-records")]
            records: Bytes::new(),
            codec: batch.header.codec()?,
            uncompressed_len: records.data().len(),
        };
        sealed.keep(records.data().clone());
        Ok((sealed, records))
    }

    #[cfg(feature = "keep-records")]
    fn keep(&mut self, records: Bytes) {
        self.records = records;
    }

    #[cfg(not(feature = "keep-records"))]
    #[allow(
        clippy::unused_self,
        clippy::needless_pass_by_value,
        reason = "the other build keeps them"
    )]
    fn keep(&mut self, _records: Bytes) {}

    /// Bytes of memory behind it: [`Self::size`], and its records as they were before compression if this build keeps
    /// them.
    #[must_use]
    pub const fn held(&self) -> usize {
        match self.codec {
            Codec::None => self.size(),
            _ if cfg!(feature = "keep-records") => self.size() + self.uncompressed_len,
            _ => self.size(),
        }
    }

    /// Writes producer id, epoch and sequence into the header, and the CRC that follows from them.
    pub fn stamp(&mut self, stamp: ProducerStamp) {
        self.header.producer_id = stamp.producer_id;
        self.header.producer_epoch = stamp.producer_epoch;
        self.header.base_sequence = stamp.base_sequence;
        self.refresh_crc();
    }

    /// What [`Self::stamp`] wrote last, or [`ProducerStamp::NONE`].
    #[must_use]
    pub const fn stamped(&self) -> ProducerStamp {
        ProducerStamp {
            producer_id: self.header.producer_id,
            producer_epoch: self.header.producer_epoch,
            base_sequence: self.header.base_sequence,
        }
    }

    /// The header as it would be sent now.
    #[must_use]
    pub const fn header(&self) -> &BatchHeader {
        &self.header
    }

    /// The records as they are sent, compressed or not.
    #[must_use]
    pub const fn body(&self) -> &Bytes {
        &self.body
    }

    /// The codec of [`Self::body`].
    #[must_use]
    pub const fn codec(&self) -> Codec {
        self.codec
    }

    /// Records in the batch.
    #[must_use]
    pub const fn record_count(&self) -> i32 {
        self.header.record_count
    }

    /// Largest timestamp of its records, milliseconds since the epoch.
    #[must_use]
    pub const fn max_timestamp(&self) -> i64 {
        self.header.max_timestamp
    }

    /// Bytes on the wire, header included.
    #[must_use]
    pub const fn size(&self) -> usize {
        HEADER_LEN + self.body.len()
    }

    /// Bytes before compression, header included.
    #[must_use]
    pub const fn uncompressed_size(&self) -> usize {
        HEADER_LEN + self.uncompressed_len
    }

    /// Compressed bytes per byte of records: what the estimate of the next batches learns from.
    #[must_use]
    pub fn compression_ratio(&self) -> f32 {
        if self.uncompressed_len == 0 {
            return 1.0;
        }
        self.body.len() as f32 / self.uncompressed_len as f32
    }

    /// Header and records, the latter shared: what a request is made of without copying a payload.
    #[must_use]
    pub fn chunks(&self) -> [Bytes; 2] {
        [Bytes::copy_from_slice(&self.header.encode()), self.body.clone()]
    }

    /// Header and records in one new buffer.
    #[must_use]
    pub fn to_bytes(&self) -> Bytes {
        self.to_record_batch().to_bytes()
    }

    /// The same batch as a reader sees it; shares the records.
    #[must_use]
    pub fn to_record_batch(&self) -> RecordBatch {
        RecordBatch {
            header: self.header,
            body: self.body.clone(),
        }
    }

    /// Its own records again, to split a batch that a broker found too large (KIP-126).
    ///
    /// # Errors
    /// [`BatchError::Codec`] if the codec can compress but not decompress in this build.
    #[cfg(not(feature = "keep-records"))]
    pub fn records(&self) -> Result<Records, BatchError> {
        self.to_record_batch().decompress(self.uncompressed_len)
    }

    /// Its own records again, to split a batch that a broker found too large (KIP-126).
    ///
    /// # Errors
    /// Never in this build, which keeps them.
    #[cfg(feature = "keep-records")]
    pub fn records(&self) -> Result<Records, BatchError> {
        Ok(Records::kept(self.header, self.records.clone()))
    }

    fn refresh_crc(&mut self) {
        let head = crc::crc32c(&self.header.encode()[CRC_START..]);
        self.header.crc = self.shift.combine(head, self.body_crc);
    }
}
