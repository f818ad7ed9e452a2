//! Events on their way to a picture that is not always painted.

use std::collections::VecDeque;

use ottla_trace::{Envelope, Event};

use super::History;

/// Events that wait for a frame, so many and no more. Those beyond are counted, and the run says where they are missing
/// ([`Event::Lost`]).
#[derive(Clone, Debug)]
pub struct Inbox {
    waiting: VecDeque<Envelope>,
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
            waiting: VecDeque::new(),
            most,
            lost: None,
        }
    }

    /// Takes an event, or counts it.
    pub fn push(&mut self, envelope: Envelope) {
        if self.waiting.len() >= self.most {
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
            self.waiting.push_back(gap.envelope());
        }
        self.waiting.push_back(envelope);
    }

    /// Moves at most `most` events into the run: a burst is taken over several frames.
    pub fn pour(&mut self, most: usize, history: &mut History) {
        let now = self.waiting.len().min(most);
        for envelope in self.waiting.drain(..now) {
            history.push(envelope);
        }
        // Nothing may ever follow that would tell it.
        if self.waiting.is_empty()
            && let Some(gap) = self.lost.take()
        {
            history.push(gap.envelope());
        }
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
