//! workerd to a real Kafka, over TCP and over the bridge, in both modes.

use std::collections::BTreeSet;
use std::thread;

use ottla_tests::bridge::Bridge;
use ottla_tests::edge::{self, Mode};
use ottla_tests::http;
use ottla_tests::kafka::Kafka;
use ottla_tests::kcat;
use ottla_tests::ports;
use ottla_tests::proxy::{INIT_PRODUCER_ID, METADATA};
use ottla_tests::workerd::Workerd;
use ottla_wire::ErrorCode;
use serde_json::{Value, json};

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

/// A broker that has just started fetches its first block of ids from the controller when it is first asked, and
/// refuses until the block is there (`RPCProducerIdManager`): whoever asks first asks again. Here that is somebody else.
fn fetch_block_of_ids(kafka: &Kafka) {
    kafka.tools().create_topic("block", 1, &[]);
    let idempotent = ["-X", "enable.idempotence=true"];
    kcat::produce(&kafka.proxied_bootstrap(), "block", &idempotent, "first\n");
    let answers = kafka.proxy(1).identities();
    assert_eq!(answers.last(), Some(&ErrorCode::NONE), "{answers:?}");
}

/// Both workers, at `address(topic)`. The publisher object asks for a producer id once for all its calls; the other worker
/// never does, and asks for metadata only until the first answer is there for the requests to come.
fn both_modes(kafka: &Kafka, variable: &str, mut address: impl FnMut(&str) -> String) {
    let proxy = kafka.proxy(1);
    fetch_block_of_ids(kafka);
    for (mode, topic) in [(Mode::Publisher, "object"), (Mode::PerRequest, "request")] {
        kafka.tools().create_topic(topic, 3, &[]);
        let (id_requests, metadata) = (proxy.count(INIT_PRODUCER_ID), proxy.count(METADATA));
        let worker = edge::start(mode, variable, &address(topic), topic);
        let answers: BTreeSet<String> = call(&worker, topic).into_iter().collect();
        assert_eq!(
            answers.len(),
            CALLS,
            "every call has a place of its own in the log"
        );
        all_there_once(kafka, topic, topic);
        let asked = proxy.count(METADATA) - metadata;
        let id_requests = proxy.count(INIT_PRODUCER_ID) - id_requests;
        match mode {
            Mode::Publisher => assert_eq!(id_requests, 1, "InitProducerId requests of {CALLS} calls"),
            Mode::PerRequest => {
                assert_eq!(id_requests, 0, "InitProducerId requests of {CALLS} calls");
                assert!((1..=CLIENTS).contains(&asked), "{asked} Metadata requests");
            }
        }
    }
}

/// What is wrong with a request is found before anybody is asked, so nobody needs to listen there.
#[test]
fn what_cannot_be_sent_is_a_typed_error_in_both_modes() {
    let large = format!(r#"{{"key":"k","value":"{}"}}"#, "x".repeat(2 << 20));
    for mode in [Mode::Publisher, Mode::PerRequest] {
        for (topic, body, code, needles) in [
            (
                "my topic",
                r#"{"value":"x"}"#,
                "INVALID_TOPIC_EXCEPTION",
                ["my topic", "allowed"],
            ),
            (
                "t",
                r#"{"key":"k"}"#,
                "INVALID_RECORD",
                ["undefined", "tombstone"],
            ),
            ("t", &large, "RECORD_TOO_LARGE", ["max.request.size", "1048576"]),
        ] {
            let worker = edge::start(mode, "BOOTSTRAP", "127.0.0.1:1", topic);
            let answer = http::post(worker.address(), "/", body.as_bytes()).expect("workerd answers");
            assert_eq!(answer.status, 502, "{mode:?}: {}", answer.text());
            let error: Value = serde_json::from_slice(&answer.body).expect("the worker answers in JSON");
            assert_eq!(
                (&error["code"], &error["persisted"]),
                (&json!(code), &json!("no")),
                "{mode:?}"
            );
            let message = error["message"].as_str().unwrap_or_default();
            assert!(needles.iter().all(|needle| message.contains(needle)), "{message}");
        }
    }
}

/// What a worker is asked to do, and the error that it must report: its code, the types that it is an instance of, and
/// what its message says.
struct Refused {
    options: Value,
    topic: String,
    code: &'static str,
    types: Value,
    needles: Vec<String>,
}

impl Refused {
    fn config(config: &Value, needles: &[&str]) -> Self {
        Self {
            // Nobody listens there: the options are refused before anybody is asked.
            options: json!({ "bootstrapServers": "127.0.0.1:1", "config": config }),
            topic: "t".to_owned(),
            code: "INVALID_CONFIG",
            types: json!(["KafkaError", "ConfigError"]),
            needles: needles.iter().map(|needle| (*needle).to_owned()).collect(),
        }
    }

    fn of(mut options: Value, topic: &str, code: &'static str, needles: &[&str]) -> Self {
        options["config"] = json!({ "max.block.ms": 2_000 });
        Self {
            options,
            topic: topic.to_owned(),
            code,
            types: json!(["KafkaError"]),
            needles: needles.iter().map(|needle| (*needle).to_owned()).collect(),
        }
    }

    #[track_caller]
    fn check(&self, worker: &Workerd, mode: Mode) {
        let Self { options, topic, .. } = self;
        let send = json!({ "topic": topic, "messages": [{ "key": "k", "value": "v" }] });
        let body = json!({ "mode": format!("{mode:?}"), "options": options, "send": send }).to_string();
        let answer = http::post(worker.address(), "/", body.as_bytes()).expect("workerd answers");
        let what = format!("{mode:?}: {options}: {}", answer.text());
        assert_eq!(answer.status, 502, "{what}");
        let error: Value = serde_json::from_slice(&answer.body).expect("the worker answers in JSON");
        assert_eq!(error["types"], self.types, "{what}");
        assert_eq!(
            (&error["code"], &error["persisted"]),
            (&json!(self.code), &json!("no")),
            "{what}"
        );
        let message = error["message"].as_str().unwrap_or_default();
        assert!(
            self.needles.iter().all(|needle| message.contains(needle)),
            "{what}"
        );
    }
}

#[test]
fn bad_options_unknown_topics_and_nobody_there_are_typed_errors_in_both_modes() {
    let kafka = Kafka::options().start();
    let bridge = Bridge::start_for_servers(kafka.bootstrap(), &["missing"]);
    let nobody = format!("127.0.0.1:{}", ports::free());
    let tcp = json!({ "bootstrapServers": kafka.bootstrap() });
    let ws = json!({ "bridge": bridge.url() });
    let unknown = ["missing", "max.block.ms", "create"];
    let alone = [&nobody[..], "max.block.ms"];
    let refused = [
        Refused::config(&json!({ "lingerms": 5 }), &["lingerms", "linger.ms"]),
        Refused::config(&json!({ "timeout.ms": 5 }), &["timeout.ms", "request.timeout.ms"]),
        Refused::config(
            &json!({ "enable.idempotence": true, "acks": 1 }),
            &["enable.idempotence", "acks"],
        ),
        Refused::config(&json!({ "acks": 2 }), &["acks", "2", "all"]),
        Refused::config(&json!({ "batch.size": -1 }), &["batch.size", "-1"]),
        Refused::of(tcp, "missing", "UNKNOWN_TOPIC_OR_PARTITION", &unknown),
        Refused::of(ws.clone(), "missing", "UNKNOWN_TOPIC_OR_PARTITION", &unknown),
        Refused::of(ws, "forbidden", "TOPIC_AUTHORIZATION_FAILED", &["forbidden"]),
        Refused::of(json!({ "bootstrapServers": nobody }), "t", "NO_BROKER", &alone),
        Refused::of(
            json!({ "bridge": format!("ws://{nobody}/k/main") }),
            "t",
            "NO_BROKER",
            &alone,
        ),
    ];
    let worker = edge::start_with_options();
    for mode in [Mode::Publisher, Mode::PerRequest] {
        for case in &refused {
            case.check(&worker, mode);
        }
    }
}

#[test]
fn over_tcp() {
    let kafka = Kafka::options().proxied().start();
    both_modes(&kafka, "BOOTSTRAP", |_| kafka.proxied_bootstrap());
}

#[test]
fn over_the_bridge() {
    let kafka = Kafka::options().proxied().start();
    let mut bridges = Vec::new();
    both_modes(&kafka, "BRIDGE", |topic| {
        let bridge = Bridge::start_for_servers(&kafka.proxied_bootstrap(), &[topic]);
        let url = bridge.url().to_owned();
        bridges.push(bridge);
        url
    });
}
