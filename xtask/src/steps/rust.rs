//! Rust targets and components: rustup does not always add what `rust-toolchain.toml` lists.

use crate::failure::{Failure, Result};
use crate::run::Cmd;
use crate::steps::{Outcome, step};

/// The browser's and the edge's target.
pub(crate) const WASM: &str = "wasm32-unknown-unknown";
/// A target without std, which proves that the core needs none.
pub(crate) const EMBEDDED: &str = "thumbv7em-none-eabi";

/// Whether the pinned toolchain has `target`.
pub(crate) fn has_target(target: &str) -> bool {
    let sysroot = Cmd::new("rustc").args(["--print", "sysroot"]).answer();
    sysroot.is_some_and(|dir| {
        std::path::Path::new(&dir)
            .join("lib/rustlib")
            .join(target)
            .join("lib")
            .is_dir()
    })
}

/// Adds the targets that are missing.
pub(crate) fn targets(targets: &[&str]) -> Result<()> {
    step("Rust targets", || {
        let missing: Vec<&str> = targets
            .iter()
            .copied()
            .filter(|target| !has_target(target))
            .collect();
        if missing.is_empty() {
            return Ok(Outcome::UpToDate(targets.join(", ")));
        }
        rustup(&["target", "add"], &missing)?;
        Ok(Outcome::Done(format!("added {}", missing.join(", "))))
    })
}

/// Adds rustfmt and clippy where they are missing.
pub(crate) fn components() -> Result<()> {
    step("Rust components", || {
        let missing: Vec<&str> = [("rustfmt", "fmt"), ("clippy", "clippy")]
            .into_iter()
            .filter(|(_, command)| Cmd::cargo().args([command, "--version"]).answer().is_none())
            .map(|(component, _)| component)
            .collect();
        if missing.is_empty() {
            return Ok(Outcome::UpToDate("rustfmt, clippy".to_owned()));
        }
        rustup(&["component", "add"], &missing)?;
        Ok(Outcome::Done(format!("added {}", missing.join(", "))))
    })
}

fn rustup(verb: &[&str], names: &[&str]) -> Result<()> {
    let run = Cmd::new("rustup").args(verb).args(names).logged("rustup");
    run.map(drop).map_err(|failure| {
        let command = [&["rustup"], verb, names].concat().join(" ");
        Failure::step(format!(
            "{}\nwithout rustup, bring the same by other means; with it: {command}",
            failure.message()
        ))
    })
}
