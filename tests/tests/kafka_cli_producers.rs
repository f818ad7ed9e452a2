//! `verifiable-producer` and `producer-perf-test` beside Kafka's own: what scripts read has the same form, and the same
//! records are in the log.

use ottla_tests::cli::ottla;
use ottla_tests::kafka::Kafka;
use ottla_tests::places::run_dir;
use ottla_tests::run::{Finished, Run};
use serde_json::Value;

/// `ottla COMMAND --bootstrap-server ...`
fn ours(kafka: &Kafka, command: &str) -> Run {
    ottla(&[command, "--bootstrap-server", kafka.bootstrap()])
}

fn topic(kafka: &Kafka, name: &str) -> String {
    let topic = Kafka::topic_name(name);
    kafka.tools().create_topic(&topic, 1, &[]);
    topic
}

/// The values of one partition, with their keys.
fn log(kafka: &Kafka, topic: &str, records: usize) -> Vec<String> {
    let with_keys = ["--formatter-property", "print.key=true"];
    kafka.tools().consume(topic, 0, records, &with_keys).lines()
}

/// The events that were printed.
#[track_caller]
fn events(run: &Finished) -> Vec<Value> {
    let parsed = run.lines().into_iter().map(|line| serde_json::from_str(&line));
    parsed
        .collect::<Result<_, _>>()
        .unwrap_or_else(|error| panic!("{error}: {run}"))
}

/// The event without what no two runs have in common, which has to be there and of its type.
#[track_caller]
fn comparable(mut event: Value, topic: &str) -> Value {
    let fields = event.as_object_mut().expect("an event is an object");
    assert!(
        fields.remove("timestamp").is_some_and(|it| it.is_u64()),
        "{fields:?}"
    );
    if fields["name"] == "tool_data" {
        assert!(
            fields.remove("avg_throughput").is_some_and(|it| it.is_f64()),
            "{fields:?}"
        );
    }
    if let Some(name) = fields.remove("topic") {
        assert_eq!(name, topic, "{fields:?}");
    }
    event
}

#[test]
fn the_verifiable_producer_says_and_sends_what_kafkas_does() {
    const MESSAGES: usize = 20;
    let kafka = Kafka::shared();
    let played = |tool: Run, name: &str| {
        let topic = topic(kafka, name);
        let tool = tool.args(["--topic", &topic, "--max-messages", &MESSAGES.to_string()]);
        let run = tool.args(["--repeating-keys", "3", "--value-prefix", "7"]).ok();
        let events = events(&run).into_iter().map(|event| comparable(event, &topic));
        (events.collect::<Vec<_>>(), log(kafka, &topic, MESSAGES))
    };
    let theirs = played(kafka.tools().verifiable_producer(), "verified-by-kafka");
    let ours = played(ours(kafka, "verifiable-producer"), "verified");
    assert_eq!(theirs.0.len(), MESSAGES + 3, "{:?}", theirs.0);
    assert_eq!(theirs.1[4], "1\t7.4");
    assert_eq!(ours, theirs);
}

/// Its words are the client's own, and so is ottla's exit code; scripts find them in the same places.
#[test]
fn the_verifiable_producer_reports_a_failure_where_kafkas_does() {
    let kafka = Kafka::shared();
    let config = run_dir("verifiable").join("impatient.properties");
    std::fs::write(&config, "max.block.ms=1000\n").expect("the run directory can be written");
    let topic = Kafka::topic_name("nowhere");
    let played = |tool: Run, code: i32| {
        let tool = tool.args(["--topic", &topic, "--max-messages", "1", "--command-config"]);
        let run = tool.args([&config]).finish();
        assert_eq!(run.code, Some(code), "{run}");
        let mut events: Vec<_> = events(&run)
            .into_iter()
            .map(|event| comparable(event, &topic))
            .collect();
        for event in &mut events {
            for own in ["exception", "message"] {
                if let Some(text) = event.get_mut(own) {
                    assert!(text.take().as_str().is_some_and(|text| !text.is_empty()), "{run}");
                }
            }
        }
        events
    };
    let theirs = played(kafka.tools().verifiable_producer(), 0);
    let ours = played(ours(kafka, "verifiable-producer"), 1);
    assert_eq!(theirs[1]["name"], "producer_send_error", "{theirs:?}");
    assert!(theirs[1].get("exception").is_some(), "{theirs:?}");
    assert_eq!(ours, theirs);
}

/// The text with a `0` for each whole number, and as many for decimals as there are.
fn form(text: &str) -> String {
    let mut form = String::new();
    let mut decimals = false;
    for letter in text.chars() {
        let after_digit = form.ends_with('0');
        decimals = (decimals && letter.is_ascii_digit()) || (after_digit && letter == '.');
        match letter.is_ascii_digit() {
            true if after_digit && !decimals => {}
            true => form.push('0'),
            false => form.push(letter),
        }
    }
    form
}

#[test]
fn the_form_of_a_line_keeps_words_and_decimals() {
    assert_eq!(
        form("500 sent, 1234.567 a second (0.10 MB), 3 ms 99.9th."),
        "0 sent, 0.000 a second (0.00 MB), 0 ms 0.0th."
    );
}

#[test]
fn the_performance_test_says_and_sends_what_kafkas_does() {
    const RECORDS: usize = 500;
    let kafka = Kafka::shared();
    let played = |tool: Run, name: &str| {
        let topic = topic(kafka, name);
        let tool = tool.args(["--topic", &topic, "--num-records", &RECORDS.to_string()]);
        let run = tool.args(["--throughput", "-1", "--payload-monotonic"]).ok();
        assert!(run.text().starts_with("500 records sent, "), "{run}");
        (form(&run.text()), log(kafka, &topic, RECORDS))
    };
    let theirs = played(kafka.tools().producer_perf_test(), "measured-by-kafka");
    let ours = played(ours(kafka, "producer-perf-test"), "measured");
    assert_eq!(theirs.1[499], "null\t499");
    assert_eq!(ours, theirs);
}

#[test]
fn the_performance_test_takes_properties_as_kafkas_does() {
    const RECORDS: usize = 20;
    let kafka = Kafka::shared();
    let cluster = format!("bootstrap.servers={}", kafka.bootstrap());
    let file = run_dir("perf").join("cluster.properties");
    std::fs::write(&file, format!("{cluster}\n")).expect("the run directory can be written");
    let file = file.display().to_string();
    let played = |tool: Run, name: &str, properties: &[&str]| {
        let topic = topic(kafka, name);
        let tool = tool.args(["--num-records", &RECORDS.to_string(), "--throughput", "-1"]);
        let tool = tool.args(properties);
        tool.args(["--payload-monotonic", "--topic", &topic]).ok();
        log(kafka, &topic, RECORDS)
    };
    let cases: [&[&str]; 3] = [
        &["--producer-props", &cluster, "acks=1"],
        &["--command-property", &cluster, "acks=1", "linger.ms=3"],
        &["--command-config", &file, "--command-property", "acks=1"],
    ];
    for properties in cases {
        let theirs = kafka.tools().class("org.apache.kafka.tools.ProducerPerformance");
        let theirs = played(theirs, "properties-by-kafka", properties);
        let ours = played(ottla(&["producer-perf-test"]), "properties", properties);
        assert_eq!(ours, theirs, "{properties:?}");
    }
    let run = ottla(&["producer-perf-test", "--topic", "t", "--num-records", "1"])
        .args(["--payload-monotonic", "--command-property", "acks=1"])
        .finish();
    assert_eq!(run.code, Some(2), "{run}");
    assert!(run.errors().contains("give --bootstrap-server"), "{run}");
}
