//! Bad input: what is wrong, where, and what to do, in one or two lines; the right exit code; nothing lost silently.

use std::time::{Duration, Instant};

use ottla_tests::cli::{console_producer, ottla};
use ottla_tests::kafka::Kafka;
use ottla_tests::places::{program, run_dir};
use ottla_tests::ports;
use ottla_tests::run::{Finished, Run};

fn producer(bootstrap: &str, topic: &str, args: &[&str], input: impl Into<Vec<u8>>) -> Finished {
    console_producer(bootstrap, topic)
        .args(args)
        .input(input)
        .finish()
}

/// Exit code, every needle in what was said, and no more than two lines beside notices.
#[track_caller]
fn refused(run: &Finished, code: i32, needles: &[&str]) {
    let errors = run.errors();
    assert_eq!(run.code, Some(code), "{errors}");
    for needle in needles {
        assert!(errors.contains(needle), "no {needle:?} in:\n{errors}");
    }
    let said = errors
        .lines()
        .filter(|line| !line.starts_with("notice:") && !line.starts_with("warning:"))
        .count();
    assert!((1..=2).contains(&said), "{said} lines:\n{errors}");
}

fn properties<'a>(pairs: &[&'a str]) -> Vec<&'a str> {
    pairs
        .iter()
        .flat_map(|pair| ["--command-property", *pair])
        .collect()
}

#[test]
fn a_wrong_configuration_is_refused_before_anything_is_sent() {
    let cases: [(&[&str], &[&str]); 5] = [
        (&["lingerms=5"], &["lingerms", "did you mean linger.ms"]),
        (&["timeout.ms=5"], &["timeout.ms", "use request.timeout.ms"]),
        (
            &["enable.idempotence=true", "acks=1"],
            &["enable.idempotence", "acks=all", "remove one of the two settings"],
        ),
        (&["acks=2"], &["acks=2", "allowed are all, -1, 0 or 1"]),
        (
            &["batch.size=-1"],
            &["batch.size=-1", "allowed is a whole number of bytes from 0"],
        ),
    ];
    for (pairs, needles) in cases {
        // Nobody listens there: a client that connected before it looked at its configuration would take longer.
        refused(
            &producer("127.0.0.1:1", "t", &properties(pairs), "x\n"),
            2,
            needles,
        );
    }
}

#[test]
fn a_line_without_separator_is_named_and_what_was_before_it_is_delivered() {
    let kafka = Kafka::shared();
    let topic = Kafka::topic_name("separator");
    kafka.tools().create_topic(&topic, 1, &[]);
    let args = ["--reader-property", "parse.key=true"];
    let run = producer(
        kafka.bootstrap(),
        &topic,
        &args,
        "k\tone\nk\ttwo\nthree\nk\tfour\n",
    );
    refused(&run, 2, &["line 3", "key.separator", "three"]);
    let read = ottla_tests::kcat::consume(kafka.bootstrap(), &topic, 0, &[]);
    assert_eq!(read.lines(), ["one", "two"]);
}

#[test]
fn a_record_of_two_megabytes_fails_and_its_neighbours_do_not() {
    let kafka = Kafka::shared();
    let topic = Kafka::topic_name("large");
    kafka.tools().create_topic(&topic, 1, &[]);
    let large = "x".repeat(2 << 20);
    let run = producer(
        kafka.bootstrap(),
        &topic,
        &[],
        format!("before\n{large}\nafter\n"),
    );
    refused(&run, 1, &["record 2", "max.request.size", "1 of 3"]);
    let read = ottla_tests::kcat::consume(kafka.bootstrap(), &topic, 0, &[]);
    assert_eq!(read.lines(), ["before", "after"]);
}

#[test]
fn an_unknown_topic_fails_after_max_block_ms() {
    let kafka = Kafka::shared();
    let topic = Kafka::topic_name("nowhere");
    let start = Instant::now();
    let run = producer(
        kafka.bootstrap(),
        &topic,
        &properties(&["max.block.ms=2000"]),
        "x\n",
    );
    let took = start.elapsed();
    refused(&run, 1, &["UNKNOWN_TOPIC_OR_PARTITION", &topic, "max.block.ms"]);
    // What max.block.ms promises: the topic may yet appear, and the default of a minute is not waited for.
    assert!(
        (Duration::from_millis(1_900)..Duration::from_secs(10)).contains(&took),
        "{took:?}"
    );
}

#[test]
fn nobody_at_the_bootstrap_address() {
    let address = format!("127.0.0.1:{}", ports::free());
    let run = producer(&address, "t", &properties(&["max.block.ms=2000"]), "x\n");
    refused(&run, 3, &[&address, "max.block.ms"]);
}

#[test]
fn a_topic_name_with_a_space_is_wrong_usage_in_every_command() {
    let commands: [&[&str]; 6] = [
        &["console-producer"],
        &["console-consumer"],
        &["topics", "--create"],
        &["topics", "--describe"],
        &["producer-perf-test", "--num-records", "1", "--record-size", "1"],
        &["verifiable-producer", "--max-messages", "1"],
    ];
    for command in commands {
        // Nobody listens there: the name is looked at before anything is sent.
        let run = ottla(command)
            .args(["--bootstrap-server", "127.0.0.1:1", "--topic", "my topic"])
            .finish();
        refused(&run, 2, &["my topic", "allowed are", "'.', '_' and '-'"]);
    }
}

#[test]
fn a_command_that_only_brokers_can_answer_refuses_what_is_for_bridges() {
    let commands: [&[&str]; 4] = [
        &["console-consumer", "--topic", "t"],
        &["topics", "--list"],
        &["configs", "--describe", "--topic", "t"],
        &["broker-api-versions"],
    ];
    for command in commands {
        // Nobody listens there.
        let run = ottla(command)
            .args([
                "--bootstrap-server",
                "127.0.0.1:1",
                "--origin",
                "http://localhost:8000",
            ])
            .finish();
        refused(
            &run,
            2,
            &["--origin", "a bridge lets clients produce", "leave it out"],
        );
        let run = ottla(command)
            .args(["--bootstrap-server", "ws://127.0.0.1:1/k/main"])
            .finish();
        refused(
            &run,
            2,
            &[
                "ws://127.0.0.1:1/k/main",
                "a bridge lets clients produce",
                "host:port",
            ],
        );
    }
}

#[test]
fn an_option_of_kafkas_tools_that_is_missing_says_why_and_what_to_use() {
    let run = ottla(&["configs", "--describe", "--user", "kim"]).finish();
    refused(&run, 2, &["--user", "because", "use kafka-configs"]);
    let run = ottla(&[
        "console-consumer",
        "--topic",
        "t",
        "--value-deserializer",
        "com.example.Avro",
    ])
    .finish();
    assert_eq!(run.code, Some(2), "{}", run.errors());
    assert!(run.errors().contains("LongDeserializer"), "{}", run.errors());
}

#[test]
fn progress_is_shown_where_it_is_asked_for_and_nowhere_else() {
    let kafka = Kafka::shared();
    let topic = Kafka::topic_name("progress");
    kafka.tools().create_topic(&topic, 1, &[]);
    let lines = "x\n".repeat(1_000);
    // The tests' standard error is a pipe.
    let silent = producer(kafka.bootstrap(), &topic, &[], lines.clone());
    assert_eq!(silent.code, Some(0), "{}", silent.errors());
    let said = silent.errors();
    assert!(said.lines().all(|line| line.starts_with("notice:")), "{said}");
    let shown = producer(kafka.bootstrap(), &topic, &["--progress"], lines);
    assert_eq!(shown.code, Some(0), "{}", shown.errors());
    assert_eq!(
        shown.errors().lines().last(),
        Some("1000 records read, 1000 delivered")
    );
}

#[test]
fn a_serializer_is_refused_by_every_command_that_sends_bytes_as_they_are() {
    let commands: [&[&str]; 3] = [
        &["console-producer"],
        &["producer-perf-test", "--num-records", "1", "--record-size", "1"],
        &["verifiable-producer", "--max-messages", "1"],
    ];
    let long = "value.serializer=org.apache.kafka.common.serialization.LongSerializer";
    for command in commands {
        // Nobody listens there.
        let run = ottla(command)
            .args(["--bootstrap-server", "127.0.0.1:1", "--topic", "t"])
            .args(["--command-property", long])
            .finish();
        refused(&run, 2, &[long, "the bytes that they are", "leave it out"]);
    }
}

#[test]
fn an_offset_that_is_none_or_that_the_log_does_not_have() {
    let kafka = Kafka::shared();
    let topic = Kafka::topic_name("offsets");
    kafka.tools().create_topic(&topic, 1, &[]);
    producer(kafka.bootstrap(), &topic, &[], "a\nb\n");
    let from = |offset| {
        ottla(&["console-consumer", "--bootstrap-server", kafka.bootstrap()])
            .args(["--topic", &topic, "--partition", "0", "--offset", offset])
            .finish()
    };
    refused(
        &from("-3"),
        2,
        &["--offset -3", "'earliest'", "'latest'", "numbers from 0"],
    );
    let place = format!("{topic}-0 at offset 99999");
    refused(
        &from("99999"),
        1,
        &[
            "OFFSET_OUT_OF_RANGE",
            &place,
            "begins at 0 and ends at 2",
            "--offset earliest",
        ],
    );
}

#[test]
#[cfg(target_os = "linux")]
fn a_full_disk_behind_standard_output() {
    let commands: [&[&str]; 3] = [
        &["partition", "--partitions", "3", "--key", "k"],
        &["dev-cluster", "--brokers", "1", "--port-base", "0"],
        &[
            "verifiable-producer",
            "--bootstrap-server",
            "127.0.0.1:1",
            "--topic",
            "t",
        ],
    ];
    for command in commands {
        let run = Run::new("sh")
            .args(["-c", "exec \"$0\" \"$@\" > /dev/full"])
            .args([program("ottla")])
            .args(command)
            .finish();
        refused(&run, 2, &["standard output", "No space left on device"]);
    }
}

#[test]
fn a_truncated_trace_file() {
    let file = run_dir("trace").join("run.jsonl");
    let header = r#"{"ottla_trace":1,"writer":"test","level":"batch"}"#;
    std::fs::write(&file, format!("{header}\n{{\"t\":1,\"seq\":0,\"sour"))
        .expect("the run directory can be written");
    let run = ottla(&["trace", "check"]).args([&file]).finish();
    refused(&run, 2, &["run.jsonl", "line 2", "cut off"]);
}

#[test]
fn a_trace_file_that_was_cut_between_two_lines() {
    let file = run_dir("trace-end").join("run.jsonl");
    let header = r#"{"ottla_trace":1,"writer":"test","level":"batch"}"#;
    let full = r#"{"t":1,"seq":0,"source":"client","event":"full"}"#;
    for (text, line) in [
        (format!("{header}\n"), "line 1"),
        (format!("{header}\n{full}\n"), "line 2"),
    ] {
        std::fs::write(&file, text).expect("the run directory can be written");
        let run = ottla(&["trace", "check"]).args([&file]).finish();
        refused(&run, 2, &["run.jsonl", line, "writer was stopped", "--partial"]);
        let run = ottla(&["trace", "check", "--partial"]).args([&file]).finish();
        assert_eq!(run.code, Some(0), "{}", run.errors());
    }
}

#[test]
fn a_trace_without_its_last_line_end_or_with_an_event_of_a_newer_ottla() {
    let file = run_dir("trace-whole").join("run.jsonl");
    let header = r#"{"ottla_trace":1,"writer":"test","level":"batch"}"#;
    let line = |event| format!(r#"{{"t":1,"seq":0,"source":"client","event":"{event}"}}"#);
    let write = |event| {
        std::fs::write(&file, format!("{header}\n{}", line(event)))
            .expect("the run directory can be written");
        ottla(&["trace", "check"]).args([&file])
    };
    let run = write("closed").ok();
    assert!(run.text().contains("run.jsonl: good\n"), "{run}");
    std::fs::write(&file, format!("{header}\n{}\n", line("enlarged")))
        .expect("the run directory can be written");
    let run = ottla(&["trace", "check"]).args([&file]).finish();
    refused(&run, 2, &["run.jsonl", "line 2", "`enlarged`", "newer ottla"]);
}

#[test]
fn a_broken_bridge_configuration() {
    let file = run_dir("bridge").join("bridge.toml");
    for (text, needles) in [
        (
            "[[listener]]\nbnid = \"127.0.0.1:0\"\n",
            [
                "bridge.toml:2",
                "`bnid`, expected one of `bind`",
                "correct its spelling",
            ],
        ),
        (
            "[[listener]]\nbind = \"127.0.0.1:0\n",
            ["bridge.toml:2", "expected `\"`", "see examples/bridge.toml"],
        ),
    ] {
        std::fs::write(&file, text).expect("the run directory can be written");
        for command in ["check", "run"] {
            let run = ottla(&["bridge", command]).args([&file]).finish();
            refused(&run, 2, &needles);
        }
    }
}
