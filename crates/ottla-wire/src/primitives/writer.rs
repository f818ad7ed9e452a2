//! Writing protocol values.

use alloc::vec::Vec;

use bytes::Bytes;

use super::{EncodeError, EncodeErrorKind, Uuid};

/// Collects protocol values. Small values are copied into one buffer; a sharing writer ([`Writer::sharing`])
/// keeps byte fields apart, so that a record batch goes from the producer to the socket without a copy.
#[derive(Debug, Default)]
pub struct Writer {
    buffer: Vec<u8>,
    /// Shared pieces with the place in `buffer` before which each belongs, in order.
    shared: Vec<(usize, Bytes)>,
    shared_length: usize,
    share: bool,
    field: &'static str,
}

macro_rules! fixed {
    ($($(#[$meta:meta])* $name:ident: $ty:ty;)*) => { $(
        $(#[$meta])*
        pub fn $name(&mut self, value: $ty) {
            self.buffer.extend_from_slice(&value.to_be_bytes());
        }
    )* };
}

impl Writer {
    /// A writer that copies everything into one buffer.
    pub fn new() -> Self {
        Self::default()
    }

    /// A copying writer with room for `capacity` bytes.
    pub fn with_capacity(capacity: usize) -> Self {
        Self {
            buffer: Vec::with_capacity(capacity),
            ..Self::default()
        }
    }

    /// A writer that shares `Bytes` fields; take the result with [`Writer::into_chunks`].
    pub fn sharing() -> Self {
        Self {
            share: true,
            ..Self::default()
        }
    }

    /// Bytes written so far, shared ones included.
    pub fn len(&self) -> usize {
        self.buffer.len() + self.shared_length
    }

    /// Whether nothing was written yet.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Names the field that is written next, for the errors (`Struct.field`).
    pub fn enter(&mut self, field: &'static str) {
        self.field = field;
    }

    /// An error at this place.
    pub fn error(&self, kind: EncodeErrorKind) -> EncodeError {
        EncodeError {
            kind,
            field: self.field,
        }
    }

    fixed! {
        /// `INT8`.
        i8: i8;
        /// One unsigned byte.
        u8: u8;
        /// `INT16`, big-endian.
        i16: i16;
        /// `UINT16`, big-endian.
        u16: u16;
        /// `INT32`, big-endian.
        i32: i32;
        /// `UINT32`, big-endian.
        u32: u32;
        /// `INT64`, big-endian.
        i64: i64;
    }

    /// `BOOLEAN`.
    pub fn bool(&mut self, value: bool) {
        self.u8(u8::from(value));
    }

    /// `UUID`, 16 bytes.
    pub fn uuid(&mut self, value: Uuid) {
        self.raw(&value.0);
    }

    /// Bytes without a length.
    pub fn raw(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// Bytes without a length, shared if this writer shares.
    pub fn raw_shared(&mut self, bytes: &Bytes) {
        if self.share && !bytes.is_empty() {
            self.shared_length += bytes.len();
            self.shared.push((self.buffer.len(), bytes.clone()));
        } else {
            self.raw(bytes);
        }
    }

    /// `UNSIGNED_VARINT`.
    pub fn uvarint(&mut self, mut value: u32) {
        while value >= 0x80 {
            self.u8(value as u8 | 0x80);
            value >>= 7;
        }
        self.u8(value as u8);
    }

    /// `VARINT`: 32 bits in zigzag.
    pub fn varint(&mut self, value: i32) {
        self.uvarint(((value << 1) ^ (value >> 31)).cast_unsigned());
    }

    /// `VARLONG`: 64 bits in zigzag.
    pub fn varlong(&mut self, value: i64) {
        let mut raw = ((value << 1) ^ (value >> 63)).cast_unsigned();
        while raw >= 0x80 {
            self.u8(raw as u8 | 0x80);
            raw >>= 7;
        }
        self.u8(raw as u8);
    }

    fn within(&self, length: usize, max: usize) -> Result<(), EncodeError> {
        if length > max {
            return Err(self.error(EncodeErrorKind::TooLong { length, max }));
        }
        Ok(())
    }

    /// A 32-bit length, compact (plus one, as a varint) in flexible versions; `None` is null.
    pub fn length(&mut self, flexible: bool, length: Option<usize>) -> Result<(), EncodeError> {
        let length = match length {
            Some(length) => {
                self.within(length, i32::MAX as usize)?;
                length as i32
            }
            None => -1,
        };
        if flexible {
            self.uvarint((length + 1).cast_unsigned());
        } else {
            self.i32(length);
        }
        Ok(())
    }

    /// `STRING`, or `COMPACT_STRING` in flexible versions; `None` is null. At most 32767 bytes either way, as in
    /// Kafka's own serializer.
    pub fn string(&mut self, flexible: bool, text: Option<&str>) -> Result<(), EncodeError> {
        self.within(text.map_or(0, str::len), i16::MAX as usize)?;
        if flexible {
            self.uvarint(text.map_or(0, |text| text.len() as u32 + 1));
        } else {
            self.i16(text.map_or(-1, |text| text.len() as i16));
        }
        self.raw(text.unwrap_or_default().as_bytes());
        Ok(())
    }

    /// `BYTES`, `COMPACT_BYTES` or `RECORDS`; `None` is null.
    pub fn bytes(&mut self, flexible: bool, bytes: Option<&Bytes>) -> Result<(), EncodeError> {
        self.length(flexible, bytes.map(Bytes::len))?;
        if let Some(bytes) = bytes {
            self.raw_shared(bytes);
        }
        Ok(())
    }

    /// One tagged field: tag, size, content.
    pub fn tagged(
        &mut self,
        tag: u32,
        write: impl FnOnce(&mut Writer) -> Result<(), EncodeError>,
    ) -> Result<(), EncodeError> {
        let mut content = Writer {
            share: self.share,
            field: self.field,
            ..Writer::default()
        };
        write(&mut content)?;
        self.uvarint(tag);
        self.within(content.len(), i32::MAX as usize)?;
        self.uvarint(content.len() as u32);
        let offset = self.buffer.len();
        self.shared
            .extend(content.shared.into_iter().map(|(at, bytes)| (offset + at, bytes)));
        self.shared_length += content.shared_length;
        self.buffer.extend_from_slice(&content.buffer);
        Ok(())
    }

    /// Leaves four bytes for the length of a frame; [`Writer::end_frame`] fills them.
    pub fn begin_frame(&mut self) {
        debug_assert!(self.is_empty(), "a frame starts at the first byte");
        self.i32(0);
    }

    /// Fills in the length of the frame that started at the first byte.
    pub fn end_frame(&mut self) -> Result<(), EncodeError> {
        let length = self.len() - 4;
        self.field = "";
        self.within(length, i32::MAX as usize)?;
        self.buffer[..4].copy_from_slice(&(length as i32).to_be_bytes());
        Ok(())
    }

    /// Everything in one buffer; copies what was shared.
    pub fn into_vec(self) -> Vec<u8> {
        if self.shared.is_empty() {
            return self.buffer;
        }
        let mut out = Vec::with_capacity(self.len());
        for chunk in self.into_chunks() {
            out.extend_from_slice(&chunk);
        }
        out
    }

    /// Everything in order, shared pieces uncopied; no chunk is empty.
    pub fn into_chunks(self) -> Vec<Bytes> {
        let own = Bytes::from(self.buffer);
        let mut chunks = Vec::with_capacity(2 * self.shared.len() + 1);
        let mut from = 0;
        for (at, bytes) in self.shared {
            if at > from {
                chunks.push(own.slice(from..at));
                from = at;
            }
            chunks.push(bytes);
        }
        if from < own.len() {
            chunks.push(own.slice(from..));
        }
        chunks
    }
}
