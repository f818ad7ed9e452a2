//! The production page in Chromium, live: what is typed there is read back with clients that are not ours.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use ottla_tests::demo::Demo;
use ottla_tests::kafka::Kafka;
use ottla_tests::{kcat, node};
use serde_json::Value;

/// The page's own account of one message.
fn send(url: &str, key: &str, value: &str) -> Value {
    let run = node::script("page_message.mjs").args([url, key, value]).ok();
    serde_json::from_str(&run.text()).unwrap_or_else(|error| panic!("{error}: {run}"))
}

/// The message stands at its broker, lingered first, and kcat reads it at that very place.
fn a_message_arrives(demo: &Demo, topic: &str) {
    let value = "typed in Chromium — 안녕";
    let told = send(demo.url(), "kim", value);
    assert_eq!(told["record"]["topic"], topic, "{told}");
    assert_eq!(told["record"]["told"], "ok", "{told}");
    // A core without linger would close the batch at once.
    assert_eq!(told["because"], "linger", "{told}");
    assert!(
        told["lingered"].as_u64().is_some_and(|micros| micros >= 5_000),
        "{told}"
    );
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

#[test]
fn a_typed_message_reaches_kafka() {
    let kafka = Kafka::options().brokers(1).start();
    a_message_arrives(&Demo::start("orders", Some(kafka.bootstrap())), "orders");
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
    let mut seen = HashSet::new();
    let mut last_of: HashMap<String, usize> = HashMap::new();
    for partition in 0..3 {
        for line in kcat::consume(kafka.bootstrap(), "load", partition, &["-f", "%k %s\n"]).lines() {
            let (key, value) = line.split_once(' ').expect("key and value");
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
