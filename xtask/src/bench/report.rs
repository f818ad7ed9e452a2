//! What benches found: figures side by side, and bars that are kept or missed.

use crate::failure::{Failure, Result};

/// The verdicts of a run; figures are printed as they come.
#[derive(Debug, Default)]
pub(crate) struct Report {
    kept: usize,
    missed: Vec<String>,
}

impl Report {
    /// Prints one figure.
    pub(crate) fn figure(&self, what: &str, value: f64, unit: &str) {
        println!("  {what:<48} {:>12} {unit}", rounded(value));
    }

    /// Prints and keeps the verdict on one bar: `value` must be at most `limit`.
    pub(crate) fn at_most(&mut self, what: &str, value: f64, limit: f64, unit: &str) {
        let kept = value <= limit;
        let verdict = if kept { "kept" } else { "MISSED" };
        let line = format!(
            "{what}: {} {unit}, at most {} {unit}",
            rounded(value),
            rounded(limit)
        );
        println!("  bar {verdict}: {line}");
        if kept {
            self.kept += 1;
        } else {
            self.missed.push(line);
        }
    }

    /// The verdict on all bars.
    pub(crate) fn finish(self) -> Result<()> {
        println!("\n{} bars kept, {} missed", self.kept, self.missed.len());
        if self.missed.is_empty() {
            return Ok(());
        }
        Err(Failure::step(format!("missed:\n  {}", self.missed.join("\n  "))))
    }
}

fn rounded(value: f64) -> String {
    match value.abs() {
        size if size >= 100.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

#[cfg(test)]
mod tests {
    use super::Report;

    #[test]
    fn a_missed_bar_fails_the_run_and_is_named() {
        let mut report = Report::default();
        report.at_most("native", 16.3, 20.0, "ns");
        report.at_most("wasm", 37.4, 20.0, "ns");
        let failure = report.finish().unwrap_err();
        assert!(
            failure.message().contains("wasm: 37.4 ns, at most 20.0 ns"),
            "{failure:?}"
        );
        assert!(!failure.message().contains("native"));
    }
}
