//! The file of records that were set aside: those whose outcome is unknown, and those that the broker refused.

use std::fs::{self, File};
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use ottla_core::Record;
use ottla_core::journal::{Aside, Entry, Piece, file_header, read};

use super::SpoolError;
use super::log::sync_dir;

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
    let bytes = match fs::read(&path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(AsideFile::default()),
        Err(error) => return Err(SpoolError::io("read", &path)(error)),
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
    file: Option<File>,
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
        if self.file.is_none() {
            let opened = File::options()
                .create(true)
                .truncate(false)
                .write(true)
                .open(&path);
            self.file = Some(opened.map_err(SpoolError::io("open", &path))?);
            sync_dir(&self.dir)?;
        }
        let Some(file) = &mut self.file else {
            unreachable!("it was just opened");
        };
        let written = file
            .seek(SeekFrom::Start(self.len))
            .and_then(|_| file.write_all(&bytes))
            .and_then(|()| file.sync_data());
        if let Err(error) = written {
            // Best effort: half an entry at the end is recognised as such.
            let _ = file.set_len(self.len);
            return Err(SpoolError::io("write", &path)(error));
        }
        self.len += bytes.len() as u64;
        Ok(())
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
        return match fs::remove_file(&path) {
            Ok(()) => sync_dir(dir).map(|()| 0),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(0),
            Err(error) => Err(SpoolError::io("remove", &path)(error)),
        };
    }
    let mut bytes = file_header().to_vec();
    encode(kept, 0, &mut bytes);
    write_whole(dir, &path, &bytes)?;
    Ok(bytes.len() as u64)
}

/// Writes a file so that after a crash either the old one is there or the new one.
pub(super) fn write_whole(dir: &Path, path: &Path, bytes: &[u8]) -> Result<(), SpoolError> {
    let next = path.with_extension("tmp");
    let written = File::create(&next).and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_data()
    });
    written.map_err(SpoolError::io("write", &next))?;
    fs::rename(&next, path).map_err(SpoolError::io("replace", path))?;
    sync_dir(dir)
}
