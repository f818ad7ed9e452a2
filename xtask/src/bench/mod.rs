//! `cargo xtask bench`: every timed figure. One file per target.

mod encode;
mod report;

use crate::args::Args;
use crate::bench::report::Report;
use crate::failure::{Failure, Result};

/// One bench.
pub(crate) struct Target {
    pub(crate) name: &'static str,
    /// What it measures, and against whom.
    pub(crate) measures: &'static str,
    pub(crate) run: fn(&mut Report) -> Result<()>,
}

/// In the order in which they run.
const TARGETS: [Target; 1] = [encode::TARGET];

pub(crate) fn main(mut args: Args) -> Result<()> {
    let named = args.targets();
    args.finish()?;
    if named.iter().any(|name| name == "list") {
        for target in &TARGETS {
            println!("  {:<12} {}", target.name, target.measures);
        }
        return Ok(());
    }
    if let Some(name) = named
        .iter()
        .find(|name| TARGETS.iter().all(|target| target.name != **name))
    {
        return Err(Failure::usage(format!(
            "there is no bench `{name}`; `cargo xtask bench list` names them"
        )));
    }
    let mut report = Report::default();
    for target in TARGETS
        .iter()
        .filter(|target| named.is_empty() || named.iter().any(|name| name == target.name))
    {
        println!("\n{}: {}", target.name, target.measures);
        (target.run)(&mut report)?;
    }
    report.finish()
}
