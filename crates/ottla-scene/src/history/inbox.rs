//! Events on their way to a picture that is not always painted.

use std::collections::VecDeque;

use ottla_trace::{Envelope, Event};

use super::History;

/// Events that lie in memory in one piece: a queue that grows is copied whole.
const PIECE: usize = 1024;

/// Events that wait for a frame, so many and no more. Those beyond are counted, and the run says where they are missing
/// ([`Event::Lost`]).
#[derive(Clone, Debug)]
pub struct Inbox {
    /// None of them empty.
    pieces: VecDeque<VecDeque<Envelope>>,
    waiting: usize,
    most: usize,
    lost: Option<Gap>,
}

/// Events that had no room, one after the other.
#[derive(Clone, Copy, Debug)]
struct Gap {
    t: u64,
    seq: u64,
    source: ottla_trace::Source,
    count: u64,
}

impl Gap {
    fn envelope(self) -> Envelope {
        Envelope {
            t: self.t,
            seq: self.seq,
            source: self.source,
            event: Event::Lost { count: self.count },
        }
    }
}

impl Inbox {
    /// Room for `most` events.
    pub fn new(most: usize) -> Self {
        Self {
            pieces: VecDeque::new(),
            waiting: 0,
            most,
            lost: None,
        }
    }

    /// Takes an event, or counts it.
    pub fn push(&mut self, envelope: Envelope) {
        if self.waiting >= self.most {
            let gap = self.lost.get_or_insert(Gap {
                t: envelope.t,
                seq: envelope.seq,
                source: envelope.source,
                count: 0,
            });
            gap.t = envelope.t;
            gap.count += 1;
            return;
        }
        if let Some(gap) = self.lost.take() {
            self.append(gap.envelope());
        }
        self.append(envelope);
    }

    fn append(&mut self, envelope: Envelope) {
        self.waiting += 1;
        match self.pieces.back_mut().filter(|last| last.len() < PIECE) {
            Some(last) => last.push_back(envelope),
            None => {
                let mut piece = VecDeque::with_capacity(PIECE);
                piece.push_back(envelope);
                self.pieces.push_back(piece);
            }
        }
    }

    /// Moves at most `most` events into the run, and says whether more of them wait: a burst is taken over several
    /// frames.
    pub fn pour(&mut self, most: usize, history: &mut History) -> bool {
        let mut left = most;
        while let Some(piece) = self.pieces.front_mut()
            && left > 0
        {
            let now = piece.len().min(left);
            piece.drain(..now).for_each(|envelope| history.push(envelope));
            self.waiting -= now;
            left -= now;
            if piece.is_empty() {
                self.pieces.pop_front();
            }
        }
        // Nothing may ever follow that would tell it.
        if self.waiting == 0
            && let Some(gap) = self.lost.take()
        {
            history.push(gap.envelope());
        }
        self.waiting > 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(seq: u64) -> Envelope {
        Envelope {
            t: seq * 10,
            seq,
            source: ottla_trace::Source::Client,
            event: Event::Full,
        }
    }

    fn told(history: &History) -> Vec<(u64, u64)> {
        let lost = |it: &Envelope| match it.event {
            Event::Lost { count } => Some((it.seq, count)),
            _ => None,
        };
        history.events().iter().filter_map(lost).collect()
    }

    #[test]
    fn every_event_arrives_or_is_counted_where_it_is_missing() {
        let mut inbox = Inbox::new(3);
        let mut history = History::new();
        (0..8).for_each(|seq| inbox.push(event(seq)));
        inbox.pour(2, &mut history);
        assert_eq!(
            (history.len(), told(&history)),
            (2, vec![]),
            "the gap comes later"
        );
        inbox.push(event(8));
        inbox.pour(100, &mut history);
        assert_eq!(told(&history), [(3, 5)]);
        let seqs: Vec<u64> = history.events().iter().map(|it| it.seq).collect();
        assert_eq!(seqs, [0, 1, 2, 3, 8]);
        assert_eq!(history.tip().lost_events, 5);
    }

    #[test]
    fn a_gap_at_the_end_is_told_without_a_successor() {
        let mut inbox = Inbox::new(1);
        let mut history = History::new();
        (0..4).for_each(|seq| inbox.push(event(seq)));
        inbox.pour(100, &mut history);
        assert_eq!(told(&history), [(1, 3)]);
        inbox.pour(100, &mut history);
        assert_eq!(history.len(), 2, "told once");
    }
}
