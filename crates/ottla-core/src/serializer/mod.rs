//! Values to bytes.
//!
//! The producer takes bytes; a serializer sits in front of it, in the shell. `None` is the null key or value: a
//! null value is a tombstone in compacted topics, an empty one is not.

use alloc::borrow::{Cow, ToOwned};
use alloc::string::String;
use core::fmt;

mod configured;
mod fixed;
#[cfg(feature = "serde")]
mod json;
mod uuid;

pub use configured::Configured;
pub use fixed::{Boolean, Double, Float, Integer, Long, Short, Void};
#[cfg(feature = "serde")]
pub use json::Json;
pub use uuid::Uuid;

/// Turns values of one type into the bytes of a key or value.
pub trait Serializer<T: ?Sized> {
    /// The bytes of a value for a topic; borrowed where the value already is its bytes.
    ///
    /// # Errors
    /// When the value has no such form.
    fn serialize<'a>(&self, topic: &str, value: &'a T) -> Result<Option<Cow<'a, [u8]>>, SerializeError>;
}

/// A value that has no form in bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SerializeError {
    /// The serializer's name.
    pub serializer: &'static str,
    /// What is wrong, one line.
    pub message: String,
}

impl fmt::Display for SerializeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the {} serializer cannot write the value: {}",
            self.serializer, self.message
        )
    }
}

impl core::error::Error for SerializeError {}

impl SerializeError {
    /// An error of the named serializer.
    pub fn new(serializer: &'static str, message: impl AsRef<str>) -> Self {
        Self {
            serializer,
            message: message.as_ref().to_owned(),
        }
    }
}

/// Text as UTF-8 (`StringSerializer`).
#[derive(Clone, Copy, Debug, Default)]
pub struct Utf8;

impl<T: AsRef<str> + ?Sized> Serializer<T> for Utf8 {
    fn serialize<'a>(&self, _topic: &str, value: &'a T) -> Result<Option<Cow<'a, [u8]>>, SerializeError> {
        Ok(Some(Cow::Borrowed(value.as_ref().as_bytes())))
    }
}

/// Bytes as they are (`ByteArraySerializer`).
#[derive(Clone, Copy, Debug, Default)]
pub struct Raw;

impl<T: AsRef<[u8]> + ?Sized> Serializer<T> for Raw {
    fn serialize<'a>(&self, _topic: &str, value: &'a T) -> Result<Option<Cow<'a, [u8]>>, SerializeError> {
        Ok(Some(Cow::Borrowed(value.as_ref())))
    }
}

/// `None` as null, anything else as the inner serializer writes it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Nullable<S>(pub S);

impl<T, S: Serializer<T>> Serializer<Option<T>> for Nullable<S> {
    fn serialize<'a>(
        &self,
        topic: &str,
        value: &'a Option<T>,
    ) -> Result<Option<Cow<'a, [u8]>>, SerializeError> {
        match value {
            Some(value) => self.0.serialize(topic, value),
            None => Ok(None),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_bytes_are_borrowed() {
        assert!(matches!(
            Utf8.serialize("t", "é"),
            Ok(Some(Cow::Borrowed(b"\xc3\xa9")))
        ));
        assert!(matches!(
            Raw.serialize("t", &[0xffu8, 0][..]),
            Ok(Some(Cow::Borrowed(b"\xff\0")))
        ));
    }

    #[test]
    fn null_is_not_empty() {
        assert_eq!(Nullable(Utf8).serialize("t", &None::<&str>), Ok(None));
        assert_eq!(
            Nullable(Utf8).serialize("t", &Some("")),
            Ok(Some(Cow::Borrowed(&b""[..])))
        );
    }
}
