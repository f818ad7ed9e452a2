//! The harness itself, against a real Kafka and its tools: what breaks here breaks every other `kafka_` test.

use std::time::Duration;

use ottla_tests::kafka::{Install, Kafka, Tools};
use ottla_tests::kcat;
use ottla_tests::process::wait_until_gone;
use ottla_tests::proxy::{Moment, PRODUCE};
use ottla_tests::wait::wait_until;

const LIMIT: Duration = Duration::from_secs(30);

#[test]
fn kafkas_tools_and_kcat_meet_on_the_shared_broker() {
    let kafka = Kafka::shared();
    let topic = Kafka::topic_name("tools");
    let tools = kafka.tools();
    tools.create_topic(&topic, 2, &[]);
    kcat::produce(
        kafka.bootstrap(),
        &topic,
        &["-p", "1", "-K", ":"],
        "kim:one\nlee:two\n",
    );
    let read = tools.consume(&topic, 1, 2, &["--formatter-property", "print.key=true"]);
    assert_eq!(read.lines(), ["kim\tone", "lee\ttwo"]);
    tools
        .console_producer()
        .args(["--topic", &topic])
        .input("three\n")
        .ok();
    let all: Vec<String> = (0..2)
        .flat_map(|p| kcat::consume(kafka.bootstrap(), &topic, p, &[]).lines())
        .collect();
    assert_eq!(all.len(), 3, "{all:?}");
    if Kafka::has_files("kafka-dump-log") {
        let dump = tools.dump_log(&kafka.node(1).segments(&topic, 1));
        assert!(
            dump.contains("isvalid: true") && dump.contains("payload: one"),
            "{dump}"
        );
    }
}

#[test]
fn a_killed_broker_is_gone_and_comes_back_with_its_data() {
    let mut kafka = Kafka::options().start();
    let tools = kafka.tools();
    tools.create_topic("kept", 1, &[]);
    kcat::produce(kafka.bootstrap(), "kept", &[], "before\n");
    let pid = kafka.node(1).process().pid();
    kafka.node_mut(1).kill();
    wait_until_gone(pid, LIMIT);
    kafka.node_mut(1).restart();
    assert_eq!(
        kcat::consume(kafka.bootstrap(), "kept", 0, &[]).text(),
        "before\n"
    );
}

#[test]
fn a_dead_leader_of_three_is_replaced() {
    let mut kafka = Kafka::options().brokers(3).host("127.0.0.7").start();
    assert_eq!(kafka.bootstrap().matches("127.0.0.7:").count(), 3);
    kafka.tools().create_topic("led", 1, &[]);
    let leader = kafka.leader("led", 0);
    kafka.node_mut(leader).kill();
    wait_until("another leader", LIMIT, || kafka.leader("led", 0) != leader);
    kcat::produce(kafka.bootstrap(), "led", &["-X", "acks=all"], "after\n");
}

#[test]
fn an_answer_that_is_cut_off_makes_a_client_repeat_itself() {
    let kafka = Kafka::options().proxied().start();
    kafka.tools().create_topic("cut", 1, &[]);
    let proxy = kafka.proxy(1);
    proxy.cut(PRODUCE, 1, Moment::BeforeAnswer);
    let producer = Tools::new(Install::find(), &kafka.proxied_bootstrap()).console_producer();
    producer
        .args(["--topic", "cut", "--command-property", "enable.idempotence=false"])
        .input(
            "twice
",
        )
        .ok();
    assert_eq!(proxy.cuts_made(), 1);
    assert!(proxy.count(PRODUCE) >= 2, "{:?}", proxy.seen());
    assert_eq!(
        kcat::consume(kafka.bootstrap(), "cut", 0, &[]).text(),
        "twice\ntwice\n"
    );
}
