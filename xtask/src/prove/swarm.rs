//! The simulation's random worlds, seed after seed.

use std::thread;
use std::time::Instant;

use crate::failure::{Failure, Result};
use crate::prove::Work;
use crate::prove::figures::Figures;
use crate::run::{Cmd, log_path};
use crate::test::artifacts::{self, Artifact};

/// Seeds of one process: the test looks at its share of worlds in which something goes wrong, so not too few, and as
/// many as an interrupted run does again.
const PIECE: u64 = 2_000;

pub(crate) fn prepare() -> Result<Work> {
    let program = optimised()?;
    Ok(Box::new(move |next, end| {
        let mut figures = Figures::kept("swarm", next);
        let pieces = side_by_side(next, end);
        let begun = Instant::now();
        // One process runs on one core.
        let results: Vec<Result<String>> = thread::scope(|scope| {
            let running: Vec<_> = pieces
                .iter()
                .map(|piece| scope.spawn(|| one(&program, *piece)))
                .collect();
            running
                .into_iter()
                .map(|piece| {
                    piece
                        .join()
                        .unwrap_or_else(|_| Err(Failure::step("a thread panicked")))
                })
                .collect()
        });
        for output in results {
            figures.read("swarm", &output?)?;
        }
        let reached = pieces.last().map_or(end, |(_, to)| *to);
        figures.add("real microseconds", begun.elapsed().as_micros() as u64);
        figures.reach(reached);
        figures.store("swarm")?;
        println!("{}", shown(&figures));
        Ok(reached)
    }))
}

/// The worlds of one crate need no other; they are many, and its assertions stay.
fn optimised() -> Result<Artifact> {
    let arguments = ["--package", "ottla-sim", "--test", "swarm", "--profile", "swarm"];
    let output = Cmd::cargo()
        .args(["test", "--no-run", "--message-format=json-render-diagnostics"])
        .args(arguments)
        .logged("prove-build-swarm")?;
    let mut programs = artifacts::executables(&output).into_iter();
    programs
        .find(|program| program.is_test && program.name == "swarm")
        .ok_or_else(|| Failure::step("cargo built no test program `swarm` of ottla-sim"))
}

/// What all pieces together covered.
fn shown(figures: &Figures) -> String {
    let (from, to) = figures.range();
    let simulated = figures.get("simulated microseconds") as f64 / 1e6;
    let real = figures.get("real microseconds").max(1) as f64 / 1e6;
    let list = |prefix| {
        let group = figures.group(prefix).into_iter();
        group
            .map(|(name, count)| format!("{name} {count}"))
            .collect::<Vec<_>>()
            .join(", ")
    };
    format!(
        "  seeds {from}..{to}: {} records, {simulated:.0} simulated seconds in {real:.0} ({:.0} per second), 0 violations\n  \
         worlds: {}\n  faults: {}\n  in force: {}",
        figures.get("records"),
        simulated / real,
        list("worlds "),
        list("fault, "),
        list("in force, "),
    )
}

/// A piece for each core.
fn side_by_side(next: u64, end: u64) -> Vec<(u64, u64)> {
    let cores = thread::available_parallelism().map_or(1, |cores| cores.get() as u64);
    (0..cores)
        .map(|core| (next + core * PIECE, (next + (core + 1) * PIECE).min(end)))
        .filter(|(from, to)| from < to)
        .collect()
}

fn one(program: &Artifact, (from, to): (u64, u64)) -> Result<String> {
    let name = format!("prove-swarm-{from}");
    let outcome = Cmd::new(&program.executable)
        .dir(&program.package)
        .args(["--exact", "as_many_as_asked_for", "--nocapture"])
        .env("OTTLA_SEEDS", format!("{from}..{to}"))
        .logged(&name);
    let log = log_path(&name)?;
    let output = match outcome {
        Ok(output) => output,
        Err(failure) => {
            let text = std::fs::read_to_string(&log).unwrap_or_default();
            return Err(Failure::step(format!("{}{}", failure.message(), replay(&text))));
        }
    };
    // A good log says nothing that the next one does not say, and long runs have many.
    let _ = std::fs::remove_file(log);
    Ok(output)
}

/// How the failing world is run again and looked at, from what the test said.
fn replay(log: &str) -> String {
    let line = |start: &str| log.lines().find_map(|line| line.trim().strip_prefix(start));
    let again = line("again: ").map(|command| format!("\n\nthe failing seed again: {command}"));
    let page = line("in the page, ").map(|link| format!("\nin the page, {link}"));
    [again, page].into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_follow_each_other_and_stop_at_the_end() {
        let pieces = side_by_side(1_000, 1_200);
        assert_eq!(pieces, [(1_000, 1_200)]);
        let pieces = side_by_side(0, 1_000_000);
        assert!(pieces.windows(2).all(|pair| pair[0].1 == pair[1].0), "{pieces:?}");
    }

    #[test]
    fn a_failing_seed_is_shown_with_its_command() {
        let log = "thread 'x' panicked:\nlost\nagain: OTTLA_SEED=17 cargo test one\n\
                   in the page, while it runs: http://x/?trace=/seeds/17.jsonl\nnote: backtrace\n";
        let shown = "\n\nthe failing seed again: OTTLA_SEED=17 cargo test one\n\
                     in the page, while it runs: http://x/?trace=/seeds/17.jsonl";
        assert_eq!(replay(log), shown);
        assert_eq!(replay("hung"), "");
    }
}
