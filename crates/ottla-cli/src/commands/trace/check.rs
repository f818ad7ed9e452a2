//! `ottla trace check`: whether a trace file is whole, and what is in it.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;

use ottla_trace::jsonl;

use super::read;
use crate::exit::{Failure, Outcome, written};

/// Reads the trace to its end and says what is in it.
pub(super) fn run(file: &Path, partial: bool, out: &mut impl Write) -> Outcome {
    let (header, envelopes) = read(file)?;
    let whole = jsonl::is_whole(&envelopes);
    if !whole && !partial {
        return Err(Failure::Usage(format!(
            "{}: ends after line {} without the producer's `closed`: the writer was stopped, or the trace was saved \
             meanwhile; --partial checks what is there",
            file.display(),
            envelopes.len() + 1
        )));
    }
    let mut kinds: BTreeMap<&str, u64> = BTreeMap::new();
    for envelope in &envelopes {
        *kinds.entry(envelope.event.name()).or_default() += 1;
    }
    let span = envelopes.last().map_or(0, |e| e.t) as f64 / 1e6;
    let report = |out: &mut dyn Write| -> std::io::Result<()> {
        let end = if whole { "" } else { ", without its end" };
        writeln!(out, "{}: good{end}", file.display())?;
        writeln!(out, "written by {}, level {:?}", header.writer, header.level)?;
        writeln!(out, "{} events in {span:.3} s", envelopes.len())?;
        for (kind, count) in &kinds {
            writeln!(out, "{count:>10}  {kind}")?;
        }
        Ok(())
    };
    written(report(out))
}
