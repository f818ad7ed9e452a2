//! What is to happen, by time.

use std::{
    cmp::{Ordering, Reverse},
    collections::BinaryHeap,
};

use ottla_broker::Micros;

#[derive(Clone, Debug)]
struct Entry<T> {
    at: Micros,
    order: u64,
    what: T,
}

/// Things by the time at which they are to happen; those of one time in the order in which they were planned.
#[derive(Clone, Debug)]
pub(crate) struct Queue<T> {
    heap: BinaryHeap<Reverse<Entry<T>>>,
    planned: u64,
}

impl<T> Queue<T> {
    pub(crate) fn push(&mut self, at: Micros, what: T) {
        self.planned += 1;
        self.heap.push(Reverse(Entry {
            at,
            order: self.planned,
            what,
        }));
    }

    pub(crate) fn pop(&mut self, now: Micros) -> Option<T> {
        if self.next_at()? > now {
            return None;
        }
        self.heap.pop().map(|Reverse(entry)| entry.what)
    }

    pub(crate) fn next_at(&self) -> Option<Micros> {
        self.heap.peek().map(|Reverse(entry)| entry.at)
    }
}

impl<T> Default for Queue<T> {
    fn default() -> Self {
        Self {
            heap: BinaryHeap::new(),
            planned: 0,
        }
    }
}

impl<T> Ord for Entry<T> {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.at, self.order).cmp(&(other.at, other.order))
    }
}

impl<T> PartialOrd for Entry<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<T> PartialEq for Entry<T> {
    fn eq(&self, other: &Self) -> bool {
        self.order == other.order
    }
}

impl<T> Eq for Entry<T> {}
