//! Searches by libFuzzer for inputs that break a decoder or the core, minute by minute, each target in turn.
//!
//! The compiler's own passes count the edges; they are in every stable toolchain, and only this build asks for them.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::failure::{Failure, Result, at};
use crate::prove::Work;
use crate::run::Cmd;
use crate::steps::{Outcome, step, system};
use crate::test::apart::FUZZ;
use crate::tree;

/// Minutes for each target.
const EACH: u64 = 10;
/// Directories in `fuzz/corpus`, which a test compares with the targets.
const TARGETS: u64 = 12;
/// Where a run without `--to` ends.
pub(crate) const MINUTES: u64 = EACH * TARGETS;

/// What libFuzzer needs of the compiler: a counter for each edge, a table of them, and the operands of comparisons.
const COVERAGE: &str = "-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
                        -Cllvm-args=-sanitizer-coverage-inline-8bit-counters \
                        -Cllvm-args=-sanitizer-coverage-pc-table -Cllvm-args=-sanitizer-coverage-trace-compares";
/// One input may take this long before it counts as hanging, in seconds.
const HANG: u64 = 20;
/// Memory of the whole process, in MB; what one input may take is counted by the targets themselves.
const PROCESS_MB: u64 = 1024;
/// Inputs that are kept in the repository, at most so many and so many bytes for each target.
const KEPT_FILES: usize = 100;
const KEPT_BYTES: u64 = 22 << 10;

/// In minutes of all targets together: so many for each.
pub(crate) fn minutes(each: u64) -> u64 {
    each * TARGETS
}

pub(crate) fn prepare() -> Result<Work> {
    let program = built()?;
    let names = targets()?;
    Ok(Box::new(move |next, _| {
        let name = &names[usize::try_from(next).unwrap_or(0) % names.len()];
        minute(&program, name)?;
        Ok(next + 1)
    }))
}

/// Takes what was found into `fuzz/corpus`: inputs of all sizes, of those that together reach what all reach.
pub(crate) fn keep() -> Result<()> {
    let program = built()?;
    for name in targets()? {
        step(&format!("inputs of {name}"), || {
            let merged = scratch("merged", &name)?;
            at(&merged, fs::remove_dir_all(&merged))?;
            at(&merged, fs::create_dir_all(&merged))?;
            search(
                &program,
                &name,
                &["-set_cover_merge=1"],
                &[&merged, &kept(&name), &scratch("corpus", &name)?],
            )
            .logged(&format!("fuzz-keep-{name}"))?;
            let mut files = files(&merged)?;
            files.sort_by_key(|(size, path)| (*size, path.clone()));
            let dir = kept(&name);
            at(&dir, fs::remove_dir_all(&dir))?;
            at(&dir, fs::create_dir_all(&dir))?;
            // Of all sizes: the smallest alone are those that fail at the first byte.
            let apart = files.len().div_ceil(KEPT_FILES).max(1);
            let (mut count, mut bytes) = (0, 0);
            for (size, path) in files.into_iter().rev().step_by(apart) {
                if bytes + size > KEPT_BYTES {
                    continue;
                }
                (count, bytes) = (count + 1, bytes + size);
                let to = dir.join(path.file_name().unwrap_or_default());
                at(&to, fs::copy(&path, &to))?;
            }
            Ok(Outcome::Done(format!("{count}, {bytes} bytes")))
        })?;
    }
    Ok(())
}

fn built() -> Result<PathBuf> {
    system::CPP_AND_MAKE.require()?;
    let target = host()?;
    step("build of the search", || {
        // With --target, build scripts and macros are compiled without the counters.
        FUZZ.cargo("build")
            .args(["--locked", "--release", "--target", &target])
            .env("RUSTFLAGS", COVERAGE)
            .logged("fuzz-build")?;
        Ok(Outcome::Done("built".to_owned()))
    })?;
    let dir = tree::target().join(FUZZ.name).join(target);
    Ok(dir.join("release/search"))
}

/// The triple of this machine.
fn host() -> Result<String> {
    let text = Cmd::new("rustc").arg("-vV").answer();
    let host = text.as_deref().and_then(|text| {
        let line = text.lines().find_map(|line| line.strip_prefix("host: "))?;
        Some(line.trim().to_owned())
    });
    host.ok_or_else(|| Failure::step("rustc -vV does not say its host"))
}

fn targets() -> Result<Vec<String>> {
    let corpus = tree::root().join("fuzz/corpus");
    let mut names = Vec::new();
    for entry in at(&corpus, fs::read_dir(&corpus))? {
        let name = at(&corpus, entry)?.file_name();
        names.push(name.to_string_lossy().into_owned());
    }
    names.sort();
    if names.len() as u64 != TARGETS {
        let count = names.len();
        return Err(Failure::step(format!(
            "fuzz/corpus has {count} directories, {TARGETS} are expected: {names:?}"
        )));
    }
    Ok(names)
}

/// One minute for one target. What reaches something new is added to its inputs in `target/`.
fn minute(program: &Path, name: &str) -> Result<()> {
    let log = format!("fuzz-{name}");
    let outcome = search(
        program,
        name,
        &["-max_total_time=60", "-print_final_stats=1"],
        &[&scratch("corpus", name)?, &kept(name)],
    )
    .logged_within(&log, Duration::from_secs(180));
    let output = outcome.map_err(|failure| {
        let found = tree::shown(&tree::target().join("prove/fuzz"));
        Failure::step(format!(
            "{}\n\nthe input is in {found}/{name}-*: copy it to fuzz/corpus/{name}/ and it fails in `cargo test -p ottla-fuzz`",
            failure.message()
        ))
    })?;
    println!("  {name:<17} {}", reached(&output));
    Ok(())
}

/// What libFuzzer's last line of progress says.
fn reached(output: &str) -> String {
    let last = output.lines().rev().find(|line| line.contains(" cov: "));
    let last = last.map_or("no line of progress", |line| line.trim_start_matches('#'));
    let words: Vec<&str> = last.split_whitespace().collect();
    let after = |name: &str| {
        let at = words.iter().position(|word| *word == name)?;
        words.get(at + 1).copied()
    };
    let executions = words.first().copied().unwrap_or("0");
    let (edges, inputs) = (after("cov:").unwrap_or("?"), after("corp:").unwrap_or("?"));
    format!("{executions} executions, {edges} edges, inputs {inputs}")
}

fn search(program: &Path, name: &str, options: &[&str], dirs: &[&Path]) -> Cmd {
    let prefix = tree::target().join("prove/fuzz").join(format!("{name}-"));
    Cmd::new(program)
        .env("OTTLA_FUZZ_TARGET", name)
        .args(options)
        .args([
            format!("-artifact_prefix={}", prefix.display()),
            format!("-timeout={HANG}"),
            format!("-rss_limit_mb={PROCESS_MB}"),
        ])
        .args(dirs)
}

/// The inputs in the repository.
fn kept(name: &str) -> PathBuf {
    tree::root().join("fuzz/corpus").join(name)
}

/// A directory for a target in `target/`.
fn scratch(what: &str, name: &str) -> Result<PathBuf> {
    let dir = tree::target().join("prove/fuzz").join(what).join(name);
    at(&dir, fs::create_dir_all(&dir))?;
    Ok(dir)
}

fn files(dir: &Path) -> Result<Vec<(u64, PathBuf)>> {
    let mut files = Vec::new();
    for entry in at(dir, fs::read_dir(dir))? {
        let path = at(dir, entry)?.path();
        files.push((at(&path, fs::metadata(&path))?.len(), path));
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_line_of_progress_is_told() {
        let output = "INFO: Seed: 1\n#2\tINITED cov: 11 ft: 12 corp: 1/1b exec/s: 0 rss: 38Mb\n\
                      #4194304\tpulse  cov: 734 ft: 2912 corp: 215/9Kb lim: 512 exec/s: 69905 rss: 51Mb\nDone 1 runs\n";
        assert_eq!(reached(output), "4194304 executions, 734 edges, inputs 215/9Kb");
    }

    #[test]
    fn there_is_a_directory_for_each_target() {
        assert_eq!(targets().unwrap().len() as u64, TARGETS);
    }
}
