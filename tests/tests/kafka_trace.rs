//! A trace of a run against a real Kafka, folded into the page's picture, tells what the broker's log tells.

use std::collections::{BTreeMap, BTreeSet};

use ottla_scene::state::{Phase, State};
use ottla_tests::kafka::Kafka;
use ottla_tests::kcat;
use ottla_tests::places::{program, run_dir};
use ottla_tests::run::Run;
use ottla_trace::jsonl;

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

#[test]
fn the_folded_scene_is_what_the_log_and_the_acknowledgements_say() {
    let kafka = Kafka::shared();
    let topic = Kafka::topic_name("traced");
    kafka.tools().create_topic(&topic, 3, &[]);
    let file = run_dir("trace").join("run.jsonl");
    let input: String = (0..RECORDS).map(|n| format!("k{}\t{n}\n", n % KEYS)).collect();
    Run::new(program("ottla"))
        .args([
            "console-producer",
            "--bootstrap-server",
            kafka.bootstrap(),
            "--topic",
            &topic,
        ])
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
    let checked = Run::new(program("ottla"))
        .args(["trace", "check"])
        .args([&file])
        .ok();
    assert!(checked.text().contains("good"), "{checked}");

    let text = std::fs::read_to_string(&file).expect("the run wrote it");
    let (_, envelopes) = jsonl::read(&text).expect("it was just checked");
    let mut state = State::default();
    for envelope in &envelopes {
        state.fold(envelope);
    }

    // Records are numbered in the order of the input, so number n has value n.
    let mut shown = BTreeMap::new();
    for record in state.records.iter() {
        let place = record.place.expect("every record got into a batch");
        let batch = state.batches.get(place.batch).expect("the batch of a record");
        let Phase::Acked { base_offset, .. } = batch.phase else {
            panic!(
                "record {} is in batch {} which is {:?}",
                record.id, batch.id, batch.phase
            );
        };
        assert_eq!(batch.records[place.index as usize], record.id);
        assert_eq!(
            batch.sealed.as_ref().map(|sealed| sealed.codec.as_str()),
            Some("lz4")
        );
        let key = state.keys[&record.key.expect("every record has a key")].clone();
        let offset = base_offset + i64::from(place.index);
        shown.insert((batch.partition, offset), (key, record.id.to_string()));
    }
    assert_eq!(
        shown,
        log(kafka.bootstrap(), &topic),
        "the same records at the same offsets"
    );
    assert_eq!(state.ledger().told_ok, RECORDS as u64);
    assert_eq!(state.ledger().waiting, 0);

    // Batches: the broker's log has one for each that was acknowledged, with its sequence and size.
    if std::env::var("OTTLA_TEST_BOOTSTRAP").is_err() {
        let mut dumped = BTreeSet::new();
        for partition in 0..3 {
            let dump = kafka.tools().dump_log(&kafka.node(1).segments(&topic, partition));
            for line in dump.lines().filter(|line| line.starts_with("baseOffset:")) {
                dumped.insert((
                    partition,
                    field(line, "baseOffset"),
                    field(line, "count"),
                    field(line, "baseSequence"),
                ));
            }
        }
        let batches: BTreeSet<_> = state
            .batches
            .iter()
            .map(|batch| {
                let Phase::Acked { base_offset, .. } = batch.phase else {
                    panic!("{batch:?}")
                };
                let stamp = batch.stamp.expect("idempotence is on");
                (
                    batch.partition,
                    base_offset,
                    i64::from(batch.count),
                    i64::from(stamp.sequence),
                )
            })
            .collect();
        assert_eq!(batches, dumped);
    }
}

fn field(line: &str, name: &str) -> i64 {
    let rest = line
        .split(&format!("{name}: "))
        .nth(1)
        .unwrap_or_else(|| panic!("no {name} in {line}"));
    let end = rest.find(' ').unwrap_or(rest.len());
    rest[..end]
        .parse()
        .unwrap_or_else(|_| panic!("{name} is no number in {line}"))
}
