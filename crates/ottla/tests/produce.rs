//! The client against simulated brokers over TCP: what is sent arrives, once and in order.
#![cfg(all(feature = "tokio", not(target_arch = "wasm32")))]

mod support;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ottla::{Producer, Record};
use ottla_sim::tcp::Server;
use support::{create, read_all};

async fn cluster(topic: &str, partitions: i32) -> Server {
    let cluster = support::cluster(3, |_| ()).await;
    create(&cluster, topic, partitions, 3).await;
    cluster
}

fn producer(cluster: &Server, options: &[(&str, &str)]) -> Producer {
    let builder = Producer::builder()
        .bootstrap_servers(cluster.bootstrap())
        .set_all(options.iter().copied());
    builder.start().expect("a valid configuration, within a runtime")
}

async fn close(producer: Producer) {
    producer
        .close(Duration::from_secs(5))
        .await
        .expect("everything is delivered");
}

#[tokio::test]
async fn a_record_arrives_as_it_was_sent() {
    let cluster = cluster("t", 1).await;
    let producer = producer(&cluster, &[("compression.type", "lz4")]);
    let record = Record::to("t")
        .key("k")
        .value("v")
        .header("h", "1")
        .null_header("h")
        .at(ottla::Timestamp(1234));
    let metadata = producer
        .send(record)
        .await
        .expect("there is room")
        .await
        .expect("it is delivered");
    assert_eq!(
        (
            &*metadata.topic,
            metadata.partition,
            metadata.offset,
            metadata.timestamp
        ),
        ("t", 0, 0, 1234)
    );
    assert_eq!(
        (metadata.serialized_key_size, metadata.serialized_value_size),
        (1, 1)
    );
    close(producer).await;
    let stored = read_all(&cluster, "t", 0).await;
    assert_eq!(stored.len(), 1);
    assert_eq!(
        (stored[0].key.as_deref(), stored[0].value.as_deref()),
        (Some(&b"k"[..]), Some(&b"v"[..]))
    );
    let headers = [("h".to_owned(), Some(b"1".to_vec())), ("h".to_owned(), None)];
    assert_eq!(stored[0].headers, headers);
    assert_eq!(stored[0].timestamp, 1234);
}

#[tokio::test]
async fn a_record_without_time_gets_the_time_of_its_sending() {
    let cluster = cluster("t", 1).await;
    let producer = producer(&cluster, &[]);
    let wall = || {
        std::time::SystemTime::UNIX_EPOCH
            .elapsed()
            .expect("after 1970")
            .as_millis() as i64
    };
    let metadata = producer.send(Record::to("t").value("v")).await;
    let metadata = metadata.expect("there is room").await.expect("it is delivered");
    // The clock is read once a second, and tests share the machine with others.
    assert!(
        (metadata.timestamp - wall()).abs() < 1000,
        "{}",
        metadata.timestamp
    );
    close(producer).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_senders_keep_the_order_of_their_keys() {
    let cluster = cluster("t", 4).await;
    let producer = producer(&cluster, &[("batch.size", "2000")]);
    let mut senders = Vec::new();
    for key in 0..8 {
        let producer = producer.clone();
        senders.push(tokio::spawn(async move {
            let key = format!("key {key}");
            let mut deliveries = Vec::new();
            for number in 0..500 {
                let value = number.to_string();
                let record = Record::to("t").key(&key).value(&value);
                deliveries.push(producer.send(record).await.expect("there is room"));
            }
            let mut last = -1;
            for delivery in deliveries {
                let offset = delivery.await.expect("it is delivered").offset;
                assert!(offset > last, "offsets of one key ascend");
                last = offset;
            }
        }));
    }
    for sender in senders {
        sender.await.expect("no sender panics");
    }
    close(producer).await;
    let mut by_key: BTreeMap<Vec<u8>, Vec<String>> = BTreeMap::new();
    for partition in 0..4 {
        for record in read_all(&cluster, "t", partition).await {
            let value = String::from_utf8(record.value.expect("a value")).expect("text");
            by_key.entry(record.key.expect("a key")).or_default().push(value);
        }
    }
    let expected: Vec<String> = (0..500).map(|number| number.to_string()).collect();
    assert_eq!(by_key.len(), 8);
    assert!(
        by_key.values().all(|values| *values == expected),
        "each record once, in order"
    );
}

#[tokio::test]
async fn callbacks_come_in_the_order_of_sending() {
    let cluster = cluster("t", 1).await;
    let producer = producer(&cluster, &[("batch.size", "300")]);
    let called = Arc::new(Mutex::new(Vec::new()));
    for number in 0..200 {
        let called = called.clone();
        let record = Record::to("t").value(format!("value {number}"));
        let callback = move |result: ottla::DeliveryResult| {
            called
                .lock()
                .expect("no callback panics")
                .push((number, result.expect("delivered").offset));
        };
        producer.send_with(record, callback).await.expect("there is room");
    }
    producer.flush().await.expect("the driver lives");
    let expected: Vec<(i64, i64)> = (0..200).map(|number| (number, number)).collect();
    assert_eq!(
        *called.lock().expect("no callback panics"),
        expected,
        "all callbacks have run when flush returns"
    );
    close(producer).await;
}

#[tokio::test]
async fn a_callback_that_panics_stops_nobody() {
    let cluster = cluster("t", 1).await;
    let producer = producer(&cluster, &[]);
    producer
        .try_send_with(Record::to("t").value("1"), |_| {
            panic!("a mistake of the application")
        })
        .expect("there is room");
    let delivery = producer
        .try_send(Record::to("t").value("2"))
        .expect("there is room");
    assert_eq!(delivery.await.expect("delivered").offset, 1);
    close(producer).await;
}

#[tokio::test]
async fn what_nobody_waits_for_is_delivered_too() {
    let cluster = cluster("t", 1).await;
    let producer = producer(&cluster, &[]);
    for number in 0..600 {
        let value = number.to_string();
        match number % 3 {
            0 => producer
                .post(Record::to("t").value(&value))
                .expect("there is room"),
            1 => drop(
                producer
                    .try_send(Record::to("t").value(&value))
                    .expect("there is room"),
            ),
            _ => drop(
                producer
                    .send(Record::to("t").value(&value))
                    .await
                    .expect("there is room"),
            ),
        }
    }
    close(producer).await;
    assert_eq!(read_all(&cluster, "t", 0).await.len(), 600);
}

#[tokio::test]
async fn dropping_the_last_handle_sends_what_was_accepted() {
    let cluster = cluster("t", 1).await;
    let producer = producer(&cluster, &[("linger.ms", "60000")]);
    let delivery = producer
        .try_send(Record::to("t").value("v"))
        .expect("there is room");
    drop(producer);
    assert_eq!(delivery.await.expect("delivered").offset, 0);
}

#[tokio::test]
async fn a_killed_leader_loses_and_duplicates_nothing() {
    let cluster = cluster("t", 3).await;
    let producer = producer(&cluster, &[("batch.size", "1000")]);
    let mut deliveries = Vec::new();
    for number in 0..2000 {
        let (key, value) = (format!("key {}", number % 50), number.to_string());
        deliveries.push(
            producer
                .send(Record::to("t").key(&key).value(&value))
                .await
                .expect("there is room"),
        );
        if number == 700 {
            assert!(cluster.kill(1).await);
        }
        if number == 1400 {
            assert!(cluster.restart(1).await);
        }
    }
    for delivery in deliveries {
        delivery.await.expect("it is delivered in spite of the broker");
    }
    close(producer).await;
    let mut values = Vec::new();
    for partition in 0..3 {
        for record in read_all(&cluster, "t", partition).await {
            let value = String::from_utf8(record.value.expect("a value")).expect("text");
            values.push(value.parse::<u32>().expect("a number"));
        }
    }
    values.sort_unstable();
    assert_eq!(values, (0..2000).collect::<Vec<_>>());
}

#[tokio::test]
async fn serializers_of_a_typed_topic() {
    use ottla::serializer::{Nullable, Utf8};
    let cluster = cluster("chat", 1).await;
    let producer = producer(&cluster, &[]);
    let chat = producer.topic("chat").key(Utf8).value(Nullable(Utf8));
    chat.send("kim", &Some("hello"))
        .await
        .expect("room")
        .await
        .expect("delivered");
    chat.send("kim", &None::<&str>)
        .await
        .expect("room")
        .await
        .expect("delivered");
    close(producer).await;
    let values: Vec<_> = read_all(&cluster, "chat", 0)
        .await
        .into_iter()
        .map(|record| record.value)
        .collect();
    assert_eq!(values, [Some(b"hello".to_vec()), None]);
}
