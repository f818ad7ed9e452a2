//! A trace of a run against a real Kafka, folded into the page's picture, tells what the broker's log tells.

use std::collections::{BTreeMap, BTreeSet};

use ottla_scene::state::{Batch, Phase, State};
use ottla_tests::cli::{console_producer, trace_events};
use ottla_tests::kafka::{Kafka, field};
use ottla_tests::kcat;
use ottla_tests::places::run_dir;

const RECORDS: usize = 500;
const KEYS: usize = 7;

/// Offset of each value by partition and key, as kcat reads the log.
fn log(bootstrap: &str, topic: &str) -> BTreeMap<(i32, i64), (String, String)> {
    let mut log = BTreeMap::new();
    for partition in 0..3 {
        for line in kcat::consume(bootstrap, topic, partition, &["-f", "%o %k %s\n"]).lines() {
            let words: Vec<&str> = line.split(' ').collect();
            let offset = words[0].parse().expect("kcat prints offsets as numbers");
            log.insert((partition, offset), (words[1].to_owned(), words[2].to_owned()));
        }
    }
    log
}

/// Runs `console-producer` with a trace and folds what it wrote.
fn traced_run(bootstrap: &str, topic: &str) -> State {
    let file = run_dir("trace").join("run.jsonl");
    let input: String = (0..RECORDS).map(|n| format!("k{}\t{n}\n", n % KEYS)).collect();
    console_producer(bootstrap, topic)
        .args([
            "--reader-property",
            "parse.key=true",
            "--batch-size",
            "1000",
            "--compression-codec",
            "lz4",
        ])
        .args(["--trace-level", "record", "--trace"])
        .args([&file])
        .input(input)
        .ok();
    let mut state = State::default();
    for envelope in &trace_events(&file) {
        state.fold(envelope);
    }
    state
}

/// Offset of each record by partition, with key and number, as the picture has it. Records are numbered in the order
/// of the input, so number n has value n.
fn picture(state: &State) -> BTreeMap<(i32, i64), (String, String)> {
    let mut shown = BTreeMap::new();
    for record in state.records.iter() {
        let place = record.place.expect("every record got into a batch");
        let batch = state.batches.get(place.batch).expect("the batch of a record");
        assert_eq!(batch.records[place.index as usize], record.id);
        assert_eq!(
            batch.sealed.as_ref().map(|sealed| sealed.codec.as_str()),
            Some("lz4")
        );
        let key = state.keys[&record.key.expect("every record has a key")].clone();
        let offset = base_offset(batch) + i64::from(place.index);
        shown.insert((batch.partition, offset), (key, record.id.to_string()));
    }
    shown
}

#[track_caller]
fn base_offset(batch: &Batch) -> i64 {
    match batch.phase {
        Phase::Acked { base_offset, .. } => base_offset,
        ref other => panic!("batch {} is {other:?}", batch.id),
    }
}

/// Partition, base offset, records and base sequence of each batch in the broker's log.
fn dumped_batches(kafka: &Kafka, topic: &str) -> BTreeSet<(i32, i64, i64, i64)> {
    let mut dumped = BTreeSet::new();
    for partition in 0..3 {
        let dump = kafka.tools().dump_log(&kafka.node(1).segments(topic, partition));
        for line in dump.lines().filter(|line| line.starts_with("baseOffset:")) {
            let number = |name| field(line, name);
            dumped.insert((
                partition,
                number("baseOffset"),
                number("count"),
                number("baseSequence"),
            ));
        }
    }
    dumped
}

#[test]
fn the_folded_scene_is_what_the_log_and_the_acknowledgements_say() {
    let kafka = Kafka::shared();
    let topic = Kafka::topic_name("traced");
    kafka.tools().create_topic(&topic, 3, &[]);
    let state = traced_run(kafka.bootstrap(), &topic);
    assert_eq!(
        picture(&state),
        log(kafka.bootstrap(), &topic),
        "the same records at the same offsets"
    );
    assert_eq!(state.ledger().told_ok, RECORDS as u64);
    assert_eq!(state.ledger().waiting, 0);
    if std::env::var("OTTLA_TEST_BOOTSTRAP").is_err() {
        let batches = state.batches.iter().map(|batch| {
            let stamp = batch.stamp.expect("idempotence is on");
            (
                batch.partition,
                base_offset(batch),
                i64::from(batch.count),
                i64::from(stamp.sequence),
            )
        });
        assert_eq!(batches.collect::<BTreeSet<_>>(), dumped_batches(kafka, &topic));
    }
}
