//! The client through a bridge: the same records, over WebSockets.
#![cfg(all(feature = "tokio", not(target_arch = "wasm32")))]

mod support;

use std::net::SocketAddr;
use std::time::Duration;

use ottla::{Builder, Producer, Record};
use ottla_bridge::{Bridge, Config};
use ottla_sim::tcp::Server;
use support::{cluster, create, read_all};

const ORIGIN: &str = "https://shop.example.com";

/// A listener for pages of one origin, and one for servers. It runs as long as the test.
async fn bridge(cluster: &Server) -> (SocketAddr, SocketAddr) {
    let bootstrap: Vec<String> = cluster.bootstrap().split(',').map(str::to_owned).collect();
    let text = format!(
        "[[listener]]\nbind = \"127.0.0.1:0\"\nclass = \"browser\"\norigins = [\"{ORIGIN}\"]\n\
         [[listener]]\nbind = \"127.0.0.1:0\"\nclass = \"server\"\n\
         [[cluster]]\nname = \"main\"\nbootstrap = {bootstrap:?}\ntopics = [\"t\"]\n\
         [admin]\nbind = \"127.0.0.1:0\"\n"
    );
    let config = Config::from_toml_str(&text).unwrap_or_else(|errors| panic!("{errors}"));
    let bound = Bridge::bind(config).await.expect("loopback has free ports");
    let addresses = (bound.local_addrs()[0], bound.local_addrs()[1]);
    tokio::spawn(bound.run(std::future::pending()));
    addresses
}

fn builder(listener: SocketAddr) -> Builder {
    Producer::builder().bootstrap_servers(format!("ws://{listener}/k/main"))
}

#[tokio::test]
async fn records_arrive_through_a_bridge() {
    let cluster = cluster(3, |_| ()).await;
    create(&cluster, "t", 3, 3).await;
    let (browser, server) = bridge(&cluster).await;
    for builder in [builder(browser).origin(ORIGIN), builder(server)] {
        let producer = builder.start().expect("a valid configuration");
        let value = vec![b'x'; 3000];
        for number in 0..300 {
            let key = number.to_string();
            producer
                .send(Record::to("t").key(&key).value(&value))
                .await
                .expect("there is room");
        }
        producer
            .close(Duration::from_secs(8))
            .await
            .expect("everything is delivered");
    }
    let mut count = 0;
    for partition in 0..3 {
        count += read_all(&cluster, "t", partition).await.len();
    }
    assert_eq!(count, 600);
}

#[tokio::test]
async fn a_wrong_origin_is_named_in_the_error() {
    let cluster = cluster(1, |_| ()).await;
    let (browser, _) = bridge(&cluster).await;
    for (builder, named) in [
        (
            builder(browser).origin("https://shop.example.com.evil"),
            "origin https://shop.example.com.evil",
        ),
        (builder(browser), "no origin"),
    ] {
        let producer = builder
            .set("max.block.ms", "300")
            .start()
            .expect("a valid configuration");
        let delivery = producer
            .send(Record::to("t").value("v"))
            .await
            .expect("there is room");
        let error = delivery.await.expect_err("the bridge refuses");
        assert!(
            error.message().contains("403") && error.message().contains(named),
            "{error}"
        );
        assert!(
            error
                .message()
                .contains("set an origin that the bridge's configuration lists"),
            "{error}"
        );
        assert_eq!(error.to_string().lines().count(), 1);
    }
}

#[tokio::test]
async fn a_path_that_the_bridge_does_not_know_is_named_in_the_error() {
    let cluster = cluster(1, |_| ()).await;
    let (_, server) = bridge(&cluster).await;
    let producer = Producer::builder()
        .bootstrap_servers(format!("ws://{server}/k/another"))
        .set("max.block.ms", "300")
        .start()
        .expect("a valid configuration");
    let delivery = producer
        .send(Record::to("t").value("v"))
        .await
        .expect("there is room");
    let error = delivery.await.expect_err("the bridge refuses");
    for part in [
        "404",
        "/k/another",
        "give bootstrap.servers as ws://HOST:PORT/k/CLUSTER",
    ] {
        assert!(error.message().contains(part), "{error}");
    }
}

#[tokio::test]
async fn a_topic_that_the_bridge_does_not_allow() {
    let cluster = cluster(1, |_| ()).await;
    create(&cluster, "secret", 1, 1).await;
    let (_, server) = bridge(&cluster).await;
    let producer = builder(server)
        .set("max.block.ms", "500")
        .start()
        .expect("a valid configuration");
    let delivery = producer
        .send(Record::to("secret").value("v"))
        .await
        .expect("there is room");
    let error = delivery.await.expect_err("the bridge refuses");
    assert_eq!(error.code(), "TOPIC_AUTHORIZATION_FAILED", "{error}");
    assert!(error.into_record().is_some());
    assert!(read_all(&cluster, "secret", 0).await.is_empty());
}

#[tokio::test]
async fn a_request_that_the_bridge_finds_too_long_is_split_or_fails_at_once() {
    let cluster = cluster(1, |_| ()).await;
    create(&cluster, "t", 3, 1).await;
    let (_, server) = bridge(&cluster).await;
    let producer = builder(server)
        .set("max.request.size", "8000000")
        .set("batch.size", "2000000")
        .set("linger.ms", "1000")
        .start()
        .expect("a valid configuration");
    let several = vec![b'x'; 400_000];
    let mut fitting = Vec::new();
    for (partition, value) in [(0, &several[..]); 5].into_iter().chain([(1, &b"small"[..])]) {
        let record = Record::to("t").partition(partition).value(value);
        fitting.push(producer.send(record).await.expect("there is room"));
    }
    // Nobody can split one record.
    let too_large = vec![b'x'; 2_000_000];
    let record = Record::to("t").partition(2).value(&too_large);
    let too_large = producer.send(record).await.expect("there is room");
    let error = too_large.await.expect_err("the bridge refuses");
    assert_eq!(error.code(), "MESSAGE_TOO_LARGE", "{error}");
    assert_eq!(error.persisted(), ottla::Persisted::No);
    for delivery in fitting {
        delivery.await.expect("what fits is delivered");
    }
    assert!(producer.metrics().splits > 0, "nothing was too long, or split");
    assert_eq!(producer.metrics().connections_lost, 0);
    producer
        .close(Duration::from_secs(8))
        .await
        .expect("nothing is left");
    let stored = [0, 1, 2].map(|partition| read_all(&cluster, "t", partition));
    for (records, expected) in stored.into_iter().zip([5, 1, 0]) {
        assert_eq!(records.await.len(), expected);
    }
}
