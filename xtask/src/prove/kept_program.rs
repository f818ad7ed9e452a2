//! The programs of a long run, where no build changes them while it goes on.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::failure::{Failure, Result, at};
use crate::prove::built;
use crate::run::Cmd;
use crate::test::native;
use crate::tree;

/// An end-to-end test program and the programs that it starts.
#[derive(Debug)]
pub(crate) struct KeptProgram {
    executable: PathBuf,
    package: PathBuf,
    /// For `OTTLA_BIN_DIR`.
    programs: PathBuf,
    /// What the name of the test has in it.
    name_has: &'static str,
}

impl KeptProgram {
    /// Builds the end-to-end test `test` and the program `ottla`, and copies them to `target/prove/{test}`.
    pub(crate) fn build(test: &str) -> Result<Self> {
        let built = built("ottla-tests", test)?;
        Cmd::cargo()
            .args(["build", "--bin", "ottla"])
            .args(native::selection())
            .logged("prove-build-ottla")?;
        let programs = tree::target().join("prove").join(test);
        at(&programs, std::fs::create_dir_all(&programs))?;
        let executable = programs.join(test);
        replace(&built.executable, &executable)?;
        replace(&tree::target().join("debug/ottla"), &programs.join("ottla"))?;
        Ok(Self {
            executable,
            package: built.package,
            programs,
            name_has: "",
        })
    }

    /// Of a program with several tests, the one that has this in its name.
    pub(crate) fn narrowed_to(self, name_has: &'static str) -> Self {
        Self { name_has, ..self }
    }

    /// Runs the one test of the program with a variable set that makes it long, and prints those of its lines that
    /// begin with `label: `. What else it says is in the log of that name.
    pub(crate) fn run(
        &self,
        log: &str,
        limit: Duration,
        label: &str,
        (name, value): (&str, &str),
    ) -> Result<()> {
        let mut told = false;
        let output = Cmd::new(&self.executable)
            .dir(&self.package)
            .args(["--nocapture", self.name_has])
            .env("OTTLA_BIN_DIR", &self.programs)
            .env(name, value)
            .watched(log, limit, &mut |line| {
                if let Some((_, line)) = line.split_once(&format!("{label}: ")) {
                    println!("    {line}");
                    told = true;
                }
            })?;
        if told && output.contains("1 passed") {
            Ok(())
        } else {
            Err(Failure::step(format!(
                "the test with {name}={value} did not run, or told nothing; see {log}.log"
            )))
        }
    }
}

/// A program that still runs cannot be written to, but replaced.
fn replace(from: &Path, to: &Path) -> Result<()> {
    let new = to.with_extension("new");
    at(from, std::fs::copy(from, &new))?;
    at(to, std::fs::rename(&new, to))
}
