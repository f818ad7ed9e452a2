//! gzip (RFC 1952) around `miniz_oxide`'s deflate.

use super::crc32::crc32;
use super::{Codec, CodecError, take};
use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;
use miniz_oxide::inflate::TINFLStatus;
use miniz_oxide::inflate::core::{self as inflate, DecompressorOxide, inflate_flags};

/// Magic, deflate, no optional field, no time, no extra flags, unknown system.
const HEADER: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff];

const FLAG_HEADER_CRC: u8 = 0x02;
const FLAG_EXTRA: u8 = 0x04;
const FLAG_NAME: u8 = 0x08;
const FLAG_COMMENT: u8 = 0x10;
const RESERVED_FLAGS: u8 = 0xe0;

/// zlib's level when none is asked for (-1).
const DEFAULT_LEVEL: u8 = 6;
/// First guess at the output, so that a tiny input does not start with a large buffer.
const MIN_OUTPUT: usize = 512;

pub(super) fn compress(input: &[u8], level: i32) -> Vec<u8> {
    let level = u8::try_from(level).unwrap_or(DEFAULT_LEVEL);
    let deflated = miniz_oxide::deflate::compress_to_vec(input, level);
    let mut out = Vec::with_capacity(HEADER.len() + deflated.len() + 8);
    out.extend_from_slice(&HEADER);
    out.extend_from_slice(&deflated);
    out.extend_from_slice(&crc32(input).to_le_bytes());
    out.extend_from_slice(&(input.len() as u32).to_le_bytes());
    out
}

pub(super) fn decompress(input: &[u8], limit: usize) -> Result<Vec<u8>, CodecError> {
    let mut out = Vec::new();
    let mut at = 0;
    loop {
        skip_header(input, &mut at)?;
        let start = out.len();
        inflate(input, &mut at, &mut out, limit)?;
        let crc = take(input, &mut at).ok_or_else(|| malformed("the checksum is cut off"))?;
        let size = take(input, &mut at).ok_or_else(|| malformed("the size is cut off"))?;
        if u32::from_le_bytes(size) != (out.len() - start) as u32 {
            return Err(malformed("the size differs"));
        }
        if u32::from_le_bytes(crc) != crc32(&out[start..]) {
            return Err(malformed("the checksum differs"));
        }
        if at == input.len() {
            return Ok(out);
        }
    }
}

fn skip_header(input: &[u8], at: &mut usize) -> Result<(), CodecError> {
    let cut = || malformed("the header is cut off");
    let header: [u8; 10] = take(input, at).ok_or_else(cut)?;
    let flags = header[3];
    if header[..3] != HEADER[..3] || flags & RESERVED_FLAGS != 0 {
        return Err(malformed("not a gzip header"));
    }
    if flags & FLAG_EXTRA != 0 {
        let len: [u8; 2] = take(input, at).ok_or_else(cut)?;
        *at += usize::from(u16::from_le_bytes(len));
    }
    for flag in [FLAG_NAME, FLAG_COMMENT] {
        if flags & flag != 0 {
            let rest = input.get(*at..).ok_or_else(cut)?;
            *at += rest.iter().position(|byte| *byte == 0).ok_or_else(cut)? + 1;
        }
    }
    if flags & FLAG_HEADER_CRC != 0 {
        take::<2>(input, at).ok_or_else(cut)?;
    }
    if *at > input.len() { Err(cut()) } else { Ok(()) }
}

/// Inflates one stream behind what `out` holds, up to `limit` bytes in all.
fn inflate(input: &[u8], at: &mut usize, out: &mut Vec<u8>, limit: usize) -> Result<(), CodecError> {
    let flags = inflate_flags::TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF;
    let mut state = Box::<DecompressorOxide>::default();
    let mut buffer = vec![0; first_guess(input.len() - *at).min(limit - out.len())];
    let mut filled = 0;
    loop {
        let (status, read, written) =
            inflate::decompress(&mut state, &input[*at..], &mut buffer, filled, flags);
        *at += read;
        filled += written;
        match status {
            TINFLStatus::Done => break,
            TINFLStatus::HasMoreOutput if buffer.len() < limit - out.len() => {
                let larger = buffer
                    .len()
                    .saturating_mul(2)
                    .max(MIN_OUTPUT)
                    .min(limit - out.len());
                // A list left to itself doubles, past the limit.
                buffer.reserve_exact(larger - buffer.len());
                buffer.resize(larger, 0);
            }
            TINFLStatus::HasMoreOutput => {
                return Err(CodecError::TooLarge {
                    codec: Codec::Gzip,
                    limit,
                });
            }
            TINFLStatus::FailedCannotMakeProgress => return Err(malformed("the data is cut off")),
            _ => return Err(malformed("the deflate stream is broken")),
        }
    }
    buffer.truncate(filled);
    if out.is_empty() {
        *out = buffer;
    } else {
        out.extend_from_slice(&buffer);
    }
    Ok(())
}

fn first_guess(compressed: usize) -> usize {
    compressed.saturating_mul(4).max(MIN_OUTPUT)
}

const fn malformed(what: &'static str) -> CodecError {
    CodecError::Malformed {
        codec: Codec::Gzip,
        what,
    }
}
