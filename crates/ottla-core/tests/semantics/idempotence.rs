//! Producer id, sequences and time (behaviours 37 to 50).

use std::time::Duration;

use ottla_core::{Input, Record, Timer};
use ottla_wire::api::ApiKey;
use ottla_wire::error_code::ErrorCode;

use ottla_wire::messages::produce::PartitionProduceResponse;

use crate::common::{Bench, Pending, TOPIC, encode, respond};

/// Epoch and sequence of the only batch.
fn stamp(request: &Pending) -> (i16, i32) {
    let header = request.batch().header;
    (header.producer_epoch, header.base_sequence)
}

/// A bench whose partition goes on at this sequence, with no linger.
fn at(next: i32, options: &[(&str, &str)]) -> Bench {
    let mut bench = Bench::warm(1, &[options, &[("linger.ms", "5")]].concat());
    bench.producer.skip_sequences(TOPIC, 0, next);
    bench
}

/// Sends so many records in one batch.
fn batch(bench: &mut Bench, records: usize) -> Pending {
    for n in 0..records {
        bench.send_to(0, &format!("{n}"));
    }
    bench.advance_ms(5);
    bench.take()
}

#[test]
fn the_producer_id_is_asked_for_without_transaction_and_before_anything_is_drained() {
    let mut bench = Bench::new(1, &[("linger.ms", "0")]);
    bench.send_to(0, "a");
    bench.run();
    assert_eq!(bench.init_requests.len(), 1);
    let asked = &bench.init_requests[0];
    assert_eq!(
        (&asked.transactional_id, asked.transaction_timeout_ms),
        (&None, i32::MAX)
    );
    let apis: Vec<_> = bench.requests.iter().map(|(_, api, _)| *api).collect();
    let place = |wanted| apis.iter().position(|api| *api == wanted);
    assert!(place(ApiKey::InitProducerId) < place(ApiKey::Produce), "{apis:?}");
}

#[test]
fn a_batch_that_expires_unsent_has_used_no_sequence() {
    let options = [
        ("delivery.timeout.ms", "1005"),
        ("request.timeout.ms", "1000"),
        ("reconnect.backoff.ms", "50"),
    ];
    let mut bench = at(10, &options);
    bench.opens = false;
    bench.cut_all();
    for n in 0..3 {
        bench.send_to(0, &format!("{n}"));
    }
    bench.advance_ms(1005);
    assert_eq!(bench.results(), ["DELIVERY_TIMEOUT No"; 3]);
    bench.opens = true;
    bench.cut_all();
    bench.advance_ms(3000);
    bench.cut_all();
    bench.send_to(0, "next");
    bench.advance_ms(500);
    assert_eq!(stamp(&bench.take()), (0, 10));
}

#[test]
fn sequences_wrap_from_the_largest_to_zero_and_keep_their_order() {
    let mut bench = at(i32::MAX - 1, &[("retry.backoff.ms", "100")]);
    let first = batch(&mut bench, 4);
    let second = batch(&mut bench, 3);
    assert_eq!(stamp(&first), (0, i32::MAX - 1));
    assert_eq!(stamp(&second), (0, 2), "MAX - 1, MAX, 0, 1, 2");
    // Both come back: they go out again in the order of sending, one behind the other.
    bench.reply(&first, ErrorCode::NOT_ENOUGH_REPLICAS, -1);
    bench.reply(&second, ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER, -1);
    bench.advance_ms(500);
    let again = bench.take();
    assert_eq!(stamp(&again), (0, i32::MAX - 1));
    assert!(bench.pending.is_empty());
    bench.ok(&again, 0);
    bench.advance_ms(500);
    let again = bench.take();
    assert_eq!(stamp(&again), (0, 2), "no new epoch: it was not next");
    bench.ok(&again, 4);
    assert_eq!(bench.producer.metrics().epoch_bumps, 0);
    assert_eq!(stamp(&batch(&mut bench, 1)), (0, 5));
}

#[test]
fn the_parts_of_a_split_wrap_too() {
    let mut bench = at(i32::MAX, &[]);
    let whole = batch(&mut bench, 6);
    assert_eq!(stamp(&whole), (0, i32::MAX));
    bench.reply(&whole, ErrorCode::MESSAGE_TOO_LARGE, -1);
    let mut expected = i32::MAX;
    let mut parts = 0;
    while let Some(part) = bench.pending.pop_front() {
        assert_eq!(stamp(&part), (0, expected));
        expected = expected.wrapping_add(part.batch().header.record_count) & i32::MAX;
        bench.ok(&part, 0);
        parts += 1;
    }
    assert!(parts > 1);
    assert_eq!(expected, 5);
}

#[test]
fn an_epoch_is_bumped_without_asking_a_broker() {
    let mut bench = Bench::warm(1, &[("linger.ms", "0")]);
    bench.send_to(0, "a");
    bench.run();
    let first = bench.take();
    bench.reply(&first, ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER, -1);
    bench.advance_ms(200);
    assert_eq!(stamp(&bench.take()), (1, 0));
    let asked = bench
        .requests
        .iter()
        .any(|(_, api, _)| *api == ApiKey::InitProducerId);
    assert!(!asked, "KIP-360: it counts up by itself");
}

#[test]
fn the_delivery_timeout_runs_on_through_a_split() {
    let options = [
        ("delivery.timeout.ms", "3005"),
        ("request.timeout.ms", "3000"),
        ("retries", "1"),
    ];
    let mut bench = at(1, &options);
    let whole = batch(&mut bench, 8);
    bench.advance_ms(2000);
    bench.reply(&whole, ErrorCode::MESSAGE_TOO_LARGE, -1);
    assert_eq!(bench.pending.len(), 1, "one part after the other");
    // The age of the whole: 5 + 2000 ms so far.
    bench.advance_ms(999);
    assert!(bench.done.is_empty());
    bench.advance_ms(1);
    assert_eq!(bench.done.len(), 8, "{:?}", bench.results());
    assert_eq!(bench.results()[0], "DELIVERY_TIMEOUT Possibly");
    assert_eq!(bench.results()[7], "DELIVERY_TIMEOUT No", "it was never sent");
}

/// A part has its sequence before it is sent. When it expires unsent the numbers are a gap, which only a new epoch gets
/// over; without it the partition would be refused until everything behind expired, too.
#[test]
fn an_unsent_part_of_a_split_that_expires_leaves_no_gap() {
    let options = [("delivery.timeout.ms", "1005"), ("request.timeout.ms", "1000")];
    let mut bench = at(1, &options);
    let whole = batch(&mut bench, 2);
    bench.reply(&whole, ErrorCode::MESSAGE_TOO_LARGE, -1);
    let part = bench.take();
    let mut answer = respond(&part, |_, _| PartitionProduceResponse::default());
    answer.throttle_time_ms = 5000;
    bench.receive(part.conn, encode(&part.header, &answer));
    bench.advance_ms(2000);
    assert_eq!(bench.results(), ["0@0", "DELIVERY_TIMEOUT No"]);
    bench.advance_ms(3000);
    bench.send_to(0, "next");
    bench.advance_ms(10);
    assert_eq!(stamp(&bench.take()), (1, 0));
}

#[test]
fn an_answer_too_large_after_the_deadline_does_not_split() {
    let options = [("delivery.timeout.ms", "1005"), ("request.timeout.ms", "1000")];
    let mut bench = at(1, &options);
    bench.writes = false;
    let whole = batch(&mut bench, 8);
    bench.advance_ms(990);
    let conn = bench.conn();
    bench.write(conn, bench.unwritten(conn));
    bench.advance_ms(10);
    assert_eq!(bench.results(), ["DELIVERY_TIMEOUT Possibly"; 8]);
    bench.reply(&whole, ErrorCode::MESSAGE_TOO_LARGE, -1);
    bench.advance_ms(2000);
    assert_eq!(bench.producer.metrics().splits, 0);
    assert_eq!((bench.done.len(), bench.pending.len()), (8, 0), "told once");
    assert_eq!(bench.producer.memory_used(), 0);
}

/// The first batch expires while it is out, and the second waits until its fate is known: an answer that it is stored
/// keeps the epoch, any other begins a new one.
#[test]
fn the_answer_to_an_expired_batch_decides_about_the_epoch() {
    for (code, expected) in [
        (ErrorCode::NONE, (0, 2)),
        (ErrorCode::NOT_ENOUGH_REPLICAS, (1, 0)),
    ] {
        let options = [("delivery.timeout.ms", "1005"), ("request.timeout.ms", "1000")];
        let mut bench = at(1, &options);
        bench.writes = false;
        let first = batch(&mut bench, 1);
        bench.advance_ms(990);
        let conn = bench.conn();
        bench.write(conn, bench.unwritten(conn));
        bench.writes = true;
        bench.advance_ms(10);
        assert_eq!(bench.results(), ["DELIVERY_TIMEOUT Possibly"]);
        bench.send_to(0, "behind it");
        bench.advance_ms(100);
        assert!(
            bench.pending.is_empty(),
            "nobody knows whether sequence 1 is used"
        );
        bench.reply(&first, code, 0);
        assert_eq!(stamp(&bench.take()), expected);
    }
}

#[test]
fn a_batch_that_fails_for_good_makes_a_new_epoch_for_those_behind_it() {
    let mut bench = at(1, &[]);
    let first = batch(&mut bench, 2);
    let second = batch(&mut bench, 1);
    bench.reply(&first, ErrorCode::INVALID_RECORD, -1);
    bench.reply(&second, ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER, -1);
    bench.advance_ms(500);
    let again = bench.take();
    assert_eq!(stamp(&again), (1, 0));
    bench.ok(&again, 0);
    assert_eq!(bench.results(), ["INVALID_RECORD No", "INVALID_RECORD No", "0@0"]);
    assert_eq!(stamp(&batch(&mut bench, 1)), (1, 1));
}

/// The broker lost its memory of the first batch and took the second; the first is taken later all the same.
#[test]
fn a_late_acknowledgement_does_not_move_sequences_back() {
    let mut bench = at(1, &[]);
    let first = batch(&mut bench, 1);
    let second = batch(&mut bench, 1);
    bench.reply(&first, ErrorCode::NOT_ENOUGH_REPLICAS, -1);
    bench.ok(&second, 1);
    bench.advance_ms(200);
    let again = bench.take();
    bench.ok(&again, 2);
    let third = batch(&mut bench, 1);
    assert_eq!(stamp(&third), (0, 3));
    bench.reply(&third, ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER, -1);
    bench.advance_ms(200);
    assert_eq!(stamp(&bench.take()), (1, 0), "it was next");
}

/// A producer without an id that was cut from its only node. Neither metadata, which has its own backoff, nor a batch,
/// which lingers, makes a connection at once.
#[test]
fn a_producer_id_is_asked_for_as_soon_as_a_node_may_be_dialled() {
    let options = [
        ("linger.ms", "60000"),
        ("delivery.timeout.ms", "120000"),
        ("metadata.recovery.strategy", "none"),
    ];
    let mut bench = Bench::new(1, &options);
    for topic in [TOPIC, "nowhere"] {
        bench.producer.want(bench.now, topic).expect("a good name");
    }
    bench.advance_ms(5000);
    let asked = bench.metadata_requests.len();
    while bench.metadata_requests.len() == asked {
        bench.advance_ms(10);
    }
    bench.send_to(0, "a");
    bench.opens = false;
    bench.cut_all();
    bench.cut_all();
    bench.opens = true;
    assert!(bench.init_requests.is_empty(), "the node is not dialled at once");
    assert!(matches!(bench.wait.1, Timer::Reconnect(_)), "{:?}", bench.wait);
    bench.advance_ms(100);
    assert_eq!(bench.init_requests.len(), 1);
}

/// A refusal of the batch behind it makes a new epoch; the expired one may still arrive at its old leader.
#[test]
fn a_new_epoch_begins_when_a_batch_that_expired_in_flight_is_answered() {
    let options = [
        ("linger.ms", "0"),
        ("delivery.timeout.ms", "1000"),
        ("request.timeout.ms", "1000"),
        ("metadata.max.age.ms", "600"),
    ];
    let mut bench = Bench::new(1, &options);
    // Node 2 leads another topic, so that it can tell of the move while node 1 has not answered.
    bench.nodes = vec![1, 2];
    bench.topics.insert("other".to_owned(), Ok(vec![(2, 0)]));
    bench.send(Record::to("other"));
    bench.warm_up_with(1, 2);
    bench.writes = false;
    bench.send_to(0, "expires");
    bench.run();
    let first = bench.take();
    bench.advance_ms(500);
    bench.write(first.conn, bench.unwritten(first.conn));
    bench.writes = true;
    bench.topics.insert(TOPIC.to_owned(), Ok(vec![(2, 1)]));
    bench.advance_ms(100);
    bench.send_to(0, "refused");
    bench.run();
    let second = bench.take();
    assert_eq!((first.node, second.node), (Some(1), Some(2)));
    bench.advance_ms(400);
    bench.reply(&second, ErrorCode::INVALID_RECORD, -1);
    assert_eq!(
        bench.results(),
        ["DELIVERY_TIMEOUT Possibly", "INVALID_RECORD No"]
    );
    bench.send_to(0, "next");
    bench.run();
    assert!(bench.pending.is_empty());
    bench.ok(&first, 0);
    assert_eq!(stamp(&bench.take()), (1, 0));
}

#[test]
fn a_batch_that_was_answered_at_its_deadline_leaves_a_doubt_that_the_next_one_ends() {
    let options = [
        ("linger.ms", "0"),
        ("delivery.timeout.ms", "3000"),
        ("request.timeout.ms", "1000"),
    ];
    let mut bench = Bench::warm(1, &options);
    let began = bench.now;
    bench.send_to(0, "a");
    bench.run();
    bench.now += Duration::from_millis(1);
    bench.send_to(0, "b");
    bench.run();
    let (first, second) = (bench.take(), bench.take());
    bench.handle(Input::Suspended);
    bench.now = began + Duration::from_millis(3000);
    bench.reply(&first, ErrorCode::NOT_ENOUGH_REPLICAS_AFTER_APPEND, -1);
    bench.ok(&second, 8);
    bench.handle(Input::Resumed);
    assert_eq!(
        bench.results(),
        ["NOT_ENOUGH_REPLICAS_AFTER_APPEND Possibly", "0@8"]
    );
    bench.send_to(0, "c");
    bench.run();
    assert_eq!(stamp(&bench.take()), (0, 3));
}

#[test]
fn a_producer_id_that_cannot_be_had_is_asked_for_ever_more_slowly() {
    let mut bench = Bench::new(1, &[("linger.ms", "0")]);
    bench.init_errors = [ErrorCode::COORDINATOR_LOAD_IN_PROGRESS; 5].into();
    bench.send_to(0, "a");
    bench.run();
    let mut pauses = Vec::new();
    while bench.pending.is_empty() {
        let (asked, since) = (bench.init_requests.len(), bench.now);
        while bench.init_requests.len() == asked {
            bench.advance_ms(1);
        }
        pauses.push(bench.now.saturating_since(since).as_millis());
    }
    let ranges = [80..=121, 160..=241, 320..=481, 640..=961, 800..=1001u128];
    assert_eq!(pauses.len(), ranges.len());
    for (pause, range) in pauses.iter().zip(&ranges) {
        assert!(range.contains(pause), "{pauses:?}");
    }
}

/// The first batch expires while it waits to be sent again; the second has its sequence, and is older than the doubt.
#[test]
fn a_doubt_is_left_to_the_stamped_batches_behind_it() {
    for (code, expected) in [
        (ErrorCode::NONE, (0, 3)),
        (ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER, (1, 0)),
    ] {
        let options = [("delivery.timeout.ms", "3005"), ("request.timeout.ms", "3000")];
        let mut bench = at(1, &options);
        let first = batch(&mut bench, 1);
        bench.advance_ms(500);
        let second = batch(&mut bench, 1);
        assert_eq!((stamp(&first), stamp(&second)), ((0, 1), (0, 2)));
        bench.opens = false;
        bench.cut(first.conn);
        bench.advance_ms(2600);
        assert_eq!(bench.results(), ["DELIVERY_TIMEOUT Possibly"]);
        bench.opens = true;
        bench.open(bench.conn());
        let again = bench.take();
        assert_eq!(stamp(&again), (0, 2), "its answer tells what became of the first");
        bench.reply(&again, code, 2);
        bench.send_to(0, "next");
        bench.advance_ms(200);
        assert_eq!(stamp(&bench.take()), expected);
        assert_eq!(bench.producer.metrics().epoch_bumps, u64::from(expected.0 == 1));
    }
}

#[test]
fn an_unknown_producer_id_of_a_batch_that_was_renumbered_meanwhile_is_no_second_reason() {
    let mut bench = at(1, &[]);
    let sent = [batch(&mut bench, 1), batch(&mut bench, 1)];
    for request in &sent {
        bench.reply_with(request, |_, _| PartitionProduceResponse {
            error_code: ErrorCode::UNKNOWN_PRODUCER_ID,
            base_offset: -1,
            log_start_offset: 500,
            ..Default::default()
        });
    }
    for expected in [(1, 0), (1, 1)] {
        bench.advance_ms(1000);
        let again = bench.take();
        assert_eq!(stamp(&again), expected);
        bench.ok(&again, 0);
    }
    assert_eq!(bench.producer.metrics().epoch_bumps, 1);
}
