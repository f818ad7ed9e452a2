//! The set.

use alloc::vec::Vec;
use core::borrow::Borrow;
use core::{fmt, slice};

/// Values in ascending order, each once.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SortedSet<T> {
    values: Vec<T>,
}

impl<T> Default for SortedSet<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: fmt::Debug> fmt::Debug for SortedSet<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self).finish()
    }
}

impl<T> SortedSet<T> {
    /// An empty set.
    #[must_use]
    pub const fn new() -> Self {
        Self { values: Vec::new() }
    }

    /// Number of values.
    #[must_use]
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Whether there is no value.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// Values, ascending.
    pub fn iter(&self) -> slice::Iter<'_, T> {
        self.values.iter()
    }

    /// Whether the value is there.
    #[must_use]
    pub fn contains<Q: Ord + ?Sized>(&self, value: &Q) -> bool
    where
        T: Borrow<Q>,
    {
        self.values.binary_search_by(|it| it.borrow().cmp(value)).is_ok()
    }

    /// Removes a value. `false` if it was not there.
    pub fn remove<Q: Ord + ?Sized>(&mut self, value: &Q) -> bool
    where
        T: Borrow<Q>,
    {
        let found = self.values.binary_search_by(|it| it.borrow().cmp(value));
        found.map(|at| self.values.remove(at)).is_ok()
    }

    /// Keeps the values for which `keep` says so.
    pub fn retain(&mut self, keep: impl FnMut(&T) -> bool) {
        self.values.retain(keep);
    }
}

impl<T: Ord> SortedSet<T> {
    /// Adds a value. `false` if it was there.
    pub fn insert(&mut self, value: T) -> bool {
        let place = self.values.binary_search(&value);
        if let Err(at) = place {
            self.values.insert(at, value);
        }
        place.is_err()
    }
}

impl<'a, T> IntoIterator for &'a SortedSet<T> {
    type Item = &'a T;
    type IntoIter = slice::Iter<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl<T> IntoIterator for SortedSet<T> {
    type Item = T;
    type IntoIter = alloc::vec::IntoIter<T>;

    fn into_iter(self) -> Self::IntoIter {
        self.values.into_iter()
    }
}

impl<T: Ord> Extend<T> for SortedSet<T> {
    fn extend<I: IntoIterator<Item = T>>(&mut self, values: I) {
        for value in values {
            self.insert(value);
        }
    }
}

impl<T: Ord> FromIterator<T> for SortedSet<T> {
    fn from_iter<I: IntoIterator<Item = T>>(values: I) -> Self {
        let mut set = Self::new();
        set.extend(values);
        set
    }
}

impl<T: Ord, const N: usize> From<[T; N]> for SortedSet<T> {
    fn from(values: [T; N]) -> Self {
        values.into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::SortedSet;
    use alloc::collections::BTreeSet;
    use alloc::vec::Vec;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn it_behaves_like_a_btree_set(
            steps in proptest::collection::vec((0..3_u8, 0..20_u8), 0..200),
        ) {
            let (mut ours, mut theirs) = (SortedSet::new(), BTreeSet::new());
            for (step, value) in steps {
                match step {
                    0 => prop_assert_eq!(ours.insert(value), theirs.insert(value)),
                    1 => prop_assert_eq!(ours.remove(&value), theirs.remove(&value)),
                    _ => prop_assert_eq!(ours.contains(&value), theirs.contains(&value)),
                }
                prop_assert!(ours.iter().eq(theirs.iter()));
            }
            let values: Vec<_> = theirs.into_iter().rev().collect();
            prop_assert_eq!(values.into_iter().collect::<SortedSet<_>>(), ours);
        }
    }
}
