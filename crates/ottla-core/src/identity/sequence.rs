//! Sequence numbers: 31 bits that wrap.

/// The sequence number of a record in its partition, under one producer id and epoch.
///
/// 2147483647 is followed by 0, so there is no order and no `Ord`: a long-lived producer gets there. What can be asked
/// is the distance from one number to another, and which of two *near* numbers comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Sequence(i32);

impl Sequence {
    pub(crate) const ZERO: Self = Self(0);

    #[cfg(any(test, feature = "mutants", feature = "journal"))]
    pub(crate) const fn new(value: i32) -> Self {
        Self(value & i32::MAX)
    }

    pub(crate) const fn get(self) -> i32 {
        self.0
    }

    /// The number `n` records later.
    #[must_use]
    pub(crate) fn plus(self, n: u32) -> Self {
        let sum = self.0.wrapping_add(n as i32);
        if mutant!(WrapIsLate) && sum < 0 {
            return Self((sum & i32::MAX) + 1);
        }
        Self(sum & i32::MAX)
    }

    /// How many records later than `earlier` this one is, modulo 2^31.
    pub(crate) const fn since(self, earlier: Self) -> u32 {
        (self.0.wrapping_sub(earlier.0) & i32::MAX) as u32
    }

    /// Whether it is later than `other`, given that they are less than 2^30 apart (five batches are).
    pub(crate) fn is_after(self, other: Self) -> bool {
        if mutant!(WrapComparesPlainly) {
            return self.0 > other.0;
        }
        let distance = self.since(other);
        distance != 0 && distance < 1 << 30
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wraps_from_the_largest_to_zero() {
        let last = Sequence::new(i32::MAX);
        assert_eq!(last.plus(1), Sequence::ZERO);
        assert_eq!(last.plus(10).get(), 9);
        assert_eq!(Sequence::new(i32::MAX - 2).plus(5).get(), 2);
    }

    #[test]
    fn compares_across_the_wrap() {
        let before = Sequence::new(i32::MAX - 3);
        let after = before.plus(8);
        assert_eq!(after.get(), 4);
        assert_eq!(after.since(before), 8);
        assert!(after.is_after(before));
        assert!(!before.is_after(after));
        assert!(!before.is_after(before));
    }
}
