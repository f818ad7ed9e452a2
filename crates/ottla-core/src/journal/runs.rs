//! Sets of record numbers, kept as runs: a spool's records are resolved in long rows.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

/// Consecutive numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run {
    /// The first.
    pub first: u64,
    /// How many; at least 1.
    pub count: u32,
}

impl Run {
    /// The numbers.
    pub fn numbers(self) -> impl Iterator<Item = u64> {
        let (first, end) = self.range();
        first..end
    }

    /// The first number and the one behind the last; the largest of all is none.
    fn range(self) -> (u64, u64) {
        (self.first, self.first.saturating_add(self.count.into()))
    }
}

/// The numbers as runs, in their order.
pub fn runs_of(numbers: impl IntoIterator<Item = u64>) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    for number in numbers {
        match runs.last_mut() {
            Some(run) if run.count < u32::MAX && run.first.checked_add(run.count.into()) == Some(number) => {
                run.count += 1;
            }
            _ => runs.push(Run {
                first: number,
                count: 1,
            }),
        }
    }
    runs
}

/// A set of numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Runs {
    /// First number to the one behind the last. The runs neither touch nor overlap.
    runs: BTreeMap<u64, u64>,
    len: u64,
}

impl Runs {
    /// Whether it has no number.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// How many numbers it has.
    pub fn len(&self) -> u64 {
        self.len
    }

    /// Whether it has this number.
    pub fn contains(&self, number: u64) -> bool {
        self.run_at(number).is_some()
    }

    /// The numbers, ascending.
    pub fn iter(&self) -> impl Iterator<Item = u64> + '_ {
        self.runs.iter().flat_map(|(first, end)| *first..*end)
    }

    /// The smallest number.
    pub fn first(&self) -> Option<u64> {
        self.runs.keys().next().copied()
    }

    fn run_at(&self, number: u64) -> Option<(u64, u64)> {
        let (first, end) = self.runs.range(..=number).next_back()?;
        (number < *end).then_some((*first, *end))
    }

    /// Adds a number; `false` if it was there. The largest number of all cannot be added.
    pub fn insert(&mut self, number: u64) -> bool {
        let before = self.len;
        self.insert_run(Run {
            first: number,
            count: 1,
        });
        self.len > before
    }

    /// Takes a number out; `false` if it was not there.
    pub fn remove(&mut self, number: u64) -> bool {
        let before = self.len;
        self.remove_run(Run {
            first: number,
            count: 1,
        });
        self.len < before
    }

    /// Adds the numbers of a run.
    pub fn insert_run(&mut self, run: Run) {
        let (first, end) = run.range();
        self.insert_range(first, end);
    }

    fn insert_range(&mut self, mut first: u64, mut end: u64) {
        if first == end {
            return;
        }
        // Whatever it overlaps or touches becomes one run with it.
        while let Some((other, other_end)) = self.last_before(end.saturating_add(1))
            && other_end >= first
        {
            self.runs.remove(&other);
            self.len -= other_end - other;
            (first, end) = (first.min(other), end.max(other_end));
        }
        self.runs.insert(first, end);
        self.len += end - first;
    }

    /// Takes the numbers of a run out.
    pub fn remove_run(&mut self, run: Run) {
        let (first, end) = run.range();
        self.remove_range(first, end);
    }

    fn remove_range(&mut self, first: u64, end: u64) {
        // Without numbers it would cut a run in two.
        while first < end
            && let Some((other, other_end)) = self.last_before(end)
            && other_end > first
        {
            self.runs.remove(&other);
            self.len -= other_end - other;
            for (kept, kept_end) in [(other, first), (end, other_end)] {
                if kept < kept_end {
                    self.runs.insert(kept, kept_end);
                    self.len += kept_end - kept;
                }
            }
        }
    }

    /// Whether it has any of the numbers of a run.
    pub fn overlaps(&self, run: Run) -> bool {
        let (first, end) = run.range();
        first < end
            && self
                .last_before(end)
                .is_some_and(|(_, other_end)| other_end > first)
    }

    /// Adds all numbers of another set.
    pub fn merge(&mut self, other: &Self) {
        for (first, end) in &other.runs {
            self.insert_range(*first, *end);
        }
    }

    /// Takes all numbers of another set out.
    pub fn subtract(&mut self, other: &Self) {
        for (first, end) in &other.runs {
            self.remove_range(*first, *end);
        }
    }

    /// The largest number.
    pub fn last(&self) -> Option<u64> {
        self.runs.values().next_back().map(|end| end - 1)
    }

    /// The last run that begins in front of a number.
    fn last_before(&self, number: u64) -> Option<(u64, u64)> {
        let (first, end) = self.runs.range(..number).next_back()?;
        Some((*first, *end))
    }
}

impl FromIterator<Run> for Runs {
    fn from_iter<T: IntoIterator<Item = Run>>(runs: T) -> Self {
        let mut set = Self::default();
        for run in runs {
            set.insert_run(run);
        }
        set
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::collections::BTreeSet;

    #[test]
    fn runs_behave_as_a_set_of_numbers() {
        let (mut runs, mut set) = (Runs::default(), BTreeSet::new());
        let mut state = 7_u64;
        for _ in 0..4_000 {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            let number = (state >> 33) % 40;
            let run = Run {
                first: number,
                count: (state >> 50) as u32 % 5,
            };
            match state >> 61 {
                0..3 => assert_eq!(runs.insert(number), set.insert(number)),
                3..5 => assert_eq!(runs.remove(number), set.remove(&number)),
                5 | 6 => {
                    runs.insert_run(run);
                    set.extend(run.numbers());
                }
                _ => {
                    assert_eq!(
                        runs.overlaps(run),
                        run.numbers().any(|number| set.contains(&number))
                    );
                    runs.remove_run(run);
                    set.retain(|other| !run.numbers().any(|number| number == *other));
                }
            }
            assert!(runs.iter().eq(set.iter().copied()));
            assert_eq!(
                (runs.len(), runs.first()),
                (set.len() as u64, set.first().copied())
            );
        }
        let ends: Vec<_> = runs.runs.iter().map(|(first, end)| (*first, *end)).collect();
        assert!(ends.windows(2).all(|pair| pair[0].1 < pair[1].0), "{ends:?}");
        assert!(!runs.insert(u64::MAX));
        assert_eq!(runs.last(), set.last().copied());
    }

    #[test]
    fn runs_of_numbers_keep_their_order() {
        let runs = runs_of([3, 4, 5, 9, 1, 2]);
        let run = |first, count| Run { first, count };
        assert_eq!(runs, [run(3, 3), run(9, 1), run(1, 2)]);
        let numbers: Vec<u64> = runs.iter().flat_map(|run| run.numbers()).collect();
        assert_eq!(numbers, [3, 4, 5, 9, 1, 2]);
    }
}
