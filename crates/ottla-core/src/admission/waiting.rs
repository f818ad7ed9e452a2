//! Records that wait for their topic's metadata.

use alloc::sync::Arc;
use alloc::vec::Vec;

use ottla_trace::Event;
use ottla_trace::event::TopicIx;
use ottla_wire::error_code::ErrorCode;

use super::{Choice, upper_bound};
use crate::accumulator::TopicKnowledge;
use crate::delivery::{Completion, DeliveryError, DeliveryErrorKind, Outcome, Persisted, RecordSlot};
use crate::engine::Engine;
use crate::extensions::Extensions;
use crate::record::{Record, RecordId};
use crate::time::Instant;

/// Why metadata is asked for when a topic seems to have too few partitions.
const MISSING_PARTITION: &str = "a record names a partition that is not known";

/// An accepted record without a partition.
#[derive(Clone, Debug)]
pub(crate) struct Waiting {
    pub(crate) id: RecordId,
    pub(crate) record: Record<'static>,
    pub(crate) deadline: Instant,
}

impl Waiting {
    /// Bytes of `buffer.memory` that it holds.
    fn charge(&self) -> usize {
        upper_bound(&self.record)
    }
}

impl Engine {
    pub(crate) fn wait_for_metadata(
        &mut self,
        now: Instant,
        since: Instant,
        ix: TopicIx,
        id: RecordId,
        record: Record<'_>,
        size: usize,
    ) {
        self.memory.take(size);
        self.tracer
            .emit_record(now, || Event::AwaitingMetadata { record: id.0 });
        let waiting = Waiting {
            id,
            record: record.into_owned(),
            deadline: if mutant!(MaxBlockTwice) { now } else { since } + self.settings.max_block,
        };
        let topic = self.topics.get_mut(ix);
        if topic.waiting.is_empty() {
            self.waiting.push(ix);
        }
        if mutant!(WaitingReversed) {
            topic.waiting.push_front(waiting);
        } else {
            topic.waiting.push_back(waiting);
        }
        if topic.is_known() {
            // It names a partition that the topic does not have: perhaps the topic has grown.
            self.refresh.want_all(MISSING_PARTITION);
        } else {
            self.want_topic(ix);
        }
        self.dirty = true;
    }

    /// Gives waiting records their partitions, oldest first, once their topic is known.
    pub(crate) fn admit_waiting<X: Extensions>(&mut self, now: Instant, extensions: &mut X) {
        for ix in core::mem::take(&mut self.waiting) {
            let is_known = self.topics.get(ix).is_known();
            if is_known {
                self.admit_topic(now, ix, extensions);
            }
            if !self.topics.get(ix).waiting.is_empty() {
                self.waiting.push(ix);
                if is_known {
                    self.refresh.want_all(MISSING_PARTITION);
                }
            }
        }
    }

    fn admit_topic<X: Extensions>(&mut self, now: Instant, ix: TopicIx, extensions: &mut X) {
        let queue = core::mem::take(&mut self.topics.get_mut(ix).waiting);
        for waiting in queue {
            match self.choose(ix, &waiting.record, extensions) {
                Choice::Partition { partition, by } => {
                    self.memory.give_back(waiting.charge());
                    let began = waiting.deadline - self.settings.max_block;
                    let wait = now.saturating_since(began);
                    self.recorder.waited_for_metadata(now, wait);
                    self.place(now, ix, partition, by, waiting.id, &waiting.record);
                }
                Choice::Later => self.topics.get_mut(ix).waiting.push_back(waiting),
                Choice::Impossible(partition) => {
                    let error = local_error(
                        "INVALID_PARTITION",
                        DeliveryErrorKind::Broker,
                        alloc::format!(
                            "the partitioner chose partition {partition}, the topic has {}; fix the partitioner",
                            self.topics.get(ix).count
                        ),
                    );
                    self.fail_waiting(now, ix, alloc::vec![waiting], &error);
                }
            }
        }
    }

    /// Fails what waited longer than `max.block.ms`.
    pub(crate) fn expire_waiting(&mut self, now: Instant) {
        let mut index = 0;
        while index < self.waiting.len() {
            let ix = self.waiting[index];
            let topic = self.topics.get_mut(ix);
            let mut late = Vec::new();
            if topic.waiting.iter().any(|waiting| waiting.deadline <= now) {
                let (over, rest): (Vec<_>, Vec<_>) = core::mem::take(&mut topic.waiting)
                    .into_iter()
                    .partition(|waiting| waiting.deadline <= now);
                late = over;
                topic.waiting = rest.into();
            }
            let empty = topic.waiting.is_empty();
            // Before the topic is forgotten: the error tells what brokers last said about it.
            if !late.is_empty() {
                let error = self.max_block_error(ix, &late[0].record);
                self.fail_waiting(now, ix, late, &error);
            }
            if empty {
                self.waiting.swap_remove(index);
                self.unwant(ix);
            } else {
                index += 1;
            }
        }
    }

    /// Fails everything that waits for a topic, because the topic cannot be had.
    pub(crate) fn fail_topic(&mut self, now: Instant, ix: TopicIx, error: &DeliveryError) {
        let topic = self.topics.get_mut(ix);
        let waiting: Vec<_> = core::mem::take(&mut topic.waiting).into();
        self.waiting.retain(|other| *other != ix);
        self.unwant(ix);
        if !waiting.is_empty() {
            self.fail_waiting(now, ix, waiting, error);
        }
    }

    fn unwant(&mut self, ix: TopicIx) {
        let topic = self.topics.get_mut(ix);
        if topic.is_wanted() {
            topic.knowledge = TopicKnowledge::Unwanted;
        }
    }

    fn fail_waiting(&mut self, now: Instant, ix: TopicIx, waiting: Vec<Waiting>, error: &DeliveryError) {
        let mut slots = Vec::with_capacity(waiting.len());
        let mut returned = Vec::with_capacity(waiting.len());
        for entry in waiting {
            self.memory.give_back(entry.charge());
            self.counters.record_errors += 1;
            self.recorder.failed(now, None, 1);
            self.tracer.emit_record(now, || Event::RecordFailed {
                record: entry.id.0,
                error: error.code.into(),
            });
            slots.push(RecordSlot::new(entry.id, &entry.record));
            returned.push(entry.record);
        }
        let completion = Completion::of_records(
            self.topics.get(ix).name.clone(),
            Outcome::Failed(error.clone()),
            slots,
            returned,
        );
        self.hand_out(now, completion);
    }

    /// `max.block.ms` ran out: says what was missing, and why as far as anybody said.
    fn max_block_error(&self, ix: TopicIx, record: &Record<'_>) -> DeliveryError {
        let topic = self.topics.get(ix);
        let limit = self.settings.max_block.as_millis() as u64;
        let (code, what) = match (&topic.knowledge, record.partition) {
            (TopicKnowledge::Known, Some(partition)) => (
                "MAX_BLOCK_TIMEOUT",
                alloc::format!(
                    "topic {} has {} partitions and not partition {partition}; add partitions, or name an existing one",
                    topic.name,
                    topic.count
                ),
            ),
            (
                TopicKnowledge::Wanted {
                    last_error: Some(code),
                },
                _,
            ) => (
                code.name(),
                if *code == ErrorCode::UNKNOWN_TOPIC_OR_PARTITION {
                    alloc::format!(
                        "the cluster has no topic {}; create it, or check its name",
                        topic.name
                    )
                } else {
                    alloc::format!(
                        "the cluster cannot serve topic {} now; check its state there",
                        topic.name
                    )
                },
            ),
            _ => (
                if self.network.nodes.is_empty() {
                    "NO_BROKER"
                } else {
                    "MAX_BLOCK_TIMEOUT"
                },
                alloc::format!(
                    "no broker told of topic {}: {}; check bootstrap.servers",
                    topic.name,
                    self.network.last_failure()
                ),
            ),
        };
        local_error(
            code,
            DeliveryErrorKind::Timeout,
            alloc::format!("{what} (waited {limit} ms, max.block.ms)"),
        )
    }
}

/// An error of a record that never left the client.
pub(crate) fn local_error(
    code: &'static str,
    kind: DeliveryErrorKind,
    message: impl Into<Arc<str>>,
) -> DeliveryError {
    DeliveryError {
        code,
        kind,
        message: message.into(),
        persisted: Persisted::No,
    }
}
