//! Versions that the oracle has not: their bytes are those that Kafka 4.3.0's own classes wrote
//! (`ListOffsetsRequestData.write` and `ListOffsetsResponseData.write` of kafka-clients-4.3.0.jar).

use bytes::Bytes;
use ottla_wire::messages::list_offsets::*;
use ottla_wire::{ErrorCode, Message};

use crate::{beyond_the_oracle, decode, encode};

/// What the property tests do not compare, and what is compared here instead.
const KNOWN: [(&str, i16); 2] = [("ListOffsetsRequest", 11), ("ListOffsetsResponse", 11)];

#[test]
fn the_oracle_has_all_versions_but_these() {
    assert_eq!(
        beyond_the_oracle(),
        KNOWN,
        "a version that the oracle has not needs bytes of Kafka's in newer.rs"
    );
}

#[track_caller]
fn same<M: Message + PartialEq + std::fmt::Debug>(version: i16, value: &M, hex: &str) {
    let bytes: Bytes = (0..hex.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&hex[at..at + 2], 16).expect("hex digits"))
        .collect();
    assert_eq!(encode(value, version).as_ref(), Ok(&bytes));
    assert_eq!(&decode::<M>(version, &bytes), value);
}

#[test]
fn list_offsets_11_has_kafkas_bytes() {
    let partition = ListOffsetsPartition {
        partition_index: 3,
        current_leader_epoch: 7,
        timestamp: -6,
    };
    let topic = ListOffsetsTopic {
        name: "a1".to_owned(),
        partitions: vec![partition],
    };
    let request = ListOffsetsRequest {
        replica_id: -1,
        isolation_level: 1,
        topics: vec![topic],
        timeout_ms: 30_000,
    };
    same(
        11,
        &request,
        "ffffffff0102036131020000000300000007fffffffffffffffa00000000753000",
    );
    let partition = ListOffsetsPartitionResponse {
        partition_index: 3,
        error_code: ErrorCode(6),
        timestamp: 1_234_567_890_123,
        offset: 42,
        leader_epoch: 8,
    };
    let topic = ListOffsetsTopicResponse {
        name: "a1".to_owned(),
        partitions: vec![partition],
    };
    let response = ListOffsetsResponse {
        throttle_time_ms: 5,
        topics: vec![topic],
    };
    same(
        11,
        &response,
        "0000000502036131020000000300060000011f71fb04cb000000000000002a00000008000000",
    );
}
