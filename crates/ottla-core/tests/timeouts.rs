//! The four timeouts: `max.block.ms`, `request.timeout.ms`, `delivery.timeout.ms`, connection setup.

mod common;

use common::{Bench, TOPIC};
use ottla_core::{Input, Instant, Record, Timer};
use ottla_wire::error_code::ErrorCode;

#[test]
fn max_block_fails_records_whose_topic_does_not_come_and_says_what_the_cluster_said() {
    let mut bench = Bench::new(1, &[("max.block.ms", "2000")]);
    bench.send(Record::to("nowhere").value("a"));
    bench.run();
    assert!(bench.done.is_empty());
    bench.advance_ms(1999);
    assert!(bench.done.is_empty());
    bench.advance_ms(1);
    assert_eq!(bench.results(), ["UNKNOWN_TOPIC_OR_PARTITION No"]);
    let error = bench.done[0].1.clone().expect_err("failed").to_string();
    assert!(
        error.contains("no topic nowhere") && error.contains("2000 ms, max.block.ms"),
        "{error}"
    );
    assert_eq!(
        bench.completions.remove(0).records()[0].1.value.as_deref(),
        Some(&b"a"[..])
    );
    assert_eq!(bench.producer.memory_used(), 0);
}

#[test]
fn max_block_names_the_address_that_does_not_answer() {
    let mut bench = Bench::new(1, &[("max.block.ms", "2000")]);
    bench.opens = false;
    bench.send_to(0, "a");
    bench.run();
    let conn = bench.dialled[0].0;
    bench.handle(Input::Closed {
        conn,
        why: "connection refused".to_owned(),
    });
    bench.advance_ms(2000);
    let error = bench.done[0].1.clone().expect_err("failed").to_string();
    assert!(error.contains("boot:9092: connection refused"), "{error}");
    assert!(error.starts_with("NO_BROKER"), "{error}");
}

#[test]
fn max_block_is_one_budget_with_the_wait_for_room() {
    let mut bench = Bench::new(1, &[("max.block.ms", "2000")]);
    bench.now = Instant::from_millis(1500);
    bench
        .producer
        .send_since(bench.now, Instant::ZERO, Record::to("nowhere").value("a"))
        .expect("accepted");
    bench.advance_ms(500);
    assert_eq!(bench.done.len(), 1);
}

#[test]
fn a_partition_that_does_not_exist_is_waited_for() {
    let mut bench = Bench::warm(1, &[("max.block.ms", "2000"), ("linger.ms", "0")]);
    bench.send_to(3, "later");
    bench.send_to(0, "now");
    bench.run();
    let request = bench.take();
    assert_eq!(request.values(), ["now"], "other partitions do not wait");
    bench.ok(&request, 0);
    bench.topics.insert(TOPIC.to_owned(), Ok(vec![(1, 0); 4]));
    bench.advance_ms(1000);
    let request = bench.take();
    assert_eq!(request.batch().partition, 3);
    bench.ok(&request, 0);
    bench.send_to(9, "never");
    bench.advance_ms(2000);
    let error = bench
        .done
        .last()
        .expect("failed")
        .1
        .clone()
        .expect_err("failed")
        .to_string();
    assert!(error.contains("has 4 partitions and not partition 9"), "{error}");
}

#[test]
fn the_request_timer_begins_when_the_request_is_written() {
    let mut bench = Bench::warm(1, &[("linger.ms", "0"), ("request.timeout.ms", "1000")]);
    bench.writes = false;
    bench.send_to(0, "a");
    bench.run();
    let request = bench.take();
    let bytes = bench.unwritten(request.conn);
    bench.advance_ms(900);
    bench.write(request.conn, bytes);
    assert!(
        matches!(bench.wait.1, Timer::RequestTimeout(_)),
        "{:?}",
        bench.wait
    );
    bench.writes = true;
    bench.advance_ms(999);
    assert!(
        bench.hung_up.is_empty(),
        "1899 ms after it was queued, 999 after it was written"
    );
    bench.advance_ms(1);
    assert_eq!(bench.hung_up, [request.conn]);
    bench.advance_ms(2000);
    let again = bench.take();
    assert_eq!(again.values(), ["a"]);
    assert_ne!(again.conn, request.conn);
}

#[test]
fn a_socket_that_takes_no_bytes_is_given_up_too() {
    let mut bench = Bench::warm(1, &[("linger.ms", "0"), ("request.timeout.ms", "1000")]);
    bench.writes = false;
    bench.send_to(0, "a");
    bench.run();
    let request = bench.take();
    bench.advance_ms(600);
    bench.write(request.conn, 1);
    bench.advance_ms(999);
    assert!(bench.hung_up.is_empty());
    bench.advance_ms(1);
    assert_eq!(bench.hung_up, [request.conn]);
}

#[test]
fn a_request_timeout_is_retried_and_possibly_persisted() {
    let options = [
        ("linger.ms", "0"),
        ("request.timeout.ms", "1000"),
        ("retries", "0"),
    ];
    let mut bench = Bench::warm(1, &options);
    bench.send_to(0, "a");
    bench.advance_ms(1000);
    assert_eq!(bench.results(), ["REQUEST_TIMED_OUT Possibly"]);
}

#[test]
fn the_delivery_timeout_ends_what_was_never_sent() {
    let options = [
        ("delivery.timeout.ms", "3000"),
        ("linger.ms", "0"),
        ("request.timeout.ms", "1000"),
    ];
    let mut bench = Bench::warm(1, &options);
    bench.topics.insert(TOPIC.to_owned(), Ok(vec![(-1, 1)]));
    bench.opens = false;
    bench.cut(bench.conn());
    bench.send_to(0, "a");
    bench.advance_ms(2999);
    assert!(bench.done.is_empty());
    bench.advance_ms(1);
    assert_eq!(bench.results(), ["DELIVERY_TIMEOUT No"]);
    let error = bench.done[0].1.clone().expect_err("failed").to_string();
    assert!(
        error.contains("clicks-0") && error.contains("never sent"),
        "{error}"
    );
    assert_eq!(bench.completions.remove(0).records().len(), 1);
}

#[test]
fn the_delivery_timeout_covers_retries() {
    let options = [
        ("delivery.timeout.ms", "3000"),
        ("linger.ms", "0"),
        ("request.timeout.ms", "1000"),
    ];
    let mut bench = Bench::warm(1, &options);
    bench.send_to(0, "a");
    for _ in 0..30 {
        bench.advance_ms(100);
        if let Some(request) = bench.pending.pop_front() {
            bench.reply(&request, ErrorCode::NOT_ENOUGH_REPLICAS, -1);
        }
    }
    assert_eq!(
        bench.results(),
        ["DELIVERY_TIMEOUT No"],
        "each attempt was refused"
    );
    let error = bench.done[0].1.clone().expect_err("failed").to_string();
    assert!(error.contains("refused each time"), "{error}");
}

/// A frozen process looks at no timer, and still hears answers.
#[test]
fn at_its_deadline_a_batch_is_neither_sent_again_nor_split() {
    for (code, name) in [
        (ErrorCode::NOT_ENOUGH_REPLICAS, "NOT_ENOUGH_REPLICAS"),
        (ErrorCode::MESSAGE_TOO_LARGE, "MESSAGE_TOO_LARGE"),
    ] {
        let options = [("delivery.timeout.ms", "3000"), ("request.timeout.ms", "1000")];
        let mut bench = Bench::warm(1, &options);
        let began = bench.now;
        for value in ["a", "b"] {
            bench.send_to(0, value);
        }
        bench.advance_ms(5);
        let request = bench.take();
        bench.handle(Input::Suspended);
        bench.now = Instant::from_millis(began.as_millis() + 3000);
        bench.reply(&request, code, -1);
        assert_eq!(bench.results(), [format!("{name} No"), format!("{name} No")]);
    }
}

#[test]
fn a_batch_that_expires_in_flight_is_told_at_once_and_its_answer_is_ignored() {
    let options = [
        ("delivery.timeout.ms", "3000"),
        ("linger.ms", "0"),
        ("request.timeout.ms", "3000"),
    ];
    let mut bench = Bench::warm(1, &options);
    bench.writes = false;
    bench.send_to(0, "a");
    bench.run();
    let request = bench.take();
    bench.advance_ms(2000);
    let bytes = bench.unwritten(request.conn);
    bench.write(request.conn, bytes);
    bench.writes = true;
    bench.advance_ms(1000);
    assert_eq!(bench.results(), ["DELIVERY_TIMEOUT Possibly"]);
    assert!(
        bench.producer.memory_used() > 0,
        "the bytes are still with the socket"
    );
    bench.send_to(0, "b");
    bench.run();
    assert!(bench.pending.is_empty(), "nobody knows which sequence is next");
    bench.ok(&request, 0);
    assert_eq!(bench.done.len(), 1, "told once");
    let next = bench.take();
    assert_eq!(
        next.batch().header.base_sequence,
        2,
        "the late answer says that the sequence is used"
    );
    assert_eq!(bench.producer.metrics().epoch_bumps, 0);
}

#[test]
fn connection_setup_is_given_up_and_backs_off_exponentially() {
    let options = [
        ("socket.connection.setup.timeout.ms", "1000"),
        ("socket.connection.setup.timeout.max.ms", "4000"),
        ("max.block.ms", "60000"),
    ];
    let mut bench = Bench::new(1, &options);
    bench.opens = false;
    bench.send_to(0, "a");
    bench.run();
    let mut waits = Vec::new();
    for _ in 0..4 {
        assert!(
            matches!(bench.wait.1, Timer::ConnectionSetup(_)),
            "{:?}",
            bench.wait
        );
        let wait = bench.wait.0.expect("a timer").saturating_since(bench.now);
        waits.push(wait.as_millis());
        bench.advance(wait);
        assert!(matches!(bench.wait.1, Timer::Reconnect(_)), "{:?}", bench.wait);
        bench.advance(bench.wait.0.expect("a timer").saturating_since(bench.now));
    }
    for (wait, (low, high)) in waits
        .iter()
        .zip([(800, 1200), (1600, 2400), (3200, 4000), (3200, 4000)])
    {
        assert!((low..=high).contains(wait), "{waits:?}");
    }
    assert_eq!(bench.dialled.len(), 5);
    assert_eq!(bench.hung_up.len(), 4);
}

#[test]
fn time_in_the_freezer_does_not_count_for_what_was_never_sent() {
    let options = [
        ("delivery.timeout.ms", "3000"),
        ("linger.ms", "500"),
        ("request.timeout.ms", "1000"),
    ];
    let mut bench = Bench::warm(1, &options);
    bench.send_to(0, "a");
    bench.send(Record::to("nowhere").value("b"));
    bench.run();
    bench.handle(Input::Suspended);
    bench.now = Instant::from_millis(bench.now.as_millis() + 600_000);
    bench.handle(Input::Resumed);
    assert!(bench.done.is_empty(), "{:?}", bench.done);
    bench.advance_ms(500);
    let request = bench.take();
    bench.ok(&request, 0);
    assert_eq!(bench.results(), ["0@0"]);
}

#[test]
fn a_record_sent_while_freezing_is_not_dated_into_the_future() {
    let options = [
        ("delivery.timeout.ms", "3000"),
        ("linger.ms", "500"),
        ("request.timeout.ms", "1000"),
    ];
    let mut bench = Bench::warm(1, &options);
    bench.handle(Input::Suspended);
    bench.advance_ms(400);
    bench.send_to(0, "a");
    bench.advance_ms(100);
    bench.handle(Input::Resumed);
    bench.advance_ms(499);
    assert!(bench.pending.is_empty());
    bench.advance_ms(1);
    let request = bench.take();
    bench.ok(&request, 0);
    assert_eq!(bench.results(), ["0@0"]);
}

#[test]
fn a_frozen_request_still_gets_its_answer() {
    let options = [
        ("delivery.timeout.ms", "9000000"),
        ("linger.ms", "0"),
        ("request.timeout.ms", "1000"),
    ];
    let mut bench = Bench::warm(1, &options);
    bench.send_to(0, "a");
    bench.run();
    let request = bench.take();
    bench.handle(Input::Suspended);
    bench.now = Instant::from_millis(bench.now.as_millis() + 600_000);
    bench.handle(Input::Resumed);
    assert!(
        bench.hung_up.is_empty(),
        "{:?} {:?} {:?}",
        bench.hung_up,
        bench.trace,
        request
    );
    bench.ok(&request, 3);
    assert_eq!(bench.results(), ["0@3"]);
}

#[test]
fn an_expiry_after_lost_connections_says_why_the_last_one_was_lost() {
    let options = [
        ("delivery.timeout.ms", "3000"),
        ("linger.ms", "0"),
        ("request.timeout.ms", "1000"),
    ];
    let mut bench = Bench::warm(1, &options);
    bench.send_to(0, "a");
    while bench.done.is_empty() {
        bench.advance_ms(10);
        while let Some(request) = bench.pending.pop_front() {
            let (conn, why) = (request.conn, "the request is too long for me".to_owned());
            bench.handle(Input::Closed { conn, why });
        }
    }
    assert_eq!(bench.results(), ["DELIVERY_TIMEOUT Possibly"]);
    let error = bench.done[0].1.clone().expect_err("failed").to_string();
    assert!(error.contains("too long for me"), "{error}");
}
