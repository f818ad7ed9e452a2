//! Clients that are not ours, on our simulated brokers and as readers of what ottla wrote to Kafka.

use std::collections::BTreeSet;
use std::fmt::Write;

use ottla_tests::cli::console_producer;
use ottla_tests::dev_cluster::DevCluster;
use ottla_tests::kafka::{Install, Kafka, Tools};
use ottla_tests::{kcat, node};

const RECORDS: usize = 10_000;
const PARTITIONS: i32 = 3;

/// One value a line, each different.
fn numbers() -> String {
    (0..RECORDS).fold(String::new(), |mut text, n| {
        writeln!(text, "{n}").expect("a String takes every write");
        text
    })
}

/// The values that a reader found are exactly the numbers, each once.
#[track_caller]
fn all_once(values: &[String], who: &str) {
    assert_eq!(values.len(), RECORDS, "{who}");
    let different: BTreeSet<usize> = values.iter().filter_map(|value| value.parse().ok()).collect();
    assert_eq!(different.len(), RECORDS, "{who}: each value once");
    assert_eq!(different.last(), Some(&(RECORDS - 1)), "{who}");
}

/// What kcat and Kafka's console consumer read of a topic of the simulated cluster.
fn read_back(cluster: &DevCluster, tools: &Tools, topic: &str) {
    let by_partition: Vec<Vec<String>> = (0..PARTITIONS)
        .map(|partition| kcat::consume(cluster.bootstrap(), topic, partition, &[]).lines())
        .collect();
    all_once(&by_partition.concat(), &format!("kcat reads {topic}"));
    for (partition, expected) in (0..).zip(&by_partition) {
        if !expected.is_empty() {
            let read = tools.consume(topic, partition, expected.len(), &[]);
            assert_eq!(
                &read.lines(),
                expected,
                "Kafka's console consumer reads {topic}-{partition}"
            );
        }
    }
}

#[test]
fn other_clients_produce_to_the_simulated_cluster_and_read_it_back() {
    let cluster = DevCluster::start(&["from-kcat:3", "from-kafkajs:3", "from-java:3"]);
    let tools = Tools::new(Install::find(), cluster.bootstrap());
    kcat::produce(cluster.bootstrap(), "from-kcat", &[], numbers());
    read_back(&cluster, &tools, "from-kcat");
    node::script("kafkajs.mjs")
        .args([
            "produce",
            cluster.bootstrap(),
            "from-kafkajs",
            &RECORDS.to_string(),
        ])
        .ok();
    read_back(&cluster, &tools, "from-kafkajs");
    tools
        .console_producer()
        .args(["--topic", "from-java"])
        .input(numbers())
        .ok();
    read_back(&cluster, &tools, "from-java");
}

#[test]
fn other_clients_read_what_ottla_wrote_to_kafka_with_each_codec() {
    let kafka = Kafka::shared();
    let tools = kafka.tools();
    for codec in ["none", "gzip", "snappy", "lz4", "zstd"] {
        let topic = Kafka::topic_name(&format!("read-{codec}"));
        tools.create_topic(&topic, 1, &[]);
        console_producer(kafka.bootstrap(), &topic)
            .args(["--compression-codec", codec])
            .input(numbers())
            .ok();
        let written: Vec<String> = numbers().lines().map(str::to_owned).collect();
        assert_eq!(
            kcat::consume(kafka.bootstrap(), &topic, 0, &[]).lines(),
            written,
            "kcat, {codec}"
        );
        assert_eq!(
            tools.consume(&topic, 0, RECORDS, &[]).lines(),
            written,
            "Kafka's consumer, {codec}"
        );
        let kafkajs = node::script("kafkajs.mjs")
            .args(["consume", kafka.bootstrap(), &topic, &RECORDS.to_string()])
            .ok();
        assert_eq!(kafkajs.lines(), written, "kafkajs, {codec}");
    }
}
