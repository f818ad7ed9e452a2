//! Which partition: the record's own, the application's, the key's, or the partitioner's (behaviours 1 to 5).

use ottla_trace::Event;
use ottla_trace::event::{PartitionedBy, TopicIx};

use crate::engine::Engine;
use crate::extensions::Extensions;
use crate::partitioner::key_hash;
use crate::record::{Record, RecordId};
use crate::time::Instant;

/// What is known about a record's partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Choice {
    /// There it goes.
    Partition { partition: i32, by: PartitionedBy },
    /// The topic is unknown, or does not have as many partitions (yet) as the record wants.
    Later,
    /// The application's partitioner named a partition that does not exist.
    Impossible(i32),
}

impl Engine {
    #[inline]
    pub(crate) fn choose<X: Extensions>(
        &mut self,
        ix: TopicIx,
        record: &Record<'_>,
        extensions: &mut X,
    ) -> Choice {
        let topic = self.topics.get_mut(ix);
        if !topic.is_known() || topic.count <= 0 {
            return Choice::Later;
        }
        let count = if mutant!(KeysCountLeaders) && record.partition.is_none() {
            topic.available.len() as i32
        } else {
            topic.count
        };
        if let Some(partition) = record.partition {
            return match partition {
                0.. if partition < count => Choice::Partition {
                    partition,
                    by: PartitionedBy::Explicit,
                },
                _ => Choice::Later,
            };
        }
        if !(mutant!(KeyBeforeApplication) && record.key.is_some())
            && let Some(partition) = extensions.partition(record, topic.choices())
        {
            return match partition {
                0.. if partition < count => Choice::Partition {
                    partition,
                    by: PartitionedBy::Custom,
                },
                _ => Choice::Impossible(partition),
            };
        }
        if self.settings.round_robin {
            let choices = crate::partitioner::Partitions {
                count,
                available: &topic.available,
            };
            return chosen(topic.turns.next(choices), PartitionedBy::RoundRobin);
        }
        match record.key.as_deref() {
            Some(key) if !(self.settings.ignore_keys || mutant!(EmptyKeyIsNull) && key.is_empty()) => {
                let hash = key_hash(key);
                let positive = if mutant!(KeyHashAbsolute) {
                    hash.wrapping_abs()
                } else {
                    hash & i32::MAX
                };
                Choice::Partition {
                    partition: if mutant!(KeyHashUnsigned) {
                        (hash.cast_unsigned() % count.cast_unsigned()).cast_signed()
                    } else {
                        positive % count
                    },
                    by: PartitionedBy::KeyHash { hash },
                }
            }
            _ => self.choose_sticky(ix),
        }
    }

    fn choose_sticky(&mut self, ix: TopicIx) -> Choice {
        let partitions = &self.partitions;
        let topic = self.topics.get_mut(ix);
        let choices = crate::partitioner::Partitions {
            count: topic.count,
            available: &topic.available,
        };
        let numbers = &topic.partitions;
        let is_full = |partition: i32| {
            numbers
                .get(partition as usize)
                .is_none_or(|ix| partitions[ix.0 as usize].open.is_none())
        };
        chosen(
            topic.sticky.partition(choices, &mut self.rng, is_full),
            PartitionedBy::Sticky,
        )
    }

    #[cold]
    fn trace_partitioned(
        &mut self,
        now: Instant,
        ix: TopicIx,
        partition: i32,
        by: PartitionedBy,
        id: RecordId,
    ) {
        let of = self.topics.get(ix).count;
        self.tracer.emit_record(now, || Event::Partitioned {
            record: id.0,
            partition,
            of,
            by,
        });
    }

    /// Appends an accepted record to the partition that was chosen for it.
    #[inline]
    pub(crate) fn place(
        &mut self,
        now: Instant,
        ix: TopicIx,
        partition: i32,
        by: PartitionedBy,
        id: RecordId,
        record: &Record<'_>,
    ) {
        let target = self.topics.get(ix).partitions[partition as usize];
        if self.tracer.records() {
            self.trace_partitioned(now, ix, partition, by, id);
        }
        let grown = self.append(now, target, id, record);
        if by == PartitionedBy::Sticky {
            let all_full = self.partition(target).open.is_none();
            let topic = self.topics.get_mut(ix);
            let choices = crate::partitioner::Partitions {
                count: topic.count,
                available: &topic.available,
            };
            topic
                .sticky
                .appended(partition, grown, all_full, choices, &mut self.rng);
        }
    }
}

fn chosen(partition: Option<i32>, by: PartitionedBy) -> Choice {
    partition.map_or(Choice::Later, |partition| Choice::Partition { partition, by })
}
