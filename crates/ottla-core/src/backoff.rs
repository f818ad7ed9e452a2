//! How long to wait before trying again (`ExponentialBackoff`, KIP-580).

use core::time::Duration;

use crate::partitioner::Rng;
use crate::time::micros;

/// `base * 2^failures`, varied by up to 20 % either way, at most `max`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Backoff {
    base: u64,
    max: u64,
}

impl Backoff {
    pub(crate) fn new(base: Duration, max: Duration) -> Self {
        let base = micros(base);
        Self {
            base,
            max: micros(max).max(base),
        }
    }

    /// The wait after `failures` earlier failures of the same kind in a row (0 for the first).
    ///
    /// A base that equals the maximum is taken literally, without jitter, as in Kafka.
    pub(crate) fn delay(&self, failures: u32, rng: &mut Rng) -> Duration {
        if self.base == self.max {
            return Duration::from_micros(self.base);
        }
        let doubled = 1u64
            .checked_shl(failures)
            .and_then(|factor| self.base.checked_mul(factor))
            .map_or(self.max, |term| term.min(self.max));
        let millionths = 800_000 + u64::from(rng.below(400_001));
        // In two parts, because the product need not fit, and wide division is much code.
        let whole = (doubled / 1_000_000).saturating_mul(millionths);
        let varied = whole.saturating_add(doubled % 1_000_000 * millionths / 1_000_000);
        Duration::from_micros(varied.min(self.max))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubles_within_a_fifth_up_to_the_maximum() {
        let backoff = Backoff::new(Duration::from_millis(100), Duration::from_millis(1000));
        let mut rng = Rng::new(1);
        for (failures, low, high) in [
            (0, 80, 120),
            (1, 160, 240),
            (2, 320, 480),
            (3, 640, 960),
            (4, 800, 1000),
            (70, 800, 1000),
        ] {
            for _ in 0..100 {
                let millis = backoff.delay(failures, &mut rng).as_millis();
                assert!((low..=high).contains(&millis), "{failures} failures: {millis} ms");
            }
        }
    }

    #[test]
    fn is_exact_when_base_and_maximum_are_the_same() {
        let backoff = Backoff::new(Duration::from_millis(50), Duration::from_millis(50));
        assert_eq!(backoff.delay(9, &mut Rng::new(1)), Duration::from_millis(50));
    }
}
