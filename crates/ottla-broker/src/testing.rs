//! Batches and images for this crate's tests.

use std::sync::Arc;

use bytes::Bytes;
use ottla_wire::batch::{BatchHeader, RecordBatch};

use crate::{NodeId, PartitionImage, TopicConfig, TopicImage};

/// A well-formed batch of `count` records without key and value.
pub(crate) fn batch(count: i32, producer_id: i64, producer_epoch: i16, base_sequence: i32) -> RecordBatch {
    batch_at(0, count, (producer_id, producer_epoch, base_sequence))
}

/// The same with all timestamps at `timestamp`.
pub(crate) fn batch_at(timestamp: i64, count: i32, producer: (i64, i16, i32)) -> RecordBatch {
    let mut body = Vec::new();
    for index in 0..count {
        // length 6, attributes, timestamp delta, offset delta, null key, null value, no headers
        let offset_delta = u8::try_from(index * 2).expect("tests use small batches");
        body.extend_from_slice(&[12, 0, 0, offset_delta, 1, 1, 0]);
    }
    let header = BatchHeader {
        base_offset: 0,
        batch_length: i32::try_from(49 + body.len()).expect("tests use small batches"),
        partition_leader_epoch: -1,
        crc: 0,
        attributes: 0,
        last_offset_delta: count - 1,
        base_timestamp: timestamp,
        max_timestamp: timestamp,
        producer_id: producer.0,
        producer_epoch: producer.1,
        base_sequence: producer.2,
        record_count: count,
    };
    let mut head = header.encode();
    let crc = ottla_wire::batch::crc::crc32c(&[&head[21..], &body].concat());
    head[17..21].copy_from_slice(&crc.to_be_bytes());
    let mut bytes = Bytes::from([&head[..], &body].concat());
    RecordBatch::split_from(&mut bytes).expect("the batch is whole")
}

pub(crate) fn partition(
    leader: Option<NodeId>,
    epoch: i32,
    replicas: &[NodeId],
    isr: &[NodeId],
) -> PartitionImage {
    PartitionImage {
        leader,
        leader_epoch: epoch,
        partition_epoch: epoch,
        replicas: replicas.to_vec(),
        isr: isr.to_vec(),
    }
}

pub(crate) fn topic(name: &str, partitions: &[PartitionImage]) -> TopicImage {
    TopicImage {
        id: crate::TopicId::default(),
        name: Arc::from(name),
        config: Arc::new(TopicConfig::default()),
        partitions: partitions.to_vec(),
    }
}
