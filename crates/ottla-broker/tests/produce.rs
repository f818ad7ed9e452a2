//! Produce, byte by byte.

mod common;

use bytes::Bytes;
use common::*;
use ottla_broker::{ErrorCode, Fault, Micros, PlannedFault, Settings, TopicConfig};
use ottla_wire::{
    batch::{BatchBuilder, ProducerStamp},
    codec::Codec,
    messages::produce::{ProduceRequest, ProduceResponse},
};

const SECOND: Micros = 1_000_000;

fn stamp(base_sequence: i32) -> Option<ProducerStamp> {
    Some(ProducerStamp {
        producer_id: 1_000,
        producer_epoch: 0,
        base_sequence,
    })
}

#[test]
fn every_version_appends_and_answers_the_base_offset() {
    let mut bench = Bench::new();
    for version in 3..=13 {
        let response: ProduceResponse = bench.ask(version, &produce(1, batch(&["a", "b"])));
        let part = &response.responses[0].partition_responses[0];
        assert_eq!(
            (part.error_code, part.base_offset),
            (ErrorCode::NONE, i64::from(version - 3) * 2)
        );
    }
}

#[test]
fn every_codec_is_checked_record_by_record() {
    let mut bench = Bench::new();
    for codec in [Codec::None, Codec::Gzip, Codec::Snappy, Codec::Lz4, Codec::Zstd] {
        let part = bench.produce(1, stamped(&["a", "b", "c"], codec, None));
        assert_eq!(part.error_code, ErrorCode::NONE, "{codec:?}");
    }
}

#[test]
fn one_byte_at_a_time_is_the_same() {
    let mut bench = Bench::new();
    let bytes = ottla_wire::encode_request(9, None, 12, &produce(1, batch(&["a"]))).unwrap();
    for byte in bytes {
        bench.broker.receive(0, CONN, Bytes::copy_from_slice(&[byte]));
    }
    bench.collect();
    assert!(bench.frame().is_some());
}

#[test]
fn a_repeated_batch_is_a_success_with_its_old_offset() {
    let mut bench = Bench::new();
    let first = bench.produce(-1, stamped(&["a", "b"], Codec::None, stamp(0)));
    bench.produce(-1, stamped(&["c"], Codec::None, stamp(2)));
    let again = bench.produce(-1, stamped(&["a", "b"], Codec::None, stamp(0)));
    assert_eq!(
        (again.error_code, again.base_offset),
        (ErrorCode::NONE, first.base_offset)
    );
    let gap = bench.produce(-1, stamped(&["d"], Codec::None, stamp(9)));
    assert_eq!(
        (gap.error_code, gap.base_offset),
        (ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER, -1)
    );
}

#[test]
fn acks_zero_is_never_answered_and_an_error_closes() {
    let mut bench = Bench::new();
    bench.send(12, &produce(0, batch(&["a"])));
    assert!(bench.effects.is_empty());
    bench.send(12, &produce(0, batch(&["b"]).slice(..70)));
    assert!(bench.frame().is_none());
    assert!(bench.closed().unwrap().contains("INVALID_RECORD"));
}

#[test]
fn wrong_bytes_are_refused_by_kafkas_codes() {
    let mut bench = Bench::with(
        Settings::default(),
        TopicConfig {
            max_message_bytes: 200,
            ..TopicConfig::default()
        },
    );
    let good = batch(&["a"]);
    let mut flipped = good.to_vec();
    *flipped.last_mut().unwrap() ^= 1;
    let code = |bench: &mut Bench, bytes: Bytes| bench.produce(1, bytes).error_code;
    assert_eq!(code(&mut bench, Bytes::from(flipped)), ErrorCode::CORRUPT_MESSAGE);
    assert_eq!(
        code(&mut bench, good.slice(..good.len() - 1)),
        ErrorCode::INVALID_RECORD
    );
    assert_eq!(code(&mut bench, Bytes::new()), ErrorCode::INVALID_RECORD);
    assert_eq!(
        code(&mut bench, [&good[..], &good[..]].concat().into()),
        ErrorCode::INVALID_RECORD
    );
    assert_eq!(
        code(&mut bench, batch(&[&"x".repeat(200)])),
        ErrorCode::MESSAGE_TOO_LARGE
    );
    let response: ProduceResponse = bench.ask(12, &produce(2, good.clone()));
    let part = &response.responses[0].partition_responses[0];
    assert_eq!(part.error_code, ErrorCode::INVALID_REQUIRED_ACKS);
    assert_eq!(
        bench
            .broker
            .log(&ottla_broker::TopicId([7; 16]), 0)
            .unwrap()
            .end(),
        0
    );
}

#[test]
fn a_record_from_the_future_is_named() {
    let mut bench = Bench::new();
    let mut builder = BatchBuilder::new(1 << 20);
    for timestamp in [EPOCH_MS, EPOCH_MS + 3_600_001] {
        builder
            .append(timestamp, None, Some(b"v"), [].into_iter())
            .unwrap();
    }
    let part = bench.produce(1, builder.seal(Codec::None, None).unwrap().to_bytes());
    assert_eq!(part.error_code, ErrorCode::INVALID_TIMESTAMP);
    assert_eq!(
        part.record_errors
            .iter()
            .map(|it| it.batch_index)
            .collect::<Vec<_>>(),
        [1]
    );
}

#[test]
fn acks_all_waits_for_the_follower_and_then_times_out() {
    let mut bench = Bench::new();
    bench.broker.apply_image(
        0,
        &image(2, TopicConfig::default(), partition(1, 1, &[1, 2], &[1, 2])),
    );
    bench.send(12, &produce(-1, batch(&["a"])));
    assert!(bench.frame().is_none(), "2 has not fetched");
    bench.advance(SECOND);
    let response: ProduceResponse = bench.answer(12);
    assert_eq!(
        response.responses[0].partition_responses[0].error_code,
        ErrorCode::REQUEST_TIMED_OUT
    );
}

#[test]
fn the_next_request_waits_until_this_one_is_answered() {
    let mut bench = Bench::new();
    bench.broker.apply_image(
        0,
        &image(2, TopicConfig::default(), partition(1, 1, &[1, 2], &[1, 2])),
    );
    bench.send(12, &produce(-1, batch(&["a"])));
    bench.send(12, &produce(1, batch(&["b"])));
    assert!(bench.frame().is_none());
    assert!(bench.broker.unread(CONN) > 0);
    bench.advance(SECOND);
    assert!(bench.frame().is_some() && bench.frame().is_some());
    assert!(bench.broker.is_idle(CONN));
}

#[test]
fn too_few_in_sync_replicas_refuse_before_the_append() {
    let config = TopicConfig {
        min_insync_replicas: 2,
        ..TopicConfig::default()
    };
    let mut bench = Bench::new();
    bench
        .broker
        .apply_image(0, &image(2, config, partition(1, 1, &[1, 2], &[1])));
    assert_eq!(
        bench.produce(-1, batch(&["a"])).error_code,
        ErrorCode::NOT_ENOUGH_REPLICAS
    );
    assert_eq!(bench.produce(1, batch(&["a"])).error_code, ErrorCode::NONE);
}

#[test]
fn a_broker_that_does_not_lead_names_the_leader_and_its_address() {
    let mut bench = Bench::new();
    bench.broker.apply_image(
        0,
        &image(2, TopicConfig::default(), partition(2, 5, &[1, 2], &[1, 2])),
    );
    for version in [9, 10, 12, 13] {
        let response: ProduceResponse = bench.ask(version, &produce(1, batch(&["a"])));
        let part = &response.responses[0].partition_responses[0];
        assert_eq!(part.error_code, ErrorCode::NOT_LEADER_OR_FOLLOWER);
        let leader = part
            .current_leader
            .as_ref()
            .map(|it| (it.leader_id, it.leader_epoch));
        let host = response.node_endpoints.first().map(|it| it.host.as_str());
        let named = (version >= 10).then_some((2, 5));
        assert_eq!((leader, host), (named, named.map(|_| "broker-2")));
    }
}

#[test]
fn unknown_topics_are_told_by_name_or_id() {
    let mut bench = Bench::new();
    let code = |bench: &mut Bench, version, change: fn(&mut ProduceRequest)| {
        let mut request = produce(1, batch(&["a"]));
        change(&mut request);
        let response: ProduceResponse = bench.ask(version, &request);
        response.responses[0].partition_responses[0].error_code
    };
    let unknown = |request: &mut ProduceRequest| {
        request.topic_data[0].name = "nothing".to_owned();
        request.topic_data[0].topic_id.0[0] ^= 1;
    };
    assert_eq!(
        code(&mut bench, 12, unknown),
        ErrorCode::UNKNOWN_TOPIC_OR_PARTITION
    );
    assert_eq!(code(&mut bench, 13, unknown), ErrorCode::UNKNOWN_TOPIC_ID);
    let partition = |request: &mut ProduceRequest| request.topic_data[0].partition_data[0].index = 9;
    assert_eq!(
        code(&mut bench, 12, partition),
        ErrorCode::UNKNOWN_TOPIC_OR_PARTITION
    );
}

#[test]
fn a_quota_throttles_and_the_connection_is_not_read_meanwhile() {
    let request = ottla_wire::encode_request(1, Some("test"), 12, &produce(1, batch(&["a"]))).unwrap();
    let mut bench = Bench::with(
        Settings {
            // One request is what the windows allow at once: ten seconds' worth.
            producer_byte_rate: Some((request.len() as u64).div_ceil(10)),
            ..Settings::default()
        },
        TopicConfig::default(),
    );
    let first: ProduceResponse = bench.ask(12, &produce(1, batch(&["a"])));
    assert_eq!(first.throttle_time_ms, 0);
    let second: ProduceResponse = bench.ask(12, &produce(1, batch(&["b"])));
    assert!(second.throttle_time_ms > 9_000, "{}", second.throttle_time_ms);
    bench.send(12, &produce(1, batch(&["c"])));
    bench.advance(9 * SECOND);
    assert!(bench.frame().is_none());
    bench.advance(2 * SECOND);
    assert!(bench.frame().is_some());
}

#[test]
fn planned_faults_cut_before_after_or_answer() {
    let mut bench = Bench::new();
    let plan = |bench: &mut Bench, fault| {
        bench.broker.plan_fault(PlannedFault {
            fault,
            partition: None,
        });
    };
    plan(
        &mut bench,
        Fault::Answer {
            error: ErrorCode::NOT_ENOUGH_REPLICAS,
            append: false,
        },
    );
    plan(
        &mut bench,
        Fault::Answer {
            error: ErrorCode::NOT_ENOUGH_REPLICAS_AFTER_APPEND,
            append: true,
        },
    );
    let end = |bench: &Bench| {
        bench
            .broker
            .log(&ottla_broker::TopicId([7; 16]), 0)
            .unwrap()
            .end()
    };
    assert_eq!(
        bench.produce(1, batch(&["a"])).error_code,
        ErrorCode::NOT_ENOUGH_REPLICAS
    );
    assert_eq!(end(&bench), 0);
    assert_eq!(
        bench.produce(1, batch(&["a"])).error_code,
        ErrorCode::NOT_ENOUGH_REPLICAS_AFTER_APPEND
    );
    assert_eq!(end(&bench), 1);
    for (fault, appended) in [(Fault::CutBeforeAppend, 1), (Fault::CutAfterAppend, 2)] {
        plan(&mut bench, fault);
        bench.send(12, &produce(1, batch(&["b"])));
        assert!(bench.frame().is_none() && bench.closed().is_some());
        assert_eq!(end(&bench), appended);
        bench.effects.clear();
        bench.broker.connect(CONN);
    }
}

#[test]
fn log_append_time_is_answered() {
    let timestamp_type = ottla_broker::TimestampType::LogAppendTime;
    let mut bench = Bench::with(
        Settings::default(),
        TopicConfig {
            timestamp_type,
            ..TopicConfig::default()
        },
    );
    bench.now = 5 * SECOND;
    assert_eq!(
        bench.produce(1, batch(&["a"])).log_append_time_ms,
        EPOCH_MS + 5_000
    );
}
