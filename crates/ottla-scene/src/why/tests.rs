//! The reasons of a small run.

use ottla_trace::{Event, event::Verdict};

use super::*;
use crate::testing::Run;

fn state(run: &Run) -> State {
    let mut state = State::default();
    for envelope in &run.events {
        state.fold(envelope);
    }
    state
}

#[test]
fn lingering_counts_from_the_opening_of_the_batch() {
    let mut run = Run::new();
    run.at(1_000).send(0, 2, 0, 0);
    run.at(2_000).send(0, 2, 0, 1);
    assert_eq!(
        why(&state(&run), 1, 3_500),
        Some(Why::Lingering {
            gone: 2_500,
            linger: 5_000,
            bytes: 105,
            capacity: 160
        })
    );
}

#[test]
fn a_request_is_on_its_way_then_waits_for_the_followers_then_its_answer_comes() {
    let mut run = Run::new();
    run.at(0).send(0, 0, 0, 0);
    run.at(1_000).fly(0, 1, 7, 1);
    assert_eq!(
        why(&state(&run), 0, 2_000),
        Some(Why::OnItsWay {
            node: 1,
            part: Some(0.5)
        })
    );
    run.at(3_000).append(1, 0, 7, 0, 1);
    run.at(4_000).broker(
        2,
        Event::Replicated {
            topic: 0,
            partition: 0,
            log_end: 1,
        },
    );
    assert_eq!(
        why(&state(&run), 0, 4_000),
        Some(Why::WaitsForFollowers {
            node: 1,
            missing: vec![3]
        })
    );
    run.at(5_000).broker(
        3,
        Event::Replicated {
            topic: 0,
            partition: 0,
            log_end: 1,
        },
    );
    run.world(Event::InFlight {
        conn: 1,
        correlation: 7,
        answer: true,
        node: 1,
        arrives: 7_000,
    });
    assert_eq!(why(&state(&run), 0, 6_000), Some(Why::AnswerComing { node: 1 }));
    run.at(7_000).ack(0, 1, 7, 0);
    assert_eq!(
        why(&state(&run), 0, 9_000),
        Some(Why::ToldOk {
            offset: 0,
            took: 7_000,
            attempts: 1
        })
    );
}

#[test]
fn the_dead_broker_had_appended_it() {
    let run = Run::killed();
    let Some(Why::SentAgain {
        node,
        left,
        persisted,
        appended,
        dead,
        ..
    }) = why(&state(&run), 1, 1_010_000)
    else {
        panic!("the batch waits to be sent again");
    };
    assert_eq!(
        (node, left, persisted, appended, dead),
        (3, 98_000, Persisted::Possibly, true, true)
    );
    let facts = facts(&state(&run), 1, 1_010_000).expect("the record is known");
    assert_eq!(facts.partition.as_deref(), Some("orders-2"));
    assert_eq!(facts.persisted, Persisted::Possibly);
    assert_eq!(facts.deadline, Some((119_990_000, 120_000_000)));
    assert_eq!(facts.offset, Some(1));
}

#[test]
fn a_queue_behind_a_cut_pipe_says_so() {
    let mut run = Run::killed();
    run.at(1_009_000).send(2, 2, 1, 0);
    run.client(Event::BatchClosed {
        batch: 1,
        because: ottla_trace::event::CloseReason::Linger,
        records: 1,
        bytes: 83,
    });
    assert_eq!(
        why(&state(&run), 2, 1_010_000),
        Some(Why::NoConnection { node: 3, cut: true })
    );
}

#[test]
fn the_oracle_has_the_last_word() {
    let mut run = Run::killed();
    run.world(Event::Verdict {
        record: 0,
        verdict: Verdict::Lost { offset: 0 },
    });
    assert_eq!(why(&state(&run), 0, 0), Some(Why::Lost { offset: 0 }));
    assert_eq!(why(&state(&run), 99, 0), None);
}

#[test]
fn the_waterfall_has_no_holes() {
    let mut run = Run::killed();
    run.at(1_120_000).resend(0, 3, 2);
    let phases = waterfall(&state(&run), 0, 1_121_000);
    let kinds: Vec<_> = phases.iter().map(|phase| (phase.kind, phase.end)).collect();
    assert_eq!(
        kinds,
        [
            (PhaseKind::Send, PhaseEnd::Done),
            (PhaseKind::Linger, PhaseEnd::Done),
            (PhaseKind::Flight(1), PhaseEnd::Cut),
            (PhaseKind::Retry, PhaseEnd::Done),
            (PhaseKind::Flight(2), PhaseEnd::Lasts),
        ]
    );
    for pair in phases.windows(2) {
        assert_eq!(pair[0].to, pair[1].from);
    }
    assert_eq!((phases[0].from, phases[4].to), (1_000_000, 1_121_000));
}
