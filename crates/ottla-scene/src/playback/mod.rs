//! Playing a run: a cursor and a speed, as data.
//!
//! The shell tells how much wall time passed; nothing here looks at a clock.

mod timemap;

pub(crate) use timemap::SHORTEST_CUT;
pub use timemap::{Cut, TimeMap};

use crate::history::{History, Step};

/// Wall time between two visible events in [`Speed::Auto`]: at most eight a second.
pub const BEAT_MS: f64 = 125.0;
/// Wall time of one simulated millisecond in [`Speed::Auto`], while something is under way.
const AUTO_MS_PER_MS: f64 = 120.0;
/// The longest wait for the next event in [`Speed::Auto`].
const LONGEST_MS: f64 = 1_500.0;
/// Idle stretches above this (microseconds) are cut, not sped through.
pub const IDLE_US: u64 = 400_000;
/// How long a cut stands before the clock goes on behind it.
const CUT_MS: f64 = 600.0;

/// What is shown: so many events, at that time.
///
/// Both are needed, because several events can have the same time: inside `send` a record is partitioned and
/// appended within one instant of the simulated clock, and each of these is a step.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cursor {
    /// Events until here.
    pub seen: usize,
    /// Time in microseconds.
    pub t: u64,
}

/// How fast.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Speed {
    /// At most eight visible causal events a second; idle time is cut.
    Auto,
    /// So many times the trace's own clock, from 1/1000 to 100.
    Times(f64),
}

impl Speed {
    /// The choices of the dock.
    pub const CHOICES: [Self; 7] = [
        Self::Auto,
        Self::Times(0.001),
        Self::Times(0.01),
        Self::Times(0.1),
        Self::Times(1.0),
        Self::Times(10.0),
        Self::Times(100.0),
    ];
}

/// What the shell should do after [`Playback::advance`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tick {
    /// Nothing moves.
    Still,
    /// The cursor moved, or will.
    Moved,
    /// The recorded events end here; more of them are needed to go on.
    AtEdge,
}

/// Playing, its speed, and where it is.
#[derive(Clone, Debug, PartialEq)]
pub struct Playback {
    /// Whether time passes.
    pub playing: bool,
    /// How fast.
    pub speed: Speed,
    /// Jumps from event to event, at the same pace, instead of moving things between them: for readers who asked for
    /// less motion.
    pub jumps: bool,
    cursor: Cursor,
    way: Option<Way>,
}

/// The way from the cursor to the next step in [`Speed::Auto`].
#[derive(Clone, Copy, Debug, PartialEq)]
struct Way {
    from: u64,
    to: Step,
    lasts: f64,
    gone: f64,
    cut: bool,
}

impl Default for Playback {
    fn default() -> Self {
        Self {
            playing: false,
            speed: Speed::Auto,
            jumps: false,
            cursor: Cursor::default(),
            way: None,
        }
    }
}

impl Playback {
    /// At the beginning, not playing; `jumps` as in the field.
    pub fn new(jumps: bool) -> Self {
        Self {
            jumps,
            ..Self::default()
        }
    }

    /// Where it is.
    pub fn cursor(&self) -> Cursor {
        self.cursor
    }

    /// The idle stretch that is being cut out now, if any.
    pub fn cutting(&self) -> Option<(u64, u64)> {
        let way = self.way.filter(|way| way.cut && self.playing)?;
        Some((way.from, way.to.t))
    }

    /// Goes to a time.
    pub fn seek(&mut self, t: u64, history: &History) {
        self.way = None;
        self.cursor = Cursor {
            seen: history.seen_at(t),
            t,
        };
    }

    /// Goes to the end of what is recorded, or to `t` when that is later.
    pub fn follow(&mut self, t: u64, history: &History) {
        self.way = None;
        self.cursor = Cursor {
            seen: history.len(),
            t: t.max(history.end()),
        };
    }

    /// Goes to the next visible event. False when there is none.
    pub fn step(&mut self, history: &History) -> bool {
        self.way = None;
        let Some(step) = history.index().next_step(self.cursor.seen) else {
            return false;
        };
        self.arrive(step);
        true
    }

    /// Goes to the visible event before.
    pub fn step_back(&mut self, history: &History) {
        self.way = None;
        match history.index().previous_step(self.cursor.seen, self.cursor.t) {
            Some(step) => self.arrive(step),
            None => {
                self.cursor = Cursor {
                    seen: history.forgotten(),
                    t: history.start(),
                };
            }
        }
    }

    fn arrive(&mut self, step: Step) {
        self.cursor = Cursor {
            seen: step.seen,
            t: step.t,
        };
    }

    /// Lets `wall_ms` pass.
    pub fn advance(&mut self, wall_ms: f64, history: &History) -> Tick {
        if !self.playing {
            return Tick::Still;
        }
        match self.speed {
            Speed::Auto => self.advance_auto(wall_ms, history),
            Speed::Times(times) => self.advance_by(wall_ms * 1000.0 * times, history),
        }
    }

    fn advance_by(&mut self, micros: f64, history: &History) -> Tick {
        self.way = None;
        // Never below one microsecond: at 1/1000 a frame of 16 ms is 16 us, but a shell may tick faster.
        let t = self.cursor.t.saturating_add((micros as u64).max(1));
        let edge = history.end().max(self.cursor.t);
        self.cursor = Cursor {
            seen: history.seen_at(t.min(edge)),
            t: t.min(edge),
        };
        if t > edge { Tick::AtEdge } else { Tick::Moved }
    }

    fn advance_auto(&mut self, wall_ms: f64, history: &History) -> Tick {
        let Some(to) = history.index().next_step(self.cursor.seen) else {
            self.way = None;
            return Tick::AtEdge;
        };
        let way = match self.way {
            Some(way) if way.to == to => way,
            _ => plan(self.cursor.t, to),
        };
        let way = Way {
            gone: way.gone + wall_ms,
            ..way
        };
        if way.gone >= way.lasts {
            self.way = None;
            self.arrive(to);
            return Tick::Moved;
        }
        self.way = Some(way);
        if !way.cut && !self.jumps {
            let t = way.from + ((way.to.t - way.from) as f64 * way.gone / way.lasts) as u64;
            if t > self.cursor.t {
                // Not yet what happens at the step itself.
                self.cursor = Cursor {
                    seen: history
                        .seen_at(t.min(to.t.saturating_sub(1)))
                        .max(self.cursor.seen),
                    t,
                };
            }
        }
        Tick::Moved
    }
}

fn plan(from: u64, to: Step) -> Way {
    let gap = to.t.saturating_sub(from);
    let cut = gap > IDLE_US;
    let lasts = if cut {
        CUT_MS
    } else {
        (gap as f64 / 1000.0 * AUTO_MS_PER_MS).clamp(BEAT_MS, LONGEST_MS)
    };
    Way {
        from: from.min(to.t),
        to,
        lasts,
        gone: 0.0,
        cut,
    }
}

#[cfg(test)]
mod tests;
