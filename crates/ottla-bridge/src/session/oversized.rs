//! A Produce request that is longer than the limit: it is read to its end without its records, so that each of its
//! partitions can be answered. A connection that is closed instead would only be opened again for the same request.

use bytes::BytesMut;

use super::End;
use super::uplink::Uplink;
use crate::close::{Close, CloseCode};
use crate::policy::{FLEXIBLE_PRODUCE, LENGTH_PREFIX, Outline};
use crate::ws::AHEAD;

/// Longest outline; one that is longer closes the connection. It is held while the request is read.
pub(super) const MAX_OUTLINE: usize = 64 * 1024;
/// Records that are read at once, to be dropped.
const SKIP: usize = 16 * 1024;
/// Longest varint of 32 bits.
const MAX_VARINT: usize = 5;

/// A request as far as it was read.
pub(super) struct Reading<'u, 'a> {
    uplink: &'u mut Uplink<'a>,
    outline: Outline,
    /// Bytes of the request that have not come yet.
    left: usize,
    flexible: bool,
}

impl<'u, 'a> Reading<'u, 'a> {
    /// Begins with a request of `len` bytes, whose length has been read.
    pub(super) fn new(uplink: &'u mut Uplink<'a>, len: usize) -> Self {
        Self {
            outline: Outline::new(len, uplink.max_request()),
            uplink,
            left: len,
            flexible: false,
        }
    }

    /// Reads the request to its end. Whatever is no Produce request that passes this bridge closes the connection
    /// before more of it is read.
    pub(super) async fn run(mut self) -> Result<Outline, End> {
        self.keep(4).await?;
        let start = &self.outline.bytes()[LENGTH_PREFIX..];
        let [api, version] = [0, 2].map(|at| i16::from_be_bytes([start[at], start[at + 1]]));
        if !self.uplink.may_produce(api, version) {
            return Err(self.too_big());
        }
        self.flexible = version >= FLEXIBLE_PRODUCE;
        // The correlation id. The client id has a length of two bytes in every version.
        self.keep(4).await?;
        self.classic_string().await?;
        self.no_tagged_fields().await?;
        // The transactional id; acks and the timeout.
        self.string().await?;
        self.keep(6).await?;
        for _ in 0..self.count().await? {
            self.topic().await?;
        }
        self.no_tagged_fields().await?;
        if self.left > 0 {
            return Err(malformed("bytes follow its end"));
        }
        Ok(self.outline)
    }

    async fn topic(&mut self) -> Result<(), End> {
        self.string().await?;
        for _ in 0..self.count().await? {
            self.keep(4).await?;
            let at = self.outline.bytes().len();
            let len = self.length(4).await?.unwrap_or(0);
            self.skip(len).await?;
            self.outline.leave_out(at, len, self.flexible);
            self.no_tagged_fields().await?;
        }
        self.no_tagged_fields().await
    }

    async fn classic_string(&mut self) -> Result<(), End> {
        let flexible = std::mem::take(&mut self.flexible);
        let result = self.string().await;
        self.flexible = flexible;
        result
    }

    async fn string(&mut self) -> Result<(), End> {
        let len = self.length(2).await?.unwrap_or(0);
        self.keep(len).await
    }

    /// The count of an array; null is refused when the outline is judged. Each element has a byte at least, so no
    /// count makes this read beyond the end.
    async fn count(&mut self) -> Result<usize, End> {
        Ok(self.length(4).await?.unwrap_or(0))
    }

    /// A length or count of `classic` bytes, or a varint; `None` for null.
    async fn length(&mut self, classic: usize) -> Result<Option<usize>, End> {
        let at = self.outline.bytes().len();
        if !self.flexible {
            self.keep(classic).await?;
            let bytes = &self.outline.bytes()[at..];
            let sign = if bytes[0] & 0x80 == 0 { 0 } else { -1 };
            let number = bytes
                .iter()
                .fold(sign, |number: i64, byte| (number << 8) | i64::from(*byte));
            return match number {
                -1 => Ok(None),
                len => usize::try_from(len)
                    .map(Some)
                    .map_err(|_| malformed("a negative length")),
            };
        }
        let mut number = 0_u64;
        for position in 0..MAX_VARINT {
            self.keep(1).await?;
            let byte = self.outline.bytes()[at + position];
            number |= u64::from(byte & 0x7f) << (7 * position);
            if byte & 0x80 == 0 {
                let plus_one =
                    usize::try_from(number).map_err(|_| malformed("a varint of more than 32 bits"))?;
                return Ok(plus_one.checked_sub(1));
            }
        }
        Err(malformed("a varint of more than 32 bits"))
    }

    async fn no_tagged_fields(&mut self) -> Result<(), End> {
        if self.flexible {
            let at = self.outline.bytes().len();
            self.keep(1).await?;
            if self.outline.bytes()[at] != 0 {
                return Err(malformed("it has tagged fields that this bridge does not know"));
            }
        }
        Ok(())
    }

    /// Reads `len` bytes that belong to the outline.
    async fn keep(&mut self, len: usize) -> Result<(), End> {
        self.take_from_left(len)?;
        let end = self.outline.bytes().len() + len;
        if end > MAX_OUTLINE {
            return Err(self.too_big());
        }
        while self.outline.bytes().len() < end {
            let missing = end - self.outline.bytes().len();
            self.uplink.read(self.outline.bytes_mut(), missing).await?;
        }
        Ok(())
    }

    /// Reads `len` bytes and forgets them.
    async fn skip(&mut self, len: usize) -> Result<(), End> {
        self.take_from_left(len)?;
        let mut scratch = BytesMut::with_capacity(len.min(SKIP) + AHEAD);
        let mut missing = len;
        while missing > 0 {
            scratch.clear();
            self.uplink.read(&mut scratch, missing.min(SKIP)).await?;
            missing -= scratch.len();
            tokio::task::consume_budget().await;
        }
        Ok(())
    }

    fn take_from_left(&mut self, len: usize) -> Result<(), End> {
        let left = self.left.checked_sub(len);
        self.left = left.ok_or_else(|| malformed("a length is beyond its end"))?;
        Ok(())
    }

    fn too_big(&self) -> End {
        too_big(self.outline.request_len() as i64, self.uplink.max_request())
    }
}

/// Closes the connection because of a request of `len` bytes.
pub(super) fn too_big(len: i64, max: u64) -> End {
    let reason = format!("request of {len} bytes; the limit is {max}");
    Close::new(CloseCode::TooBig, reason).into()
}

fn malformed(why: &str) -> End {
    Close::new(CloseCode::Policy, format!("malformed Produce: {why}")).into()
}
