//! zstd by `zrip`, which has levels -7 to 4; Kafka's range is mapped to the nearest of them.

use super::{Codec, CodecError};
use alloc::vec::Vec;
use zrip::DecompressError;

/// zstd's own default, which its level 0 stands for.
const DEFAULT_LEVEL: i32 = 3;

pub(super) fn compress(input: &[u8], level: i32) -> Result<Vec<u8>, CodecError> {
    let mapped = if level == 0 {
        DEFAULT_LEVEL
    } else {
        level.clamp(-7, 4)
    };
    zrip::compress(input, mapped).map_err(|_| CodecError::Level {
        codec: Codec::Zstd,
        level,
    })
}

pub(super) fn decompress(input: &[u8], limit: usize) -> Result<Vec<u8>, CodecError> {
    zrip::decompress_with_limit(input, limit).map_err(|error| match error {
        DecompressError::OutputTooSmall => CodecError::TooLarge {
            codec: Codec::Zstd,
            limit,
        },
        error => CodecError::Malformed {
            codec: Codec::Zstd,
            what: describe(&error),
        },
    })
}

const fn describe(error: &DecompressError) -> &'static str {
    match error {
        DecompressError::BadMagic => "not a zstd frame",
        DecompressError::BadFrameHeader => "the frame header is broken",
        DecompressError::WindowTooLarge { .. } => "the frame needs too large a window",
        DecompressError::ChecksumMismatch { .. } => "the checksum differs",
        DecompressError::FrameSizeMismatch => "the size differs",
        DecompressError::DictRequired | DecompressError::DictMismatch { .. } => {
            "the frame needs a dictionary, which Kafka has not"
        }
        DecompressError::InputExhausted => "the frame is cut off",
        DecompressError::ExtraBytes => "bytes follow the frame",
        _ => "a block is broken",
    }
}
