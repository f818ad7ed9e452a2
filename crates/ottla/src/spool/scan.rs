//! Reading the files that an earlier process left.

use std::fs;
use std::path::Path;

use ottla_core::journal::{Entry, FILE_HEADER_LEN, Ledger, Piece, Runs, read};

use super::SpoolError;
use super::disk;
use super::log::{Segment, segment_path, unsynced_path};
use super::missing::Missing;

/// How much of a file is gone that was cut, at most: nobody knows, but files are about that long.
const CUT: u64 = 16 << 20;
/// Bytes that a disk writes as a whole.
const SECTOR: usize = 512;

/// A segment that was read.
pub(super) struct Scanned {
    pub(super) segment: Segment,
    /// What is no entry, with whole ones behind it: from, to.
    pub(super) damage: Vec<(usize, usize)>,
    pub(super) end: End,
    /// Records that are in it by themselves.
    pub(super) records: Runs,
    /// An earlier process could not sync it.
    pub(super) is_unsynced: bool,
}

impl Scanned {
    /// Places that are told as damage.
    pub(super) fn damaged_places(&self) -> u64 {
        self.damage.len() as u64 + u64::from(matches!(self.end, End::Garbage { .. }))
    }
}

/// How the last file ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    Whole,
    /// In an entry that was not written to its end.
    Torn {
        from: usize,
    },
    /// In bytes that may be anything.
    Garbage {
        from: usize,
    },
}

/// The segments of a directory, oldest first.
pub(super) fn segment_ids(dir: &Path) -> Result<Vec<u64>, SpoolError> {
    let mut ids = Vec::new();
    for entry in fs::read_dir(dir).map_err(SpoolError::io("read", dir))? {
        let path = entry.map_err(SpoolError::io("read", dir))?.path();
        let id = path
            .file_stem()
            .and_then(|stem| stem.to_str())
            .and_then(|stem| stem.parse().ok());
        if let Some(id) = id.filter(|id| segment_path(dir, *id) == path) {
            ids.push(id);
        }
    }
    ids.sort_unstable();
    Ok(ids)
}

/// The last file that has an entry. Those behind it were begun and given up: entries still went to this one.
pub(super) fn last_written(dir: &Path, ids: &[u64]) -> Result<u64, SpoolError> {
    for id in ids.iter().rev() {
        let path = segment_path(dir, *id);
        let meta = fs::metadata(&path).map_err(SpoolError::io("look at", &path))?;
        if meta.len() > FILE_HEADER_LEN as u64 {
            return Ok(*id);
        }
    }
    Ok(0)
}

/// Whether what a file ends in is the beginning of an entry whose rest never came: a file may be made longer before its
/// bytes are written, and a machine that loses its power in between leaves zeros.
fn is_unwritten(file: &[u8], from: usize) -> bool {
    let sector = file.len().saturating_sub(1) / SECTOR * SECTOR;
    file[sector.max(from)..].iter().all(|byte| *byte == 0)
}

/// Reads a file, and tells the ledger. To the last one alone is ever written, so only that can end in half an entry.
pub(super) fn scan(
    dir: &Path,
    id: u64,
    is_last: bool,
    ledger: &mut Ledger,
    missing: &mut Missing,
) -> Result<Scanned, SpoolError> {
    let path = segment_path(dir, id);
    let bytes = disk::read(&path)?;
    let (mut damage, mut end_of_file, mut records) = (Vec::new(), End::Whole, Runs::default());
    let pieces = read(&bytes).map_err(|newer| SpoolError::Newer {
        path: path.clone(),
        version: newer.0,
    })?;
    // A file has its header before anybody relies on it.
    let nothing = bytes.is_empty().then_some(Piece::Torn { offset: 0, end: 0 });
    for piece in nothing.into_iter().chain(pieces) {
        match piece {
            Piece::Entry { ref entry, .. } => {
                ledger.apply(entry);
                missing.entry(entry);
                if let Entry::Record { number, .. } = entry {
                    records.insert(*number);
                }
            }
            Piece::Torn { offset, .. } if is_last => end_of_file = End::Torn { from: offset },
            // What a loss of power leaves of entries that were not synced, and nobody was told that they are kept.
            Piece::Damaged { offset, end } if is_last && end == bytes.len() => {
                end_of_file = match is_unwritten(&bytes, offset) {
                    true => End::Torn { from: offset },
                    false => End::Garbage { from: offset },
                };
            }
            // An earlier file that ends early was cut afterwards.
            Piece::Torn { offset, end } | Piece::Damaged { offset, end } => {
                damage.push((offset, end));
                let is_cut = matches!(piece, Piece::Torn { .. });
                missing.damaged(if is_cut { CUT } else { (end - offset) as u64 });
                ledger.damaged();
            }
        }
    }
    let whole = match end_of_file {
        End::Whole => bytes.len(),
        End::Torn { from } | End::Garbage { from } => from,
    };
    Ok(Scanned {
        segment: Segment {
            id,
            // One that has not even its own header gets it.
            len: whole.max(FILE_HEADER_LEN) as u64,
            last: ledger.next_number() - 1,
        },
        damage,
        end: end_of_file,
        records,
        is_unsynced: unsynced_path(dir, id).exists(),
    })
}
