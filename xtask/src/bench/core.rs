//! Builds `tools/core-bench`, with tracing and with tracing compiled out.

use std::path::PathBuf;

use crate::bench::dir;
use crate::failure::{Result, at};
use crate::run::Cmd;
use crate::steps::{Outcome, step};
use crate::tree;

/// A build of the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Build {
    /// The feature `trace` of ottla-core is on.
    Traced,
    /// It is off, so that no instruction of it is left.
    Untraced,
}

impl Build {
    /// Builds it and returns where it is.
    pub(crate) fn program(self) -> Result<PathBuf> {
        let (name, features): (&str, &[&str]) = match self {
            Self::Traced => ("core-bench-traced", &["--features", "trace"]),
            Self::Untraced => ("core-bench-untraced", &[]),
        };
        // Cargo keeps one file for both; each gets a copy with a name of its own.
        let kept = dir()?.join(name);
        step(name, || {
            Cmd::cargo()
                .args(["build", "--release", "--package", "core-bench"])
                .args(features)
                .logged(name)?;
            at(
                &kept,
                std::fs::copy(tree::target().join("release/core-bench"), &kept),
            )?;
            Ok(Outcome::Done("built".to_owned()))
        })?;
        Ok(kept)
    }
}
