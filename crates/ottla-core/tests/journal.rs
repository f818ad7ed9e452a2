//! The journal: batches wait for their identity to be durable, and go out again under it after a restart.
#![cfg(feature = "journal")]

mod common;

use bytes::Bytes;
use common::{Bench, Pending, TOPIC};
use ottla_core::journal::{ReplayError, Stamped};
use ottla_core::trace::event::Persisted;
use ottla_core::{Input, RecordId, Timestamp};
use ottla_wire::error_code::ErrorCode;

/// The timestamp that [`Bench::send`] gives to records.
const RECORD_TIME: i64 = 1_700_000_000_000;

fn identity(request: &Pending) -> (i64, i16, i32) {
    let header = request.batch().header;
    (header.producer_id, header.producer_epoch, header.base_sequence)
}

fn journaling(options: &[(&str, &str)]) -> Bench {
    let options: Vec<_> = [("linger.ms", "0")].iter().chain(options).copied().collect();
    let mut bench = Bench::new(1, &options);
    bench.producer.journal(bench.now, Timestamp(RECORD_TIME));
    bench
}

fn noted(bench: &mut Bench) -> Vec<Stamped> {
    let mut entries = Vec::new();
    bench.producer.drain_journal(&mut |entry| entries.push(entry));
    entries
}

fn note_all(bench: &mut Bench) -> Vec<Stamped> {
    let entries = noted(bench);
    if let Some(last) = entries.last() {
        bench.handle(Input::Persisted { ticket: last.ticket });
    }
    entries
}

/// A batch that a process had sent when it died, and how it looked on the wire.
fn unanswered(values: &[&str]) -> (Bytes, Pending) {
    let mut bench = journaling(&[]);
    for value in values {
        bench.send_to(0, value);
    }
    bench.run();
    let entries = note_all(&mut bench);
    let request = bench.take();
    assert_eq!(request.values(), values);
    (entries[0].batch.to_bytes(), request)
}

/// Hands over a batch of an earlier process.
fn replay(bench: &mut Bench, batch: Bytes) -> Vec<RecordId> {
    let ids = bench.producer.replay(bench.now, TOPIC, 0, batch);
    ids.expect("a batch of an earlier process")
}

#[test]
fn a_batch_leaves_when_its_identity_is_durable_and_not_before() {
    let mut bench = journaling(&[]);
    let ids = [bench.send_to(0, "a"), bench.send_to(0, "b")];
    bench.run();
    assert!(bench.pending.is_empty());
    let entries = noted(&mut bench);
    assert_eq!(entries.len(), 1);
    assert_eq!(
        (entries[0].ticket, &*entries[0].topic, entries[0].partition),
        (1, TOPIC, 0)
    );
    assert_eq!(entries[0].records, ids);
    bench.advance_ms(60_000);
    assert!(bench.pending.is_empty(), "however long it takes");
    bench.handle(Input::Persisted { ticket: 0 });
    assert!(bench.pending.is_empty());
    bench.handle(Input::Persisted { ticket: 1 });
    let request = bench.take();
    assert_eq!(request.batch().header, *entries[0].batch.header());
    assert!(noted(&mut bench).is_empty());
    bench.ok(&request, 0);
    assert_eq!(bench.results(), ["0@0", "0@1"]);
}

#[test]
fn a_ticket_that_was_never_given_out_lets_nothing_go() {
    let mut bench = journaling(&[]);
    bench.handle(Input::Persisted { ticket: 9 });
    bench.send_to(0, "a");
    bench.run();
    assert!(bench.pending.is_empty());
}

#[test]
fn a_partition_has_one_batch_in_doubt_and_others_do_not_wait_for_it() {
    let mut bench = Bench::new(2, &[("linger.ms", "0")]);
    bench.producer.journal(bench.now, Timestamp(RECORD_TIME));
    for value in ["a", "b"] {
        bench.send_to(0, value);
        bench.run();
        note_all(&mut bench);
    }
    bench.send_to(1, "x");
    bench.run();
    note_all(&mut bench);
    let (first, other) = (bench.take(), bench.take());
    assert_eq!(
        (first.values(), other.values()),
        (vec!["a".to_owned()], vec!["x".to_owned()])
    );
    assert!(bench.pending.is_empty(), "b waits for the answer to a");
    bench.ok(&first, 0);
    note_all(&mut bench);
    assert_eq!(bench.take().values(), ["b"]);
}

#[test]
fn a_retry_under_the_same_identity_is_not_noted_again() {
    let mut bench = journaling(&[]);
    bench.send_to(0, "a");
    bench.run();
    note_all(&mut bench);
    let first = identity(&bench.take());
    bench.cut_all();
    bench.advance_ms(2_000);
    assert!(noted(&mut bench).is_empty());
    assert_eq!(identity(&bench.take()), first);
}

#[test]
fn a_batch_that_certainly_is_not_stored_is_noted_under_its_new_epoch() {
    let mut bench = journaling(&[]);
    bench.send_to(0, "a");
    bench.run();
    note_all(&mut bench);
    let request = bench.take();
    bench.reply(&request, ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER, -1);
    bench.advance_ms(2_000);
    assert!(bench.pending.is_empty());
    let entries = note_all(&mut bench);
    assert_eq!(entries[0].batch.stamped().producer_epoch, 1);
    assert_eq!(identity(&bench.take()), (7000, 1, 0));
}

#[test]
fn a_batch_that_may_be_stored_never_goes_out_under_another_epoch() {
    let mut bench = journaling(&[]);
    bench.send_to(0, "a");
    bench.run();
    note_all(&mut bench);
    bench.take();
    bench.cut_all();
    bench.advance_ms(2_000);
    let again = bench.take();
    bench.reply(&again, ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER, -1);
    bench.advance_ms(2_000);
    assert_eq!(bench.results(), ["OUTCOME_UNKNOWN Possibly"]);
    assert!(bench.pending.is_empty());
}

#[test]
fn the_next_process_sends_the_same_bytes_under_the_same_identity_before_new_records() {
    let (batch, before) = unanswered(&["a", "b"]);
    let mut bench = journaling(&[]);
    bench.producer_id = 8000;
    let ids = replay(&mut bench, batch);
    assert_eq!(ids, [RecordId(0), RecordId(1)]);
    bench.send_to(0, "c");
    bench.run();
    assert!(noted(&mut bench).is_empty(), "the journal has it already");
    let request = bench.take();
    assert_eq!(request.batch().header, before.batch().header);
    assert_eq!(identity(&request), (7000, 0, 0));
    assert_eq!(request.values(), ["a", "b"]);
    assert!(bench.pending.is_empty(), "c waits");
    bench.ok(&request, 40);
    assert_eq!(bench.results(), ["0@40", "0@41"]);
    note_all(&mut bench);
    let new = bench.take();
    assert_eq!(
        (identity(&new), new.values()),
        ((8000, 0, 0), vec!["c".to_owned()])
    );
}

#[test]
fn a_replay_that_the_broker_has_already_is_delivered() {
    let (batch, _) = unanswered(&["a"]);
    let mut bench = journaling(&[]);
    replay(&mut bench, batch);
    bench.run();
    let request = bench.take();
    bench.reply(&request, ErrorCode::DUPLICATE_SEQUENCE_NUMBER, -1);
    assert_eq!(bench.results(), ["0@-1"]);
}

#[test]
fn a_replay_that_the_broker_cannot_place_is_unknown() {
    for code in [
        ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER,
        ErrorCode::UNKNOWN_PRODUCER_ID,
        ErrorCode::INVALID_PRODUCER_EPOCH,
    ] {
        let (batch, _) = unanswered(&["a"]);
        let mut bench = journaling(&[]);
        replay(&mut bench, batch);
        bench.run();
        let request = bench.take();
        bench.reply(&request, code, -1);
        bench.advance_ms(10_000);
        assert_eq!(bench.results(), ["OUTCOME_UNKNOWN Possibly"], "{code:?}");
        assert!(bench.pending.is_empty(), "nothing is sent again: {code:?}");
        let records = bench.completions.remove(0).records();
        assert_eq!(records[0].1.value.as_deref(), Some(&b"a"[..]));
        // New records are not held up by it, and need no new epoch.
        bench.send_to(0, "b");
        bench.run();
        note_all(&mut bench);
        assert_eq!(identity(&bench.take()).1, 0);
    }
}

#[test]
fn a_replay_is_retried_as_it_is_and_never_restamped() {
    let (batch, _) = unanswered(&["a"]);
    let mut bench = journaling(&[]);
    bench.producer_id = 8000;
    replay(&mut bench, batch);
    bench.run();
    let request = bench.take();
    bench.reply(&request, ErrorCode::NOT_LEADER_OR_FOLLOWER, -1);
    bench.advance_ms(2_000);
    let again = bench.take();
    assert_eq!(identity(&again), (7000, 0, 0));
    bench.cut_all();
    bench.advance_ms(2_000);
    let third = bench.take();
    assert_eq!(identity(&third), (7000, 0, 0));
    bench.ok(&third, 0);
    assert_eq!(bench.results(), ["0@0"]);
}

#[test]
fn past_the_window_a_replay_is_unknown_and_not_sent() {
    let (batch, _) = unanswered(&["a"]);
    for (later, results) in [
        (4_999, vec![]),
        (5_000, vec!["OUTCOME_UNKNOWN Possibly".to_owned()]),
    ] {
        let options = [("linger.ms", "0"), ("ottla.dedup.window.ms", "5000")];
        let mut bench = Bench::new(1, &options);
        bench.producer.journal(bench.now, Timestamp(RECORD_TIME + later));
        replay(&mut bench, batch.clone());
        bench.run();
        assert_eq!(bench.results(), results);
        assert_eq!(bench.pending.len(), 1 - results.len());
    }
}

#[test]
fn the_window_goes_for_retries_of_the_same_process_too() {
    let mut bench = journaling(&[("ottla.dedup.window.ms", "5000")]);
    bench.send_to(0, "a");
    bench.run();
    note_all(&mut bench);
    bench.take();
    // The machine slept: its monotonic clock did not run.
    bench
        .producer
        .set_wall(bench.now, Timestamp(RECORD_TIME + 60_000));
    bench.cut_all();
    bench.advance_ms(2_000);
    assert!(bench.pending.is_empty());
    assert_eq!(bench.results(), ["OUTCOME_UNKNOWN Possibly"]);
}

#[test]
fn old_timestamps_do_not_matter_before_the_first_attempt() {
    let mut bench = journaling(&[]);
    bench
        .producer
        .set_wall(bench.now, Timestamp(RECORD_TIME + 2 * 86_400_000));
    bench.send_to(0, "a");
    bench.run();
    note_all(&mut bench);
    let request = bench.take();
    bench.ok(&request, 0);
    assert_eq!(bench.results(), ["0@0"]);
}

#[test]
fn a_replay_that_is_too_large_goes_out_in_parts_under_its_identity() {
    let (batch, _) = unanswered(&["aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "b"]);
    let mut bench = journaling(&[]);
    bench.producer_id = 8000;
    replay(&mut bench, batch);
    bench.run();
    let request = bench.take();
    bench.reply(&request, ErrorCode::MESSAGE_TOO_LARGE, -1);
    bench.run();
    let mut parts = Vec::new();
    for _ in 0..2 {
        assert_eq!(note_all(&mut bench).len(), 1, "each part is noted by itself");
        let part = bench.take();
        parts.push(identity(&part));
        bench.ok(&part, 0);
    }
    assert_eq!(parts, [(7000, 0, 0), (7000, 0, 1)]);
    assert_eq!(bench.results(), ["0@0", "0@0"]);
}

#[test]
fn closing_tells_that_a_replay_may_be_stored() {
    let (batch, _) = unanswered(&["a"]);
    let mut bench = journaling(&[]);
    bench.answers = false;
    replay(&mut bench, batch);
    bench.producer.close(bench.now, Some(std::time::Duration::ZERO));
    bench.run();
    assert_eq!(bench.results(), ["CLOSED Possibly"]);
    assert!(matches!(
        bench.done[0].1.as_ref().expect_err("closed").persisted,
        Persisted::Possibly
    ));
    assert_eq!(bench.producer.memory_used(), 0);
}

#[test]
fn what_is_no_stamped_batch_cannot_be_replayed() {
    let (batch, _) = unanswered(&["a"]);
    let mut bench = journaling(&[]);
    let now = bench.now;
    let mut damaged = batch.to_vec();
    damaged[65] ^= 1;
    let mut unstamped = Bench::warm(1, &[("enable.idempotence", "false")]);
    unstamped.send_to(0, "x");
    unstamped.advance_ms(5);
    let unstamped = unstamped.take().batch().header.encode();
    let producer = &mut bench.producer;
    let refused = [
        producer.replay(now, TOPIC, 0, batch.slice(..batch.len() - 1)),
        producer.replay(now, TOPIC, 0, damaged.into()),
        producer.replay(now, TOPIC, 0, Bytes::copy_from_slice(&unstamped)),
        producer.replay(now, TOPIC, -1, batch.clone()),
        producer.replay(now, TOPIC, i32::MAX, batch.clone()),
        producer.replay(now, "no/topic", 0, batch),
    ];
    assert!(refused.iter().all(Result::is_err), "{refused:?}");
    assert!(matches!(refused[3], Err(ReplayError::Partition(-1))));
    assert_eq!(bench.producer.outstanding(), 0);
}

/// It bears the identity of the process before this one: no gap is left in the sequences of this one.
#[test]
fn a_batch_of_an_earlier_process_that_is_refused_leaves_the_epoch_alone() {
    let (bytes, _) = unanswered(&["a"]);
    let mut bench = journaling(&[]);
    let send = |bench: &mut Bench, value| {
        bench.send_to(0, value);
        bench.run();
        note_all(bench);
        bench.take()
    };
    let own = send(&mut bench, "b");
    bench.ok(&own, 0);
    replay(&mut bench, bytes);
    bench.run();
    let replayed = bench.take();
    bench.reply(&replayed, ErrorCode::INVALID_RECORD, -1);
    assert_eq!(bench.done.len(), 2);
    let (_, epoch, sequence) = identity(&send(&mut bench, "c"));
    assert_eq!((epoch, sequence), (0, 1));
}
