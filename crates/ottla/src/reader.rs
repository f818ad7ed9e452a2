//! Reads one partition from an offset: what the command line's consumer and the tests need. No groups, no commits.

use std::time::Duration;

use bytes::Bytes;
use ottla_wire::ErrorCode;
use ottla_wire::api::ApiKey;
use ottla_wire::batch::{TimestampType, read_batches};
use ottla_wire::messages::fetch::{FetchPartition, FetchRequest, FetchTopic};
use ottla_wire::messages::list_offsets::{ListOffsetsPartition, ListOffsetsRequest, ListOffsetsTopic};
use ottla_wire::primitives::Uuid;

use crate::aborted::Aborted;
use crate::admin::{Admin, AdminError, Connection, check};

/// Where to begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// The first record that is kept.
    Earliest,
    /// The next record that comes.
    Latest,
    /// This offset.
    Offset(i64),
}

/// Which records of transactions are read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Isolation {
    /// All of them.
    #[default]
    ReadUncommitted,
    /// Those that were committed, up to the first transaction that is still open.
    ReadCommitted,
}

impl Isolation {
    fn level(self) -> i8 {
        i8::from(self == Self::ReadCommitted)
    }
}

/// A record as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredRecord {
    /// Offset.
    pub offset: i64,
    /// Milliseconds since the epoch, -1 for none.
    pub timestamp: i64,
    /// Whether the broker set the timestamp.
    pub log_append_time: bool,
    /// Key.
    pub key: Option<Vec<u8>>,
    /// Value.
    pub value: Option<Vec<u8>>,
    /// Headers in order; a name that is not UTF-8, which Kafka forbids, is shown with replacement characters.
    pub headers: Vec<(String, Option<Vec<u8>>)>,
}

/// A partition that is being read.
pub struct PartitionReader {
    connection: Connection,
    topic: String,
    topic_id: Uuid,
    partition: i32,
    next: i64,
    isolation: Isolation,
}

/// Bytes that one fetch may bring.
const FETCH_BYTES: i32 = 4 << 20;
/// Bytes that one batch may have after decompression: a batch that claims more is an attack or a mistake.
const BATCH_LIMIT: usize = 256 << 20;

impl PartitionReader {
    /// Opens the partition at its leader.
    pub async fn open(
        admin: &mut Admin,
        topic: &str,
        partition: i32,
        start: Start,
    ) -> Result<Self, AdminError> {
        Self::open_isolated(admin, topic, partition, start, Isolation::default()).await
    }

    /// Opens the partition at its leader, for records of transactions as `isolation` says.
    pub async fn open_isolated(
        admin: &mut Admin,
        topic: &str,
        partition: i32,
        start: Start,
        isolation: Isolation,
    ) -> Result<Self, AdminError> {
        let described = admin.describe(&[topic.to_owned()]).await?;
        let topic_id = described.first().map(|t| Uuid(t.topic_id)).unwrap_or_default();
        let connection = admin.leader_of(topic, partition).await?;
        let mut reader = Self {
            connection,
            topic: topic.to_owned(),
            topic_id,
            partition,
            next: 0,
            isolation,
        };
        reader.next = match start {
            Start::Offset(offset) => offset,
            Start::Earliest => reader.list_offset(-2).await?,
            Start::Latest => reader.list_offset(-1).await?,
        };
        Ok(reader)
    }

    /// The partition.
    pub fn partition(&self) -> i32 {
        self.partition
    }

    /// The offset that is read next.
    pub fn position(&self) -> i64 {
        self.next
    }

    /// The offset after the last committed record.
    pub async fn end(&mut self) -> Result<i64, AdminError> {
        self.list_offset(-1).await
    }

    async fn list_offset(&mut self, timestamp: i64) -> Result<i64, AdminError> {
        let request = ListOffsetsRequest {
            replica_id: -1,
            isolation_level: self.isolation.level(),
            topics: vec![ListOffsetsTopic {
                name: self.topic.clone(),
                partitions: vec![ListOffsetsPartition {
                    partition_index: self.partition,
                    current_leader_epoch: -1,
                    timestamp,
                }],
            }],
            ..Default::default()
        };
        let answer = self.connection.call(&request).await?;
        let partition = answer
            .topics
            .into_iter()
            .flat_map(|t| t.partitions)
            .next()
            .ok_or_else(|| {
                self.connection
                    .lost("ListOffsets answered without the partition".to_owned())
            })?;
        check(partition.error_code, || {
            format!("{}-{}", self.topic, self.partition)
        })?;
        Ok(partition.offset)
    }

    /// The next records; none when nothing came within `max_wait`.
    pub async fn poll(&mut self, max_wait: Duration) -> Result<Vec<StoredRecord>, AdminError> {
        let by_id = self.connection.version(ApiKey::Fetch)? >= 13;
        let request = FetchRequest {
            max_wait_ms: i32::try_from(max_wait.as_millis()).unwrap_or(i32::MAX),
            min_bytes: 1,
            max_bytes: FETCH_BYTES,
            isolation_level: self.isolation.level(),
            topics: vec![FetchTopic {
                topic: if by_id { String::new() } else { self.topic.clone() },
                topic_id: if by_id { self.topic_id } else { Uuid::default() },
                partitions: vec![FetchPartition {
                    partition: self.partition,
                    current_leader_epoch: -1,
                    fetch_offset: self.next,
                    last_fetched_epoch: -1,
                    log_start_offset: -1,
                    partition_max_bytes: FETCH_BYTES,
                    ..Default::default()
                }],
            }],
            ..Default::default()
        };
        let answer = self.connection.call(&request).await?;
        check(answer.error_code, || {
            format!("fetch of {}-{}", self.topic, self.partition)
        })?;
        let mut records = Vec::new();
        for partition in answer.responses.into_iter().flat_map(|t| t.partitions) {
            let mut log = String::new();
            if partition.error_code == ErrorCode::OFFSET_OUT_OF_RANGE {
                let (first, end) = (self.list_offset(-2).await?, self.list_offset(-1).await?);
                log = format!(": the log begins at {first} and ends at {end}");
            }
            check(partition.error_code, || {
                format!("{}-{} at offset {}{log}", self.topic, self.partition, self.next)
            })?;
            if let Some(bytes) = partition.records {
                let aborted = Aborted::new(partition.aborted_transactions.unwrap_or_default());
                self.read(bytes, aborted, &mut records)?;
            }
        }
        Ok(records)
    }

    fn read(
        &mut self,
        bytes: Bytes,
        mut aborted: Aborted,
        records: &mut Vec<StoredRecord>,
    ) -> Result<(), AdminError> {
        let corrupt = |connection: &Connection, why: &dyn std::fmt::Display| connection.lost(why.to_string());
        for batch in read_batches(bytes) {
            let batch = batch.map_err(|e| corrupt(&self.connection, &e))?;
            let header = *batch.header();
            if header.is_control() {
                batch.verify_crc().map_err(|e| corrupt(&self.connection, &e))?;
                let opened = batch
                    .open(BATCH_LIMIT)
                    .map_err(|e| corrupt(&self.connection, &e))?;
                aborted.marker(
                    &header,
                    opened.iter().flatten().next().and_then(|marker| marker.key),
                );
            } else if !aborted.covers(&header) {
                batch.verify_crc().map_err(|e| corrupt(&self.connection, &e))?;
                let opened = batch
                    .open(BATCH_LIMIT)
                    .map_err(|e| corrupt(&self.connection, &e))?;
                let log_append_time = header.timestamp_type() == TimestampType::LogAppendTime;
                for record in opened.iter() {
                    let record = record.map_err(|e| corrupt(&self.connection, &e))?;
                    // A fetch answers with whole batches: the first one may begin before the offset asked for.
                    if record.offset < self.next {
                        continue;
                    }
                    let headers = record.headers.map(|h| {
                        let name = String::from_utf8_lossy(h.key).into_owned();
                        (name, h.value.map(<[u8]>::to_vec))
                    });
                    records.push(StoredRecord {
                        offset: record.offset,
                        timestamp: record.timestamp,
                        log_append_time,
                        key: record.key.map(<[u8]>::to_vec),
                        value: record.value.map(<[u8]>::to_vec),
                        headers: headers.collect(),
                    });
                }
            }
            self.next = header.last_offset() + 1;
        }
        Ok(())
    }
}
