//! Every error code of the table in answers to Produce: what becomes of each record, of those behind it, and of the
//! producer.

use std::collections::BTreeSet;
use std::time::Duration;

use ottla::{ErrorKind, Persisted};
use ottla_librdkafka::table::{ELSEWHERE, Fate, ROWS, Row};
use ottla_librdkafka::{Api, Failure, Mock, Sender};

/// Each record its own batch, sent at once: all of them are in flight before the first answer comes.
const ONE_EACH: &[(&str, &str)] = &[("linger.ms", "0"), ("batch.size", "1")];
const NOT_IDEMPOTENT: &[(&str, &str)] = &[("enable.idempotence", "false")];
const OUT_OF_ORDER: i16 = 45;

fn failure(name: &str, kind: ErrorKind, in_log: Persisted) -> Failure {
    Failure {
        name: name.to_owned(),
        kind,
        in_log,
    }
}

fn retried() -> impl Iterator<Item = &'static Row> {
    ROWS.iter().filter(|row| row.2 == Fate::Retried)
}

fn failed() -> impl Iterator<Item = (&'static Row, ErrorKind)> {
    ROWS.iter().filter_map(|row| match row.2 {
        Fate::Failed(kind) => Some((row, kind)),
        _ => None,
    })
}

#[test]
fn no_code_of_the_documentation_is_left_out() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/errors.md");
    let page = std::fs::read_to_string(path).expect("the page is in the repository");
    let documented: BTreeSet<i16> = page
        .lines()
        .filter_map(|line| line.strip_prefix("| ")?.split(' ').next()?.parse().ok())
        .collect();
    let here = ROWS
        .iter()
        .map(|row| row.0)
        .chain(ELSEWHERE.iter().map(|row| row.0));
    assert_eq!(here.clone().count(), here.clone().collect::<BTreeSet<_>>().len());
    assert_eq!(documented, here.collect());
}

#[tokio::test]
async fn a_retriable_code_is_retried_until_the_batch_is_taken() {
    for &(code, name, ..) in retried() {
        let mock = Mock::new(1);
        let sender = Sender::warm(&mock, &[]).await;
        let before = sender.counters();
        mock.answer(Api::Produce, &[code; 3]);
        let told = sender.send(&["a", "b", "c"]).await;
        assert_eq!(told, [Ok(1), Ok(2), Ok(3)], "{name}");
        let after = sender.counters();
        assert_eq!(after.record_retries - before.record_retries, 9, "{name}");
        assert_eq!(after.records_sent - before.records_sent, 12, "{name}");
        assert_eq!((after.record_errors, after.epoch_bumps), (0, 0), "{name}");
        assert_eq!(mock.log(), ["warm", "a", "b", "c"], "{name}");
    }
}

/// What a broker does: the batches behind a refused one do not follow the last sequence that it has.
#[tokio::test]
async fn batches_behind_a_retried_one_wait_for_it_and_keep_their_order() {
    for &(code, name, ..) in retried() {
        let mock = Mock::new(1);
        let sender = Sender::warm(&mock, ONE_EACH).await;
        mock.delay(1, Duration::from_millis(20));
        mock.answer(Api::Produce, &[code, OUT_OF_ORDER, OUT_OF_ORDER, OUT_OF_ORDER]);
        let told = sender.send(&["a", "b", "c", "d"]).await;
        assert_eq!(told, [Ok(1), Ok(2), Ok(3), Ok(4)], "{name}");
        assert_eq!(sender.counters().record_retries, 4, "{name}");
        assert_eq!(
            sender.epoch(),
            0,
            "{name}: no batch that waits for another asks for an epoch"
        );
        assert_eq!(mock.log(), ["warm", "a", "b", "c", "d"], "{name}");
    }
}

#[tokio::test]
async fn one_batch_meets_every_retriable_code_in_turn() {
    let codes: Vec<i16> = retried().map(|row| row.0).collect();
    for options in [&[][..], NOT_IDEMPOTENT] {
        let mock = Mock::new(1);
        let sender = Sender::warm(&mock, options).await;
        mock.answer(Api::Produce, &codes);
        assert_eq!(sender.send(&["a", "b"]).await, [Ok(1), Ok(2)]);
        assert_eq!(sender.counters().record_retries, 2 * codes.len() as u64);
        assert_eq!(mock.log(), ["warm", "a", "b"]);
    }
}

#[tokio::test]
async fn a_retriable_code_that_stays_fails_the_batch_when_its_retries_are_used_up() {
    for &(code, name, _, in_log) in retried() {
        for options in [&[("retries", "2")][..], &[("retries", "2"), NOT_IDEMPOTENT[0]]] {
            let mock = Mock::new(1);
            let sender = Sender::warm(&mock, options).await;
            mock.answer(Api::Produce, &[code; 3]);
            let kind = if name == "REQUEST_TIMED_OUT" {
                ErrorKind::Timeout
            } else {
                ErrorKind::Broker
            };
            let expected = failure(name, kind, in_log);
            let told = sender.send(&["a", "b"]).await;
            assert_eq!(told, [Err(expected.clone()), Err(expected)], "{name} {options:?}");
            assert_eq!(sender.counters().record_errors, 2, "{name}");
            assert_eq!(sender.send(&["c"]).await, [Ok(1)], "{name}: the producer goes on");
            assert_eq!(mock.log(), ["warm", "c"], "{name}");
        }
    }
}

#[tokio::test]
async fn a_retriable_code_that_stays_is_a_delivery_timeout_in_the_end() {
    for &(code, name, _, in_log) in retried() {
        let mock = Mock::new(1);
        let options = [
            ("linger.ms", "0"),
            ("request.timeout.ms", "60"),
            ("delivery.timeout.ms", "60"),
        ];
        let sender = Sender::warm(&mock, &options).await;
        mock.answer(Api::Produce, &vec![code; 10_000]);
        let told = sender.send(&["a"]).await;
        let Err(why) = &told[0] else {
            panic!("{name}: {told:?}");
        };
        assert_eq!(why.kind, ErrorKind::Timeout, "{name}: {why:?}");
        // The last attempt may be unanswered when the time is up: then nobody knows.
        assert!(
            why.in_log == in_log || why.in_log == Persisted::Possibly,
            "{name}: {why:?}"
        );
        assert_eq!(mock.log(), ["warm"], "{name}");
    }
}

#[tokio::test]
async fn a_permanent_code_fails_the_batch_and_the_next_goes_out_under_a_new_epoch() {
    for (&(code, name, _, in_log), kind) in failed() {
        let mock = Mock::new(1);
        let sender = Sender::warm(&mock, &[]).await;
        mock.answer(Api::Produce, &[code]);
        let expected = failure(name, kind, in_log);
        let told = sender.send(&["a", "b"]).await;
        assert_eq!(told, [Err(expected.clone()), Err(expected)], "{name}");
        assert_eq!(sender.counters().record_retries, 0, "{name}");
        assert_eq!(sender.send(&["c"]).await, [Ok(1)], "{name}");
        assert_eq!((sender.epoch(), sender.counters().epoch_bumps), (1, 1), "{name}");
        assert_eq!(mock.log(), ["warm", "c"], "{name}");
    }
}

#[tokio::test]
async fn batches_behind_a_failed_one_are_renumbered_and_delivered() {
    for (&(code, name, _, in_log), kind) in failed() {
        let mock = Mock::new(1);
        let sender = Sender::warm(&mock, ONE_EACH).await;
        mock.delay(1, Duration::from_millis(20));
        mock.answer(Api::Produce, &[code, OUT_OF_ORDER, OUT_OF_ORDER, OUT_OF_ORDER]);
        let told = sender.send(&["a", "b", "c", "d"]).await;
        let expected = Err(failure(name, kind, in_log));
        assert_eq!(told, [expected, Ok(1), Ok(2), Ok(3)], "{name}");
        assert_eq!(mock.log(), ["warm", "b", "c", "d"], "{name}");
    }
}

/// Without a producer id there is nothing to fence: a code that is fatal otherwise fails its batch.
#[tokio::test]
async fn without_idempotence_a_code_fails_its_batch_alone() {
    for &(code, name, fate, in_log) in ROWS {
        let (Fate::Failed(kind) | Fate::Fatal(kind, _)) = fate else {
            continue;
        };
        let mock = Mock::new(1);
        let sender = Sender::warm(&mock, NOT_IDEMPOTENT).await;
        mock.answer(Api::Produce, &[code]);
        assert_eq!(
            sender.send(&["a"]).await,
            [Err(failure(name, kind, in_log))],
            "{name}"
        );
        assert_eq!(sender.send(&["b"]).await, [Ok(1)], "{name}");
        assert_eq!(mock.log(), ["warm", "b"], "{name}");
    }
}

#[tokio::test]
async fn a_fatal_code_ends_the_producer() {
    for &(code, name, fate, in_log) in ROWS {
        let Fate::Fatal(kind, curable) = fate else {
            continue;
        };
        let mock = Mock::new(1);
        let sender = Sender::warm(&mock, ONE_EACH).await;
        mock.delay(1, Duration::from_millis(20));
        mock.answer(Api::Produce, &[code, OUT_OF_ORDER, OUT_OF_ORDER]);
        let told = sender.send(&["a", "b", "c"]).await;
        assert_eq!(told[0], Err(failure(name, kind, in_log)), "{name}");
        for behind in &told[1..] {
            let behind = behind.as_ref().expect_err("nothing is delivered behind it");
            assert_eq!((behind.name.as_str(), behind.kind), (name, kind));
        }
        assert_eq!(mock.log(), ["warm"], "{name}");
        if curable {
            assert_eq!(
                sender.send(&["d"]).await,
                [Ok(1)],
                "{name}: rights can be granted"
            );
        } else {
            let refusal = sender.refusal().expect("no further record is taken");
            assert_eq!(refusal, failure(name, ErrorKind::Fatal, Persisted::No));
        }
    }
}

#[tokio::test]
async fn message_too_large_splits_and_costs_no_retry() {
    let mock = Mock::new(1);
    let sender = Sender::warm(&mock, &[("retries", "1")]).await;
    mock.answer(Api::Produce, &[10, 19]);
    let told = sender.send(&["a", "b", "c", "d"]).await;
    assert_eq!(told, [Ok(1), Ok(2), Ok(3), Ok(4)]);
    assert_eq!(sender.counters().splits, 1);
    assert_eq!(sender.counters().epoch_bumps, 0, "the parts keep the sequences");
    assert_eq!(mock.log(), ["warm", "a", "b", "c", "d"]);
}

#[tokio::test]
async fn a_single_record_that_is_too_large_fails() {
    let mock = Mock::new(1);
    let sender = Sender::warm(&mock, &[]).await;
    mock.answer(Api::Produce, &[10]);
    let expected = failure("MESSAGE_TOO_LARGE", ErrorKind::Record, Persisted::No);
    assert_eq!(sender.send(&["a"]).await, [Err(expected)]);
    assert_eq!(sender.send(&["b"]).await, [Ok(1)]);
    assert_eq!(sender.counters().splits, 0);
    assert_eq!(mock.log(), ["warm", "b"]);
}

#[tokio::test]
async fn a_sequence_that_should_have_been_next_gets_a_new_epoch() {
    let mock = Mock::new(1);
    let sender = Sender::warm(&mock, &[]).await;
    mock.answer(Api::Produce, &[45]);
    assert_eq!(sender.send(&["a", "b"]).await, [Ok(1), Ok(2)]);
    assert_eq!((sender.epoch(), sender.counters().record_retries), (1, 2));
    assert_eq!(mock.log(), ["warm", "a", "b"]);
}

#[tokio::test]
async fn a_duplicate_is_a_success_without_an_offset() {
    let mock = Mock::new(1);
    let sender = Sender::warm(&mock, &[]).await;
    mock.answer(Api::Produce, &[46]);
    assert_eq!(sender.send(&["a", "b"]).await, [Ok(-1), Ok(-1)]);
    let counters = sender.counters();
    assert_eq!((counters.record_acks, counters.record_retries), (3, 0));
    assert_eq!(sender.epoch(), 0);
}

/// The mock's refusals say no log start offset: the partition may have moved, and is asked again under the same epoch.
#[tokio::test]
async fn a_forgotten_producer_without_a_log_start_is_asked_again() {
    let mock = Mock::new(1);
    let sender = Sender::warm(&mock, &[]).await;
    mock.answer(Api::Produce, &[59, 59]);
    assert_eq!(sender.send(&["a", "b"]).await, [Ok(1), Ok(2)]);
    assert_eq!((sender.epoch(), sender.counters().record_retries), (0, 4));
    assert_eq!(mock.log(), ["warm", "a", "b"]);
}
