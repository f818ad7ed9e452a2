//! Steps: pieces of work that say what they do and how long it took, and are skipped when done.

pub(crate) mod binaries;
pub(crate) mod html;
pub(crate) mod kafka;
pub(crate) mod node;
pub(crate) mod npm_package;
pub(crate) mod order;
pub(crate) mod page;
pub(crate) mod rust;
pub(crate) mod system;
pub(crate) mod tools;
pub(crate) mod wasm;
pub(crate) mod wheels;

use std::io::Write;
use std::time::Instant;

use crate::failure::Result;

/// How a step ended well.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// Nothing had to be done; says where the thing is or what was found.
    UpToDate(String),
    /// Work was done; says what came out.
    Done(String),
}

/// Runs one step and prints its line.
pub(crate) fn step(name: &str, work: impl FnOnce() -> Result<Outcome>) -> Result<()> {
    print!("  {name:<38} ");
    // The name must be on the screen while the work goes on; a closed terminal is no reason to stop it.
    let _ = std::io::stdout().flush();
    let (line, result) = timed(work);
    println!("{line}");
    result
}

/// As [`step`], beside others: its line is printed whole, when it ends.
pub(crate) fn step_beside_others(name: &str, work: impl FnOnce() -> Result<Outcome>) -> Result<()> {
    let (line, result) = timed(work);
    println!("  {name:<38} {line}");
    result
}

fn timed(work: impl FnOnce() -> Result<Outcome>) -> (String, Result<()>) {
    let start = Instant::now();
    let outcome = work();
    let seconds = start.elapsed().as_secs_f64();
    match outcome {
        Ok(Outcome::UpToDate(what)) => (format!("ready: {what}"), Ok(())),
        Ok(Outcome::Done(what)) => (format!("{what} ({seconds:.1} s)"), Ok(())),
        Err(failure) => (format!("FAILED after {seconds:.1} s"), Err(failure)),
    }
}
