//! A table of numbered things whose clone is cheap.

use ottla_sorted::SortedMap;
use std::sync::Arc;

/// Rows that share one allocation, and are copied together when one of them changes.
const CHUNK: u64 = 128;

/// Things by number. A clone shares every chunk; a change copies the one chunk it touches.
///
/// Keyframes of long runs are whole states, and nearly all of a state is records that will never change again:
/// without sharing, a hundred keyframes of 50 000 records would not fit into a tab.
#[derive(Clone, Debug, PartialEq)]
pub struct Table<T> {
    chunks: SortedMap<u64, Arc<Vec<Option<T>>>>,
    len: usize,
    next: u64,
}

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self {
            chunks: SortedMap::new(),
            len: 0,
            next: 0,
        }
    }
}

impl<T: Clone> Table<T> {
    /// The thing with this number.
    pub fn get(&self, id: u64) -> Option<&T> {
        self.chunks
            .get(&(id / CHUNK))?
            .get((id % CHUNK) as usize)?
            .as_ref()
    }

    /// The thing with this number, to change it.
    pub fn get_mut(&mut self, id: u64) -> Option<&mut T> {
        let chunk = self.chunks.get_mut(&(id / CHUNK))?;
        // Looked up before `make_mut`, so that a miss copies nothing.
        chunk.get((id % CHUNK) as usize)?.as_ref()?;
        Arc::make_mut(chunk).get_mut((id % CHUNK) as usize)?.as_mut()
    }

    /// Puts a thing at its number, over what was there.
    pub fn insert(&mut self, id: u64, thing: T) {
        let chunk = Arc::make_mut(self.chunks.entry(id / CHUNK).or_default());
        let slot = (id % CHUNK) as usize;
        if chunk.len() <= slot {
            chunk.resize_with(slot + 1, || None);
        }
        if chunk[slot].replace(thing).is_none() {
            self.len += 1;
        }
        self.next = self.next.max(id.saturating_add(1));
    }

    /// How many things there are.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// One more than the greatest number that was ever used.
    pub fn next_id(&self) -> u64 {
        self.next
    }

    /// All things in the order of their numbers.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &T> {
        self.chunks.values().flat_map(|chunk| chunk.iter().flatten())
    }

    /// Forgets the oldest things until at most `keep` (and less than one chunk more) are left.
    pub fn forget_oldest(&mut self, keep: usize) {
        while self.len > keep.saturating_add(CHUNK as usize) {
            let Some((_, chunk)) = self.chunks.pop_first() else {
                return;
            };
            self.len -= chunk.iter().flatten().count();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clone_does_not_see_later_changes() {
        let mut table = Table::default();
        for id in 0..1000 {
            table.insert(id, id);
        }
        let before = table.clone();
        *table.get_mut(700).expect("inserted above") = 1;
        assert_eq!(before.get(700), Some(&700));
        assert_eq!(table.get(700), Some(&1));
        assert_ne!(before, table);
        assert!(
            Arc::ptr_eq(&before.chunks[&0], &table.chunks[&0]),
            "untouched chunks stay shared"
        );
    }

    #[test]
    fn sparse_and_huge_numbers_are_fine() {
        let mut table = Table::default();
        table.insert(u64::MAX, 'z');
        table.insert(5, 'a');
        table.insert(5, 'b');
        assert_eq!((table.len(), table.next_id()), (2, u64::MAX));
        assert_eq!(table.iter().collect::<String>(), "bz");
        assert_eq!(table.get_mut(6), None);
    }

    #[test]
    fn forgets_from_the_front() {
        let mut table = Table::default();
        for id in 0..1000 {
            table.insert(id, id);
        }
        table.forget_oldest(300);
        assert!(table.len() >= 300 && table.len() <= 300 + CHUNK as usize);
        assert_eq!(table.get(0), None);
        assert_eq!(table.get(999), Some(&999));
    }
}
