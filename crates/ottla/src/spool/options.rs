//! What can be chosen about a spool.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// When records count as kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fsync {
    /// When they are on the disk (`fdatasync`, one for all that wait). They survive the loss of power.
    Always,
    /// When the system has them, which survives the death of the process; they are on the disk after at most this time.
    Every(Duration),
    /// When the system has them. It writes them to the disk when it likes.
    Never,
}

/// What becomes of records of which nobody can tell any more whether the broker has them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unknown {
    /// They are set aside in the directory, and told.
    Hold,
    /// They are sent again under a new identity, and told: the topic may then have them twice. So are those that were set
    /// aside before.
    Resend,
    /// They are dropped, and told: the topic may then lack them.
    Drop,
}

type Notice = Arc<dyn Fn(&str) + Send + Sync>;

/// How a spool behaves.
#[derive(Clone)]
pub struct SpoolOptions {
    pub(super) fsync: Fsync,
    pub(super) max_bytes: u64,
    pub(super) segment_bytes: u64,
    pub(super) unknown: Unknown,
    notice: Option<Notice>,
}

impl Default for SpoolOptions {
    fn default() -> Self {
        Self {
            fsync: Fsync::Always,
            max_bytes: 1 << 30,
            segment_bytes: 16 << 20,
            unknown: Unknown::Hold,
            notice: None,
        }
    }
}

impl fmt::Debug for SpoolOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SpoolOptions")
            .field("fsync", &self.fsync)
            .field("max_bytes", &self.max_bytes)
            .field("segment_bytes", &self.segment_bytes)
            .field("unknown", &self.unknown)
            .finish_non_exhaustive()
    }
}

impl SpoolOptions {
    /// When records count as kept; [`Fsync::Always`] by default.
    #[must_use]
    pub fn fsync(mut self, fsync: Fsync) -> Self {
        self.fsync = fsync;
        self
    }

    /// Bytes that the directory may take before records are refused; 1 GiB by default. Files that are only kept because they
    /// are damaged count, as they were at the start. What delivering takes is always allowed: about as much again as is on
    /// its way.
    #[must_use]
    pub fn max_bytes(mut self, bytes: u64) -> Self {
        self.max_bytes = bytes;
        self
    }

    /// Bytes after which a new file is begun; 16 MiB by default. A file goes when everything up to it is delivered.
    #[must_use]
    pub fn segment_bytes(mut self, bytes: u64) -> Self {
        self.segment_bytes = bytes.max(4096);
        self
    }

    /// What becomes of records whose outcome is unknown; [`Unknown::Hold`] by default.
    #[must_use]
    pub fn unknown(mut self, policy: Unknown) -> Self {
        self.unknown = policy;
        self
    }

    /// Is told, in one line each, what happened to records other than being delivered, and what was found in the
    /// directory. Runs on the spool's own threads and should be quick.
    #[must_use]
    pub fn on_notice(mut self, tell: impl Fn(&str) + Send + Sync + 'static) -> Self {
        self.notice = Some(Arc::new(tell));
        self
    }

    pub(super) fn tell(&self, line: &str) {
        if let Some(notice) = &self.notice {
            notice(line);
        }
    }
}
