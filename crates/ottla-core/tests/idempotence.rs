//! Producer id, sequences, epochs (behaviours 37 to 49), and what other clients got wrong.

mod common;

use common::{Bench, Pending};
use ottla_core::trace::{Event, Level};
use ottla_wire::api::ApiKey;
use ottla_wire::error_code::ErrorCode;
use ottla_wire::messages::produce::PartitionProduceResponse;

/// Producer id, epoch and sequence of the only batch.
fn identity(request: &Pending) -> (i64, i16, i32) {
    let header = request.batch().header;
    (header.producer_id, header.producer_epoch, header.base_sequence)
}

#[test]
fn nothing_is_sent_before_there_is_a_producer_id() {
    let mut bench = Bench::new(1, &[("linger.ms", "0")]);
    bench.init_errors = [
        ErrorCode::COORDINATOR_LOAD_IN_PROGRESS,
        ErrorCode::COORDINATOR_LOAD_IN_PROGRESS,
    ]
    .into();
    bench.send_to(0, "a");
    bench.run();
    assert!(bench.pending.is_empty());
    bench.advance_ms(1000);
    let request = bench.take();
    assert_eq!(identity(&request), (7000, 0, 0));
    let asked = bench
        .requests
        .iter()
        .filter(|(_, api, _)| *api == ApiKey::InitProducerId)
        .count();
    assert_eq!(asked, 3);
}

#[test]
fn without_idempotence_no_producer_id_is_asked_for() {
    let mut bench = Bench::new(1, &[("linger.ms", "0"), ("enable.idempotence", "false")]);
    bench.send_to(0, "a");
    bench.run();
    assert_eq!(identity(&bench.take()), (-1, -1, -1));
    assert!(
        bench
            .requests
            .iter()
            .all(|(_, api, _)| *api != ApiKey::InitProducerId)
    );
}

#[test]
fn a_refused_producer_id_fails_what_waits_and_says_what_to_do() {
    let mut bench = Bench::new(1, &[("linger.ms", "0")]);
    bench.init_errors = [ErrorCode::CLUSTER_AUTHORIZATION_FAILED].into();
    bench.send_to(0, "a");
    bench.run();
    assert_eq!(bench.results(), ["CLUSTER_AUTHORIZATION_FAILED No"]);
    let error = bench.done[0].1.clone().expect_err("refused").to_string();
    assert!(error.contains("IdempotentWrite"), "{error}");
    bench.send_to(0, "b");
    bench.advance_ms(200);
    assert_eq!(
        bench.take().values(),
        ["b"],
        "the right may have been granted meanwhile"
    );
}

#[test]
fn sequences_count_records_and_belong_to_the_partition() {
    let mut bench = Bench::warm(2, &[]);
    for value in ["a", "b", "c"] {
        bench.send_to(0, value);
    }
    bench.send_to(1, "x");
    bench.advance_ms(5);
    let first = bench.take();
    let sequences: Vec<_> = first
        .batches()
        .iter()
        .map(|batch| (batch.partition, batch.header.base_sequence))
        .collect();
    assert_eq!(sequences, [(0, 1), (1, 1)]);
    bench.send_to(0, "d");
    bench.advance_ms(5);
    assert_eq!(identity(&bench.take()).2, 4);
}

#[test]
fn a_retry_has_the_bytes_of_the_first_attempt() {
    let mut bench = Bench::warm(1, &[("linger.ms", "0"), ("compression.type", "zstd")]);
    bench.send_to(0, "a");
    bench.run();
    let first = bench.take();
    bench.cut(first.conn);
    bench.advance_ms(1000);
    let again = bench.take();
    assert_eq!(
        first.request.topic_data[0].partition_data[0].records,
        again.request.topic_data[0].partition_data[0].records
    );
}

#[test]
fn a_duplicate_is_a_success_without_an_offset() {
    let mut bench = Bench::warm(1, &[("linger.ms", "0")]);
    bench.send_to(0, "a");
    bench.run();
    let first = bench.take();
    bench.cut(first.conn);
    bench.advance_ms(1000);
    let again = bench.take();
    bench.reply(&again, ErrorCode::DUPLICATE_SEQUENCE_NUMBER, -1);
    assert_eq!(bench.results(), ["0@-1"]);
    let metadata = bench.done[0].1.clone().expect("stored");
    assert_eq!(metadata.timestamp, 1_700_000_000_000, "the record's own");
    bench.send_to(0, "b");
    bench.run();
    assert_eq!(identity(&bench.take()).2, 2, "the sequence counts as used");
}

/// The defect of confluent-kafka 1.0.0: on a new topic the first batch is refused while its successors are taken, for a
/// broker without memory of a producer takes any first sequence; then the first one never fits again.
#[test]
fn a_partition_has_one_batch_in_flight_until_its_first_acknowledgement() {
    let mut bench = Bench::new(1, &[("linger.ms", "0")]);
    bench.send_to(0, "a");
    bench.run();
    bench.send_to(0, "b");
    bench.run();
    assert_eq!(bench.pending.len(), 1);
    let first = bench.take();
    bench.reply(&first, ErrorCode::NOT_ENOUGH_REPLICAS, -1);
    bench.advance_ms(1000);
    assert_eq!(bench.pending.len(), 1);
    let again = bench.take();
    assert_eq!(again.values(), ["a"]);
    bench.ok(&again, 0);
    for value in ["c", "d"] {
        bench.send_to(0, value);
        bench.run();
    }
    let waiting: Vec<_> = bench
        .pending
        .iter()
        .map(|request| request.values().concat())
        .collect();
    assert_eq!(waiting, ["b", "c", "d"], "from now on several");
}

/// Should it happen all the same (the broker lost its memory meanwhile), the batch must not be resent until it expires.
#[test]
fn a_batch_whose_successor_was_taken_gets_a_new_epoch() {
    let mut bench = Bench::warm(1, &[("linger.ms", "0")]);
    bench.send_to(0, "a");
    bench.run();
    bench.send_to(0, "b");
    bench.run();
    let (first, second) = (bench.take(), bench.take());
    bench.reply(&first, ErrorCode::NOT_ENOUGH_REPLICAS, -1);
    bench.ok(&second, 50);
    bench.advance_ms(200);
    let again = bench.take();
    assert_eq!(identity(&again), (7000, 0, 1));
    bench.reply(&again, ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER, -1);
    bench.advance_ms(1000);
    let renumbered = bench.take();
    assert_eq!(identity(&renumbered), (7000, 1, 0));
    bench.ok(&renumbered, 51);
    assert_eq!(bench.results(), ["0@50", "0@51"]);
}

#[test]
fn out_of_order_for_a_batch_that_is_not_next_is_only_retried() {
    let mut bench = Bench::warm(1, &[("linger.ms", "0")]);
    bench.send_to(0, "a");
    bench.run();
    bench.send_to(0, "b");
    bench.run();
    let (first, second) = (bench.take(), bench.take());
    bench.reply(&first, ErrorCode::NOT_ENOUGH_REPLICAS, -1);
    bench.reply(&second, ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER, -1);
    bench.answer_after_ms(1000);
    bench.answer_after_ms(1000);
    assert_eq!(bench.done.len(), 2);
    assert_eq!(bench.producer.metrics().epoch_bumps, 0);
}

#[test]
fn out_of_order_for_the_next_batch_bumps_the_epoch_and_renumbers() {
    let mut bench = Bench::warm(1, &[("linger.ms", "0")]);
    for value in ["a", "b"] {
        bench.send_to(0, value);
        bench.run();
    }
    let (first, second) = (bench.take(), bench.take());
    bench.reply(&first, ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER, -1);
    bench.reply(&second, ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER, -1);
    bench.advance_ms(1000);
    let again = bench.take();
    assert_eq!(
        (identity(&again), again.values().concat()),
        ((7000, 1, 0), "a".to_owned())
    );
    bench.ok(&again, 0);
    bench.advance_ms(1000);
    let again = bench.take();
    assert_eq!(
        (identity(&again), again.values().concat()),
        ((7000, 1, 1), "b".to_owned())
    );
    assert_eq!(
        bench.producer.metrics().epoch_bumps,
        1,
        "the second one only follows"
    );
}

#[test]
fn partitions_of_one_answer_go_to_the_next_epoch_together() {
    let mut bench = Bench::warm(2, &[("linger.ms", "5")]);
    for partition in [0, 1] {
        bench.send_to(partition, "a");
    }
    bench.advance_ms(5);
    let first = bench.take();
    bench.reply(&first, ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER, -1);
    bench.advance_ms(200);
    let mut stamps = Vec::new();
    while let Some(again) = bench.pending.pop_front() {
        for batch in again.batches() {
            stamps.push((
                batch.partition,
                batch.header.producer_epoch,
                batch.header.base_sequence,
            ));
        }
    }
    stamps.sort_unstable();
    assert_eq!(stamps, [(0, 1, 0), (1, 1, 0)]);
    assert_eq!(bench.producer.metrics().epoch_bumps, 1);
}

#[test]
fn unknown_producer_id_bumps_the_epoch_unless_the_partition_moved_meanwhile() {
    for (log_start_offset, epoch) in [(-1, 0), (500, 1)] {
        let mut bench = Bench::warm(1, &[("linger.ms", "0")]);
        bench.send_to(0, "a");
        bench.run();
        let first = bench.take();
        bench.reply_with(&first, |_, _| PartitionProduceResponse {
            error_code: ErrorCode::UNKNOWN_PRODUCER_ID,
            base_offset: -1,
            log_start_offset,
            ..Default::default()
        });
        bench.advance_ms(200);
        assert_eq!(identity(&bench.take()).1, epoch);
    }
}

#[test]
fn a_batch_that_is_refused_for_good_does_not_block_those_behind_it() {
    let mut bench = Bench::warm(1, &[("linger.ms", "0")]);
    for value in ["bad", "good"] {
        bench.send_to(0, value);
        bench.run();
    }
    let (first, second) = (bench.take(), bench.take());
    bench.reply(&first, ErrorCode::INVALID_RECORD, -1);
    bench.reply(&second, ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER, -1);
    bench.advance_ms(1000);
    let again = bench.take();
    assert_eq!(identity(&again), (7000, 1, 0));
    bench.ok(&again, 9);
    assert_eq!(bench.results(), ["INVALID_RECORD No", "0@9"]);
}

#[test]
fn other_partitions_take_the_new_epoch_when_nothing_of_theirs_is_in_flight() {
    let mut bench = Bench::warm(2, &[("linger.ms", "0")]);
    bench.send_to(1, "old");
    bench.run();
    let old = bench.take();
    bench.send_to(0, "a");
    bench.run();
    let first = bench.take();
    bench.ok(&old, 0);
    bench.send_to(1, "pending");
    bench.run();
    let pending = bench.take();
    bench.reply(&first, ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER, -1);
    bench.send_to(1, "later");
    bench.run();
    assert!(bench.pending.is_empty(), "a batch of the old epoch is in flight");
    assert_eq!(identity(&pending), (7000, 0, 2));
    bench.ok(&pending, 0);
    assert_eq!(identity(&bench.take()), (7000, 1, 0));
}

#[test]
fn an_expired_batch_of_unknown_fate_stops_its_partition_until_the_fate_is_known() {
    let options = [
        ("delivery.timeout.ms", "1000"),
        ("linger.ms", "0"),
        ("request.timeout.ms", "1000"),
    ];
    let mut bench = Bench::warm(1, &options);
    bench.send_to(0, "a");
    bench.run();
    let first = bench.take();
    bench.cut(first.conn);
    bench.opens = false;
    bench.advance_ms(1000);
    assert_eq!(bench.results(), ["DELIVERY_TIMEOUT Possibly"]);
    bench.opens = true;
    bench.send_to(0, "b");
    bench.cut_all();
    bench.advance_ms(600);
    assert_eq!(
        identity(&bench.take()),
        (7000, 1, 0),
        "nobody knows whether sequence 1 was used"
    );
}

#[test]
fn a_batch_that_is_refused_under_an_epoch_it_no_longer_bears_is_sent_again() {
    let mut bench = Bench::warm(1, &[("linger.ms", "0")]);
    for value in ["a", "b"] {
        bench.send_to(0, value);
        bench.run();
    }
    let (first, second) = (bench.take(), bench.take());
    bench.reply(&first, ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER, -1);
    bench.reply(&second, ErrorCode::INVALID_PRODUCER_EPOCH, -1);
    bench.answer_after_ms(1000);
    bench.answer_after_ms(1000);
    assert_eq!(bench.results(), ["0@100", "0@100"]);
}

/// The broker has the batch: else it had not taken the one behind it.
#[test]
fn a_batch_out_of_retries_needs_no_new_epoch_when_the_one_behind_it_is_stored() {
    let mut bench = Bench::warm(1, &[("linger.ms", "0"), ("retries", "1")]);
    for value in ["a", "b"] {
        bench.send_to(0, value);
        bench.run();
    }
    let (first, second) = (bench.take(), bench.take());
    bench.reply(&first, ErrorCode::REQUEST_TIMED_OUT, -1);
    bench.ok(&second, 8);
    bench.advance_ms(200);
    let again = bench.take();
    bench.reply(&again, ErrorCode::REQUEST_TIMED_OUT, -1);
    assert_eq!(bench.results(), ["0@8", "REQUEST_TIMED_OUT Possibly"]);
    bench.send_to(0, "c");
    bench.run();
    assert_eq!(identity(&bench.take()), (7000, 0, 3));
}

#[test]
fn a_success_under_the_old_epoch_is_a_success() {
    let mut bench = Bench::warm(1, &[("linger.ms", "0")]);
    for value in ["a", "b", "c"] {
        bench.send_to(0, value);
        bench.run();
    }
    let (first, second, third) = (bench.take(), bench.take(), bench.take());
    bench.reply(&first, ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER, -1);
    bench.ok(&second, 7);
    bench.reply(&third, ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER, -1);
    assert_eq!(bench.results(), ["0@7"]);
    bench.answer_after_ms(1000);
    bench.answer_after_ms(1000);
    assert_eq!(bench.results().len(), 3);
    bench.send_to(0, "d");
    bench.run();
    let (_, epoch, sequence) = identity(&bench.take());
    assert_eq!((epoch, sequence), (2, 2), "no gap in the last epoch");
}

#[test]
fn the_last_epoch_is_followed_by_a_new_producer_id() {
    let mut bench = Bench::new(1, &[("linger.ms", "0")]);
    bench.next_init = i16::MAX;
    bench.send_to(0, "a");
    bench.run();
    let first = bench.take();
    assert_eq!(identity(&first), (7000, i16::MAX, 0));
    bench.next_init = 0;
    bench.reply(&first, ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER, -1);
    bench.advance_ms(200);
    assert_eq!(identity(&bench.take()), (7001, 0, 0));
}

#[test]
fn sending_a_doubtful_batch_without_identity_is_announced() {
    let options = [("linger.ms", "0"), ("enable.idempotence", "false")];
    let mut bench = Bench::with_level(1, &options, Level::Batch);
    bench.send_to(0, "a");
    bench.run();
    let first = bench.take();
    bench.cut(first.conn);
    bench.advance_ms(1000);
    assert_eq!(bench.take().values(), ["a"]);
    assert_eq!(
        bench.events(|event| matches!(event, Event::MaybeDuplicated { .. })),
        1
    );
    assert_eq!(bench.producer.metrics().maybe_duplicated, 1);
}

#[test]
fn ambiguity_fail_sends_a_doubtful_batch_only_under_its_identity() {
    let options = [
        ("linger.ms", "0"),
        ("enable.idempotence", "false"),
        ("ottla.ambiguity", "fail"),
    ];
    let mut bench = Bench::warm(1, &options);
    bench.send_to(0, "a");
    bench.run();
    let first = bench.take();
    bench.cut(first.conn);
    assert_eq!(bench.results(), ["NETWORK_EXCEPTION Possibly"]);
    let error = bench.done[0].1.clone().expect_err("failed").to_string();
    assert!(error.contains("ottla.ambiguity=fail"), "{error}");

    let mut bench = Bench::warm(1, &[("linger.ms", "0"), ("ottla.ambiguity", "fail")]);
    bench.send_to(0, "a");
    bench.run();
    let first = bench.take();
    bench.cut(first.conn);
    bench.advance_ms(1000);
    let again = bench.take();
    assert_eq!(again.values(), ["a"], "the broker recognises it");
    bench.reply(&again, ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER, -1);
    assert_eq!(
        bench.results(),
        ["OUT_OF_ORDER_SEQUENCE_NUMBER Possibly"],
        "under a new epoch it would not"
    );
}

#[test]
fn a_batch_that_expired_in_flight_does_not_hold_up_the_retry_behind_it() {
    let options = [
        ("delivery.timeout.ms", "3000"),
        ("linger.ms", "0"),
        ("request.timeout.ms", "3000"),
    ];
    let mut bench = Bench::warm(1, &options);
    bench.send_to(0, "a");
    bench.run();
    bench.advance_ms(500);
    bench.send_to(0, "b");
    bench.run();
    let first = bench.take();
    bench.cut(first.conn);
    bench.advance_ms(1000);
    let again = bench.take();
    assert_eq!(again.values(), ["a"]);
    assert!(bench.pending.is_empty(), "b waits for a");
    bench.advance_ms(1500);
    assert_eq!(bench.results(), ["DELIVERY_TIMEOUT Possibly"]);
    let behind = bench.take();
    assert_eq!(
        (behind.values(), identity(&behind)),
        (vec!["b".to_owned()], (7000, 0, 2))
    );
    // Now it is known that the expired one is not stored.
    bench.reply(&again, ErrorCode::NOT_ENOUGH_REPLICAS, -1);
    bench.reply(&behind, ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER, -1);
    bench.advance_ms(300);
    assert_eq!(identity(&bench.take()), (7000, 1, 0));
}
