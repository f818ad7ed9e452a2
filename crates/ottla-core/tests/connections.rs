//! The conversation with one broker: versions, split bytes, hostile answers, throttling (behaviours 28, 31, 32).

mod common;

use bytes::Bytes;
use common::{Bench, encode};
use ottla_core::{Input, Timer};
use ottla_wire::api::ApiKey;
use ottla_wire::error_code::ErrorCode;
use ottla_wire::messages::produce::{PartitionProduceResponse, ProduceResponse};

fn versions_used(bench: &Bench, api: ApiKey) -> Vec<i16> {
    let mut used: Vec<_> = bench
        .requests
        .iter()
        .filter(|(_, a, _)| *a == api)
        .map(|(.., v)| *v)
        .collect();
    used.dedup();
    used
}

#[test]
fn the_newest_common_versions_are_used() {
    for (produce, expected) in [(3, 3), (9, 9), (12, 12), (13, 12), (99, 12)] {
        let mut bench = Bench::new(1, &[("linger.ms", "0")]);
        bench.versions = vec![
            (ApiKey::Produce, 0, produce),
            (ApiKey::Metadata, 0, 4),
            (ApiKey::InitProducerId, 0, 1),
            (ApiKey::ApiVersions, 0, 4),
        ];
        bench.send_to(0, "a");
        bench.answer_all();
        assert_eq!(bench.results(), ["0@100"]);
        assert_eq!(versions_used(&bench, ApiKey::Produce), [expected]);
        assert_eq!(versions_used(&bench, ApiKey::Metadata), [4]);
        assert_eq!(versions_used(&bench, ApiKey::InitProducerId), [1]);
    }
}

#[test]
fn a_broker_that_does_not_know_our_api_versions_is_asked_in_its_own() {
    let mut bench = Bench::new(1, &[("linger.ms", "0")]);
    bench.versions[3] = (ApiKey::ApiVersions, 0, 2);
    bench.send_to(0, "a");
    bench.answer_all();
    assert_eq!(bench.results(), ["0@100"]);
    let asked = versions_used(&bench, ApiKey::ApiVersions);
    assert_eq!(&asked[..2], [4, 2]);
}

#[test]
fn a_broker_that_is_too_old_is_named_in_the_error() {
    let mut bench = Bench::new(1, &[("max.block.ms", "1000")]);
    bench.versions[0] = (ApiKey::Produce, 0, 2);
    bench.send_to(0, "a");
    bench.advance_ms(1000);
    let error = bench.done[0].1.clone().expect_err("failed").to_string();
    assert!(error.contains("speaks Produce 0 to 2"), "{error}");
}

/// Runs a whole delivery with every answer cut into pieces of `size` bytes.
fn deliver_in_pieces(size: usize) -> Vec<String> {
    let mut bench = Bench::new(2, &[("linger.ms", "0")]);
    bench.pieces = Some(size);
    bench.send_to(0, "a");
    bench.send_to(1, "b");
    bench.answer_all();
    bench.results()
}

#[test]
fn answers_may_arrive_in_pieces_of_any_size() {
    for size in [1, 2, 3, 5, 7, 64, 1000] {
        assert_eq!(
            deliver_in_pieces(size),
            ["0@100", "1@100"],
            "pieces of {size} bytes"
        );
    }
}

#[test]
fn an_answer_may_be_cut_at_every_byte() {
    let whole = {
        let mut bench = Bench::warm(1, &[("linger.ms", "0")]);
        bench.send_to(0, "a");
        bench.run();
        let request = bench.take();
        encode(
            &request.header,
            &common::respond(&request, |_, _| PartitionProduceResponse {
                base_offset: 9,
                ..Default::default()
            }),
        )
    };
    for cut in 1..whole.len() {
        let mut bench = Bench::warm(1, &[("linger.ms", "0")]);
        bench.send_to(0, "a");
        bench.run();
        let request = bench.take();
        bench.receive(request.conn, whole.slice(..cut));
        assert!(bench.done.is_empty());
        bench.receive(request.conn, whole.slice(cut..));
        assert_eq!(bench.results(), ["0@9"], "cut at {cut}");
    }
}

#[test]
fn several_answers_may_arrive_at_once() {
    let mut bench = Bench::warm(1, &[("linger.ms", "0")]);
    let mut bytes = Vec::new();
    for value in ["a", "b", "c"] {
        bench.send_to(0, value);
        bench.run();
    }
    let requests: Vec<_> = bench.pending.drain(..).collect();
    for request in &requests {
        let answer = common::respond(request, |_, _| PartitionProduceResponse {
            base_offset: 1,
            ..Default::default()
        });
        bytes.extend_from_slice(&encode(&request.header, &answer));
    }
    bench.receive(requests[0].conn, bytes.into());
    assert_eq!(bench.done.len(), 3);
}

/// Sends a record, lets the test forge what comes back, and expects that the connection ends and the record survives.
fn survives(forge: impl Fn(&common::Pending) -> Vec<u8>) {
    let mut bench = Bench::warm(1, &[("linger.ms", "0")]);
    bench.send_to(0, "a");
    bench.run();
    let request = bench.take();
    bench.receive(request.conn, Bytes::from(forge(&request)));
    assert_eq!(bench.hung_up, [request.conn]);
    assert!(bench.done.is_empty());
    bench.advance_ms(1000);
    bench.answer_all();
    assert_eq!(bench.results(), ["0@100"]);
}

#[test]
fn a_hostile_answer_ends_the_connection_and_nothing_else() {
    survives(|_| vec![0x7f, 0xff, 0xff, 0xff]);
    survives(|_| vec![0xff, 0xff, 0xff, 0xff]);
    survives(|_| vec![0, 0, 0, 2, 1, 2]);
    survives(|request| {
        let mut other = request.header.clone();
        other.correlation_id += 1;
        encode(
            &other,
            &common::respond(request, |_, _| PartitionProduceResponse::default()),
        )
        .to_vec()
    });
    survives(|request| {
        let mut bytes = encode(&request.header, &ProduceResponse::default()).to_vec();
        let last = bytes.len() - 1;
        bytes[last] = 0x7f;
        bytes
    });
    survives(|_| b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec());
}

#[test]
fn bytes_that_nobody_asked_for_end_the_connection() {
    let mut bench = Bench::warm(1, &[]);
    let conn = bench.conn();
    bench.receive(conn, Bytes::from_static(&[0, 0, 0, 4, 0, 0, 0, 0]));
    assert_eq!(bench.hung_up, [conn]);
}

#[test]
fn inputs_of_forgotten_connections_are_ignored() {
    let mut bench = Bench::warm(1, &[]);
    let conn = bench.conn();
    bench.cut(conn);
    bench.handle(Input::Received {
        conn,
        bytes: Bytes::from_static(b"late"),
    });
    bench.handle(Input::Written { conn, count: 5 });
    bench.handle(Input::Closed {
        conn,
        why: "again".to_owned(),
    });
    bench.handle(Input::Connected { conn });
    assert!(bench.done.is_empty());
}

#[test]
fn throttling_extends_the_timers_of_requests_that_are_out() {
    let mut bench = Bench::warm(1, &[("linger.ms", "0"), ("request.timeout.ms", "1000")]);
    for value in ["a", "b"] {
        bench.send_to(0, value);
        bench.run();
    }
    let (first, second) = (bench.take(), bench.take());
    let mut answer = common::respond(&first, |_, _| PartitionProduceResponse::default());
    answer.throttle_time_ms = 5000;
    bench.receive(first.conn, encode(&first.header, &answer));
    bench.advance_ms(5999);
    assert!(bench.hung_up.is_empty());
    let answer = common::respond(&second, |_, _| PartitionProduceResponse::default());
    bench.receive(second.conn, encode(&second.header, &answer));
    assert_eq!(bench.done.len(), 2);
}

#[test]
fn reconnecting_backs_off() {
    let mut bench = Bench::warm(1, &[("linger.ms", "0")]);
    bench.opens = false;
    bench.cut_all();
    bench.send_to(0, "a");
    bench.run();
    let mut waits = Vec::new();
    for _ in 0..7 {
        assert!(
            matches!(bench.wait.1, Timer::Reconnect(Some(1))),
            "{:?}",
            bench.wait
        );
        let wait = bench.wait.0.expect("a timer").saturating_since(bench.now);
        waits.push(wait.as_millis());
        bench.advance(wait);
        let conn = bench.dialled.last().expect("dialled").0;
        bench.handle(Input::Closed {
            conn,
            why: "refused".to_owned(),
        });
    }
    let expected = [
        (40, 60),
        (80, 120),
        (160, 240),
        (320, 480),
        (640, 960),
        (800, 1000),
        (800, 1000),
    ];
    for (wait, (low, high)) in waits.iter().zip(expected) {
        assert!((low..=high).contains(wait), "{waits:?}");
    }
}

#[test]
fn an_idle_connection_is_closed_without_penalty() {
    let options = [
        ("connections.max.idle.ms", "10000"),
        ("metadata.max.age.ms", "9000000"),
        ("linger.ms", "0"),
    ];
    let mut bench = Bench::warm(1, &options);
    bench.advance_ms(9_999);
    assert!(bench.hung_up.is_empty());
    bench.advance_ms(1);
    assert_eq!(bench.hung_up.len(), 1);
    bench.send_to(0, "a");
    bench.run();
    assert_eq!(bench.pending.len(), 1, "dialled at once");
}

#[test]
fn no_more_than_the_write_allowance_is_handed_over() {
    let options = [
        ("batch.size", "500000"),
        ("linger.ms", "0"),
        ("buffer.memory", "33554432"),
    ];
    let mut bench = Bench::warm(8, &options);
    bench.writes = false;
    for round in 0..3 {
        for partition in 0..8 {
            bench.send_to(partition, &"x".repeat(490_000));
        }
        bench.run();
        let conn = bench.conn();
        assert!(
            bench.unwritten(conn) <= (4 << 20) + 1000,
            "round {round}: {}",
            bench.unwritten(conn)
        );
    }
    assert!(bench.pending.len() < 5, "fewer than max.in.flight requests");
    let conn = bench.conn();
    bench.writes = true;
    bench.write(conn, bench.unwritten(conn));
    bench.answer_all();
    assert_eq!(bench.done.len(), 24);
}

#[test]
fn the_write_allowance_is_used_to_its_last_byte() {
    let options = [
        ("max.request.size", "8388608"),
        ("linger.ms", "0"),
        ("buffer.memory", "33554432"),
    ];
    for (beyond, requests) in [(0, 2), (1, 1)] {
        let mut bench = Bench::warm(1, &options);
        bench.writes = false;
        let first = 2_000_000;
        bench.send_to(0, &"x".repeat(first));
        bench.run();
        let overhead = bench.pending[0].batch().header.total_len() - first;
        let left = (4 << 20) - bench.unwritten(bench.conn());
        bench.send_to(0, &"x".repeat(left - overhead + beyond));
        bench.run();
        assert_eq!(bench.pending.len(), requests, "{beyond} bytes beyond");
    }
}

#[test]
fn a_request_above_the_write_allowance_goes_when_nothing_is_unwritten() {
    let options = [
        ("max.request.size", "8388608"),
        ("linger.ms", "0"),
        ("buffer.memory", "33554432"),
    ];
    let mut bench = Bench::warm(1, &options);
    bench.send_to(0, &"x".repeat(5 << 20));
    bench.run();
    assert_eq!(bench.pending.len(), 1);
}

#[test]
fn a_retriable_error_of_api_versions_ends_the_connection() {
    let mut bench = Bench::new(1, &[("max.block.ms", "500")]);
    bench.answers = false;
    bench.send_to(0, "a");
    bench.run();
    let conn = bench.conn();
    let answer = ottla_wire::messages::api_versions::ApiVersionsResponse {
        error_code: ErrorCode::ILLEGAL_SASL_STATE,
        ..Default::default()
    };
    let bytes = ottla_wire::encode_response(0, 4, &answer).expect("encodes");
    bench.receive(conn, bytes.into());
    assert_eq!(bench.hung_up, [conn]);
    bench.opens = false;
    bench.advance_ms(500);
    let error = bench.done[0].1.clone().expect_err("failed").to_string();
    assert!(error.contains("ILLEGAL_SASL_STATE"), "{error}");
}
