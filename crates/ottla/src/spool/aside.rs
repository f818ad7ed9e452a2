//! The file of records that were set aside: those whose outcome is unknown, and those that the broker refused.

use std::path::{Path, PathBuf};

use ottla_core::Record;
use ottla_core::journal::{Aside, Entry, Piece, file_header, read};

use super::SpoolError;
use super::disk::{self, Target, sync_dir};

const NAME: &str = "aside.spool";
/// Why a record stays aside of which damage took the reason.
const NO_REASON: &str = "OUTCOME_UNKNOWN: the entry that says why it was set aside is damaged";

/// A record that was set aside.
#[derive(Clone, Debug)]
pub(super) struct Kept {
    pub(super) number: u64,
    pub(super) why: Aside,
    pub(super) text: String,
    pub(super) record: Record<'static>,
}

/// What is in the file.
#[derive(Debug, Default)]
pub(super) struct AsideFile {
    pub(super) kept: Vec<Kept>,
    /// Bytes of it.
    pub(super) len: u64,
    /// It is damaged: the whole of it is to be kept.
    pub(super) damaged: bool,
    /// A process died while it wrote the end.
    pub(super) torn: bool,
}

impl AsideFile {
    /// A record that was written twice, because a process died in between, is there once.
    fn keep(&mut self, number: u64, why: Aside, text: String, record: Record<'static>) {
        if self.kept.iter().all(|kept| kept.number != number) {
            self.kept.push(Kept {
                number,
                why,
                text,
                record,
            });
        }
    }
}

pub(super) fn path(dir: &Path) -> PathBuf {
    dir.join(NAME)
}

/// Reads the file; none is an empty one.
pub(super) fn load(dir: &Path) -> Result<AsideFile, SpoolError> {
    let path = path(dir);
    let bytes = match disk::read(&path) {
        Err(error) if error.kind() == Some(std::io::ErrorKind::NotFound) => return Ok(AsideFile::default()),
        bytes => bytes?,
    };
    let pieces = read(&bytes).map_err(|newer| SpoolError::Newer {
        path: path.clone(),
        version: newer.0,
    })?;
    let mut file = AsideFile {
        len: bytes.len() as u64,
        ..AsideFile::default()
    };
    let mut pending = None;
    for piece in pieces {
        match piece {
            Piece::Entry {
                entry: Entry::Record { number, record, .. },
                ..
            } => pending = Some((number, record.into_owned())),
            Piece::Entry {
                entry: Entry::Aside { number, why, text },
                ..
            } => {
                if let Some((of, record)) = pending.take()
                    && of == number
                {
                    file.keep(number, why, text.into_owned(), record);
                }
            }
            // Its record is in the log until the whole pair is here.
            Piece::Torn { .. } => file.torn = true,
            Piece::Entry { .. } | Piece::Damaged { .. } => {
                file.damaged = true;
                if let Some((number, record)) = pending.take() {
                    file.keep(number, Aside::Unknown, NO_REASON.to_owned(), record);
                }
            }
        }
    }
    Ok(file)
}

/// The file, open to be added to.
#[derive(Debug)]
pub(super) struct AsideLog {
    dir: PathBuf,
    file: Option<Target>,
    len: u64,
}

impl AsideLog {
    /// Behind what [`load`] read, which was whole.
    pub(super) fn new(dir: &Path, len: u64) -> Self {
        Self {
            dir: dir.to_owned(),
            file: None,
            len,
        }
    }

    /// Bytes that the file has.
    pub(super) fn len(&self) -> u64 {
        self.len
    }

    /// Adds records and makes them durable.
    pub(super) fn append(&mut self, kept: &[Kept]) -> Result<(), SpoolError> {
        let path = path(&self.dir);
        let mut bytes = Vec::new();
        if self.len == 0 {
            bytes.extend_from_slice(&file_header());
        }
        encode(kept, self.len, &mut bytes);
        let at = self.len;
        let written = self.open(&path).and_then(|file| {
            file.write(at, &bytes)?;
            file.sync()?;
            file.is_in_place()
        });
        if let Err(error) = written {
            self.fall_back(&error);
            return Err(error);
        }
        self.len += bytes.len() as u64;
        Ok(())
    }

    fn open(&mut self, path: &Path) -> Result<&mut Target, SpoolError> {
        let opened = match self.file.take() {
            Some(file) => file,
            None => {
                let file = match self.len {
                    0 => Target::create(path)?,
                    _ => Target::open(path)?,
                };
                sync_dir(&self.dir)?;
                file
            }
        };
        Ok(self.file.insert(opened))
    }

    /// Another attempt writes all of it again, which is why it may sync again.
    fn fall_back(&mut self, error: &SpoolError) {
        let was_removed =
            matches!(error, SpoolError::Gone { .. }) || error.kind() == Some(std::io::ErrorKind::NotFound);
        if was_removed {
            (self.file, self.len) = (None, 0);
        } else if let Some(file) = &self.file {
            // Half an entry at the end is recognised as such.
            let _ = file.cut(self.len);
        }
    }
}

/// Appends the entries of records to bytes that stand at this offset of their file.
fn encode(kept: &[Kept], offset: u64, out: &mut Vec<u8>) {
    for kept in kept {
        Entry::Record {
            number: kept.number,
            was: None,
            record: kept.record.clone(),
        }
        .encode(offset + out.len() as u64, out);
        Entry::Aside {
            number: kept.number,
            why: kept.why,
            text: kept.text.as_str().into(),
        }
        .encode(offset + out.len() as u64, out);
    }
}

/// Puts these records in the place of what is in the file.
pub(super) fn replace(dir: &Path, kept: &[Kept]) -> Result<u64, SpoolError> {
    let path = path(dir);
    if kept.is_empty() {
        disk::remove(&path)?;
        return sync_dir(dir).map(|()| 0);
    }
    let mut bytes = file_header().to_vec();
    encode(kept, 0, &mut bytes);
    disk::write_whole(dir, &path, &bytes)?;
    Ok(bytes.len() as u64)
}
