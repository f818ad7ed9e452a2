//! A real Kafka whose connection is cut on cue: what is acknowledged is in the log, once.

use std::time::Duration;

use ottla::{Producer, Record};
use ottla_tests::kafka::Kafka;
use ottla_tests::log;
use ottla_tests::proxy::{Moment, PRODUCE};

const LIMIT: Duration = Duration::from_secs(60);

/// One record, whose answer is cut off after the broker appended it.
async fn cut_answer(kafka: &Kafka, topic: &str, idempotence: &str) -> Vec<String> {
    kafka.tools().create_topic(topic, 1, &[]);
    let proxy = kafka.proxy(1);
    let before = proxy.cuts_made();
    proxy.cut(PRODUCE, 1, Moment::BeforeAnswer);
    let producer = Producer::builder()
        .bootstrap_servers(kafka.proxied_bootstrap())
        .set("enable.idempotence", idempotence)
        .start()
        .expect("a good configuration");
    let delivery = producer
        .send(Record::to(topic).key("kim").value("once"))
        .await
        .expect("room");
    let metadata = delivery.await.expect("delivered after a retry");
    producer.close(LIMIT).await.expect("nothing is left");
    proxy.wait_for_cuts(before + 1, LIMIT);
    assert_eq!(metadata.partition, 0);
    log::values(kafka.bootstrap(), topic, 1).await.remove(0)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_is_lost_makes_one_copy_with_idempotence_and_two_without() {
    let kafka = Kafka::options().proxied().start();
    assert_eq!(cut_answer(&kafka, "idempotent", "true").await, ["once"]);
    assert_eq!(cut_answer(&kafka, "plain", "false").await, ["once", "once"]);
}
