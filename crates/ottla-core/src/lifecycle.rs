//! `flush` and `close`.

use alloc::vec::Vec;
use core::time::Duration;

use ottla_trace::Event;

use crate::delivery::{DeliveryError, DeliveryErrorKind, RecordSlot};
use crate::engine::Engine;
use crate::io::{FlushId, Output};
use crate::time::Instant;

/// Whether records are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lifecycle {
    Running,
    /// Delivering what was accepted, until this moment at the latest.
    Closing {
        deadline: Instant,
    },
    Closed,
}

impl Lifecycle {
    pub(crate) const fn is_running(self) -> bool {
        matches!(self, Self::Running)
    }

    pub(crate) const fn is_closed(self) -> bool {
        matches!(self, Self::Closed)
    }
}

/// Flushes that wait for records.
#[derive(Clone, Debug, Default)]
pub(crate) struct Flushes {
    next: u64,
    pending: Vec<Flush>,
}

#[derive(Clone, Debug)]
struct Flush {
    id: FlushId,
    /// It waits for records with smaller numbers.
    before: u64,
    remaining: u64,
    since: Instant,
}

impl Flushes {
    pub(crate) fn is_active(&self) -> bool {
        !self.pending.is_empty()
    }

    /// Counts resolved records, given in the order of their numbers, and returns the flushes that are complete,
    /// each with its beginning.
    pub(crate) fn resolved(&mut self, slots: &[RecordSlot]) -> Vec<(FlushId, Instant)> {
        let mut complete = Vec::new();
        if self.pending.is_empty() {
            return complete;
        }
        self.pending.retain_mut(|flush| {
            let covered = slots.partition_point(|slot| slot.id.0 < flush.before);
            let covered = if mutant!(FlushCountsAnything) {
                slots.len().min(flush.remaining as usize)
            } else {
                covered
            };
            flush.remaining -= covered as u64;
            if flush.remaining == 0 {
                complete.push((flush.id, flush.since));
            }
            flush.remaining > 0
        });
        complete
    }
}

impl Engine {
    pub(crate) fn flush(&mut self, now: Instant) -> FlushId {
        let id = FlushId(self.flushes.next);
        self.flushes.next += 1;
        self.tracer.emit(now, || Event::FlushStarted { flush: id.0 });
        self.dirty = true;
        if self.outstanding == 0 {
            self.flushed(now, id, now);
        } else {
            self.flushes.pending.push(Flush {
                id,
                before: self.next_record,
                remaining: self.outstanding,
                since: now,
            });
        }
        id
    }

    pub(crate) fn close(&mut self, now: Instant, within: Option<Duration>) {
        if self.lifecycle.is_closed() {
            return;
        }
        if self.lifecycle.is_running() {
            self.tracer.emit(now, || Event::Closing);
        }
        let deadline = within.map_or(Instant::MAX, |within| now + within);
        // A second call may shorten the wait, never lengthen it.
        let deadline = match self.lifecycle {
            Lifecycle::Closing { deadline: earlier } if !mutant!(SecondCloseLengthens) => {
                earlier.min(deadline)
            }
            _ => deadline,
        };
        self.lifecycle = Lifecycle::Closing { deadline };
        self.dirty = true;
    }

    /// Finishes a close whose records are resolved, or whose time is up.
    pub(crate) fn advance_lifecycle(&mut self, now: Instant) {
        let Lifecycle::Closing { deadline } = self.lifecycle else {
            return;
        };
        if self.outstanding > 0 && (now >= deadline || mutant!(CloseForgets)) {
            self.fail_everything(
                now,
                &DeliveryError {
                    code: "CLOSED",
                    kind: DeliveryErrorKind::Closed,
                    message: "the producer was closed before the record was delivered; give close more time"
                        .into(),
                    persisted: crate::delivery::Persisted::No,
                },
            );
        }
        if self.outstanding > 0 {
            return;
        }
        for conn in self.network.conn_ids() {
            self.hang_up(now, conn, "the producer is closed");
        }
        if self.memory.room() && !mutant!(CloseWakesNobody) {
            // Whoever waits for memory learns that there will be none: the next `send` is refused.
            self.outbox.push_back(Output::Room);
        }
        self.lifecycle = Lifecycle::Closed;
        self.dirty = false;
        self.tracer.emit(now, || Event::Closed);
        self.outbox.push_back(Output::Closed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::RecordId;

    fn slots(ids: &[u64]) -> Vec<RecordSlot> {
        ids.iter()
            .map(|id| RecordSlot {
                id: RecordId(*id),
                timestamp: 0,
                key_size: -1,
                value_size: -1,
            })
            .collect()
    }

    #[test]
    fn a_flush_counts_only_records_that_were_sent_before_it() {
        let mut flushes = Flushes {
            next: 1,
            pending: alloc::vec![Flush {
                id: FlushId(0),
                before: 3,
                remaining: 3,
                since: Instant::ZERO,
            }],
        };
        assert!(flushes.resolved(&slots(&[0, 2, 5])).is_empty());
        assert!(flushes.resolved(&slots(&[3, 4])).is_empty());
        assert_eq!(flushes.resolved(&slots(&[1, 7])), [(FlushId(0), Instant::ZERO)]);
        assert!(!flushes.is_active());
    }
}
