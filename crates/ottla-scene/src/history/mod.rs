//! A run that can be shown at any moment, forwards and backwards.

#[cfg(test)]
mod arbitrary;
mod events;
mod inbox;
mod index;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;

use ottla_trace::Envelope;

pub use events::Events;
pub use inbox::Inbox;
pub use index::{Index, Marker, MarkerKind, Span, SpanEnd, Step};

use crate::state::State;

/// Events between two keyframes: a seek folds at most this many.
const KEYFRAME_EVERY: usize = 2048;
/// Events that are kept. A live session forgets its beginning, as much at a time as lies between two keyframes.
const KEEP_EVENTS: usize = if cfg!(test) { 20_000 } else { 600_000 };

/// The recorded events, keyframes of the state, and an index for the timeline.
///
/// Events are counted from the beginning of the run, forgotten ones included: `seen = n` means the first `n`.
#[derive(Clone, Debug, Default)]
pub struct History {
    events: Events,
    forgotten: usize,
    /// State after `seen` events; the first one is the state before `events[0]`.
    keyframes: VecDeque<(usize, State)>,
    tip: State,
    index: Index,
    view: (usize, State),
}

impl History {
    /// A run that has not begun.
    pub fn new() -> Self {
        Self {
            keyframes: VecDeque::from([(0, State::default())]),
            ..Self::default()
        }
    }

    /// Adds what happened next.
    pub fn push(&mut self, envelope: Envelope) {
        self.tip.fold(&envelope);
        self.events.push(envelope);
        let seen = self.len();
        if let Some(envelope) = self.events.last() {
            self.index.push(seen, envelope, &self.tip);
        }
        let last = self.keyframes.back().map_or(0, |(seen, _)| *seen);
        if seen - last >= KEYFRAME_EVERY {
            self.keyframes.push_back((seen, self.tip.clone()));
        }
        if self.events.len() > KEEP_EVENTS {
            self.forget();
        }
    }

    /// Forgets what is before the second keyframe. Keyframes lie where the pieces of the events meet.
    fn forget(&mut self) {
        let Some((first, t)) = self.keyframes.get(1).map(|(seen, state)| (*seen, state.t)) else {
            return;
        };
        self.keyframes.pop_front();
        self.events.forget_piece();
        self.forgotten = first;
        self.index.forget_before(first, t);
    }

    /// Forgets everything after the first `seen` events.
    pub fn truncate(&mut self, seen: usize) {
        let seen = seen.max(self.forgotten);
        if seen >= self.len() {
            return;
        }
        self.events.truncate(seen - self.forgotten);
        self.keyframes.retain(|(at, _)| *at <= seen);
        if self.view.0 > seen {
            self.view = self.keyframes[0].clone();
        }
        // The index is small beside the events: building it again is simpler than unwinding it.
        self.tip = self.keyframes[0].1.clone();
        self.index = Index::default();
        for (n, envelope) in self.events.iter().enumerate() {
            self.tip.fold(envelope);
            self.index.push(self.forgotten + n + 1, envelope, &self.tip);
        }
    }

    /// How many events there were.
    pub fn len(&self) -> usize {
        self.forgotten + self.events.len()
    }

    /// Whether nothing happened.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Time of the first event that is kept.
    pub fn start(&self) -> u64 {
        self.events.first().map_or(0, |it| it.t)
    }

    /// Time of the last event.
    pub fn end(&self) -> u64 {
        self.events.last().map_or(0, |it| it.t)
    }

    /// How many events there were until `t`, that moment included.
    pub fn seen_at(&self, t: u64) -> usize {
        self.forgotten + self.events.until(t)
    }

    /// The events that are kept.
    pub fn events(&self) -> &Events {
        &self.events
    }

    /// How many events were forgotten before the first of [`History::events`].
    pub fn forgotten(&self) -> usize {
        self.forgotten
    }

    /// What the timeline draws.
    pub fn index(&self) -> &Index {
        &self.index
    }

    /// The state after everything.
    pub fn tip(&self) -> &State {
        &self.tip
    }

    /// The state after the first `seen` events.
    pub fn state(&mut self, seen: usize) -> &State {
        let seen = seen.clamp(self.forgotten, self.len());
        // A live run is nearly always looked at as it is now.
        if seen == self.len() {
            return &self.tip;
        }
        let at = self.keyframes.partition_point(|(n, _)| *n <= seen);
        let keyframe = &self.keyframes[at.saturating_sub(1)];
        // Going on from the last picture is cheaper than from the keyframe, when it lies between the two.
        if self.view.0 > seen || self.view.0 < keyframe.0 {
            self.view = keyframe.clone();
        }
        let (from, to) = (self.view.0 - self.forgotten, seen - self.forgotten);
        for envelope in self.events.range(from, to) {
            self.view.1.fold(envelope);
        }
        self.view.0 = seen;
        &self.view.1
    }
}
