//! Events of single records.

use ottla_trace::{
    Event,
    event::{RecordId, Verdict},
};

use super::{KEEP, Place, Record, Route, State};

impl State {
    pub(super) fn fold_record(&mut self, t: u64, event: &Event) -> bool {
        match event {
            Event::Accepted { .. } => self.accept(t, event),
            Event::AwaitingMetadata { record } => {
                if let Some(it) = self.records.get_mut(*record) {
                    if it.awaiting.replace(t).is_none() {
                        self.awaiting.push_back(*record);
                    }
                    self.entering = None;
                }
            }
            Event::Partitioned {
                record,
                partition,
                of,
                by,
            } => {
                self.no_longer_awaiting(*record);
                if let Some(it) = self.records.get_mut(*record) {
                    it.route = Some(Route {
                        partition: *partition,
                        of: *of,
                        by: *by,
                        at: t,
                    });
                    self.enter(t, *record);
                }
            }
            Event::Appended { .. } => self.append(t, event),
            Event::RecordFailed { record, error } => {
                self.no_longer_awaiting(*record);
                self.entering = None;
                if let Some(it) = self.records.get_mut(*record) {
                    it.failed = Some((t, error.clone()));
                }
                self.counts.failed += 1;
            }
            Event::Verdict { record, verdict } => self.judge(*record, *verdict),
            _ => return false,
        }
        true
    }

    /// Records of a topic leave in the order in which they came: nearly always it is the first one.
    fn no_longer_awaiting(&mut self, record: RecordId) {
        if self.awaiting.front() == Some(&record) {
            self.awaiting.pop_front();
            return;
        }
        let waits = self.records.get(record).is_none_or(|it| it.awaiting.is_some());
        if waits && let Some(at) = self.awaiting.iter().position(|it| *it == record) {
            self.awaiting.remove(at);
        }
    }

    fn accept(&mut self, t: u64, event: &Event) {
        let Event::Accepted {
            record,
            topic,
            key,
            key_bytes,
            value_bytes,
            headers,
            timestamp,
        } = event
        else {
            return;
        };
        self.records.insert(
            *record,
            Record {
                id: *record,
                topic: *topic,
                key: *key,
                key_bytes: *key_bytes,
                value_bytes: *value_bytes,
                headers: *headers,
                timestamp: *timestamp,
                accepted: t,
                awaiting: None,
                route: None,
                place: None,
                failed: None,
                verdict: None,
            },
        );
        self.records.forget_oldest(KEEP);
        self.counts.sent += 1;
        self.enter(t, *record);
    }

    fn enter(&mut self, t: u64, record: RecordId) {
        self.entering = Some(record);
        self.t_entering = t;
    }

    fn append(&mut self, t: u64, event: &Event) {
        let Event::Appended {
            record,
            batch,
            index,
            bytes,
        } = event
        else {
            return;
        };
        self.entering = None;
        if let Some(it) = self.records.get_mut(*record) {
            it.place = Some(Place {
                batch: *batch,
                index: *index,
                bytes: *bytes,
                at: t,
            });
        }
        if let Some(it) = self.batches.get_mut(*batch) {
            it.records.push(*record);
            it.count += 1;
            it.bytes = it.bytes.saturating_add(*bytes);
        }
    }

    fn judge(&mut self, record: RecordId, verdict: Verdict) {
        if let Some(it) = self.records.get_mut(record) {
            if it.verdict.is_none() {
                self.verdicts.push(record);
            }
            it.verdict = Some(verdict);
        }
    }
}
