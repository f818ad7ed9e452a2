//! How a command ends: its exit code and the one or two lines that say why.

use std::fmt::Display;
use std::io;
use std::process::ExitCode;

/// Why a command failed. The code is part of the interface: scripts act on it.
#[derive(Debug)]
pub(crate) enum Failure {
    /// A record was not delivered: exit code 1.
    Delivery(String),
    /// The command line, a configuration or the input is wrong: exit code 2.
    Usage(String),
    /// No cluster answers: exit code 3.
    NoCluster(String),
}

impl Failure {
    /// A usage failure from any error.
    pub(crate) fn usage(error: impl Display) -> Self {
        Self::Usage(error.to_string())
    }

    /// The text for people.
    pub(crate) fn message(&self) -> &str {
        match self {
            Self::Delivery(text) | Self::Usage(text) | Self::NoCluster(text) => text,
        }
    }

    /// The exit code.
    pub(crate) fn code(&self) -> ExitCode {
        ExitCode::from(match self {
            Self::Delivery(_) => 1,
            Self::Usage(_) => 2,
            Self::NoCluster(_) => 3,
        })
    }
}

/// What a command returns.
pub(crate) type Outcome = Result<(), Failure>;

/// What became of writing to standard output. `| head` closes the pipe when it has enough: that is no failure.
pub(crate) fn written(result: io::Result<()>) -> Outcome {
    match result {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(unwritable(error)),
        _ => Ok(()),
    }
}

/// Standard output that takes no more, for commands that have no use without a reader.
#[allow(clippy::needless_pass_by_value, reason = "it is made for map_err")]
pub(crate) fn unwritable(error: io::Error) -> Failure {
    Failure::Usage(format!("standard output cannot be written: {error}"))
}
