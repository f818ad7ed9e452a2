//! Any moment, from any side, is the same picture.

use ottla_trace::Envelope;
use proptest::prelude::*;

use super::{arbitrary::any_run, *};
use crate::testing::Run;

fn history(events: &[Envelope]) -> History {
    let mut history = History::new();
    for envelope in events {
        history.push(envelope.clone());
    }
    history
}

fn fresh(events: &[Envelope], seen: usize) -> State {
    let mut state = State::default();
    for envelope in &events[..seen] {
        state.fold(envelope);
    }
    state
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn forwards_backwards_and_fresh_are_equal(events in any_run(160), jumps in prop::collection::vec(0..1_000_usize, 1..12)) {
        // Repeated, so that keyframes lie between the jumps.
        let events: Vec<Envelope> = (0..20).flat_map(|round: u64| {
            let end = events.last().map_or(0, |it| it.t);
            events.iter().cloned().map(move |mut it| { it.t += round * end; it })
        }).collect();
        let mut history = history(&events);
        for jump in jumps {
            let seen = jump * events.len() / 999;
            let seen = seen.min(events.len());
            prop_assert_eq!(history.state(seen), &fresh(&events, seen));
        }
    }

    #[test]
    fn silences_are_where_nothing_happens(events in any_run(120), end in 0..20_000_000_u64, now in 0..20_000_000_u64) {
        let events: Vec<Envelope> = events.into_iter().map(|mut it| { it.t *= 400; it }).collect();
        let history = history(&events);
        let index = history.index();
        let (start, end) = (history.start(), history.start() + end);
        let mut moments: Vec<u64> = index.steps.iter().map(|it| it.t).collect();
        moments.extend(index.spans.iter().filter_map(|it| Some(it.end?.0)));
        moments.push(now);
        moments.retain(|t| (start..=end).contains(t));
        moments.extend([start, end]);
        moments.sort_unstable();
        let expected: Vec<_> = moments.windows(2).map(|it| (it[0], it[1])).filter(|(a, b)| b - a > 50_000).collect();
        let mut found: Vec<_> = index.silences((start, end), now).collect();
        found.sort_unstable();
        prop_assert_eq!(found, expected);
    }

    #[test]
    fn a_truncated_run_is_the_run_that_never_went_on(events in any_run(120), keep in 0..120_usize) {
        let mut cut = history(&events);
        cut.state(events.len());
        cut.truncate(keep);
        let keep = keep.min(events.len());
        let mut short = history(&events[..keep]);
        prop_assert_eq!(cut.index(), short.index());
        prop_assert_eq!(cut.state(keep).clone(), short.state(keep).clone());
    }
}

#[test]
fn old_events_are_forgotten_and_the_rest_stays_true() {
    let run = Run::killed();
    let mut history = History::new();
    let mut rounds = 0;
    while history.forgotten() == 0 {
        for envelope in &run.events {
            let mut envelope = envelope.clone();
            envelope.t += rounds * 2_000_000;
            history.push(envelope);
        }
        rounds += 1;
    }
    assert!(history.len() > KEEP_EVENTS);
    assert!(history.start() > 0);
    let (tip, forgotten, len) = (history.tip().clone(), history.forgotten() as u64, history.len());
    assert_eq!(history.state(0).events, forgotten, "not before what is kept");
    assert_eq!(history.state(len), &tip);
}

#[test]
fn a_single_record_is_stepped_hop_by_hop_and_a_burst_is_not() {
    let mut run = Run::new();
    run.at(1_000).send(0, 0, 0, 0);
    let before = history(&Run::new().events).index().steps.len();
    let one = history(&run.events);
    let steps = &one.index().steps[before..];
    assert_eq!(steps.len(), 3, "accepted, partitioned, appended: {steps:?}");
    assert_eq!(steps[2].seen, run.events.len());

    run.send(1, 0, 0, 1);
    assert_eq!(history(&run.events).index().steps.len() - before, 2);
    for index in 2..20 {
        run.send(1, 0, 0, index);
    }
    let burst = history(&run.events);
    assert_eq!(burst.index().steps.len() - before, 1);
    assert_eq!(burst.index().steps[before].seen, run.events.len());
}

#[test]
fn the_index_names_the_kill_and_the_new_leader() {
    let mut run = Run::killed();
    run.at(10_000_000).leader(2, 1, &[1, 2]);
    let history = history(&run.events);
    let kinds: Vec<_> = history.index().markers.iter().map(|it| it.kind.clone()).collect();
    assert_eq!(
        kinds,
        [
            MarkerKind::Killed(3),
            MarkerKind::TakesOver {
                node: 1,
                partitions: vec![(0, 2)]
            }
        ]
    );
    assert_eq!(
        history.index().spans,
        [Span {
            node: 3,
            from: 1_005_000,
            end: Some((1_008_000, SpanEnd::Cut))
        }]
    );
}
