//! The wasm tests, in Node and in Chromium, by the test runner of the workspace's own lock file.

use crate::failure::{Failure, Result, at};
use crate::run::Cmd;
use crate::steps::{Outcome, rust, step, system};
use crate::test::native::some;
use crate::test::tally::{self, Tally};
use crate::tree;

/// Packages whose default features are for native programs, and what to build for wasm instead.
const FEATURES: [(&str, &str); 1] = [("ottla", "web,gzip,snappy,lz4,zstd")];

/// Runs the tests of every package that depends on `wasm-bindgen-test`.
pub(crate) fn run(tally: &mut Tally) -> Result<()> {
    let packages = packages()?;
    // The runner passes over suites that are configured for the other place.
    for (place, variable) in [
        ("wasm in Node", "WASM_BINDGEN_TEST_ONLY_NODE"),
        ("wasm in Chromium", "WASM_BINDGEN_TEST_ONLY_WEB"),
    ] {
        step(place, || {
            let (mut passed, mut counts) = (0, Vec::new());
            for package in &packages {
                let log = format!("{} {package}", place.to_lowercase()).replace(' ', "-");
                let output = test(package).env(variable, "1").logged(&log)?;
                let count = some(tally::libtest(&output)?, &format!("{package}, {place}"))?;
                passed += count;
                counts.push(format!("{package} {count}"));
            }
            tally.add(place, passed);
            Ok(Outcome::Done(format!("{passed} passed: {}", counts.join(", "))))
        })?;
    }
    Ok(())
}

/// One package at a time: with several, one package's default features would be the others' as well.
fn test(package: &str) -> Cmd {
    let mut command = Cmd::cargo().args(["test", "--tests", "--target", rust::WASM, "--package", package]);
    if let Some((_, features)) = FEATURES.iter().find(|(name, _)| *name == package) {
        command = command.args(["--no-default-features", "--features", features]);
    }
    if let Some(driver) = crate::run::which(&["chromedriver"]) {
        command = command.env("CHROMEDRIVER", driver);
    }
    let runner = tree::tool("wasm-bindgen-test-runner");
    command.env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER", runner)
}

fn packages() -> Result<Vec<String>> {
    system::CHROMEDRIVER.require()?;
    let crates = tree::root().join("crates");
    let mut packages = Vec::new();
    for entry in at(&crates, std::fs::read_dir(&crates))?.flatten() {
        let manifest = std::fs::read_to_string(entry.path().join("Cargo.toml")).unwrap_or_default();
        if manifest.contains("wasm-bindgen-test") {
            packages.push(entry.file_name().to_string_lossy().into_owned());
        }
    }
    packages.sort();
    if packages.is_empty() {
        return Err(Failure::step(
            "no package in crates/ depends on wasm-bindgen-test",
        ));
    }
    Ok(packages)
}
