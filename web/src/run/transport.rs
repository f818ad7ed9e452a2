//! Play, pause, step, speed and scrub: what a frame does with the time that passed.

use ottla_scene::{
    history::History,
    playback::{Cursor, Playback, Speed, Tick},
};

/// How far a look-ahead goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ahead {
    /// Until there is a step after so many events.
    Step(usize),
    /// Until this time.
    Time(u64),
}

/// Where the events of a run come from.
pub(crate) trait Feed {
    /// Whether time passes by itself.
    fn is_live(&self) -> bool;

    /// The live clock in microseconds of the trace.
    fn now(&self) -> Option<u64>;

    /// Takes what arrived since the last frame, as much as a frame has time for, and says whether there is more.
    fn pump(&mut self, history: &mut History) -> bool;

    /// Lets a simulated world run until playback has something to play towards.
    fn look_ahead(&mut self, history: &mut History, until: Ahead);

    /// Whether the run goes on when somebody acts: then playing does not end at its edge.
    fn waits_for_you(&self) -> bool;
}

/// The events, the cursor, and how far they were shown.
pub(crate) struct Run {
    pub(crate) history: History,
    pub(crate) playback: Playback,
    /// The furthest moment that was shown: the timeline does not give away what a look-ahead found.
    pub(crate) edge: u64,
    /// Whether a live run is shown as it happens, unless it is paused.
    joined: bool,
    /// Counts runs, for those who come back to one later.
    number: u64,
}

impl Run {
    pub(crate) fn new(reduced_motion: bool) -> Self {
        Self {
            history: History::new(),
            playback: Playback::new(reduced_motion),
            edge: 0,
            joined: false,
            number: 0,
        }
    }

    /// Another run, at its beginning.
    pub(crate) fn begin(&mut self, history: History) {
        self.history = history;
        self.playback.seek(0, &self.history);
        self.edge = 0;
        self.joined = true;
        self.number += 1;
    }

    /// Which run this is, of those that were shown.
    pub(crate) fn number(&self) -> u64 {
        self.number
    }

    /// Goes to the end of what there is; playing goes on from there.
    pub(crate) fn follow(&mut self) {
        self.edge = self.history.end();
        self.playback.follow(self.edge, &self.history);
        self.playback.playing = true;
        self.joined = true;
    }

    /// Goes to the end of what there is, and waits there if it should.
    pub(crate) fn show_end(&mut self, playing: bool) {
        self.follow();
        self.playback.playing = playing;
    }

    /// The cursor. In the sandbox somebody acts at what is shown, in the past too.
    pub(crate) fn cursor(&self) -> Cursor {
        self.playback.cursor()
    }

    /// Whether a live run is shown as it happens.
    pub(crate) fn follows(&self, feed: &impl Feed) -> bool {
        feed.is_live() && self.playback.playing && self.joined
    }

    /// What was shown after the cursor will not happen.
    pub(crate) fn forget_the_future(&mut self) {
        self.edge = self.cursor().t;
    }

    /// Lets `wall_ms` pass. True while something moves.
    pub(crate) fn advance(&mut self, wall_ms: f64, feed: &mut impl Feed) -> bool {
        let live = feed.is_live();
        let behind = live && feed.pump(&mut self.history);
        if !self.playback.playing {
            return false;
        }
        if live && self.joined {
            // What has not been taken yet may be older than now: until then the picture is that of its last event. With
            // less motion that is so always.
            let now = feed.now().filter(|_| !behind && !self.playback.jumps);
            self.playback.follow(now.unwrap_or_default(), &self.history);
            self.edge = self.cursor().t;
            return true;
        }
        let ahead = match self.playback.speed {
            Speed::Auto => Ahead::Step(self.cursor().seen),
            Speed::Times(times) => {
                let micros = (wall_ms * 1_000.0 * times) as u64;
                Ahead::Time(self.cursor().t.saturating_add(micros))
            }
        };
        feed.look_ahead(&mut self.history, ahead);
        let tick = self.playback.advance(wall_ms, &self.history);
        self.edge = self.edge.max(self.cursor().t);
        match tick {
            Tick::Moved => true,
            Tick::Still => false,
            Tick::AtEdge => {
                // A live run is joined again; anything else is over until something happens.
                self.joined = true;
                if !live {
                    self.playback.playing = feed.waits_for_you();
                }
                live
            }
        }
    }

    pub(crate) fn play(&mut self, play: bool, feed: &impl Feed) {
        self.playback.playing = play;
        if !play {
            return;
        }
        // Who paused where it happens wants to be there again.
        self.joined |= self.cursor().t >= self.edge;
        // At the end of a recording, playing begins anew.
        let recorded = !feed.is_live() && !feed.waits_for_you();
        if recorded && self.cursor().t >= self.history.end() {
            let start = self.history.start();
            self.playback.seek(start, &self.history);
        }
    }

    /// Goes to the next or previous visible event, and stays there.
    pub(crate) fn step(&mut self, forward: bool, feed: &mut impl Feed) {
        self.playback.playing = false;
        self.joined = false;
        if forward {
            let seen = self.cursor().seen;
            feed.look_ahead(&mut self.history, Ahead::Step(seen));
            self.playback.step(&self.history);
            self.edge = self.edge.max(self.cursor().t);
        } else {
            self.playback.step_back(&self.history);
        }
    }

    /// Goes to a moment that was shown, and stays there.
    pub(crate) fn seek(&mut self, t: u64) {
        self.playback.playing = false;
        self.joined = false;
        let t = t.clamp(self.history.start(), self.edge.max(self.history.start()));
        self.playback.seek(t, &self.history);
    }

    /// The next faster or slower speed.
    pub(crate) fn faster(&mut self, faster: bool) {
        let all = Speed::CHOICES;
        let at = all.iter().position(|it| *it == self.playback.speed).unwrap_or(0);
        let at = if faster { at + 1 } else { at.saturating_sub(1) };
        self.playback.speed = all[at.min(all.len() - 1)];
    }
}

#[cfg(test)]
mod tests;
