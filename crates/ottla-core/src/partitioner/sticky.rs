//! The uniform sticky partitioner of KIP-794, as Kafka's `BuiltInPartitioner` has it; one state per topic.

use alloc::vec::Vec;

use super::{Partitions, Rng};

/// Chooses one partition and stays until `batch.size` bytes went there, so that batches fill whatever the linger.
#[derive(Clone, Debug)]
pub struct Sticky {
    batch_size: usize,
    current: Option<Current>,
    load: Option<Cumulative>,
}

#[derive(Clone, Copy, Debug)]
struct Current {
    partition: i32,
    produced: usize,
}

/// The queue of one partition, for weighing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Load {
    /// The partition.
    pub partition: i32,
    /// Batches in its queue.
    pub queued: u32,
}

// Running sum of weights; a random number below the last one falls to the first entry that is greater than it.
#[derive(Clone, Debug)]
struct Cumulative {
    partitions: Vec<i32>,
    sums: Vec<u32>,
}

impl Sticky {
    /// A state that has not chosen yet; `batch_size` is `batch.size`.
    pub fn new(batch_size: usize) -> Self {
        Self {
            batch_size: batch_size.max(1),
            current: None,
            load: None,
        }
    }

    /// The partition for the next record without a key; `None` when the topic has no partition.
    ///
    /// `all_full` tells whether a partition's queue is empty or its last batch is full: a switch that was held back
    /// because of an open batch is made good here.
    pub fn partition(
        &mut self,
        partitions: Partitions<'_>,
        rng: &mut Rng,
        all_full: impl FnOnce(i32) -> bool,
    ) -> Option<i32> {
        let stale = match self.current {
            None => true,
            // A topic that was deleted and made again may have fewer partitions.
            Some(current) if current.partition >= partitions.count => true,
            Some(current) => current.produced >= self.batch_size && all_full(current.partition),
        };
        if stale {
            self.switch(partitions, rng);
        }
        self.current.map(|current| current.partition)
    }

    /// Notes that a record took `bytes` in `partition`'s queue, by the growth of the batch's estimated size.
    ///
    /// Switches when `batch.size` bytes went there and the queue has no batch that could still grow, and in any case
    /// at twice that. Records that were not placed by [`Sticky::partition`] do not count.
    pub fn appended(
        &mut self,
        partition: i32,
        bytes: usize,
        all_full: bool,
        partitions: Partitions<'_>,
        rng: &mut Rng,
    ) {
        let Some(current) = self
            .current
            .as_mut()
            .filter(|current| current.partition == partition)
        else {
            return;
        };
        current.produced = current.produced.saturating_add(bytes);
        let enough = current.produced >= self.batch_size && (all_full || mutant!(StickySwitchNotHeld));
        if enough
            || (current.produced >= self.batch_size.saturating_mul(2) && !mutant!(StickySwitchNotForced))
        {
            self.switch(partitions, rng);
        }
    }

    /// Weighs the partitions by their queues: the longer, the less likely to be next.
    ///
    /// `known` are the partitions that have a queue and whose broker takes data; `of` is the number of all
    /// partitions that have a queue. Equal queues weigh nothing, unless some partitions were left out.
    pub fn set_load(&mut self, known: &[Load], of: usize) {
        self.load = Cumulative::new(known, of);
    }

    /// Whether any record was placed by it; until then its weights matter to nobody.
    pub fn is_used(&self) -> bool {
        self.current.is_some()
    }

    /// Forgets the weights, as when a partition has no queue yet.
    pub fn clear_load(&mut self) {
        self.load = None;
    }

    fn switch(&mut self, partitions: Partitions<'_>, rng: &mut Rng) {
        let random = rng.next_u32() >> 1;
        let next = match &self.load {
            Some(load) => load
                .pick(random)
                .filter(|partition| *partition < partitions.count),
            None => None,
        };
        self.current = next.or_else(|| partitions.pick(random)).map(|partition| Current {
            partition,
            produced: 0,
        });
    }
}

impl Cumulative {
    fn new(known: &[Load], of: usize) -> Option<Self> {
        if known.is_empty() || of < 2 {
            return None;
        }
        let longest = known.iter().map(|load| load.queued).max()?;
        if known.len() == of && known.iter().all(|load| load.queued == longest) {
            return None;
        }
        let mut sum = 0u32;
        let sums = known
            .iter()
            .map(|load| {
                sum = sum.saturating_add((longest - load.queued).saturating_add(1));
                sum
            })
            .collect();
        Some(Self {
            partitions: known.iter().map(|load| load.partition).collect(),
            sums,
        })
    }

    fn pick(&self, random: u32) -> Option<i32> {
        let number = random % self.sums.last()?;
        let index = self.sums.partition_point(|sum| *sum <= number);
        self.partitions.get(index).copied()
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;

    const FOUR: Partitions<'static> = Partitions {
        count: 4,
        available: &[0, 1, 2, 3],
    };

    fn chosen(sticky: &mut Sticky, rng: &mut Rng) -> i32 {
        sticky
            .partition(FOUR, rng, |_| true)
            .expect("the topic has partitions")
    }

    #[test]
    fn stays_until_batch_size_bytes_and_a_full_batch() {
        let (mut sticky, mut rng) = (Sticky::new(100), Rng::new(1));
        let first = chosen(&mut sticky, &mut rng);
        sticky.appended(first, 99, true, FOUR, &mut rng);
        assert_eq!(sticky.current.map(|c| c.produced), Some(99));
        sticky.appended(first, 1, false, FOUR, &mut rng);
        assert_eq!(
            sticky.current.map(|c| c.produced),
            Some(100),
            "an open batch holds the switch back"
        );
        assert_eq!(
            sticky.partition(FOUR, &mut rng, |_| false),
            Some(first),
            "as long as it is open"
        );
        sticky.partition(FOUR, &mut rng, |_| true);
        assert_eq!(
            sticky.current.map(|c| c.produced),
            Some(0),
            "the switch is made good"
        );
    }

    #[test]
    fn switches_at_twice_the_size_whatever_is_open() {
        let (mut sticky, mut rng) = (Sticky::new(100), Rng::new(1));
        let first = chosen(&mut sticky, &mut rng);
        sticky.appended(first, 199, false, FOUR, &mut rng);
        assert_eq!(sticky.current.map(|c| c.produced), Some(199));
        sticky.appended(first, 1, false, FOUR, &mut rng);
        assert_eq!(sticky.current.map(|c| c.produced), Some(0));
    }

    #[test]
    fn records_placed_by_others_do_not_count() {
        let (mut sticky, mut rng) = (Sticky::new(100), Rng::new(1));
        let first = chosen(&mut sticky, &mut rng);
        sticky.appended((first + 1) % 4, 500, true, FOUR, &mut rng);
        assert_eq!(
            sticky.current.map(|c| (c.partition, c.produced)),
            Some((first, 0))
        );
    }

    #[test]
    fn prefers_partitions_with_a_leader_and_takes_any_without() {
        let mut rng = Rng::new(3);
        let mut seen = vec![];
        for _ in 0..200 {
            let two = Partitions {
                count: 4,
                available: &[1, 3],
            };
            seen.extend(Sticky::new(1).partition(two, &mut rng, |_| true));
        }
        assert!(seen.iter().all(|p| [1, 3].contains(p)) && seen.contains(&1) && seen.contains(&3));
        let none = Partitions {
            count: 4,
            available: &[],
        };
        let any = Sticky::new(1)
            .partition(none, &mut rng, |_| true)
            .expect("there are partitions");
        assert!((0..4).contains(&any));
        assert_eq!(
            Sticky::new(1).partition(
                Partitions {
                    count: 0,
                    available: &[]
                },
                &mut rng,
                |_| true
            ),
            None
        );
    }

    #[test]
    fn spreads_bytes_evenly() {
        let (mut sticky, mut rng) = (Sticky::new(10), Rng::new(9));
        let mut bytes = [0usize; 4];
        for _ in 0..40_000 {
            let partition = chosen(&mut sticky, &mut rng);
            bytes[partition as usize] += 10;
            sticky.appended(partition, 10, true, FOUR, &mut rng);
        }
        assert!(bytes.iter().all(|b| (95_000..105_000).contains(b)), "{bytes:?}");
    }

    #[test]
    fn load_maps_numbers_as_kafkas_table_does() {
        // Queues 0, 3, 1 invert to 4, 1, 3 and sum up to 4, 5, 8.
        let load = [(5, 0), (6, 3), (7, 1)].map(|(partition, queued)| Load { partition, queued });
        let table = Cumulative::new(&load, 3).expect("queues differ");
        assert_eq!(table.sums, [4, 5, 8]);
        let picks: Vec<i32> = (0..9).filter_map(|number| table.pick(number)).collect();
        assert_eq!(picks, [5, 5, 5, 5, 6, 7, 7, 7, 5]);
    }

    #[test]
    fn load_says_nothing_when_queues_are_equal_and_all_are_known() {
        let equal = [0, 1, 2].map(|partition| Load { partition, queued: 2 });
        assert!(Cumulative::new(&equal, 3).is_none());
        assert!(
            Cumulative::new(&equal[..2], 3).is_some(),
            "a partition was left out"
        );
        assert!(Cumulative::new(&equal[..1], 1).is_none());
        assert!(Cumulative::new(&[], 3).is_none());
    }

    #[test]
    fn a_topic_that_shrank_gets_a_new_choice() {
        let mut rng = Rng::new(5);
        let mut sticky = Sticky::new(100);
        sticky.current = Some(Current {
            partition: 3,
            produced: 0,
        });
        sticky.set_load(
            &[Load {
                partition: 3,
                queued: 0,
            }],
            4,
        );
        let one = Partitions {
            count: 1,
            available: &[0],
        };
        assert_eq!(sticky.partition(one, &mut rng, |_| false), Some(0));
    }
}
