//! Random worlds, in which every guarantee that is in force must hold.
//!
//! One world again, with what happened in it: `OTTLA_SEED=17 cargo test -p ottla-sim --test swarm one -- --nocapture`.

#![allow(clippy::print_stdout, reason = "a run says what it covered")]

use std::{collections::BTreeMap, time::Duration};

use ottla_sim::{Scenario, Violation, World};

const PATIENCE: Duration = Duration::from_secs(120);

fn run(seed: u64) -> (World, Vec<Violation>) {
    let scenario = Scenario::random(seed);
    let mut world = scenario
        .run()
        .unwrap_or_else(|errors| panic!("seed {seed}: {errors:?}"));
    let violations = world.finish(PATIENCE).to_vec();
    (world, violations)
}

fn seeds(range: std::ops::Range<u64>) {
    let mut in_force: BTreeMap<&str, u64> = BTreeMap::new();
    let (mut failed, mut lost, mut duplicate) = (0, 0, 0);
    for seed in range.clone() {
        let (world, violations) = run(seed);
        let first = violations.first();
        assert!(
            first.is_none(),
            "{}\nagain: OTTLA_SEED={seed} cargo test -p ottla-sim --test swarm one -- --nocapture",
            first.map_or(String::new(), Violation::to_string),
        );
        for guarantee in world.guarantees() {
            *in_force.entry(guarantee).or_default() += 1;
        }
        let ledger = world.ledger();
        failed += u64::from(ledger.failed > 0);
        lost += u64::from(ledger.lost > 0);
        duplicate += u64::from(ledger.duplicate > 0);
    }
    // Worlds in which nothing goes wrong would prove nothing.
    let worlds = range.end - range.start;
    println!(
        "{worlds} worlds: {failed} with failures, {lost} with losses, {duplicate} with duplicates; {in_force:#?}"
    );
    // About one world in eighteen has failures; a range of some hundreds strays from that by a third.
    assert!(
        failed > worlds / 50 && lost > 0 && duplicate > 0,
        "{failed} {lost} {duplicate}"
    );
    assert!(
        in_force.values().all(|count| *count > worlds / 10),
        "{in_force:?}"
    );
}

#[test]
fn guarantees_hold_in_random_worlds_1() {
    seeds(0..250);
}

#[test]
fn guarantees_hold_in_random_worlds_2() {
    seeds(250..500);
}

#[test]
fn guarantees_hold_in_random_worlds_3() {
    seeds(500..750);
}

#[test]
fn guarantees_hold_in_random_worlds_4() {
    seeds(750..1_000);
}

/// `OTTLA_SEEDS=1000..200000` for long runs.
#[test]
fn as_many_as_asked_for() {
    let asked = std::env::var("OTTLA_SEEDS").unwrap_or_default();
    if let Some((from, to)) = asked.split_once("..") {
        let number = |text: &str| text.parse().expect("OTTLA_SEEDS is written FROM..TO");
        seeds(number(from)..number(to));
    }
}

#[test]
fn one() {
    let Some(seed) = std::env::var("OTTLA_SEED")
        .ok()
        .and_then(|seed| seed.parse().ok())
    else {
        return;
    };
    let mut scenario = Scenario::random(seed);
    scenario.setup.trace = ottla_trace::Level::Record;
    println!("{scenario:#?}");
    let mut world = scenario
        .run()
        .expect("the configuration is drawn from valid ones");
    world.finish(PATIENCE);
    for envelope in world.drain_trace() {
        println!("{}", ottla_trace::jsonl::envelope_line(&envelope));
    }
    println!("{:?}\nin force: {:?}", world.ledger(), world.guarantees());
    let violations: Vec<String> = world.violations().iter().map(Violation::to_string).collect();
    assert!(violations.is_empty(), "{}", violations.join("\n"));
}
