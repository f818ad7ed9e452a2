//! What administrators do, on the simulated cluster: with our commands and with Kafka's, which must agree.

use std::time::Duration;

use ottla_tests::cli::ottla;
use ottla_tests::dev_cluster::DevCluster;
use ottla_tests::kafka::{Install, Tools};
use ottla_tests::run::Run;
use ottla_tests::wait::wait_until;

/// How long every broker may take to hear of a change.
const HEARD: Duration = Duration::from_secs(20);

fn ours(cluster: &DevCluster, command: &str, words: &str) -> Run {
    ottla(&[command, "--bootstrap-server", cluster.bootstrap()]).args(words.split(' '))
}

/// Waits until each of the brokers says the same as the first, which shows `what`.
#[track_caller]
fn all_show(cluster: &DevCluster, command: &str, words: &str, what: &str) -> String {
    let mut text = String::new();
    for broker in cluster.bootstrap().split(',') {
        wait_until(&format!("{broker} to show {what:?}"), HEARD, || {
            let run = ottla(&[command, "--bootstrap-server", broker])
                .args(words.split(' '))
                .finish();
            text = run.text();
            run.code == Some(0) && text.contains(what)
        });
    }
    text
}

#[test]
fn topics_grow_and_go() {
    let cluster = DevCluster::start(&["grown:2"]);
    let theirs = Tools::new(Install::find(), cluster.bootstrap());
    ours(&cluster, "topics", "--alter --topic grown --partitions 3").ok();
    all_show(&cluster, "topics", "--describe --topic grown", "Partition: 2\t");
    theirs
        .topics()
        .args(["--alter", "--topic", "grown", "--partitions", "5"])
        .ok();
    let described = all_show(&cluster, "topics", "--describe --topic grown", "Partition: 4\t");
    assert_eq!(described, theirs.describe("grown"));
    let refused = ours(&cluster, "topics", "--alter --topic grown --partitions 5").finish();
    assert_eq!(refused.code, Some(1), "{refused}");
    assert!(refused.errors().contains("INVALID_PARTITIONS"), "{refused}");

    // The new partition takes records and gives them back.
    let produced = ours(&cluster, "console-producer", "--topic grown").input("hello\n");
    produced.ok();
    let read = ours(
        &cluster,
        "console-consumer",
        "--topic grown --from-beginning --max-messages 1",
    )
    .ok();
    assert_eq!(read.text(), "hello\n");

    ours(&cluster, "topics", "--delete --topic gr.*").ok();
    wait_until("the topic to be gone", HEARD, || {
        !theirs.topics().args(["--list"]).ok().text().contains("grown")
    });
}

#[test]
fn configurations_take_effect_and_both_tools_say_the_same() {
    let cluster = DevCluster::start(&["configured:1:3"]);
    let theirs = Tools::new(Install::find(), cluster.bootstrap());
    let set = "--alter --topic configured --add-config max.message.bytes=300,cleanup.policy=[compact,delete]";
    ours(&cluster, "configs", set).ok();
    let describe = "--describe --topic configured";
    let shown = all_show(&cluster, "configs", describe, "  max.message.bytes=300 ");
    let same = |words: &str| theirs.configs().args(words.split(' ')).ok().text();
    assert_eq!(shown, same(describe));
    let all = "--describe --all --topic configured";
    assert_eq!(ours(&cluster, "configs", all).ok().text(), same(all));
    let broker = "--describe --all --broker 2";
    assert_eq!(ours(&cluster, "configs", broker).ok().text(), same(broker));

    let large = "x".repeat(1_000);
    let produce = || {
        ours(
            &cluster,
            "console-producer",
            "--topic configured --reader-property parse.key=true",
        )
        .input(format!("k\t{large}\n"))
        .finish()
    };
    let refused = produce();
    assert_eq!(refused.code, Some(1), "{refused}");
    assert!(refused.errors().contains("MESSAGE_TOO_LARGE"), "{refused}");
    let reset = [
        "--alter",
        "--topic",
        "configured",
        "--delete-config",
        "max.message.bytes",
    ];
    theirs.configs().args(reset).ok();
    wait_until("the limit to be gone", HEARD, || produce().code == Some(0));

    let refused = ours(
        &cluster,
        "configs",
        "--alter --broker 1 --add-config num.partitions=2",
    )
    .finish();
    assert_eq!(refused.code, Some(1), "{refused}");
    assert!(refused.errors().contains("dev-cluster --set"), "{refused}");
}

#[test]
fn brokers_say_what_they_speak() {
    let cluster = DevCluster::start(&[]);
    let text = ours(
        &cluster,
        "broker-api-versions",
        "--command-property client.id=asks",
    )
    .ok()
    .text();
    for id in 1..=3 {
        assert!(
            text.contains(&format!("(id: {id} rack: null isFenced: false) -> (\n")),
            "{text}"
        );
    }
    assert_eq!(
        text.matches("\tCreatePartitions(37): 0 to 3 [usable: 3],\n")
            .count(),
        3,
        "{text}"
    );
    assert_eq!(
        text.matches("\tSaslHandshake(17): UNSUPPORTED,\n").count(),
        3,
        "{text}"
    );
}

#[test]
fn metrics_are_shown_beside_the_data() {
    let cluster = DevCluster::start(&["measured:1"]);
    let lines: String = (0..500).map(|n| format!("{n}\n")).collect();
    let run = ours(&cluster, "console-producer", "--topic measured --metrics").input(lines);
    let run = run.ok();
    assert_eq!(run.text(), "", "metrics are no data");
    let total = run.errors().lines().find_map(|line| {
        let (name, value) = line.split_once(" : ")?;
        (name.trim() == "producer-metrics:record-send-total").then(|| value.to_owned())
    });
    assert_eq!(total.as_deref(), Some("500.000"), "{}", run.errors());
}
