//! A reader over a request that keeps offsets, so that parts of it can be forwarded without being copied.
//!
//! It is stricter than a broker: lengths in their shortest form only, no tagged fields, nothing after the end.
//! What the bridge has judged and what the broker will read are then the same thing.

use std::ops::Range;

/// Why bytes are not the request that they claim to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Malformed(pub(super) &'static str);

pub(super) struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
    /// KIP-482: compact lengths and tagged fields.
    flexible: bool,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self {
            bytes,
            at: 0,
            flexible: false,
        }
    }

    pub(super) fn set_flexible(&mut self, flexible: bool) {
        self.flexible = flexible;
    }

    /// All of the bytes, read or not.
    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }

    pub(super) fn is_flexible(&self) -> bool {
        self.flexible
    }

    pub(super) fn at(&self) -> usize {
        self.at
    }

    fn remaining(&self) -> usize {
        self.bytes.len() - self.at
    }

    fn take<const N: usize>(&mut self) -> Result<[u8; N], Malformed> {
        let rest = &self.bytes[self.at..];
        let Some(chunk) = rest.first_chunk::<N>() else {
            return Err(Malformed("it ends too early"));
        };
        self.at += N;
        Ok(*chunk)
    }

    pub(super) fn i16(&mut self) -> Result<i16, Malformed> {
        self.take().map(i16::from_be_bytes)
    }

    pub(super) fn i32(&mut self) -> Result<i32, Malformed> {
        self.take().map(i32::from_be_bytes)
    }

    fn varint(&mut self) -> Result<u32, Malformed> {
        let mut value = 0_u32;
        for shift in [0, 7, 14, 21, 28] {
            let [byte] = self.take()?;
            let bits = u32::from(byte & 0x7f);
            if shift == 28 && bits > 0x0f {
                break;
            }
            value |= bits << shift;
            if byte & 0x80 == 0 {
                // A last byte of zero adds nothing: the number was not in its shortest form.
                return if byte == 0 && shift > 0 {
                    Err(Malformed("an overlong varint"))
                } else {
                    Ok(value)
                };
            }
        }
        Err(Malformed("a varint of more than 32 bits"))
    }

    /// A length or count, `None` for null; `classic` reads the form of the versions before KIP-482.
    fn length(
        &mut self,
        classic: impl FnOnce(&mut Self) -> Result<i32, Malformed>,
    ) -> Result<Option<usize>, Malformed> {
        if self.flexible {
            return Ok(match self.varint()? {
                0 => None,
                // u32 always fits usize on the platforms that tokio supports.
                plus_one => Some(plus_one as usize - 1),
            });
        }
        match classic(self)? {
            -1 => Ok(None),
            len => usize::try_from(len)
                .map(Some)
                .map_err(|_| Malformed("a negative length")),
        }
    }

    fn span(&mut self, len: usize) -> Result<Range<usize>, Malformed> {
        if len > self.remaining() {
            return Err(Malformed("a length is beyond its end"));
        }
        let start = self.at;
        self.at += len;
        Ok(start..self.at)
    }

    pub(super) fn nullable_string(&mut self) -> Result<Option<&'a str>, Malformed> {
        let Some(len) = self.length(|c| c.i16().map(i32::from))? else {
            return Ok(None);
        };
        let span = self.span(len)?;
        std::str::from_utf8(&self.bytes[span])
            .map(Some)
            .map_err(|_| Malformed("a string is not UTF-8"))
    }

    pub(super) fn string(&mut self) -> Result<&'a str, Malformed> {
        self.nullable_string()?.ok_or(Malformed("a string is null"))
    }

    pub(super) fn nullable_bytes(&mut self) -> Result<Option<&'a [u8]>, Malformed> {
        let Some(len) = self.length(Self::i32)? else {
            return Ok(None);
        };
        let span = self.span(len)?;
        Ok(Some(&self.bytes[span]))
    }

    /// The count of an array whose elements take at least `element_len` bytes each.
    pub(super) fn array(&mut self, element_len: usize) -> Result<usize, Malformed> {
        let count = self.length(Self::i32)?.ok_or(Malformed("an array is null"))?;
        if count > self.remaining() / element_len {
            return Err(Malformed("an array's count is beyond its end"));
        }
        Ok(count)
    }

    /// The tagged fields of the versions that have them. None is defined for the requests that pass here, and what
    /// is unknown cannot be authorised.
    pub(super) fn no_tagged_fields(&mut self) -> Result<(), Malformed> {
        if self.flexible && self.varint()? != 0 {
            return Err(Malformed("it has tagged fields that this bridge does not know"));
        }
        Ok(())
    }

    pub(super) fn end(&self) -> Result<(), Malformed> {
        if self.remaining() == 0 {
            Ok(())
        } else {
            Err(Malformed("bytes follow its end"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn varint(bytes: &[u8]) -> Result<u32, Malformed> {
        Cursor::new(bytes).varint()
    }

    #[test]
    fn varints_have_one_form_only() {
        assert_eq!(varint(&[0]), Ok(0));
        assert_eq!(varint(&[0xff, 0xff, 0xff, 0xff, 0x0f]), Ok(u32::MAX));
        for bytes in [
            &[0x80, 0x00][..],
            &[0x81, 0x80, 0x00],
            &[0xff, 0xff, 0xff, 0xff, 0x1f],
            &[0xff; 6],
            &[0x80],
        ] {
            assert!(varint(bytes).is_err(), "{bytes:x?}");
        }
    }

    #[test]
    fn counts_and_lengths_are_checked_against_what_is_left() {
        assert!(Cursor::new(&[0x7f, 0xff, 0xff, 0xff, 0, 0]).array(1).is_err());
        assert!(
            Cursor::new(&[0x7f, 0xff, 0xff, 0xff, 0, 0])
                .nullable_bytes()
                .is_err()
        );
        assert!(Cursor::new(&[0xff, 0xff, 0xff, 0xfe]).nullable_bytes().is_err());
        assert_eq!(Cursor::new(&[0xff, 0xff, 0xff, 0xff]).nullable_bytes(), Ok(None));
    }
}
