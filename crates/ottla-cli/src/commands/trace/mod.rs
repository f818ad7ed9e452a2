//! `ottla trace`: trace files, checked and shown in a terminal.

mod check;
mod story;
mod tables;
mod timeline;
mod view;

use std::io::Write;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use ottla_trace::{Envelope, jsonl};

use crate::exit::{Failure, Outcome};

/// Work with trace files (written by `console-producer --trace` and `sim run --trace`).
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  ottla trace check run.jsonl
  ottla trace view run.jsonl
  ottla trace view run.jsonl --show records --partition orders-0")]
pub(crate) struct TraceArgs {
    #[command(subcommand)]
    command: TraceCommand,
}

#[derive(Subcommand, Debug)]
enum TraceCommand {
    /// Read a trace to its end and count what is in it; fails on the first bad line, and when the end is missing.
    #[command(after_help = "Examples:
  ottla trace check run.jsonl
  ottla trace check --partial run.jsonl

Exit codes: 0 good and whole, 2 not a trace, a bad line, or no end.")]
    Check {
        /// The file.
        file: PathBuf,
        /// A trace that ends before its producer closed is good: the page saves such traces, and a run that was killed
        /// leaves one.
        #[arg(long)]
        partial: bool,
    },
    /// Show what is in a trace: a summary with a time line, or records, batches, requests, or every event.
    View(view::ViewArgs),
}

/// Runs the command.
pub(crate) fn run(args: &TraceArgs, out: &mut impl Write) -> Outcome {
    match &args.command {
        TraceCommand::Check { file, partial } => check::run(file, *partial, out),
        TraceCommand::View(args) => view::run(args, out),
    }
}

fn read(file: &Path) -> Result<(jsonl::Header, Vec<Envelope>), Failure> {
    let text = std::fs::read_to_string(file)
        .map_err(|e| Failure::Usage(format!("{}: cannot be read: {e}", file.display())))?;
    jsonl::read(&text).map_err(|e| Failure::Usage(format!("{}: {e}", file.display())))
}
