//! Why a command ended without success, in words for a person.

/// The result of everything that a command does.
pub(crate) type Result<T> = std::result::Result<T, Failure>;

/// What is wrong, where, and what to do about it.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The command line itself was wrong: exit code 2.
    Usage(String),
    /// A step failed or something is missing: exit code 1.
    Step(String),
}

impl Failure {
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::Usage(message.into())
    }

    pub(crate) fn step(message: impl Into<String>) -> Self {
        Self::Step(message.into())
    }

    pub(crate) fn message(&self) -> &str {
        match self {
            Self::Usage(message) | Self::Step(message) => message,
        }
    }

    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            Self::Usage(_) => 2,
            Self::Step(_) => 1,
        }
    }
}

/// Names the file in an I/O error, which alone says only "No such file or directory".
pub(crate) fn at<T>(path: &std::path::Path, result: std::io::Result<T>) -> Result<T> {
    result.map_err(|error| Failure::step(format!("{}: {error}", path.display())))
}
