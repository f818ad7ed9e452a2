//! Records as lines, with the properties of Kafka's `DefaultMessageFormatter`. Bytes are written as they are.

use std::io::{self, Write};

use crate::classes::Deserializer;
use crate::properties::{self, PropertyError};

/// A record that was read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ReadRecord<'a> {
    /// Partition.
    pub partition: i32,
    /// Offset.
    pub offset: i64,
    /// Milliseconds since the epoch; negative when the record has none.
    pub timestamp: i64,
    /// Whether the broker set the timestamp.
    pub log_append_time: bool,
    /// Key.
    pub key: Option<&'a [u8]>,
    /// Value.
    pub value: Option<&'a [u8]>,
    /// Headers.
    pub headers: &'a [(String, Option<Vec<u8>>)],
}

/// What is printed of a record, and between what.
#[derive(Clone, Debug)]
pub(crate) struct Formatter {
    timestamp: bool,
    key: bool,
    offset: bool,
    partition: bool,
    headers: bool,
    value: bool,
    key_separator: Vec<u8>,
    line_separator: Vec<u8>,
    headers_separator: Vec<u8>,
    null_literal: Vec<u8>,
    key_deserializer: Deserializer,
    value_deserializer: Deserializer,
}

/// Why a record is not printed.
#[derive(Debug)]
pub(crate) enum WriteError {
    /// Its key or value is not what the deserializer expects; nothing of it was written.
    Record(String),
    /// The output does not take it.
    Output(io::Error),
}

impl From<io::Error> for WriteError {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}

/// The properties that [`Formatter`] knows.
pub(crate) const PROPERTIES: [&str; 10] = [
    "print.timestamp",
    "print.key",
    "print.offset",
    "print.partition",
    "print.headers",
    "print.value",
    "key.separator",
    "line.separator",
    "headers.separator",
    "null.literal",
];

impl Default for Formatter {
    fn default() -> Self {
        Self {
            timestamp: false,
            key: false,
            offset: false,
            partition: false,
            headers: false,
            value: true,
            key_separator: b"\t".to_vec(),
            line_separator: b"\n".to_vec(),
            headers_separator: b",".to_vec(),
            null_literal: b"null".to_vec(),
            key_deserializer: Deserializer::Bytes,
            value_deserializer: Deserializer::Bytes,
        }
    }
}

impl Formatter {
    /// Reads `name=value` pairs, later ones win.
    pub(crate) fn from_properties(pairs: &[(String, String)]) -> Result<Self, PropertyError> {
        let mut formatter = Self::default();
        for (name, value) in pairs {
            let text = || properties::unescape(value).into_bytes();
            match name.as_str() {
                "print.timestamp" => formatter.timestamp = properties::boolean(name, value)?,
                "print.key" => formatter.key = properties::boolean(name, value)?,
                "print.offset" => formatter.offset = properties::boolean(name, value)?,
                "print.partition" => formatter.partition = properties::boolean(name, value)?,
                "print.headers" => formatter.headers = properties::boolean(name, value)?,
                "print.value" => formatter.value = properties::boolean(name, value)?,
                "key.separator" => formatter.key_separator = text(),
                "line.separator" => formatter.line_separator = text(),
                "headers.separator" => formatter.headers_separator = text(),
                "null.literal" => formatter.null_literal = text(),
                _ => return Err(PropertyError::unknown("--formatter-property", name, &PROPERTIES)),
            }
        }
        Ok(formatter)
    }

    /// Prints keys and values as these read them.
    pub(crate) fn with_deserializers(self, key: Deserializer, value: Deserializer) -> Self {
        Self {
            key_deserializer: key,
            value_deserializer: value,
            ..self
        }
    }

    /// Writes one record with its line end.
    pub(crate) fn write(&self, record: ReadRecord<'_>, out: &mut impl Write) -> Result<(), WriteError> {
        let printed = |what: &str, shown: bool, deserializer: Deserializer, bytes: Option<&[u8]>| match bytes
        {
            Some(bytes) if shown => deserializer
                .text(bytes)
                .map_err(|mismatch| WriteError::Record(format!("{what}: {mismatch}"))),
            _ => Ok(self.null_literal.clone()),
        };
        let key = printed("key", self.key, self.key_deserializer, record.key)?;
        let value = printed("value", self.value, self.value_deserializer, record.value)?;
        let mut first = true;
        if self.timestamp {
            self.column(&mut first, out)?;
            match (record.timestamp, record.log_append_time) {
                (..0, _) => write!(out, "NO_TIMESTAMP")?,
                (at, false) => write!(out, "CreateTime:{at}")?,
                (at, true) => write!(out, "LogAppendTime:{at}")?,
            }
        }
        if self.partition {
            self.column(&mut first, out)?;
            write!(out, "Partition:{}", record.partition)?;
        }
        if self.offset {
            self.column(&mut first, out)?;
            write!(out, "Offset:{}", record.offset)?;
        }
        if self.headers {
            self.column(&mut first, out)?;
            self.write_headers(record.headers, out)?;
        }
        if self.key {
            self.column(&mut first, out)?;
            out.write_all(&key)?;
        }
        if self.value {
            self.column(&mut first, out)?;
            out.write_all(&value)?;
        }
        out.write_all(&self.line_separator)?;
        Ok(())
    }

    fn column(&self, first: &mut bool, out: &mut impl Write) -> io::Result<()> {
        if std::mem::take(first) {
            Ok(())
        } else {
            out.write_all(&self.key_separator)
        }
    }

    fn write_headers(&self, headers: &[(String, Option<Vec<u8>>)], out: &mut impl Write) -> io::Result<()> {
        if headers.is_empty() {
            return out.write_all(b"NO_HEADERS");
        }
        for (index, (name, value)) in headers.iter().enumerate() {
            if index > 0 {
                out.write_all(&self.headers_separator)?;
            }
            write!(out, "{name}:")?;
            out.write_all(value.as_deref().unwrap_or(&self.null_literal))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn print(pairs: &[(&str, &str)], record: ReadRecord<'_>) -> String {
        let pairs: Vec<_> = pairs
            .iter()
            .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
            .collect();
        let mut out = Vec::new();
        Formatter::from_properties(&pairs)
            .expect("good properties")
            .write(record, &mut out)
            .expect("to memory");
        String::from_utf8(out).expect("text")
    }

    #[test]
    fn columns_in_kafkas_order() {
        let headers = [("h".to_owned(), Some(b"1".to_vec())), ("h".to_owned(), None)];
        let record = ReadRecord {
            partition: 2,
            offset: 7,
            timestamp: 5,
            log_append_time: false,
            key: Some(b"k"),
            value: None,
            headers: &headers,
        };
        let all: Vec<_> = PROPERTIES[..6].iter().map(|name| (*name, "true")).collect();
        assert_eq!(
            print(&all, record),
            "CreateTime:5\tPartition:2\tOffset:7\th:1,h:null\tk\tnull\n"
        );
        let custom = [
            ("print.key", "true"),
            ("key.separator", "|"),
            ("null.literal", "NIL"),
        ];
        assert_eq!(print(&custom, ReadRecord { key: None, ..record }), "NIL|NIL\n");
        assert_eq!(
            print(
                &[("print.headers", "true")],
                ReadRecord {
                    headers: &[],
                    ..record
                }
            ),
            "NO_HEADERS\tnull\n"
        );
    }

    #[test]
    fn a_record_that_cannot_be_read_leaves_no_half_line() {
        let formatter = Formatter::default().with_deserializers(Deserializer::Bytes, Deserializer::Long);
        let record = |value| ReadRecord {
            partition: 0,
            offset: 0,
            timestamp: -1,
            log_append_time: false,
            key: None,
            value,
            headers: &[],
        };
        let mut out = Vec::new();
        let seven = 7_i64.to_be_bytes();
        formatter
            .write(record(Some(&seven)), &mut out)
            .expect("eight bytes");
        let error = formatter
            .write(record(Some(b"kim")), &mut out)
            .expect_err("three bytes");
        assert!(matches!(error, WriteError::Record(why) if why.starts_with("value: 8 bytes")));
        formatter.write(record(None), &mut out).expect("null");
        assert_eq!(out, b"7\nnull\n");
    }

    #[test]
    fn an_unknown_property_lists_the_known_ones() {
        let error = Formatter::from_properties(&[("print.keys".into(), "true".into())]).expect_err("unknown");
        assert!(error.to_string().contains("print.key,"), "{error}");
    }
}
