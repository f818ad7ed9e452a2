//! Wrong input in Chromium, on the page and through the npm package: typed errors that say what is wrong, where, and what
//! to do, and nothing in a log that nobody sent. The example page, as it is written.

use std::sync::OnceLock;
use std::time::Duration;

use ottla_tests::bridge::Bridge;
use ottla_tests::kafka::Kafka;
use ottla_tests::{kcat, node, places, ports};
use serde_json::Value;

const LIMIT: Duration = Duration::from_secs(180);

/// Case, code, and what its words must name.
const CASES: [(&str, &str, &[&str]); 9] = [
    ("lingerms=5", "INVALID_CONFIG", &["lingerms", "linger.ms"]),
    (
        "timeout.ms=5",
        "INVALID_CONFIG",
        &["timeout.ms", "request.timeout.ms"],
    ),
    (
        "enable.idempotence=true acks=1",
        "INVALID_CONFIG",
        &["enable.idempotence", "acks"],
    ),
    ("acks=2", "INVALID_CONFIG", &["acks", "2", "all"]),
    ("batch.size=-1", "INVALID_CONFIG", &["batch.size", "-1"]),
    ("2 MB", "RECORD_TOO_LARGE", &["max.request.size", "1048576"]),
    ("space", "INVALID_TOPIC_EXCEPTION", &["two words"]),
    (
        "unknown topic",
        "UNKNOWN_TOPIC_OR_PARTITION",
        &[MISSING, "create"],
    ),
    ("nobody", "NO_BROKER", &[DEAD, "bridge"]),
];

/// A topic that does not exist.
const MISSING: &str = "page-missing";

/// Stands for the address at which nobody listens; the system picks its port.
const DEAD: &str = "DEAD";

fn kafka() -> &'static Kafka {
    static KAFKA: OnceLock<Kafka> = OnceLock::new();
    KAFKA.get_or_init(|| Kafka::options().brokers(1).start())
}

/// A bridge that lets in a page that is served at `port`.
fn bridge(port: u16) -> Bridge {
    let origin = format!("http://127.0.0.1:{port}");
    Bridge::start_with(kafka().bootstrap(), &["page-*", "clicks"], &[&origin], "")
}

/// Directory, port, bridge, topic, a topic that does not exist, and a bridge that is not there. Gives what the script
/// told, and the address of that bridge.
fn script(name: &str, dir: &std::path::Path, topic: &str) -> (Value, String) {
    let port = ports::free();
    let bridge = bridge(port);
    let dead = format!("127.0.0.1:{}", ports::free());
    let nobody = format!("ws://{dead}/k/main");
    let run = node::script(name)
        .args([dir])
        .args([&port.to_string(), bridge.url(), topic, MISSING, &nobody])
        .limit(LIMIT)
        .ok();
    let told = serde_json::from_str(&run.text()).unwrap_or_else(|error| panic!("{error}: {run}"));
    (told, dead)
}

/// The words, with the address for its placeholder.
fn words<'a>(needles: &[&'a str], dead: &'a str) -> Vec<&'a str> {
    needles
        .iter()
        .map(|it| if *it == DEAD { dead } else { it })
        .collect()
}

#[track_caller]
fn says(case: &str, text: &Value, needles: &[&str]) {
    let text = text.as_str().unwrap_or_default();
    assert!((1..=2).contains(&text.trim().lines().count()), "{case}: {text:?}");
    for needle in needles {
        assert!(text.contains(needle), "{case}: no {needle:?} in {text:?}");
    }
}

#[test]
fn the_page_says_what_is_wrong_where_and_what_to_do() {
    let topic = Kafka::topic_name("page-refused");
    kafka().tools().create_topic(&topic, 1, &[]);
    let (told, dead) = script("page_refusals.mjs", &places::page(), &topic);
    for (case, code, needles) in CASES {
        let needles = &words(needles, &dead);
        let told = &told[case];
        assert_eq!(told["said"]["code"], code, "{case}: {told}");
        says(case, &told["said"]["text"], needles);
        // Not only a script reads it.
        for way in ["shown", "announced"] {
            let text = told[way].as_str().unwrap_or_default();
            assert!(text.contains(code), "{case}, {way}: {told}");
            for needle in needles {
                assert!(text.contains(needle), "{case}, {way}: no {needle:?} in {text:?}");
            }
        }
        assert_eq!(told["ledger"]["toldOk"], 0, "{case}: {told}");
    }
    assert_eq!(told["no pair"]["said"]["code"], "INVALID_CONFIG", "{told}");
    for accepted in ["unknown topic", "nobody"] {
        let told = &told[accepted];
        assert_eq!(told["record"]["told"], "failed", "{accepted}: {told}");
        assert_eq!(
            told["record"]["error"], told["said"]["code"],
            "{accepted}: {told}"
        );
        let counts = ["sent", "failed", "waiting", "unknown"].map(|name| told["ledger"][name].as_u64());
        assert_eq!(counts, [1, 1, 0, 0].map(Some), "{accepted}: {told}");
    }
    assert_eq!(
        kcat::records(kafka().bootstrap(), &topic).len(),
        0,
        "nothing was delivered"
    );
}

#[test]
fn the_package_in_a_page_gives_typed_errors() {
    let topic = Kafka::topic_name("page-typed");
    kafka().tools().create_topic(&topic, 1, &[]);
    let (all, dead) = script("browser_refusals.mjs", &places::npm_package(), &topic);
    for (case, code, needles) in CASES {
        let needles = &words(needles, &dead);
        let told = &all["told"][case];
        assert_eq!(told["typed"], true, "{case}: {told}");
        assert_eq!(told["code"], code, "{case}: {told}");
        assert_eq!(told["config"], code == "INVALID_CONFIG", "{case}: {told}");
        assert_eq!(told["persisted"], "no", "{case}: {told}");
        says(case, &told["message"], needles);
    }
    assert_eq!(all["good"]["offset"], "0", "only what was good is there: {all}");
    assert_eq!(kcat::records(kafka().bootstrap(), &topic).len(), 1);
}

const CLICKS: usize = 3;

#[test]
fn the_example_page_publishes_under_its_own_policy() {
    kafka().tools().create_topic("clicks", 3, &[]);
    let port = ports::free();
    let bridge = bridge(port);
    let run = node::script("example_page.mjs")
        .args([&places::npm_package()])
        .args([&port.to_string(), bridge.url(), &CLICKS.to_string()])
        .limit(LIMIT)
        .ok();
    let told: Value = serde_json::from_str(&run.text()).unwrap_or_else(|error| panic!("{error}: {run}"));
    let log = kcat::records(kafka().bootstrap(), "clicks");
    assert_eq!(log.len(), CLICKS);
    let mut places: Vec<String> = log
        .iter()
        .map(|it| format!("partition {}, offset {}", it.partition, it.offset))
        .collect();
    places.sort();
    let mut shown: Vec<&str> = told["places"]
        .as_array()
        .expect("places")
        .iter()
        .filter_map(Value::as_str)
        .collect();
    shown.sort_unstable();
    assert_eq!(shown, places, "{told}");
    let violations = told["violations"].as_array().expect("a list");
    assert_eq!(violations.len(), 1, "only what the test did on purpose: {told}");
}
