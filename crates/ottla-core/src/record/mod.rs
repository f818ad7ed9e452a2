//! What the application hands over: a record, borrowed or owned.

use alloc::borrow::Cow;
use alloc::vec::Vec;

use crate::time::Timestamp;

/// The number of an accepted record. Counts up from 0 in the order of acceptance; never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RecordId(pub u64);

/// A header of a record. Names may repeat and keep their order; a value may be null.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header<'a> {
    /// Its name.
    pub key: Cow<'a, str>,
    /// Its value; `None` is null, which is not the same as empty.
    pub value: Option<Cow<'a, [u8]>>,
}

impl Header<'_> {
    /// A copy that borrows nothing.
    pub fn into_owned(self) -> Header<'static> {
        Header {
            key: Cow::Owned(self.key.into_owned()),
            value: self.value.map(|value| Cow::Owned(value.into_owned())),
        }
    }
}

/// A record with serialized key and value. Building one from borrowed parts allocates nothing.
///
/// ```
/// use ottla_core::{Record, Timestamp};
/// let record = Record::to("clicks").key("kim").value("{}").header("src", "page").at(Timestamp(1_700_000_000_000));
/// assert_eq!(record.key.as_deref(), Some(&b"kim"[..]));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record<'a> {
    /// The topic.
    pub topic: Cow<'a, str>,
    /// The partition, when the application chooses it itself.
    pub partition: Option<i32>,
    /// The record's time; `None` means that the shell must fill it in, and is sent as -1 when it did not.
    pub timestamp: Option<Timestamp>,
    /// The key; `None` is null, an empty key is a key.
    pub key: Option<Cow<'a, [u8]>>,
    /// The value; `None` is null, a tombstone in compacted topics.
    pub value: Option<Cow<'a, [u8]>>,
    /// The headers, in order.
    pub headers: Vec<Header<'a>>,
}

/// What can be a key or a value: bytes as they are, text as UTF-8.
pub trait IntoBytes<'a> {
    /// The bytes.
    fn into_bytes(self) -> Cow<'a, [u8]>;
}

impl<'a> IntoBytes<'a> for &'a str {
    fn into_bytes(self) -> Cow<'a, [u8]> {
        Cow::Borrowed(self.as_bytes())
    }
}

impl<'a> IntoBytes<'a> for &'a [u8] {
    fn into_bytes(self) -> Cow<'a, [u8]> {
        Cow::Borrowed(self)
    }
}

impl<'a, const N: usize> IntoBytes<'a> for &'a [u8; N] {
    fn into_bytes(self) -> Cow<'a, [u8]> {
        Cow::Borrowed(self)
    }
}

impl<'a> IntoBytes<'a> for Vec<u8> {
    fn into_bytes(self) -> Cow<'a, [u8]> {
        Cow::Owned(self)
    }
}

impl<'a> IntoBytes<'a> for &'a Vec<u8> {
    fn into_bytes(self) -> Cow<'a, [u8]> {
        Cow::Borrowed(self)
    }
}

impl<'a> IntoBytes<'a> for alloc::string::String {
    fn into_bytes(self) -> Cow<'a, [u8]> {
        Cow::Owned(self.into_bytes())
    }
}

impl<'a> IntoBytes<'a> for &'a alloc::string::String {
    fn into_bytes(self) -> Cow<'a, [u8]> {
        Cow::Borrowed(self.as_bytes())
    }
}

impl<'a> IntoBytes<'a> for Cow<'a, [u8]> {
    fn into_bytes(self) -> Cow<'a, [u8]> {
        self
    }
}

impl<'a> Record<'a> {
    /// A record for a topic, with null key and null value.
    pub fn to(topic: impl Into<Cow<'a, str>>) -> Self {
        Self {
            topic: topic.into(),
            partition: None,
            timestamp: None,
            key: None,
            value: None,
            headers: Vec::new(),
        }
    }

    /// Sets the key.
    #[must_use]
    pub fn key(mut self, key: impl IntoBytes<'a>) -> Self {
        self.key = Some(key.into_bytes());
        self
    }

    /// Sets the value.
    #[must_use]
    pub fn value(mut self, value: impl IntoBytes<'a>) -> Self {
        self.value = Some(value.into_bytes());
        self
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, key: impl Into<Cow<'a, str>>, value: impl IntoBytes<'a>) -> Self {
        self.headers.push(Header {
            key: key.into(),
            value: Some(value.into_bytes()),
        });
        self
    }

    /// Adds a header whose value is null.
    #[must_use]
    pub fn null_header(mut self, key: impl Into<Cow<'a, str>>) -> Self {
        self.headers.push(Header {
            key: key.into(),
            value: None,
        });
        self
    }

    /// Chooses the partition; it must exist within `max.block.ms`.
    #[must_use]
    pub fn partition(mut self, partition: i32) -> Self {
        self.partition = Some(partition);
        self
    }

    /// Sets the time.
    #[must_use]
    pub fn at(mut self, timestamp: Timestamp) -> Self {
        self.timestamp = Some(timestamp);
        self
    }

    /// A copy that borrows nothing.
    pub fn into_owned(self) -> Record<'static> {
        Record {
            topic: Cow::Owned(self.topic.into_owned()),
            partition: self.partition,
            timestamp: self.timestamp,
            key: self.key.map(|key| Cow::Owned(key.into_owned())),
            value: self.value.map(|value| Cow::Owned(value.into_owned())),
            headers: self.headers.into_iter().map(Header::into_owned).collect(),
        }
    }

    /// The same record, borrowing from this one. Allocates only when there are headers.
    pub fn as_borrowed(&self) -> Record<'_> {
        Record {
            topic: Cow::Borrowed(&self.topic),
            partition: self.partition,
            timestamp: self.timestamp,
            key: self.key.as_deref().map(Cow::Borrowed),
            value: self.value.as_deref().map(Cow::Borrowed),
            headers: self
                .headers
                .iter()
                .map(|header| Header {
                    key: Cow::Borrowed(&header.key),
                    value: header.value.as_deref().map(Cow::Borrowed),
                })
                .collect(),
        }
    }
}

impl<'a> From<&'a Record<'_>> for Record<'a> {
    fn from(record: &'a Record<'_>) -> Self {
        record.as_borrowed()
    }
}
