//! A recorded trace.

/// An opened trace, or none yet.
#[derive(Default)]
pub(crate) struct File {
    pub(crate) name: Option<String>,
}
