//! Kafka's metrics on a scripted workload.

use ottla_core::Record;
use ottla_wire::batch::{HEADER_LEN, MAX_RECORD_OVERHEAD};
use ottla_wire::error_code::ErrorCode;
use ottla_wire::messages::produce::PartitionProduceResponse;

use crate::common::{Bench, TOPIC};
use crate::metrics_table as table;

fn value(bench: &Bench, group: &str, tag: &str, name: &str) -> f64 {
    let metrics = bench.producer.kafka_metrics(bench.now);
    let found: Vec<_> = metrics
        .iter()
        .filter(|metric| metric.group == group && metric.tag == tag && metric.name == name)
        .collect();
    assert_eq!(found.len(), 1, "{group} {tag} {name}");
    found[0].value
}

fn of_producer(bench: &Bench, names: &[&str]) -> Vec<f64> {
    names
        .iter()
        .map(|name| value(bench, "producer-metrics", "", name))
        .collect()
}

fn expect(bench: &Bench, expected: &[(&str, f64)]) {
    for (name, expected) in expected {
        assert_eq!(of_producer(bench, &[name]), [*expected], "{name}");
    }
}

/// Upper bound of a record with a value of so many bytes and nothing else.
fn bound(bytes: usize) -> f64 {
    let length = if bytes < 64 { 1 } else { 2 };
    (HEADER_LEN + MAX_RECORD_OVERHEAD + 1 + length + bytes + 1) as f64
}

#[test]
fn names_and_groups_are_kafkas() {
    let mut bench = Bench::warm(1, &[]);
    bench.send_to(0, "a");
    bench.answer_after_ms(5);
    let metrics = bench.producer.kafka_metrics(bench.now);
    let names = |group: &str| -> Vec<&str> {
        let of_group = metrics.iter().filter(|metric| metric.group == group);
        of_group.map(|metric| metric.name).collect()
    };
    let listed = |tables: &[&[(&'static str, &str)]]| -> Vec<&str> {
        tables.concat().iter().map(|(name, _)| *name).collect()
    };
    assert_eq!(
        names("producer-metrics"),
        listed(&[table::PRODUCER, table::TRAFFIC])
    );
    assert_eq!(names("producer-node-metrics"), listed(&[table::TRAFFIC]));
    assert_eq!(names("producer-topic-metrics"), listed(&[table::TOPIC]));
}

#[test]
fn records_and_batches_are_counted_as_kafka_counts_them() {
    let mut bench = Bench::new(2, &[("linger.ms", "10"), ("retry.backoff.ms", "50")]);
    let nothing = of_producer(&bench, &["batch-size-avg", "record-send-total"]);
    assert!(nothing[0].is_nan() && nothing[1] == 0.0);
    for (partition, bytes) in [(0, 100), (0, 50), (1, 10)] {
        bench.send_to(partition, &"x".repeat(bytes));
    }
    bench.advance_ms(10);
    let request = bench.take();
    let sizes: Vec<f64> = request
        .batches()
        .iter()
        .map(|batch| batch.header.total_len() as f64)
        .collect();
    assert_eq!(sizes.len(), 2);
    let expected = [
        ("record-send-total", 3.0),
        ("records-per-request-avg", 3.0),
        ("batch-size-avg", (sizes[0] + sizes[1]) / 2.0),
        ("batch-size-max", sizes[0].max(sizes[1])),
        ("record-size-max", bound(100)),
        ("record-size-avg", (bound(100) + bound(10)) / 2.0),
        ("record-queue-time-avg", 10.0),
        ("record-queue-time-max", 10.0),
        ("compression-rate-avg", 1.0),
        ("record-retry-total", 0.0),
        ("requests-in-flight", 1.0),
    ];
    expect(&bench, &expected);
    // One batch is retried, the other fails; the answer takes 4 ms and asks for 30 ms of silence.
    bench.advance_ms(4);
    bench.produce_throttle = 30;
    bench.reply_with(&request, |_, partition| PartitionProduceResponse {
        error_code: if partition == 0 {
            ErrorCode::NOT_ENOUGH_REPLICAS
        } else {
            ErrorCode::INVALID_RECORD
        },
        base_offset: -1,
        ..Default::default()
    });
    bench.produce_throttle = 0;
    assert_eq!(of_producer(&bench, &["request-latency-max"]), [4.0]);
    bench.answer_after_ms(100);
    let expected = [
        ("record-send-total", 5.0),
        ("record-retry-total", 2.0),
        ("record-error-total", 1.0),
        ("produce-throttle-time-max", 30.0),
        ("records-per-request-avg", 2.5),
    ];
    expect(&bench, &expected);
    let [avg, max] =
        ["request-latency-avg", "request-latency-max"].map(|name| of_producer(&bench, &[name])[0]);
    assert!((40.0..=60.0).contains(&max), "{max} from the retry to the answer");
    assert_eq!(avg, (4.0 + max) / 2.0);
    let topic = |name| value(&bench, "producer-topic-metrics", TOPIC, name);
    assert_eq!(
        [
            topic("record-send-total"),
            topic("record-retry-total"),
            topic("record-error-total")
        ],
        [5.0, 2.0, 1.0]
    );
    assert_eq!(topic("byte-total"), sizes[0] * 2.0 + sizes[1]);
    assert_eq!(
        value(&bench, "producer-node-metrics", "node-1", "request-latency-max"),
        max
    );
}

#[test]
fn requests_connections_waits_and_memory_are_measured() {
    let options = [
        ("linger.ms", "0"),
        ("buffer.memory", "1000"),
        ("max.request.size", "1000"),
    ];
    let mut bench = Bench::new(1, &options);
    bench.opens = false;
    bench.send_to(0, &"x".repeat(500));
    let since = bench.now;
    bench.advance_ms(20);
    let conn = bench.conn();
    bench.opens = true;
    bench.open(conn);
    let request = bench.take();
    assert_eq!(of_producer(&bench, &["metadata-wait-time-ns-total"]), [20e6]);
    let used = bench.producer.memory_used() as f64;
    assert_eq!(
        of_producer(&bench, &["buffer-total-bytes", "buffer-available-bytes"]),
        [1000.0, 1000.0 - used]
    );
    let record = || Record::to(TOPIC).value("y".repeat(500));
    bench.producer.send(bench.now, record()).expect_err("full");
    assert_eq!(
        of_producer(&bench, &["buffer-exhausted-total"]),
        [0.0],
        "it may wait"
    );
    bench.producer.gave_up(bench.now, since);
    let gave_up = [
        "buffer-exhausted-total",
        "record-error-total",
        "bufferpool-wait-time-ns-total",
    ];
    assert_eq!(of_producer(&bench, &gave_up), [1.0, 1.0, 20e6]);
    bench.ok(&request, 0);
    bench
        .producer
        .send_since(bench.now, since, record())
        .expect("room");
    assert_eq!(of_producer(&bench, &["bufferpool-wait-time-ns-total"]), [40e6]);
    bench.run();
    bench.producer.flush(bench.now);
    bench.advance_ms(7);
    bench.answer_all();
    assert_eq!(of_producer(&bench, &["flush-time-ns-total"]), [7e6]);
    bench.advance_ms(3000);
    assert_eq!(of_producer(&bench, &["metadata-age"]), [3.007]);
    let sent = bench.requests.len() as f64;
    assert_eq!(
        of_producer(&bench, &["request-total", "response-total"]),
        [sent, sent]
    );
    assert_eq!(
        of_producer(&bench, &["outgoing-byte-total"]),
        [bench.written_bytes.len() as f64]
    );
    let opened = of_producer(&bench, &["connection-creation-total"])[0];
    let closed = of_producer(&bench, &["connection-close-total"])[0];
    assert_eq!(of_producer(&bench, &["connection-count"]), [opened - closed]);
    assert!(opened >= 2.0, "the bootstrap address and the node");
}

#[test]
fn a_split_is_counted() {
    let mut bench = Bench::warm(1, &[]);
    for n in 0..4 {
        bench.send_to(0, &format!("{n}"));
    }
    bench.advance_ms(5);
    let whole = bench.take();
    bench.reply(&whole, ErrorCode::MESSAGE_TOO_LARGE, -1);
    bench.answer_all();
    assert_eq!(
        of_producer(&bench, &["batch-split-total", "record-retry-total"]),
        [1.0, 0.0]
    );
}
