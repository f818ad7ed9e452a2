//! What can go wrong with a spool.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::log::DAMAGED;
use crate::error::{KafkaError, StartError};

/// Why a spool cannot be opened, or does not take records. None was taken then.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum SpoolError {
    /// The system refuses something.
    Io {
        /// What was tried.
        doing: &'static str,
        /// With which file or directory.
        path: PathBuf,
        /// Its error.
        error: Arc<io::Error>,
    },
    /// A file that is written to is not where it was. What was written to it before may be lost with it.
    Gone {
        /// Where it was.
        path: PathBuf,
    },
    /// Another process has the directory open.
    Locked {
        /// The directory.
        dir: PathBuf,
        /// What the other process wrote about itself.
        owner: String,
    },
    /// A newer version wrote the file.
    Newer {
        /// The file.
        path: PathBuf,
        /// The version of its format.
        version: u32,
    },
    /// The directory has reached its size limit.
    Full {
        /// The directory.
        dir: PathBuf,
        /// Bytes in it.
        used: u64,
        /// How many of them are in files that are only kept because they are damaged.
        damaged: u64,
        /// Bytes that it may have.
        limit: u64,
    },
    /// The producer cannot be started.
    Start(StartError),
    /// The configuration contradicts a spool.
    Config(&'static str),
    /// A record can never be sent.
    Record(Box<KafkaError>),
    /// The spool is closed.
    Closed,
}

impl SpoolError {
    pub(super) fn io(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |error| Self::Io {
            doing,
            path,
            error: Arc::new(error),
        }
    }

    /// What kind of error the system has.
    pub(super) fn kind(&self) -> Option<io::ErrorKind> {
        match self {
            Self::Io { error, .. } => Some(error.kind()),
            _ => None,
        }
    }
}

/// What helps against an error of the system.
fn remedy(kind: io::ErrorKind) -> &'static str {
    match kind {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            "make room there; what was kept so far stays kept"
        }
        io::ErrorKind::FileTooLarge => "raise the limit of file sizes of this process (ulimit -f)",
        io::ErrorKind::PermissionDenied => {
            "let this user read, write, make and remove files there, or take another directory"
        }
        io::ErrorKind::ReadOnlyFilesystem => "make that disk writable, or take another directory",
        io::ErrorKind::AlreadyExists | io::ErrorKind::NotADirectory | io::ErrorKind::IsADirectory => {
            "something else is in the way; move it, or take another directory"
        }
        io::ErrorKind::NotFound => "was it removed or moved? put it back, or take another directory",
        _ => "look after that disk, or take another directory",
    }
}

impl fmt::Display for SpoolError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io { doing, path, error } => {
                let remedy = remedy(error.kind());
                write!(f, "cannot {doing} {}: {error}; {remedy}", path.display())
            }
            Self::Gone { path } => write!(
                f,
                "{} was removed or moved while it was in use; put it back, or start again with another directory",
                path.display()
            ),
            Self::Locked { dir, owner } => write!(
                f,
                "another process{owner} uses the spool {}; wait for its end, or take another directory",
                dir.display()
            ),
            Self::Newer { path, version } => write!(
                f,
                "{} has format {version}, which a newer version of this program wrote; use that one",
                path.display()
            ),
            Self::Full {
                dir,
                used,
                damaged,
                limit,
            } => {
                let dir = dir.display();
                write!(f, "the spool {dir} is full: {used} of {limit} bytes are taken")?;
                if *damaged > 0 {
                    write!(
                        f,
                        ", {damaged} of them by files that are damaged; move {dir}/*.{DAMAGED}* away"
                    )?;
                }
                f.write_str("; let it be delivered, or raise its limit")
            }
            Self::Start(error) => error.fmt(f),
            Self::Config(why) => f.write_str(why),
            Self::Record(error) => error.fmt(f),
            Self::Closed => f.write_str("the spool is closed"),
        }
    }
}

impl std::error::Error for SpoolError {}
