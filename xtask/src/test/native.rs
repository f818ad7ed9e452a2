//! The Rust tests that run on this machine. Cargo builds them once; which of them runs when is decided here.

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use crate::failure::{Failure, Result};
use crate::run::Cmd;
use crate::steps::npm_package::NpmPackage;
use crate::steps::page::Page;
use crate::steps::{Outcome, step, step_beside_others};
use crate::test::artifacts::{self, Artifact};
use crate::test::tally::{self, Tally};
use crate::tree;

/// The package that is for wasm alone, and the tools, whose many dependencies have nothing to test.
const EXCLUDED: [&str; 6] = [
    "--exclude",
    "ottla-js",
    "--exclude",
    "bindgen-tool",
    "--exclude",
    "wasm-tool",
];

/// End-to-end programs that run beside each other.
const LANES: usize = 2;

/// A test program that takes longer hangs.
const LIMIT: Duration = Duration::from_secs(15 * 60);

/// The arguments that select what is compiled for this machine, the same in every command, so that features and
/// with them the compiled dependencies are the same too.
pub(crate) fn selection() -> Vec<&'static str> {
    [&["--workspace"], &EXCLUDED[..]].concat()
}

/// Everything that was built.
#[derive(Debug)]
pub(crate) struct Native {
    tests: Vec<Artifact>,
    programs: PathBuf,
}

impl Native {
    /// Builds all tests, and the programs that the end-to-end tests start.
    pub(crate) fn build() -> Result<Self> {
        let mut built = Vec::new();
        step("build of all native tests", || {
            let args = ["test", "--no-run", "--message-format=json-render-diagnostics"];
            let output = Cmd::cargo().args(args).args(selection()).logged("native-build")?;
            built = artifacts::executables(&output);
            // Cargo builds a program for its own package's tests alone; the end-to-end tests are another package.
            if !built
                .iter()
                .any(|artifact| !artifact.is_test && artifact.name == "ottla")
            {
                Cmd::cargo()
                    .args(["build", "--bins"])
                    .args(selection())
                    .logged("native-programs")?;
            }
            Ok(Outcome::Done(format!("{} programs", built.len())))
        })?;
        let tests = built.into_iter().filter(|artifact| artifact.is_test).collect();
        Ok(Self {
            tests,
            programs: tree::target().join("debug"),
        })
    }

    /// The tests that belong to a crate.
    pub(crate) fn run_units(&self, tally: &mut Tally) {
        let (mut passed, mut failures) = (0, Vec::new());
        let result = step("native tests", || {
            for test in self.tests.iter().filter(|test| !is_end_to_end(test)) {
                match self.run(test) {
                    Ok(count) => passed += count,
                    Err(failure) => failures.push(failure.message().to_owned()),
                }
            }
            if failures.is_empty() {
                Ok(Outcome::Done(format!("{passed} passed")))
            } else {
                Err(Failure::step(failures.join("\n\n")))
            }
        });
        tally.add("native", passed);
        tally.attempt("native tests", result);
    }

    /// The tests in `tests/`; those whose names start with `kafka_` need a Kafka.
    ///
    /// [`LANES`] programs run at a time: most of their time they wait for a broker or a browser to start.
    pub(crate) fn run_end_to_end(&self, with_kafka: bool, tally: &mut Tally) {
        let (run, left_out): (Vec<_>, Vec<_>) = self
            .tests
            .iter()
            .filter(|test| is_end_to_end(test))
            .partition(|test| with_kafka || !test.name.starts_with("kafka_"));
        for test in left_out {
            println!("  LEFT OUT: {} (--without-kafka)", test.name);
        }
        let waiting = Mutex::new(run.into_iter());
        let lane = || {
            let mut results = Vec::new();
            loop {
                let next = waiting.lock().unwrap_or_else(PoisonError::into_inner).next();
                let Some(test) = next else { return results };
                let name = format!("end to end: {}", test.name);
                let mut passed = 0;
                let result = step_beside_others(&name, || {
                    passed = some(self.run(test)?, &test.name)?;
                    Ok(Outcome::Done(format!("{passed} passed")))
                });
                results.push((name, passed, result));
            }
        };
        let results = thread::scope(|scope| {
            let lanes: Vec<_> = (0..LANES).map(|_| scope.spawn(lane)).collect();
            lanes
                .into_iter()
                .flat_map(|lane| {
                    lane.join()
                        .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
                })
                .collect::<Vec<_>>()
        });
        for (name, passed, result) in results {
            tally.add("end to end", passed);
            tally.attempt(&name, result);
        }
    }

    fn run(&self, test: &Artifact) -> Result<usize> {
        let package = test.package.file_name().unwrap_or_default().to_string_lossy();
        let output = Cmd::new(&test.executable)
            .dir(&test.package)
            .env("CARGO_MANIFEST_DIR", &test.package)
            .env("OTTLA_BIN_DIR", &self.programs)
            .env("OTTLA_PAGE_DIR", Page::Release.dir())
            .env("OTTLA_NPM_DIR", NpmPackage::Release.dir())
            .logged_within(&format!("test-{package}-{}", test.name), LIMIT)?;
        for line in output.lines() {
            if let Some(at) = line.find("LEFT OUT") {
                println!("  {}", &line[at..]);
            }
        }
        tally::libtest(&output)
    }
}

/// The examples in the documentation.
pub(crate) fn run_doctests(tally: &mut Tally) -> Result<()> {
    step("documentation's examples", || {
        let output = Cmd::cargo()
            .args(["test", "--doc"])
            .args(selection())
            .logged("doctests")?;
        let passed = tally::libtest(&output)?;
        tally.add("doc", passed);
        Ok(Outcome::Done(format!("{passed} passed")))
    })
}

/// The tests of the tool that makes the served wasm; its dependencies are compiled for it anyhow.
pub(crate) fn run_tool_tests(tally: &mut Tally) -> Result<()> {
    step("tests of bindgen-tool", || {
        let output = Cmd::cargo()
            .args(["test", "--package", "bindgen-tool", "--profile", "tool"])
            .logged("test-bindgen-tool")?;
        let passed = some(tally::libtest(&output)?, "bindgen-tool")?;
        tally.add("tools", passed);
        Ok(Outcome::Done(format!("{passed} passed")))
    })
}

fn is_end_to_end(test: &Artifact) -> bool {
    test.package == tree::root().join("tests")
}

/// Fails when a count that must not be zero is.
pub(crate) fn some(passed: usize, what: &str) -> Result<usize> {
    if passed == 0 {
        return Err(Failure::step(format!(
            "{what}: no test ran, although the exit code says that all is well"
        )));
    }
    Ok(passed)
}
