//! A record as `npm/src/pack.js` lays it out, read without copying its bytes.

use std::borrow::Cow;
use std::fmt;

use ottla_core::{Header, Record, Timestamp};

/// A layout that only a bug in `pack.js` can produce.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct BadLayout;

impl fmt::Display for BadLayout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the packed record is not laid out as src/packed.rs expects; use the files of one version of ottla")
    }
}

/// Reads the record in `bytes`; `topic_name` turns its topic's number into a name.
pub(crate) fn unpack<'a>(
    bytes: &'a [u8],
    topic_name: impl FnOnce(u32) -> Option<&'a str>,
) -> Result<Record<'a>, BadLayout> {
    let mut rest = Rest(bytes);
    let topic = u32::from_le_bytes(rest.array()?);
    let partition = i32::from_le_bytes(rest.array()?);
    let timestamp = f64::from_le_bytes(rest.array()?);
    let mut record = Record::to(topic_name(topic).ok_or(BadLayout)?);
    record.partition = (partition >= 0).then_some(partition);
    record.timestamp = (!timestamp.is_nan()).then_some(Timestamp(timestamp as i64));
    record.key = rest.data()?.map(Cow::Borrowed);
    record.value = rest.data()?.map(Cow::Borrowed);
    let headers = u32::from_le_bytes(rest.array()?);
    for _ in 0..headers {
        let key = rest.data()?.ok_or(BadLayout)?;
        let key = std::str::from_utf8(key).map_err(|_| BadLayout)?;
        record.headers.push(Header {
            key: Cow::Borrowed(key),
            value: rest.data()?.map(Cow::Borrowed),
        });
    }
    if rest.0.is_empty() {
        Ok(record)
    } else {
        Err(BadLayout)
    }
}

struct Rest<'a>(&'a [u8]);

impl<'a> Rest<'a> {
    #[inline(always)]
    fn take(&mut self, len: usize) -> Result<&'a [u8], BadLayout> {
        let (taken, rest) = self.0.split_at_checked(len).ok_or(BadLayout)?;
        self.0 = rest;
        Ok(taken)
    }

    #[inline(always)]
    fn array<const N: usize>(&mut self) -> Result<[u8; N], BadLayout> {
        let taken = self.take(N)?;
        taken.try_into().map_err(|_| BadLayout)
    }

    fn data(&mut self) -> Result<Option<&'a [u8]>, BadLayout> {
        match i32::from_le_bytes(self.array()?) {
            -1 => Ok(None),
            len => self.take(usize::try_from(len).map_err(|_| BadLayout)?).map(Some),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packed() -> Vec<u8> {
        let mut bytes = Vec::new();
        bytes.extend(7u32.to_le_bytes());
        bytes.extend(2i32.to_le_bytes());
        bytes.extend(1_700_000_000_000f64.to_le_bytes());
        bytes.extend((-1i32).to_le_bytes());
        bytes.extend(2i32.to_le_bytes());
        bytes.extend(b"hi");
        bytes.extend(1u32.to_le_bytes());
        bytes.extend(1i32.to_le_bytes());
        bytes.extend(b"h");
        bytes.extend((-1i32).to_le_bytes());
        bytes
    }

    #[test]
    fn reads_every_field() {
        let bytes = packed();
        let record = unpack(&bytes, |topic| (topic == 7).then_some("clicks")).expect("good layout");
        assert_eq!(record.topic, "clicks");
        assert_eq!(record.partition, Some(2));
        assert_eq!(record.timestamp, Some(Timestamp(1_700_000_000_000)));
        assert_eq!(record.key, None);
        assert_eq!(record.value.as_deref(), Some(&b"hi"[..]));
        assert_eq!(
            (record.headers[0].key.as_ref(), &record.headers[0].value),
            ("h", &None)
        );
    }

    #[test]
    fn lengths_and_counts_that_nobody_writes_are_errors() {
        let bytes = packed();
        // The key's length, the value's, the number of headers, the header's name.
        for (at, value) in [
            (16, -2),
            (16, i32::MIN),
            (20, i32::MAX),
            (26, -1),
            (26, i32::MAX),
            (30, -1),
        ] {
            let mut wrong = bytes.clone();
            wrong[at..at + 4].copy_from_slice(&value.to_le_bytes());
            assert!(unpack(&wrong, |_| Some("t")).is_err(), "{value} at {at}");
        }
        let mut not_text = bytes;
        not_text[34] = 0xff;
        assert!(unpack(&not_text, |_| Some("t")).is_err(), "a header's name");
    }

    #[test]
    fn none_is_not_empty() {
        let mut bytes = packed();
        bytes[4..8].copy_from_slice(&(-1_i32).to_le_bytes());
        bytes[8..16].copy_from_slice(&f64::NAN.to_le_bytes());
        bytes[16..20].copy_from_slice(&0_i32.to_le_bytes());
        let record = unpack(&bytes, |_| Some("t")).expect("good layout");
        assert_eq!((record.partition, record.timestamp), (None, None));
        assert_eq!(record.key.as_deref(), Some(&[][..]));
    }

    #[test]
    fn every_cut_and_every_excess_is_an_error() {
        let bytes = packed();
        for len in 0..bytes.len() {
            assert!(unpack(&bytes[..len], |_| Some("t")).is_err(), "cut at {len}");
        }
        let mut longer = bytes.clone();
        longer.push(0);
        assert!(unpack(&longer, |_| Some("t")).is_err());
        assert!(unpack(&bytes, |_| None).is_err(), "an unknown topic");
    }
}
