//! What the serializers of the native client and of the npm package write, Kafka's own deserializers read.

use std::time::Duration;

use ottla::Producer;
use ottla::serializer::{Boolean, Double, Float, Integer, Long, Serializer, Short, Utf8, Uuid};
use ottla_tests::kafka::Kafka;
use ottla_tests::node;
use serde_json::json;

const UUID: &str = "123e4567-e89b-12d3-a456-426614174000";

/// Serializers of the keys and of the values of one topic, and what Kafka's console consumer prints of its records.
struct Pair {
    key: &'static str,
    value: &'static str,
    /// A line for each record, key and value separated by a tab.
    lines: &'static [&'static str],
}

const PAIRS: [Pair; 4] = [
    Pair {
        key: "Integer",
        value: "Long",
        lines: &[
            "-2147483648\t9223372036854775807",
            "7\t-9223372036854775808",
            "0\t-1",
        ],
    },
    Pair {
        key: "Short",
        value: "Double",
        lines: &["-32768\t1.5", "32767\t-0.0", "1\tNaN", "2\t1.0E100"],
    },
    Pair {
        key: "Float",
        value: "UUID",
        lines: &[
            "0.1\t123e4567-e89b-12d3-a456-426614174000",
            "-Infinity\t123e4567-e89b-12d3-a456-426614174000",
        ],
    },
    Pair {
        key: "Boolean",
        value: "String",
        lines: &["true\ttäxt", "false\tnull"],
    },
];

impl Pair {
    fn topic(&self) -> String {
        let topic = Kafka::topic_name(&format!("serializers-{}", self.key));
        Kafka::shared().tools().create_topic(&topic, 1, &[]);
        topic
    }

    /// Both clients wrote the same, and this is it.
    #[track_caller]
    fn is_in(&self, topic: &str, clients: usize) {
        let class = |name: &str| format!("org.apache.kafka.common.serialization.{name}Deserializer");
        let properties = [
            "print.key=true".to_owned(),
            format!("key.deserializer={}", class(self.key)),
            format!("value.deserializer={}", class(self.value)),
        ];
        let mut args = Vec::new();
        for property in &properties {
            args.extend(["--formatter-property", property]);
        }
        let count = self.lines.len() * clients;
        let consumed = Kafka::shared().tools().consume(topic, 0, count, &args);
        assert_eq!(
            consumed.lines(),
            self.lines.repeat(clients),
            "{} and {}",
            self.key,
            self.value
        );
    }
}

fn native() -> Producer {
    let builder = Producer::builder().bootstrap_servers(Kafka::shared().bootstrap());
    builder.start().expect("a valid configuration, within a runtime")
}

async fn send<A: ?Sized, B: ?Sized>(
    producer: &Producer,
    topic: &str,
    (key, value): (impl Serializer<A>, impl Serializer<B>),
    records: &[(&A, &B)],
) {
    let topic = producer.topic(topic).key(key).value(value);
    for (key, value) in records {
        let delivery = topic.send(*key, *value).await.expect("there is room");
        delivery.await.expect("it is delivered");
    }
}

/// The records of each pair, by the native client.
async fn send_natively(topics: &[String]) {
    let producer = native();
    let longs = [(&i32::MIN, &i64::MAX), (&7, &i64::MIN), (&0, &-1)];
    send(&producer, &topics[0], (Integer, Long), &longs).await;
    let doubles = [
        (&i16::MIN, &1.5),
        (&i16::MAX, &-0.0),
        (&1, &f64::NAN),
        (&2, &1e100),
    ];
    send(&producer, &topics[1], (Short, Double), &doubles).await;
    let uuids = [(&0.1, UUID), (&f32::NEG_INFINITY, UUID)];
    send(&producer, &topics[2], (Float, Uuid), &uuids).await;
    send(
        &producer,
        &topics[3],
        (Boolean, Utf8),
        &[(&true, "täxt"), (&false, "null")],
    )
    .await;
    producer
        .close(Duration::from_secs(10))
        .await
        .expect("all is delivered");
}

#[tokio::test(flavor = "multi_thread")]
async fn kafkas_deserializers_read_what_both_clients_write() {
    let topics: Vec<String> = PAIRS.iter().map(Pair::topic).collect();
    send_natively(&topics).await;
    let bootstrap = Kafka::shared().bootstrap();
    node::script("npm_serializers.mjs")
        .args([&json!({ "bootstrapServers": bootstrap }).to_string(), ""])
        .args(&topics)
        .ok();
    for (pair, topic) in PAIRS.iter().zip(&topics) {
        pair.is_in(topic, 2);
    }
}
