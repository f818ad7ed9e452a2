//! LZ4 frames as Kafka's `Lz4BlockOutputStream` writes them: independent blocks of 64 KiB, no checksum, no size.
//!
//! Kafka's level 9 is the fast compressor; the slower ones (high compression) have no `no_std` crate, so every level
//! compresses fast here. What comes out is valid for any reader, only larger than Java's at other levels.

use super::xxh32::xxh32;
use super::{Codec, CodecError, take};
use alloc::vec::Vec;
use lz4_flex::block::{self, CompressTable, DecompressError};

const MAGIC: [u8; 4] = 0x184d_2204_u32.to_le_bytes();
/// Magic, flags (version 1, independent blocks), block size (64 KiB), checksum of the two.
const HEADER: [u8; 7] = [MAGIC[0], MAGIC[1], MAGIC[2], MAGIC[3], 0x60, 0x40, 0x82];
const BLOCK: usize = 64 * 1024;
/// Bit of a block's length: it is not compressed.
const STORED: u32 = 0x8000_0000;
const END_MARK: [u8; 4] = [0; 4];

const FLAG_VERSION: u8 = 0xc0;
const FLAG_VERSION_1: u8 = 0x40;
const FLAG_INDEPENDENT: u8 = 0x20;
const FLAG_BLOCK_CHECKSUM: u8 = 0x10;
const FLAG_CONTENT_SIZE: u8 = 0x08;
const FLAG_CONTENT_CHECKSUM: u8 = 0x04;
const FLAG_RESERVED: u8 = 0x02;
const FLAG_DICTIONARY: u8 = 0x01;

pub(super) fn compress(input: &[u8]) -> Vec<u8> {
    let blocks = input.len().div_ceil(BLOCK);
    let mut out = Vec::with_capacity(HEADER.len() + input.len() / 2 + 4 * blocks + END_MARK.len());
    out.extend_from_slice(&HEADER);
    let mut table = CompressTable::default();
    for chunk in input.chunks(BLOCK) {
        let start = out.len() + 4;
        out.resize(start + block::get_maximum_output_size(chunk.len()), 0);
        let Ok(len) = block::compress_into_with_table(chunk, &mut out[start..], &mut table) else {
            unreachable!("the buffer has the maximum length of a compressed block");
        };
        let (len, field) = if len < chunk.len() {
            (len, len as u32)
        } else {
            out[start..start + chunk.len()].copy_from_slice(chunk);
            (chunk.len(), chunk.len() as u32 | STORED)
        };
        out[start - 4..start].copy_from_slice(&field.to_le_bytes());
        out.truncate(start + len);
    }
    out.extend_from_slice(&END_MARK);
    out
}

pub(super) fn decompress(input: &[u8], limit: usize) -> Result<Vec<u8>, CodecError> {
    let mut out = Vec::new();
    let mut at = 0;
    loop {
        read_frame(input, &mut at, &mut out, limit)?;
        if at == input.len() {
            return Ok(out);
        }
    }
}

struct Frame {
    block_size: usize,
    block_checksum: bool,
    content_checksum: bool,
    content_size: Option<u64>,
}

fn read_header(input: &[u8], at: &mut usize) -> Result<Frame, CodecError> {
    if take(input, at).ok_or_else(cut)? != MAGIC {
        return Err(malformed("not an LZ4 frame"));
    }
    let start = *at;
    let [flags, size_code] = take(input, at).ok_or_else(cut)?;
    if flags & FLAG_VERSION != FLAG_VERSION_1 || flags & FLAG_RESERVED != 0 || size_code & 0x8f != 0 {
        return Err(malformed("unknown frame version or flags"));
    }
    if flags & FLAG_DICTIONARY != 0 {
        return Err(malformed("the frame needs a dictionary, which Kafka has not"));
    }
    if flags & FLAG_INDEPENDENT == 0 {
        return Err(malformed("blocks depend on each other, which Kafka forbids"));
    }
    let block_size = match size_code >> 4 {
        4 => 64 << 10,
        5 => 256 << 10,
        6 => 1 << 20,
        7 => 4 << 20,
        _ => return Err(malformed("unknown block size")),
    };
    let content_size = if flags & FLAG_CONTENT_SIZE == 0 {
        None
    } else {
        Some(u64::from_le_bytes(take(input, at).ok_or_else(cut)?))
    };
    let checksum = xxh32(&input[start..*at]) >> 8;
    let [stored] = take(input, at).ok_or_else(cut)?;
    if stored != checksum as u8 {
        return Err(malformed("the header's checksum differs"));
    }
    Ok(Frame {
        block_size,
        block_checksum: flags & FLAG_BLOCK_CHECKSUM != 0,
        content_checksum: flags & FLAG_CONTENT_CHECKSUM != 0,
        content_size,
    })
}

fn read_frame(input: &[u8], at: &mut usize, out: &mut Vec<u8>, limit: usize) -> Result<(), CodecError> {
    let frame = read_header(input, at)?;
    let start = out.len();
    loop {
        let field = u32::from_le_bytes(take(input, at).ok_or_else(cut)?);
        if field == 0 {
            break;
        }
        let len = (field & !STORED) as usize;
        if len > frame.block_size {
            return Err(malformed("a block is larger than the frame allows"));
        }
        let data = input[*at..].get(..len).ok_or_else(cut)?;
        *at += len;
        if frame.block_checksum {
            let stored = u32::from_le_bytes(take(input, at).ok_or_else(cut)?);
            if stored != xxh32(data) {
                return Err(malformed("a block's checksum differs"));
            }
        }
        if field & STORED == 0 {
            append_block(data, out, frame.block_size, limit)?;
        } else if data.len() > limit - out.len() {
            return Err(CodecError::TooLarge {
                codec: Codec::Lz4,
                limit,
            });
        } else {
            out.extend_from_slice(data);
        }
    }
    if frame.content_checksum {
        let stored = u32::from_le_bytes(take(input, at).ok_or_else(cut)?);
        if stored != xxh32(&out[start..]) {
            return Err(malformed("the content's checksum differs"));
        }
    }
    if frame
        .content_size
        .is_some_and(|size| size != (out.len() - start) as u64)
    {
        return Err(malformed("the content's size differs"));
    }
    Ok(())
}

fn append_block(data: &[u8], out: &mut Vec<u8>, block_size: usize, limit: usize) -> Result<(), CodecError> {
    let start = out.len();
    // A byte of LZ4 stands for 255 bytes at most, so a small block never makes a large buffer.
    let possible = data.len().saturating_mul(255).min(block_size);
    let room = possible.min(limit - start);
    out.resize(start + room, 0);
    match block::decompress_into(data, &mut out[start..]) {
        Ok(len) => {
            out.truncate(start + len);
            Ok(())
        }
        Err(DecompressError::OutputTooSmall { .. }) if room < possible => Err(CodecError::TooLarge {
            codec: Codec::Lz4,
            limit,
        }),
        Err(_) => Err(malformed("a block is broken")),
    }
}

const fn cut() -> CodecError {
    malformed("the frame is cut off")
}

const fn malformed(what: &'static str) -> CodecError {
    CodecError::Malformed {
        codec: Codec::Lz4,
        what,
    }
}
