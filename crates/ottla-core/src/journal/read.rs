//! A file of a journal, read: entries, and what is damaged between them.

use alloc::vec::Vec;

use ottla_wire::batch::crc::crc32c;

use super::decode::decode;
use super::entry::{Entry, HEAD_LEN, MARKER, checksum};

const MAGIC: [u8; 8] = *b"ottlaspl";
const VERSION: u32 = 1;
/// Bytes in front of the first entry: magic, version, CRC-32C of both.
pub const FILE_HEADER_LEN: usize = 16;

/// What a file begins with.
pub fn file_header() -> [u8; FILE_HEADER_LEN] {
    let mut header = [0; FILE_HEADER_LEN];
    header[..8].copy_from_slice(&MAGIC);
    header[8..12].copy_from_slice(&VERSION.to_be_bytes());
    let crc = crc32c(&header[..12]);
    header[12..].copy_from_slice(&crc.to_be_bytes());
    header
}

/// A newer version wrote the file: this one cannot read it, and must not change it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NewerVersion(
    /// The version of the format.
    pub u32,
);

/// A piece of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece<'a> {
    /// An entry that is whole.
    Entry {
        /// Where it begins.
        offset: usize,
        /// Where the next piece begins.
        end: usize,
        /// The entry.
        entry: Entry<'a>,
    },
    /// Bytes that are no entry, with whole ones behind them, or an entry of full length with a wrong CRC.
    Damaged {
        /// Where they begin.
        offset: usize,
        /// Where the next piece begins.
        end: usize,
    },
    /// The file ends within an entry: whoever wrote it was stopped. Always the last piece.
    Torn {
        /// Where the entry begins.
        offset: usize,
        /// The end of the file.
        end: usize,
    },
}

/// The pieces of a file, in order. They cover every byte behind the header.
#[derive(Clone, Debug)]
pub struct Pieces<'a> {
    file: &'a [u8],
    at: usize,
    /// Where in the file the bytes begin.
    base: u64,
}

/// Reads a whole file. Never fails for what is in it: damage is a piece like any other. Pure; it copies and decompresses
/// nothing, and looks at each byte a few times at most unless somebody made the file to be slow.
///
/// # Errors
/// When a newer version wrote it.
pub fn read(file: &[u8]) -> Result<Pieces<'_>, NewerVersion> {
    let Some(header) = file.first_chunk::<FILE_HEADER_LEN>() else {
        return Ok(read_on(file, 0));
    };
    let version = u32::from_be_bytes([header[8], header[9], header[10], header[11]]);
    let crc = u32::from_be_bytes([header[12], header[13], header[14], header[15]]);
    let is_header = header[..8] == MAGIC && crc == crc32c(&header[..12]);
    if is_header && version > VERSION {
        return Err(NewerVersion(version));
    }
    Ok(Pieces {
        file,
        at: if is_header { FILE_HEADER_LEN } else { 0 },
        base: 0,
    })
}

/// Reads on in a file from an offset where an entry begins, with as much of the file as there is at hand: a last piece that
/// is torn may only need more of it.
pub fn read_on(bytes: &[u8], offset: u64) -> Pieces<'_> {
    Pieces {
        file: bytes,
        at: 0,
        base: offset,
    }
}

impl<'a> Pieces<'a> {
    /// The entries alone.
    pub fn entries(self) -> Vec<Entry<'a>> {
        self.filter_map(|piece| match piece {
            Piece::Entry { entry, .. } => Some(entry),
            Piece::Damaged { .. } | Piece::Torn { .. } => None,
        })
        .collect()
    }

    fn entry_at(&self, at: usize) -> Found<'a> {
        let file = &self.file[at..];
        let Some(head) = file.first_chunk::<HEAD_LEN>() else {
            return Found::Short;
        };
        if head[..4] != MARKER {
            return Found::Nothing;
        }
        let len = u32::from_be_bytes([head[4], head[5], head[6], head[7]]);
        let crc = u32::from_be_bytes([head[8], head[9], head[10], head[11]]);
        let body = usize::try_from(len)
            .ok()
            .and_then(|len| file[HEAD_LEN..].get(..len));
        let Some(body) = body else {
            return Found::Short;
        };
        if checksum(self.base + at as u64, len, body) != crc {
            return Found::Nothing;
        }
        match decode(body) {
            Some(entry) => Found::Entry(entry, at + HEAD_LEN + body.len()),
            None => Found::Nothing,
        }
    }

    /// The next whole entry behind a place where there is none.
    fn next_entry(&self, from: usize) -> Option<usize> {
        let candidates = from..self.file.len().saturating_sub(HEAD_LEN);
        candidates
            .filter(|at| self.file[*at..].starts_with(&MARKER))
            .find(|at| matches!(self.entry_at(*at), Found::Entry(..)))
    }
}

enum Found<'a> {
    Entry(Entry<'a>, usize),
    /// The file ends too early for one.
    Short,
    Nothing,
}

impl<'a> Iterator for Pieces<'a> {
    type Item = Piece<'a>;

    fn next(&mut self) -> Option<Piece<'a>> {
        let (offset, len) = (self.at, self.file.len());
        if offset >= len {
            return None;
        }
        let found = self.entry_at(offset);
        if let Found::Entry(entry, end) = found {
            self.at = end;
            return Some(Piece::Entry { offset, end, entry });
        }
        let next = self.next_entry(offset + 1);
        self.at = next.unwrap_or(len);
        let end = self.at;
        // A file that was made longer before its bytes came, by a machine that lost its power, ends in zeros.
        let unwritten = || {
            let rest = &self.file[offset..];
            rest.iter().all(|byte| *byte == 0) || (offset == 0 && file_header().starts_with(rest))
        };
        Some(match (next, found) {
            (None, Found::Short) => Piece::Torn { offset, end },
            (None, _) if unwritten() => Piece::Torn { offset, end },
            _ => Piece::Damaged { offset, end },
        })
    }
}
