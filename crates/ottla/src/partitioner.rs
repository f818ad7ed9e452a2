//! Partitioners of the application (`partitioner.class` of Java's client).

use std::collections::HashMap;

use ottla_core::Record;
use ottla_core::config::Config;
pub use ottla_core::partitioner::{Partitions, RoundRobin, key_hash, partition_for_key};

use crate::hooks::MaybeSend;

/// Chooses the partition of each record that names none. It runs once the number of partitions is known, within `send`
/// and under the producer's lock: it must be quick, and must not use the producer.
///
/// A closure `|record, topic| ...` is a partitioner. Records that differ in the length of their keys, for example, go to
/// partitions of their own with
///
/// ```no_run
/// # fn example(builder: ottla::Builder) -> ottla::Builder {
/// use ottla::Record;
/// use ottla::partitioner::Partitions;
///
/// builder.partitioner(|record: &Record<'_>, topic: Partitions<'_>| {
///     let length = record.key.as_ref()?.len();          // without a key: the built-in partitioner
///     i32::try_from(length % topic.count as usize).ok()
/// })
/// # }
/// ```
pub trait Partitioner: MaybeSend {
    /// Called once, before anything else.
    fn configure(&mut self, config: &Config) {
        let _ = config;
    }

    /// The partition, from 0 to `topic.count - 1`; `None` leaves the choice to the built-in partitioner.
    ///
    /// Any other number, and a panic, is an `INVALID_PARTITION` of this record, which is given back.
    fn partition(&mut self, record: &Record<'_>, topic: Partitions<'_>) -> Option<i32>;

    /// The producer is closed.
    fn close(&mut self) {}
}

impl<F> Partitioner for F
where
    F: FnMut(&Record<'_>, Partitions<'_>) -> Option<i32> + MaybeSend,
{
    fn partition(&mut self, record: &Record<'_>, topic: Partitions<'_>) -> Option<i32> {
        self(record, topic)
    }
}

/// Gives records for which another partitioner has no answer to one partition after the other, for each topic by
/// itself, among those that have a leader.
#[derive(Clone, Debug)]
pub struct OrRoundRobin<P> {
    first: P,
    turns: HashMap<String, RoundRobin>,
}

impl<P: Partitioner> OrRoundRobin<P> {
    /// Asks `first` first.
    pub fn new(first: P) -> Self {
        Self {
            first,
            turns: HashMap::new(),
        }
    }
}

impl<P: Partitioner> Partitioner for OrRoundRobin<P> {
    fn configure(&mut self, config: &Config) {
        self.first.configure(config);
    }

    fn partition(&mut self, record: &Record<'_>, topic: Partitions<'_>) -> Option<i32> {
        let first = self.first.partition(record, topic);
        if first.is_some() {
            return first;
        }
        if !self.turns.contains_key(&*record.topic) {
            self.turns.insert(record.topic.to_string(), RoundRobin::default());
        }
        self.turns.get_mut(&*record.topic)?.next(topic)
    }

    fn close(&mut self) {
        self.first.close();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn by_key_length(record: &Record<'_>, topic: Partitions<'_>) -> Option<i32> {
        let length = record.key.as_ref()?.len();
        i32::try_from(length % topic.count as usize).ok()
    }

    #[test]
    fn what_has_no_answer_takes_turns_in_each_topic_for_itself() {
        let mut partitioner = OrRoundRobin::new(by_key_length);
        let topic = Partitions {
            count: 3,
            available: &[0, 2],
        };
        let mut to = |record: Record<'_>| partitioner.partition(&record, topic);
        assert_eq!(to(Record::to("a").key("four")), Some(1));
        assert_eq!([(); 3].map(|()| to(Record::to("a"))), [0, 2, 0].map(Some));
        assert_eq!(to(Record::to("b")), Some(0));
        assert_eq!(to(Record::to("a")), Some(2));
    }
}
