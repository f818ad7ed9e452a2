//! workerd to a real Kafka, over TCP and over the bridge, in both modes.

use std::collections::BTreeSet;
use std::thread;

use ottla_tests::bridge::Bridge;
use ottla_tests::edge::{self, Mode};
use ottla_tests::http;
use ottla_tests::kafka::Kafka;
use ottla_tests::kcat;
use ottla_tests::proxy::INIT_PRODUCER_ID;
use ottla_tests::workerd::Workerd;

const CALLS: usize = 1_000;
const CLIENTS: usize = 8;

/// Sends every call and returns what the worker answered with: `partition offset` of each value.
fn call(worker: &Workerd, label: &str) -> Vec<String> {
    let address = worker.address();
    let clients: Vec<_> = (0..CLIENTS)
        .map(|client| {
            let label = label.to_owned();
            thread::spawn(move || {
                (client..CALLS)
                    .step_by(CLIENTS)
                    .map(|n| {
                        let body = format!(r#"{{"key":"k{}","value":"{label} {n}"}}"#, n % 20);
                        let answer = http::post(address, "/", body.as_bytes()).expect("workerd answers");
                        assert_eq!(answer.status, 200, "{}", answer.text());
                        answer.text()
                    })
                    .collect::<Vec<_>>()
            })
        })
        .collect();
    clients
        .into_iter()
        .flat_map(|client| client.join().expect("no client panics"))
        .collect()
}

/// Every value is in the topic exactly once.
fn all_there_once(kafka: &Kafka, topic: &str, label: &str) {
    let mut read = Vec::new();
    for partition in 0..3 {
        read.extend(kcat::consume(kafka.bootstrap(), topic, partition, &[]).lines());
    }
    let expected: BTreeSet<String> = (0..CALLS).map(|n| format!("{label} {n}")).collect();
    assert_eq!(read.len(), CALLS, "{label}: as many records as calls");
    assert_eq!(read.into_iter().collect::<BTreeSet<_>>(), expected, "{label}");
}

/// A broker that has producer ids to give: a new one fetches its first block when it is first asked, and answers that
/// request with a retriable error, which would count as another request.
fn start_kafka() -> Kafka {
    let kafka = Kafka::options().proxied().start();
    kafka.tools().create_topic("warm", 1, &[]);
    kcat::produce(
        kafka.bootstrap(),
        "warm",
        &["-X", "enable.idempotence=true"],
        "warm\n",
    );
    kafka
}

#[test]
fn over_tcp() {
    let kafka = start_kafka();
    let mut ids = 0;
    for (mode, topic, new_ids) in [(Mode::Publisher, "object", 1), (Mode::PerRequest, "request", 0)] {
        kafka.tools().create_topic(topic, 3, &[]);
        let worker = edge::start(mode, "BOOTSTRAP", &kafka.proxied_bootstrap(), topic);
        let answers: BTreeSet<String> = call(&worker, topic).into_iter().collect();
        assert_eq!(
            answers.len(),
            CALLS,
            "every call has a place of its own in the log"
        );
        all_there_once(&kafka, topic, topic);
        ids += new_ids;
        assert_eq!(kafka.proxy(1).count(INIT_PRODUCER_ID), ids, "after {mode:?}");
    }
}

#[test]
fn over_the_bridge() {
    let kafka = start_kafka();
    let mut ids = 0;
    for (mode, topic, new_ids) in [(Mode::Publisher, "object", 1), (Mode::PerRequest, "request", 0)] {
        kafka.tools().create_topic(topic, 3, &[]);
        let bridge = Bridge::start_for_servers(&kafka.proxied_bootstrap(), &[topic]);
        let worker = edge::start(mode, "BRIDGE", bridge.url(), topic);
        call(&worker, topic);
        all_there_once(&kafka, topic, topic);
        ids += new_ids;
        assert_eq!(kafka.proxy(1).count(INIT_PRODUCER_ID), ids, "after {mode:?}");
    }
}
