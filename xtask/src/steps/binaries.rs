//! The program `ottla` itself.

use std::path::PathBuf;

use crate::failure::Result;
use crate::run::Cmd;
use crate::steps::{Outcome, step};
use crate::tree;

/// Builds `ottla` with a profile and returns where it is.
pub(crate) fn ottla(profile: &'static str) -> Result<PathBuf> {
    let path = tree::target()
        .join(profile)
        .join(format!("ottla{}", std::env::consts::EXE_SUFFIX));
    step(&format!("ottla, {profile}"), || {
        let modified = || std::fs::metadata(&path).and_then(|meta| meta.modified()).ok();
        let before = modified();
        let args = [
            "build",
            "--package",
            "ottla-cli",
            "--bin",
            "ottla",
            "--profile",
            profile,
        ];
        Cmd::cargo().args(args).logged(&format!("ottla-{profile}"))?;
        let shown = tree::shown(&path);
        Ok(if before == modified() {
            Outcome::UpToDate(shown)
        } else {
            Outcome::Done(format!("built {shown}"))
        })
    })?;
    Ok(path)
}
