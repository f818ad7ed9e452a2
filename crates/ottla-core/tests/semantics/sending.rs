//! Requests, answers and their absence (behaviours 27 to 32, 36).

use ottla_core::Timer;
use ottla_wire::api::ApiKey;
use ottla_wire::messages::produce::PartitionProduceResponse;

use crate::common::{Bench, encode, respond};

#[test]
fn without_acks_a_written_record_is_done_and_an_error_is_never_known() {
    let mut bench = Bench::warm_unanswered(&[("acks", "0"), ("linger.ms", "0")]);
    bench.writes = false;
    bench.send_to(0, "a");
    bench.run();
    let conn = bench.conn();
    let all = bench.unwritten(conn);
    bench.write(conn, all - 1);
    assert!(bench.done.is_empty(), "not before the last byte");
    bench.write(conn, 1);
    assert_eq!(bench.results(), ["0@-1"]);
    assert_eq!(bench.producer.in_flight(), 0, "it is not waited for");
    // The broker did not like it: all that it can do is to hang up.
    bench.cut(conn);
    bench.advance_ms(5000);
    assert_eq!(bench.results(), ["0@-1"], "neither sent again nor failed");
}

#[test]
fn requests_of_every_kind_count_as_in_flight() {
    let options = [
        ("linger.ms", "0"),
        ("max.in.flight.requests.per.connection", "2"),
        ("metadata.max.age.ms", "1000"),
    ];
    let mut bench = Bench::warm(1, &options);
    bench.answers = false;
    bench.advance_ms(1000);
    assert_eq!(bench.producer.in_flight(), 1, "metadata");
    for value in ["a", "b", "c"] {
        bench.send_to(0, value);
        bench.run();
    }
    assert_eq!(bench.pending.len(), 1, "room for one more only");
    assert_eq!(bench.producer.in_flight(), 2);
}

#[test]
fn answers_are_matched_in_order_and_the_correlation_id_is_checked() {
    let mut bench = Bench::warm(1, &[("linger.ms", "0")]);
    for value in ["a", "b"] {
        bench.send_to(0, value);
        bench.run();
    }
    let (_first, second) = (bench.take(), bench.take());
    let answer = respond(&second, |_, _| PartitionProduceResponse::default());
    bench.receive(second.conn, encode(&second.header, &answer));
    assert_eq!(bench.hung_up, [second.conn], "an answer out of turn is not one");
    assert!(bench.done.is_empty());
}

#[test]
fn metadata_that_is_due_goes_before_batches() {
    let options = [("linger.ms", "0"), ("metadata.max.age.ms", "1000")];
    let mut bench = Bench::warm(1, &options);
    bench.now += core::time::Duration::from_millis(1000);
    bench.send_to(0, "a");
    bench.run();
    let apis: Vec<_> = bench.requests.iter().map(|(_, api, _)| *api).collect();
    assert_eq!(apis, [ApiKey::Metadata, ApiKey::Produce]);
}

#[test]
fn a_request_timeout_ends_the_connection_with_all_its_requests() {
    let options = [
        ("linger.ms", "0"),
        ("request.timeout.ms", "1000"),
        ("retries", "0"),
    ];
    let options = [&options[..], &[("enable.idempotence", "false")]].concat();
    for cut in [false, true] {
        let mut bench = Bench::warm(1, &options);
        bench.send_to(0, "a");
        bench.run();
        bench.advance_ms(500);
        bench.send_to(0, "b");
        bench.run();
        assert_eq!(bench.pending.len(), 2);
        let expected = if cut {
            bench.cut_all();
            "NETWORK_EXCEPTION Possibly"
        } else {
            bench.advance_ms(499);
            assert!(bench.done.is_empty());
            bench.advance_ms(1);
            assert_eq!(bench.hung_up.len(), 1);
            "REQUEST_TIMED_OUT Possibly"
        };
        assert_eq!(bench.results(), [expected; 2]);
    }
}

/// Delivers a record; its answer, in this version of Produce, asks for half a second of silence.
fn throttled(version: i16) -> Bench {
    let mut bench = Bench::new(1, &[("linger.ms", "0")]);
    bench.versions[0] = (ApiKey::Produce, 0, version);
    bench.warm_up(1);
    bench.send_to(0, "a");
    bench.run();
    let request = bench.take();
    let mut answer = respond(&request, |_, _| PartitionProduceResponse {
        base_offset: 9,
        ..Default::default()
    });
    answer.throttle_time_ms = 500;
    bench.receive(request.conn, encode(&request.header, &answer));
    assert_eq!(bench.results(), ["0@9"], "a success, whatever it asks for");
    bench
}

#[test]
fn the_client_is_quiet_where_the_broker_has_not_waited_itself() {
    let mut bench = throttled(5);
    bench.send_to(0, "b");
    bench.run();
    assert_eq!(
        bench.take().values(),
        ["b"],
        "before version 6 the broker has waited"
    );
    let mut bench = throttled(6);
    bench.send_to(0, "b");
    bench.run();
    assert!(matches!(bench.wait.1, Timer::Throttle(1)), "{:?}", bench.wait);
    bench.advance_ms(499);
    assert!(bench.pending.is_empty());
    bench.advance_ms(1);
    assert_eq!(bench.take().values(), ["b"]);
}

#[test]
fn silence_goes_for_requests_of_every_kind_and_answers_of_every_kind_ask_for_it() {
    let mut bench = throttled(13);
    bench.requests.clear();
    bench.producer.want(bench.now, "another").expect("a good name");
    bench.advance_ms(499);
    assert!(
        bench.requests.is_empty(),
        "no metadata either: {:?}",
        bench.requests
    );
    bench.advance_ms(1);
    assert!(!bench.requests.is_empty());

    let mut bench = Bench::warm(1, &[("linger.ms", "0"), ("metadata.max.age.ms", "1000")]);
    bench.metadata_throttle = 500;
    bench.advance_ms(1000);
    bench.send_to(0, "a");
    bench.run();
    assert!(bench.pending.is_empty());
    assert!(matches!(bench.wait.1, Timer::Throttle(1)), "{:?}", bench.wait);
    bench.advance_ms(500);
    assert_eq!(bench.take().values(), ["a"]);
}

#[test]
fn a_shorter_silence_that_is_asked_for_later_does_not_shorten_the_first() {
    let mut bench = Bench::warm(1, &[("linger.ms", "0")]);
    for value in ["a", "b"] {
        bench.send_to(0, value);
        bench.run();
    }
    let (first, second) = (bench.take(), bench.take());
    bench.produce_throttle = 500;
    bench.ok(&first, 1);
    bench.produce_throttle = 100;
    bench.ok(&second, 2);
    bench.send_to(0, "c");
    bench.advance_ms(499);
    assert!(bench.pending.is_empty(), "{:?}", bench.wait);
    bench.advance_ms(1);
    assert_eq!(bench.take().values(), ["c"]);
}

#[test]
fn partitions_take_turns_at_the_front_of_requests() {
    let options = [
        ("max.request.size", "1000"),
        ("batch.size", "600"),
        ("linger.ms", "0"),
    ];
    let options = [&options[..], &[("max.in.flight.requests.per.connection", "1")]].concat();
    let mut bench = Bench::warm(3, &options);
    // One request out, so that the rest gathers.
    bench.send_to(0, "first");
    bench.run();
    for _ in 0..3 {
        for partition in 0..3 {
            bench.send_to(partition, &"x".repeat(550));
        }
    }
    bench.run();
    let mut order = Vec::new();
    while let Some(request) = bench.pending.pop_front() {
        order.extend(request.batches().iter().map(|batch| batch.partition));
        bench.ok(&request, 0);
        bench.run();
    }
    let rounds: Vec<Vec<i32>> = order[1..]
        .chunks(3)
        .map(|round| {
            let mut round = round.to_vec();
            round.sort_unstable();
            round
        })
        .collect();
    assert_eq!(rounds, vec![vec![0, 1, 2]; 3], "{order:?}");
}
