//! `cargo xtask bench`: every timed figure. One file per target.

mod bridge;
mod core;
mod demo;
mod encode;
mod estimate;
mod meter;
mod null_transport;
mod page;
pub(crate) mod peers;
mod produce;
mod report;
mod series;
pub(crate) mod server;
mod table;
mod trace;
mod turns;
mod values;

use std::path::PathBuf;
use std::time::Instant;

use crate::args::Args;
use crate::bench::estimate::{Takes, shown};
use crate::bench::report::Report;
use crate::failure::{Failure, Result, at};
use crate::tree;

/// Runs of each peer unless `--rounds` says otherwise.
const ROUNDS: usize = 3;

/// One bench.
pub(crate) struct Target {
    pub(crate) name: &'static str,
    /// What it measures, and against whom.
    pub(crate) measures: &'static str,
    pub(crate) takes: Takes,
    pub(crate) run: fn(&mut Report) -> Result<()>,
}

/// In the order in which they run.
const TARGETS: [Target; 8] = [
    encode::TARGET,
    null_transport::TARGET,
    trace::TARGET,
    bridge::TARGET,
    produce::TARGET,
    peers::TARGET,
    page::TARGET,
    demo::TARGET,
];

pub(crate) fn main(mut args: Args) -> Result<()> {
    let rounds = args.value("--rounds")?;
    let rounds = rounds.map(|text| match text.parse() {
        Ok(rounds @ 1..) => Ok(rounds),
        _ => Err(args.refusal(&format!("--rounds {text}: not a number from 1"))),
    });
    let rounds = rounds.transpose()?.unwrap_or(ROUNDS);
    let named = args.targets();
    args.finish()?;
    if named.iter().any(|name| name == "list") {
        list(rounds);
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
    let mut report = Report::new(rounds);
    let chosen: Vec<&Target> = TARGETS
        .iter()
        .filter(|target| named.is_empty() || named.iter().any(|name| name == target.name))
        .collect();
    println!(
        "about {} on two cores (--rounds {rounds}), and what has to be built before",
        shown(chosen.iter().map(|target| target.takes.seconds(rounds)).sum())
    );
    for (number, target) in chosen.iter().enumerate() {
        println!(
            "\n{} ({} of {}, about {}): {}",
            target.name,
            number + 1,
            chosen.len(),
            shown(target.takes.seconds(rounds)),
            target.measures
        );
        run(target, &mut report);
    }
    println!(
        "\nFigures are medians of {rounds} runs, in which all peers took turns; ~ marks those that differ by more \
         than a quarter, with their range. Ratios are taken run by run."
    );
    report.finish()
}

fn list(rounds: usize) {
    for target in &TARGETS {
        let takes = shown(target.takes.seconds(rounds));
        println!("  {:<15} {takes:>6}  {}", target.name, target.measures);
    }
    let all = TARGETS.iter().map(|target| target.takes.seconds(rounds)).sum();
    println!(
        "\nAll take about {} on two cores (--rounds {rounds}); times are estimates, without what has to be built before.",
        shown(all)
    );
}

/// A target that fails must not hide the figures of the others.
fn run(target: &Target, report: &mut Report) {
    let start = Instant::now();
    match (target.run)(report) {
        Ok(()) => println!("  {} took {:.0} s", target.name, start.elapsed().as_secs_f64()),
        Err(failure) => report.unmeasured(target.name, failure.message()),
    }
}

/// Where benches keep their programs and files.
fn dir() -> Result<PathBuf> {
    let dir = tree::target().join("bench");
    at(&dir, std::fs::create_dir_all(&dir))?;
    Ok(dir)
}
