//! The files of a spool: entries are appended to the last one, and the first one goes when all of its records are done.

use std::collections::VecDeque;
use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use ottla_core::journal::{Entry, FILE_HEADER_LEN, Ledger, Runs, file_header, read_on};

use super::SpoolError;
use super::aside::AsideLog;
use super::disk::{self, Target, sync_dir};

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
    /// Segments of which every record is done; they are still to be removed.
    retired: VecDeque<Segment>,
    /// What is still to be done.
    pub(super) ledger: Ledger,
    pub(super) aside: AsideLog,
    /// The last segment.
    file: Target,
    /// Entries that are not written yet.
    buffer: Vec<u8>,
    segment_bytes: u64,
    /// Bytes of files that are only kept because they are damaged.
    damaged_bytes: u64,
    /// Whether anything was written and not synced.
    dirty: bool,
    /// Whether what could not be written to its end may stand behind the last entry.
    ragged: bool,
    /// Why nobody knows any more what is on the disk. It stays so: the system reports a failed sync once.
    broken: Option<SpoolError>,
    _lock: File,
}

/// Where a segment is.
pub(super) fn segment_path(dir: &Path, id: u64) -> PathBuf {
    dir.join(format!("{id:012}.spool"))
}

/// What stands beside a segment that could not be synced. The system may show bytes of it that never came to the disk, and
/// calls them synced, so the next start must not add to it.
pub(super) fn unsynced_path(dir: &Path, id: u64) -> PathBuf {
    segment_path(dir, id).with_extension("unsynced")
}

fn create_segment(dir: &Path, id: u64) -> Result<Target, SpoolError> {
    let path = segment_path(dir, id);
    let created = Target::create(&path).and_then(|mut file| {
        file.write(0, &file_header())?;
        file.sync()?;
        sync_dir(dir)?;
        Ok(file)
    });
    created.inspect_err(|_| {
        // If this fails, too, the file has no entry, which is how the next start knows that it is not the last one.
        let _ = disk::remove(&path);
    })
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
            Some(last) => Target::open(&segment_path(dir, last.id))?,
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
            retired: VecDeque::new(),
            ledger,
            aside,
            file,
            buffer: Vec::new(),
            segment_bytes,
            damaged_bytes: 0,
            dirty: false,
            ragged: false,
            broken: None,
            _lock: lock,
        })
    }

    fn current(&self) -> &Segment {
        self.segments.back().expect("a log has a segment from the start")
    }

    /// Bytes in the directory, with those that are about to be written.
    pub(super) fn used(&self) -> u64 {
        let segments = self.segments.iter().chain(&self.retired);
        let segments: u64 = segments.map(|segment| segment.len).sum();
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

    /// Why nothing is written any more.
    pub(super) fn broken(&self) -> Option<&SpoolError> {
        self.broken.as_ref()
    }

    /// Writes what was put, and syncs if `durably`. On an error nothing of it is there.
    pub(super) fn commit(&mut self, durably: bool) -> Result<(), SpoolError> {
        self.is_sound()?;
        let is_more = !self.buffer.is_empty();
        let written = self.write();
        self.buffer.clear();
        let from = match written {
            Ok(from) => from,
            Err(error) => {
                // Half an entry that stays at the end is written over, and recognised by the next start. A whole one would
                // not be, so nothing is added until it is gone.
                self.ragged = self.file.cut(self.current().len).is_err();
                self.dirty = true;
                // What was committed before is to be durable all the same.
                return if durably {
                    self.sync().and(Err(error))
                } else {
                    Err(error)
                };
            }
        };
        let kept = if durably { self.sync() } else { Ok(()) };
        let kept = kept.and_then(|()| if is_more { self.stay_in_place() } else { Ok(()) });
        if kept.is_err() && is_more {
            // Who waits for these entries hears that they are not kept. If this fails, the next start finds them.
            let _ = self.file.cut(from);
            self.set_len(from);
        }
        kept
    }

    /// Returns where what was put begins.
    fn write(&mut self) -> Result<u64, SpoolError> {
        let len = self.current().len;
        if self.buffer.is_empty() {
            return Ok(len);
        }
        if self.ragged {
            self.file.cut(len)?;
            self.ragged = false;
        }
        match self.file.write(len, &self.buffer) {
            Err(error) if error.kind() == Some(ErrorKind::FileTooLarge) && len > FILE_HEADER_LEN as u64 => {
                self.file.cut(len)?;
                self.write_to_next()?;
            }
            written => written?,
        }
        self.dirty = true;
        let from = self.current().len;
        self.set_len(from + self.buffer.len() as u64);
        Ok(from)
    }

    /// A file that may not grow any more ends, and what was put goes to the next one.
    fn write_to_next(&mut self) -> Result<(), SpoolError> {
        let put = std::mem::take(&mut self.buffer);
        let from = self.current().len;
        self.begin_segment()?;
        let at = self.current().len;
        for entry in read_on(&put, from).entries() {
            entry.encode(at + self.buffer.len() as u64, &mut self.buffer);
        }
        self.file.write(at, &self.buffer)
    }

    fn set_len(&mut self, len: u64) {
        if let Some(current) = self.segments.back_mut() {
            current.len = len;
        }
    }

    fn is_sound(&self) -> Result<(), SpoolError> {
        self.broken.clone().map_or(Ok(()), Err)
    }

    /// Entries in a file that nobody finds again are lost.
    fn stay_in_place(&mut self) -> Result<(), SpoolError> {
        let place = self.file.is_in_place();
        place.inspect_err(|error| self.broken = Some(error.clone()))
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
        self.is_sound()?;
        if self.dirty {
            self.file.sync().inspect_err(|error| {
                self.broken = Some(error.clone());
                // As long as the system has the file in memory it has this one, too.
                let _ = Target::create(&unsynced_path(&self.dir, self.current().id));
            })?;
            self.dirty = false;
        }
        Ok(())
    }

    /// Whether something was committed and is not durable.
    pub(super) fn is_dirty(&self) -> bool {
        self.dirty
    }

    /// Begins a new file when the last one is long, and retires those of which every record is done. To be called with
    /// nothing put.
    pub(super) fn tidy(&mut self) -> Result<(), SpoolError> {
        self.is_sound()?;
        let current = *self.current();
        let is_done = current.len > (1 << 20).min(self.segment_bytes) && self.first_to_do().is_none();
        let begun = match current.len >= self.segment_bytes || is_done {
            true => self.begin_segment(),
            false => Ok(()),
        };
        let first = self.first_to_do().unwrap_or(u64::MAX);
        while self.segments.len() > 1 && self.segments[0].last < first {
            self.retired.extend(self.segments.pop_front());
        }
        begun
    }

    fn begin_segment(&mut self) -> Result<(), SpoolError> {
        let current = *self.current();
        // Readers of a later file may rely on all of this one.
        self.sync()?;
        self.file = create_segment(&self.dir, current.id + 1)?;
        self.segments.push_back(Segment {
            id: current.id + 1,
            len: FILE_HEADER_LEN as u64,
            last: current.last,
        });
        Ok(())
    }

    /// Removes the files that were retired. To be called when nobody reads them any more.
    pub(super) fn remove_retired(&mut self) -> Result<(), SpoolError> {
        while let Some(first) = self.retired.front() {
            disk::remove(&segment_path(&self.dir, first.id))?;
            // A later file says what became of the records of an earlier one, so it must not go before that.
            sync_dir(&self.dir)?;
            self.retired.pop_front();
        }
        Ok(())
    }

    /// Retires every file, when nothing is left to be done. Nothing can be put any more then.
    pub(super) fn retire_if_done(&mut self) {
        if self.first_to_do().is_none() {
            self.retired.append(&mut self.segments);
        }
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
