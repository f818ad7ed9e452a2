//! Equal setups and commands make equal runs; a clone is a branch.

use ottla_core::{Instant, Record};
use ottla_sim::{Command, Scenario, World, scenario};
use ottla_trace::{Envelope, Level, Source};

fn traced(seed: u64) -> Scenario {
    let mut scenario = Scenario::random(seed);
    scenario.setup.trace = Level::Record;
    scenario
}

#[test]
fn a_seed_decides_every_event() {
    for seed in 0..20 {
        let trace = |scenario: &Scenario| scenario.run().unwrap().drain_trace();
        assert_eq!(trace(&traced(seed)), trace(&traced(seed)), "seed {seed}");
    }
    assert_ne!(
        traced(1).run().unwrap().drain_trace(),
        traced(2).run().unwrap().drain_trace()
    );
}

#[test]
fn tracing_changes_nothing() {
    for seed in 0..50 {
        let on = traced(seed).run().unwrap();
        let off = Scenario::random(seed).run().unwrap();
        assert_eq!(
            (on.ledger(), on.producer().metrics()),
            (off.ledger(), off.producer().metrics()),
            "seed {seed}"
        );
    }
}

#[test]
fn a_clone_goes_on_as_the_original_does_or_its_own_way() {
    let scenario = scenario::broker_dies();
    let mut world = scenario.start().unwrap();
    world.run_until(Instant::from_millis(80));
    world.drain_trace();
    let (mut same, mut other) = (world.clone(), world.clone());
    let finish = |world: &mut World| {
        world.run_until(Instant::from_millis(30_000));
        world.drain_trace()
    };
    assert!(other.command(Command::Kill(1)));
    let original = finish(&mut world);
    assert_eq!(original, finish(&mut same));
    assert_ne!(original, finish(&mut other));
}

#[test]
fn stepping_is_running() {
    let scenario = scenario::broker_dies();
    let (mut stepped, mut ran) = (scenario.start().unwrap(), scenario.start().unwrap());
    let end = Instant::from_millis(12_000);
    let mut said = 0;
    while stepped.next_event_at().is_some_and(|at| at <= end) {
        said += u32::from(stepped.step());
    }
    ran.run_until(end);
    assert_eq!(stepped.drain_trace(), ran.drain_trace());
    assert!(said > 50, "{said} steps had something to say");
}

#[test]
fn the_trace_is_one_story() {
    let mut world = scenario::broker_dies().run().unwrap();
    let trace = world.drain_trace();
    assert!(
        trace.is_sorted_by_key(|envelope| envelope.t),
        "time never goes backwards"
    );
    let mut sources: Vec<Source> = trace.iter().map(|envelope| envelope.source).collect();
    sources.sort();
    sources.dedup();
    assert_eq!(
        sources,
        [
            Source::Client,
            Source::Broker(1),
            Source::Broker(2),
            Source::Broker(3),
            Source::World
        ]
    );
    for source in sources {
        let of_source: Vec<&Envelope> = trace
            .iter()
            .filter(|envelope| envelope.source == source)
            .collect();
        let numbered = of_source
            .iter()
            .zip(0..)
            .all(|(envelope, seq)| envelope.seq == seq);
        assert!(numbered, "{source:?} counts up by one");
    }
}

#[test]
fn topics_have_one_number_for_every_source() {
    use ottla_trace::{Event, event::Define};
    let mut setup = scenario::sandbox().setup;
    // The world numbers `first` before `orders`; the client meets `orders` first.
    setup.topics.insert(
        0,
        ottla_broker::NewTopic {
            name: "first".into(),
            partitions: 1,
            replication_factor: 1,
            ..Default::default()
        },
    );
    let mut world = World::new(&setup).unwrap();
    world.publish(Record::to("orders").value("a"));
    world.run_until(Instant::from_millis(1_000));
    let trace = world.drain_trace();
    let defined = trace.iter().filter_map(|envelope| match &envelope.event {
        Event::Define(Define::Topic { id, name }) => Some((envelope.source, *id, name.as_str())),
        _ => None,
    });
    let defined: Vec<_> = defined.collect();
    assert!(
        defined.contains(&(Source::World, 1, "orders")) && defined.contains(&(Source::Client, 1, "orders")),
        "{defined:?}"
    );
    let topics = trace.iter().filter_map(|envelope| match envelope.event {
        Event::Accepted { topic, .. } | Event::LogAppended { topic, .. } => Some(topic),
        _ => None,
    });
    assert!(topics.into_iter().all(|topic| topic == 1));
}
