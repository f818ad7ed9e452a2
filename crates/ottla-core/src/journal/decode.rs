//! Entries from their bytes. Whatever the bytes are, this ends with an entry or with `None`, and takes no more memory
//! than they have.

use alloc::borrow::Cow;
use alloc::vec::Vec;

use super::entry::{ASIDE, Aside, Entry, RECORD, RELEASED, SETTLED, STAMPED, Settlement};
use super::runs::Run;
use crate::record::{Header, Record};
use crate::time::Timestamp;

/// The entry of a body whose CRC is right.
pub(super) fn decode(body: &[u8]) -> Option<Entry<'_>> {
    let mut rest = Rest(body);
    let entry = match rest.u8()? {
        RECORD => Entry::Record {
            number: rest.number()?,
            was: Some(rest.u64()?).filter(|was| *was != 0),
            record: rest.record()?,
        },
        STAMPED => Entry::Stamped {
            topic: rest.text()?.into(),
            partition: rest.i32()?,
            numbers: rest.runs()?,
            batch: Cow::Borrowed(core::mem::take(&mut rest.0)),
        },
        SETTLED => Entry::Settled {
            how: match rest.u8()? {
                0 => Settlement::Delivered,
                1 => Settlement::Dropped,
                2 => Settlement::Aside,
                _ => return None,
            },
            numbers: rest.runs()?,
        },
        RELEASED => Entry::Released {
            numbers: rest.runs()?,
        },
        ASIDE => Entry::Aside {
            why: match rest.u8()? {
                0 => Aside::Unknown,
                1 => Aside::Refused,
                _ => return None,
            },
            number: rest.number()?,
            text: rest.text()?.into(),
        },
        _ => return None,
    };
    rest.0.is_empty().then_some(entry)
}

/// Bytes that are not read yet.
struct Rest<'a>(&'a [u8]);

impl<'a> Rest<'a> {
    fn take(&mut self, len: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        Some(taken)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (taken, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*taken)
    }

    fn u8(&mut self) -> Option<u8> {
        self.array().map(|[byte]| byte)
    }

    fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_be_bytes)
    }

    fn i32(&mut self) -> Option<i32> {
        self.array().map(i32::from_be_bytes)
    }

    fn u64(&mut self) -> Option<u64> {
        self.array().map(u64::from_be_bytes)
    }

    /// A record's number: neither 0 nor the largest of all, behind which there would be none.
    fn number(&mut self) -> Option<u64> {
        self.u64().filter(|number| (1..u64::MAX).contains(number))
    }

    fn bytes(&mut self) -> Option<&'a [u8]> {
        let len = self.u32()?;
        self.take(usize::try_from(len).ok()?)
    }

    fn text(&mut self) -> Option<&'a str> {
        core::str::from_utf8(self.bytes()?).ok()
    }

    #[expect(clippy::option_option, reason = "null is a value here")]
    fn nullable(&mut self) -> Option<Option<Cow<'a, [u8]>>> {
        match self.i32()? {
            -1 => Some(None),
            len => Some(Some(self.take(usize::try_from(len).ok()?)?.into())),
        }
    }

    /// The runs together have at most as many numbers as a batch can have records.
    fn runs(&mut self) -> Option<Vec<Run>> {
        let count = usize::try_from(self.u32()?).ok()?;
        if count > self.0.len() / 12 {
            return None;
        }
        let mut runs = Vec::with_capacity(count);
        let mut numbers = 0_u32;
        for _ in 0..count {
            let (first, count) = (self.number()?, self.u32()?);
            numbers = numbers.checked_add(count).filter(|all| *all <= i32::MAX as u32)?;
            let end = first.checked_add(count.into())?;
            if count == 0 || end == u64::MAX {
                return None;
            }
            runs.push(Run { first, count });
        }
        Some(runs)
    }

    fn record(&mut self) -> Option<Record<'a>> {
        let topic = self.text()?.into();
        let partition = Some(self.i32()?).filter(|partition| *partition >= 0);
        let timestamp = self.array().map(i64::from_be_bytes)?;
        let (key, value) = (self.nullable()?, self.nullable()?);
        let count = usize::try_from(self.u32()?).ok()?;
        // A header takes eight bytes at least.
        if count > self.0.len() / 8 {
            return None;
        }
        let mut headers = Vec::with_capacity(count);
        for _ in 0..count {
            headers.push(Header {
                key: self.text()?.into(),
                value: self.nullable()?,
            });
        }
        Some(Record {
            topic,
            partition,
            timestamp: Some(Timestamp(timestamp)).filter(|timestamp| timestamp.0 >= 0),
            key,
            value,
            headers,
        })
    }
}
