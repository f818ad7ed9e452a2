//! The examples do before a real Kafka what they say. The workers run in `kafka_edge`.

use std::collections::BTreeMap;

use ottla_tests::cli::ottla;
use ottla_tests::kafka::Kafka;
use ottla_tests::kcat;
use ottla_tests::places::{example, root};
use ottla_tests::run::{Finished, Run};

/// Runs an example of a package with its two arguments, bootstrap address and topic.
fn run(package: &str, name: &str, topic: &str, input: &str) -> Finished {
    let kafka = Kafka::shared();
    kafka.tools().create_topic(topic, 2, &[]);
    Run::new(example(package, name))
        .args([kafka.bootstrap(), topic])
        .input(input)
        .ok()
}

/// The values in a topic by key, null as `-`, in the order of the log.
fn values(topic: &str) -> BTreeMap<String, Vec<String>> {
    let text =
        |data: Option<Vec<u8>>| data.map_or("-".to_owned(), |data| String::from_utf8_lossy(&data).into());
    let mut values = BTreeMap::<_, Vec<_>>::new();
    for record in kcat::records(Kafka::shared().bootstrap(), topic) {
        values
            .entry(text(record.key))
            .or_default()
            .push(text(record.value));
    }
    values
}

fn numbered(what: &str, numbers: impl Iterator<Item = u32>) -> Vec<String> {
    numbers.map(|number| format!("{what} {number}")).collect()
}

#[test]
fn send_styles() {
    let topic = Kafka::topic_name("send-styles");
    let finished = run("ottla", "send_styles", &topic, "");
    let mut values = values(&topic);
    let mut unkeyed = values.remove("-").expect("two of the styles send no key");
    unkeyed.sort_unstable();
    let mut expected = [numbered("forgotten", 0..10), numbered("called back", 0..10)].concat();
    expected.sort_unstable();
    assert_eq!(unkeyed, expected);
    for customer in 0..3 {
        let key = format!("customer-{customer}");
        let expected = numbered("awaited", (customer..10).step_by(3));
        assert_eq!(values.remove(&key), Some(expected), "{key}");
    }
    let printed = finished.text();
    assert_eq!(printed.matches(" at offset ").count(), 20, "{printed}");
}

#[test]
fn blocking() {
    let topic = Kafka::topic_name("blocking");
    let finished = run("ottla", "blocking", &topic, "");
    let values = values(&topic);
    assert_eq!(values.keys().collect::<Vec<_>>(), ["kim", "lee", "max"]);
    for (key, values) in values {
        assert_eq!(values, numbered("value", 0..10), "{key}");
    }
    assert_eq!(finished.lines().len(), 30, "{finished}");
}

#[test]
fn std_tcp() {
    let topic = Kafka::topic_name("std-tcp");
    let lines = numbered("line", 0..5_000);
    let finished = run("ottla-core", "std_tcp", &topic, &(lines.join("\n") + "\n"));
    let mut read = values(&topic).remove("-").expect("lines have no key");
    read.sort_unstable_by_key(|line| line[5..].parse::<u32>().ok());
    assert_eq!(read, lines);
    let reported: usize = finished
        .lines()
        .iter()
        .filter_map(|line| line.split(' ').next()?.parse::<usize>().ok())
        .sum();
    assert_eq!(reported, lines.len(), "{finished}");
}

#[test]
fn the_bridge_configuration_says_what_it_allows() {
    let checked = ottla(&["bridge", "check"])
        .args([root().join("examples/bridge.toml")])
        .ok();
    let said = checked.text();
    for part in [
        "127.0.0.1:9080",
        "http://localhost:8080",
        "clicks",
        "begins with demo-",
        "127.0.0.1:9081",
    ] {
        assert!(said.contains(part), "no {part} in:\n{said}");
    }
}
