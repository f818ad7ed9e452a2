//! Senders that wait for `buffer.memory`, first come, first served.

use std::collections::VecDeque;
use std::task::Waker;
use std::time::Duration;

use ottla_core::Instant;

/// The place of a sender in the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ticket(u64);

struct Waiter {
    ticket: Ticket,
    since: Instant,
    expired: bool,
    waker: Waker,
}

/// The queue.
#[derive(Default)]
pub(crate) struct Room {
    waiters: VecDeque<Waiter>,
    next: u64,
}

/// What a sender that waits may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Turn {
    /// It is first: it may try again; its waiting began then.
    Now(Instant),
    /// Others are before it.
    Later,
    /// `max.block.ms`, which began then, ran out.
    Expired(Instant),
}

impl Room {
    pub(crate) fn is_empty(&self) -> bool {
        self.waiters.is_empty()
    }

    pub(crate) fn enter(&mut self, since: Instant, waker: Waker) -> Ticket {
        let ticket = Ticket(self.next);
        self.next += 1;
        self.waiters.push_back(Waiter {
            ticket,
            since,
            expired: false,
            waker,
        });
        ticket
    }

    pub(crate) fn is_first(&self, ticket: Ticket) -> bool {
        self.waiters.front().is_some_and(|waiter| waiter.ticket == ticket)
    }

    pub(crate) fn turn(&self, ticket: Ticket) -> Turn {
        match self.waiters.iter().find(|waiter| waiter.ticket == ticket) {
            Some(waiter) if waiter.expired => Turn::Expired(waiter.since),
            Some(waiter) if self.is_first(ticket) => Turn::Now(waiter.since),
            _ => Turn::Later,
        }
    }

    pub(crate) fn rearm(&mut self, ticket: Ticket, waker: &Waker) {
        if let Some(waiter) = self.waiters.iter_mut().find(|waiter| waiter.ticket == ticket) {
            waiter.waker.clone_from(waker);
        }
    }

    /// Takes a sender out; the next one must be woken when this one was first.
    pub(crate) fn leave(&mut self, ticket: Ticket) -> Option<Waker> {
        let place = self.waiters.iter().position(|waiter| waiter.ticket == ticket)?;
        self.waiters.remove(place);
        if place == 0 { self.first() } else { None }
    }

    /// The waker of the first in the queue.
    pub(crate) fn first(&self) -> Option<Waker> {
        self.waiters.front().map(|waiter| waiter.waker.clone())
    }

    /// Marks those that waited too long, and gives their wakers.
    pub(crate) fn expire(&mut self, now: Instant, max_block: Duration, wakers: &mut Vec<Waker>) {
        for waiter in &mut self.waiters {
            if waiter.since + max_block > now {
                break;
            }
            if !waiter.expired {
                waiter.expired = true;
                wakers.push(waiter.waker.clone());
            }
        }
    }

    /// When the next one will have waited too long.
    pub(crate) fn deadline(&self, max_block: Duration) -> Option<Instant> {
        let waiter = self.waiters.iter().find(|waiter| !waiter.expired)?;
        Some(waiter.since + max_block)
    }

    /// All wakers, when there will never be room again.
    pub(crate) fn wake_all(&self, wakers: &mut Vec<Waker>) {
        wakers.extend(self.waiters.iter().map(|waiter| waiter.waker.clone()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAX: Duration = Duration::from_millis(10);

    fn at(millis: u64) -> Instant {
        Instant::from_millis(millis)
    }

    #[test]
    fn only_the_first_may_try_again() {
        let mut room = Room::default();
        let a = room.enter(at(0), Waker::noop().clone());
        let b = room.enter(at(1), Waker::noop().clone());
        assert_eq!((room.turn(a), room.turn(b)), (Turn::Now(at(0)), Turn::Later));
        assert!(room.leave(a).is_some(), "the next one is woken");
        assert_eq!(room.turn(b), Turn::Now(at(1)));
        assert!(room.leave(b).is_none());
        assert!(room.is_empty());
    }

    #[test]
    fn leaving_from_the_middle_wakes_nobody() {
        let mut room = Room::default();
        let [a, b, c] = [0, 1, 2].map(|t| room.enter(at(t), Waker::noop().clone()));
        assert!(room.leave(b).is_none());
        assert!(room.leave(a).is_some());
        assert_eq!(room.turn(c), Turn::Now(at(2)));
    }

    #[test]
    fn waiting_ends_after_max_block() {
        let mut room = Room::default();
        let [a, b] = [0, 5].map(|t| room.enter(at(t), Waker::noop().clone()));
        assert_eq!(room.deadline(MAX), Some(at(10)));
        let mut wakers = Vec::new();
        room.expire(at(12), MAX, &mut wakers);
        assert_eq!((wakers.len(), room.turn(a)), (1, Turn::Expired(at(0))));
        assert_eq!(
            room.turn(b),
            Turn::Later,
            "an expired one is still first until it leaves"
        );
        assert_eq!(room.deadline(MAX), Some(at(15)));
        room.expire(at(12), MAX, &mut wakers);
        assert_eq!(wakers.len(), 1, "told once");
    }
}
