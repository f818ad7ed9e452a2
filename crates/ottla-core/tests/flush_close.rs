//! `flush` and `close` (behaviours 18, 54).

mod common;

use std::time::Duration;

use common::{Bench, TOPIC};
use ottla_core::{Record, RefuseReason, SendError, Timer};
use ottla_wire::error_code::ErrorCode;

#[test]
fn flush_ends_lingering_and_waits_for_the_answers() {
    let mut bench = Bench::warm(2, &[("linger.ms", "10000")]);
    bench.send_to(0, "a");
    bench.send_to(1, "b");
    bench.producer.flush(bench.now);
    bench.run();
    let request = bench.take();
    assert_eq!(request.batches().len(), 2);
    assert!(bench.flushed.is_empty());
    bench.ok(&request, 0);
    assert_eq!(bench.flushed.len(), 1);
}

#[test]
fn flush_does_not_wait_for_records_that_were_sent_later() {
    let mut bench = Bench::warm(1, &[("linger.ms", "0")]);
    bench.send_to(0, "a");
    bench.run();
    bench.producer.flush(bench.now);
    bench.send_to(0, "b");
    bench.run();
    let request = bench.take();
    bench.ok(&request, 0);
    assert_eq!(bench.flushed.len(), 1);
    assert_eq!(bench.pending.len(), 1, "b is still out");
}

#[test]
fn a_record_that_is_sent_during_a_flush_does_not_linger() {
    let mut bench = Bench::warm(1, &[("linger.ms", "10000")]);
    bench.send_to(0, "a");
    bench.producer.flush(bench.now);
    bench.run();
    bench.send_to(0, "b");
    bench.run();
    assert_eq!(bench.pending.len(), 2);
}

#[test]
fn flush_waits_for_retries_and_counts_failures_as_resolved() {
    let mut bench = Bench::warm(1, &[("linger.ms", "0")]);
    bench.send_to(0, "a");
    bench.run();
    bench.producer.flush(bench.now);
    let request = bench.take();
    bench.reply(&request, ErrorCode::NOT_ENOUGH_REPLICAS, -1);
    assert!(bench.flushed.is_empty());
    bench.advance_ms(200);
    let request = bench.take();
    bench.reply(&request, ErrorCode::INVALID_RECORD, -1);
    assert_eq!(bench.flushed.len(), 1);
}

#[test]
fn flush_waits_for_records_without_metadata_too() {
    let mut bench = Bench::new(1, &[("max.block.ms", "1000")]);
    bench.send(Record::to("nowhere").value("a"));
    bench.producer.flush(bench.now);
    bench.run();
    assert!(bench.flushed.is_empty());
    bench.advance_ms(1000);
    assert_eq!(bench.flushed.len(), 1);
}

#[test]
fn flush_of_nothing_is_done_at_once_and_flushes_have_numbers() {
    let mut bench = Bench::new(1, &[]);
    bench.producer.flush(bench.now);
    bench.producer.flush(bench.now);
    bench.run();
    assert_eq!(bench.flushed, [0, 1]);
    assert!(bench.dialled.is_empty());
}

#[test]
fn close_delivers_what_was_accepted_and_hangs_up() {
    let mut bench = Bench::warm(1, &[("linger.ms", "10000")]);
    bench.send_to(0, "a");
    bench.producer.close(bench.now, None);
    bench.run();
    let request = bench.take();
    assert!(!bench.closed);
    bench.ok(&request, 3);
    assert_eq!(bench.results(), ["0@3"]);
    assert!(bench.closed && bench.producer.is_closed());
    assert_eq!(bench.hung_up, [request.conn]);
    assert_eq!(bench.producer.memory_used(), 0);
    assert_eq!(bench.wait, (None, Timer::Idle));
}

#[test]
fn a_closing_producer_takes_no_records() {
    let mut bench = Bench::warm(1, &[]);
    bench.producer.close(bench.now, None);
    let refused = bench.producer.send(bench.now, Record::to(TOPIC).value("a"));
    let Err(SendError::Refused { record, why }) = refused else {
        panic!("{refused:?}");
    };
    assert_eq!(why, RefuseReason::Closed);
    assert_eq!(record.value.as_deref(), Some(&b"a"[..]));
}

#[test]
fn close_fails_what_is_not_delivered_in_time_wherever_it_is() {
    let mut bench = Bench::warm(2, &[("linger.ms", "0")]);
    bench.send_to(0, "in flight");
    bench.run();
    bench.topics.insert(TOPIC.to_owned(), Ok(vec![(1, 0), (-1, 1)]));
    bench.send(Record::to("nowhere").value("waiting"));
    bench.send_to(1, "batched");
    bench.run();
    bench.producer.close(bench.now, Some(Duration::from_secs(2)));
    bench.advance_ms(1999);
    assert!(!bench.closed);
    bench.advance_ms(1);
    assert!(bench.closed);
    let mut results = bench.results();
    results.sort();
    assert_eq!(results, ["CLOSED No", "CLOSED Possibly", "CLOSED Possibly"]);
    assert_eq!(bench.producer.memory_used(), 0);
    assert_eq!(bench.producer.outstanding(), 0);
}

#[test]
fn a_second_close_shortens_the_first_and_never_lengthens_it() {
    let seconds = Duration::from_secs;
    for (first, second) in [
        (Some(seconds(2)), Some(seconds(9))),
        (Some(seconds(2)), None),
        (Some(seconds(9)), Some(seconds(2))),
        (None, Some(seconds(2))),
    ] {
        let mut bench = Bench::warm(1, &[("linger.ms", "0")]);
        bench.send_to(0, "a");
        bench.run();
        for within in [first, second] {
            bench.producer.close(bench.now, within);
        }
        bench.advance_ms(1999);
        assert!(!bench.closed, "{first:?}, then {second:?}");
        bench.advance_ms(1);
        assert!(bench.closed, "{first:?}, then {second:?}");
    }
}

#[test]
fn close_without_time_fails_everything_now() {
    let mut bench = Bench::new(1, &[]);
    bench.send_to(0, "a");
    bench.producer.close(bench.now, Some(Duration::ZERO));
    bench.opens = false;
    bench.run();
    assert!(bench.closed);
    assert_eq!(bench.results(), ["CLOSED No"]);
}

#[test]
fn closing_an_unused_producer_closes_it() {
    let mut bench = Bench::new(1, &[]);
    bench.producer.close(bench.now, None);
    bench.run();
    assert!(bench.closed && bench.dialled.is_empty());
}

#[test]
fn a_later_record_does_not_stand_in_for_an_earlier_one() {
    let mut bench = Bench::warm(2, &[("linger.ms", "0")]);
    bench.send_to(0, "a");
    bench.run();
    bench.producer.flush(bench.now);
    bench.send_to(1, "b");
    bench.run();
    let (a, b) = (bench.take(), bench.take());
    bench.reply(&a, ErrorCode::NOT_ENOUGH_REPLICAS, -1);
    bench.ok(&b, 0);
    assert_eq!(bench.done.len(), 1);
    assert!(bench.flushed.is_empty());
}
