//! A message that finds warm connections, typed into the production page: it lingers, and stands at its broker.

use ottla_tests::demo::Demo;
use ottla_tests::kafka::Kafka;
use ottla_tests::{kcat, node};
use serde_json::Value;

/// What `linger.ms` is unless somebody says otherwise, in microseconds.
const LINGER: u64 = 5_000;

/// The page's own account of a message that found warm connections.
fn send(demo: &Demo, value: &str, options: &str) -> Value {
    let run = node::script("page_linger.mjs")
        .args([demo.url(), "kim", value, options])
        .ok();
    serde_json::from_str(&run.text()).unwrap_or_else(|error| panic!("{error}: {run}"))
}

/// Whether the batch left when `linger.ms` was over, and because of that. A core without linger sends it at once.
fn check_linger(told: &Value) -> Result<(), String> {
    let lingered = told["lingered"].as_u64();
    if told["because"] == "linger" && lingered.is_some_and(|micros| micros >= LINGER) {
        return Ok(());
    }
    Err(format!(
        "closed because of {} after {lingered:?} us",
        told["because"]
    ))
}

/// The record stands at the broker that leads its partition: while it is under way, and once it is in the log.
fn stands_at_its_broker(told: &Value, topic: &str) {
    let record = &told["record"];
    let partition = format!("{topic}-{}", record["partition"]);
    let queues = told["queues"].as_array().expect("queues");
    let queue = queues.iter().find(|queue| queue["partition"] == *partition);
    let queue = queue.unwrap_or_else(|| panic!("no queue of {partition}: {told}"));
    assert_eq!(queue["leader"], told["node"], "sent to the leader: {told}");
    let on_wire = told["onWire"].as_str().expect("words");
    assert!(on_wire.contains("1 of 5 in flight"), "{on_wire}");
    assert!(on_wire.contains("Record 1, kim"), "{on_wire}");
    let in_cluster = told["inCluster"].as_str().expect("words");
    let end = record["offset"].as_i64().expect("an offset") + 1;
    let line = format!("{partition}, leader: broker {}: Offset {end}", told["node"]);
    assert!(in_cluster.contains(&line), "no {line:?} in\n{in_cluster}");
}

/// What a reader sees and what a screen reader says: the socket closed with partition and offset.
fn is_told_with_its_place(told: &Value, topic: &str) {
    let record = &told["record"];
    let words = format!(
        "Told OK: {topic}-{}, offset {}, after ",
        record["partition"], record["offset"]
    );
    for place in ["shown", "announced"] {
        let text = told[place].as_str().unwrap_or_default();
        assert!(text.starts_with(&words), "{place}: {text:?}, not {words:?}");
    }
    assert_eq!(told["ledger"]["toldOk"], 2, "{told}");
    assert_eq!(told["toldOk"], "2", "the ledger that is shown: {told}");
}

/// The message lingers, stands at its broker, is told with its place, and kcat reads it at that very place. The same
/// page without linger fails the check of it.
fn a_message_arrives(demo: &Demo, topic: &str) {
    let value = "typed in Chromium — 안녕";
    let told = send(demo, value, "");
    assert_eq!(told["record"]["topic"], topic, "{told}");
    assert_eq!(told["record"]["told"], "ok", "{told}");
    assert_eq!(check_linger(&told), Ok(()), "{told}");
    stands_at_its_broker(&told, topic);
    is_told_with_its_place(&told, topic);
    let partition = told["record"]["partition"].as_i64().expect("a partition");
    let offset = told["record"]["offset"].as_i64().expect("an offset");
    let partition = i32::try_from(partition).expect("a small number");
    let format = ["-f", "%o %k %s\n"];
    let read = kcat::consume(demo.bootstrap(), topic, partition, &format).lines();
    let first = format!("{} kim {value} (first)", offset - 1);
    assert_eq!(read, [first, format!("{offset} kim {value}")]);

    let at_once = send(demo, value, "linger.ms=0");
    assert_eq!(at_once["because"], "no_linger", "{at_once}");
    let refused = check_linger(&at_once).expect_err("nothing lingered");
    assert!(refused.contains("no_linger"), "{refused}");
}

#[test]
fn it_lingers_and_reaches_the_simulated_cluster() {
    a_message_arrives(&Demo::start("orders", None), "orders");
}

#[test]
fn it_lingers_and_reaches_kafka() {
    let kafka = Kafka::options().brokers(1).start();
    a_message_arrives(&Demo::start("orders", Some(kafka.bootstrap())), "orders");
}
