//! A trace of a run against a real Kafka, folded into the page's picture, tells what the broker's log tells.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ottla::trace::{Envelope, Level};
use ottla::{Producer, Record};
use ottla_scene::state::{Batch, Phase, State};
use ottla_tests::cli::{console_producer, trace_events};
use ottla_tests::demo::Demo;
use ottla_tests::kafka::{Kafka, field};
use ottla_tests::places::run_dir;
use ottla_tests::{kcat, node};
use ottla_trace::jsonl::{Header, envelope_line};
use serde_json::Value;

const RECORDS: usize = 500;
const KEYS: usize = 7;
const LIMIT: Duration = Duration::from_secs(120);

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

/// Runs `console-producer` with a trace; gives the file.
fn traced_run(bootstrap: &str, topic: &str) -> PathBuf {
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
    file
}

fn folded(file: &Path) -> State {
    let mut state = State::default();
    for envelope in &trace_events(file) {
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

/// The batches of one producer that lost nothing, laid end to end, are the log of a new topic, partition by partition;
/// sequences count as offsets do.
#[track_caller]
fn tile_the_log(batches: &BTreeSet<(i32, i64, i64, i64)>, log: &BTreeMap<(i32, i64), (String, String)>) {
    let mut ends: BTreeMap<i32, i64> = BTreeMap::new();
    for (partition, base_offset, count, sequence) in batches {
        let end = ends.entry(*partition).or_default();
        assert_eq!((base_offset, sequence), (&*end, &*end), "partition {partition}");
        *end += count;
    }
    let mut lengths: BTreeMap<i32, i64> = BTreeMap::new();
    for (partition, _) in log.keys() {
        *lengths.entry(*partition).or_default() += 1;
    }
    assert_eq!(ends, lengths);
}

#[test]
fn the_folded_scene_is_what_the_log_and_the_acknowledgements_say() {
    let kafka = Kafka::shared();
    let topic = Kafka::topic_name("traced");
    kafka.tools().create_topic(&topic, 3, &[]);
    let state = folded(&traced_run(kafka.bootstrap(), &topic));
    let log = log(kafka.bootstrap(), &topic);
    assert_eq!(picture(&state), log, "the same records at the same offsets");
    assert_eq!(state.ledger().told_ok, RECORDS as u64);
    assert_eq!(state.ledger().waiting, 0);
    let batches = state.batches.iter().map(|batch| {
        let stamp = batch.stamp.expect("idempotence is on");
        (
            batch.partition,
            base_offset(batch),
            i64::from(batch.count),
            i64::from(stamp.sequence),
        )
    });
    let batches: BTreeSet<_> = batches.collect();
    tile_the_log(&batches, &log);
    if Kafka::has_files("the batches of the log's files") {
        assert_eq!(batches, dumped_batches(kafka, &topic));
    }
}

/// What the page shows, as the log has it: key and number by place.
fn shown_records(told: &Value) -> BTreeMap<(i32, i64), (String, String)> {
    let records = told["records"].as_array().expect("records");
    let place = |record: &Value, name: &str| {
        record[name]
            .as_i64()
            .unwrap_or_else(|| panic!("no {name} in {record}"))
    };
    let entry = |record: &Value| {
        assert_eq!(record["told"], "ok", "{record}");
        let partition = i32::try_from(place(record, "partition")).expect("a partition");
        let key = record["key"].as_str().expect("every record has a key").to_owned();
        (
            (partition, place(record, "offset")),
            (key, record["id"].to_string()),
        )
    };
    records.iter().map(entry).collect()
}

/// Partition, base offset, records and base sequence of each batch that the page shows; each holds the records that say
/// they are in it.
fn shown_batches(told: &Value) -> BTreeSet<(i32, i64, i64, i64)> {
    let batches = told["batches"].as_array().expect("batches");
    let entry = |batch: &Value| {
        assert_eq!(
            (&batch["told"], &batch["codec"]),
            (&"ok".into(), &"lz4".into()),
            "{batch}"
        );
        let ids = batch["records"].as_array().expect("the records of a batch");
        assert_eq!(Some(ids.len() as u64), batch["count"].as_u64(), "{batch}");
        for id in ids {
            let id = usize::try_from(id.as_u64().expect("a number")).expect("a number");
            assert_eq!(told["records"][id]["batch"], batch["id"], "record {id}");
        }
        let number = |name: &str| {
            batch[name]
                .as_i64()
                .unwrap_or_else(|| panic!("no {name} in {batch}"))
        };
        let partition = i32::try_from(number("partition")).expect("a partition");
        (
            partition,
            number("baseOffset"),
            number("count"),
            number("sequence"),
        )
    };
    batches.iter().map(entry).collect()
}

#[test]
fn a_trace_dropped_on_the_page_shows_what_the_log_and_the_acknowledgements_say() {
    let kafka = Kafka::shared();
    let topic = Kafka::topic_name("dropped");
    kafka.tools().create_topic(&topic, 3, &[]);
    let file = traced_run(kafka.bootstrap(), &topic);
    let text = std::fs::read_to_string(&file).expect("the run wrote it");
    let lines = text.lines().count();
    let broken = file.with_file_name("cut.jsonl");
    std::fs::write(&broken, &text[..text.len() - 20]).expect("the run directory can be written");
    let saved = file.with_file_name("saved.jsonl");
    let demo = Demo::start("orders", None);
    let run = node::script("page_trace.mjs")
        .args([demo.url()])
        .args([&file, &broken, &saved])
        .limit(LIMIT)
        .ok();
    let told: Value = serde_json::from_str(&run.text()).unwrap_or_else(|error| panic!("{error}: {run}"));
    let log = log(kafka.bootstrap(), &topic);
    let dumped = Kafka::has_files("the batches of the log's files").then(|| dumped_batches(kafka, &topic));
    for way in ["dropped", "refused", "chosen"] {
        let told = &told[way];
        assert_eq!(shown_records(told), log, "{way}");
        assert_eq!(told["ledger"]["toldOk"], RECORDS, "{way}");
        assert_eq!(told["ledger"]["waiting"], 0, "{way}");
        tile_the_log(&shown_batches(told), &log);
        if let Some(dumped) = &dumped {
            assert_eq!(&shown_batches(told), dumped, "{way}");
        }
    }
    assert_eq!(
        told["same"], true,
        "a saved trace has the events of the opened one"
    );
    // What is wrong, where, and what to do: for eyes, for screen readers and for scripts.
    let line = format!("cut.jsonl: line {lines} is cut off");
    let script = told["refused"]["said"]["text"].as_str().unwrap_or_default();
    let said = [&told["shown"], &told["announced"]].map(|it| it.as_str().unwrap_or_default());
    for said in [script, said[0], said[1]] {
        assert!(
            said.contains(&line) && said.contains("delete that line"),
            "{said:?}"
        );
    }
}

/// What the application was told of a record: partition and offset, or the name of the error.
type Report = Result<(i32, i64), String>;

/// No such partition: the record fails before it is in a batch.
fn goes_nowhere(n: usize) -> bool {
    n % 100 == 50
}

/// Larger than the topic allows: the broker refuses its batch.
fn is_too_large(n: usize) -> bool {
    n % 100 == 75
}

/// The largest batch of the topic, in bytes.
const LARGEST: &str = "2000";

fn value(n: usize) -> String {
    let width = if is_too_large(n) { 5_000 } else { 0 };
    format!("{n:0width$}")
}

/// A run of the client: its trace, and the delivery report of each record by the order of sending.
async fn reported_run(bootstrap: &str, topic: &str) -> (Vec<Envelope>, BTreeMap<usize, Report>) {
    let events = Arc::new(Mutex::new(Vec::new()));
    let reports = Arc::new(Mutex::new(BTreeMap::new()));
    let sink = Arc::clone(&events);
    let producer = Producer::builder()
        .bootstrap_servers(bootstrap)
        .set("batch.size", "1000")
        .set("max.block.ms", "1000")
        .trace(Level::Record, move |envelope| {
            sink.lock().expect("no holder of this lock panics").push(envelope);
        })
        .start()
        .expect("a good configuration");
    for n in 0..RECORDS {
        let mut record = Record::to(topic).key(format!("k{}", n % KEYS)).value(value(n));
        if goes_nowhere(n) {
            record = record.partition(3);
        }
        let reports = Arc::clone(&reports);
        let told = move |result: ottla::DeliveryResult| {
            let report = match result {
                Ok(told) => Ok((told.partition, told.offset)),
                Err(error) => Err(error.code().to_owned()),
            };
            let before = reports
                .lock()
                .expect("no holder of this lock panics")
                .insert(n, report);
            assert!(before.is_none(), "record {n} is told twice");
        };
        producer.send_with(record, told).await.expect("there is room");
    }
    producer.close(LIMIT).await.expect("nothing is left");
    let events = std::mem::take(&mut *events.lock().expect("the driver has ended"));
    let reports = std::mem::take(&mut *reports.lock().expect("the driver has ended"));
    (events, reports)
}

/// The same as the picture has it.
fn pictured(state: &State) -> BTreeMap<usize, Report> {
    let report = |record: &ottla_scene::state::Record| match (&record.failed, record.place) {
        (Some((_, error)), None) => Err(error.clone()),
        (None, Some(place)) => {
            let batch = state.batches.get(place.batch).expect("the batch of a record");
            match &batch.phase {
                Phase::Acked { base_offset, .. } => {
                    Ok((batch.partition, base_offset + i64::from(place.index)))
                }
                Phase::Failed { error, .. } => Err(error.clone()),
                other => panic!("batch {} is {other:?}", batch.id),
            }
        }
        neither => panic!("record {}: {neither:?}", record.id),
    };
    let numbered = state
        .records
        .iter()
        .map(|it| (usize::try_from(it.id).expect("a small number"), report(it)));
    numbered.collect()
}

/// The same as the page shows it.
fn shown_reports(told: &Value) -> BTreeMap<usize, Report> {
    let records = told["records"].as_array().expect("records").iter();
    let report = |it: &Value| match it["told"].as_str() {
        Some("ok") => {
            let [partition, offset] =
                ["partition", "offset"].map(|name| it[name].as_i64().expect("a number"));
            Ok((i32::try_from(partition).expect("a partition"), offset))
        }
        Some("failed") => Err(it["error"].as_str().expect("the name of the error").to_owned()),
        _ => panic!("neither told ok nor failed: {it}"),
    };
    records.map(report).enumerate().collect()
}

#[tokio::test]
async fn the_folded_scene_and_the_page_are_what_the_delivery_reports_say_failures_too() {
    let kafka = Kafka::shared();
    let topic = Kafka::topic_name("reported");
    kafka
        .tools()
        .create_topic(&topic, 3, &[("max.message.bytes", LARGEST)]);
    let (events, reports) = reported_run(kafka.bootstrap(), &topic).await;
    for (n, report) in &reports {
        let failed = match n {
            n if goes_nowhere(*n) => Some("MAX_BLOCK_TIMEOUT"),
            n if is_too_large(*n) => Some("MESSAGE_TOO_LARGE"),
            _ => None,
        };
        assert_eq!(report.as_ref().err().map(String::as_str), failed, "record {n}");
    }
    let mut state = State::default();
    events.iter().for_each(|envelope| state.fold(envelope));
    assert_eq!(pictured(&state), reports);
    let delivered = reports
        .iter()
        .filter_map(|(n, report)| Some((report.clone().ok()?, *n)));
    let delivered: BTreeMap<_, _> = delivered
        .map(|(place, n)| (place, (format!("k{}", n % KEYS), value(n))))
        .collect();
    assert_eq!(delivered, log(kafka.bootstrap(), &topic));
    let ledger = state.ledger();
    assert_eq!(
        (ledger.sent, ledger.waiting, ledger.unknown),
        (RECORDS as u64, 0, 0)
    );
    assert_eq!(
        (ledger.told_ok, ledger.failed),
        (delivered.len() as u64, (RECORDS - delivered.len()) as u64)
    );

    let lines = events.iter().map(envelope_line).collect::<String>();
    let text = format!("{}{lines}", Header::new("ottla-tests", Level::Record).line());
    let file = run_dir("reported").join("run.jsonl");
    let broken = file.with_file_name("cut.jsonl");
    std::fs::write(&file, &text).expect("the run directory can be written");
    std::fs::write(&broken, &text[..text.len() - 20]).expect("the run directory can be written");
    let demo = Demo::start("orders", None);
    let run = node::script("page_trace.mjs")
        .args([demo.url()])
        .args([&file, &broken, &file.with_file_name("saved.jsonl")])
        .limit(LIMIT)
        .ok();
    let told: Value = serde_json::from_str(&run.text()).unwrap_or_else(|error| panic!("{error}: {run}"));
    for way in ["dropped", "chosen"] {
        assert_eq!(shown_reports(&told[way]), reports, "{way}");
    }
}
