//! Playing, stepping and seeking a small run.

use super::*;
use crate::testing::Run;

fn history() -> History {
    let mut run = Run::killed();
    run.at(10_000_000).leader(2, 1, &[1, 2]);
    let mut history = History::new();
    for envelope in run.events {
        history.push(envelope);
    }
    history
}

fn playing(speed: Speed) -> Playback {
    Playback {
        playing: true,
        speed,
        ..Playback::default()
    }
}

#[test]
fn auto_shows_at_most_eight_steps_a_second_and_shows_them_all() {
    let history = history();
    let mut playback = playing(Speed::Auto);
    let (mut arrivals, mut wall) = (vec![], 0.0);
    let mut last = playback.cursor();
    while playback.advance(5.0, &history) != Tick::AtEdge {
        wall += 5.0;
        let now = playback.cursor();
        assert!(now.seen >= last.seen && now.t >= last.t, "time runs forwards");
        if history.index().steps.iter().any(|s| s.seen == now.seen) && now.seen != last.seen {
            arrivals.push(wall);
        }
        last = now;
        assert!(wall < 60_000.0, "it ends");
    }
    let steps = history.index().steps.len();
    assert_eq!(arrivals.len(), steps);
    for pair in arrivals.windows(2) {
        assert!(pair[1] - pair[0] >= BEAT_MS - 5.0, "{arrivals:?}");
    }
    assert_eq!(playback.cursor().seen, history.len());
}

#[test]
fn auto_cuts_idle_time_instead_of_speeding_through_it() {
    let history = history();
    let mut playback = playing(Speed::Auto);
    playback.seek(1_008_000, &history);
    let mut seen = vec![];
    while playback.advance(16.0, &history) != Tick::AtEdge {
        if let Some(cut) = playback.cutting() {
            assert_eq!(cut, (1_008_000, 10_000_000));
        }
        seen.push(playback.cursor().t);
    }
    seen.dedup();
    assert_eq!(seen, [1_008_000, 10_000_000]);
}

#[test]
fn a_timed_speed_is_exact() {
    let history = history();
    let mut playback = playing(Speed::Times(0.01));
    playback.seek(1_000_000, &history);
    for _ in 0..10 {
        playback.advance(16.0, &history);
    }
    assert_eq!(playback.cursor().t, 1_001_600);
    playback.speed = Speed::Times(100.0);
    assert_eq!(playback.advance(1_000.0, &history), Tick::AtEdge);
    assert_eq!(playback.cursor().t, history.end());
}

#[test]
fn steps_go_back_the_way_they_came() {
    let history = history();
    let mut playback = Playback::default();
    let mut forwards = vec![];
    while playback.step(&history) {
        forwards.push(playback.cursor());
    }
    let mut backwards = vec![playback.cursor()];
    for _ in 1..forwards.len() {
        playback.step_back(&history);
        backwards.push(playback.cursor());
    }
    backwards.reverse();
    assert_eq!(forwards, backwards);
    playback.step_back(&history);
    assert_eq!(playback.cursor().seen, 0);
}

#[test]
fn paused_is_still() {
    let history = history();
    let mut playback = Playback::default();
    assert_eq!(playback.advance(10_000.0, &history), Tick::Still);
    assert_eq!(playback.cursor(), Cursor::default());
}

#[test]
fn a_seek_between_steps_steps_on_from_there() {
    let history = history();
    let mut playback = Playback::default();
    playback.seek(1_006_000, &history);
    playback.step(&history);
    assert_eq!(playback.cursor().t, 1_007_000);
    playback.seek(1_006_000, &history);
    playback.step_back(&history);
    assert_eq!(playback.cursor().t, 1_005_000);
}
