//! `ottla sim`: the producer in simulated worlds, from the shell.

mod report;
mod seeds;

use std::io::{self, BufWriter, Write};
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand};
use ottla_sim::{Command, Scenario, World};
use ottla_trace::{Level, jsonl};

use crate::exit::{Failure, Outcome, written};
use crate::progress::ProgressArgs;
use crate::properties;

/// Run the producer in a simulated cluster: scenarios, random worlds, and a failing one again.
///
/// No socket and no clock is used: the same seed makes the same run, byte by byte, on every machine. An oracle beside
/// the producer counts what really became of each record.
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  ottla sim list
  ottla sim run broker-dies
  ottla sim run broker-dies --set acks=1 --set enable.idempotence=false --trace lost.jsonl
  ottla sim run --seed 17 --trace seed-17.jsonl && ottla trace view seed-17.jsonl
  ottla sim seeds 0..2000

Exit codes: 0 every guarantee that was in force was kept, 1 one was broken, 2 wrong usage.")]
pub(crate) struct SimArgs {
    #[command(subcommand)]
    command: SimCommand,
}

#[derive(Subcommand, Debug)]
enum SimCommand {
    /// Print the scenarios.
    #[command(after_help = "Example:
  ottla sim list")]
    List,
    /// Run a scenario, or the random world of a seed, and print what became of its records.
    #[command(after_help = "Examples:
  ottla sim run lost-answer
  ottla sim run lost-answer --set enable.idempotence=true
  ottla sim run --seed 17 --trace seed-17.jsonl")]
    Run(RunArgs),
    /// Run the random worlds of many seeds, and stop at the first that breaks a guarantee.
    #[command(after_help = "Examples:
  ottla sim seeds 0..2000
  ottla sim seeds 5000..200000 --jobs 8")]
    Seeds(SeedsArgs),
}

/// Which world is run.
#[derive(Args, Debug)]
#[command(group = clap::ArgGroup::new("world").required(true).args(["scenario", "seed"]))]
struct RunArgs {
    /// A scenario's name.
    scenario: Option<String>,
    /// The random world of this seed.
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Another option of the producer, such as acks=1. May be repeated.
    #[arg(long = "set", value_name = "NAME=VALUE")]
    options: Vec<String>,
    /// Write a trace, to be opened in the page or by `ottla trace view`.
    #[arg(long, value_name = "FILE")]
    trace: Option<PathBuf>,
}

#[derive(Args, Debug)]
struct SeedsArgs {
    /// The first seed and the one after the last, FROM..TO.
    #[arg(value_name = "FROM..TO", value_parser = seeds::range)]
    range: std::ops::Range<u64>,
    /// Worlds that run side by side; as many as there are cores when absent.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    jobs: Option<u16>,
    #[command(flatten)]
    progress: ProgressArgs,
}

/// How long a world may take, after its script, to resolve what is under way (in its own time); the swarm's tests and
/// the page take as long.
const PATIENCE: Duration = Duration::from_secs(120);

/// Runs the command.
pub(crate) fn run(args: SimArgs, out: &mut impl Write) -> Outcome {
    match args.command {
        SimCommand::List => written(list(out)),
        SimCommand::Run(args) => run_one(&args, out),
        SimCommand::Seeds(args) => seeds::run(args.range, args.jobs, args.progress, out),
    }
}

fn list(out: &mut impl Write) -> io::Result<()> {
    for scenario in Scenario::all() {
        let world = report::summary(&scenario);
        writeln!(out, "{:<16}{world}", scenario.name)?;
    }
    Ok(())
}

impl RunArgs {
    fn scenario(&self) -> Result<Scenario, Failure> {
        let mut scenario = match (self.seed, self.scenario.as_deref()) {
            (Some(seed), _) => Scenario::random(seed),
            (None, name) => named(name.unwrap_or_default())?,
        };
        for option in &self.options {
            let (name, value) = properties::pair("--set", option).map_err(Failure::usage)?;
            if ["key.serializer", "value.serializer"].contains(&name.as_str()) {
                return Err(Failure::Usage(format!(
                    "--set {name}: the records of simulated worlds are bytes already; leave it out"
                )));
            }
            scenario = scenario.with(&name, value);
        }
        scenario.setup.trace = match self.trace {
            Some(_) => Level::Record,
            None => Level::Off,
        };
        Ok(scenario)
    }
}

fn named(name: &str) -> Result<Scenario, Failure> {
    Scenario::named(name).ok_or_else(|| {
        let names: Vec<_> = Scenario::all().iter().map(|it| it.name).collect();
        Failure::Usage(format!("{name} is no scenario; there are: {}", names.join(", ")))
    })
}

/// The world at its end.
fn ended(scenario: &Scenario) -> Result<World, Failure> {
    let mut world = scenario.run().map_err(|errors| {
        let lines: Vec<_> = errors.iter().map(ToString::to_string).collect();
        Failure::Usage(lines.join("\n"))
    })?;
    world.finish(PATIENCE);
    Ok(world)
}

/// Closes the producer, because only the trace of one that closed is a whole one.
pub(crate) fn close(world: &mut World) {
    world.command(Command::Close(None));
    let until = world.now() + PATIENCE;
    world.run_while(until, |world| !world.is_closed());
}

fn run_one(args: &RunArgs, out: &mut impl Write) -> Outcome {
    let scenario = args.scenario()?;
    let mut world = ended(&scenario)?;
    close(&mut world);
    if let Some(path) = &args.trace {
        let fault =
            |e: io::Error| Failure::Usage(format!("--trace {}: cannot be written: {e}", path.display()));
        let file = std::fs::File::create(path).map_err(fault)?;
        let mut file = BufWriter::new(file);
        let writer = concat!("ottla ", env!("CARGO_PKG_VERSION"), " sim");
        let header = jsonl::Header::new(writer, Level::Record);
        file.write_all(header.line().as_bytes()).map_err(fault)?;
        for envelope in world.drain_trace() {
            file.write_all(jsonl::envelope_line(&envelope).as_bytes())
                .map_err(fault)?;
        }
        file.flush().map_err(fault)?;
    }
    written(report::print(&scenario, &world, out))?;
    match world.violations() {
        [] => Ok(()),
        [first, ..] => Err(Failure::Delivery(format!(
            "{} guarantee(s) broken; the first {first}",
            world.violations().len()
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ran(name: &str, options: &[&str]) -> Result<String, Failure> {
        let args = RunArgs {
            scenario: Some(name.to_owned()),
            seed: None,
            options: options.iter().map(|it| (*it).to_owned()).collect(),
            trace: None,
        };
        let mut out = Vec::new();
        run_one(&args, &mut out)?;
        Ok(String::from_utf8(out).expect("text"))
    }

    #[test]
    fn a_scenario_tells_what_became_of_its_records() {
        let all = ran("broker-dies", &[]).expect("nothing is broken");
        assert!(all.contains("24 sent, 24 told ok, 0 told failed"), "{all}");
        assert!(all.contains("0 lost, 0 twice"), "{all}");
        assert!(all.contains("84.500 ms  kill broker 3"), "{all}");
        let one =
            ran("broker-dies", &["acks=1", "enable.idempotence=false"]).expect("no guarantee is in force");
        assert!(one.contains("2 lost, 0 twice"), "{one}");
    }

    #[test]
    fn what_cannot_be_run_says_what_can() {
        let unknown = ran("broker-dances", &[]).expect_err("none").message().to_owned();
        assert!(unknown.contains("there are: sandbox, broker-dies"), "{unknown}");
        let wrong = ran("sandbox", &["acks=2"])
            .expect_err("acks")
            .message()
            .to_owned();
        assert!(wrong.contains("acks=2"), "{wrong}");
        let bytes = ran("sandbox", &["value.serializer=long"])
            .expect_err("it would do nothing")
            .message()
            .to_owned();
        assert!(
            bytes.contains("--set value.serializer") && bytes.contains("leave it out"),
            "{bytes}"
        );
        let no_pair = ran("sandbox", &["acks"])
            .expect_err("no value")
            .message()
            .to_owned();
        assert!(no_pair.contains("--set acks: must be NAME=VALUE"), "{no_pair}");
    }

    #[test]
    fn every_scenario_is_listed() {
        let mut out = Vec::new();
        list(&mut out).expect("to memory");
        let text = String::from_utf8(out).expect("text");
        assert_eq!(text.lines().count(), Scenario::all().len());
        assert!(text.contains("3 brokers"), "{text}");
    }
}
