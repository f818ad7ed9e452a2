//! `topics`, `configs` and `broker-api-versions` on a real Kafka, beside Kafka's own tools: what one changes the other
//! shows, in the same columns.

use std::collections::BTreeMap;
use std::time::Duration;

use ottla_tests::cli::ottla;
use ottla_tests::kafka::Kafka;
use ottla_tests::run::Finished;
use ottla_tests::wait::wait_until;

/// How long a broker may take to hear from its controller what was changed.
const HEARD: Duration = Duration::from_secs(20);

/// `ottla COMMAND --bootstrap-server ...` with these words.
fn ours(kafka: &Kafka, command: &str, words: &str) -> Finished {
    ottla(&[command, "--bootstrap-server", kafka.bootstrap()])
        .args(words.split(' '))
        .finish()
}

#[track_caller]
fn done(kafka: &Kafka, command: &str, words: &str) -> String {
    let run = ours(kafka, command, words);
    assert_eq!(run.code, Some(0), "{command} {words}: {}", run.errors());
    run.text()
}

/// Waits until the broker says so: it hears of a change a moment after the controller made it.
#[track_caller]
fn shows(kafka: &Kafka, command: &str, words: &str, what: &str) -> String {
    let mut text = String::new();
    wait_until(&format!("{command} {words} to show {what:?}"), HEARD, || {
        let run = ours(kafka, command, words);
        text = run.text();
        run.code == Some(0) && text.contains(what)
    });
    text
}

#[track_caller]
fn refused(kafka: &Kafka, command: &str, words: &str, code: i32, needles: &[&str]) {
    let run = ours(kafka, command, words);
    let errors = run.errors();
    assert_eq!(run.code, Some(code), "{command} {words}: {errors}");
    assert_eq!(run.text(), "", "{command} {words}");
    for needle in needles {
        assert!(errors.contains(needle), "no {needle:?} in:\n{errors}");
    }
}

#[test]
fn a_topic_is_created_altered_and_described_as_by_kafkas_tool() {
    let kafka = Kafka::shared();
    let topic = Kafka::topic_name("admin.topic");
    let created = done(
        kafka,
        "topics",
        &format!("--create --topic {topic} --partitions 2 --config retention.ms=70000"),
    );
    assert_eq!(created, format!("Created topic {topic}.\n"));
    let described = |words: &str| {
        let theirs = kafka.tools().topics().args(words.split(' ')).ok().text();
        assert_eq!(done(kafka, "topics", words), theirs, "{words}");
        theirs
    };
    shows(
        kafka,
        "topics",
        &format!("--describe --topic {topic}"),
        "Partition: 1\t",
    );
    let text = described(&format!("--describe --topic {topic}"));
    assert!(text.contains("retention.ms=70000"), "{text}");

    assert_eq!(
        done(
            kafka,
            "topics",
            &format!("--alter --topic {topic} --partitions 4")
        ),
        ""
    );
    shows(
        kafka,
        "topics",
        &format!("--describe --topic {topic}"),
        "Partition: 3\t",
    );
    // Three partitions of four in one answer: it takes two.
    let text = described(&format!(
        "--describe --topic {topic} --partition-size-limit-per-response 3"
    ));
    assert_eq!(text.matches("\tLeader: 1\t").count(), 4, "{text}");
    let less = format!("--alter --topic {topic} --partitions 3");
    refused(
        kafka,
        "topics",
        &less,
        1,
        &["INVALID_PARTITIONS", &topic, "4 partition(s)"],
    );
    let by_hand = format!("--alter --topic {topic} --partitions 5 --replica-assignment 1,1,1,1,1");
    done(kafka, "topics", &by_hand);
    shows(
        kafka,
        "topics",
        &format!("--describe --topic {topic}"),
        "Partition: 4\t",
    );
    let text = described(&format!("--describe --at-min-isr-partitions --topic {topic}"));
    assert!(
        text.contains(&format!("\tTopic: {topic}\tPartition: 4\t")),
        "{text}"
    );
    for filter in [
        "--under-min-isr-partitions",
        "--unavailable-partitions",
        "--under-replicated-partitions",
    ] {
        assert_eq!(described(&format!("--describe {filter} --topic {topic}")), "");
    }
    let text = described(&format!("--describe --topics-with-overrides --topic {topic}"));
    assert!(text.starts_with(&format!("Topic: {topic}")), "{text}");
}

/// The dot of `deleted.topic` does not take `deleted-topic` with it, as it does with Kafka's tool.
#[test]
fn the_deleted_topic_is_gone_and_no_other() {
    let kafka = Kafka::shared();
    let topic = Kafka::topic_name("deleted.topic");
    let other = topic.replace('.', "-");
    kafka.tools().create_topic(&topic, 1, &[]);
    kafka.tools().create_topic(&other, 1, &[]);
    assert_eq!(done(kafka, "topics", &format!("--delete --topic {topic}")), "");
    wait_until("the topic to be gone", HEARD, || {
        !done(kafka, "topics", "--list").lines().any(|name| name == topic)
    });
    let left = kafka.tools().topics().args(["--list"]).ok();
    assert!(!left.lines().contains(&topic), "{left}");
    assert!(left.lines().contains(&other), "{left}");
    refused(
        kafka,
        "topics",
        &format!("--delete --topic {topic}"),
        1,
        &["does not exist", "--create"],
    );
    done(kafka, "topics", &format!("--delete --topic {topic} --if-exists"));
}

#[test]
fn a_pattern_means_every_topic_that_it_matches() {
    let kafka = Kafka::shared();
    let names: Vec<_> = ["pattern-a", "pattern-b", "kept-pattern-a"]
        .map(Kafka::topic_name)
        .into();
    for name in &names {
        kafka.tools().create_topic(name, 1, &[]);
    }
    let words = "--list --topic pattern-.*";
    let theirs = kafka.tools().topics().args(words.split(' ')).ok().text();
    assert_eq!(done(kafka, "topics", words), theirs);
    assert_eq!(theirs.lines().count(), 2, "{theirs}");
    done(kafka, "topics", "--alter --topic pattern-.* --partitions 2");
    done(kafka, "topics", "--delete --topic pattern-.*");
    wait_until("one of the three to be left", HEARD, || {
        let left = done(kafka, "topics", "--list");
        let mut left = left.lines().filter(|name| names.iter().any(|it| it == name));
        left.next() == Some(&names[2]) && left.next().is_none()
    });
    refused(
        kafka,
        "topics",
        "--delete --topic pattern-.*",
        1,
        &["no topic matches pattern-.*", "--list"],
    );
}

/// What `kafka-configs` prints, which logs to standard output as well when its jars came without a logging file.
fn theirs(kafka: &Kafka, words: &str) -> String {
    kafka.tools().configs().args(words.split(' ')).ok().text()
}

#[test]
fn configurations_of_topics_are_what_kafkas_tool_says_and_sets() {
    let kafka = Kafka::shared();
    let topic = Kafka::topic_name("configured");
    kafka
        .tools()
        .create_topic(&topic, 1, &[("retention.ms", "70000")]);
    let words = format!(
        "--alter --topic {topic} --add-config max.message.bytes=2000,cleanup.policy=[compact,delete] --delete-config retention.ms"
    );
    let said = done(kafka, "configs", &words);
    assert_eq!(said, format!("Completed updating config for topic {topic}.\n"));
    let describe = format!("--describe --topic {topic}");
    let shown = shows(kafka, "configs", &describe, "max.message.bytes");
    assert_eq!(shown, theirs(kafka, &describe));
    let settings: Vec<_> = shown
        .lines()
        .skip(1)
        .filter_map(|line| line.split(' ').nth(2))
        .collect();
    assert_eq!(
        settings,
        ["cleanup.policy=compact,delete", "max.message.bytes=2000"]
    );
    let all = format!("--describe --all --entity-type topics --entity-name {topic}");
    assert_eq!(done(kafka, "configs", &all), theirs(kafka, &all));

    // What theirs sets, ours shows.
    theirs(
        kafka,
        &format!("--alter --topic {topic} --add-config retention.ms=5000 --delete-config cleanup.policy"),
    );
    let expected = "  retention.ms=5000 sensitive=false synonyms={DYNAMIC_TOPIC_CONFIG:retention.ms=5000, ";
    let shown = shows(kafka, "configs", &describe, expected);
    assert!(!shown.contains("cleanup.policy"), "{shown}");

    let refusals: [(&str, &[&str]); 3] = [
        (
            "retention.mess=1",
            &["INVALID_CONFIG", "retention.mess", "--describe --all"],
        ),
        ("retention.ms=soon", &["INVALID_CONFIG", "retention.ms", "soon"]),
        // All or nothing: the good half of it is not set either.
        ("segment.ms=60000,retention.ms=soon", &["INVALID_CONFIG", "soon"]),
    ];
    for (config, needles) in refusals {
        refused(
            kafka,
            "configs",
            &format!("--alter --topic {topic} --add-config {config}"),
            1,
            needles,
        );
    }
    assert_eq!(done(kafka, "configs", &describe), shown);
    for words in [
        "--describe --topic nowhere",
        "--alter --topic nowhere --add-config retention.ms=1",
    ] {
        refused(
            kafka,
            "configs",
            words,
            1,
            &["UNKNOWN_TOPIC_OR_PARTITION", "nowhere", "--create"],
        );
    }
}

#[test]
fn configurations_of_brokers_are_what_kafkas_tool_says_and_sets() {
    // Its own broker: another test must not see what is set here.
    let kafka = Kafka::options().start();
    let said = done(
        &kafka,
        "configs",
        "--alter --broker 1 --add-config log.cleaner.threads=2",
    );
    assert_eq!(said, "Completed updating config for broker 1.\n");
    let said = done(
        &kafka,
        "configs",
        "--alter --entity-type brokers --entity-default --add-config message.max.bytes=2000000",
    );
    assert_eq!(
        said,
        "Completed updating default config for brokers in the cluster.\n"
    );
    let shown = shows(
        &kafka,
        "configs",
        "--describe --entity-type brokers",
        "  message.max.bytes=2000000 ",
    );
    assert_eq!(shown, theirs(&kafka, "--describe --entity-type brokers"));
    for setting in [
        "Dynamic configs for broker 1 are:\n  log.cleaner.threads=2 ",
        "Default configs for brokers in the cluster are:\n",
        "  message.max.bytes=2000000 sensitive=false synonyms={DYNAMIC_DEFAULT_BROKER_CONFIG:message.max.bytes=2000000}\n",
    ] {
        assert!(shown.contains(setting), "no {setting:?} in:\n{shown}");
    }
    let all = "--describe --all --broker 1";
    assert_eq!(done(&kafka, "configs", all), theirs(&kafka, all));
    done(
        &kafka,
        "configs",
        "--alter --broker 1 --delete-config log.cleaner.threads",
    );
    assert_eq!(
        done(&kafka, "configs", "--describe --broker 1"),
        "Dynamic configs for broker 1 are:\n"
    );
    refused(
        &kafka,
        "configs",
        "--describe --broker 9",
        1,
        &["no broker 9", "up are: 1"],
    );
    refused(
        &kafka,
        "configs",
        "--describe --broker one",
        2,
        &["broker one", "a number from 0"],
    );
    refused(
        &kafka,
        "configs",
        "--alter --broker 1 --add-config broker.id=7",
        1,
        &["broker.id"],
    );
}

#[test]
fn brokers_say_what_they_speak_in_the_form_of_kafkas_tool() {
    let kafka = Kafka::shared();
    let ours = done(kafka, "broker-api-versions", "--command-property client.id=asks");
    let class = kafka
        .tools()
        .class("org.apache.kafka.tools.BrokerApiVersionsCommand");
    let theirs = class.args(["--bootstrap-server", kafka.bootstrap()]).ok().text();
    assert_eq!(ours.lines().next(), theirs.lines().next(), "the node");
    assert_eq!(ours.lines().last(), Some(")"));
    // Name, key and range of each API that the broker has; what each client can use is its own.
    let offered = |text: &str| -> BTreeMap<String, String> {
        let lines = text.lines().filter_map(|line| line.trim().split_once(": "));
        let offered =
            lines.filter_map(|(api, rest)| Some((api.to_owned(), rest.split_once(" [")?.0.to_owned())));
        offered.collect()
    };
    assert!(offered(&theirs).len() > 60, "{theirs}");
    assert_eq!(offered(&ours), offered(&theirs));
    for expected in ["\tProduce(0): 0 to 13 [usable: 13],", "[unusable: not in ottla]"] {
        assert!(ours.contains(expected), "no {expected:?} in:\n{ours}");
    }
}
