//! The fold against small runs, event by event.

use ottla_trace::{
    Event, Snapshot, Source,
    event::{BrokerState, Ledger, PartitionedBy, Persisted, Verdict},
};

use super::*;
use crate::testing::Run;

fn fold(run: &Run) -> State {
    let mut state = State::default();
    for envelope in &run.events {
        state.fold(envelope);
    }
    state
}

#[test]
fn a_record_goes_from_send_to_told_ok() {
    let mut run = Run::new();
    run.at(1_000).send(0, 2, 7, 0);
    let state = fold(&run);
    let record = state.records.get(0).expect("accepted");
    assert_eq!(state.locate(record, 1_000), RecordAt::Queued(7));
    assert_eq!(state.lane((0, 2)).queued, [7]);
    assert_eq!(state.batches.get(7).map(|b| (b.bytes, b.count)), Some((83, 1)));

    run.at(6_000).fly(7, 3, 40, 1);
    let state = fold(&run);
    let record = state.records.get(0).expect("accepted");
    let flying = |t| match state.locate(record, t) {
        RecordAt::Flying { position, .. } => position,
        other => panic!("{other:?}"),
    };
    assert_eq!(flying(7_000), Position::Out(0.5));
    assert_eq!(flying(9_000), Position::AtBroker);
    assert_eq!(state.under_way(3, 7_000).count(), 1);
    assert_eq!(state.lane((0, 2)).queued, [0_u64; 0]);

    run.at(8_000).append(3, 2, 40, 5, 1);
    run.at(9_000).broker(
        2,
        Event::Replicated {
            topic: 0,
            partition: 2,
            log_end: 6,
        },
    );
    run.at(10_000).ack(7, 3, 40, 5);
    let state = fold(&run);
    let record = state.records.get(0).expect("accepted");
    assert_eq!(state.locate(record, 10_000), RecordAt::ToldOk);
    assert_eq!(state.offset_of(record), Some(5));
    assert_eq!(
        state.record_in_log(2, (0, 2), 5),
        Some(0),
        "the follower copied it"
    );
    assert_eq!(state.record_in_log(1, (0, 2), 5), None);
    assert_eq!(state.under_way(3, 10_000).count(), 0);
    let ledger = state.ledger();
    assert_eq!((ledger.sent, ledger.told_ok, ledger.waiting), (1, 1, 0));
    assert_eq!(ledger.lost, None, "no oracle, no claim");
}

#[test]
fn records_that_await_metadata_leave_in_any_order() {
    let mut run = Run::new();
    let accepted = |run: &mut Run, record, topic| {
        run.client(Event::Accepted {
            record,
            topic,
            key: None,
            key_bytes: 0,
            value_bytes: 1,
            headers: 0,
            timestamp: 0,
        });
        run.client(Event::AwaitingMetadata { record });
    };
    for (record, topic) in [(0, 7), (1, 8), (2, 7), (3, 8)] {
        accepted(&mut run, record, topic);
    }
    let partitioned = |record| Event::Partitioned {
        record,
        partition: 0,
        of: 1,
        by: PartitionedBy::Sticky,
    };
    // The second topic is known first.
    run.client(partitioned(1));
    run.client(partitioned(3));
    let error = "MAX_BLOCK_TIMEOUT".to_owned();
    run.client(Event::RecordFailed { record: 2, error });
    let state = fold(&run);
    assert_eq!(state.awaiting, [0]);
    run.client(partitioned(0));
    assert!(fold(&run).awaiting.is_empty());
}

#[test]
fn a_dead_leader_leaves_the_batch_at_the_head_of_its_queue_and_possibly_written() {
    let mut run = Run::killed();
    run.at(1_008_500).send(2, 2, 1, 0);
    let state = fold(&run);
    assert_eq!(state.lane((0, 2)).queued, [0, 1]);
    assert_eq!(
        state.batches.get(0).map(|b| b.persisted),
        Some(Persisted::Possibly)
    );
    assert_eq!(state.pipe(3), PipeState::Cut(1_008_000));
    assert_eq!(state.pipe(1), PipeState::Open);
    assert!(state.brokers[&3].dead());
    assert_eq!(state.ledger().unknown, 2);
    assert_eq!(state.record_in_log(3, (0, 2), 1), Some(1));
    assert_eq!(state.under_way(3, 1_008_000).count(), 0);
}

#[test]
fn a_redialled_dead_broker_stays_cut_until_it_answers() {
    let mut run = Run::killed();
    run.at(1_060_000).client(Event::Dialing {
        conn: 9,
        node: Some(3),
        address: "b3:9092".into(),
    });
    assert_eq!(fold(&run).pipe(3), PipeState::Cut(1_008_000));
    run.client(Event::Connected { conn: 9 });
    run.client(Event::Ready {
        conn: 9,
        produce_version: 13,
    });
    assert_eq!(fold(&run).pipe(3), PipeState::Open);
}

#[test]
fn a_failure_that_may_be_written_is_unknown_forever() {
    let mut run = Run::killed();
    run.at(121_000_000).client(Event::Expired {
        batch: 0,
        persisted: Persisted::Possibly,
    });
    let state = fold(&run);
    let ledger = state.ledger();
    assert_eq!((ledger.failed, ledger.unknown, ledger.waiting), (2, 2, 0));
    assert!(!state.busy());
    // Told once: a late word does not change what the application heard.
    run.client(Event::Acked {
        batch: 0,
        base_offset: 0,
        log_append_time: -1,
    });
    assert_eq!(fold(&run).ledger(), ledger);
}

#[test]
fn a_split_batch_is_replaced_in_its_place() {
    let mut run = Run::new();
    run.at(1_000).send(0, 0, 0, 0);
    run.send(0, 0, 0, 1);
    run.fly(0, 1, 1, 2);
    run.send(0, 0, 1, 0);
    for batch in [2, 3] {
        run.client(Event::BatchOpened {
            batch,
            topic: 0,
            partition: 0,
            capacity: 160,
        });
    }
    run.client(Event::Split {
        batch: 0,
        into: vec![2, 3],
    });
    assert_eq!(fold(&run).lane((0, 0)).queued, [2, 3, 1]);
}

#[test]
fn without_brokers_in_the_trace_answers_are_the_only_word_about_logs() {
    let mut run = Run::new();
    run.at(1_000).send(0, 1, 0, 0);
    run.fly(0, 2, 1, 1);
    run.at(5_000).ack(0, 2, 1, 900);
    run.events.retain(|it| it.source == Source::Client);
    let state = fold(&run);
    assert!(!state.observed);
    assert_eq!(state.record_in_log(2, (0, 1), 900), Some(0));
    assert_eq!(state.brokers[&2].state, None);
}

#[test]
fn acks_0_ends_the_request_when_it_arrives() {
    let mut run = Run::new();
    run.at(1_000).send(0, 1, 0, 0);
    run.fly(0, 2, 1, 1);
    run.client(Event::Acked {
        batch: 0,
        base_offset: -1,
        log_append_time: -1,
    });
    let state = fold(&run);
    assert_eq!(state.under_way(2, 2_000).count(), 1, "still on the wire");
    assert_eq!(state.under_way(2, 3_000).count(), 0);
    assert_eq!(state.ledger().told_ok, 1);
}

#[test]
fn the_oracle_overrules_the_client() {
    let mut run = Run::killed();
    run.world(Event::Ledger(Ledger {
        sent: 2,
        told_ok: 2,
        lost: 2,
        ..Ledger::default()
    }));
    run.world(Event::Verdict {
        record: 1,
        verdict: Verdict::Lost { offset: 1 },
    });
    let state = fold(&run);
    assert_eq!(state.ledger().lost, Some(2));
    assert_eq!(state.verdicts, [1]);
}

#[test]
fn a_snapshot_is_used_only_by_those_who_missed_something() {
    let snapshot = |accepted| {
        Event::Snapshot(Snapshot {
            accepted,
            ..Snapshot::default()
        })
    };
    let mut run = Run::killed();
    run.client(snapshot(77));
    assert_eq!(fold(&run).counts.sent, 2);
    run.client(Event::Lost { count: 9 });
    run.client(snapshot(77));
    let state = fold(&run);
    assert_eq!((state.counts.sent, state.lost_events), (77, 9));
    assert!(state.queues.is_empty());
}

#[test]
fn follower_logs_are_cut_when_they_follow_a_new_leader() {
    let mut run = Run::killed();
    run.at(10_000_000).leader(2, 1, &[1, 2]);
    run.at(20_000_000).world(Event::BrokerState {
        node: 3,
        state: BrokerState::Up,
        fenced_at: None,
    });
    run.broker(
        3,
        Event::Truncated {
            topic: 0,
            partition: 2,
            log_end: 0,
        },
    );
    let state = fold(&run);
    assert_eq!(state.logs[&(3, (0, 2))].end, 0);
    assert_eq!(state.leader((0, 2)), 1);
    assert_eq!(state.believed_leader((0, 2)), 3, "nobody told the client yet");
}
