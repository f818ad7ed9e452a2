//! Sending again: order, backoff, limits (behaviours 33, 36, 39, and the error table).

mod common;

use common::{Bench, TOPIC};
use ottla_core::trace::event::Persisted;
use ottla_core::{DeliveryErrorKind, Record, Timer};
use ottla_wire::error_code::ErrorCode;
use ottla_wire::messages::produce::{LeaderIdAndEpoch, PartitionProduceResponse};

/// Three batches of one partition, in three requests.
fn three_in_flight(bench: &mut Bench) -> Vec<common::Pending> {
    for value in ["a", "b", "c"] {
        bench.send_to(0, value);
        bench.run();
    }
    assert_eq!(bench.pending.len(), 3);
    bench.pending.drain(..).collect()
}

#[test]
fn several_in_flight_are_retried_in_order() {
    let mut bench = Bench::warm(1, &[("linger.ms", "0")]);
    let sent = three_in_flight(&mut bench);
    let sequences: Vec<_> = sent
        .iter()
        .map(|request| request.batch().header.base_sequence)
        .collect();
    assert_eq!(sequences, [1, 2, 3], "0 was used by the first record");
    bench.reply(&sent[0], ErrorCode::NOT_ENOUGH_REPLICAS, -1);
    bench.reply(&sent[1], ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER, -1);
    bench.reply(&sent[2], ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER, -1);
    let mut order = Vec::new();
    for _ in 0..3 {
        bench.advance_ms(1500);
        assert_eq!(
            bench.pending.len(),
            1,
            "while one is retried the others wait for it"
        );
        let request = bench.take();
        order.push((request.values()[0].clone(), request.batch().header.base_sequence));
        bench.ok(&request, 0);
    }
    assert_eq!(
        order,
        [("a".into(), 1), ("b".into(), 2), ("c".into(), 3)],
        "same sequences as before"
    );
    assert_eq!(bench.done.len(), 3);
    assert_eq!(bench.producer.metrics().epoch_bumps, 0);
}

#[test]
fn batches_of_a_broken_connection_keep_their_order_without_idempotence_too() {
    let mut bench = Bench::warm(1, &[("linger.ms", "0"), ("enable.idempotence", "false")]);
    let sent = three_in_flight(&mut bench);
    bench.cut(sent[0].conn);
    bench.advance_ms(2000);
    let values: Vec<_> = bench
        .pending
        .iter()
        .map(|request| request.values()[0].clone())
        .collect();
    assert_eq!(values, ["a", "b", "c"]);
}

#[test]
fn max_in_flight_one_keeps_one_batch_of_a_partition_out() {
    let options = [
        ("linger.ms", "0"),
        ("enable.idempotence", "false"),
        ("max.in.flight.requests.per.connection", "1"),
    ];
    let mut bench = Bench::warm(1, &options);
    bench.send_to(0, "a");
    bench.run();
    bench.send_to(0, "b");
    bench.run();
    let first = bench.take();
    assert!(bench.pending.is_empty());
    bench.reply(&first, ErrorCode::NOT_ENOUGH_REPLICAS, -1);
    bench.advance_ms(1500);
    let again = bench.take();
    assert_eq!(again.values(), ["a"], "b may not overtake");
    bench.ok(&again, 0);
    assert_eq!(bench.take().values(), ["b"]);
}

#[test]
fn the_backoff_doubles_with_a_fifth_of_jitter_up_to_its_maximum() {
    let mut bench = Bench::warm(1, &[("linger.ms", "0")]);
    bench.send_to(0, "a");
    bench.run();
    for (low, high) in [
        (80, 120),
        (160, 240),
        (320, 480),
        (640, 960),
        (800, 1000),
        (800, 1000),
    ] {
        let request = bench.take();
        bench.reply(&request, ErrorCode::NOT_ENOUGH_REPLICAS, -1);
        assert!(matches!(bench.wait.1, Timer::RetryBackoff(_)), "{:?}", bench.wait);
        let wait = bench
            .wait
            .0
            .expect("a timer")
            .saturating_since(bench.now)
            .as_millis();
        assert!((low..=high).contains(&wait), "{wait} ms");
        bench.advance(bench.wait.0.expect("a timer").saturating_since(bench.now));
    }
}

#[test]
fn retries_are_counted_and_end() {
    let mut bench = Bench::warm(1, &[("linger.ms", "0"), ("retries", "2")]);
    bench.send_to(0, "a");
    bench.run();
    for _ in 0..3 {
        let request = bench.take();
        bench.reply(&request, ErrorCode::NOT_ENOUGH_REPLICAS, -1);
        bench.advance_ms(1500);
    }
    assert_eq!(bench.results(), ["NOT_ENOUGH_REPLICAS No"]);
    let error = bench.done[0].1.clone().expect_err("failed").to_string();
    assert!(!error.contains("ottla.ambiguity"), "{error}");
    assert_eq!(bench.producer.metrics().record_retries, 2);
    assert_eq!(bench.producer.memory_used(), 0);
}

#[test]
fn an_error_that_is_not_retriable_fails_at_once_and_gives_the_records_back() {
    let mut bench = Bench::warm(1, &[("linger.ms", "0"), ("compression.type", "lz4")]);
    let record = Record::to(TOPIC)
        .partition(0)
        .key("k")
        .value("v")
        .header("h", "1")
        .null_header("h");
    let id = bench.send(record.clone());
    bench.run();
    let request = bench.take();
    bench.reply(&request, ErrorCode::TOPIC_AUTHORIZATION_FAILED, -1);
    let error = bench.done[0].1.clone().expect_err("refused");
    assert_eq!(
        (error.code, error.kind),
        ("TOPIC_AUTHORIZATION_FAILED", DeliveryErrorKind::Authorization)
    );
    assert_eq!(error.persisted, Persisted::No);
    assert!(error.message.contains("clicks-0"), "{error}");
    let returned = bench.completions.remove(0).records();
    assert_eq!(returned.len(), 1);
    assert_eq!(returned[0].0, id);
    assert_eq!(
        (&returned[0].1.key, &returned[0].1.headers),
        (&record.key, &record.headers)
    );
}

#[test]
fn a_refusal_after_an_attempt_in_doubt_leaves_the_doubt() {
    let mut bench = Bench::warm(1, &[("linger.ms", "0")]);
    bench.send_to(0, "a");
    bench.run();
    let first = bench.take();
    bench.reply(&first, ErrorCode::REQUEST_TIMED_OUT, -1);
    bench.advance_ms(200);
    let again = bench.take();
    bench.reply(&again, ErrorCode::INVALID_RECORD, -1);
    assert_eq!(bench.results(), ["INVALID_RECORD Possibly"]);
}

#[test]
fn record_errors_name_the_culprit_and_spare_the_others() {
    let mut bench = Bench::warm(1, &[]);
    for value in ["good", "bad", "good"] {
        bench.send_to(0, value);
    }
    bench.advance_ms(5);
    let request = bench.take();
    bench.reply_with(&request, |_, _| PartitionProduceResponse {
        error_code: ErrorCode::INVALID_RECORD,
        base_offset: -1,
        record_errors: vec![ottla_wire::messages::produce::BatchIndexAndErrorMessage {
            batch_index: 1,
            batch_index_error_message: Some("no key".to_owned()),
        }],
        ..Default::default()
    });
    let messages: Vec<_> = bench
        .done
        .iter()
        .map(|(_, result)| result.as_ref().expect_err("refused").message.contains("no key"))
        .collect();
    assert_eq!(messages, [false, true, false]);
}

#[test]
fn a_new_leader_in_the_answer_is_used_at_once() {
    let mut bench = Bench::new(1, &[("linger.ms", "0")]);
    bench.nodes = vec![1, 2];
    bench.send_to(0, "warm");
    bench.answer_all();
    bench.send_to(0, "a");
    bench.run();
    let request = bench.take();
    assert_eq!(request.node, Some(1));
    bench.topics.insert(TOPIC.to_owned(), Ok(vec![(2, 1)]));
    bench.reply_with(&request, |_, _| PartitionProduceResponse {
        error_code: ErrorCode::NOT_LEADER_OR_FOLLOWER,
        base_offset: -1,
        current_leader: Some(LeaderIdAndEpoch {
            leader_id: 2,
            leader_epoch: 1,
        }),
        ..Default::default()
    });
    let again = bench.take();
    assert_eq!(
        (again.node, again.values()),
        (Some(2), vec!["a".to_owned()]),
        "no backoff"
    );
    assert_eq!(
        again.batch().header.base_sequence,
        request.batch().header.base_sequence
    );
}

#[test]
fn an_older_leader_in_the_answer_is_not_believed() {
    let mut bench = Bench::new(1, &[("linger.ms", "0")]);
    bench.nodes = vec![1, 2];
    bench.topics.insert(TOPIC.to_owned(), Ok(vec![(1, 5)]));
    bench.send_to(0, "a");
    bench.run();
    let request = bench.take();
    bench.reply_with(&request, |_, _| PartitionProduceResponse {
        error_code: ErrorCode::NOT_LEADER_OR_FOLLOWER,
        base_offset: -1,
        current_leader: Some(LeaderIdAndEpoch {
            leader_id: 2,
            leader_epoch: 5,
        }),
        ..Default::default()
    });
    assert!(bench.pending.is_empty());
    bench.advance_ms(150);
    assert_eq!(bench.take().node, Some(1));
}

#[test]
fn an_answer_that_leaves_out_a_partition_ends_the_connection_and_loses_nothing() {
    let mut bench = Bench::warm(2, &[("linger.ms", "5")]);
    bench.send_to(0, "a");
    bench.send_to(1, "b");
    bench.advance_ms(5);
    let request = bench.take();
    let mut answer = common::respond(&request, |_, _| PartitionProduceResponse::default());
    answer.responses[0].partition_responses.remove(1);
    bench.receive(request.conn, common::encode(&request.header, &answer));
    assert_eq!(bench.done.len(), 1);
    assert_eq!(bench.hung_up, [request.conn]);
    bench.advance_ms(2000);
    assert_eq!(bench.take().batches().len(), 1);
}

#[test]
fn with_one_in_flight_a_partition_waits_for_its_old_leader_before_it_writes_to_the_new_one() {
    let options = [
        ("linger.ms", "0"),
        ("enable.idempotence", "false"),
        ("max.in.flight.requests.per.connection", "1"),
        ("metadata.max.age.ms", "1000"),
    ];
    let mut bench = Bench::new(1, &options);
    bench.nodes = vec![1, 2];
    bench.topics.insert("other".to_owned(), Ok(vec![(2, 0)]));
    bench.send_to(0, "warm");
    bench.send(Record::to("other").value("warm"));
    bench.answer_all();
    bench.send_to(0, "a");
    bench.run();
    bench.topics.insert(TOPIC.to_owned(), Ok(vec![(2, 1)]));
    bench.send_to(0, "b");
    bench.advance_ms(1000);
    assert_eq!(bench.metadata_requests.len(), 2, "the move is known");
    let first = bench.take();
    assert!(bench.pending.is_empty(), "b would overtake a");
    bench.ok(&first, 0);
    assert_eq!(bench.take().node, Some(2));
}

#[test]
fn a_retried_batch_goes_before_those_that_were_closed_meanwhile() {
    for idempotence in ["true", "false"] {
        let options = [
            ("enable.idempotence", idempotence),
            ("max.in.flight.requests.per.connection", "1"),
            ("batch.size", "1"),
        ];
        let mut bench = Bench::warm(1, &options);
        for value in ["a", "b", "c"] {
            bench.send_to(0, value);
            bench.run();
        }
        let first = bench.take();
        bench.reply(&first, ErrorCode::NOT_ENOUGH_REPLICAS, -1);
        bench.advance_ms(200);
        assert_eq!(bench.take().values(), ["a"], "idempotence {idempotence}");
    }
}
