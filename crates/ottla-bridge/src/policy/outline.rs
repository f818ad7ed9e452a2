//! What is left of a Produce request that is longer than the limit, and how it is answered.

use bytes::{BufMut, Bytes, BytesMut};
use ottla_wire::api::ApiKey;
use ottla_wire::error_code::ErrorCode;

use super::batch::Refusal;
use super::cursor::Cursor;
use super::{LENGTH_PREFIX, Rules, Verdict, produce, read_head};

/// What a request with one batch has around its records, at most: header, client id, topic.
const AROUND: u64 = 1024;

/// A request without its records: those that would not pass alone are null in it, the others empty.
#[derive(Debug)]
pub(crate) struct Outline {
    bytes: BytesMut,
    /// Of the whole request, without its length prefix.
    request_len: usize,
    max_request: u64,
}

impl Outline {
    /// Nothing yet of a request of that length.
    pub(crate) fn new(request_len: usize, max_request: u64) -> Self {
        let bytes = BytesMut::from(&[0; LENGTH_PREFIX][..]);
        Self {
            bytes,
            request_len,
            max_request,
        }
    }

    /// Of the whole request, without its length prefix.
    pub(crate) fn request_len(&self) -> usize {
        self.request_len
    }

    /// What there is so far, with a length prefix that says nothing.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub(crate) fn bytes_mut(&mut self) -> &mut BytesMut {
        &mut self.bytes
    }

    /// Puts a length of nothing where the length of `len` bytes of records begins, which is the last thing here.
    pub(crate) fn leave_out(&mut self, at: usize, len: usize, flexible: bool) {
        let passes_alone = len as u64 + AROUND <= self.max_request;
        self.bytes.truncate(at);
        match (flexible, passes_alone) {
            (true, true) => self.bytes.put_u8(1),
            (true, false) => self.bytes.put_u8(0),
            (false, true) => self.bytes.put_i32(0),
            (false, false) => self.bytes.put_i32(-1),
        }
    }

    pub(crate) fn freeze(self) -> Bytes {
        self.bytes.freeze()
    }
}

/// Why records of a request that is too long do not pass. Those that would pass alone come again when the one that is
/// too large is no longer with them; if each would, all of them are split, so that the next request is shorter.
#[derive(Clone, Copy, Debug)]
pub(super) struct TooLong {
    one_is_too_large: bool,
}

impl TooLong {
    pub(super) fn of<'a>(mut records: impl Iterator<Item = Option<&'a [u8]>>) -> Self {
        Self {
            one_is_too_large: records.any(|records| records.is_none()),
        }
    }

    pub(super) fn refuse(self, records: Option<&[u8]>) -> Refusal {
        if records.is_some() && self.one_is_too_large {
            // Retriable, and says that nothing was appended.
            return Refusal {
                code: ErrorCode::NOT_ENOUGH_REPLICAS,
                message: "not sent on: another batch of the request is larger than this bridge allows",
            };
        }
        Refusal {
            code: ErrorCode::MESSAGE_TOO_LARGE,
            message: "the request is longer than this bridge allows; lower max.request.size",
        }
    }
}

/// Judges a request that is too long: none of it passes.
pub(crate) fn judge_outline(rules: &Rules<'_>, outline: &Bytes) -> (Option<ApiKey>, Verdict) {
    let mut cursor = Cursor::new(outline);
    match read_head(rules, &mut cursor) {
        Ok(head) => {
            let verdict = produce::judge_outline(rules, &head, cursor);
            (Some(head.api), verdict)
        }
        Err(verdict) => (None, verdict),
    }
}
