//! What is under way inside the cluster, by arrival.

use std::{
    cmp::{Ordering, Reverse},
    collections::BinaryHeap,
};

use ottla_broker::Micros;

use super::network::Message;

#[derive(Clone, Debug)]
struct Entry {
    at: Micros,
    order: u64,
    message: Message,
}

/// Messages by arrival; those that arrive at once in the order in which they were sent.
#[derive(Clone, Debug, Default)]
pub(super) struct Queue {
    heap: BinaryHeap<Reverse<Entry>>,
    sent: u64,
}

impl Queue {
    pub(super) fn push(&mut self, at: Micros, message: Message) {
        self.sent += 1;
        self.heap.push(Reverse(Entry {
            at,
            order: self.sent,
            message,
        }));
    }

    pub(super) fn pop(&mut self, now: Micros) -> Option<Message> {
        if self.next_at()? > now {
            return None;
        }
        self.heap.pop().map(|Reverse(entry)| entry.message)
    }

    pub(super) fn next_at(&self) -> Option<Micros> {
        self.heap.peek().map(|Reverse(entry)| entry.at)
    }
}

impl Ord for Entry {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.at, self.order).cmp(&(other.at, other.order))
    }
}

impl PartialOrd for Entry {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        self.order == other.order
    }
}

impl Eq for Entry {}
