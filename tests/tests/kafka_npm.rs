//! The npm package in Node before a real Kafka, over TCP and through the bridge: what a script is told is what kcat reads.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::OnceLock;

use ottla_tests::bridge::{Bridge, ORIGIN};
use ottla_tests::cli::trace_events;
use ottla_tests::kafka::Kafka;
use ottla_tests::kcat::{self, Record};
use ottla_tests::places::{npm_package, root, run_dir};
use ottla_tests::proxy::Moment::Never;
use ottla_tests::proxy::PRODUCE;
use ottla_tests::run::{Finished, Run};
use ottla_tests::{node, ports};
use ottla_trace::Event;
use serde_json::{Value, json};

/// One broker for all tests here. Only what names the proxies goes through them.
fn kafka() -> &'static Kafka {
    static KAFKA: OnceLock<Kafka> = OnceLock::new();
    KAFKA.get_or_init(|| Kafka::options().proxied().start())
}

/// How a script reaches Kafka.
struct Way {
    name: &'static str,
    options: Value,
    _bridge: Option<Bridge>,
}

impl Way {
    /// Over TCP, and through a bridge that lets scripts publish to topics that begin with `npm-`.
    fn both(bootstrap: &str) -> [Self; 2] {
        let bridge = Bridge::start(bootstrap, &["npm-*"]);
        [
            Self {
                name: "tcp",
                options: json!({ "bootstrapServers": bootstrap }),
                _bridge: None,
            },
            Self {
                name: "bridge",
                options: json!({ "bridge": bridge.url(), "origin": ORIGIN }),
                _bridge: Some(bridge),
            },
        ]
    }

    /// A new topic for what goes this way.
    fn topic(&self, base: &str, partitions: u32) -> String {
        let topic = Kafka::topic_name(&format!("npm-{}-{base}", self.name));
        kafka().tools().create_topic(&topic, partitions, &[]);
        topic
    }

    fn run(&self, script: &str, topic: &str, more: &[&str]) -> Finished {
        self.script(script, topic, more).ok()
    }

    fn script(&self, script: &str, topic: &str, more: &[&str]) -> Run {
        node::script(script)
            .args([&self.options.to_string(), topic])
            .args(more)
    }
}

fn log(topic: &str) -> Vec<Record> {
    kcat::records(kafka().bootstrap(), topic)
}

/// The lines that a script printed.
fn told(finished: &Finished) -> Vec<Value> {
    let parse = |line: &String| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
    finished.lines().iter().map(parse).collect()
}

fn number(value: &Value) -> i64 {
    value.as_i64().unwrap_or_else(|| panic!("a number, not {value}"))
}

/// `[partition, offset]` pairs.
fn places(value: &Value) -> Vec<(i64, i64)> {
    let pairs = value.as_array().unwrap_or_else(|| panic!("pairs, not {value}"));
    pairs
        .iter()
        .map(|pair| (number(&pair[0]), number(&pair[1])))
        .collect()
}

fn hex(bytes: Option<&Vec<u8>>) -> Value {
    let text = |bytes: &Vec<u8>| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    bytes.map(text).into()
}

/// Every record that the script told of is at its place, and the topic has nothing else.
#[track_caller]
fn is_the_log(told: &[Value], topic: &str) {
    let log = log(topic);
    let headers = kcat::headers(kafka().bootstrap(), topic);
    let mut expected = told.to_vec();
    expected.sort_by_key(|record| (number(&record["partition"]), number(&record["offset"])));
    let read: Vec<Value> = log
        .iter()
        .map(|record| {
            let Record {
                partition,
                offset,
                timestamp,
                ..
            } = record;
            let headers = headers.get(&(*partition, *offset)).map_or(&[][..], Vec::as_slice);
            let headers: Vec<Value> = headers.chunks(2).map(|pair| json!(pair)).collect();
            json!({ "partition": partition, "offset": offset, "timestamp": timestamp,
                    "key": hex(record.key.as_ref()), "value": hex(record.value.as_ref()), "headers": headers })
        })
        .collect();
    assert_eq!(read.len(), expected.len(), "{topic}");
    for (read, expected) in read.iter().zip(&expected) {
        assert_eq!(read, expected, "{topic}");
    }
}

/// The told places are those of the log, each once.
#[track_caller]
fn are_the_places(told: Vec<(i64, i64)>, log: &[Record], what: &str) {
    assert_eq!(told.len(), log.len(), "{what}: each once");
    let told: BTreeSet<(i64, i64)> = told.into_iter().collect();
    let read: BTreeSet<(i64, i64)> = log
        .iter()
        .map(|record| (record.partition, record.offset))
        .collect();
    // All of them would fill screens.
    let wrong: Vec<_> = told.symmetric_difference(&read).take(10).collect();
    assert!(wrong.is_empty(), "{what}: told and log differ at {wrong:?} …");
}

#[test]
fn every_kind_of_key_value_and_header_arrives_as_it_was_told() {
    for way in Way::both(kafka().bootstrap()) {
        let topic = way.topic("values", 3);
        let told = told(&way.run("npm_values.mjs", &topic, &[]));
        assert!(told.len() > 15, "{told:?}");
        is_the_log(&told, &topic);
    }
}

#[test]
fn a_topic_with_the_brokers_clock_tells_its_time() {
    let [tcp, _] = Way::both(kafka().bootstrap());
    let topic = Kafka::topic_name("npm-clock");
    let clock = ("message.timestamp.type", "LogAppendTime");
    kafka().tools().create_topic(&topic, 3, &[clock]);
    is_the_log(&told(&tcp.run("npm_values.mjs", &topic, &[clock.1])), &topic);
}

#[test]
fn keys_go_to_the_partitions_that_java_chooses() {
    const PARTITIONS: u32 = 7;
    let mut keys: Vec<String> = (0..200).map(|n| format!("customer-{n}")).collect();
    keys.extend(["ключ", "鍵", "𝄞", " ", "-1", &"long".repeat(100)].map(str::to_owned));
    let lines: String = keys.iter().map(|key| format!("{key}\n")).collect();
    let partitions = |topic: &str| -> BTreeMap<String, i64> {
        let placed = log(topic).into_iter();
        placed
            .map(|record| (record.text().0.to_owned(), record.partition))
            .collect()
    };
    let java = Kafka::topic_name("npm-java-keys");
    kafka().tools().create_topic(&java, PARTITIONS, &[]);
    let tab_separated: String = keys.iter().map(|key| format!("{key}\t{key}\n")).collect();
    kafka()
        .tools()
        .console_producer()
        .args(["--topic", &java, "--reader-property", "parse.key=true"])
        .input(tab_separated)
        .ok();
    let expected = partitions(&java);
    assert_eq!(expected.len(), keys.len());
    for way in Way::both(kafka().bootstrap()) {
        let topic = way.topic("keys", PARTITIONS);
        way.script("npm_keys.mjs", &topic, &[]).input(lines.clone()).ok();
        assert_eq!(partitions(&topic), expected, "{}", way.name);
    }
}

#[test]
fn each_codec_and_each_acks() {
    const CODECS: [&str; 4] = ["none", "gzip", "snappy", "lz4"];
    const ACKS: [&str; 3] = ["0", "1", "all"];
    let mut stored = Vec::new();
    let mut segments = Vec::new();
    for way in Way::both(kafka().bootstrap()) {
        let topics = |names: &[&str]| -> BTreeMap<String, String> {
            let topic = |name: &&str| ((*name).to_owned(), way.topic(name, 1));
            names.iter().map(topic).collect()
        };
        let (codecs, acks) = (topics(&CODECS), topics(&ACKS));
        let arguments = [json!(codecs).to_string(), json!(acks).to_string()];
        let lines = told(&way.run("npm_codecs.mjs", "", &[&arguments[0], &arguments[1]]));
        assert_eq!(lines.len(), CODECS.len() + ACKS.len());
        for line in &lines {
            let topic = line["topic"].as_str().expect("the script says which");
            let log = log(topic);
            let values: Vec<&str> = log.iter().map(|record| record.text().1).collect();
            assert_eq!(values.len(), 300, "{topic}");
            assert!(
                values
                    .iter()
                    .enumerate()
                    .all(|(n, value)| value.contains(&format!(" {n} "))),
                "in order, each once: {topic}"
            );
            let places = places(&line["places"]);
            if acks["0"] == topic {
                assert!(
                    places.iter().all(|place| *place == (0, -1)),
                    "acks=0 tells no offset"
                );
                assert!(line["notices"].to_string().contains("idempotence"), "{line}");
            } else {
                assert!(
                    places.iter().zip(0..).all(|(place, n)| *place == (0, n)),
                    "{topic}"
                );
            }
        }
        for (codec, topic) in codecs {
            segments.extend(kafka().node(1).segments(&topic, 0));
            stored.push((topic, codec));
        }
    }
    let dump = kafka().tools().dump_log(&segments);
    for (topic, codec) in stored {
        let file = format!("/{topic}-0/");
        let part = dump.split("Dumping ").find(|part| part.contains(&file));
        let batches: Vec<&str> = part
            .unwrap_or_else(|| panic!("{file} in {dump}"))
            .lines()
            .filter(|line| line.starts_with("baseOffset:"))
            .collect();
        assert!(!batches.is_empty(), "{topic}");
        for batch in batches {
            assert!(
                batch.contains(&format!("compresscodec: {codec} ")),
                "{codec}: {batch}"
            );
            assert!(batch.contains("isvalid: true"), "{batch}");
        }
    }
}

#[test]
fn post_room_flush_events_trace_and_close() {
    for way in Way::both(kafka().bootstrap()) {
        let topic = way.topic("flow", 3);
        let trace = run_dir("npm-trace").join("run.jsonl");
        let finished = way.run("npm_flow.mjs", &topic, &[&trace.display().to_string()]);
        let told = places(&told(&finished)[0]);
        let log = log(&topic);
        assert_eq!(told.len(), 3_002, "{}", way.name);
        are_the_places(told, &log, way.name);
        let accepted = trace_events(&trace)
            .iter()
            .filter(|envelope| matches!(envelope.event, Event::Accepted { .. }))
            .count();
        assert_eq!(accepted, 3_000, "{}: level record has every record", way.name);
    }
}

#[test]
fn twenty_thousand_records_over_fifty_keys_arrive_once_and_in_order() {
    for way in Way::both(kafka().bootstrap()) {
        let topic = way.topic("order", 6);
        let finished = way.run("npm_order.mjs", &topic, &[]);
        let log = log(&topic);
        assert_eq!(log.len(), 20_000, "{}", way.name);
        let mut next: BTreeMap<&str, usize> = BTreeMap::new();
        for record in &log {
            let (key, value) = record.text();
            let first = key[1..].parse().expect("keys are k and a number");
            let expected = next.entry(key).or_insert(first);
            assert_eq!(value, expected.to_string(), "{}: after it in {key}", way.name);
            *expected += 50;
        }
        assert_eq!(next.len(), 50);
        are_the_places(places(&told(&finished)[0]), &log, way.name);
    }
}

#[test]
fn close_keeps_its_deadline_and_says_what_may_be_in_the_log() {
    for way in Way::both(&kafka().proxied_bootstrap()) {
        let topic = way.topic("close", 1);
        let proxy = kafka().proxy(1);
        let before = proxy.cuts_made();
        proxy.cut(PRODUCE, 2, Never);
        let finished = way.run("npm_close.mjs", &topic, &[]);
        assert_eq!(proxy.cuts_made(), before + 1, "{}: an answer was held", way.name);
        assert_eq!(places(&json!([told(&finished)[0]])), [(0, 0)]);
        let log = log(&topic);
        let values: Vec<&str> = log.iter().map(|record| record.text().1).collect();
        // `possibly`, and so it was.
        assert_eq!(values, ["told", "untold"], "{}", way.name);
    }
}

#[test]
fn bad_input_is_a_typed_error_and_harms_nothing_else() {
    for way in Way::both(kafka().bootstrap()) {
        let topic = way.topic("bad", 2);
        let missing = Kafka::topic_name("npm-missing");
        let forbidden = Kafka::topic_name("forbidden");
        let nobody = format!("127.0.0.1:{}", ports::free());
        let finished = way.run("npm_bad_input.mjs", &topic, &[&missing, &forbidden, &nobody]);
        let told = told(&finished);
        assert!(
            told.len() > 50,
            "records were in flight all the time: {}",
            told.len()
        );
        is_the_log(&told, &topic);
    }
}

/// The package as others get it: packed and installed by npm into a directory that has nothing else.
fn install() -> PathBuf {
    let dir = run_dir("npm-install");
    // Without a package.json of its own, npm would install into the checkout.
    std::fs::write(dir.join("package.json"), r#"{"private":true,"type":"module"}"#)
        .expect("the run directory can be written");
    Run::new("npm")
        .args(["pack", "--silent", "--pack-destination", "."])
        .args([npm_package()])
        .dir(&dir)
        .ok();
    let tarball = concat!("./ottla-", env!("CARGO_PKG_VERSION"), ".tgz");
    let flags = ["--offline", "--no-audit", "--no-fund", "--ignore-scripts"];
    Run::new("npm")
        .args(["install", tarball])
        .args(flags)
        .dir(&dir)
        .ok();
    let scripts = root().join("tests/js/installed");
    for name in ["send.mjs", "node.ts", "browser.ts", "workerd.ts"] {
        std::fs::copy(scripts.join(name), dir.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
    }
    dir
}

#[test]
fn the_package_installs_from_its_tarball_works_and_has_its_types_in_each_runtime() {
    let dir = install();
    let topic = Kafka::topic_name("npm-installed");
    kafka().tools().create_topic(&topic, 1, &[]);
    let sent = Run::new("node")
        .args(["send.mjs", kafka().bootstrap(), &topic])
        .dir(&dir)
        .ok();
    assert_eq!(sent.text(), "0 0\n");
    let log = log(&topic);
    assert_eq!(
        log.iter().map(Record::text).collect::<Vec<_>>(),
        [("kim", "installed")]
    );
    let bundler = ["--module", "esnext", "--moduleResolution", "bundler"];
    let runtimes: [(&str, &[&str]); 3] = [
        ("node.ts", &["--module", "nodenext"]),
        ("browser.ts", &bundler),
        (
            "workerd.ts",
            &[&bundler[..], &["--customConditions", "workerd"]].concat(),
        ),
    ];
    for (file, flags) in runtimes {
        Run::new(root().join("node_modules/.bin/tsc"))
            .args([
                "--noEmit",
                "--strict",
                "--target",
                "es2022",
                "--lib",
                "es2022,dom",
            ])
            .args(flags)
            .args([file])
            .dir(&dir)
            .ok();
    }
}
