//! Everything that a topic has, read by two clients.

use std::time::Duration;

use ottla::admin::{Admin, AdminError, AdminOptions};
use ottla::reader::{PartitionReader, Start};
use ottla_wire::ErrorCode;
use tokio::time::timeout;

use crate::kcat;

const LIMIT: Duration = Duration::from_secs(120);

/// The values of every record of a topic, by partition, in the order of the log, as kcat and the reader of this
/// project found them: their bugs are not the same, so a record that one of them invents or overlooks is noticed.
///
/// # Panics
/// When they differ, when an offset is left out, and for a value that is null or not text.
pub async fn values(bootstrap: &str, topic: &str, partitions: i32) -> Vec<Vec<String>> {
    let (address, name) = (bootstrap.to_owned(), topic.to_owned());
    let by_kcat = tokio::task::spawn_blocking(move || kcat::records(&address, &name));
    let by_reader = timeout(LIMIT, by_reader(bootstrap, topic, partitions))
        .await
        .expect("a log ends");
    let mut logs = vec![Vec::new(); by_reader.len()];
    for record in by_kcat.await.expect("kcat reads the topic") {
        let log: &mut Vec<String> = &mut logs[usize::try_from(record.partition).expect("a partition")];
        assert_eq!(record.offset, log.len() as i64, "{topic}: offsets count from 0");
        log.push(String::from_utf8(record.value.expect("no tombstones")).expect("text"));
    }
    assert!(
        logs == by_reader,
        "{topic}: kcat reads {} records, the reader {}, or they differ",
        logs.iter().flatten().count(),
        by_reader.iter().flatten().count()
    );
    logs
}

/// The end of the log; a new leader does not know it before a follower has asked it for records.
async fn end(reader: &mut PartitionReader) -> i64 {
    loop {
        match reader.end().await {
            Err(AdminError::Broker { code, .. }) if code == ErrorCode::OFFSET_NOT_AVAILABLE => {}
            answer => return answer.expect("the leader answers"),
        }
    }
}

async fn by_reader(bootstrap: &str, topic: &str, partitions: i32) -> Vec<Vec<String>> {
    let mut admin = Admin::connect(AdminOptions::new(bootstrap))
        .await
        .expect("a broker is up");
    let mut all = Vec::new();
    for partition in 0..partitions {
        let mut reader = PartitionReader::open(&mut admin, topic, partition, Start::Earliest)
            .await
            .expect("the partition has a leader");
        let end = end(&mut reader).await;
        let mut values = Vec::new();
        while reader.position() < end {
            for record in reader
                .poll(Duration::from_secs(5))
                .await
                .expect("the leader answers")
            {
                values.push(String::from_utf8(record.value.expect("no tombstones")).expect("text"));
            }
        }
        all.push(values);
    }
    all
}
