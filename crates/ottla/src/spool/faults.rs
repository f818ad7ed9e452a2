//! Files that fail when a test says so. A real disk is never waited for here: what would be on it after a loss of power is
//! what was synced.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::disk::Call;

pub(super) const EIO: i32 = 5;
pub(super) const EACCES: i32 = 13;
pub(super) const EFBIG: i32 = 27;
pub(super) const ENOSPC: i32 = 28;

/// What is to fail in a directory, and what happened there.
#[derive(Default)]
struct Disk {
    dir: PathBuf,
    refusals: Vec<Refusal>,
    /// Bytes that a file may have.
    largest: Option<u64>,
    /// Calls so far.
    calls: Vec<Call>,
    /// How many of them change something.
    changes: usize,
    /// What was synced of each file.
    synced: BTreeMap<PathBuf, Vec<u8>>,
    /// What was there when the directory was synced.
    names: BTreeSet<PathBuf>,
    /// What the test was told so far, in its own measure.
    told: usize,
    /// When so many changes were asked for, the power is lost.
    dark_at: Option<usize>,
    left: Option<Left>,
}

struct Refusal {
    call: Call,
    /// What the path ends in.
    name: String,
    errno: i32,
    /// Of a write, bytes that are written first.
    short: usize,
    times: usize,
}

/// A file when the power was lost.
#[derive(Clone, Debug)]
pub(super) struct LeftFile {
    pub(super) name: String,
    /// What was synced.
    pub(super) synced: Vec<u8>,
    /// What the system had.
    pub(super) there: Vec<u8>,
    /// Whether its name was synced.
    pub(super) is_named: bool,
}

/// A directory when the power was lost.
#[derive(Clone, Debug)]
pub(super) struct Left {
    pub(super) files: Vec<LeftFile>,
    pub(super) told: usize,
}

static DISKS: Mutex<Vec<Disk>> = Mutex::new(Vec::new());

fn disks() -> MutexGuard<'static, Vec<Disk>> {
    DISKS.lock().unwrap_or_else(PoisonError::into_inner)
}

fn with<T>(path: &Path, none: T, look: impl FnOnce(&mut Disk) -> T) -> T {
    let mut disks = disks();
    let disk = disks.iter_mut().find(|disk| path.starts_with(&disk.dir));
    disk.map_or(none, look)
}

/// A directory whose files can fail. It goes with this value.
pub(super) struct Faults(PathBuf);

impl Faults {
    /// A new name for a directory in that for temporary files.
    pub(super) fn new() -> Self {
        static COUNT: Mutex<u32> = Mutex::new(0);
        let mut count = COUNT.lock().unwrap_or_else(PoisonError::into_inner);
        *count += 1;
        let name = format!("ottla-faults-{}-{count}", std::process::id());
        let dir = std::env::temp_dir().join(name);
        let _ = fs::remove_dir_all(&dir);
        disks().push(Disk {
            dir: dir.clone(),
            ..Disk::default()
        });
        Self(dir)
    }

    pub(super) fn dir(&self) -> &Path {
        &self.0
    }

    fn set(&self, change: impl FnOnce(&mut Disk)) {
        with(&self.0, (), change);
    }

    /// Refuses a call for paths with this end, until [`Self::heal`].
    pub(super) fn refuse(&self, call: Call, name: &str, errno: i32) {
        self.refuse_after(call, name, errno, 0, usize::MAX);
    }

    /// Refuses so many calls; of a write, so many bytes are written first.
    pub(super) fn refuse_after(&self, call: Call, name: &str, errno: i32, short: usize, times: usize) {
        self.set(|disk| {
            disk.refusals.push(Refusal {
                call,
                name: name.to_owned(),
                errno,
                short,
                times,
            });
        });
    }

    /// Files may not become longer than this.
    pub(super) fn limit(&self, bytes: u64) {
        self.set(|disk| disk.largest = Some(bytes));
    }

    /// Refuses this call no more.
    pub(super) fn allow(&self, call: Call) {
        self.set(|disk| disk.refusals.retain(|refusal| refusal.call != call));
    }

    /// All is well again.
    pub(super) fn heal(&self) {
        self.set(|disk| {
            disk.refusals.clear();
            disk.largest = None;
        });
    }

    /// How often something was asked for.
    pub(super) fn count(&self, call: Call) -> usize {
        with(&self.0, 0, |disk| {
            disk.calls.iter().filter(|own| **own == call).count()
        })
    }

    /// How often a change was asked for.
    pub(super) fn changes(&self) -> usize {
        with(&self.0, 0, |disk| disk.changes)
    }

    /// What was synced of a file.
    pub(super) fn synced(&self, path: &Path) -> Vec<u8> {
        with(&self.0, Vec::new(), |disk| {
            disk.synced.get(path).cloned().unwrap_or_default()
        })
    }

    /// Whether the name of a file was synced.
    pub(super) fn is_named(&self, path: &Path) -> bool {
        with(&self.0, false, |disk| disk.names.contains(path))
    }

    /// Nothing of what was synced so far came to the disk.
    pub(super) fn forget(&self) {
        self.set(|disk| disk.synced.clear());
    }

    /// The test was told more.
    pub(super) fn told(&self, so_far: usize) {
        self.set(|disk| disk.told = so_far);
    }

    /// Has the power lost before this change.
    pub(super) fn darken(&self, at: usize) {
        self.set(|disk| disk.dark_at = Some(at));
    }

    /// What there was when the power was lost.
    pub(super) fn left(&self) -> Option<Left> {
        with(&self.0, None, |disk| disk.left.take())
    }
}

impl Drop for Faults {
    fn drop(&mut self) {
        disks().retain(|disk| disk.dir != self.0);
        let _ = fs::remove_dir_all(&self.0);
    }
}

impl Disk {
    fn call(&mut self, call: Call) {
        // Who reads changes nothing, and does so when it likes.
        if !matches!(call, Call::Open | Call::Read) {
            if self.dark_at == Some(self.changes) {
                self.left = Some(self.snapshot());
            }
            self.changes += 1;
        }
        self.calls.push(call);
    }

    fn files(&self) -> impl Iterator<Item = PathBuf> {
        let files = fs::read_dir(&self.dir).into_iter().flatten().flatten();
        files.map(|entry| entry.path()).filter(|path| path.is_file())
    }

    fn snapshot(&self) -> Left {
        let files = self.files().map(|path| LeftFile {
            name: path
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned(),
            synced: self.synced.get(&path).cloned().unwrap_or_default(),
            there: fs::read(&path).unwrap_or_default(),
            is_named: self.names.contains(&path),
        });
        Left {
            files: files.collect(),
            told: self.told,
        }
    }

    /// Returns how much of a write is done first, and why not the rest.
    fn refusal(&mut self, call: Call, path: &Path) -> Option<(usize, io::Error)> {
        let text = path.to_string_lossy();
        let refusal = self
            .refusals
            .iter_mut()
            .find(|refusal| refusal.call == call && refusal.times > 0 && text.ends_with(&refusal.name))?;
        refusal.times -= 1;
        Some((refusal.short, io::Error::from_raw_os_error(refusal.errno)))
    }
}

pub(super) fn before(call: Call, path: &Path) -> io::Result<()> {
    with(path, Ok(()), |disk| {
        disk.call(call);
        if let Some((_, error)) = disk.refusal(call, path) {
            return Err(error);
        }
        if call == Call::Rename {
            let synced = disk.synced.remove(&path.with_extension("tmp"));
            disk.synced.extend(synced.map(|bytes| (path.to_owned(), bytes)));
        }
        Ok(())
    })
}

pub(super) fn split<'a>(path: &Path, at: u64, bytes: &'a [u8]) -> (&'a [u8], io::Result<()>) {
    with(path, (bytes, Ok(())), |disk| {
        disk.call(Call::Write);
        if let Some((short, error)) = disk.refusal(Call::Write, path) {
            return (&bytes[..short.min(bytes.len())], Err(error));
        }
        let room = disk
            .largest
            .map_or(u64::MAX, |largest| largest.saturating_sub(at));
        match usize::try_from(room) {
            Ok(room) if room < bytes.len() => (&bytes[..room], Err(io::Error::from_raw_os_error(EFBIG))),
            _ => (bytes, Ok(())),
        }
    })
}

pub(super) fn sync(_: &File, path: &Path) -> io::Result<()> {
    before(Call::Sync, path)?;
    with(path, Ok(()), |disk| {
        // A file that was moved away is in no directory to look at.
        let bytes = fs::read(path).ok();
        disk.synced.extend(bytes.map(|bytes| (path.to_owned(), bytes)));
        Ok(())
    })
}

pub(super) fn sync_all(_: &File, path: &Path) -> io::Result<()> {
    before(Call::Sync, path)?;
    with(path, (), |disk| disk.names = disk.files().collect());
    Ok(())
}
