//! The events themselves, in pieces.

use std::collections::VecDeque;

use ottla_trace::Envelope;

use super::KEYFRAME_EVERY;

/// Events in the order in which they happened.
///
/// They live in pieces of `KEYFRAME_EVERY`: one long vector would be copied whole whenever it grows, and a hundred
/// thousand events are tens of megabytes, a pause that a reader sees.
#[derive(Clone, Debug, Default)]
pub struct Events {
    /// All full but the last.
    pieces: VecDeque<Vec<Envelope>>,
}

impl Events {
    /// How many there are.
    pub fn len(&self) -> usize {
        match self.pieces.back() {
            Some(last) => (self.pieces.len() - 1) * KEYFRAME_EVERY + last.len(),
            None => 0,
        }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.pieces.is_empty()
    }

    /// The first one.
    pub fn first(&self) -> Option<&Envelope> {
        self.pieces.front()?.first()
    }

    /// The last one.
    pub fn last(&self) -> Option<&Envelope> {
        self.pieces.back()?.last()
    }

    /// All of them, in order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Envelope> {
        self.pieces.iter().flatten()
    }

    /// Those from number `from` to number `to`, without the latter.
    pub fn range(&self, from: usize, to: usize) -> impl Iterator<Item = &Envelope> {
        let pieces = self.pieces.iter().skip(from / KEYFRAME_EVERY);
        let skipped = from % KEYFRAME_EVERY;
        pieces.flatten().skip(skipped).take(to.saturating_sub(from))
    }

    /// How many there are until `t`, that moment included.
    pub(super) fn until(&self, t: u64) -> usize {
        let before = |piece: &Vec<Envelope>| piece.last().is_some_and(|it| it.t <= t);
        let full = self.pieces.partition_point(before);
        let rest = self
            .pieces
            .get(full)
            .map_or(0, |piece| piece.partition_point(|it| it.t <= t));
        (full * KEYFRAME_EVERY + rest).min(self.len())
    }

    pub(super) fn push(&mut self, envelope: Envelope) {
        match self.pieces.back_mut().filter(|last| last.len() < KEYFRAME_EVERY) {
            Some(last) => last.push(envelope),
            None => {
                let mut piece = Vec::with_capacity(KEYFRAME_EVERY);
                piece.push(envelope);
                self.pieces.push_back(piece);
            }
        }
    }

    /// Keeps the first `len`.
    pub(super) fn truncate(&mut self, len: usize) {
        self.pieces.truncate(len.div_ceil(KEYFRAME_EVERY));
        if let Some(last) = self
            .pieces
            .back_mut()
            .filter(|_| !len.is_multiple_of(KEYFRAME_EVERY))
        {
            last.truncate(len % KEYFRAME_EVERY);
        }
    }

    /// Forgets the first piece.
    pub(super) fn forget_piece(&mut self) {
        self.pieces.pop_front();
    }
}

#[cfg(test)]
mod tests {
    use ottla_trace::{Event, Source};

    use super::*;

    fn events(n: usize) -> Events {
        let mut events = Events::default();
        for seq in 0..n as u64 {
            events.push(Envelope {
                // Two at a time.
                t: seq / 2 * 10,
                seq,
                source: Source::Client,
                event: Event::Full,
            });
        }
        events
    }

    #[test]
    fn pieces_are_one_sequence() {
        for n in [0, 1, KEYFRAME_EVERY, KEYFRAME_EVERY + 1, 3 * KEYFRAME_EVERY - 1] {
            let mut all = events(n);
            assert_eq!((all.len(), all.is_empty()), (n, n == 0));
            let seqs: Vec<u64> = all.iter().map(|it| it.seq).collect();
            assert_eq!(seqs, (0..n as u64).collect::<Vec<_>>());
            assert_eq!(all.last().map(|it| it.seq + 1).unwrap_or_default(), n as u64);
            let (from, to) = (n / 3, n / 2 + 1);
            let some: Vec<u64> = all.range(from, to.min(n)).map(|it| it.seq).collect();
            assert_eq!(some, (from as u64..to.min(n) as u64).collect::<Vec<_>>());
            for t in [0, 5, 10, 9 * n as u64] {
                assert_eq!(
                    all.until(t),
                    all.iter().filter(|it| it.t <= t).count(),
                    "{n} until {t}"
                );
            }
            for keep in [n, n / 2, KEYFRAME_EVERY, 1, 0] {
                let left = keep.min(all.len());
                all.truncate(keep);
                assert_eq!((all.len(), all.iter().count()), (left, left));
            }
            assert!(all.is_empty());
        }
    }
}
