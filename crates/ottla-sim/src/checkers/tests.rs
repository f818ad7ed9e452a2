//! That each checker speaks up.

use ottla_core::{Record, Timestamp};
use ottla_sorted::SortedSet;
use ottla_trace::event::{Ledger, Persisted};

use super::*;
use crate::{World, scenario};

struct Bench {
    checkers: Checkers,
    oracle: Oracle,
    producer: Producer,
}

impl Bench {
    fn new(options: &[(&str, &str)]) -> Self {
        let setup = options
            .iter()
            .fold(scenario::sandbox().setup, |setup, (name, value)| {
                setup.with(name, value)
            });
        let mut options = setup.config.clone();
        options.push(("bootstrap.servers".to_owned(), "broker-1:9092".to_owned()));
        let config = Config::parse(options).unwrap();
        let checkers = Checkers::new(&config, &setup);
        Self {
            checkers,
            oracle: Oracle::default(),
            producer: Producer::new(config, 0),
        }
    }

    fn accept(&mut self, now: Micros) -> RecordId {
        let id = RecordId(self.oracle.fates().len() as u64);
        self.oracle.accepted(id, &Record::to("orders").at(Timestamp(0)));
        self.checkers.accepted(id, now);
        id
    }

    fn resolve_ok(&mut self, now: Micros, id: RecordId) {
        self.oracle.told_ok(id, 0, &[]);
        let metadata = RecordMetadata {
            topic: "orders".into(),
            partition: 0,
            offset: 0,
            timestamp: 0,
            serialized_key_size: -1,
            serialized_value_size: -1,
        };
        self.checkers.resolved(now, id, &Ok(metadata), &self.oracle);
    }

    fn finish(&mut self, resolved: bool) {
        let cluster = World::new(&scenario::sandbox().setup).unwrap().cluster().clone();
        let (oracle, producer) = (&self.oracle, &self.producer);
        let last = Last {
            resolved,
            oracle,
            producer,
            cluster: &cluster,
        };
        self.checkers.finish(1, &last);
    }

    fn broken(&self) -> Vec<&'static str> {
        self.checkers
            .violations()
            .iter()
            .map(|violation| violation.guarantee)
            .collect()
    }
}

const NOT_LOST: &str = "what is told OK is not lost";
const IN_LOG_ONCE: &str = "a record is in the log once, where it was told to be";
const ONCE: &str = "each accepted record is resolved once";

#[test]
fn told_ok_and_not_in_the_log() {
    let mut bench = Bench::new(&[]);
    let id = bench.accept(0);
    bench.resolve_ok(1, id);
    assert_eq!(bench.broken(), [NOT_LOST]);
}

#[test]
fn without_sequences_a_loss_is_a_loss_all_the_same() {
    let mut bench = Bench::new(&[("enable.idempotence", "false")]);
    let in_force = bench.checkers.in_force();
    assert!(in_force.contains(&NOT_LOST) && !in_force.contains(&IN_LOG_ONCE));
    let id = bench.accept(0);
    bench.resolve_ok(1, id);
    assert_eq!(bench.broken(), [NOT_LOST]);
}

/// With `acks=0` a producer tells what it wrote to a connection that is lost as delivered: one with `acks=all` that did
/// so would be caught.
#[test]
fn a_producer_that_tells_the_batches_of_lost_connections_as_delivered_is_caught() {
    let scenario = scenario::silent_loss();
    let mut world = scenario.start().unwrap();
    world.hold_to_acks_all();
    world.run_until(ottla_core::Instant::from_micros(scenario.until));
    let violations = world.finish(Duration::from_secs(300));
    let broken: SortedSet<_> = violations.iter().map(|it| it.guarantee).collect();
    assert!(broken.contains(&NOT_LOST), "{broken:?}");
    assert!(world.ledger().lost > 0 && !world.guarantees().contains(&IN_LOG_ONCE));
}

#[test]
fn without_its_premise_a_guarantee_is_not_in_force() {
    let mut bench = Bench::new(&[("acks", "1"), ("enable.idempotence", "false")]);
    assert!(!bench.checkers.in_force().contains(&NOT_LOST));
    let id = bench.accept(0);
    bench.resolve_ok(1, id);
    assert!(bench.broken().is_empty());
}

#[test]
fn commands_take_premises_away() {
    let duplicate = Command::Answer {
        node: 1,
        error: ErrorCode::DUPLICATE_SEQUENCE_NUMBER,
        append: false,
        partition: None,
    };
    for command in [Command::DeleteTopic("orders".to_owned()), duplicate] {
        let mut bench = Bench::new(&[]);
        for held in [true, false] {
            let in_force = bench.checkers.in_force();
            assert_eq!(
                [NOT_LOST, IN_LOG_ONCE].map(|it| in_force.contains(&it)),
                [held; 2]
            );
            bench.checkers.command(&command);
        }
    }
}

#[test]
fn resolved_twice_or_never() {
    let mut bench = Bench::new(&[("acks", "1"), ("enable.idempotence", "false")]);
    let id = bench.accept(0);
    bench.resolve_ok(1, id);
    bench.resolve_ok(2, id);
    assert_eq!(bench.broken(), [ONCE]);
    let mut bench = Bench::new(&[]);
    bench.accept(0);
    bench.finish(false);
    assert_eq!(bench.broken(), [ONCE]);
}

#[test]
fn later_than_every_timeout() {
    let mut bench = Bench::new(&[("acks", "1"), ("enable.idempotence", "false")]);
    let id = bench.accept(0);
    bench.resolve_ok(180_002_000, id);
    assert_eq!(bench.broken(), ["nothing outlives delivery.timeout.ms"]);
}

#[test]
fn failed_for_sure_is_believed_until_it_is_seen() {
    let mut bench = Bench::new(&[]);
    let id = bench.accept(0);
    bench.oracle.told_failed(id, Persisted::No);
    bench.finish(true);
    assert!(bench.broken().is_empty());
}

/// What is broken when every guarantee is held to, and what the ledger counts. Without insisting nothing is reported.
fn held_to(scenario: &scenario::Scenario) -> (SortedSet<&'static str>, Ledger) {
    let mut plain = scenario.run().unwrap();
    assert_eq!(plain.finish(Duration::from_secs(300)), []);
    let mut world = scenario.start().unwrap();
    world.insist();
    world.run_until(ottla_core::Instant::from_micros(scenario.until));
    let violations = world.finish(Duration::from_secs(300));
    let broken: SortedSet<_> = violations.iter().map(|it| it.guarantee).collect();
    assert!(
        broken
            .iter()
            .all(|guarantee| !plain.guarantees().contains(guarantee))
    );
    assert_eq!(world.ledger(), plain.ledger(), "insisting only looks");
    (broken, world.ledger())
}

#[test]
fn acks_1_and_a_dead_leader_show_loss_in_the_ledger_and_break_the_guarantee() {
    let without = |scenario: scenario::Scenario| scenario.with("enable.idempotence", false);
    let (broken, ledger) = held_to(&without(scenario::broker_dies().with("acks", 1)));
    assert_eq!((ledger.told_ok, ledger.in_log, ledger.lost), (24, 22, 2));
    assert!(broken.contains(&NOT_LOST), "{broken:?}");
    let (broken, ledger) = held_to(&without(scenario::broker_dies()));
    assert_eq!(ledger.lost, 0);
    assert!(broken.is_empty(), "with acks=all nothing is broken: {broken:?}");
}

#[test]
fn each_broken_promise_of_a_weaker_producer_is_noticed() {
    let (broken, ledger) = held_to(&scenario::lost_answer());
    assert!(
        ledger.duplicate > 0 && broken.contains(&IN_LOG_ONCE),
        "{broken:?}"
    );
    let (broken, ledger) = held_to(&scenario::reordered());
    let order = "a partition keeps the order of sending";
    assert!(ledger.out_of_order > 0 && broken.contains(&order), "{broken:?}");
    let (broken, ledger) = held_to(&scenario::silent_loss());
    assert!(ledger.lost > 0 && broken.contains(&NOT_LOST), "{broken:?}");
}
