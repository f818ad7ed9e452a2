//! Random worlds, in which every guarantee that is in force must hold.
//!
//! One world again, with what happened in it: `OTTLA_SEED=17 cargo test -p ottla-sim --test swarm one -- --nocapture`, or in
//! the page, while `cargo xtask demo` runs: <http://127.0.0.1:7447/?trace=/seeds/17.jsonl>.

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

/// What a range of seeds covered.
#[derive(Default)]
struct Figures {
    worlds: u64,
    simulated_us: u64,
    records: u64,
    failed: u64,
    lost: u64,
    duplicate: u64,
    in_force: BTreeMap<&'static str, u64>,
    injected: BTreeMap<&'static str, u64>,
}

impl Figures {
    fn add(&mut self, world: &World) {
        self.worlds += 1;
        self.simulated_us += world.now().as_micros();
        for guarantee in world.guarantees() {
            *self.in_force.entry(guarantee).or_default() += 1;
        }
        for (kind, count) in world.injected().iter() {
            *self.injected.entry(*kind).or_default() += count;
        }
        let ledger = world.ledger();
        self.records += ledger.sent;
        self.failed += u64::from(ledger.failed > 0);
        self.lost += u64::from(ledger.lost > 0);
        self.duplicate += u64::from(ledger.duplicate > 0);
    }

    /// One line each, as `cargo xtask prove` adds them up: `figure NAME: COUNT`.
    fn print(&self) {
        let plain = [
            ("worlds", self.worlds),
            ("simulated microseconds", self.simulated_us),
            ("records", self.records),
            ("worlds with failures", self.failed),
            ("worlds with losses", self.lost),
            ("worlds with duplicates", self.duplicate),
        ];
        for (name, count) in plain {
            println!("figure {name}: {count}");
        }
        for (kind, count) in &self.injected {
            println!("figure fault, {kind}: {count}");
        }
        for (guarantee, count) in &self.in_force {
            println!("figure in force, {guarantee}: {count}");
        }
    }

    /// Worlds in which nothing goes wrong would prove nothing.
    ///
    /// In 358 ranges of 500 seeds 114 worlds had failures (standard deviation 10, at least 83), and the guarantee that is
    /// in force most rarely was so in 118 (95): a tenth is six deviations below, so only another swarm falls under it.
    fn assert_covered(&self) {
        let least = |share: u64| self.worlds / share;
        assert!(self.failed > least(10), "{} with failures", self.failed);
        assert!(
            self.lost > 0 && self.duplicate > 0,
            "{} {}",
            self.lost,
            self.duplicate
        );
        for (guarantee, count) in &self.in_force {
            assert!(*count > least(10), "{guarantee} in {count} of {}", self.worlds);
        }
    }
}

fn seeds(range: std::ops::Range<u64>) {
    let mut figures = Figures::default();
    for seed in range {
        let (world, violations) = run(seed);
        let first = violations.first();
        assert!(
            first.is_none(),
            "{}\nagain: OTTLA_SEED={seed} cargo test -p ottla-sim --test swarm one -- --nocapture\n\
             in the page, while `cargo xtask demo` runs: http://127.0.0.1:7447/?trace=/seeds/{seed}.jsonl",
            first.map_or(String::new(), Violation::to_string),
        );
        figures.add(&world);
    }
    figures.print();
    figures.assert_covered();
}

#[test]
fn guarantees_hold_in_random_worlds_1() {
    seeds(0..500);
}

#[test]
fn guarantees_hold_in_random_worlds_2() {
    seeds(500..1_000);
}

#[test]
fn guarantees_hold_in_random_worlds_3() {
    seeds(1_000..1_500);
}

#[test]
fn guarantees_hold_in_random_worlds_4() {
    seeds(1_500..2_000);
}

/// `OTTLA_SEEDS=2000..200000` for long runs.
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
