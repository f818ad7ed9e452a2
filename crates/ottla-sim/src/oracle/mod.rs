//! The oracle: what really became of each record, counted outside the producer.
//!
//! It knows what the application handed over, what it was told, and what is in the logs. It recognises a record in a
//! log by its content and time, never by what the producer says about its batches.
//!
//! The log that counts for a partition is its leader's, and a leader that died counts until the controller has another.
//! "In the log" means below the high watermark; a record above it is not lost yet, and not safe either.

mod identity;
mod view;

use std::sync::Arc;

use ottla_broker::{NodeId, Observed};
use ottla_core::{Record, RecordId};
use ottla_sorted::SortedMap;
use ottla_trace::event::{Ledger, Persisted, Verdict};

use crate::{Cluster, ClusterEvent};
use identity::Identities;
pub use identity::fingerprint;
use view::View;

/// What the application was told about a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told {
    /// Nothing yet.
    Waiting,
    /// That it is delivered, at this offset (-1: unknown).
    Ok {
        /// The offset.
        offset: i64,
    },
    /// That it failed, and whether it may be in the log all the same.
    Failed(Persisted),
}

/// What the oracle knows of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fate {
    /// What the application was told.
    pub told: Told,
    /// Copies in the log that counts, committed or not.
    pub copies: u32,
    /// Copies below the high watermark.
    pub committed: u32,
    /// Where it was seen last; -1 if it never was.
    pub offset: i64,
    /// Told OK, in no log that counts, and no longer under way.
    pub lost: bool,
    suspect: bool,
}

/// A place in the bytes that a client sent on a connection.
pub(crate) type Position = (u32, u64);

/// The oracle.
#[derive(Clone, Debug, Default)]
pub struct Oracle {
    fates: Vec<Fate>,
    identities: Identities,
    views: SortedMap<(Arc<str>, i32), View>,
    /// Told OK, in no log, perhaps still under way (`acks=0`).
    suspects: Vec<(u64, Vec<Position>)>,
    ledger: Ledger,
    verdicts: Vec<(u64, Verdict)>,
}

impl Oracle {
    /// The count.
    #[must_use]
    pub fn ledger(&self) -> Ledger {
        self.ledger
    }

    /// What became of a record.
    #[must_use]
    pub fn fate(&self, record: RecordId) -> Option<&Fate> {
        self.fates.get(usize::try_from(record.0).ok()?)
    }

    /// What became of each record, in the order of acceptance.
    #[must_use]
    pub fn fates(&self) -> &[Fate] {
        &self.fates
    }

    /// The extraordinary fates since this was last asked.
    pub(crate) fn take_verdicts(&mut self) -> Vec<(u64, Verdict)> {
        std::mem::take(&mut self.verdicts)
    }

    /// The producer accepted a record.
    pub(crate) fn accepted(&mut self, id: RecordId, record: &Record<'_>) {
        debug_assert_eq!(id.0, self.fates.len() as u64, "record ids count up from 0");
        let timestamp = record.timestamp.map(|time| time.0);
        // A topic with LogAppendTime has it without, and which one a topic is may change.
        let content = fingerprint(record);
        self.identities.register(content, None, id.0);
        if timestamp.is_some() {
            self.identities.register(content, timestamp, id.0);
        }
        self.fates.push(Fate {
            told: Told::Waiting,
            copies: 0,
            committed: 0,
            offset: -1,
            lost: false,
            suspect: false,
        });
        self.ledger.sent += 1;
    }

    /// The application was told that the record is delivered. `under_way` is what brokers have not dealt with yet.
    pub(crate) fn told_ok(&mut self, id: RecordId, offset: i64, under_way: &[Position]) {
        let Some(fate) = self.fate_mut(id.0) else { return };
        fate.told = Told::Ok { offset };
        fate.suspect = !under_way.is_empty();
        self.ledger.told_ok += 1;
        if !under_way.is_empty() {
            self.suspects.push((id.0, under_way.to_vec()));
        }
        self.judge(id.0);
    }

    /// The application was told that the record failed.
    pub(crate) fn told_failed(&mut self, id: RecordId, persisted: Persisted) {
        let Some(fate) = self.fate_mut(id.0) else { return };
        fate.told = Told::Failed(persisted);
        self.ledger.failed += 1;
        self.ledger.unknown += u64::from(persisted == Persisted::Possibly);
    }

    /// Brokers may have dealt with more by now; `is_over` says whether they have with a position.
    pub(crate) fn settle(&mut self, is_over: impl Fn(&Position) -> bool) {
        if self.suspects.is_empty() {
            return;
        }
        let suspects = std::mem::take(&mut self.suspects);
        for (id, mut positions) in suspects {
            positions.retain(|position| !is_over(position));
            if positions.is_empty() {
                if let Some(fate) = self.fate_mut(id) {
                    fate.suspect = false;
                }
                self.judge(id);
            } else {
                self.suspects.push((id, positions));
            }
        }
    }

    /// Something happened in the cluster.
    pub(crate) fn note(&mut self, cluster: &Cluster, event: &ClusterEvent) {
        match event {
            ClusterEvent::Partition(topic, index, _) => self.sync(cluster, topic, *index),
            ClusterEvent::Broker(node, observation) => {
                let counts =
                    self.reference(cluster, &observation.topic, observation.partition) == Some(*node);
                if counts && !matches!(observation.what, Observed::Refused { .. }) {
                    self.sync(cluster, &observation.topic, observation.partition);
                }
            }
            ClusterEvent::Deleted(topic) => self.forget(topic),
            ClusterEvent::State(..) => {}
        }
    }

    /// A topic is deleted, and what it held is in no log any more.
    fn forget(&mut self, topic: &Arc<str>) {
        let gone: Vec<_> = self
            .views
            .keys()
            .filter(|(name, _)| name == topic)
            .cloned()
            .collect();
        for key in gone {
            if let Some(mut view) = self.views.remove(&key) {
                view.clear(|entry, committed| self.removed(entry, committed));
            }
        }
    }

    /// The broker whose log counts.
    fn reference(&self, cluster: &Cluster, topic: &Arc<str>, index: i32) -> Option<NodeId> {
        let partition = cluster.image().partition(topic, index)?;
        let before = self
            .views
            .get(&(topic.clone(), index))
            .and_then(|view| view.reference);
        partition.leader.or(before).or(partition.isr.first().copied())
    }

    fn sync(&mut self, cluster: &Cluster, topic: &Arc<str>, index: i32) {
        let Some(node) = self.reference(cluster, topic, index) else {
            return;
        };
        let Some(log) = cluster.log(node, topic, index) else {
            return;
        };
        let key = (topic.clone(), index);
        let mut view = self.views.remove(&key).unwrap_or_default();
        if view.reference.replace(node) != Some(node) || log.end() < view.end() {
            view.cut_to_common(log, |entry, committed| self.removed(entry, committed));
        }
        view.extend(log, topic, |fingerprint, timestamp, offset| {
            self.appeared(fingerprint, timestamp, offset)
        });
        if let Some(high_watermark) = cluster.high_watermark(node, topic, index) {
            view.commit(high_watermark, |entries, at| self.committed(entries, at));
        }
        self.views.insert(key, view);
    }

    /// A record is in the log at `offset`. Whose it is, if it is one of ours.
    fn appeared(&mut self, fingerprint: u128, timestamp: Option<i64>, offset: i64) -> Option<u64> {
        let fates = &self.fates;
        let seen = |id: u64| fates.get(id as usize).is_some_and(|fate| fate.copies > 0);
        let id = self.identities.recognise(fingerprint, timestamp, seen)?;
        let fate = self.fate_mut(id)?;
        fate.copies += 1;
        fate.offset = offset;
        self.judge(id);
        Some(id)
    }

    /// A record is gone from the log.
    fn removed(&mut self, entry: &view::Entry, committed: bool) {
        let Some(id) = entry.record else { return };
        let Some(fate) = self.fate_mut(id) else { return };
        fate.copies -= 1;
        if committed {
            fate.committed -= 1;
            if fate.committed > 0 {
                self.ledger.duplicate -= 1;
            } else {
                self.ledger.in_log -= 1;
            }
            self.ledger.out_of_order -= u64::from(entry.inversions);
        }
        self.identities.forget_seen();
        self.judge(id);
    }

    /// The entry at `at` is below the high watermark now.
    fn committed(&mut self, entries: &mut [view::Entry], at: usize) {
        let Some(id) = entries[at].record else { return };
        let offset = entries[at].offset;
        let Some(fate) = self.fate_mut(id) else { return };
        fate.committed += 1;
        if fate.committed > 1 {
            self.ledger.duplicate += 1;
            self.verdicts.push((id, Verdict::Duplicate { offset }));
            return;
        }
        self.ledger.in_log += 1;
        for (early, offset) in view::earlier_than(entries, at) {
            entries[at].inversions += 1;
            self.ledger.out_of_order += 1;
            self.verdicts.push((early, Verdict::OutOfOrder { offset }));
        }
    }

    /// Decides whether a record counts as lost.
    fn judge(&mut self, id: u64) {
        let Some(fate) = self.fate_mut(id) else { return };
        let Told::Ok { offset: told } = fate.told else {
            return;
        };
        let lost = fate.copies == 0 && !fate.suspect;
        if lost == fate.lost {
            return;
        }
        fate.lost = lost;
        let offset = if told >= 0 { told } else { fate.offset };
        if lost {
            self.ledger.lost += 1;
            self.verdicts.push((id, Verdict::Lost { offset }));
        } else {
            self.ledger.lost -= 1;
        }
    }

    fn fate_mut(&mut self, id: u64) -> Option<&mut Fate> {
        self.fates.get_mut(usize::try_from(id).ok()?)
    }
}

#[cfg(test)]
mod tests;
