//! Files that are not as they should be, put right.

use std::fs;
use std::path::{Path, PathBuf};

use ottla_core::journal::{FILE_HEADER_LEN, file_header, read};

use super::disk::{self, Target, sync_dir};
use super::log::{DAMAGED, segment_path, unsynced_path};
use super::scan::{End, Scanned};
use super::{SpoolError, SpoolOptions};

/// Removes what an earlier process wrote beside a file to put in its place, and did not.
pub(super) fn remove_unfinished(dir: &Path) -> Result<(), SpoolError> {
    for entry in fs::read_dir(dir).map_err(SpoolError::io("read", dir))? {
        let path = entry.map_err(SpoolError::io("read", dir))?.path();
        if path.extension().is_some_and(|extension| extension == "tmp") {
            // It is in nobody's way: a later attempt writes over it.
            let _ = disk::remove(&path);
        }
    }
    Ok(())
}

/// Puts the end of a file right, so that entries can follow.
pub(super) fn mend_end(dir: &Path, scanned: &Scanned, options: &SpoolOptions) -> Result<(), SpoolError> {
    let path = segment_path(dir, scanned.segment.id);
    match scanned.end {
        End::Whole => {}
        End::Torn { from } => {
            let bytes = cut_off(&path, from)?;
            if bytes > 0 {
                options.tell(&format!(
                    "{}: the last entry was not written to its end; its {bytes} bytes from {from} on are cut off",
                    path.display()
                ));
            }
        }
        End::Garbage { from } => {
            let kept = keep_damaged(dir, &path)?;
            let bytes = renew(dir, &path, from)?;
            options.tell(&format!(
                "{}: its last {bytes} bytes, from {from} on, are no entries, as after a loss of power; they are cut off, and the file is kept as {}. If it was not that, records that they told of are missing or sent again",
                path.display(),
                kept.display()
            ));
        }
    }
    if scanned.is_unsynced {
        if scanned.damage.is_empty() {
            renew(dir, &path, scanned.segment.len as usize)?;
        }
        options.tell(&format!(
            "{}: an earlier run could not bring it to the disk; it is written anew",
            path.display()
        ));
    }
    Ok(())
}

/// Files that could not be synced were written anew.
pub(super) fn trust_again(dir: &Path, scanned: &[Scanned]) {
    for scanned in scanned.iter().filter(|scanned| scanned.is_unsynced) {
        // While it stays, the next start does the same again.
        let _ = disk::remove(&unsynced_path(dir, scanned.segment.id));
    }
}

/// Takes the half of an entry away that a process left when it died. Returns how long it was.
fn cut_off(path: &Path, from: usize) -> Result<u64, SpoolError> {
    let mut file = Target::open(path)?;
    let bytes = file.len()?.saturating_sub(from as u64);
    file.cut(from as u64)?;
    if from < FILE_HEADER_LEN {
        file.cut(0)?;
        file.write(0, &file_header())?;
    }
    file.sync()?;
    Ok(bytes)
}

/// Writes the first bytes of a file into one that takes its place. Returns how many others there were.
fn renew(dir: &Path, path: &Path, len: usize) -> Result<usize, SpoolError> {
    let bytes = disk::read(path)?;
    let len = len.min(bytes.len());
    match len < FILE_HEADER_LEN {
        true => disk::write_whole(dir, path, &file_header())?,
        false => disk::write_whole(dir, path, &bytes[..len])?,
    }
    Ok(bytes.len() - len)
}

/// Keeps a damaged file under another name, and puts one with its whole entries in its place. Returns the length of that.
pub(super) fn salvage(dir: &Path, hurt: &Scanned, options: &SpoolOptions) -> Result<u64, SpoolError> {
    let path = segment_path(dir, hurt.segment.id);
    let bytes = disk::read(&path)?;
    let kept = keep_damaged(dir, &path)?;
    let mut whole = file_header().to_vec();
    if let Ok(pieces) = read(&bytes) {
        for entry in pieces.entries() {
            entry.encode(whole.len() as u64, &mut whole);
        }
    }
    disk::write_whole(dir, &path, &whole)?;
    for (from, to) in &hurt.damage {
        options.tell(&format!(
            "{}: {} bytes from {from} on are damaged; the file is kept as {}",
            path.display(),
            to - from,
            kept.display()
        ));
    }
    Ok(whole.len() as u64)
}

/// Gives a file one more name, under which it stays.
pub(super) fn keep_damaged(dir: &Path, path: &Path) -> Result<PathBuf, SpoolError> {
    let stem = path
        .file_stem()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    let free = (0_u32..)
        .map(|n| dir.join(format!("{stem}.{DAMAGED}{n}")))
        .find(|name| !name.exists());
    let Some(name) = free else {
        unreachable!("no directory has four billion files");
    };
    if fs::hard_link(path, &name).is_err() {
        fs::copy(path, &name).map_err(SpoolError::io("copy", path))?;
    }
    sync_dir(dir)?;
    Ok(name)
}
