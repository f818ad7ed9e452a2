//! Counting the tests that ran, from what each runner prints: an exit code does not say that anything ran.

use std::time::Duration;

use crate::failure::{Failure, Result};

/// How many tests passed, by runner, in the order of their first mention, and what failed.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    counts: Vec<(&'static str, usize)>,
    failed: Vec<String>,
}

impl Tally {
    pub(crate) fn add(&mut self, runner: &'static str, passed: usize) {
        match self.counts.iter_mut().find(|(name, _)| *name == runner) {
            Some((_, count)) => *count += passed,
            None => self.counts.push((runner, passed)),
        }
    }

    /// Takes the result of a part; a failure is printed now and remembered for the end.
    pub(crate) fn attempt<T>(&mut self, part: &str, result: Result<T>) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err(failure) => {
                println!("\n{}\n", failure.message());
                self.failed.push(part.to_owned());
                None
            }
        }
    }

    /// Prints the closing line, or fails with what failed.
    pub(crate) fn verdict(self, took: Duration) -> Result<()> {
        let seconds = took.as_secs();
        if self.failed.is_empty() {
            println!("{self}; everything passed in {seconds} s");
            return Ok(());
        }
        let failed = self.failed.join(", ");
        Err(Failure::step(format!(
            "{self} passed in {seconds} s, but these failed: {failed}"
        )))
    }

    pub(crate) fn total(&self) -> usize {
        self.counts.iter().map(|(_, count)| count).sum()
    }
}

impl std::fmt::Display for Tally {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} tests", self.total())?;
        let parts: Vec<String> = self
            .counts
            .iter()
            .map(|(name, count)| format!("{name} {count}"))
            .collect();
        if parts.is_empty() {
            Ok(())
        } else {
            write!(f, " ({})", parts.join(", "))
        }
    }
}

/// The tests that passed according to `test result:` lines of Rust's runner or wasm-bindgen's.
///
/// An ignored test is an error: it would rot unseen.
pub(crate) fn libtest(output: &str) -> Result<usize> {
    let mut passed = 0;
    for line in output
        .lines()
        .filter(|line| line.trim_start().starts_with("test result:"))
    {
        let number = |word: &str| {
            let before = line.split(word).next()?.trim_end();
            before
                .rsplit(|c: char| !c.is_ascii_digit())
                .next()?
                .parse::<usize>()
                .ok()
        };
        passed +=
            number(" passed").ok_or_else(|| Failure::step(format!("cannot read the count in: {line}")))?;
        if line.contains(" ignored") && number(" ignored") != Some(0) {
            return Err(Failure::step(format!(
                "ignored tests are not allowed: {line}\n{}",
                ignored(output)
            )));
        }
    }
    Ok(passed)
}

/// The tests that passed according to the summary of `node --test` in the form TAP. Skipped ones are an error.
pub(crate) fn tap(output: &str) -> Result<usize> {
    let number = |name: &str| {
        let start = format!("# {name} ");
        output
            .lines()
            .rev()
            .find_map(|line| line.strip_prefix(&start)?.trim().parse::<usize>().ok())
    };
    if number("skipped") != Some(0) || number("todo") != Some(0) {
        return Err(Failure::step("node --test: skipped tests are not allowed"));
    }
    number("pass").ok_or_else(|| Failure::step("node --test printed no summary"))
}

fn ignored(output: &str) -> String {
    output
        .lines()
        .filter(|line| line.ends_with("... ignored"))
        .collect::<Vec<_>>()
        .join("\n")
}

#[cfg(test)]
mod tests {
    use super::{Tally, libtest, tap};
    use crate::failure::Failure;
    use std::time::Duration;

    #[test]
    fn rust_and_wasm_summaries_are_added_up() {
        let output = "running 2 tests\n\ntest result: ok. 2 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out\n\
                      test result: ok. 11 passed; 0 failed; 0 ignored; 0 filtered out; finished in 0.3s\n";
        assert_eq!(libtest(output).unwrap(), 13);
        assert_eq!(libtest("no tests to run!").unwrap(), 0);
    }

    #[test]
    fn an_ignored_test_is_named() {
        let output = "test slow ... ignored\ntest result: ok. 2 passed; 0 failed; 1 ignored; 0 measured";
        assert!(libtest(output).unwrap_err().message().contains("test slow"));
    }

    #[test]
    fn nodes_summary_is_read_and_skips_refused() {
        let summary = "# tests 3\n# suites 0\n# pass 3\n# fail 0\n# cancelled 0\n# skipped 0\n# todo 0\n";
        assert_eq!(tap(summary).unwrap(), 3);
        assert!(tap(&summary.replace("skipped 0", "skipped 1")).is_err());
        assert!(tap("").is_err());
    }

    #[test]
    fn the_closing_line_adds_the_runners_up() {
        let mut tally = Tally::default();
        tally.add("cargo", 2);
        tally.add("node", 1);
        tally.add("cargo", 3);
        assert_eq!(tally.to_string(), "6 tests (cargo 5, node 1)");
        assert!(tally.verdict(Duration::ZERO).is_ok());
    }

    #[test]
    fn one_failure_does_not_hide_the_next() {
        let mut tally = Tally::default();
        assert_eq!(tally.attempt("fmt", Ok(1)), Some(1));
        for part in ["sizes", "kafka_faults"] {
            assert_eq!(tally.attempt::<()>(part, Err(Failure::step("why"))), None);
        }
        let failure = tally.verdict(Duration::ZERO).unwrap_err();
        assert!(
            failure.message().ends_with("these failed: sizes, kafka_faults"),
            "{failure:?}"
        );
    }
}
