//! Values that know how each version of a message writes them.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use bytes::Bytes;

use super::{DecodeError, DecodeErrorKind, EncodeError, Reader, Writer};
use crate::error_code::ErrorCode;

/// How one version of a message is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Format {
    /// The version of the message.
    pub version: i16,
    /// Whether lengths are compact and structs end with tagged fields (KIP-482).
    pub flexible: bool,
}

/// Something that can be a field of a message.
pub trait Value: Sized {
    /// Appends the value.
    fn write(&self, format: Format, w: &mut Writer) -> Result<(), EncodeError>;

    /// Reads the value.
    fn read(format: Format, r: &mut Reader<'_>) -> Result<Self, DecodeError>;

    /// Whether the value is the protocol's null.
    fn is_null(&self) -> bool {
        false
    }
}

/// A 128-bit identifier, as Kafka gives to topics (KIP-516). All zeros means none.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Uuid(pub [u8; 16]);

impl Uuid {
    /// No identifier.
    pub const ZERO: Uuid = Uuid([0; 16]);

    /// Whether this is no identifier.
    pub fn is_zero(self) -> bool {
        self == Self::ZERO
    }
}

/// Kafka prints identifiers in unpadded URL-safe base64, 22 characters (`org.apache.kafka.common.Uuid`).
impl fmt::Display for Uuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        let number = u128::from_be_bytes(self.0);
        for digit in 0..22u32 {
            // 22 digits are 132 bits: the last one carries two bits of the number and four of padding.
            let bits = match 122u32.checked_sub(6 * digit) {
                Some(shift) => number >> shift,
                None => number << 4,
            };
            fmt::Write::write_char(f, char::from(DIGITS[(bits & 63) as usize]))?;
        }
        Ok(())
    }
}

impl fmt::Debug for Uuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

macro_rules! plain {
    ($($ty:ty: $method:ident;)*) => { $(
        impl Value for $ty {
            fn write(&self, _: Format, w: &mut Writer) -> Result<(), EncodeError> {
                w.$method(*self);
                Ok(())
            }
            fn read(_: Format, r: &mut Reader<'_>) -> Result<Self, DecodeError> {
                r.$method()
            }
        }
    )* };
}

plain! {
    bool: bool;
    i8: i8;
    i16: i16;
    u16: u16;
    i32: i32;
    i64: i64;
    Uuid: uuid;
}

impl Value for ErrorCode {
    fn write(&self, _: Format, w: &mut Writer) -> Result<(), EncodeError> {
        w.i16(self.0);
        Ok(())
    }
    fn read(_: Format, r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        r.i16().map(Self)
    }
}

impl Value for String {
    fn write(&self, format: Format, w: &mut Writer) -> Result<(), EncodeError> {
        w.string(format.flexible, Some(self))
    }
    fn read(format: Format, r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        r.string(format.flexible)
    }
}

impl Value for Option<String> {
    fn write(&self, format: Format, w: &mut Writer) -> Result<(), EncodeError> {
        w.string(format.flexible, self.as_deref())
    }
    fn read(format: Format, r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        r.nullable_string(format.flexible)
    }
    fn is_null(&self) -> bool {
        self.is_none()
    }
}

impl Value for Bytes {
    fn write(&self, format: Format, w: &mut Writer) -> Result<(), EncodeError> {
        w.bytes(format.flexible, Some(self))
    }
    fn read(format: Format, r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        r.bytes(format.flexible)
    }
}

impl Value for Option<Bytes> {
    fn write(&self, format: Format, w: &mut Writer) -> Result<(), EncodeError> {
        w.bytes(format.flexible, self.as_ref())
    }
    fn read(format: Format, r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        r.nullable_bytes(format.flexible)
    }
    fn is_null(&self) -> bool {
        self.is_none()
    }
}

impl<T: Value> Value for Vec<T> {
    fn write(&self, format: Format, w: &mut Writer) -> Result<(), EncodeError> {
        w.length(format.flexible, Some(self.len()))?;
        self.iter().try_for_each(|element| element.write(format, w))
    }
    fn read(format: Format, r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Option::<Vec<T>>::read(format, r)?.ok_or(r.error(DecodeErrorKind::UnexpectedNull))
    }
}

impl<T: Value> Value for Option<Vec<T>> {
    fn write(&self, format: Format, w: &mut Writer) -> Result<(), EncodeError> {
        match self {
            Some(elements) => elements.write(format, w),
            None => w.length(format.flexible, None),
        }
    }
    fn read(format: Format, r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let Some(count) = r.array_length(format.flexible)? else {
            return Ok(None);
        };
        // A struct in memory is larger than on the wire: never reserve more memory at once than the bytes
        // that the peer has really sent.
        let mut elements = Vec::with_capacity(count.min(r.remaining() / size_of::<T>().max(1)));
        for _ in 0..count {
            elements.push(T::read(format, r)?);
        }
        Ok(Some(elements))
    }
    fn is_null(&self) -> bool {
        self.is_none()
    }
}
