//! The produce quota (`producer_byte_rate`, KIP-13 and KIP-219), with the windows of Kafka's `ClientQuotaManager`, `Rate`
//! and `SampledStat`: what was produced in the last eleven seconds, divided by their time. An idle client may so produce
//! ten seconds' worth at once.

use crate::{FULL, Micros};

/// `quota.window.num`.
const SAMPLES: usize = 11;
/// `quota.window.size.seconds`, in milliseconds.
const WINDOW_MS: u64 = 1_000;

/// What was produced in about a second.
#[derive(Clone, Debug)]
struct Sample {
    started: u64,
    last: u64,
    bytes: u64,
}

/// What was produced lately, against what may be.
#[derive(Clone, Debug)]
pub(crate) struct Quota {
    rate: Option<u64>,
    /// One more than the windows, for one that overlaps them.
    samples: Vec<Sample>,
    current: usize,
}

impl Quota {
    pub(crate) fn new(rate: Option<u64>) -> Self {
        Self {
            rate,
            samples: Vec::new(),
            current: 0,
        }
    }

    /// Another rate from now on; what was produced is not forgotten.
    pub(crate) fn set_rate(&mut self, rate: Option<u64>) {
        self.rate = rate;
    }

    /// Charges `bytes`; gives the pause in milliseconds after which the rate is kept.
    pub(crate) fn charge(&mut self, now: Micros, bytes: usize) -> i32 {
        let Some(rate) = self.rate.filter(|_| FULL) else {
            return 0;
        };
        let now = now / 1_000;
        self.record(now, bytes as u64);
        for sample in &mut self.samples {
            if now.saturating_sub(sample.last) >= SAMPLES as u64 * WINDOW_MS {
                *sample = Sample::new(now);
            }
        }
        let produced: u64 = self.samples.iter().map(|sample| sample.bytes).sum();
        // QuotaUtils.throttleTime: (observed - allowed) / allowed * window.
        let allowed_in = (u128::from(produced) * 1_000 + u128::from(rate) / 2) / u128::from(rate.max(1));
        let pause = allowed_in.saturating_sub(u128::from(self.window(now)));
        i32::try_from(pause).unwrap_or(i32::MAX)
    }

    fn record(&mut self, now: u64, bytes: u64) {
        if self.samples.is_empty() {
            self.samples.push(Sample::new(now));
        }
        if now.saturating_sub(self.samples[self.current].started) >= WINDOW_MS {
            self.current = (self.current + 1) % (SAMPLES + 1);
            match self.samples.get_mut(self.current) {
                Some(sample) => *sample = Sample::new(now),
                None => self.samples.push(Sample::new(now)),
            }
        }
        let sample = &mut self.samples[self.current];
        sample.bytes += bytes;
        sample.last = now;
    }

    /// The time that the samples cover, in milliseconds: all windows but the last are taken for whole.
    fn window(&self, now: u64) -> u64 {
        let oldest = self
            .samples
            .iter()
            .map(|sample| sample.started)
            .min()
            .unwrap_or(now);
        let elapsed = now.saturating_sub(oldest);
        let missing = (SAMPLES as u64 - 1).saturating_sub(elapsed / WINDOW_MS);
        (elapsed + missing * WINDOW_MS).max(1)
    }
}

impl Sample {
    fn new(now: u64) -> Self {
        Self {
            started: now,
            last: now,
            bytes: 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Quota;

    #[test]
    fn the_pause_is_what_the_rate_needs_for_the_excess() {
        let mut quota = Quota::new(Some(1_000));
        assert_eq!(quota.charge(0, 10_000), 0, "ten seconds' worth is free");
        assert_eq!(quota.charge(0, 500), 500);
        assert_eq!(quota.charge(500_000, 0), 0, "the pause has paid for it");
        assert_eq!(quota.charge(500_000, 100), 100);
    }

    #[test]
    fn a_steady_client_below_the_rate_is_never_paused_and_one_at_twice_the_rate_is_slowed_to_it() {
        let mut quota = Quota::new(Some(1_000));
        for second in 0..60 {
            // Eleven samples in ten seconds and a moment: Kafka's windows count a tenth too much.
            assert_eq!(quota.charge(second * 1_000_000, 900), 0, "second {second}");
        }
        let (mut quota, mut now, mut sent) = (Quota::new(Some(1_000)), 0_u64, 0_u64);
        while now < 600_000_000 {
            let pause = quota.charge(now, 2_000);
            sent += 2_000;
            now += 1_000_000 + u64::try_from(pause).expect("pauses are positive") * 1_000;
        }
        assert!(
            (540_000..=612_000).contains(&sent),
            "{sent} of 600,000: off by a tenth at most"
        );
    }

    #[test]
    fn a_rate_that_changes_holds_for_what_was_produced_before() {
        let mut quota = Quota::new(Some(1_000));
        assert_eq!(quota.charge(0, 10_000), 0);
        quota.set_rate(Some(500));
        assert_eq!(quota.charge(0, 0), 10_000);
        quota.set_rate(None);
        assert_eq!(quota.charge(0, usize::MAX), 0);
    }
}
