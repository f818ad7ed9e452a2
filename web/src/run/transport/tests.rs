//! What frames and the reader's hand do to a recorded, a live and a simulated run.

use ottla_scene::history::Inbox;
use ottla_trace::{Envelope, Event, Source};

use super::super::{Message, Sandbox};
use super::*;

fn event(seq: u64, t: u64) -> Envelope {
    Envelope {
        t,
        seq,
        source: Source::Client,
        event: Event::Full,
    }
}

struct Recorded;

impl Feed for Recorded {
    fn is_live(&self) -> bool {
        false
    }
    fn now(&self) -> Option<u64> {
        None
    }
    fn pump(&mut self, _: &mut History) -> bool {
        false
    }
    fn look_ahead(&mut self, _: &mut History, _: Ahead) {}
    fn waits_for_you(&self) -> bool {
        false
    }
}

/// A live source of which each frame takes two events.
struct Live {
    inbox: Inbox,
    now: u64,
}

impl Live {
    fn new() -> Self {
        Self {
            inbox: Inbox::new(100),
            now: 0,
        }
    }

    fn at(&mut self, now: u64, events: &[(u64, u64)]) {
        self.now = now;
        events
            .iter()
            .for_each(|(seq, t)| self.inbox.push(event(*seq, *t)));
    }
}

impl Feed for Live {
    fn is_live(&self) -> bool {
        true
    }
    fn now(&self) -> Option<u64> {
        Some(self.now)
    }
    fn pump(&mut self, history: &mut History) -> bool {
        self.inbox.pour(2, history)
    }
    fn look_ahead(&mut self, _: &mut History, _: Ahead) {}
    fn waits_for_you(&self) -> bool {
        false
    }
}

fn live() -> (Run, Live) {
    let mut run = Run::new(false);
    run.begin(History::new());
    run.playback.playing = true;
    (run, Live::new())
}

#[test]
fn a_live_run_is_followed_although_its_events_come_late() {
    let (mut run, mut live) = live();
    live.at(10_000, &[(0, 1_000), (1, 2_000), (2, 3_000)]);
    assert!(run.advance(16.0, &mut live));
    assert_eq!(
        (run.cursor().seen, run.cursor().t),
        (2, 2_000),
        "what is taken is of then, not of now"
    );
    assert!(run.advance(16.0, &mut live));
    assert_eq!((run.cursor().seen, run.cursor().t), (3, 10_000));
    // An event from before the moment that is shown.
    live.at(26_000, &[(3, 9_000)]);
    run.advance(16.0, &mut live);
    assert!(run.follows(&live));
    assert_eq!((run.cursor().seen, run.edge), (4, 26_000));
}

#[test]
fn a_paused_live_run_stands_still_and_is_joined_again_where_it_was_left() {
    let (mut run, mut live) = live();
    live.at(5_000, &[(0, 1_000)]);
    run.advance(16.0, &mut live);
    run.play(false, &live);
    live.at(90_000, &[(1, 80_000)]);
    assert!(!run.advance(16.0, &mut live), "nothing moves");
    assert_eq!((run.cursor().t, run.edge), (5_000, 5_000));
    assert_eq!(run.history.len(), 2, "nothing is missed either");
    run.play(true, &live);
    run.advance(16.0, &mut live);
    assert_eq!((run.cursor().seen, run.cursor().t), (2, 90_000));
}

#[test]
fn the_past_of_a_live_run_plays_until_it_is_the_present() {
    let (mut run, mut live) = live();
    live.at(60_000, &[(0, 1_000), (1, 50_000)]);
    run.advance(16.0, &mut live);
    run.seek(0);
    assert_eq!(run.cursor().t, 1_000, "the run begins there");
    assert!(!run.playback.playing);
    run.playback.speed = Speed::Times(1.0);
    run.play(true, &live);
    assert!(run.advance(10.0, &mut live));
    assert_eq!((run.cursor().seen, run.cursor().t), (1, 11_000));
    assert!(!run.follows(&live), "the past is not the present");
    live.at(200_000, &[]);
    run.advance(100.0, &mut live);
    run.advance(16.0, &mut live);
    assert!(run.follows(&live));
    assert_eq!(run.cursor().t, 200_000);
}

#[test]
fn with_less_motion_a_live_picture_changes_with_events_only() {
    let (_, mut live) = live();
    let mut run = Run::new(true);
    run.begin(History::new());
    run.playback.playing = true;
    live.at(70_000, &[(0, 1_000)]);
    run.advance(16.0, &mut live);
    assert_eq!(run.cursor().t, 1_000);
}

fn recorded() -> Run {
    let mut history = History::new();
    (0..5).for_each(|n| history.push(event(n, 1_000 + n * 10_000)));
    let mut run = Run::new(false);
    run.begin(history);
    run.show_end(false);
    run
}

#[test]
fn a_recording_ends_and_begins_anew() {
    let mut run = recorded();
    assert_eq!(
        (run.cursor().t, run.edge, run.playback.playing),
        (41_000, 41_000, false)
    );
    run.playback.speed = Speed::Times(1.0);
    run.play(true, &Recorded);
    assert_eq!(run.cursor().t, 1_000);
    assert!(run.advance(15.0, &mut Recorded));
    assert_eq!((run.cursor().seen, run.cursor().t), (2, 16_000));
    assert!(!run.advance(1_000.0, &mut Recorded));
    assert_eq!((run.cursor().seen, run.cursor().t), (5, 41_000));
    assert!(!run.playback.playing, "it is over");
}

#[test]
fn scrubbing_stays_within_what_was_shown() {
    let mut run = recorded();
    run.edge = 21_000;
    run.seek(u64::MAX);
    assert_eq!((run.cursor().seen, run.cursor().t), (3, 21_000));
    run.seek(15_000);
    assert_eq!((run.cursor().seen, run.cursor().t), (2, 15_000));
    run.step(true, &mut Recorded);
    assert_eq!((run.cursor().seen, run.cursor().t), (3, 21_000));
    run.step(true, &mut Recorded);
    assert_eq!(run.edge, 31_000, "a step shows more");
    run.step(false, &mut Recorded);
    assert_eq!((run.cursor().seen, run.edge), (3, 31_000));
}

#[test]
fn speeds_end_at_both_ends() {
    let mut run = recorded();
    let mut speeds = vec![run.playback.speed];
    for _ in 0..9 {
        run.faster(true);
        speeds.push(run.playback.speed);
    }
    speeds.dedup();
    assert_eq!(speeds, Speed::CHOICES);
    (0..9).for_each(|_| run.faster(false));
    assert_eq!(run.playback.speed, Speed::Auto);
}

struct Simulated(Sandbox);

impl Feed for Simulated {
    fn is_live(&self) -> bool {
        false
    }
    fn now(&self) -> Option<u64> {
        None
    }
    fn pump(&mut self, _: &mut History) -> bool {
        false
    }
    fn look_ahead(&mut self, history: &mut History, until: Ahead) {
        self.0.look_ahead(history, until);
    }
    fn waits_for_you(&self) -> bool {
        true
    }
}

fn message(n: u32) -> Message {
    Message {
        topic: "orders".to_owned(),
        key: Some("kim".to_owned()),
        value: Some(format!("{{\"order\":{n}}}")),
        ..Message::default()
    }
}

fn sandbox() -> (Run, Simulated) {
    let mut history = History::new();
    let sandbox = Sandbox::new("all", &mut history).expect("the preset is good");
    let mut run = Run::new(false);
    run.begin(history);
    run.show_end(true);
    (run, Simulated(sandbox))
}

impl Simulated {
    fn send(&mut self, run: &mut Run, n: u32) -> u64 {
        let cursor = run.cursor();
        let sent = self.0.send(&message(n), cursor, &mut run.history);
        sent.expect("there is room")
            .expect("the sandbox numbers records at once")
    }
}

fn lines(run: &Run) -> Vec<String> {
    let events = run.history.events().iter();
    events.map(|it| format!("{it:?}")).collect()
}

#[test]
fn a_sandbox_plays_until_the_record_is_told_ok_and_then_waits() {
    let (mut run, mut feed) = sandbox();
    let id = feed.send(&mut run, 1);
    let before = run.edge;
    let mut frames = 0;
    while run.advance(16.0, &mut feed) {
        assert!(run.edge >= run.cursor().t, "what is shown is within the edge");
        frames += 1;
        assert!(frames < 10_000, "it ends");
    }
    assert!(run.edge > before);
    assert!(run.playback.playing, "it goes on when somebody acts");
    let seen = run.cursor().seen;
    let state = run.history.state(seen);
    assert_eq!(state.ledger().told_ok, 1);
    let record = state.records.get(id).expect("it was sent");
    assert_eq!(state.offset_of(record), Some(0));
}

#[test]
fn what_is_looked_ahead_at_is_not_shown() {
    let (mut run, mut feed) = sandbox();
    feed.send(&mut run, 1);
    run.playback.playing = true;
    let ahead = |run: &Run| run.history.end() > run.edge;
    let frame = (0..1_000).find(|_| !run.advance(1.0, &mut feed) || ahead(&run));
    assert!(ahead(&run), "the world is ahead in frame {frame:?}");
    let edge = run.edge;
    run.seek(u64::MAX);
    assert_eq!(run.cursor().t, edge);
}

#[test]
fn equal_orders_make_equal_runs_however_often_one_looks_back() {
    let (mut straight, mut feed) = sandbox();
    feed.send(&mut straight, 1);
    (0..30).for_each(|_| straight.step(true, &mut feed));
    feed.send(&mut straight, 2);
    (0..30).for_each(|_| straight.step(true, &mut feed));

    let (mut winding, mut feed) = sandbox();
    feed.send(&mut winding, 1);
    for n in 0..30 {
        winding.step(true, &mut feed);
        if n % 7 == 0 {
            winding.step(false, &mut feed);
            winding.step(true, &mut feed);
        }
    }
    feed.send(&mut winding, 2);
    (0..30).for_each(|_| winding.step(true, &mut feed));
    assert_eq!(straight.cursor(), winding.cursor());
    assert_eq!(lines(&straight), lines(&winding));
}

#[test]
fn who_sends_in_the_past_makes_another_future() {
    let (mut run, mut feed) = sandbox();
    let start = run.cursor().t;
    feed.send(&mut run, 1);
    (0..40).for_each(|_| run.step(true, &mut feed));
    let shown = run.edge;
    feed.0.kill(3, true, run.cursor(), &mut run.history);
    run.step(true, &mut feed);
    run.seek(start);
    let id = feed.send(&mut run, 2);
    run.forget_the_future();
    assert_eq!(
        id, 1,
        "the first record stays: it was sent before that moment ended"
    );
    assert_eq!(run.edge, start);
    assert!(shown > start);
    (0..80).for_each(|_| run.step(true, &mut feed));
    let seen = run.cursor().seen;
    let state = run.history.state(seen);
    assert!(
        state.brokers.values().all(|broker| !broker.dead()),
        "nobody killed one"
    );
    assert_eq!(state.ledger().told_ok, 2);
}
