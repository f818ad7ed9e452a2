//! Lines of standard input as records, with the properties of Kafka's `LineMessageReader`. Bytes are never decoded:
//! what is not UTF-8 arrives as it was typed.

use std::fmt;
use std::io::{self, BufRead};

use crate::properties::{self, PropertyError};

/// How a line becomes a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LineFormat {
    parse_key: bool,
    key_separator: Vec<u8>,
    parse_headers: bool,
    headers_delimiter: Vec<u8>,
    headers_separator: Vec<u8>,
    headers_key_separator: Vec<u8>,
    ignore_error: bool,
    null_marker: Option<Vec<u8>>,
}

impl Default for LineFormat {
    fn default() -> Self {
        Self {
            parse_key: false,
            key_separator: b"\t".to_vec(),
            parse_headers: false,
            headers_delimiter: b"\t".to_vec(),
            headers_separator: b",".to_vec(),
            headers_key_separator: b":".to_vec(),
            ignore_error: false,
            null_marker: None,
        }
    }
}

/// The properties that [`LineFormat`] knows.
pub(crate) const PROPERTIES: [&str; 8] = [
    "parse.key",
    "key.separator",
    "parse.headers",
    "headers.delimiter",
    "headers.separator",
    "headers.key.separator",
    "ignore.error",
    "null.marker",
];

impl LineFormat {
    /// Reads `name=value` pairs, later ones win.
    pub(crate) fn from_properties(pairs: &[(String, String)]) -> Result<Self, PropertyError> {
        let mut format = Self::default();
        for (name, value) in pairs {
            let bytes = properties::unescape(value).into_bytes();
            match name.as_str() {
                "parse.key" => format.parse_key = properties::boolean(name, value)?,
                "parse.headers" => format.parse_headers = properties::boolean(name, value)?,
                "ignore.error" => format.ignore_error = properties::boolean(name, value)?,
                "key.separator" => format.key_separator = separator(name, bytes)?,
                "headers.delimiter" => format.headers_delimiter = separator(name, bytes)?,
                "headers.separator" => format.headers_separator = separator(name, bytes)?,
                "headers.key.separator" => format.headers_key_separator = separator(name, bytes)?,
                "null.marker" => format.null_marker = Some(bytes),
                _ => return Err(PropertyError::unknown("--reader-property", name, &PROPERTIES)),
            }
        }
        format.distinct()?;
        Ok(format)
    }

    /// Two separators that are equal would make every line ambiguous.
    fn distinct(&self) -> Result<(), PropertyError> {
        let mut used: Vec<(&str, &[u8])> = vec![
            ("headers.delimiter", &self.headers_delimiter),
            ("headers.separator", &self.headers_separator),
            ("headers.key.separator", &self.headers_key_separator),
        ];
        if let Some(marker) = &self.null_marker {
            used.push(("null.marker", marker));
            if *marker == self.key_separator {
                return Err(PropertyError::same("null.marker", "key.separator"));
            }
        }
        for (i, (name, bytes)) in used.iter().enumerate() {
            if let Some((other, _)) = used[i + 1..].iter().find(|(_, b)| b == bytes) {
                return Err(PropertyError::same(name, other));
            }
        }
        Ok(())
    }

    fn is_null(&self, field: &[u8]) -> bool {
        self.null_marker.as_deref() == Some(field)
    }

    fn field(&self, bytes: &[u8]) -> Option<Vec<u8>> {
        (!self.is_null(bytes)).then(|| bytes.to_vec())
    }
}

fn separator(name: &str, bytes: Vec<u8>) -> Result<Vec<u8>, PropertyError> {
    if bytes.is_empty() {
        Err(PropertyError::empty(name))
    } else {
        Ok(bytes)
    }
}

/// A record as it was typed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct TypedRecord {
    /// Key; `None` is the null key.
    pub key: Option<Vec<u8>>,
    /// Value; `None` is a tombstone.
    pub value: Option<Vec<u8>>,
    /// Headers in the order of the line.
    pub headers: Vec<(String, Option<Vec<u8>>)>,
}

/// Why a line is not a record.
#[derive(Debug)]
pub(crate) enum LineError {
    /// A separator is missing.
    Missing {
        /// The line's number, from 1.
        line: u64,
        /// Which property names the separator.
        property: &'static str,
        /// The separator.
        separator: Vec<u8>,
        /// The line.
        text: Vec<u8>,
    },
    /// A header's name is the null marker, or not UTF-8 as the protocol demands.
    HeaderName {
        /// The line's number.
        line: u64,
        /// What is wrong with it.
        why: &'static str,
    },
    /// Standard input cannot be read.
    Io(io::Error),
}

impl fmt::Display for LineError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing {
                line,
                property,
                separator,
                text,
            } => write!(
                f,
                "line {line} has no {property} {:?}: {:?}; add it, or set --reader-property {property}=… or \
                 --reader-property ignore.error=true",
                String::from_utf8_lossy(separator),
                shorten(&String::from_utf8_lossy(text)),
            ),
            Self::HeaderName { line, why } => write!(f, "line {line}: the name of a header {why}"),
            Self::Io(e) => write!(f, "standard input cannot be read: {e}"),
        }
    }
}

fn shorten(text: &str) -> String {
    if text.chars().count() <= 80 {
        text.to_owned()
    } else {
        text.chars().take(79).chain(['…']).collect()
    }
}

/// Reads records from `input`, one a line.
pub(crate) struct LineReader<R> {
    input: R,
    format: LineFormat,
    line: u64,
    buffer: Vec<u8>,
}

impl<R: BufRead> LineReader<R> {
    /// Reads from `input`.
    pub(crate) fn new(input: R, format: LineFormat) -> Self {
        Self {
            input,
            format,
            line: 0,
            buffer: Vec::new(),
        }
    }

    /// The next record; `None` at the end of the input.
    pub(crate) fn next_record(&mut self) -> Result<Option<TypedRecord>, LineError> {
        self.buffer.clear();
        if self
            .input
            .read_until(b'\n', &mut self.buffer)
            .map_err(LineError::Io)?
            == 0
        {
            return Ok(None);
        }
        self.line += 1;
        let mut text = self.buffer.strip_suffix(b"\n").unwrap_or(&self.buffer);
        text = text.strip_suffix(b"\r").unwrap_or(text);
        parse(&self.format, self.line, text).map(Some)
    }
}

fn parse(format: &LineFormat, line: u64, text: &[u8]) -> Result<TypedRecord, LineError> {
    let mut rest = text;
    let mut headers = Vec::new();
    if format.parse_headers
        && let Some(field) = cut(
            format,
            line,
            text,
            &mut rest,
            "headers.delimiter",
            &format.headers_delimiter,
        )?
        && !format.is_null(field)
        && !field.is_empty()
    {
        for pair in split(field, &format.headers_separator) {
            headers.push(header(format, line, pair)?);
        }
    }
    let mut key = None;
    if format.parse_key
        && let Some(field) = cut(
            format,
            line,
            text,
            &mut rest,
            "key.separator",
            &format.key_separator,
        )?
    {
        key = format.field(field);
    }
    Ok(TypedRecord {
        key,
        value: format.field(rest),
        headers,
    })
}

fn cut<'a>(
    format: &LineFormat,
    line: u64,
    text: &[u8],
    rest: &mut &'a [u8],
    property: &'static str,
    separator: &[u8],
) -> Result<Option<&'a [u8]>, LineError> {
    match find(rest, separator) {
        Some(at) => {
            let field = &rest[..at];
            *rest = &rest[at + separator.len()..];
            Ok(Some(field))
        }
        None if format.ignore_error => Ok(None),
        None => Err(LineError::Missing {
            line,
            property,
            separator: separator.to_vec(),
            text: text.to_vec(),
        }),
    }
}

fn header(format: &LineFormat, line: u64, pair: &[u8]) -> Result<(String, Option<Vec<u8>>), LineError> {
    let separator = &format.headers_key_separator;
    let (name, value) = match find(pair, separator) {
        Some(at) => (&pair[..at], format.field(&pair[at + separator.len()..])),
        None if format.ignore_error => (pair, None),
        None => {
            return Err(LineError::Missing {
                line,
                property: "headers.key.separator",
                separator: separator.clone(),
                text: pair.to_vec(),
            });
        }
    };
    if format.is_null(name) {
        return Err(LineError::HeaderName {
            line,
            why: "is the null.marker, and header names cannot be null",
        });
    }
    let name = String::from_utf8(name.to_vec()).map_err(|_| LineError::HeaderName {
        line,
        why: "is not UTF-8, which Kafka requires of header names",
    })?;
    Ok((name, value))
}

fn find(text: &[u8], separator: &[u8]) -> Option<usize> {
    text.windows(separator.len())
        .position(|window| window == separator)
}

fn split<'a>(text: &'a [u8], separator: &[u8]) -> Vec<&'a [u8]> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some(at) = find(rest, separator) {
        parts.push(&rest[..at]);
        rest = &rest[at + separator.len()..];
    }
    parts.push(rest);
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &str)], input: &[u8]) -> Result<Vec<TypedRecord>, LineError> {
        let pairs: Vec<_> = pairs
            .iter()
            .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
            .collect();
        let format = LineFormat::from_properties(&pairs).expect("good properties");
        let mut reader = LineReader::new(input, format);
        let mut records = Vec::new();
        while let Some(record) = reader.next_record()? {
            records.push(record);
        }
        Ok(records)
    }

    #[test]
    fn a_line_is_a_value_with_a_null_key() {
        let records = read(&[], b"one\r\n\ntwo").expect("lines");
        let values: Vec<_> = records.iter().map(|r| r.value.clone().expect("value")).collect();
        assert_eq!(values, [b"one".to_vec(), b"".to_vec(), b"two".to_vec()]);
        assert!(records.iter().all(|r| r.key.is_none() && r.headers.is_empty()));
    }

    #[test]
    fn headers_key_and_value_with_a_null_marker() {
        let properties = [
            ("parse.key", "true"),
            ("parse.headers", "true"),
            ("null.marker", "NIL"),
        ];
        let records =
            read(&properties, b"a:1,a:NIL,b:\tkim\tx\ty\nNIL\tNIL\tNIL\na:1\t\tv\n").expect("lines");
        assert_eq!(
            records[0].headers,
            [
                ("a".to_owned(), Some(b"1".to_vec())),
                ("a".to_owned(), None),
                ("b".to_owned(), Some(b"".to_vec()))
            ]
        );
        assert_eq!(records[0].key.as_deref(), Some(&b"kim"[..]));
        assert_eq!(records[0].value.as_deref(), Some(&b"x\ty"[..]));
        assert_eq!(records[1], TypedRecord::default());
        assert_eq!(records[2].key.as_deref(), Some(&b""[..]), "an empty key is a key");
    }

    #[test]
    fn invalid_utf8_arrives_byte_for_byte() {
        let records = read(&[("parse.key", "true")], b"\xff\xfe\t\x80\xc3(\n").expect("lines");
        assert_eq!(records[0].key.as_deref(), Some(&b"\xff\xfe"[..]));
        assert_eq!(records[0].value.as_deref(), Some(&b"\x80\xc3("[..]));
    }

    #[test]
    fn a_missing_separator_names_the_line() {
        let error = read(&[("parse.key", "true")], b"k\tv\nno separator\n").expect_err("second line is bad");
        let text = error.to_string();
        assert!(text.starts_with("line 2 has no key.separator"), "{text}");
        assert!(text.contains("no separator"), "{text}");
        let lenient = [("parse.key", "true"), ("ignore.error", "true")];
        assert_eq!(
            read(&lenient, b"novalue\n").expect("ignored")[0].value.as_deref(),
            Some(&b"novalue"[..])
        );
    }

    #[test]
    fn properties_that_make_no_sense_are_refused() {
        for (name, value) in [("parse.kye", "true"), ("parse.key", "yes"), ("key.separator", "")] {
            assert!(
                LineFormat::from_properties(&[(name.into(), value.into())]).is_err(),
                "{name}={value}"
            );
        }
        let same = [("headers.delimiter".to_owned(), ",".to_owned())];
        assert!(LineFormat::from_properties(&same).is_err());
    }
}
