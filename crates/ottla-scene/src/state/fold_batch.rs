//! Events of batches.

use ottla_trace::{
    Event,
    event::{BatchId, CloseReason, Persisted},
};

use super::{Attempt, AttemptEnd, Batch, KEEP, Phase, Sealed, Segment, Stamp, State};

/// Bytes of a record batch's header: a batch is never smaller.
pub(crate) const BATCH_HEADER: u32 = 61;

impl State {
    pub(super) fn fold_batch(&mut self, t: u64, event: &Event) -> bool {
        match event {
            Event::BatchOpened {
                batch,
                topic,
                partition,
                capacity,
            } => self.open(t, *batch, (*topic, *partition), *capacity),
            Event::BatchClosed {
                batch,
                because,
                records,
                bytes,
            } => self.close(t, *batch, *because, *records, *bytes),
            Event::Sealed {
                batch, codec, bytes, ..
            } => self.change(*batch, |it| {
                it.sealed = Some(Sealed {
                    at: t,
                    codec: codec.clone(),
                    bytes: *bytes,
                });
            }),
            Event::Stamped {
                batch,
                producer_id,
                epoch,
                sequence,
            } => self.change(*batch, |it| {
                it.stamp = Some(Stamp {
                    producer_id: *producer_id,
                    epoch: *epoch,
                    sequence: *sequence,
                });
            }),
            Event::Drained { .. } => self.drain(t, event),
            Event::Acked {
                batch, base_offset, ..
            } => self.acked(t, *batch, *base_offset),
            Event::Retry { .. } => self.retry(t, event),
            Event::Failed {
                batch,
                error,
                persisted,
            } => self.fail(t, *batch, error, *persisted),
            Event::Expired { batch, persisted } => self.fail(t, *batch, "DELIVERY_TIMEOUT", *persisted),
            Event::Split { batch, into } => self.split(t, *batch, into),
            Event::MaybeDuplicated { batch } => self.change(*batch, |it| it.maybe_duplicated = true),
            _ => return false,
        }
        true
    }

    fn change(&mut self, batch: BatchId, change: impl FnOnce(&mut Batch)) {
        if let Some(it) = self.batches.get_mut(batch) {
            change(it);
        }
    }

    fn open(&mut self, t: u64, id: BatchId, (topic, partition): (u32, i32), capacity: u32) {
        self.batches.insert(
            id,
            Batch {
                id,
                topic,
                partition,
                opened: t,
                capacity,
                bytes: BATCH_HEADER,
                count: 0,
                records: Vec::new(),
                closed: None,
                sealed: None,
                stamp: None,
                phase: Phase::Open,
                attempts: Vec::new(),
                persisted: Persisted::No,
                maybe_duplicated: false,
            },
        );
        self.batches.forget_oldest(KEEP);
        let queue = self.queues.entry((topic, partition)).or_default();
        if !queue.contains(&id) {
            queue.push(id);
        }
    }

    fn close(&mut self, t: u64, batch: BatchId, because: CloseReason, records: u32, bytes: u32) {
        let Some(it) = self.batches.get_mut(batch) else {
            return;
        };
        // At level `batch` nobody announced the records one by one; a split batch's were counted before.
        if it.records.is_empty() && because != CloseReason::Split {
            self.counts.sent += u64::from(records);
        }
        it.closed = Some((t, because));
        it.bytes = bytes;
        it.count = records;
        if it.phase == Phase::Open {
            it.phase = Phase::Ready;
        }
    }

    fn drain(&mut self, t: u64, event: &Event) {
        let Event::Drained {
            batch,
            node,
            conn,
            correlation,
            ..
        } = event
        else {
            return;
        };
        self.change(*batch, |it| {
            it.phase = Phase::InFlight {
                conn: *conn,
                correlation: *correlation,
            };
            it.attempts.push(Attempt {
                conn: *conn,
                correlation: *correlation,
                node: *node,
                drained: t,
                appended: None,
                ended: None,
            });
        });
    }

    /// Ends the batch's last attempt and takes it out of its queue.
    fn resolve(&mut self, t: u64, batch: BatchId, end: AttemptEnd, phase: Phase, persisted: Persisted) {
        let Some(it) = self.batches.get_mut(batch) else {
            return;
        };
        if !it.unresolved() {
            return;
        }
        if let Some(last) = it.attempts.last_mut()
            && last.ended.is_none()
        {
            last.ended = Some((t, end));
        }
        it.phase = phase;
        it.persisted = persisted;
        if let Some(queue) = self.queues.get_mut(&(it.topic, it.partition)) {
            queue.retain(|id| *id != batch);
        }
    }

    fn acked(&mut self, t: u64, batch: BatchId, base_offset: i64) {
        let Some(it) = self.batches.get(batch).filter(|it| it.unresolved()) else {
            return;
        };
        let (count, partition) = (it.count, (it.topic, it.partition));
        let node = it.attempts.last().map(|attempt| attempt.node);
        self.counts.told_ok += u64::from(count);
        let phase = Phase::Acked { at: t, base_offset };
        self.resolve(t, batch, AttemptEnd::Acked, phase, Persisted::Yes);
        self.let_go(t, batch);
        // Without a view into the brokers, an answer is all that is known about a log.
        if let Some(node) = node
            && !self.observed
            && base_offset >= 0
        {
            let segment = Segment {
                base: base_offset,
                count,
                batch: Some(batch),
            };
            self.logs.entry((node, partition)).or_default().append(segment);
        }
    }

    /// With acks=0 nobody answers: the request ends when it arrives.
    fn let_go(&mut self, t: u64, batch: BatchId) {
        let Some(attempt) = self.batches.get(batch).and_then(|it| it.attempts.last()) else {
            return;
        };
        if let Some(request) = self.requests.get_mut(&(attempt.conn, attempt.correlation)) {
            let arrives = request.out.map_or(t, |out| out.arrives.max(t));
            request.done.get_or_insert(arrives);
        }
    }

    fn retry(&mut self, t: u64, event: &Event) {
        let Event::Retry {
            batch,
            because,
            not_before,
            persisted,
            ..
        } = event
        else {
            return;
        };
        self.change(*batch, |it| {
            let end = if *persisted == Persisted::Possibly {
                AttemptEnd::Lost(because.clone())
            } else {
                AttemptEnd::Refused(because.clone())
            };
            if let Some(last) = it.attempts.last_mut()
                && last.ended.is_none()
            {
                last.ended = Some((t, end));
            }
            it.phase = Phase::Retry {
                since: t,
                not_before: *not_before,
                because: because.clone(),
            };
            // Once it may be there, a later refusal does not take that back.
            if it.persisted != Persisted::Possibly {
                it.persisted = *persisted;
            }
        });
    }

    fn fail(&mut self, t: u64, batch: BatchId, error: &str, persisted: Persisted) {
        let Some(it) = self.batches.get(batch).filter(|it| it.unresolved()) else {
            return;
        };
        let count = u64::from(it.count);
        self.counts.failed += count;
        if persisted != Persisted::No {
            self.counts.failed_possibly += count;
        }
        let end = match persisted {
            Persisted::No => AttemptEnd::Refused(error.to_owned()),
            Persisted::Possibly | Persisted::Yes => AttemptEnd::Lost(error.to_owned()),
        };
        let phase = Phase::Failed {
            at: t,
            error: error.to_owned(),
        };
        self.resolve(t, batch, end, phase, persisted);
    }

    fn split(&mut self, t: u64, batch: BatchId, into: &[BatchId]) {
        let Some(it) = self.batches.get(batch) else { return };
        let key = (it.topic, it.partition);
        // The new batches may be announced before or after the split: they stand where the old one stood.
        if let Some(queue) = self.queues.get_mut(&key) {
            queue.retain(|id| !into.contains(id));
            let place = queue.iter().position(|id| *id == batch).unwrap_or(0);
            queue.splice(place..place, into.iter().copied());
        }
        let phase = Phase::Split {
            at: t,
            into: into.to_vec(),
        };
        let end = AttemptEnd::Refused("MESSAGE_TOO_LARGE".to_owned());
        self.resolve(t, batch, end, phase, Persisted::No);
    }
}
