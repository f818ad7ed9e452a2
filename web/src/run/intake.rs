//! Events on their way into the run, as many as a frame has time for.

use ottla_scene::history::{History, Inbox};

/// Time that taking events may have of one frame (milliseconds); drawing needs the rest.
const FRAME_MS: f64 = 4.0;

/// Events between two looks at the clock.
const EVENTS_PER_LOOK: usize = 64;

/// Takes events into the run; true when there was no time for all of them. `clock` is in milliseconds.
pub(crate) fn pour(inbox: &mut Inbox, history: &mut History, clock: impl Fn() -> f64) -> bool {
    let until = clock() + FRAME_MS;
    loop {
        let more = inbox.pour(EVENTS_PER_LOOK, history);
        if !more || clock() >= until {
            return more;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use ottla_trace::{Envelope, Event, Source};

    use super::*;

    #[test]
    fn a_burst_takes_as_many_frames_as_it_needs_and_is_whole() {
        let mut inbox = Inbox::new(10_000);
        for seq in 0..1_000 {
            inbox.push(Envelope {
                t: seq,
                seq,
                source: Source::Client,
                event: Event::Full,
            });
        }
        let mut history = History::new();
        let now = Cell::new(0.0);
        // Each look finds the clock a millisecond later.
        let clock = || {
            now.set(now.get() + 1.0);
            now.get()
        };
        let mut frames = vec![];
        while pour(&mut inbox, &mut history, clock) {
            frames.push(history.len());
        }
        assert_eq!(frames, [256, 512, 768], "four pieces a frame");
        let seqs: Vec<u64> = history.events().iter().map(|it| it.seq).collect();
        assert_eq!(seqs, (0..1_000).collect::<Vec<_>>());
        assert!(!pour(&mut inbox, &mut history, clock));
    }

    #[test]
    fn a_clock_that_stands_still_does_not_stop_the_run() {
        let mut history = History::new();
        assert!(!pour(&mut Inbox::new(1), &mut history, || 0.0));
        assert!(history.is_empty());
    }
}
