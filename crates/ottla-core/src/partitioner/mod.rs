//! Which partition a record goes to.
//!
//! In order: the record's own partition, an application's partitioner, the hash of a key that is not null, and
//! for records without a key the sticky partition ([`Sticky`]) or the next in turn ([`RoundRobin`]).

mod rng;
mod sticky;

pub use rng::Rng;
pub use sticky::{Load, Sticky};

/// The seed that Kafka's clients hash keys with.
const SEED: u32 = 0x9747_b28c;

/// murmur2 of a serialized key, as Kafka's `Utils.murmur2` has it.
pub fn key_hash(key: &[u8]) -> i32 {
    murmur2::murmur2(key, SEED).cast_signed()
}

/// The partition of a key: the hash without its sign bit, modulo the number of **all** partitions, with or without
/// a leader. `None` when the topic has no partition.
///
/// Neither the absolute value nor an unsigned modulo gives Kafka's answer.
pub fn partition_for_key(key: &[u8], partitions: i32) -> Option<i32> {
    (partitions > 0).then(|| (key_hash(key) & i32::MAX) % partitions)
}

/// The partitions of a topic as far as choosing among them goes.
#[derive(Clone, Copy, Debug)]
pub struct Partitions<'a> {
    /// Number of partitions.
    pub count: i32,
    /// Those that have a leader, ascending.
    pub available: &'a [i32],
}

impl Partitions<'_> {
    // Any partition that can be written to; any at all when none can, so that a record is not stuck here.
    fn pick(&self, number: u32) -> Option<i32> {
        if self.available.is_empty() {
            let count = u32::try_from(self.count).ok().filter(|count| *count > 0)?;
            return i32::try_from(number % count).ok();
        }
        let index = number as usize % self.available.len();
        Some(self.available[index])
    }
}

/// One partition after the other (`RoundRobinPartitioner`), one state per topic.
#[derive(Clone, Debug, Default)]
pub struct RoundRobin {
    next: u32,
}

impl RoundRobin {
    /// The next partition in turn; `None` when the topic has no partition.
    pub fn next(&mut self, partitions: Partitions<'_>) -> Option<i32> {
        let number = self.next & 0x7fff_ffff;
        self.next = self.next.wrapping_add(1);
        partitions.pick(number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_kafkas() {
        // Kafka: UtilsTest.testMurmur2
        let signed = [
            ("21", -973_932_308),
            ("foobar", -790_332_482),
            ("a-little-bit-long-string", -985_981_536),
            ("a-little-bit-longer-string", -1_486_304_829),
            ("lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58_897_971),
            ("abc", 479_470_107),
        ];
        for (key, hash) in signed {
            assert_eq!(key_hash(key.as_bytes()), hash, "{key}");
        }
        // librdkafka: rdmurmur2.c
        let unsigned = [
            ("kafka", 0xd067_cf64),
            ("234", 0xe7c0_09ca),
            ("4", 0x5a4b_5ca1),
            ("", 0x106e_08d9u32),
        ];
        for (key, hash) in unsigned {
            assert_eq!(key_hash(key.as_bytes()).cast_unsigned(), hash, "{key}");
        }
    }

    #[test]
    fn without_partitions_there_is_no_place() {
        assert_eq!(partition_for_key(b"x", 0), None);
    }

    #[test]
    fn round_robin_takes_turns_among_those_with_a_leader() {
        let mut turns = RoundRobin::default();
        let some = Partitions {
            count: 4,
            available: &[0, 2, 3],
        };
        assert_eq!([(); 5].map(|()| turns.next(some)), [0, 2, 3, 0, 2].map(Some));
        let none = Partitions {
            count: 4,
            available: &[],
        };
        assert_eq!([(); 3].map(|()| turns.next(none)), [1, 2, 3].map(Some));
        assert_eq!(
            turns.next(Partitions {
                count: 0,
                available: &[]
            }),
            None
        );
    }

    #[test]
    fn round_robin_survives_the_overflow_of_its_counter() {
        let mut turns = RoundRobin { next: u32::MAX };
        let two = Partitions {
            count: 2,
            available: &[0, 1],
        };
        assert_eq!([(); 3].map(|()| turns.next(two)), [1, 0, 1].map(Some));
    }
}
