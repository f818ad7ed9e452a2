//! What can go wrong between bytes and values.

use core::error::Error;
use core::fmt;

/// The bytes are not what the protocol says they should be: the peer's fault, never a reason to panic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DecodeError {
    /// What is wrong.
    pub kind: DecodeErrorKind,
    /// The field that was being read, as `Struct.field`; empty outside of messages.
    pub field: &'static str,
    /// Offset in bytes from the start of the buffer that was handed to the reader.
    pub at: usize,
}

/// The ways in which bytes can be wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum DecodeErrorKind {
    /// The buffer ends before the value does.
    Truncated {
        /// Bytes that the value needs.
        needed: usize,
        /// Bytes that are left.
        left: usize,
    },
    /// An array claims more elements than the bytes left could hold.
    CountTooLarge {
        /// Elements claimed.
        count: usize,
        /// Bytes that are left.
        left: usize,
    },
    /// A length or count below -1, or below 0 where null is not possible.
    NegativeLength(i32),
    /// Null where this version of the message has no null.
    UnexpectedNull,
    /// A string that is not UTF-8.
    InvalidUtf8,
    /// A variable-length integer that does not end in time (5 bytes for 32 bits, 10 for 64).
    VarintTooLong,
    /// The value ended before its bytes did.
    TrailingBytes {
        /// Bytes that nobody read.
        left: usize,
    },
    /// This crate does not implement that version of the API.
    UnsupportedVersion {
        /// The API's key.
        api_key: i16,
        /// The version asked for.
        version: i16,
    },
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            DecodeErrorKind::Truncated { needed, left } => {
                write!(f, "needs {needed} bytes, {left} are left")?;
            }
            DecodeErrorKind::CountTooLarge { count, left } => {
                write!(f, "claims {count} elements, but only {left} bytes are left")?;
            }
            DecodeErrorKind::NegativeLength(length) => write!(f, "has the negative length {length}")?,
            DecodeErrorKind::UnexpectedNull => f.write_str("is null where null is not allowed")?,
            DecodeErrorKind::InvalidUtf8 => f.write_str("is not valid UTF-8")?,
            DecodeErrorKind::VarintTooLong => f.write_str("has a variable-length integer without an end")?,
            DecodeErrorKind::TrailingBytes { left } => write!(f, "ends {left} bytes before its bytes do")?,
            DecodeErrorKind::UnsupportedVersion { api_key, version } => {
                return write!(f, "version {version} of API {api_key} is not implemented here");
            }
        }
        if self.field.is_empty() {
            write!(f, " (value ending near byte {})", self.at)
        } else {
            write!(f, " (field {}, near byte {})", self.field, self.at)
        }
    }
}

impl Error for DecodeError {}

/// The value cannot be said in that version of the message: the caller's choice of version is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EncodeError {
    /// What is wrong.
    pub kind: EncodeErrorKind,
    /// The field that was being written, as `Struct.field`; empty outside of messages.
    pub field: &'static str,
}

/// The ways in which a value can be inexpressible.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum EncodeErrorKind {
    /// The field holds something that matters, and this version has no such field.
    NotInVersion {
        /// The version asked for.
        version: i16,
    },
    /// The field is null, and this version has no null there.
    NullNotAllowed {
        /// The version asked for.
        version: i16,
    },
    /// Too many bytes or elements for the length prefix.
    TooLong {
        /// The length at hand.
        length: usize,
        /// The longest that can be said.
        max: usize,
    },
    /// This crate does not implement that version of the API.
    UnsupportedVersion {
        /// The API's key.
        api_key: i16,
        /// The version asked for.
        version: i16,
    },
}

impl fmt::Display for EncodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.field.is_empty() {
            write!(f, "field {}: ", self.field)?;
        }
        match self.kind {
            EncodeErrorKind::NotInVersion { version } => {
                write!(
                    f,
                    "does not exist in version {version}; leave it at its default or use another version"
                )
            }
            EncodeErrorKind::NullNotAllowed { version } => {
                write!(
                    f,
                    "may not be null in version {version}; give a value or use another version"
                )
            }
            EncodeErrorKind::TooLong { length, max } => {
                write!(f, "length {length} exceeds the {max} that the protocol can say")
            }
            EncodeErrorKind::UnsupportedVersion { api_key, version } => {
                write!(f, "version {version} of API {api_key} is not implemented here")
            }
        }
    }
}

impl Error for EncodeError {}
