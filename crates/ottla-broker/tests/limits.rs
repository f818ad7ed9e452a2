//! What a leader refuses by its limits and its clock, and when it forgets a producer.

mod common;

use bytes::Bytes;
use common::*;
use ottla_broker::{ErrorCode, Micros, Settings, TopicConfig};
use ottla_wire::{
    batch::{BatchBuilder, ProducerStamp},
    codec::Codec,
    messages::produce::ProduceResponse,
};

const SECOND: Micros = 1_000_000;

fn dated(timestamps: &[i64], key: Option<&[u8]>) -> Bytes {
    let mut builder = BatchBuilder::new(1 << 20);
    for timestamp in timestamps {
        builder
            .append(*timestamp, key, Some(b"v"), [].into_iter())
            .unwrap();
    }
    builder.seal(Codec::None, None).unwrap().to_bytes()
}

fn sequenced(base_sequence: i32) -> Bytes {
    let stamp = ProducerStamp {
        producer_id: 1_000,
        producer_epoch: 0,
        base_sequence,
    };
    stamped(&["a"], Codec::None, Some(stamp))
}

#[test]
fn a_batch_larger_than_a_segment_is_refused_for_good() {
    let config = TopicConfig {
        segment_bytes: 80,
        ..TopicConfig::default()
    };
    let mut bench = Bench::with(Settings::default(), config);
    assert_eq!(
        bench.produce(1, batch(&["a"])).error_code,
        ErrorCode::NONE,
        "it has {} bytes",
        batch(&["a"]).len()
    );
    let large = bench.produce(1, batch(&["a long value that does not fit"]));
    assert_eq!(large.error_code, ErrorCode::RECORD_LIST_TOO_LARGE);
}

#[test]
fn a_base_offset_other_than_zero_is_refused() {
    let mut bench = Bench::new();
    let mut bytes = batch(&["a"]).to_vec();
    bytes[7] = 1;
    let part = bench.produce(1, Bytes::from(bytes));
    assert_eq!(part.error_code, ErrorCode::INVALID_RECORD);
}

#[test]
fn timestamps_out_of_range_blame_their_records_and_none_at_all_is_in_range() {
    let config = TopicConfig {
        timestamp_before_max_ms: 1_000,
        timestamp_after_max_ms: 500,
        compacted: true,
        ..TopicConfig::default()
    };
    let mut bench = Bench::with(Settings::default(), config);
    let edges = [EPOCH_MS - 1_000, EPOCH_MS + 500, -1];
    let part = bench.produce(1, dated(&edges, Some(b"k")));
    assert_eq!(part.error_code, ErrorCode::NONE);
    let wrong = [EPOCH_MS, EPOCH_MS - 1_001, EPOCH_MS + 501];
    let part = bench.produce(1, dated(&wrong, Some(b"k")));
    assert_eq!(part.error_code, ErrorCode::INVALID_TIMESTAMP);
    let blamed: Vec<i32> = part.record_errors.iter().map(|it| it.batch_index).collect();
    assert_eq!(blamed, [1, 2]);
    let part = bench.produce(1, dated(&wrong, None));
    assert_eq!(
        part.error_code,
        ErrorCode::INVALID_RECORD,
        "no key is found first"
    );
    assert_eq!(part.record_errors.len(), 3);
}

#[test]
fn the_brokers_clock_decides_what_is_too_old() {
    let config = TopicConfig {
        timestamp_before_max_ms: 60_000,
        ..TopicConfig::default()
    };
    let mut bench = Bench::with(Settings::default(), config);
    assert_eq!(bench.produce(1, batch(&["a"])).error_code, ErrorCode::NONE);
    bench.broker.shift_clock(120_000);
    assert_eq!(
        bench.produce(1, batch(&["a"])).error_code,
        ErrorCode::INVALID_TIMESTAMP
    );
    bench.broker.shift_clock(-120_000);
    assert_eq!(bench.produce(1, batch(&["a"])).error_code, ErrorCode::NONE);
}

#[test]
fn producers_are_forgotten_when_the_check_comes_and_not_before() {
    let settings = Settings {
        producer_id_expiration_ms: 5_000,
        producer_id_expiration_check_interval: 4 * SECOND,
        ..Settings::default()
    };
    let mut bench = Bench::with(settings, TopicConfig::default());
    let code = |bench: &mut Bench, sequence| bench.produce(-1, sequenced(sequence)).error_code;
    assert_eq!(code(&mut bench, 0), ErrorCode::NONE);
    bench.advance(4 * SECOND);
    bench.advance(3 * SECOND);
    let gap = ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER;
    assert_eq!(code(&mut bench, 7), gap, "7 s are over; the check comes at 8");
    assert_eq!(bench.broker.next_deadline(), 8 * SECOND);
    bench.advance(SECOND);
    assert_eq!(code(&mut bench, 7), ErrorCode::NONE);
}

#[test]
fn settings_change_while_a_broker_runs() {
    let mut bench = Bench::new();
    let throttle = |bench: &mut Bench| {
        let response: ProduceResponse = bench.ask(12, &produce(1, batch(&["a"])));
        response.throttle_time_ms
    };
    assert_eq!(throttle(&mut bench), 0);
    let mut settings = Settings::default();
    settings.set("producer_byte_rate", "1").unwrap();
    bench.broker.configure(settings.into());
    assert!(throttle(&mut bench) > 0);
}

#[test]
fn old_records_go_when_the_check_comes() {
    let config = TopicConfig {
        retention_bytes: 100,
        ..TopicConfig::default()
    };
    let settings = Settings {
        retention_check_interval: 2 * SECOND,
        ..Settings::default()
    };
    let mut bench = Bench::with(settings, config);
    for _ in 0..3 {
        bench.produce(1, batch(&["a"]));
    }
    let start = |bench: &Bench| {
        bench
            .broker
            .log(&ottla_broker::TopicId([7; 16]), 0)
            .map(|log| log.start())
    };
    bench.advance(SECOND);
    assert_eq!(start(&bench), Some(0));
    bench.advance(SECOND);
    assert_eq!(start(&bench), Some(2));
}
