//! The files of a spool: entries are appended to the last one, and the first one goes when all of its records are done.

use std::collections::VecDeque;
use std::fs::{self, File};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use ottla_core::journal::{Entry, FILE_HEADER_LEN, Ledger, Runs, file_header};

use super::SpoolError;
use super::aside::AsideLog;

/// How the extension of a file begins that is only kept because it is damaged.
pub(super) const DAMAGED: &str = "damaged-";

/// A file that is part of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Segment {
    pub(super) id: u64,
    /// Bytes that are in it for good.
    pub(super) len: u64,
    /// The largest record number up to its end.
    pub(super) last: u64,
}

/// An open log. There is one of a directory on a machine at a time.
#[derive(Debug)]
pub(super) struct Log {
    pub(super) dir: PathBuf,
    pub(super) segments: VecDeque<Segment>,
    /// What is still to be done.
    pub(super) ledger: Ledger,
    pub(super) aside: AsideLog,
    /// The last segment.
    file: File,
    /// Entries that are not written yet.
    buffer: Vec<u8>,
    segment_bytes: u64,
    /// Bytes of files that are only kept because they are damaged.
    damaged_bytes: u64,
    /// Whether anything was written and not synced.
    dirty: bool,
    _lock: File,
}

/// Where a segment is.
pub(super) fn segment_path(dir: &Path, id: u64) -> PathBuf {
    dir.join(format!("{id:012}.spool"))
}

/// Makes names durable that were made or removed.
pub(super) fn sync_dir(dir: &Path) -> Result<(), SpoolError> {
    // Not every system lets a directory be opened, and those that do not need no sync.
    match File::open(dir).and_then(|dir| dir.sync_all()) {
        Err(error) if cfg!(unix) => Err(SpoolError::io("sync", dir)(error)),
        _ => Ok(()),
    }
}

fn create_segment(dir: &Path, id: u64) -> Result<File, SpoolError> {
    let path = segment_path(dir, id);
    let created = File::options().create_new(true).write(true).open(&path);
    let created = created.and_then(|mut file| {
        file.write_all(&file_header())?;
        file.sync_data()?;
        Ok(file)
    });
    let file = created.map_err(SpoolError::io("create", &path))?;
    sync_dir(dir)?;
    Ok(file)
}

impl Log {
    /// Goes on behind the segments of a directory, in the last one if that is `reusable`.
    pub(super) fn resume(
        dir: &Path,
        lock: File,
        mut segments: VecDeque<Segment>,
        reusable: bool,
        ledger: Ledger,
        aside: AsideLog,
        segment_bytes: u64,
    ) -> Result<Self, SpoolError> {
        let reused = segments
            .back()
            .filter(|last| reusable && last.len < segment_bytes);
        let file = match reused {
            Some(last) => {
                let path = segment_path(dir, last.id);
                let opened = File::options().write(true).open(&path);
                let at_end = opened.and_then(|mut file| file.seek(SeekFrom::Start(last.len)).map(|_| file));
                at_end.map_err(SpoolError::io("open", &path))?
            }
            None => {
                let id = segments.back().map_or(1, |last| last.id + 1);
                segments.push_back(Segment {
                    id,
                    len: FILE_HEADER_LEN as u64,
                    last: ledger.next_number() - 1,
                });
                create_segment(dir, id)?
            }
        };
        Ok(Self {
            dir: dir.to_owned(),
            segments,
            ledger,
            aside,
            file,
            buffer: Vec::new(),
            segment_bytes,
            damaged_bytes: 0,
            dirty: false,
            _lock: lock,
        })
    }

    fn current(&self) -> &Segment {
        self.segments.back().expect("a log has a segment from the start")
    }

    /// Bytes in the directory, with those that are about to be written.
    pub(super) fn used(&self) -> u64 {
        let segments: u64 = self.segments.iter().map(|segment| segment.len).sum();
        segments + self.aside.len() + self.damaged_bytes + self.buffer.len() as u64
    }

    /// Bytes of files that are only kept because they are damaged.
    pub(super) fn damaged_bytes(&self) -> u64 {
        self.damaged_bytes
    }

    /// Looks how long the files are that are only kept because they are damaged. They change at a start alone.
    pub(super) fn count_damaged(&mut self) -> Result<(), SpoolError> {
        self.damaged_bytes = 0;
        for entry in fs::read_dir(&self.dir).map_err(SpoolError::io("read", &self.dir))? {
            let entry = entry.map_err(SpoolError::io("read", &self.dir))?;
            let path = entry.path();
            let extension = path.extension().and_then(|extension| extension.to_str());
            if extension.is_some_and(|extension| extension.starts_with(DAMAGED)) {
                let meta = entry.metadata().map_err(SpoolError::io("look at", &path))?;
                self.damaged_bytes += meta.len();
            }
        }
        Ok(())
    }

    /// Bytes that wait for [`Self::commit`].
    pub(super) fn buffered(&self) -> usize {
        self.buffer.len()
    }

    /// Takes back what was put since there were so many bytes.
    pub(super) fn unput(&mut self, buffered: usize) {
        self.buffer.truncate(buffered);
    }

    /// Adds an entry to what the next [`Self::commit`] writes.
    pub(super) fn put(&mut self, entry: &Entry<'_>) {
        let offset = self.current().len + self.buffer.len() as u64;
        entry.encode(offset, &mut self.buffer);
    }

    /// Writes what was put. On an error nothing of it is there.
    pub(super) fn commit(&mut self) -> Result<(), SpoolError> {
        if self.buffer.is_empty() {
            return Ok(());
        }
        let (id, len) = (self.current().id, self.current().len);
        if let Err(error) = self.file.write_all(&self.buffer) {
            self.buffer.clear();
            // If this fails, too, half an entry stands at the end, which the next start recognises.
            let _ = self.file.set_len(len);
            let _ = self.file.seek(SeekFrom::Start(len));
            return Err(SpoolError::io("write", &segment_path(&self.dir, id))(error));
        }
        self.dirty = true;
        let written = self.buffer.len() as u64;
        self.buffer.clear();
        if let Some(current) = self.segments.back_mut() {
            current.len += written;
        }
        Ok(())
    }

    /// Notes what was committed.
    pub(super) fn apply(&mut self, entry: &Entry<'_>) {
        self.ledger.apply(entry);
        self.note_last();
    }

    /// Notes a record that was committed.
    pub(super) fn taken(&mut self, number: u64) {
        self.ledger.taken(number, None);
        self.note_last();
    }

    fn note_last(&mut self) {
        let last = self.ledger.next_number() - 1;
        if let Some(current) = self.segments.back_mut() {
            current.last = last;
        }
    }

    /// Makes durable what was committed.
    pub(super) fn sync(&mut self) -> Result<(), SpoolError> {
        if std::mem::take(&mut self.dirty) {
            let path = segment_path(&self.dir, self.current().id);
            self.file.sync_data().map_err(SpoolError::io("sync", &path))?;
        }
        Ok(())
    }

    /// Whether something was committed and is not durable.
    pub(super) fn is_dirty(&self) -> bool {
        self.dirty
    }

    /// Begins a new file when the last one is long, and removes those of which every record is done. To be called with
    /// nothing put.
    pub(super) fn tidy(&mut self) -> Result<(), SpoolError> {
        let current = *self.current();
        let is_done = current.len > (1 << 20).min(self.segment_bytes) && self.first_to_do().is_none();
        if current.len >= self.segment_bytes || is_done {
            // Readers of a later file may rely on all of this one.
            self.sync()?;
            self.file = create_segment(&self.dir, current.id + 1)?;
            self.segments.push_back(Segment {
                id: current.id + 1,
                len: FILE_HEADER_LEN as u64,
                last: current.last,
            });
        }
        let first = self.first_to_do().unwrap_or(u64::MAX);
        while self.segments.len() > 1 && self.segments[0].last < first {
            let path = segment_path(&self.dir, self.segments[0].id);
            fs::remove_file(&path).map_err(SpoolError::io("remove", &path))?;
            self.segments.pop_front();
        }
        Ok(())
    }

    /// Removes every file, when nothing is left to be done.
    pub(super) fn clear_if_done(&mut self) -> Result<(), SpoolError> {
        if self.first_to_do().is_some() {
            return Ok(());
        }
        for segment in self.segments.drain(..) {
            let path = segment_path(&self.dir, segment.id);
            match fs::remove_file(&path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(SpoolError::io("remove", &path)(error));
                }
                _ => {}
            }
        }
        sync_dir(&self.dir)
    }

    /// The first record that is not done.
    fn first_to_do(&self) -> Option<u64> {
        let runs = [self.ledger.fresh(), self.ledger.doubtful()];
        let stamped = self.ledger.stamps().iter().flat_map(|stamp| &stamp.numbers);
        let stamped = stamped.map(|run| run.first);
        runs.iter()
            .filter_map(|runs: &&Runs| runs.first())
            .chain(stamped)
            .min()
    }

    /// Records that are not done.
    pub(super) fn pending(&self) -> u64 {
        let stamped = self.ledger.stamps().iter().flat_map(|stamp| &stamp.numbers);
        let stamped: u64 = stamped.map(|run| u64::from(run.count)).sum();
        self.ledger.fresh().len() + self.ledger.doubtful().len() + stamped
    }
}
