//! `ottla spool`: what waits in the directory of `console-producer --spool`.

use std::io::{self, Write};
use std::path::PathBuf;

use clap::{Args, Subcommand};
use ottla::spool::{SpoolContents, SpooledTopic};

use crate::exit::{Failure, Outcome, written};

/// Look into a directory of `console-producer --spool`.
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  ottla spool show /var/spool/ottla")]
pub(crate) struct SpoolCommandArgs {
    #[command(subcommand)]
    command: SpoolCommand,
}

#[derive(Subcommand, Debug)]
enum SpoolCommand {
    /// Show what waits there, by topic, what was set aside, and what is damaged. Changes nothing; a producer may be using
    /// it.
    #[command(after_help = "Examples:
  ottla spool show /var/spool/ottla

Exit codes: 0 shown, whatever is there, 2 the directory cannot be read.")]
    Show {
        /// The directory.
        dir: PathBuf,
    },
}

/// Runs the command.
pub(crate) fn run(args: &SpoolCommandArgs, out: &mut impl Write) -> Outcome {
    let SpoolCommand::Show { dir } = &args.command;
    let contents = SpoolContents::of(dir).map_err(Failure::usage)?;
    written(show(&contents, out))
}

fn show(contents: &SpoolContents, out: &mut impl Write) -> io::Result<()> {
    let SpoolContents {
        files,
        bytes,
        entries,
        in_batches,
        doubtful,
        ..
    } = contents;
    writeln!(out, "Files: {files}\tBytes: {bytes}\tEntries: {entries}")?;
    writeln!(
        out,
        "Waiting: {}\tInBatches: {in_batches}\tDoubtful: {doubtful}",
        contents.pending()
    )?;
    for topic in &contents.topics {
        let SpooledTopic {
            name,
            records,
            bytes,
            oldest,
            ..
        } = topic;
        let oldest = oldest.map_or_else(|| "-".to_owned(), |millis| format!("CreateTime:{millis}"));
        writeln!(
            out,
            "\tTopic: {name}\tRecords: {records}\tBytes: {bytes}\tOldest: {oldest}"
        )?;
    }
    writeln!(
        out,
        "SetAside: {}\tRefused: {}\tUnknown: {}",
        contents.refused + contents.unknown,
        contents.refused,
        contents.unknown
    )?;
    writeln!(
        out,
        "Damaged: {}\tDamagedFiles: {}\tTornBytes: {}",
        contents.damaged, contents.damaged_files, contents.torn_bytes
    )
}
