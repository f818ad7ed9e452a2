//! `MESSAGE_TOO_LARGE`: batches go out in parts (behaviour 50).

mod common;

use common::Bench;
use ottla_core::{Input, Instant};
use ottla_wire::error_code::ErrorCode;
use ottla_wire::messages::produce::PartitionProduceResponse;

/// A broker that takes batches of at most `limit` bytes.
fn serve(bench: &mut Bench, limit: usize) -> Vec<String> {
    let mut stored = Vec::new();
    for _ in 0..100 {
        bench.advance_ms(200);
        let Some(request) = bench.pending.pop_front() else {
            continue;
        };
        let batch = request.batch();
        let fits = batch.header.total_len() <= limit;
        let base_offset = stored.len() as i64;
        bench.reply_with(&request, |_, _| PartitionProduceResponse {
            error_code: if fits {
                ErrorCode::NONE
            } else {
                ErrorCode::MESSAGE_TOO_LARGE
            },
            base_offset,
            ..Default::default()
        });
        if fits {
            stored.extend(batch.values);
        }
    }
    stored
}

#[test]
fn a_batch_that_is_too_large_is_split_and_arrives_in_order() {
    for codec in ["none", "gzip", "snappy", "lz4", "zstd"] {
        let mut bench = Bench::warm(1, &[("linger.ms", "5"), ("compression.type", codec)]);
        let values: Vec<String> = (0..100u64)
            .map(|n| format!("{:016x}", n.wrapping_mul(0x9e37_79b9_7f4a_7c15)))
            .collect();
        for value in &values {
            bench.send_to(0, value);
        }
        assert_eq!(serve(&mut bench, 700), values, "{codec}");
        let offsets: Vec<_> = bench
            .done
            .iter()
            .map(|(_, result)| result.as_ref().expect("stored").offset)
            .collect();
        assert_eq!(offsets, (0..100).collect::<Vec<_>>());
        assert!(bench.producer.metrics().splits >= 3);
        assert_eq!(bench.producer.metrics().epoch_bumps, 0);
        assert_eq!(bench.producer.memory_used(), 0);
    }
}

/// A batch that compresses well holds several times `batch.size` before compression.
#[test]
fn parts_have_batch_size_and_not_half_of_the_whole() {
    let options = [
        ("compression.type", "gzip"),
        ("batch.size", "2000"),
        ("linger.ms", "5"),
    ];
    let mut bench = Bench::warm(1, &options);
    let value = "x".repeat(90);
    for _ in 0..200 {
        for _ in 0..100 {
            bench.send_to(0, &value);
        }
        bench.answer_after_ms(5);
    }
    for _ in 0..100 {
        bench.send_to(0, &value);
    }
    bench.advance_ms(5);
    let whole = bench.take();
    assert_eq!(whole.values().len(), 100);
    bench.reply(&whole, ErrorCode::MESSAGE_TOO_LARGE, -1);
    let mut parts = Vec::new();
    while let Some(part) = bench.pending.pop_front() {
        parts.push(part.values().len());
        bench.ok(&part, 0);
    }
    // A record has 97 bytes, in 1939.
    assert_eq!(parts, [19, 19, 19, 19, 19, 5]);
}

#[test]
fn parts_continue_the_sequence_of_the_whole() {
    let mut bench = Bench::warm(1, &[]);
    for n in 0..10 {
        bench.send_to(0, &format!("{n}"));
    }
    bench.advance_ms(5);
    let whole = bench.take();
    assert_eq!(whole.batch().header.base_sequence, 1);
    bench.reply(&whole, ErrorCode::MESSAGE_TOO_LARGE, -1);
    let mut next = 1;
    while let Some(part) = bench.pending.pop_front() {
        let batch = part.batch();
        assert_eq!(batch.header.base_sequence, next);
        next += batch.header.record_count;
        bench.ok(&part, 0);
    }
    assert_eq!(next, 11);
}

#[test]
fn a_single_record_that_is_too_large_fails_and_those_behind_it_do_not() {
    let mut bench = Bench::warm(1, &[("linger.ms", "0")]);
    bench.send_to(0, &"x".repeat(2000));
    bench.run();
    bench.send_to(0, "small");
    bench.run();
    let stored = serve(&mut bench, 1000);
    assert_eq!(stored, ["small"]);
    assert_eq!(bench.results()[0], "MESSAGE_TOO_LARGE No");
    assert_eq!(bench.done.len(), 2);
}

#[test]
fn a_flush_waits_for_the_parts() {
    let mut bench = Bench::warm(1, &[]);
    for n in 0..10 {
        bench.send_to(0, &format!("{n}"));
    }
    bench.producer.flush(bench.now);
    bench.run();
    let whole = bench.take();
    bench.reply(&whole, ErrorCode::MESSAGE_TOO_LARGE, -1);
    let first = bench.take();
    bench.ok(&first, 0);
    assert!(bench.flushed.is_empty());
    bench.answer_all();
    assert_eq!(bench.flushed.len(), 1);
}

#[test]
fn a_split_uses_up_no_retry() {
    let mut bench = Bench::warm(1, &[("retries", "1")]);
    for n in 0..2 {
        bench.send_to(0, &format!("{n}"));
    }
    bench.advance_ms(5);
    let whole = bench.take();
    bench.reply(&whole, ErrorCode::MESSAGE_TOO_LARGE, -1);
    let part = bench.take();
    bench.reply(&part, ErrorCode::NOT_ENOUGH_REPLICAS, -1);
    assert!(bench.done.is_empty(), "{:?}", bench.done);
}

#[test]
fn a_part_that_waits_is_as_old_as_the_batch_behind_it_when_the_process_was_frozen() {
    let options = [
        ("max.in.flight.requests.per.connection", "2"),
        ("retry.backoff.ms", "100"),
        ("delivery.timeout.ms", "3000"),
        ("request.timeout.ms", "1000"),
    ];
    let mut bench = Bench::warm(1, &options);
    bench.send_to(0, "a");
    bench.send_to(0, "b");
    bench.advance_ms(5);
    bench.send_to(0, "c");
    bench.advance_ms(5);
    let (whole, behind) = (bench.take(), bench.take());
    bench.reply(&whole, ErrorCode::MESSAGE_TOO_LARGE, -1);
    bench.reply(&behind, ErrorCode::NOT_ENOUGH_REPLICAS, -1);
    // The part with "a" is on its way, the one with "b" waits for it, and "c" behind both was sent once.
    bench.handle(Input::Suspended);
    bench.now = Instant::from_millis(bench.now.as_millis() + 600_000);
    bench.handle(Input::Resumed);
    let failed: Vec<u64> = bench.done.iter().map(|(id, _)| id.0).collect();
    assert_eq!(failed.len(), 3, "all were sent, and their time is up");
    assert!(failed.is_sorted(), "{failed:?}");
}
