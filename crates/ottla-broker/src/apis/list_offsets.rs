//! ListOffsets, versions 1 to 11.
//!
//! - Earliest (-2), latest (-1: the high watermark), largest timestamp (-3), earliest local (-4), else the first
//!   record with that timestamp or a later one.
//! - A special timestamp in a version before its own, or one that Kafka does not have: `UNSUPPORTED_VERSION`. A
//!   partition that is asked for twice: `INVALID_REQUEST`, once.
//! - The leader epoch of the found record; epoch fencing by `current_leader_epoch`.
//!
//! Deliberately absent: tiered storage (-5 and -6 say "nothing is remote"), transactions (the last stable offset is the
//! high watermark).

use ottla_wire::{
    batch::{RecordBatch, TimestampType},
    error_code::ErrorCode,
    messages::list_offsets::{
        ListOffsetsPartition, ListOffsetsPartitionResponse, ListOffsetsRequest, ListOffsetsResponse,
        ListOffsetsTopicResponse,
    },
};

use super::{Call, Reaction};
use crate::{Broker, Log, replica::Replica};

/// From this version on the answer has leader epochs.
const EPOCHS_SINCE: i16 = 4;
const LATEST: i64 = -1;
const EARLIEST: i64 = -2;
const MAX_TIMESTAMP: i64 = -3;
const EARLIEST_LOCAL: i64 = -4;
const LATEST_TIERED: i64 = -5;
const EARLIEST_PENDING_UPLOAD: i64 = -6;

/// A record's offset, timestamp and leader epoch.
type Found = (i64, i64, i32);

pub(super) fn handle(broker: &mut Broker, call: Call, request: ListOffsetsRequest) -> Reaction {
    let topics = request.topics.into_iter().map(|topic| {
        let mut partitions: Vec<ListOffsetsPartitionResponse> = Vec::with_capacity(topic.partitions.len());
        for asked in &topic.partitions {
            let index = asked.partition_index;
            match partitions.iter_mut().find(|it| it.partition_index == index) {
                Some(twice) => *twice = refused(index, ErrorCode::INVALID_REQUEST),
                None => partitions.push(answer(broker, call.version, &topic.name, asked)),
            }
        }
        ListOffsetsTopicResponse {
            partitions,
            name: topic.name,
        }
    });
    call.answer(&ListOffsetsResponse {
        topics: topics.collect(),
        ..ListOffsetsResponse::default()
    })
}

fn answer(
    broker: &Broker,
    version: i16,
    topic: &str,
    asked: &ListOffsetsPartition,
) -> ListOffsetsPartitionResponse {
    if !is_supported(asked.timestamp, version) {
        return refused(asked.partition_index, ErrorCode::UNSUPPORTED_VERSION);
    }
    let nothing = refused(asked.partition_index, ErrorCode::NONE);
    match broker.leading(topic, asked.partition_index, asked.current_leader_epoch) {
        Err(error) => refused(asked.partition_index, error),
        Ok(replica) => match find(replica, asked.timestamp) {
            None => nothing,
            Some((offset, timestamp, epoch)) => {
                let leader_epoch = if version < EPOCHS_SINCE { -1 } else { epoch };
                ListOffsetsPartitionResponse {
                    offset,
                    timestamp,
                    leader_epoch,
                    ..nothing
                }
            }
        },
    }
}

fn refused(partition_index: i32, error_code: ErrorCode) -> ListOffsetsPartitionResponse {
    ListOffsetsPartitionResponse {
        partition_index,
        error_code,
        timestamp: -1,
        offset: -1,
        leader_epoch: -1,
    }
}

/// Kafka's `ReplicaManager.isListOffsetsTimestampUnsupported`.
fn is_supported(timestamp: i64, version: i16) -> bool {
    let since = match timestamp {
        MAX_TIMESTAMP => 7,
        EARLIEST_LOCAL => 8,
        LATEST_TIERED => 9,
        EARLIEST_PENDING_UPLOAD => 11,
        LATEST | EARLIEST | 0.. => 0,
        _ => return false,
    };
    version >= since
}

fn find(replica: &Replica, timestamp: i64) -> Option<Found> {
    let (log, limit) = (&replica.log, replica.high_watermark());
    let epoch = replica.leader().map_or(-1, |leader| leader.epoch);
    let committed = |batch: &&RecordBatch| batch.header().last_offset() < limit;
    match timestamp {
        LATEST => Some((limit, -1, epoch)),
        EARLIEST | EARLIEST_LOCAL => Some((
            log.start(),
            -1,
            log.batches_from(0).next().map_or(epoch, epoch_of),
        )),
        LATEST_TIERED | EARLIEST_PENDING_UPLOAD => None,
        MAX_TIMESTAMP => {
            // The first of equal ones, as Kafka does.
            let newest = log
                .batches_from(0)
                .take_while(committed)
                .map(|batch| batch.header().max_timestamp)
                .max()?;
            first_at_or_after(log, newest, limit)
        }
        target => first_at_or_after(log, target, limit),
    }
}

fn first_at_or_after(log: &Log, target: i64, limit: i64) -> Option<Found> {
    let mut batches = log
        .batches_from(0)
        .take_while(|batch| batch.header().last_offset() < limit);
    let batch = batches.find(|batch| batch.header().max_timestamp >= target)?;
    let header = batch.header();
    let fallback = (
        header.base_offset,
        header.max_timestamp,
        header.partition_leader_epoch,
    );
    if header.timestamp_type() == TimestampType::LogAppendTime {
        return Some(fallback);
    }
    // Bytes were checked when they were appended, unless that was switched off: then the batch must do.
    let Ok(records) = batch.open(usize::MAX) else {
        return Some(fallback);
    };
    let record = records.iter().flatten().find(|record| record.timestamp >= target);
    Some(record.map_or(fallback, |record| {
        (record.offset, record.timestamp, header.partition_leader_epoch)
    }))
}

fn epoch_of(batch: &RecordBatch) -> i32 {
    batch.header().partition_leader_epoch
}
