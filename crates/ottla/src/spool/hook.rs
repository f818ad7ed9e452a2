//! What a producer tells its spool, under the producer's lock and so in the order in which it happens: the
//! acknowledgement of a batch is noted before the next one of its partition is stamped.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::mpsc::Sender;

use ottla_core::delivery::Persisted;
use ottla_core::journal::{Aside, Run, Settlement, Stamped, runs_of};
use ottla_core::{Completion, DeliveryError, DeliveryErrorKind, Record, RecordId};

use super::aside::Kept;
use super::feeder::Feed;
use super::options::Unknown;
use super::writer::Job;

/// The spool's side of a producer.
pub(crate) struct Hook {
    /// Of records that are accepted and not resolved.
    numbers: HashMap<RecordId, u64>,
    /// Those of them that the log has in a batch.
    stamped: HashSet<u64>,
    writer: Sender<Job>,
    feed: Arc<Feed>,
    policy: Unknown,
}

/// What becomes of a record that was not delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    /// Its batch is sent again as it was by the next process.
    Stays,
    /// It is sent like a new one by the next process.
    Released,
    /// It is sent like a new one at once: others of its batch were at fault.
    Again,
    Delivered,
    Refused,
    Unknown,
}

impl Hook {
    pub(super) fn new(writer: Sender<Job>, feed: Arc<Feed>, policy: Unknown) -> Self {
        Self {
            numbers: HashMap::new(),
            stamped: HashSet::new(),
            writer,
            feed,
            policy,
        }
    }

    /// The producer took a record of this spool.
    pub(crate) fn accepted(&mut self, id: RecordId, number: u64) {
        self.numbers.insert(id, number);
    }

    fn runs(&self, ids: impl Iterator<Item = RecordId>) -> Vec<Run> {
        runs_of(ids.filter_map(|id| self.numbers.get(&id).copied()))
    }

    /// The producer took a record that the log has in a batch.
    pub(super) fn replayed(&mut self, id: RecordId, number: u64) {
        self.accepted(id, number);
        self.stamped.insert(number);
    }

    /// A batch is about to leave.
    pub(crate) fn stamped(&mut self, entry: Stamped) {
        let numbers = self.runs(entry.records.iter().copied());
        self.stamped.extend(numbers.iter().flat_map(|run| run.numbers()));
        self.tell(Job::Stamped {
            ticket: entry.ticket,
            topic: entry.topic,
            partition: entry.partition,
            numbers,
            batch: entry.batch.to_bytes(),
        });
    }

    /// A batch has its result.
    pub(crate) fn resolved(&mut self, batch: &Completion) {
        if batch.is_ok() {
            let numbers = runs_of(batch.ids().filter_map(|id| self.numbers.remove(&id)));
            self.forget(&numbers);
            return self.tell(Job::Settled {
                how: Settlement::Delivered,
                numbers,
            });
        }
        let results: Vec<_> = batch.results().map(|(_, result)| result.err()).collect();
        let mut fates: Vec<(Fate, DeliveryError, u64, Record<'static>)> = Vec::new();
        for (error, (id, record)) in results.into_iter().zip(batch.clone().records()) {
            let (Some(error), Some(number)) = (error, self.numbers.remove(&id)) else {
                continue;
            };
            fates.push((fate(&error), error, number, record));
        }
        while let Some((first, error, ..)) = fates.first() {
            let (kind, error) = (*first, error.clone());
            let (now, later) = fates.into_iter().partition(|(fate, ..)| *fate == kind);
            fates = later;
            let records = now.into_iter().map(|(_, _, number, record)| (number, record));
            self.decide(kind, &error, records.collect());
        }
    }

    /// Records are resolved. Returns whether the log has any of them in a batch.
    fn forget(&mut self, numbers: &[Run]) -> bool {
        let numbers = numbers.iter().flat_map(|run| run.numbers());
        numbers.filter(|number| self.stamped.remove(number)).count() > 0
    }

    fn decide(&mut self, fate: Fate, error: &DeliveryError, records: Vec<(u64, Record<'static>)>) {
        let numbers = runs_of(records.iter().map(|(number, _)| *number));
        let count = records.len();
        let was_stamped = self.forget(&numbers);
        if matches!(
            error.kind,
            DeliveryErrorKind::Fatal | DeliveryErrorKind::Authorization
        ) {
            self.feed.halt(&error.to_string());
        }
        match (fate, self.policy) {
            (Fate::Stays, _) => self.stay(count, error),
            (Fate::Released, _) => {
                if was_stamped {
                    self.tell(Job::Released { numbers });
                }
                self.stay(count, error);
            }
            (Fate::Again, _) => {
                self.tell(Job::Released { numbers });
                self.feed.again(records);
            }
            (Fate::Delivered, _) => self.tell(Job::Settled {
                how: Settlement::Delivered,
                numbers,
            }),
            (Fate::Refused, _) => self.set_aside(Aside::Refused, error, records),
            (Fate::Unknown, Unknown::Hold) => self.set_aside(Aside::Unknown, error, records),
            (Fate::Unknown, Unknown::Resend) => {
                self.tell(Job::Released { numbers });
                self.tell(Job::Resent {
                    count: count as u64,
                    line: format!("{count} records are sent again and may be there twice: {error}"),
                });
                self.feed.again(records);
            }
            (Fate::Unknown, Unknown::Drop) => {
                self.tell(Job::Settled {
                    how: Settlement::Dropped,
                    numbers,
                });
                self.tell(Job::Failed {
                    line: format!("{count} records are dropped and may be missing: {error}"),
                });
            }
        }
    }

    /// Says that records wait for the next start, unless it was the application that ended this one.
    fn stay(&self, count: usize, error: &DeliveryError) {
        if error.kind != DeliveryErrorKind::Closed {
            self.tell(Job::Failed {
                line: format!("{count} records stay in the spool: {error}"),
            });
        }
    }

    fn set_aside(&self, why: Aside, error: &DeliveryError, records: Vec<(u64, Record<'static>)>) {
        let kept = records.into_iter().map(|(number, record)| Kept {
            number,
            why,
            text: error.to_string(),
            record,
        });
        self.tell(Job::Aside {
            kept: kept.collect(),
            is_noted: false,
        });
    }

    // A writer that is gone has said why; what it was not told, the next process finds out.
    fn tell(&self, job: Job) {
        let _ = self.writer.send(job);
    }
}

fn fate(error: &DeliveryError) -> Fate {
    match (error.code, error.persisted) {
        ("OUTCOME_UNKNOWN", _) => Fate::Unknown,
        (_, Persisted::Yes) => Fate::Delivered,
        (_, Persisted::Possibly) => Fate::Stays,
        ("BATCH_REFUSED", Persisted::No) => Fate::Again,
        (_, Persisted::No) => match error.kind {
            DeliveryErrorKind::Broker | DeliveryErrorKind::TooLarge => Fate::Refused,
            _ => Fate::Released,
        },
    }
}
