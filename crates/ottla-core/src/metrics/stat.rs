//! Kafka's statistics: a total, and average, maximum and rate over the last windows (`SampledStat`, `Rate`).

use core::time::Duration;

use crate::time::Instant;

/// `metrics.sample.window.ms`.
const WINDOW: Duration = Duration::from_secs(30);
/// `metrics.num.samples`.
const SAMPLES: usize = 2;

#[derive(Clone, Copy, Debug)]
struct Sample {
    start: Instant,
    sum: f64,
    count: u64,
    max: f64,
}

/// What was recorded: all of it summed up, the last minute in windows.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Stat {
    total: f64,
    count: u64,
    samples: [Option<Sample>; SAMPLES],
    current: usize,
}

impl Stat {
    pub(crate) fn record(&mut self, now: Instant, value: f64) {
        self.total += value;
        self.count += 1;
        if self.samples[self.current].is_some_and(|sample| sample.start + WINDOW <= now) {
            self.current = (self.current + 1) % SAMPLES;
            self.samples[self.current] = None;
        }
        let sample = self.samples[self.current].get_or_insert(Sample {
            start: now,
            sum: 0.0,
            count: 0,
            max: f64::NEG_INFINITY,
        });
        sample.sum += value;
        sample.count += 1;
        sample.max = sample.max.max(value);
    }

    /// Everything since the start.
    pub(crate) const fn total(&self) -> f64 {
        self.total
    }

    /// How often something was recorded.
    pub(crate) const fn times(&self) -> f64 {
        self.count as f64
    }

    /// Mean of the windows; not a number when nothing is in them.
    pub(crate) fn avg(&self, now: Instant) -> f64 {
        let (sum, count) = self.sum(now);
        sum / count
    }

    /// Largest of the windows; not a number when nothing is in them.
    pub(crate) fn max(&self, now: Instant) -> f64 {
        self.live(now).map(|sample| sample.max).fold(f64::NAN, f64::max)
    }

    /// Sum of the windows by second.
    pub(crate) fn rate(&self, now: Instant) -> f64 {
        self.sum(now).0 / self.seconds(now)
    }

    /// Recordings of the windows by second.
    pub(crate) fn frequency(&self, now: Instant) -> f64 {
        self.sum(now).1 / self.seconds(now)
    }

    fn live(&self, now: Instant) -> impl Iterator<Item = &Sample> {
        let is_live = move |sample: &&Sample| now.saturating_since(sample.start) < WINDOW * SAMPLES as u32;
        self.samples.iter().flatten().filter(is_live)
    }

    fn sum(&self, now: Instant) -> (f64, f64) {
        self.live(now).fold((0.0, 0.0), |(sum, count), sample| {
            (sum + sample.sum, count + sample.count as f64)
        })
    }

    /// The time that the windows cover, never less than all but one: a rate right after the start would be absurd.
    fn seconds(&self, now: Instant) -> f64 {
        let oldest = self.live(now).map(|sample| sample.start).min();
        let elapsed = now.saturating_since(oldest.unwrap_or(now));
        let full = (elapsed.as_secs() / WINDOW.as_secs()) as usize;
        let missing = (SAMPLES - 1).saturating_sub(full) as u32;
        (elapsed + WINDOW * missing).as_secs_f64()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Instant {
        Instant::from_millis(seconds * 1000)
    }

    #[test]
    fn windows_forget_and_totals_do_not() {
        let mut stat = Stat::default();
        assert!(stat.avg(at(0)).is_nan() && stat.max(at(0)).is_nan());
        for (second, value) in [(0, 10.0), (10, 20.0), (35, 3.0)] {
            stat.record(at(second), value);
        }
        assert_eq!((stat.avg(at(40)), stat.max(at(40))), (11.0, 20.0));
        assert_eq!(
            (stat.avg(at(61)), stat.max(at(61))),
            (3.0, 3.0),
            "the first window is over"
        );
        assert_eq!((stat.total(), stat.times()), (33.0, 3.0));
        assert!(stat.avg(at(100)).is_nan());
    }

    #[test]
    fn a_rate_covers_a_window_at_least() {
        let mut stat = Stat::default();
        stat.record(at(0), 60.0);
        assert!((stat.rate(at(0)) - 2.0).abs() < 1e-9, "one window of 30 s");
        stat.record(at(40), 60.0);
        assert!((stat.rate(at(40)) - 3.0).abs() < 1e-9, "120 in 40 s");
        assert!((stat.frequency(at(40)) - 0.05).abs() < 1e-9);
    }
}
