//! What the application put around every record, and what is kept for it while records are on their way: interceptors, a
//! partitioner, a listener for hot partitions.

use std::collections::{HashMap, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind};

use ottla_core::config::Config;
use ottla_core::extensions::{Extensions, Partitions};
use ottla_core::producer::PartitionCount;
use ottla_core::{Completion, Record, RecordId};

use crate::hooks::{BoxedPartitioner, HotPartitionListener};
use crate::hot_partition::{HotPartition, Watch};
pub(crate) use crate::interceptor::{Acknowledged, Interceptors, Sent};

/// What stands for an answer that a partitioner could not give.
const NO_ANSWER: i32 = i32::MIN;

/// The application's partitioner, or none.
#[derive(Default)]
pub(crate) struct Hooks(Option<BoxedPartitioner>);

impl Extensions for Hooks {
    fn partition(&mut self, record: &Record<'_>, topic: Partitions<'_>) -> Option<i32> {
        let own = self.0.as_mut()?;
        // A panic here would take the producer and all that it holds with it.
        catch_unwind(AssertUnwindSafe(|| own.partition(record, topic))).unwrap_or(Some(NO_ANSWER))
    }
}

impl Hooks {
    pub(crate) fn close(&mut self) {
        if let Some(own) = &mut self.0 {
            let _ = catch_unwind(AssertUnwindSafe(|| own.close()));
        }
    }
}

/// What is being configured.
#[derive(Default)]
pub(crate) struct Wanted {
    pub(crate) interceptors: Interceptors,
    pub(crate) partitioner: Option<BoxedPartitioner>,
    pub(crate) listener: Listener,
}

impl Wanted {
    /// The parts that live in the producer, in front of it, and beside it.
    pub(crate) fn parts(mut self, config: &Config) -> (Hooks, Around, Interceptors, Listener) {
        if let Some(partitioner) = &mut self.partitioner {
            partitioner.configure(config);
        }
        let around = Around {
            sent: (!self.interceptors.is_empty()).then(HashMap::new),
            hot: self.listener.0.is_some().then(Watch::default),
            partitioner: self.partitioner.is_some(),
        };
        (Hooks(self.partitioner), around, self.interceptors, self.listener)
    }
}

/// What is known under the lock.
pub(crate) struct Around {
    /// What interceptors will be shown of records that are on their way; `None` when there are no interceptors.
    sent: Option<HashMap<RecordId, Sent>>,
    hot: Option<Watch>,
    partitioner: bool,
}

impl Around {
    /// Keeps what interceptors will be shown of an accepted record.
    pub(crate) fn keep(&mut self, id: RecordId, kept: Option<Sent>) {
        if let (Some(sent), Some(kept)) = (&mut self.sent, kept) {
            sent.insert(id, kept);
        }
    }

    /// Notes a batch's end; gives the batch back when its senders may hear of it at once.
    pub(crate) fn done(
        &mut self,
        batch: Completion,
        count: impl FnOnce(&str) -> PartitionCount,
        told: &mut Told,
    ) -> Option<Completion> {
        self.watch(&batch, count, told);
        let Some(sent) = &mut self.sent else {
            return Some(batch);
        };
        let ids = batch.ids().enumerate();
        let sent = ids.filter_map(|(index, id)| Some((index, sent.remove(&id)?)));
        let sent = sent.collect();
        told.acknowledged.push_back(Acknowledged { batch, sent });
        None
    }

    fn watch(&mut self, batch: &Completion, count: impl FnOnce(&str) -> PartitionCount, told: &mut Told) {
        let Some(watch) = &mut self.hot else { return };
        // Records without a key go where there is room: a few full batches in one place mean nothing.
        let chosen = self.partitioner || batch.result(0).is_ok_and(|first| first.serialized_key_size >= 0);
        if batch.is_ok() && chosen {
            let count = || match count(batch.topic()) {
                PartitionCount::Known(count) => Some(count),
                PartitionCount::Asked | PartitionCount::Unasked => None,
            };
            watch.note(batch, count, &mut told.hot);
        }
    }
}

/// What the application is to be told outside of the lock, before the senders hear of their records.
#[derive(Default)]
pub(crate) struct Told {
    acknowledged: VecDeque<Acknowledged>,
    hot: Vec<HotPartition>,
}

impl Told {
    pub(crate) fn is_empty(&self) -> bool {
        self.acknowledged.is_empty() && self.hot.is_empty()
    }

    /// The next batch that interceptors are to hear of.
    pub(crate) fn next(&mut self) -> Option<Acknowledged> {
        self.acknowledged.pop_front()
    }
}

/// Who hears of hot partitions.
#[derive(Default)]
pub(crate) struct Listener(pub(crate) Option<HotPartitionListener>);

impl Listener {
    pub(crate) fn hear(&mut self, told: &mut Told) {
        if let Some(listener) = &mut self.0 {
            told.hot.drain(..).for_each(|hot| listener(&hot));
        }
    }
}
