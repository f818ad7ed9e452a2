//! `ottla trace check`: whether a trace file is whole, and what is in it.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::PathBuf;

use clap::{Args, Subcommand};
use ottla_trace::{Envelope, Event, Source, jsonl};

use crate::exit::{Failure, Outcome};

/// Work with trace files (written by `console-producer --trace`).
#[derive(Args, Debug)]
pub(crate) struct TraceArgs {
    #[command(subcommand)]
    command: TraceCommand,
}

#[derive(Subcommand, Debug)]
enum TraceCommand {
    /// Read a trace to its end and count what is in it; fails on the first bad line.
    #[command(after_help = "Example:\n  ottla trace check run.jsonl")]
    Check {
        /// The file.
        file: PathBuf,
    },
}

/// Runs the command.
pub(crate) fn run(args: &TraceArgs, out: &mut impl Write) -> Outcome {
    let TraceCommand::Check { file } = &args.command;
    let text = fs::read_to_string(file)
        .map_err(|e| Failure::Usage(format!("{}: cannot be read: {e}", file.display())))?;
    let (header, envelopes) =
        jsonl::read(&text).map_err(|e| Failure::Usage(format!("{}: {e}", file.display())))?;
    check_sequence(&envelopes).map_err(|e| Failure::Usage(format!("{}: {e}", file.display())))?;
    let mut kinds: BTreeMap<&str, u64> = BTreeMap::new();
    for envelope in &envelopes {
        *kinds.entry(envelope.event.name()).or_default() += 1;
    }
    let span = envelopes.last().map_or(0, |e| e.t) as f64 / 1e6;
    let report = |out: &mut dyn Write| -> std::io::Result<()> {
        writeln!(out, "{}: good", file.display())?;
        writeln!(out, "written by {}, level {:?}", header.writer, header.level)?;
        writeln!(out, "{} events in {span:.3} s", envelopes.len())?;
        for (kind, count) in &kinds {
            writeln!(out, "{count:>10}  {kind}")?;
        }
        Ok(())
    };
    report(out).map_err(Failure::usage)
}

/// Every source counts its own events without a gap, except where `lost` says so.
fn check_sequence(envelopes: &[Envelope]) -> Result<(), String> {
    let mut next: BTreeMap<Source, u64> = BTreeMap::new();
    for (index, envelope) in envelopes.iter().enumerate() {
        let expected = next.get(&envelope.source).copied();
        let lost = matches!(envelope.event, Event::Lost { .. } | Event::Snapshot(_));
        if let Some(expected) = expected
            && envelope.seq != expected
            && !lost
        {
            return Err(format!(
                "line {} has seq {} where {expected} was expected: lines are missing",
                index + 2,
                envelope.seq
            ));
        }
        next.insert(envelope.source, envelope.seq + 1);
    }
    Ok(())
}
