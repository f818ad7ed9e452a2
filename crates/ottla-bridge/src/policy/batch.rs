//! What is checked of a record batch: its header, never its records.

use crate::config::Codecs;
use ottla_wire::error_code::ErrorCode;

/// The header of a record batch, magic 2 (KIP-98), up to and including the count of records.
const HEADER_LEN: usize = 61;
/// Base offset and batch length, which the batch length does not count.
const PREFIX_LEN: usize = 12;
const TRANSACTIONAL: i16 = 0x10;
const CONTROL: i16 = 0x20;
/// Codec and timestamp type: what a client may say in the attributes, besides the two flags above.
const PLAIN: i16 = 0x0f;

/// What batches may be like.
#[derive(Clone, Copy, Debug)]
pub(super) struct BatchRules {
    pub(super) codecs: Codecs,
    pub(super) max_records: u64,
}

/// Why a partition's records do not pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) code: ErrorCode,
    pub(super) message: &'static str,
}

impl BatchRules {
    /// Looks at the records field of one partition: exactly one batch of the current format, not transactional, of
    /// an allowed codec and size. Its payload is not touched: a decompression bomb would go off here otherwise.
    pub(super) fn check(self, records: Option<&[u8]>) -> Result<(), Refusal> {
        let refuse = |code, message| Err(Refusal { code, message });
        let Some(header) = records.and_then(|bytes| bytes.first_chunk::<HEADER_LEN>()) else {
            return refuse(ErrorCode::INVALID_RECORD, "a partition without a record batch");
        };
        let i16_at = |at: usize| i16::from_be_bytes([header[at], header[at + 1]]);
        let i32_at =
            |at: usize| i32::from_be_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]]);
        if header[16] != 2 {
            return refuse(
                ErrorCode::UNSUPPORTED_FOR_MESSAGE_FORMAT,
                "record batches must have magic 2",
            );
        }
        let len = records.map_or(0, <[u8]>::len);
        if usize::try_from(i32_at(8)) != Ok(len - PREFIX_LEN) {
            return refuse(
                ErrorCode::INVALID_RECORD,
                "a partition must have exactly one record batch",
            );
        }
        let attributes = i16_at(21);
        if attributes & TRANSACTIONAL != 0 {
            let code = ErrorCode::TRANSACTIONAL_ID_AUTHORIZATION_FAILED;
            return refuse(code, "this bridge takes no transactional batches");
        }
        if attributes & CONTROL != 0 {
            return refuse(ErrorCode::INVALID_RECORD, "clients cannot write control batches");
        }
        if attributes & !PLAIN != 0 {
            let message = "the batch has attributes that clients cannot set";
            return refuse(ErrorCode::INVALID_RECORD, message);
        }
        if !self.codecs.allows((attributes & 7) as u8) {
            let code = ErrorCode::UNSUPPORTED_COMPRESSION_TYPE;
            return refuse(code, "this bridge does not allow this compression");
        }
        match u64::try_from(i32_at(57)) {
            Ok(1..) if i32_at(57) as u64 > self.max_records => refuse(
                ErrorCode::MESSAGE_TOO_LARGE,
                "the batch has more records than this bridge allows",
            ),
            Ok(1..) => Ok(()),
            _ => refuse(ErrorCode::INVALID_RECORD, "the batch has no records"),
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A batch with a plausible header and `payload_len` bytes that nobody may look into.
    pub(in crate::policy) fn batch(attributes: i16, records: i32, payload_len: usize) -> Vec<u8> {
        let mut batch = vec![0; HEADER_LEN];
        batch.resize(HEADER_LEN + payload_len, 0xa5);
        let len = (batch.len() - PREFIX_LEN) as i32;
        batch[8..12].copy_from_slice(&len.to_be_bytes());
        batch[16] = 2;
        batch[21..23].copy_from_slice(&attributes.to_be_bytes());
        batch[57..61].copy_from_slice(&records.to_be_bytes());
        batch
    }

    const RULES: BatchRules = BatchRules {
        codecs: Codecs::ALL,
        max_records: 50,
    };

    fn code(records: &[u8]) -> ErrorCode {
        RULES
            .check(Some(records))
            .map_or_else(|refusal| refusal.code, |()| ErrorCode::NONE)
    }

    #[test]
    fn a_plain_batch_of_every_codec_passes() {
        for codec in 0..5 {
            assert_eq!(code(&batch(codec, 50, 10)), ErrorCode::NONE, "codec {codec}");
        }
    }

    #[test]
    fn headers_that_do_not_pass() {
        let mut old = batch(0, 1, 1);
        old[16] = 1;
        let mut two = batch(0, 1, 1);
        two.extend(batch(0, 1, 1));
        let cases = [
            (ErrorCode::UNSUPPORTED_FOR_MESSAGE_FORMAT, old),
            (ErrorCode::INVALID_RECORD, two),
            (ErrorCode::INVALID_RECORD, batch(0, 1, 1)[..61].to_vec()),
            (ErrorCode::INVALID_RECORD, batch(0, 1, 1)[..60].to_vec()),
            (ErrorCode::INVALID_RECORD, batch(0, 0, 1)),
            (ErrorCode::INVALID_RECORD, batch(0, -1, 1)),
            (ErrorCode::INVALID_RECORD, batch(CONTROL, 1, 1)),
            (ErrorCode::INVALID_RECORD, batch(0x40, 1, 1)),
            (ErrorCode::INVALID_RECORD, batch(0x100, 1, 1)),
            (
                ErrorCode::TRANSACTIONAL_ID_AUTHORIZATION_FAILED,
                batch(TRANSACTIONAL, 1, 1),
            ),
            (ErrorCode::UNSUPPORTED_COMPRESSION_TYPE, batch(5, 1, 1)),
            (ErrorCode::MESSAGE_TOO_LARGE, batch(0, 51, 1)),
        ];
        for (expected, bytes) in cases {
            assert_eq!(code(&bytes), expected, "{bytes:x?}");
        }
        assert_eq!(RULES.check(None).unwrap_err().code, ErrorCode::INVALID_RECORD);
    }
}
