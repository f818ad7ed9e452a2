//! What the spool does to files, all of it, so that its tests can let any of it fail.

use std::fs::{self, File};
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use super::SpoolError;
#[cfg(test)]
use super::faults;

/// What can be refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(not(test), expect(dead_code, reason = "only tests look at it"))]
pub(super) enum Call {
    Create,
    Open,
    Read,
    Write,
    Cut,
    Sync,
    Rename,
    Remove,
}

/// Nothing fails but what the system refuses.
#[cfg(not(test))]
mod faults {
    use std::fs::File;
    use std::io;
    use std::path::Path;

    use super::Call;

    #[allow(clippy::unnecessary_wraps, reason = "stands in for those of the tests")]
    pub(super) const fn before(_: Call, _: &Path) -> io::Result<()> {
        Ok(())
    }

    #[allow(clippy::unnecessary_wraps, reason = "stands in for those of the tests")]
    pub(super) const fn split<'a>(_: &Path, _: u64, bytes: &'a [u8]) -> (&'a [u8], io::Result<()>) {
        (bytes, Ok(()))
    }

    pub(super) fn sync(file: &File, _: &Path) -> io::Result<()> {
        file.sync_data()
    }

    pub(super) fn sync_all(file: &File, _: &Path) -> io::Result<()> {
        file.sync_all()
    }
}

/// A file that is written to.
#[derive(Debug)]
pub(super) struct Target {
    file: File,
    path: PathBuf,
}

impl Target {
    /// Makes a file. What an attempt that failed left in its place goes.
    pub(super) fn create(path: &Path) -> Result<Self, SpoolError> {
        let file = faults::before(Call::Create, path).and_then(|()| File::create(path));
        Ok(Self {
            file: file.map_err(SpoolError::io("create", path))?,
            path: path.to_owned(),
        })
    }

    /// Opens a file as it is.
    pub(super) fn open(path: &Path) -> Result<Self, SpoolError> {
        let opened = faults::before(Call::Open, path).and_then(|()| File::options().write(true).open(path));
        Ok(Self {
            file: opened.map_err(SpoolError::io("open", path))?,
            path: path.to_owned(),
        })
    }

    /// Writes bytes from an offset on. On an error any number of them may be there.
    pub(super) fn write(&mut self, at: u64, bytes: &[u8]) -> Result<(), SpoolError> {
        let (now, refusal) = faults::split(&self.path, at, bytes);
        let written = self.file.seek(SeekFrom::Start(at));
        let written = written.and_then(|_| self.file.write_all(now)).and(refusal);
        written.map_err(SpoolError::io("write", &self.path))
    }

    /// Makes what was written durable. After an error nobody knows what is on the disk, and another attempt would say that
    /// all is well: the system forgets what it could not write.
    pub(super) fn sync(&self) -> Result<(), SpoolError> {
        faults::sync(&self.file, &self.path).map_err(SpoolError::io("sync", &self.path))
    }

    /// Leaves only so many bytes.
    pub(super) fn cut(&self, len: u64) -> Result<(), SpoolError> {
        let cut = faults::before(Call::Cut, &self.path).and_then(|()| self.file.set_len(len));
        cut.map_err(SpoolError::io("cut", &self.path))
    }

    /// Bytes that it has.
    pub(super) fn len(&self) -> Result<u64, SpoolError> {
        let meta = self.file.metadata();
        Ok(meta.map_err(SpoolError::io("look at", &self.path))?.len())
    }

    /// Fails when the file is not where it was, which writing to it does not notice: what is in it then is lost.
    pub(super) fn is_in_place(&self) -> Result<(), SpoolError> {
        match is_same(&self.file, &self.path) {
            Ok(true) => Ok(()),
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(SpoolError::io("look at", &self.path)(error))
            }
            Ok(false) | Err(_) => Err(SpoolError::Gone {
                path: self.path.clone(),
            }),
        }
    }
}

#[cfg(unix)]
fn is_same(file: &File, path: &Path) -> std::io::Result<bool> {
    use std::os::unix::fs::MetadataExt;
    let (own, there) = (file.metadata()?, fs::metadata(path)?);
    Ok((own.dev(), own.ino()) == (there.dev(), there.ino()))
}

#[cfg(not(unix))]
fn is_same(_: &File, path: &Path) -> std::io::Result<bool> {
    fs::metadata(path).map(|_| true)
}

/// Opens a file to be read.
pub(super) fn open(path: &Path) -> std::io::Result<File> {
    faults::before(Call::Open, path).and_then(|()| File::open(path))
}

/// All bytes of a file.
pub(super) fn read(path: &Path) -> Result<Vec<u8>, SpoolError> {
    let bytes = faults::before(Call::Read, path).and_then(|()| fs::read(path));
    bytes.map_err(SpoolError::io("read", path))
}

/// Removes a file, if it is there.
pub(super) fn remove(path: &Path) -> Result<(), SpoolError> {
    match faults::before(Call::Remove, path).and_then(|()| fs::remove_file(path)) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(SpoolError::io("remove", path)(error))
        }
        _ => Ok(()),
    }
}

/// Makes names durable that were made or removed.
pub(super) fn sync_dir(dir: &Path) -> Result<(), SpoolError> {
    // Not every system lets a directory be opened, and those that do not need no sync.
    match File::open(dir).and_then(|open| faults::sync_all(&open, dir)) {
        Err(error) if cfg!(unix) => Err(SpoolError::io("sync", dir)(error)),
        _ => Ok(()),
    }
}

/// Makes a directory, and its name durable.
pub(super) fn make_dir(dir: &Path) -> Result<(), SpoolError> {
    let is_missing = |dir: &&Path| !dir.as_os_str().is_empty() && !dir.exists();
    let missing: Vec<_> = dir.ancestors().take_while(is_missing).collect();
    let made = faults::before(Call::Create, dir).and_then(|()| fs::create_dir_all(dir));
    made.map_err(SpoolError::io("create", dir))?;
    for parent in missing.into_iter().filter_map(Path::parent) {
        let here = parent.as_os_str().is_empty();
        match sync_dir(if here { Path::new(".") } else { parent }) {
            // Who may make names in a directory need not be allowed to read it.
            Err(SpoolError::Io { error, .. }) if error.kind() == std::io::ErrorKind::PermissionDenied => {}
            synced => synced?,
        }
    }
    Ok(())
}

/// Writes a file so that after a crash either the old one is there or the new one.
pub(super) fn write_whole(dir: &Path, path: &Path, bytes: &[u8]) -> Result<(), SpoolError> {
    let next = path.with_extension("tmp");
    let written = Target::create(&next).and_then(|mut file| {
        file.write(0, bytes)?;
        file.sync()
    });
    let replaced = written.and_then(|()| {
        let renamed = faults::before(Call::Rename, path).and_then(|()| fs::rename(&next, path));
        renamed.map_err(SpoolError::io("replace", path))
    });
    if replaced.is_err() {
        // It may be what there was no room for. A later attempt writes over it.
        let _ = fs::remove_file(&next);
    }
    replaced?;
    sync_dir(dir)
}
