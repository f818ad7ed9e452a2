//! Reading protocol values from a buffer that a peer sent.

use alloc::string::String;

use bytes::Bytes;

use super::{DecodeError, DecodeErrorKind, Uuid};

/// A cursor over bytes from the network. Every length and count is checked against the bytes left before
/// anything is allocated for it. Byte fields come out as slices that share the buffer.
#[derive(Debug)]
pub struct Reader<'a> {
    buffer: &'a Bytes,
    at: usize,
    end: usize,
    field: &'static str,
}

macro_rules! fixed {
    ($($(#[$meta:meta])* $name:ident: $ty:ty;)*) => { $(
        $(#[$meta])*
        pub fn $name(&mut self) -> Result<$ty, DecodeError> {
            self.array().map(<$ty>::from_be_bytes)
        }
    )* };
}

impl<'a> Reader<'a> {
    /// Starts at the first byte of `buffer`.
    pub fn new(buffer: &'a Bytes) -> Self {
        Self {
            buffer,
            at: 0,
            end: buffer.len(),
            field: "",
        }
    }

    /// Bytes that are left to read.
    pub fn remaining(&self) -> usize {
        self.end - self.at
    }

    /// Offset of the next byte from the start of the buffer.
    pub fn position(&self) -> usize {
        self.at
    }

    /// Names the field that is read next, for the errors (`Struct.field`).
    pub fn enter(&mut self, field: &'static str) {
        self.field = field;
    }

    /// An error at this place.
    pub fn error(&self, kind: DecodeErrorKind) -> DecodeError {
        DecodeError {
            kind,
            field: self.field,
            at: self.at,
        }
    }

    /// Fails unless everything was read.
    pub fn finish(&self) -> Result<(), DecodeError> {
        match self.remaining() {
            0 => Ok(()),
            left => Err(self.error(DecodeErrorKind::TrailingBytes { left })),
        }
    }

    fn need(&self, needed: usize) -> Result<(), DecodeError> {
        let left = self.remaining();
        if needed > left {
            return Err(self.error(DecodeErrorKind::Truncated { needed, left }));
        }
        Ok(())
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], DecodeError> {
        let mut out = [0; N];
        out.copy_from_slice(self.take(N)?);
        Ok(out)
    }

    /// The next `length` bytes, borrowed.
    pub fn take(&mut self, length: usize) -> Result<&'a [u8], DecodeError> {
        self.need(length)?;
        let slice = &self.buffer[self.at..self.at + length];
        self.at += length;
        Ok(slice)
    }

    /// The next `length` bytes, sharing the buffer.
    pub fn take_bytes(&mut self, length: usize) -> Result<Bytes, DecodeError> {
        self.need(length)?;
        let slice = self.buffer.slice(self.at..self.at + length);
        self.at += length;
        Ok(slice)
    }

    /// Passes over `length` bytes.
    pub fn skip(&mut self, length: usize) -> Result<(), DecodeError> {
        self.take(length).map(|_| ())
    }

    /// Reads a value that must fill exactly the next `length` bytes.
    pub fn limited<T>(
        &mut self,
        length: usize,
        read: impl FnOnce(&mut Self) -> Result<T, DecodeError>,
    ) -> Result<T, DecodeError> {
        self.need(length)?;
        let outer = self.end;
        self.end = self.at + length;
        let value = read(self).and_then(|value| self.finish().map(|()| value));
        self.end = outer;
        value
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

    /// The `INT16` that comes next, without passing over it.
    pub fn peek_i16(&self) -> Option<i16> {
        self.buffer[self.at..self.end]
            .first_chunk()
            .map(|bytes| i16::from_be_bytes(*bytes))
    }

    /// `BOOLEAN`: every byte but 0 is true.
    pub fn bool(&mut self) -> Result<bool, DecodeError> {
        Ok(self.u8()? != 0)
    }

    /// `UUID`, 16 bytes.
    pub fn uuid(&mut self) -> Result<Uuid, DecodeError> {
        self.array().map(Uuid)
    }

    /// `UNSIGNED_VARINT`, at most 5 bytes.
    pub fn uvarint(&mut self) -> Result<u32, DecodeError> {
        let mut value = 0u32;
        for shift in [0, 7, 14, 21, 28] {
            let byte = self.u8()?;
            if shift == 28 && byte > 0x0f {
                break;
            }
            value |= u32::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(self.error(DecodeErrorKind::VarintTooLong))
    }

    /// `VARINT`: 32 bits in zigzag, at most 5 bytes.
    pub fn varint(&mut self) -> Result<i32, DecodeError> {
        let raw = self.uvarint()?;
        Ok((raw >> 1).cast_signed() ^ -(raw & 1).cast_signed())
    }

    /// `VARLONG`: 64 bits in zigzag, at most 10 bytes.
    pub fn varlong(&mut self) -> Result<i64, DecodeError> {
        let mut raw = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = self.u8()?;
            if shift == 63 && byte > 1 {
                break;
            }
            raw |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok((raw >> 1).cast_signed() ^ -(raw & 1).cast_signed());
            }
        }
        Err(self.error(DecodeErrorKind::VarintTooLong))
    }

    fn signed_length(&self, length: i32) -> Result<Option<usize>, DecodeError> {
        match usize::try_from(length) {
            Ok(length) => Ok(Some(length)),
            Err(_) if length == -1 => Ok(None),
            Err(_) => Err(self.error(DecodeErrorKind::NegativeLength(length))),
        }
    }

    fn compact_length(&mut self) -> Result<Option<usize>, DecodeError> {
        Ok(self.uvarint()?.checked_sub(1).map(|length| length as usize))
    }

    /// Length of an array, `None` for null. A count larger than the bytes left is refused, as every element
    /// takes at least one.
    pub fn array_length(&mut self, flexible: bool) -> Result<Option<usize>, DecodeError> {
        let count = if flexible {
            self.compact_length()?
        } else {
            let count = self.i32()?;
            self.signed_length(count)?
        };
        let left = self.remaining();
        match count {
            Some(count) if count > left => Err(self.error(DecodeErrorKind::CountTooLarge { count, left })),
            count => Ok(count),
        }
    }

    /// `NULLABLE_STRING` or, in flexible versions, `COMPACT_NULLABLE_STRING`.
    pub fn nullable_string(&mut self, flexible: bool) -> Result<Option<String>, DecodeError> {
        let length = if flexible {
            self.compact_length()?
        } else {
            let length = i32::from(self.i16()?);
            self.signed_length(length)?
        };
        let Some(length) = length else { return Ok(None) };
        match core::str::from_utf8(self.take(length)?) {
            Ok(text) => Ok(Some(text.into())),
            Err(_) => Err(self.error(DecodeErrorKind::InvalidUtf8)),
        }
    }

    /// `STRING` or `COMPACT_STRING`.
    pub fn string(&mut self, flexible: bool) -> Result<String, DecodeError> {
        self.nullable_string(flexible)?
            .ok_or(self.error(DecodeErrorKind::UnexpectedNull))
    }

    /// `NULLABLE_BYTES` or `COMPACT_NULLABLE_BYTES`, also `RECORDS`; shares the buffer.
    pub fn nullable_bytes(&mut self, flexible: bool) -> Result<Option<Bytes>, DecodeError> {
        let length = if flexible {
            self.compact_length()?
        } else {
            let length = self.i32()?;
            self.signed_length(length)?
        };
        length.map(|length| self.take_bytes(length)).transpose()
    }

    /// `BYTES` or `COMPACT_BYTES`; shares the buffer.
    pub fn bytes(&mut self, flexible: bool) -> Result<Bytes, DecodeError> {
        self.nullable_bytes(flexible)?
            .ok_or(self.error(DecodeErrorKind::UnexpectedNull))
    }

    /// Passes over a section of tagged fields, all of them unknown.
    pub fn skip_tagged_fields(&mut self) -> Result<(), DecodeError> {
        for _ in 0..self.uvarint()? {
            self.uvarint()?;
            let size = self.uvarint()? as usize;
            self.skip(size)?;
        }
        Ok(())
    }
}
