//! Tests that are written in JavaScript: `*.test.mjs` beside what they test, run by Node's own runner.

use std::path::{Path, PathBuf};

use crate::failure::Result;
use crate::run::Cmd;
use crate::steps::npm_package::NpmPackage;
use crate::steps::page::Page;
use crate::steps::{Outcome, step, system};
use crate::test::native::some;
use crate::test::tally::{self, Tally};
use crate::tree;

/// Where such files may be.
const PLACES: [&str; 4] = ["crates/ottla-js", "web", "tests/js", "examples"];

pub(crate) fn run(tally: &mut Tally) -> Result<()> {
    let mut files = Vec::new();
    for place in PLACES {
        find(&tree::root().join(place), &mut files);
    }
    files.sort();
    if files.is_empty() {
        return Ok(());
    }
    step("JavaScript tests", || {
        let mut command = Cmd::new("node")
            .args(["--test", "--test-reporter=tap", "--test-concurrency=1"])
            .args(&files)
            .env("OTTLA_PAGE_DIR", Page::Release.dir())
            .env("OTTLA_NPM_DIR", NpmPackage::Release.dir());
        if let Some(chromium) = system::chromium() {
            command = command.env("CHROME", chromium);
        }
        let passed = some(tally::tap(&command.logged("node-test")?)?, "JavaScript tests")?;
        tally.add("JavaScript", passed);
        Ok(Outcome::Done(format!("{passed} passed in {} files", files.len())))
    })
}

fn find(dir: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(dir).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() && entry.file_name() != "node_modules" {
            find(&path, files);
        } else if path.to_string_lossy().ends_with(".test.mjs") {
            files.push(path);
        }
    }
}
