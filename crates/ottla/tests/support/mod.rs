//! The simulated cluster behind real TCP listeners on loopback, within the test's own runtime.

use std::time::Duration;

use ottla::admin::{Admin, AdminOptions};
use ottla::reader::{PartitionReader, Start, StoredRecord};
use ottla_broker::{NewTopic, Settings};
use ottla_sim::tcp::{Server, ServerOptions};

/// Brokers 1 to `brokers`, with settings to taste. A dead broker is noticed after half a second.
pub(crate) async fn cluster(brokers: u16, settle: impl FnOnce(&mut Settings)) -> Server {
    let mut settings = Settings {
        broker_session_timeout: 500_000,
        broker_heartbeat_interval: 100_000,
        ..Settings::default()
    };
    settle(&mut settings);
    let options = ServerOptions {
        brokers,
        settings,
        ..ServerOptions::default()
    };
    Server::start(options).await.expect("loopback has free ports")
}

/// Creates a topic.
pub(crate) async fn create(cluster: &Server, name: &str, partitions: i32, replication_factor: i16) {
    let topic = NewTopic {
        name: name.to_owned(),
        partitions,
        replication_factor,
        assignments: Vec::new(),
        configs: Vec::new(),
    };
    let outcome = cluster.create_topic(topic).await.expect("the cluster runs");
    assert!(outcome.error.is_ok(), "{outcome:?}");
}

/// Everything in a partition, in order.
pub(crate) async fn read_all(cluster: &Server, topic: &str, partition: i32) -> Vec<StoredRecord> {
    let options = AdminOptions::new(cluster.bootstrap());
    let mut admin = Admin::connect(options).await.expect("the cluster is up");
    let mut reader = PartitionReader::open(&mut admin, topic, partition, Start::Earliest)
        .await
        .expect("the partition is there");
    let end = reader.end().await.expect("its end is known");
    let mut records = Vec::new();
    while reader.position() < end {
        let more = reader.poll(Duration::from_millis(100)).await;
        records.extend(more.expect("it can be read"));
    }
    records
}
