//! `cargo xtask prove`: long searches, resumable.

mod figures;
mod fuzz;
mod kept;
mod kept_program;
mod kills;
mod pressure;
mod spool;
mod swarm;
mod times;

use std::time::{Duration, Instant};

use crate::args::Args;
use crate::failure::{Failure, Result};
use crate::prove::kept::Kept;
use crate::run::Cmd;
use crate::test::artifacts::{self, Artifact};
use crate::test::native;

/// A long check: pieces of work that are counted, so that an interrupted run goes on at the piece it was in.
struct Target {
    name: &'static str,
    proves: &'static str,
    /// What is counted.
    unit: &'static str,
    /// What `test` covers already.
    first: u64,
    /// Where a run without `--to` ends.
    end: u64,
    prepare: fn() -> Result<Work>,
}

/// Does the units from the first number on, none from the second on; returns up to where all is proved.
type Work = Box<dyn FnMut(u64, u64) -> Result<u64>>;

const TARGETS: [Target; 7] = [
    Target {
        name: "swarm",
        proves: "every guarantee that is in force holds in random simulated worlds (faults, kills, configurations)",
        unit: "seeds",
        first: 2_000,
        end: 200_000,
        prepare: swarm::prepare,
    },
    Target {
        name: "kills",
        proves: "500,000 acks=all records while Kafka's leaders are killed ten times, directly and through the bridge: none \
                 lost, none twice, in order",
        unit: "runs",
        first: 0,
        end: kills::RUNS,
        prepare: kills::prepare,
    },
    Target {
        name: "spool",
        proves: "console-producer --spool, killed at random points of an outage: no line that it reported is lost, none twice",
        unit: "kills",
        first: 0,
        end: spool::KILLS,
        prepare: spool::prepare,
    },
    Target {
        name: "quota",
        proves: "a quota of 100 KB/s: the rate is kept, nothing fails, nothing is sent again",
        unit: "KB",
        first: 0,
        end: pressure::QUOTA_KB,
        prepare: pressure::prepare_quota,
    },
    Target {
        name: "outage",
        proves: "a producer that goes on sending without a broker keeps its size",
        unit: "minutes",
        first: 0,
        end: pressure::OUTAGE_MINUTES,
        prepare: pressure::prepare_outage,
    },
    Target {
        name: "times",
        proves: "waits, retries and a full buffer: the times in the metrics are within 5 % of those of Kafka's own producer",
        unit: "runs",
        first: 0,
        end: times::RUNS,
        prepare: times::prepare,
    },
    Target {
        name: "fuzz",
        proves: "no bytes of others break a decoder, a login, the journal's reader or the core, or take more memory than they may",
        unit: "minutes",
        first: 0,
        end: fuzz::MINUTES,
        prepare: fuzz::prepare,
    },
];

pub(crate) fn main(mut args: Args) -> Result<()> {
    let hours = args.value("--hours")?;
    let hours = hours.map(|text| hours_of(&text).ok_or_else(|| args.refusal(&wrong("--hours", &text))));
    let deadline = hours.transpose()?.map(|limit| Instant::now() + limit);
    let to = args.value("--to")?;
    let to = to.map(|text| text.parse().map_err(|_| args.refusal(&wrong("--to", &text))));
    let to: Option<u64> = to.transpose()?;
    let minutes = args.value("--minutes")?;
    let minutes = minutes.map(|text| text.parse().map_err(|_| args.refusal(&wrong("--minutes", &text))));
    let minutes: Option<u64> = minutes.transpose()?;
    let again = args.flag("--again");
    let keep = args.flag("--keep");
    let named = args.targets();
    if (minutes.is_some() || keep) && named != ["fuzz"] {
        return Err(args.refusal("--minutes and --keep are for fuzz alone"));
    }
    let to = to.or(minutes.map(fuzz::minutes));
    if named.is_empty() && (deadline.is_some() || to.is_some() || again) {
        return Err(args.refusal("an option without a target"));
    }
    if named.len() > 1 && to.is_some() {
        return Err(args.refusal("--to is for one target: each counts something else"));
    }
    args.finish()?;
    if named.is_empty() {
        return list();
    }
    if keep {
        return fuzz::keep();
    }
    let targets: Vec<&Target> = named.iter().map(|name| find(name)).collect::<Result<_>>()?;
    for target in targets {
        let kept = Kept::of(target.name);
        if again {
            kept.store(target.first)?;
        }
        run(target, &kept, to.unwrap_or(target.end), deadline)?;
    }
    Ok(())
}

fn wrong(option: &str, text: &str) -> String {
    format!("{option} {text}: not a number above zero")
}

fn hours_of(text: &str) -> Option<Duration> {
    let hours: f64 = text.parse().ok().filter(|hours| *hours > 0.0)?;
    Duration::try_from_secs_f64(hours * 3600.0).ok()
}

fn find(name: &str) -> Result<&'static Target> {
    let found = TARGETS.iter().find(|target| target.name == name);
    found.ok_or_else(|| {
        Failure::usage(format!(
            "there is no target `{name}`; `cargo xtask prove` lists them"
        ))
    })
}

fn list() -> Result<()> {
    println!("cargo xtask prove TARGET... [--hours N] [--to N] [--again]\n");
    for target in &TARGETS {
        let next = Kept::of(target.name).next(target.first)?;
        println!("  {:<8} {}", target.name, target.proves);
        println!("           {}", how_far(target, next));
    }
    println!(
        "\n`cargo xtask mutants` is the third long check: deliberate faults in the core, each of which is caught."
    );
    Ok(())
}

fn how_far(target: &Target, next: u64) -> String {
    let (unit, first, end) = (target.unit, target.first, target.end);
    match next.saturating_sub(first) {
        0 => format!("not begun here; {unit} {first}..{end}"),
        done if next < end => format!("{done} {unit} proved here; goes on at {next} of {end}"),
        done => format!("{done} {unit} proved here, all of them; --to N goes on, --again begins again"),
    }
}

fn run(target: &Target, kept: &Kept, end: u64, deadline: Option<Instant>) -> Result<()> {
    println!("{}: {}", target.name, target.proves);
    let next = kept.next(target.first)?;
    if next >= end {
        println!(
            "  {} {next} is reached; --to N goes on, --again begins again",
            target.unit
        );
        return Ok(());
    }
    let mut work = (target.prepare)()?;
    println!(
        "  {} {next}..{end}, the next is kept in {}",
        target.unit,
        kept.shown()
    );
    go_on(target, kept, end, deadline, &mut work)
}

/// Goes on until the end or the deadline, keeping after each piece what comes next. The deadline is looked at between
/// pieces: a piece is never cut.
fn go_on(
    target: &Target,
    kept: &Kept,
    end: u64,
    deadline: Option<Instant>,
    work: &mut dyn FnMut(u64, u64) -> Result<u64>,
) -> Result<()> {
    let start = Instant::now();
    let from = kept.next(target.first)?;
    let mut next = from;
    while next < end {
        if deadline.is_some_and(|deadline| Instant::now() >= deadline) {
            println!(
                "  time is up at {} {next}; the same command goes on there",
                target.unit
            );
            return Ok(());
        }
        let reached = work(next, end)?;
        assert!(reached > next, "work on a piece proves at least one");
        next = reached;
        kept.store(next)?;
        let rate = (next - from) as f64 / start.elapsed().as_secs_f64().max(1e-3);
        println!(
            "  {next} of {end} {}, {}",
            target.unit,
            shown_rate(rate, target.unit)
        );
    }
    println!(
        "  {}: {} {} proved in this run, no failure",
        target.name,
        next - from,
        target.unit
    );
    Ok(())
}

/// Builds one program of tests, with the features that `test` gives it, and finds it.
fn built(package: &str, test: &str) -> Result<Artifact> {
    let output = Cmd::cargo()
        .args(["test", "--no-run", "--message-format=json-render-diagnostics"])
        .args(native::selection())
        .args(["--test", test])
        .logged(&format!("prove-build-{test}"))?;
    let mut programs = artifacts::executables(&output).into_iter();
    programs
        .find(|program| program.is_test && program.name == test)
        .ok_or_else(|| Failure::step(format!("cargo built no test program `{test}` of {package}")))
}

fn shown_rate(per_second: f64, unit: &str) -> String {
    if per_second >= 1.0 {
        format!("{per_second:.1} {unit}/s")
    } else {
        format!("{:.1} {unit}/min", per_second * 60.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COUNTING: Target = Target {
        name: "counting",
        proves: "that it counts",
        unit: "seeds",
        first: 10,
        end: 30,
        prepare: || Err(Failure::step("the test brings its own work")),
    };

    fn kept(name: &str) -> Kept {
        let dir = std::env::temp_dir().join(format!("ottla-prove-{}-{name}", std::process::id()));
        Kept::at(dir.join("counting.next"))
    }

    /// Pieces of four that fail when `bad` is among them, as a process that ends there would.
    fn pieces(kept: &Kept, bad: Option<u64>, seen: &mut Vec<u64>) -> Result<()> {
        go_on(&COUNTING, kept, COUNTING.end, None, &mut |next, end| {
            let to = (next + 4).min(end);
            if let Some(bad) = bad.filter(|bad| (next..to).contains(bad)) {
                return Err(Failure::step(format!("seed {bad}")));
            }
            seen.extend(next..to);
            Ok(to)
        })
    }

    #[test]
    fn an_interrupted_run_goes_on_with_the_piece_that_it_was_in() {
        let (kept, mut seen) = (kept("interrupted"), Vec::new());
        let failure = pieces(&kept, Some(19), &mut seen).unwrap_err();
        assert_eq!(failure.message(), "seed 19");
        assert_eq!(kept.next(COUNTING.first).unwrap(), 18);
        assert!(
            how_far(&COUNTING, 18).starts_with("8 seeds proved"),
            "{}",
            how_far(&COUNTING, 18)
        );
        pieces(&kept, None, &mut seen).unwrap();
        assert_eq!(
            seen,
            (10..30).collect::<Vec<_>>(),
            "no seed is left out or done twice"
        );
        pieces(&kept, Some(10), &mut seen).unwrap();
        assert_eq!(seen.len(), 20, "what is done is not begun again");
    }

    #[test]
    fn no_piece_is_begun_after_the_deadline() {
        let kept = kept("deadline");
        let outcome = go_on(&COUNTING, &kept, 30, Some(Instant::now()), &mut |_, _| {
            Err(Failure::step("begun"))
        });
        outcome.unwrap();
        assert_eq!(kept.next(10).unwrap(), 10);
    }

    #[test]
    fn a_damaged_file_is_named_and_not_taken_for_a_beginning() {
        let kept = kept("damaged");
        kept.store(12).unwrap();
        std::fs::write(kept.path(), "twelve").unwrap();
        assert!(kept.next(10).unwrap_err().message().contains("counting.next"));
    }

    #[test]
    fn hours_are_a_positive_number() {
        assert_eq!(hours_of("0.5"), Some(Duration::from_secs(1800)));
        for wrong in ["0", "-1", "NaN", "1e300", "two"] {
            assert_eq!(hours_of(wrong), None, "{wrong}");
        }
    }
}
