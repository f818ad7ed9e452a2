//! What each scenario shows is true.

use std::time::Duration;

use ottla_core::{Instant, Record, SendError};
use ottla_sim::{Command, Scenario, Told, World, scenario};
use ottla_trace::{
    Envelope, Event,
    event::{Ledger, Persisted, Verdict},
};

fn end(scenario: &Scenario) -> (World, Ledger) {
    let mut world = scenario.run().expect("presets are valid");
    world.finish(Duration::from_secs(300));
    assert_eq!(world.violations(), []);
    let ledger = world.ledger();
    assert_eq!(ledger.sent, ledger.told_ok + ledger.failed);
    (world, ledger)
}

fn verdicts(trace: &[Envelope]) -> Vec<(u64, Verdict)> {
    let verdict = |envelope: &Envelope| match envelope.event {
        Event::Verdict { record, verdict } => Some((record, verdict)),
        _ => None,
    };
    trace.iter().filter_map(verdict).collect()
}

#[test]
fn every_scenario_has_a_name_and_runs() {
    for scenario in Scenario::all() {
        assert_eq!(Scenario::named(scenario.name), Some(scenario.clone()));
        end(&scenario);
    }
}

#[test]
fn a_typed_record_is_told_where_it_is() {
    let mut world = scenario::sandbox().start().unwrap();
    world.run_until(Instant::from_millis(100));
    let id = world
        .send(Record::to("orders").key("kim").value("hello"))
        .unwrap();
    assert!(world.run_while(Instant::from_millis(1_000), |world| !world.is_resolved()));
    let fate = world.oracle().fate(id).unwrap();
    assert_eq!((fate.told, fate.committed), (Told::Ok { offset: 0 }, 1));
}

#[test]
fn a_full_producer_gives_the_record_back_and_takes_it_when_there_is_room() {
    let mut world = scenario::sandbox().start().unwrap();
    let record = || Record::to("orders").value("x".repeat(400));
    let mut sent = world.send(record());
    while sent.is_ok() {
        sent = world.send(record());
    }
    assert!(matches!(sent, Err(SendError::Full { .. })));
    let before = world.ledger().sent;
    assert!(world.publish(record()), "a patient application waits");
    assert_eq!(world.ledger().sent, before);
    assert!(world.run_while(Instant::from_millis(2_000), |world| !world.is_resolved()));
    assert_eq!(world.ledger().told_ok, before + 1);
}

#[test]
fn a_dead_leader_loses_nothing_with_acks_all_and_its_last_two_records_with_acks_1() {
    let (_, all) = end(&scenario::broker_dies());
    assert_eq!(
        (all.sent, all.told_ok, all.in_log, all.lost, all.duplicate),
        (24, 24, 24, 0, 0)
    );
    let one = scenario::broker_dies()
        .with("acks", 1)
        .with("enable.idempotence", false);
    let (mut world, one) = end(&one);
    assert_eq!((one.sent, one.told_ok, one.in_log, one.lost), (24, 24, 22, 2));
    let lost = verdicts(&world.drain_trace());
    assert_eq!(lost.len(), 2, "{lost:?}");
    assert!(
        lost.iter()
            .all(|(_, verdict)| matches!(verdict, Verdict::Lost { offset } if *offset >= 0))
    );
}

#[test]
fn with_acks_all_everybody_waits_until_the_dead_broker_is_fenced() {
    let scenario = scenario::broker_dies();
    let mut world = scenario.start().unwrap();
    world.run_until(Instant::from_millis(8_900));
    assert!(world.ledger().told_ok < world.ledger().sent);
    world.run_until(Instant::from_millis(9_500));
    assert_eq!(world.ledger().told_ok, world.ledger().sent);
}

#[test]
fn acks_0_loses_silently() {
    let (_, ledger) = end(&scenario::silent_loss());
    assert_eq!((ledger.told_ok, ledger.failed), (40, 0));
    assert!(ledger.lost > 0);
    assert_eq!(ledger.in_log + ledger.lost, 40);
}

#[test]
fn acks_1_loses_what_the_followers_had_not_fetched() {
    let (_, ledger) = end(&scenario::lost_leader());
    assert_eq!(ledger.told_ok, 40);
    assert!(ledger.lost > 0);
    let (_, all) = end(&scenario::lost_leader()
        .with("acks", "all")
        .with("enable.idempotence", true));
    assert_eq!((all.told_ok, all.lost), (40, 0));
}

#[test]
fn a_lost_answer_makes_a_duplicate_unless_the_producer_is_idempotent() {
    let (mut world, ledger) = end(&scenario::lost_answer());
    assert_eq!((ledger.in_log, ledger.lost), (24, 0));
    assert!(ledger.duplicate > 0);
    let copies = verdicts(&world.drain_trace());
    assert_eq!(copies.len() as u64, ledger.duplicate);
    let (_, idempotent) = end(&scenario::lost_answer().with("enable.idempotence", true));
    assert_eq!((idempotent.in_log, idempotent.duplicate), (24, 0));
}

#[test]
fn a_refused_request_is_overtaken_unless_sequences_or_one_at_a_time_prevent_it() {
    let (_, ledger) = end(&scenario::reordered());
    assert!(ledger.out_of_order > 0);
    let (_, idempotent) = end(&scenario::reordered().with("enable.idempotence", true));
    let (_, one) = end(&scenario::reordered().with("max.in.flight.requests.per.connection", 1));
    assert_eq!((idempotent.out_of_order, one.out_of_order), (0, 0));
}

#[test]
fn what_failed_may_be_in_the_log() {
    let (world, ledger) = end(&scenario::slow_network());
    assert_eq!(ledger.failed, 12);
    assert!(ledger.unknown > 0);
    let surprises = world.oracle().fates().iter().filter(|fate| fate.committed > 0);
    assert!(surprises.clone().count() > 0);
    assert!(
        surprises
            .into_iter()
            .all(|fate| fate.told == Told::Failed(Persisted::Possibly))
    );
}

#[test]
fn commands_that_are_not_possible_say_so() {
    let mut world = scenario::sandbox().start().unwrap();
    assert!(!world.command(Command::Restart(1)), "it runs");
    assert!(!world.command(Command::Kill(9)), "there is none");
    assert!(!world.command(Command::Thaw(1)), "nothing is frozen");
    assert!(world.command(Command::Kill(1)));
    assert!(!world.command(Command::CutAfterAppend(1)), "it is dead");
    let faults = world
        .drain_trace()
        .iter()
        .filter(|it| matches!(it.event, Event::Fault { .. }))
        .count();
    assert_eq!(faults, 1);
}
