//! `cargo xtask mutants`: the core with one deliberate fault at a time; the test that is named with it has to fail.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::args::Args;
use crate::failure::{Failure, Result};
use crate::run::Cmd;

/// A fault can make a producer go round in circles: that is caught, too.
const LONGEST: Duration = Duration::from_secs(60);

/// One fault, as `crates/ottla-core/tests/mutants.rs` lists it.
#[derive(Debug)]
struct Mutant {
    name: String,
    /// The program of the test and its name there.
    program: String,
    test: String,
    fault: String,
}

pub(crate) fn main(mut args: Args) -> Result<()> {
    let named = args.targets();
    args.finish()?;
    let programs = programs()?;
    let all = list(&programs)?;
    if let Some(name) = named.iter().find(|name| all.iter().all(|it| it.name != **name)) {
        return Err(Failure::usage(format!("there is no mutant `{name}`")));
    }
    let mutants: Vec<&Mutant> = all
        .iter()
        .filter(|it| named.is_empty() || named.contains(&it.name))
        .collect();
    check_without_faults(&mutants, &programs)?;
    let survivors = run(&mutants, &programs)?;
    for mutant in &survivors {
        println!("SURVIVED {}: {}", mutant.name, mutant.fault);
        println!("  although {}::{} ran", mutant.program, mutant.test);
    }
    println!(
        "{} caught, {} survived",
        mutants.len() - survivors.len(),
        survivors.len()
    );
    if survivors.is_empty() {
        return Ok(());
    }
    Err(Failure::step(
        "a deliberate fault went unnoticed; its test has to see it",
    ))
}

/// The core's test programs by name.
fn programs() -> Result<BTreeMap<String, String>> {
    let log = Cmd::cargo()
        .args(["test", "-p", "ottla-core", "--no-run"])
        .logged("mutants-build")?;
    // As in "Executable tests/split.rs (target/debug/deps/split-0123)" and "Executable tests/semantics/main.rs (...)".
    let found = log.lines().filter_map(|line| {
        let (source, path) = line.trim().strip_prefix("Executable tests/")?.split_once(" (")?;
        let name = source.split(['/', '.']).next()?;
        Some((name.to_owned(), path.strip_suffix(')')?.to_owned()))
    });
    Ok(found.collect())
}

fn program<'a>(programs: &'a BTreeMap<String, String>, name: &str) -> Result<&'a str> {
    let path = programs.get(name);
    path.map(String::as_str)
        .ok_or_else(|| Failure::step(format!("ottla-core has no test program `{name}`")))
}

fn list(programs: &BTreeMap<String, String>) -> Result<Vec<Mutant>> {
    let log = Cmd::new(program(programs, "mutants")?)
        .arg("--nocapture")
        .logged("mutants-list")?;
    let mutants: Vec<Mutant> = log.lines().filter_map(parse).collect();
    if mutants.is_empty() {
        return Err(Failure::step(
            "crates/ottla-core/tests/mutants.rs lists no mutant",
        ));
    }
    Ok(mutants)
}

fn parse(line: &str) -> Option<Mutant> {
    let mut fields = line.strip_prefix("mutant\t")?.split('\t');
    let name = fields.next()?.to_owned();
    let (program, test) = fields.next()?.split_once("::")?;
    Some(Mutant {
        name,
        program: program.to_owned(),
        test: test.to_owned(),
        fault: fields.next()?.to_owned(),
    })
}

/// A test that fails anyway, or does not exist, catches nothing.
fn check_without_faults(mutants: &[&Mutant], programs: &BTreeMap<String, String>) -> Result<()> {
    let tests: BTreeSet<(&str, &str)> = mutants.iter().map(|it| (&*it.program, &*it.test)).collect();
    for (name, test) in tests {
        let log = Cmd::new(program(programs, name)?)
            .args(["--exact", test])
            .logged_within("mutants-none", LONGEST)?;
        if !log.contains("1 passed") {
            return Err(Failure::step(format!(
                "{name}::{test} is not one test that passes"
            )));
        }
    }
    Ok(())
}

/// Runs each, and returns those that nobody noticed.
fn run<'a>(mutants: &[&'a Mutant], programs: &BTreeMap<String, String>) -> Result<Vec<&'a Mutant>> {
    let mut survivors = Vec::new();
    for mutant in mutants {
        let outcome = Cmd::new(program(programs, &mutant.program)?)
            .args(["--exact", &mutant.test])
            .env("OTTLA_MUTANT", &mutant.name)
            .logged_within(&format!("mutant-{}", mutant.name), LONGEST);
        if outcome.is_ok() {
            survivors.push(*mutant);
        }
    }
    Ok(survivors)
}
