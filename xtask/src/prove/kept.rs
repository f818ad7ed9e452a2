//! How far a target is, in a file below `target/prove/`.

use std::path::{Path, PathBuf};

use crate::failure::{Failure, Result, at};
use crate::tree;

/// The file with the number of what comes next.
#[derive(Debug)]
pub(crate) struct Kept(PathBuf);

impl Kept {
    /// The file of the target `name`.
    pub(crate) fn of(name: &str) -> Self {
        Self::at(tree::target().join("prove").join(format!("{name}.next")))
    }

    pub(crate) fn at(path: PathBuf) -> Self {
        Self(path)
    }

    #[cfg(test)]
    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    pub(crate) fn shown(&self) -> String {
        tree::shown(&self.0)
    }

    /// What comes next; `first` when nothing is kept.
    pub(crate) fn next(&self, first: u64) -> Result<u64> {
        let text = match std::fs::read_to_string(&self.0) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(first),
            read => at(&self.0, read)?,
        };
        text.trim().parse().map_err(|_| {
            Failure::step(format!(
                "{}: not a number; delete the file to begin again",
                self.shown()
            ))
        })
    }

    /// Keeps what comes next. The file is replaced as a whole: a process that is killed meanwhile leaves the old one.
    pub(crate) fn store(&self, next: u64) -> Result<()> {
        let dir = self.0.parent().unwrap_or(Path::new("."));
        at(dir, std::fs::create_dir_all(dir))?;
        let new = self.0.with_extension("new");
        at(&new, std::fs::write(&new, format!("{next}\n")))?;
        at(&self.0, std::fs::rename(&new, &self.0))
    }
}
