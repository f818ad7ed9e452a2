//! A simulated world in words.

use std::io::{self, Write};

use ottla_sim::{Command, Scenario, World};

/// Brokers, topics, records and what is done, in a line.
pub(super) fn summary(scenario: &Scenario) -> String {
    let setup = &scenario.setup;
    let topics = setup.topics.iter().map(|topic| {
        format!(
            "{} with {} partitions, {} replicas each",
            topic.name, topic.partitions, topic.replication_factor
        )
    });
    let topics: Vec<_> = topics.collect();
    let records = scenario
        .script
        .iter()
        .filter(|(_, command)| matches!(command, Command::Publish(_)))
        .count();
    let others = scenario.script.len() - records;
    format!(
        "{} brokers, topic {}; {records} records, {others} events",
        setup.brokers,
        topics.join(", ")
    )
}

/// What was done to the world and what became of its records.
pub(super) fn print(scenario: &Scenario, world: &World, out: &mut impl Write) -> io::Result<()> {
    match scenario.name {
        "random" => writeln!(
            out,
            "world of seed {}: {}",
            scenario.setup.seed,
            summary(scenario)
        )?,
        name => writeln!(out, "{name}: {}", summary(scenario))?,
    }
    let config: Vec<_> = scenario
        .setup
        .config
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    writeln!(out, "producer: {}", config.join(" "))?;
    for (at, command) in &scenario.script {
        if !matches!(command, Command::Publish(_)) {
            writeln!(out, "{:>14} ms  {command}", millis(*at))?;
        }
    }
    let ledger = world.ledger();
    writeln!(
        out,
        "records: {} sent, {} told ok, {} told failed",
        ledger.sent, ledger.told_ok, ledger.failed
    )?;
    writeln!(
        out,
        "the log: {} there, {} lost, {} twice, {} out of order, {} told failed but perhaps there",
        ledger.in_log, ledger.lost, ledger.duplicate, ledger.out_of_order, ledger.unknown
    )?;
    let guarantees = world.guarantees();
    let broken = |name: &&str| world.violations().iter().any(|it| it.guarantee == *name);
    for guarantee in &guarantees {
        let word = if broken(guarantee) { "BROKEN" } else { "kept" };
        writeln!(out, "{word:>8}: {guarantee}")?;
    }
    for violation in world.violations() {
        writeln!(out, "  {violation}")?;
    }
    writeln!(
        out,
        "ended after {} ms of its own time",
        millis(world.now().as_micros())
    )
}

/// Microseconds as milliseconds with three digits.
fn millis(micros: u64) -> String {
    format!("{}.{:03}", micros / 1_000, micros % 1_000)
}
