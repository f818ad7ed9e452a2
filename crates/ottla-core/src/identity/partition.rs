//! The sequences of one partition (`TxnPartitionEntry`).

use super::{ProducerIdentity, Sequence};

/// What has been used and what has been acknowledged, under one identity.
#[derive(Clone, Debug)]
pub(crate) struct PartitionSequences {
    identity: Option<ProducerIdentity>,
    next: Sequence,
    last_acked: Option<Sequence>,
    /// The sequence after the last batch whose outcome nobody knows (it expired after it was sent).
    unresolved: Option<Sequence>,
}

impl Default for PartitionSequences {
    fn default() -> Self {
        Self {
            identity: None,
            next: Sequence::ZERO,
            last_acked: None,
            unresolved: None,
        }
    }
}

impl PartitionSequences {
    pub(crate) fn identity(&self) -> Option<ProducerIdentity> {
        self.identity
    }

    /// Begins at 0 under a new identity.
    pub(crate) fn restart(&mut self, identity: ProducerIdentity) {
        *self = Self {
            identity: Some(identity),
            ..Self::default()
        };
    }

    #[cfg(feature = "mutants")]
    pub(crate) fn skip_to(&mut self, next: i32) {
        self.next = Sequence::new(next);
        self.last_acked = Some(Sequence::new(next.wrapping_sub(1)));
    }

    /// Uses up `count` numbers and returns the first.
    pub(crate) fn take(&mut self, count: u32) -> Sequence {
        let first = self.next;
        self.next = first.plus(count);
        first
    }

    /// Records an acknowledgement. An earlier batch that is answered late changes nothing.
    pub(crate) fn acked(&mut self, last: Sequence) {
        if self
            .last_acked
            .is_none_or(|known| last.is_after(known) || mutant!(LateAckMovesBack))
        {
            self.last_acked = Some(last);
        }
    }

    /// Whether the broker has accepted anything under this identity. Before that it takes *any* sequence as the first,
    /// so a second batch in flight could be accepted in front of a refused first one.
    pub(crate) fn is_established(&self) -> bool {
        self.last_acked.is_some()
    }

    /// Whether it is the number that the broker expects, as far as acknowledgements tell.
    pub(crate) fn is_next(&self, sequence: Sequence) -> bool {
        self.last_acked
            .map_or(sequence == Sequence::ZERO, |last| last.plus(1) == sequence)
    }

    /// Whether a later number is acknowledged: the broker will never take this one under this identity.
    pub(crate) fn is_passed(&self, sequence: Sequence) -> bool {
        self.last_acked
            .is_some_and(|last| last == sequence || last.is_after(sequence))
    }

    /// Nobody knows whether the broker has the batch before `next`.
    pub(crate) fn mark_unresolved(&mut self, next: Sequence) {
        if self.unresolved.is_none_or(|known| next.is_after(known)) {
            self.unresolved = Some(next);
        }
    }

    pub(crate) fn unresolved(&self) -> Option<Sequence> {
        self.unresolved
    }

    /// With nothing in flight: whether all numbers used so far are acknowledged. If they are, the doubt is over.
    pub(crate) fn try_resolve(&mut self) -> bool {
        let resolved = self.is_next(self.next) || mutant!(DoubtIsResolved);
        if resolved {
            self.unresolved = None;
        }
        resolved
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const IDENTITY: ProducerIdentity = ProducerIdentity { id: 7, epoch: 0 };

    #[test]
    fn numbers_are_taken_across_the_wrap() {
        let mut sequences = PartitionSequences::default();
        sequences.restart(IDENTITY);
        sequences.next = Sequence::new(i32::MAX - 1);
        assert_eq!(sequences.take(4).get(), i32::MAX - 1);
        assert_eq!(sequences.take(1).get(), 2);
        sequences.acked(Sequence::new(i32::MAX - 2));
        assert!(sequences.is_next(Sequence::new(i32::MAX - 1)));
        sequences.acked(Sequence::new(1));
        assert!(sequences.is_next(Sequence::new(2)));
        assert!(sequences.is_passed(Sequence::new(i32::MAX)));
    }

    #[test]
    fn a_late_answer_does_not_move_the_acknowledged_sequence_back() {
        let mut sequences = PartitionSequences::default();
        sequences.restart(IDENTITY);
        sequences.take(10);
        sequences.acked(Sequence::new(9));
        sequences.acked(Sequence::new(4));
        assert!(sequences.is_next(Sequence::new(10)));
    }

    #[test]
    fn doubt_ends_when_everything_used_is_acknowledged() {
        let mut sequences = PartitionSequences::default();
        sequences.restart(IDENTITY);
        sequences.take(5);
        sequences.take(5);
        sequences.acked(Sequence::new(4));
        sequences.mark_unresolved(Sequence::new(10));
        assert!(!sequences.try_resolve());
        sequences.acked(Sequence::new(9));
        assert!(sequences.try_resolve());
        assert_eq!(sequences.unresolved(), None);
    }
}
