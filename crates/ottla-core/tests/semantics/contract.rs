//! What the application is told (behaviours 51 to 54, 56).

use std::time::Duration;

use ottla_core::{Record, SendError};
use ottla_wire::error_code::ErrorCode;
use ottla_wire::messages::produce::{BatchIndexAndErrorMessage, PartitionProduceResponse};

use crate::common::{Bench, TOPIC};

/// Two batches of one moment: the older one is back in its queue, the younger one in flight.
fn older_queued_younger_out(options: &[(&str, &str)]) -> Bench {
    let backoff = [
        ("linger.ms", "0"),
        ("retry.backoff.ms", "60000"),
        ("retry.backoff.max.ms", "60000"),
    ];
    let mut bench = Bench::warm(1, &[&backoff[..], options].concat());
    for value in ["a", "b"] {
        bench.send_to(0, value);
        bench.run();
    }
    let older = bench.take();
    bench.reply(&older, ErrorCode::NOT_ENOUGH_REPLICAS, -1);
    assert_eq!(bench.pending.len(), 1);
    bench
}

fn ids(bench: &Bench) -> Vec<u64> {
    bench.done.iter().map(|(id, _)| id.0).collect()
}

#[test]
fn results_keep_the_order_of_sending_when_batches_expire_or_are_closed() {
    let options = [("delivery.timeout.ms", "2000"), ("request.timeout.ms", "2000")];
    let mut bench = older_queued_younger_out(&options);
    bench.advance_ms(2000);
    assert_eq!(
        bench.results(),
        ["DELIVERY_TIMEOUT No", "DELIVERY_TIMEOUT Possibly"]
    );
    assert!(ids(&bench).is_sorted(), "{:?}", ids(&bench));

    // The shell wakes late, and the first thing that it tells is that the connection is lost.
    let mut bench = older_queued_younger_out(&options);
    bench.now += Duration::from_millis(2500);
    bench.cut_all();
    assert_eq!(ids(&bench).len(), 2);
    assert!(ids(&bench).is_sorted(), "{:?}", ids(&bench));

    let mut bench = older_queued_younger_out(&[]);
    bench.producer.close(bench.now, Some(Duration::ZERO));
    bench.run();
    assert_eq!(bench.results(), ["CLOSED No", "CLOSED Possibly"]);
    assert!(ids(&bench).is_sorted(), "{:?}", ids(&bench));
}

#[test]
fn the_offset_is_the_base_plus_the_place_and_the_time_the_brokers_if_it_says_one() {
    for (append_time, expected) in [(-1, [5, 6]), (99, [99, 99])] {
        let mut bench = Bench::warm(1, &[]);
        for timestamp in [5, 6] {
            bench.send(
                Record::to(TOPIC)
                    .partition(0)
                    .at(ottla_core::Timestamp(timestamp)),
            );
        }
        bench.advance_ms(5);
        let request = bench.take();
        bench.reply_with(&request, |_, _| PartitionProduceResponse {
            base_offset: 70,
            log_append_time_ms: append_time,
            ..Default::default()
        });
        let told = bench
            .done
            .iter()
            .map(|(_, result)| result.clone().expect("stored"));
        let told: Vec<_> = told
            .map(|metadata| (metadata.offset, metadata.timestamp))
            .collect();
        assert_eq!(told, [(70, expected[0]), (71, expected[1])]);
    }
}

/// The codes of a batch of four whose records at these places are to blame.
fn blamed(culprits: &[i32]) -> Vec<&'static str> {
    let mut bench = Bench::warm(1, &[]);
    for value in ["a", "b", "c", "d"] {
        bench.send_to(0, value);
    }
    bench.advance_ms(5);
    let request = bench.take();
    bench.reply_with(&request, |_, _| PartitionProduceResponse {
        error_code: ErrorCode::INVALID_TIMESTAMP,
        base_offset: -1,
        record_errors: culprits
            .iter()
            .map(|place| BatchIndexAndErrorMessage {
                batch_index: *place,
                batch_index_error_message: Some(format!("culprit {place}")),
            })
            .collect(),
        error_message: Some("the whole".to_owned()),
        ..Default::default()
    });
    let errors = bench.done.iter().zip(0..).map(|((_, result), place)| {
        let error = result.as_ref().expect_err("refused");
        let own = error.message.contains(&format!("culprit {place}"));
        assert_eq!(own, culprits.contains(&place), "{error}");
        error.code
    });
    errors.collect()
}

#[test]
fn record_errors_name_one_culprit_by_its_error_several_as_invalid_and_spare_the_others() {
    let spared = "BATCH_REFUSED";
    assert_eq!(blamed(&[1]), [spared, "INVALID_TIMESTAMP", spared, spared]);
    assert_eq!(
        blamed(&[0, 2]),
        ["INVALID_RECORD", spared, "INVALID_RECORD", spared]
    );
    assert_eq!(blamed(&[]), ["INVALID_TIMESTAMP"; 4], "nobody in particular");
}

#[test]
fn close_delivers_without_linger_and_at_its_deadline_fails_the_rest() {
    let mut bench = Bench::warm(1, &[("linger.ms", "60000")]);
    bench.send_to(0, "a");
    bench.producer.close(bench.now, None);
    bench.run();
    let request = bench.take();
    bench.advance_ms(5000);
    assert!(!bench.closed, "it waits for the answer");
    bench.ok(&request, 1);
    assert_eq!((bench.results(), bench.closed), (vec!["0@1".to_owned()], true));

    let mut bench = Bench::warm(1, &[("linger.ms", "60000")]);
    bench.send_to(0, "a");
    bench.producer.close(bench.now, Some(Duration::from_millis(500)));
    bench.run();
    bench.advance_ms(499);
    assert!(bench.done.is_empty());
    bench.advance_ms(1);
    assert_eq!(
        (bench.results(), bench.closed),
        (vec!["CLOSED Possibly".to_owned()], true)
    );
    assert_eq!(
        bench.producer.memory_used(),
        0,
        "nobody waits for the answer any more"
    );
}

#[test]
fn close_wakes_who_waits_for_memory() {
    let options = [("buffer.memory", "1000"), ("max.request.size", "1000")];
    let mut bench = Bench::warm(1, &options);
    bench.send_to(0, &"x".repeat(700));
    let record = || Record::to(TOPIC).value("y".repeat(700));
    let full = bench.producer.send(bench.now, record());
    assert!(matches!(full, Err(SendError::Full { .. })));
    bench.producer.close(bench.now, Some(Duration::ZERO));
    bench.run();
    assert_eq!((bench.rooms, bench.closed), (1, true));
    let refused = bench.producer.send(bench.now, record());
    assert!(matches!(refused, Err(SendError::Refused { .. })));
}

#[test]
fn a_forbidden_topic_fails_its_batch_and_no_other() {
    let mut bench = Bench::new(1, &[("linger.ms", "10")]);
    bench.topics.insert("other".to_owned(), Ok(vec![(1, 0)]));
    bench.send(Record::to("other").value("warm"));
    bench.warm_up_with(1, 2);
    bench.send_to(0, "forbidden");
    bench.send(Record::to("other").value("allowed"));
    bench.advance_ms(10);
    let request = bench.take();
    bench.reply_with(&request, |topic, _| PartitionProduceResponse {
        error_code: if topic == TOPIC {
            ErrorCode::TOPIC_AUTHORIZATION_FAILED
        } else {
            ErrorCode::NONE
        },
        base_offset: 4,
        ..Default::default()
    });
    assert_eq!(bench.results(), ["TOPIC_AUTHORIZATION_FAILED No", "0@4"]);
    bench.send_to(0, "granted meanwhile");
    bench.answer_after_ms(10);
    assert_eq!(bench.results()[2], "0@100", "the producer goes on");
}
