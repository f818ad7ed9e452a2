//! Snappy in the stream of xerial's `SnappyOutputStream`, which Kafka's Java client writes.
//!
//! ```text
//! 82 'SNAPPY' 00 | version i32 | oldest compatible version i32 | ( length i32 | block )*
//! ```

use super::{Codec, CodecError, take};
use alloc::vec::Vec;
use snap::raw;

const MAGIC: [u8; 8] = [0x82, b'S', b'N', b'A', b'P', b'P', b'Y', 0];
const VERSION: i32 = 1;
/// Bytes of input in a block, as `SnappyCompression` asks for.
const BLOCK: usize = 32 * 1024;

pub(super) fn compress(input: &[u8]) -> Vec<u8> {
    let blocks = input.len().div_ceil(BLOCK);
    let mut out = Vec::with_capacity(16 + input.len() / 2 + 4 * blocks);
    out.extend_from_slice(&MAGIC);
    out.extend_from_slice(&VERSION.to_be_bytes());
    out.extend_from_slice(&VERSION.to_be_bytes());
    let mut encoder = raw::Encoder::new();
    for block in input.chunks(BLOCK) {
        let start = out.len() + 4;
        out.resize(start + raw::max_compress_len(block.len()), 0);
        let Ok(len) = encoder.compress(block, &mut out[start..]) else {
            unreachable!("a block of 32 KiB is below snappy's limit and the buffer has its maximum length");
        };
        out[start - 4..start].copy_from_slice(&(len as u32).to_be_bytes());
        out.truncate(start + len);
    }
    out
}

pub(super) fn decompress(input: &[u8], limit: usize) -> Result<Vec<u8>, CodecError> {
    let mut out = Vec::new();
    if !input.starts_with(&MAGIC) {
        append_block(input, &mut out, limit)?;
        return Ok(out);
    }
    let mut at = MAGIC.len();
    let cut = || malformed("the stream is cut off");
    let _version: [u8; 4] = take(input, &mut at).ok_or_else(cut)?;
    let compatible = i32::from_be_bytes(take(input, &mut at).ok_or_else(cut)?);
    if compatible > VERSION {
        return Err(malformed("the stream needs a newer reader"));
    }
    while at < input.len() {
        let len = u32::from_be_bytes(take(input, &mut at).ok_or_else(cut)?) as usize;
        let block = input[at..].get(..len).ok_or_else(cut)?;
        append_block(block, &mut out, limit)?;
        at += len;
    }
    Ok(out)
}

fn append_block(block: &[u8], out: &mut Vec<u8>, limit: usize) -> Result<(), CodecError> {
    let start = out.len();
    let len = raw::decompress_len(block).map_err(|_| malformed("a block has no valid length"))?;
    if len > limit - start {
        return Err(CodecError::TooLarge {
            codec: Codec::Snappy,
            limit,
        });
    }
    // The widest output of a snappy element is 64 bytes from 2 or 3, so a longer claim cannot be true.
    if len / 64 > block.len() {
        return Err(malformed("a block claims more than it can hold"));
    }
    out.resize(start + len, 0);
    raw::Decoder::new()
        .decompress(block, &mut out[start..])
        .map_err(|_| malformed("a block is broken"))?;
    Ok(())
}

const fn malformed(what: &'static str) -> CodecError {
    CodecError::Malformed {
        codec: Codec::Snappy,
        what,
    }
}
