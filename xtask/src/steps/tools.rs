//! The wasm tools of `tools/`, which cannot differ from the `wasm-bindgen` library: one lock file names both.

use std::path::Path;

use crate::failure::Result;
use crate::run::Cmd;
use crate::steps::{Outcome, step};
use crate::tree;

/// `bindgen-tool`: all that the page and the npm package need.
pub(crate) fn bindgen() -> Result<()> {
    build("bindgen-tool", "bindgen-tool")
}

/// `wasm-bindgen` and `wasm-bindgen-test-runner`, for the wasm tests.
pub(crate) fn wasm() -> Result<()> {
    build("wasm-tool", "wasm-bindgen-test-runner")
}

fn build(package: &str, program: &str) -> Result<()> {
    step(package, || {
        let program = tree::tool(program);
        let before = modified(&program);
        Cmd::cargo()
            .args(["build", "--package", package, "--profile", "tool"])
            .logged(package)?;
        let shown = tree::shown(&program);
        Ok(if before == modified(&program) {
            Outcome::UpToDate(shown)
        } else {
            Outcome::Done(format!("built {shown}"))
        })
    })
}

fn modified(path: &Path) -> Option<std::time::SystemTime> {
    std::fs::metadata(path).and_then(|meta| meta.modified()).ok()
}
