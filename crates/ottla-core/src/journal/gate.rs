//! Between stamp and transmission: a batch waits until its identity and sequence are durable.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::time::Duration;

use ottla_wire::batch::SealedBatch;

use crate::accumulator::{Batch, BatchKey, BatchState, PartitionIx, Stamp};
use crate::delivery::{DeliveryError, DeliveryErrorKind, Persisted};
use crate::engine::Engine;
use crate::record::RecordId;
use crate::time::{Instant, Timestamp};

/// A batch that is about to leave, as the journal is to note it.
#[derive(Clone, Debug)]
pub struct Stamped {
    /// Counts up from 1. [`Input::Persisted`](crate::Input::Persisted) with this number, or a later one, lets it go.
    pub ticket: u64,
    /// Its topic.
    pub topic: Arc<str>,
    /// Its partition.
    pub partition: i32,
    /// Its records, in order.
    pub records: Vec<RecordId>,
    /// The batch as it will be sent: producer id, epoch and sequence are in its header.
    pub batch: SealedBatch,
}

/// What of the journal the producer has to know.
#[derive(Clone, Debug, Default)]
pub(crate) struct Gate {
    on: bool,
    window: Duration,
    /// A moment, and what the wall clock said then.
    wall: (Instant, Timestamp),
    /// Entries that nobody has taken yet.
    out: Vec<Stamped>,
    last_ticket: u64,
    durable: u64,
}

/// What the journal knows of a batch.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Mark {
    /// The stamp that was given to the journal last, and the number of that entry.
    noted: Option<(Stamp, u64)>,
    /// It comes from an earlier process, and has that one's identity.
    replay: bool,
}

impl Mark {
    /// Of a part of a split batch: it has a stamp of its own, which the journal does not know.
    pub(crate) const fn part(self) -> Self {
        Self {
            noted: None,
            replay: self.replay,
        }
    }

    /// Of a batch that the journal of an earlier process had.
    pub(super) const fn replayed(stamp: Stamp) -> Self {
        Self {
            noted: Some((stamp, 0)),
            replay: true,
        }
    }
}

impl Engine {
    pub(crate) fn start_journal(&mut self, now: Instant, wall: Timestamp, window: Duration) {
        self.journal.on = true;
        self.journal.window = window;
        self.journal.wall = (now, wall);
        // Nothing is duplicated silently: what Kafka's client would send again under a new epoch is told instead.
        self.settings.fail_ambiguous = true;
    }

    pub(crate) fn set_wall(&mut self, now: Instant, wall: Timestamp) {
        self.journal.wall = (now, wall);
    }

    pub(crate) fn drain_journal(&mut self, sink: &mut impl FnMut(Stamped)) {
        self.journal.out.drain(..).for_each(sink);
    }

    pub(crate) fn persisted(&mut self, ticket: u64) {
        // A ticket that was never given out would let batches go that nobody noted.
        self.journal.durable = self.journal.durable.max(ticket.min(self.journal.last_ticket));
        self.dirty = true;
    }

    pub(crate) fn journals(&self) -> bool {
        self.journal.on
    }

    pub(crate) fn is_replay(&self, key: BatchKey) -> bool {
        self.batches.get(key).is_some_and(|batch| batch.journal.replay)
    }

    /// Whether the batch's identity and sequence are on their way to the journal.
    pub(crate) fn awaits_journal(&self, batch: &Batch) -> bool {
        match (batch.journal.noted, batch.stamp) {
            (Some((noted, ticket)), Some(stamp)) => {
                noted == stamp && ticket > self.journal.durable && !mutant!(SentBeforeNoted)
            }
            _ => false,
        }
    }

    /// Looks at a batch that was just taken out of its queue to be sent. One that the journal has to note first goes back;
    /// one that the broker may have taken and forgotten fails.
    pub(crate) fn stays_for_journal(&mut self, now: Instant, ix: PartitionIx, key: BatchKey) -> bool {
        if !self.journal.on {
            return false;
        }
        let wall = self.wall_at(now);
        let window = i64::try_from(self.journal.window.as_millis()).unwrap_or(i64::MAX);
        let place = self.partition(ix);
        let (topic, partition) = (self.topics.get(place.topic).name.clone(), place.index);
        let Some(batch) = self.batches.get_mut(key) else {
            return true;
        };
        let (BatchState::Queued { sealed, .. }, Some(stamp)) = (&mut batch.state, batch.stamp) else {
            return false;
        };
        let age = wall.0.saturating_sub(sealed.max_timestamp());
        if batch.ambiguous.is_some() && age >= window && !mutant!(DedupWindowIgnored) {
            self.outcome_unknown(now, key, "DEDUP_WINDOW");
            return true;
        }
        if batch.journal.noted.is_some_and(|(noted, _)| noted == stamp) {
            return false;
        }
        if sealed.stamped() != stamp.wire() {
            sealed.stamp(stamp.wire());
        }
        let gate = &mut self.journal;
        gate.last_ticket += 1;
        gate.out.push(Stamped {
            ticket: gate.last_ticket,
            topic,
            partition,
            records: batch.slots.iter().map(|slot| slot.id).collect(),
            batch: SealedBatch::clone(sealed),
        });
        batch.journal.noted = Some((stamp, gate.last_ticket));
        self.partition_mut(ix).queue.push_front(key);
        true
    }

    fn wall_at(&self, now: Instant) -> Timestamp {
        let (then, wall) = self.journal.wall;
        let since = i64::try_from(now.saturating_since(then).as_millis()).unwrap_or(i64::MAX);
        Timestamp(wall.0.saturating_add(since))
    }

    /// Whether a batch is in the log can no longer be found out by sending it again.
    pub(crate) fn outcome_unknown(&mut self, now: Instant, key: BatchKey, because: &'static str) {
        let Some(batch) = self.batches.get(key) else {
            return;
        };
        let ix = batch.partition;
        let place = self.place_of(key);
        let why = match because {
            "DEDUP_WINDOW" => alloc::format!(
                "its newest record is older than ottla.dedup.window.ms ({} ms), after which a broker may have forgotten the producer",
                self.journal.window.as_millis() as u64
            ),
            code => alloc::format!("the broker answers {code}: it has forgotten the producer"),
        };
        let error = DeliveryError {
            code: "OUTCOME_UNKNOWN",
            kind: DeliveryErrorKind::Broker,
            message: alloc::format!(
                "{place}: whether the batch was stored before is not known: {why}; look into the topic, then send it again or drop it"
            )
            .into(),
            persisted: Persisted::Possibly,
        };
        self.doubt_sequence(ix, key);
        self.fail(now, key, error);
    }

    /// A batch that may be stored is given up rather than sent under another identity.
    pub(crate) fn note_unknown(&self, error: &mut DeliveryError) {
        if self.journal.on {
            error.code = "OUTCOME_UNKNOWN";
        }
    }
}
