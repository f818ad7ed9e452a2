//! Whether one partition gets far more than its share.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use ottla_core::Completion;

/// Fewest records in a window: fewer say nothing.
const WINDOW: u64 = 10_000;
/// Fewest records for each partition: with fewer, chance alone makes some partitions look hot.
const WINDOW_PER_PARTITION: u64 = 100;
/// So many times its even share makes a partition hot.
const TIMES_EVEN: f64 = 4.0;

/// A partition that got far more than its share of a topic's records.
///
/// Delivered records of a topic that have a key, or whose partition the application's partitioner chose, are counted in
/// windows of 10,000 (100 for each partition, if that is more). A partition is hot when it got four times its even share,
/// or, in topics of up to seven partitions, when its share is nearer to everything than to the even one: 75 % of two
/// partitions, 67 % of three, 62.5 % of four. It is told of once, and again when it was not hot for a window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HotPartition {
    /// The topic.
    pub topic: Arc<str>,
    /// The partition.
    pub partition: i32,
    /// Records that it got.
    pub records: u64,
    /// Records that were counted in the topic.
    pub of: u64,
    /// Partitions of the topic.
    pub partitions: i32,
}

impl fmt::Display for HotPartition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let share = self.records as f64 / self.of as f64;
        write!(
            f,
            "hot partition: {}-{} got {:.0} % of the last {} records, {:.1} times its even share among {} partitions; \
             look for a key that is too frequent, or at the partitioner",
            self.topic,
            self.partition,
            share * 100.0,
            self.of,
            share * f64::from(self.partitions),
            self.partitions
        )
    }
}

/// Counts for one topic.
#[derive(Default)]
struct Window {
    counts: Vec<u64>,
    total: u64,
    hot: Vec<bool>,
}

/// Counts what is delivered.
#[derive(Default)]
pub(crate) struct Watch {
    topics: HashMap<Arc<str>, Window>,
}

impl Watch {
    /// Counts a batch; `partitions` is asked when a window is over.
    pub(crate) fn note(
        &mut self,
        batch: &Completion,
        partitions: impl FnOnce() -> Option<i32>,
        found: &mut Vec<HotPartition>,
    ) {
        let Ok(partition) = usize::try_from(batch.partition()) else {
            return;
        };
        if !self.topics.contains_key(batch.topic()) {
            self.topics.insert(batch.topic().clone(), Window::default());
        }
        let Some(window) = self.topics.get_mut(batch.topic()) else {
            return;
        };
        if window.counts.len() <= partition {
            window.counts.resize(partition + 1, 0);
        }
        window.counts[partition] += batch.len() as u64;
        window.total += batch.len() as u64;
        if window.total >= WINDOW
            && let Some(partitions) = partitions()
            && window.total >= WINDOW_PER_PARTITION * u64::from(partitions.unsigned_abs())
        {
            window.judge(batch.topic(), partitions, found);
        }
    }
}

impl Window {
    /// Ends the window.
    fn judge(&mut self, topic: &Arc<str>, partitions: i32, found: &mut Vec<HotPartition>) {
        let even = 1.0 / f64::from(partitions.max(1));
        let limit = (TIMES_EVEN * even).min(f64::midpoint(1.0, even));
        self.hot.resize(self.counts.len(), false);
        for (partition, (records, was_hot)) in self.counts.iter_mut().zip(&mut self.hot).enumerate() {
            let is_hot = partitions > 1 && *records as f64 >= limit * self.total as f64;
            if is_hot && !*was_hot {
                found.push(HotPartition {
                    topic: topic.clone(),
                    partition: partition as i32,
                    records: *records,
                    of: self.total,
                    partitions,
                });
            }
            *was_hot = is_hot;
            *records = 0;
        }
        self.total = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One window with these counts; the partitions that are told of.
    fn told(window: &mut Window, counts: &[u64]) -> Vec<i32> {
        window.counts = counts.to_vec();
        window.total = counts.iter().sum();
        let mut found = Vec::new();
        window.judge(&"t".into(), counts.len() as i32, &mut found);
        found.iter().map(|hot| hot.partition).collect()
    }

    #[test]
    fn the_documented_thresholds() {
        for (hot, counts) in [
            (false, &[7_499, 2_501][..]),
            (true, &[7_500, 2_500]),
            (false, &[6_600, 1_700, 1_700]),
            (true, &[6_700, 1_700, 1_600]),
            (false, &[6_200, 3_000, 400, 400]),
            (true, &[6_250, 2_950, 400, 400]),
            (false, &[10_000]),
        ] {
            let expected: &[i32] = if hot { &[0] } else { &[] };
            assert_eq!(told(&mut Window::default(), counts), expected, "{counts:?}");
        }
        let mut hundred = [96; 100];
        hundred[7] = 400;
        assert_eq!(told(&mut Window::default(), &hundred), [7]);
        hundred[7] = 390;
        assert_eq!(told(&mut Window::default(), &hundred), [0; 0]);
    }

    #[test]
    fn told_once_and_again_after_a_window_without() {
        let mut window = Window::default();
        assert_eq!(told(&mut window, &[9_000, 1_000]), [0]);
        assert_eq!(told(&mut window, &[9_000, 1_000]), [0; 0]);
        assert_eq!(told(&mut window, &[5_000, 5_000]), [0; 0]);
        assert_eq!(told(&mut window, &[9_000, 1_000]), [0]);
    }

    #[test]
    fn the_notice_says_which_how_much_and_what_to_do() {
        let hot = HotPartition {
            topic: "chat".into(),
            partition: 2,
            records: 8_100,
            of: 10_000,
            partitions: 6,
        };
        let text = hot.to_string();
        assert!(
            text.starts_with(
                "hot partition: chat-2 got 81 % of the last 10000 records, 4.9 times its even share"
            ),
            "{text}"
        );
    }
}
