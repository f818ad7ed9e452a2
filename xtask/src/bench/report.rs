//! The verdicts of a run: bars that are kept or missed, and what could not be measured.

use crate::bench::series::plain;
use crate::bench::table::Table;
use crate::failure::{Failure, Result};

/// Collects verdicts; figures are printed as they come.
#[derive(Debug)]
pub(crate) struct Report {
    rounds: usize,
    kept: usize,
    missed: Vec<String>,
    unmeasured: Vec<String>,
}

impl Report {
    pub(crate) fn new(rounds: usize) -> Self {
        Self {
            rounds,
            kept: 0,
            missed: Vec::new(),
            unmeasured: Vec::new(),
        }
    }

    /// How often everything runs; the runs of all peers take turns.
    pub(crate) fn rounds(&self) -> usize {
        self.rounds
    }

    pub(crate) fn table(&self, title: &str, table: &Table) {
        println!("\n  {title}\n\n{table}");
    }

    /// A line under a table: how its figures came about.
    pub(crate) fn note(&self, line: &str) {
        println!("  {line}");
    }

    /// Prints and keeps the verdict on one bar: `value` must be at most `limit`.
    pub(crate) fn at_most(&mut self, what: &str, value: f64, limit: f64, unit: &str) {
        self.judge(what, "at most", value <= limit, [value, limit], unit);
    }

    /// As [`Report::at_most`], the other way round.
    pub(crate) fn at_least(&mut self, what: &str, value: f64, limit: f64, unit: &str) {
        self.judge(what, "at least", value >= limit, [value, limit], unit);
    }

    fn judge(&mut self, what: &str, side: &str, kept: bool, [value, limit]: [f64; 2], unit: &str) {
        let space = if unit.is_empty() { "" } else { " " };
        let (value, limit) = (plain(value), plain(limit));
        self.verdict(
            kept,
            format!("{what}: {value}{space}{unit}, the bar is {side} {limit}{space}{unit}"),
        );
    }

    /// Prints and keeps a verdict that has its own words.
    pub(crate) fn verdict(&mut self, kept: bool, line: String) {
        println!("  bar {}: {line}", if kept { "kept" } else { "MISSED" });
        if kept {
            self.kept += 1;
        } else {
            self.missed.push(line);
        }
    }

    /// Something that was asked for and could not be measured; the run goes on and fails at its end.
    pub(crate) fn unmeasured(&mut self, what: &str, why: &str) {
        println!("  NOT MEASURED: {what}: {why}");
        self.unmeasured.push(format!("{what}: {why}"));
    }

    /// The verdict on all bars.
    pub(crate) fn finish(self) -> Result<()> {
        println!("\n{} bars kept, {} missed", self.kept, self.missed.len());
        let mut lines = Vec::new();
        lines.extend(self.missed.iter().map(|line| format!("missed: {line}")));
        lines.extend(self.unmeasured.iter().map(|line| format!("not measured: {line}")));
        if lines.is_empty() {
            return Ok(());
        }
        Err(Failure::step(lines.join("\n  ")))
    }
}

#[cfg(test)]
mod tests {
    use super::Report;

    #[test]
    fn a_missed_bar_fails_the_run_and_is_named() {
        let mut report = Report::new(1);
        report.at_most("native", 16.3, 20.0, "ns");
        report.at_most("wasm", 37.4, 20.0, "ns");
        report.at_least("bridge", 0.5, 0.6, "");
        let failure = report.finish().unwrap_err();
        let message = failure.message();
        assert!(
            message.contains("wasm: 37.4 ns, the bar is at most 20.0 ns"),
            "{message}"
        );
        assert!(
            message.contains("bridge: 0.500, the bar is at least 0.600"),
            "{message}"
        );
        assert!(!message.contains("native"));
    }

    #[test]
    fn what_was_not_measured_is_no_success() {
        let mut report = Report::new(1);
        report.unmeasured("trace", "valgrind is missing");
        assert!(
            report
                .finish()
                .unwrap_err()
                .message()
                .contains("valgrind is missing")
        );
    }
}
