//! The production page in Chromium, live: what is typed there is read back with clients that are not ours.

use std::collections::{HashMap, HashSet};
use std::sync::OnceLock;
use std::time::Duration;

use ottla_tests::demo::Demo;
use ottla_tests::kafka::{Kafka, field};
use ottla_tests::{kcat, node};
use serde_json::{Value, json};

const LIMIT: Duration = Duration::from_secs(120);

/// What a script tells of the page.
fn told(script: &str, args: &[&str]) -> Value {
    let run = node::script(script).args(args).limit(LIMIT).ok();
    serde_json::from_str(&run.text()).unwrap_or_else(|error| panic!("{error}: {run}"))
}

/// A client is told of its own records and sees into no broker: what is known is a number, the rest is hatched, and
/// nothing can be killed.
#[track_caller]
fn shows_what_a_client_knows(shown: &Value, known: [(&str, &str); 5]) {
    let hidden = ["in-log", "lost", "duplicate", "out-of-order"];
    let hatched = hidden.map(|name| (name.to_owned(), Value::Null));
    let known = known.map(|(name, number)| (name.to_owned(), number.into()));
    let all: serde_json::Map<String, Value> = hatched.into_iter().chain(known).collect();
    assert_eq!(shown, &Value::Object(all));
}

fn is_live(told: &Value) {
    let known = [
        ("sent", "1"),
        ("told-ok", "1"),
        ("waiting", "0"),
        ("failed", "0"),
        ("unknown", "0"),
    ];
    shows_what_a_client_knows(&told["shown"], known);
    for claim in ["inLog", "lost", "duplicate", "outOfOrder"] {
        assert_eq!(told["ledger"].get(claim), Some(&Value::Null), "{claim}: {told}");
    }
    // Of the logs it knows the place of its own record, no other replica and no high watermark.
    let record = &told["record"];
    let own = json!([{
        "broker": told["node"],
        "partition": format!("{}-{}", record["topic"].as_str().unwrap_or_default(), record["partition"]),
        "end": record["offset"].as_i64().map(|offset| offset + 1),
        "highWatermark": 0,
    }]);
    assert_eq!(told["logs"], own, "{told}");
    assert_eq!(told["buttons"], 0, "no broker can be killed: {told}");
    assert_eq!(told["dead"], 0, "nor by its key: {told}");
}

/// The message stands at its broker, and kcat reads it at that very place.
fn a_message_arrives(demo: &Demo, topic: &str) {
    let value = "typed in Chromium — 안녕";
    let told = told("page_message.mjs", &[demo.url(), "kim", value]);
    is_live(&told);
    assert_eq!(told["record"]["topic"], topic, "{told}");
    assert_eq!(told["record"]["told"], "ok", "{told}");
    let node = &told["node"];
    assert!(
        told["brokers"].as_array().is_some_and(|all| all.contains(node)),
        "{told}"
    );
    let partition = told["record"]["partition"].as_i64().expect("a partition");
    let offset = told["record"]["offset"].as_i64().expect("an offset");
    let partition = i32::try_from(partition).expect("a small number");
    let format = ["-f", "%o %k %s\n"];
    let read = kcat::consume(demo.bootstrap(), topic, partition, &format).lines();
    assert_eq!(read, [format!("{offset} kim {value}")]);
}

#[test]
fn a_typed_message_reaches_the_simulated_cluster() {
    a_message_arrives(&Demo::start("orders", None), "orders");
}

/// For all that leave the broker alone; each has topics of its own.
fn kafka() -> &'static Kafka {
    static KAFKA: OnceLock<Kafka> = OnceLock::new();
    KAFKA.get_or_init(|| Kafka::options().brokers(1).start())
}

#[test]
fn a_typed_message_reaches_kafka() {
    a_message_arrives(&Demo::start("orders", Some(kafka().bootstrap())), "orders");
}

#[test]
fn every_field_of_the_form_arrives_in_kafka() {
    let kafka = kafka();
    let demo = Demo::start_with(&["offered", "clicks"], Some(kafka.bootstrap()));
    let told = told("page_form.mjs", &[demo.url(), "clicks"]);
    let log = kcat::records(kafka.bootstrap(), "clicks");
    let headers = kcat::headers(kafka.bootstrap(), "clicks");
    assert_eq!(log.len(), 3);
    let some = |text: &str| Some(text.as_bytes().to_vec());
    let typed = [
        (
            some("han"),
            some("vàl=ue"),
            json!(["trace", "1", "trace", "2=3", "출처", "페이지"]),
        ),
        (None, some("no key here"), Value::Null),
        (some("park"), None, json!(["why", ""])),
    ];
    for (shown, (key, value, names)) in told["told"].as_array().expect("records").iter().zip(typed) {
        assert_eq!(shown["topic"], "clicks", "{shown}");
        let place = (shown["partition"].as_i64(), shown["offset"].as_i64());
        let read = log
            .iter()
            .find(|it| (Some(it.partition), Some(it.offset)) == place);
        let read = read.unwrap_or_else(|| panic!("kcat finds nothing at {place:?}: {log:?}"));
        assert_eq!((&read.key, &read.value), (&key, &value), "{shown}");
        let read = headers.get(&(read.partition, read.offset));
        assert_eq!(read.map_or(Value::Null, |it| json!(it)), names, "{shown}");
    }
    let partition = |n: usize| told["told"][n]["partition"].as_i64();
    assert_eq!(
        [partition(0), partition(1)],
        [Some(2), Some(1)],
        "as it was typed"
    );
    // acks=1 was chosen, and gives no identity: neither in the page nor in the log.
    let linked = told["linked"].as_str().unwrap_or_default();
    assert!(linked.contains("acks=1"), "{linked:?}");
    for batch in told["batches"].as_array().expect("batches") {
        assert_eq!(batch["producerId"].as_i64().unwrap_or(-1), -1, "{batch}");
    }
    let segments: Vec<_> = (0..3)
        .flat_map(|it| kafka.node(1).segments("clicks", it))
        .collect();
    let dump = kafka.tools().dump_log(&segments);
    let batches = dump.lines().filter(|line| line.starts_with("baseOffset:"));
    let ids: Vec<i64> = batches.map(|line| field(line, "producerId")).collect();
    assert_eq!(ids, [-1; 3], "{dump}");
}

#[test]
fn the_keyboard_alone_connects_and_sends() {
    let kafka = kafka();
    let demo = Demo::start("keyed", Some(kafka.bootstrap()));
    let told = told("page_keyboard_live.mjs", &[demo.url(), "lim", "by keyboard"]);
    assert_eq!(told["record"]["topic"], "keyed", "{told}");
    let read = kcat::records(kafka.bootstrap(), "keyed");
    let [read] = read.as_slice() else {
        panic!("one record: {read:?}");
    };
    assert_eq!(read.text(), ("lim", "by keyboard"));
    let place = (
        told["record"]["partition"].as_i64(),
        told["record"]["offset"].as_i64(),
    );
    assert_eq!(place, (Some(read.partition), Some(read.offset)));
    let [off, on] = ["off", "on"].map(|it| told[it].as_str().unwrap_or_default());
    for name in ["textbox \"Bridge", "combobox \"acks\"", "button \"Connect\""] {
        assert!(off.contains(name), "no {name} in {off}");
    }
    for option in ["acks=1", "linger.ms=7", "button \"Disconnect\""] {
        assert!(on.contains(option), "no {option} in {on}");
    }
}

#[test]
fn what_nobody_answered_is_unknown_until_the_broker_does() {
    let kafka = Kafka::options().brokers(1).start();
    let demo = Demo::start("orders", Some(kafka.bootstrap()));
    let broker = kafka.node(1).process().pid().to_string();
    let told = told("page_unanswered.mjs", &[demo.url(), &broker]);
    let ledger = |numbers: [&'static str; 5]| {
        let names = ["sent", "told-ok", "waiting", "failed", "unknown"];
        std::array::from_fn(|it| (names[it], numbers[it]))
    };
    shows_what_a_client_knows(&told["still"], ledger(["2", "1", "1", "0", "1"]));
    shows_what_a_client_knows(&told["after"], ledger(["2", "2", "0", "0", "0"]));
    assert_eq!(kcat::records(kafka.bootstrap(), "orders").len(), 2);
}

const RECORDS: usize = 50_000;
const KEYS: usize = 200;

#[test]
fn fifty_thousand_records_from_one_tab_arrive_once_and_in_order() {
    let kafka = Kafka::options().brokers(1).start();
    let demo = Demo::start("load", Some(kafka.bootstrap()));
    let run = node::script("page_load.mjs")
        .args([demo.url(), "load", &RECORDS.to_string(), "100", &KEYS.to_string()])
        .limit(Duration::from_secs(120))
        .ok();
    let told: Value = serde_json::from_str(&run.text()).unwrap_or_else(|error| panic!("{error}: {run}"));
    let count = |name: &str| usize::try_from(told[name].as_u64().expect("a count")).expect("a count");
    assert_eq!(count("sent"), RECORDS, "{told}");
    assert_eq!(
        told["visible"], true,
        "the stage was in sight all the time: {told}"
    );
    assert!(
        count("painted") >= 5,
        "the stage moved while the records left: {told}"
    );
    let mut seen = HashSet::new();
    let mut last_of: HashMap<String, usize> = HashMap::new();
    for partition in 0..3 {
        for line in kcat::consume(kafka.bootstrap(), "load", partition, &["-f", "%k %s\n"]).lines() {
            let (key, value) = line.split_once(' ').expect("key and value");
            assert_eq!(value.len(), 100, "{value}");
            let n: usize = value
                .split(':')
                .next()
                .and_then(|n| n.parse().ok())
                .expect("a number");
            assert!(seen.insert(n), "record {n} is there twice");
            if let Some(last) = last_of.insert(key.to_owned(), n) {
                assert!(last < n, "record {n} of {key} came before {last}");
            }
        }
    }
    let (ok, unknown) = (count("ok"), count("unknown"));
    assert!(
        ok <= seen.len() && seen.len() <= ok + unknown,
        "{} in the log; {told}",
        seen.len()
    );
    assert_eq!(seen.len(), RECORDS, "every one there; {told}");
    assert_eq!(last_of.len(), KEYS);
}
