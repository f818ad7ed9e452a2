//! Three brokers whose leaders are killed with SIGKILL while requests are on their way to them: what is acknowledged is
//! in the log, once and in order, directly and through the bridge. Without idempotence some of it is there twice, and
//! with acks=1 some is not there: what sees nothing else would see that.

use ottla_tests::kafka::Kafka;
use ottla_tests::kills::{Outcome, Plan, Promise, run};
use ottla_tests::ledger::Found;

/// What runs without [`PLANS`]: as little as shows each of them.
const FEW: &str =
    "direct:50000:1 direct:50000:1 direct:50000:1 bridge:30000:1:1 plain:30000:1 leader:30000:1";
/// Plans in words: `direct:RECORDS:KILLS`, `bridge:RECORDS:KILLS:KILLS OF THE BRIDGE`, `plain:RECORDS:KILLS`, which is
/// without idempotence, and `leader:RECORDS:KILLS`, which is `acks=1` as well. `cargo xtask prove kills` sets it.
const PLANS: &str = "OTTLA_KILLS";
/// How often a plan is tried until it shows something.
const ATTEMPTS: usize = 5;

fn plan(word: &str) -> Plan {
    let (way, numbers) = word.split_once(':').expect("a way and numbers");
    let numbers: Vec<usize> = numbers
        .split(':')
        .map(|number| number.parse().expect("a number"))
        .collect();
    let promise = match way {
        "direct" | "bridge" => Promise::ExactlyOnce,
        "plain" => Promise::AtLeastOnce,
        "leader" => Promise::Leader,
        _ => panic!("no such way: {word}"),
    };
    Plan {
        records: numbers[0],
        kills: numbers[1],
        promise,
        bridge_kills: (way == "bridge").then(|| numbers[2]),
    }
}

fn check(plan: &Plan, outcome: &Outcome) {
    assert_eq!(outcome.failed, Vec::<String>::new());
    assert_eq!(outcome.acked, plan.records);
    assert_eq!(outcome.counted(), plan.kills);
    // A leader that waits for nobody may have answered everything when it dies; what it loses is the same.
    assert!(
        outcome.frozen > 0 || plan.promise == Promise::Leader,
        "no leader died while a follower was frozen"
    );
    assert_eq!(outcome.counted_bridges(), plan.bridge_kills.unwrap_or(0));
    match plan.promise {
        Promise::ExactlyOnce => assert_eq!(outcome.found, Found::default()),
        Promise::AtLeastOnce => assert_eq!(outcome.found.lost, 0, "acks=all"),
        Promise::Leader => {}
    }
}

/// Whether a run that promises less than everything shows what that means. With few kills it may be lucky.
fn shows(plan: &Plan, found: &Found) -> bool {
    match plan.promise {
        Promise::ExactlyOnce => true,
        // Of what a frozen follower keeps from being acknowledged, the next leader has a copy already.
        Promise::AtLeastOnce => found.repeated > 0,
        // What was acknowledged while all followers were frozen is gone.
        Promise::Leader => found.lost > 0,
    }
}

#[test]
#[allow(
    clippy::print_stdout,
    reason = "whoever proves this wants to see how far it is"
)]
fn what_is_acknowledged_is_there_once_and_in_order_however_leaders_die() {
    let plans = std::env::var(PLANS).unwrap_or(FEW.to_owned());
    let mut kafka = Kafka::options()
        .brokers(3)
        .config("min.insync.replicas", "2")
        // Leaders go back to where they were soon, under load, so that every kill has some to hit.
        .config("leader.imbalance.check.interval.seconds", "2")
        .start();
    for (number, word) in plans.split(' ').enumerate() {
        let plan = plan(word);
        println!("kills: {plan:?}");
        let is_shown = (0..ATTEMPTS).any(|attempt| {
            let topic = format!("killed-{number}-{attempt}");
            let outcome = run(&mut kafka, &topic, &plan, &|line| println!("kills: {line}"));
            println!("kills: {word}: {outcome}");
            check(&plan, &outcome);
            shows(&plan, &outcome.found)
        });
        assert!(is_shown, "{word}: {ATTEMPTS} runs show nothing");
    }
}
