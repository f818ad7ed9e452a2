//! How well a topic's records compress, learned from its batches (`CompressionRatioEstimator`).

/// Expected compressed bytes per byte of records. Unlike Java's it belongs to the producer, not to the process.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RatioEstimate(f32);

/// A worse observation is believed at once and a little more; a better one is approached slowly: a batch that comes out
/// too large costs a split, one that comes out small costs little.
const DETERIORATE: f32 = 0.05;
const IMPROVE: f32 = 0.005;

impl RatioEstimate {
    pub(crate) const INITIAL: Self = Self(1.0);

    pub(crate) const fn get(self) -> f32 {
        self.0
    }

    pub(crate) fn observe(&mut self, ratio: f32) {
        if ratio > self.0 {
            let more = if mutant!(WorseRatioPlain) {
                0.0
            } else {
                DETERIORATE
            };
            self.0 = (self.0 + more).max(ratio);
        } else {
            self.0 = (self.0 - IMPROVE).max(ratio);
        }
    }

    /// After a broker found a batch too large: be pessimistic.
    pub(crate) fn reset_after_split(&mut self, ratio: f32) {
        if !mutant!(RatioKeptAfterSplit) {
            self.0 = ratio.max(1.0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn falls_slowly_and_rises_at_once() {
        let mut estimate = RatioEstimate::INITIAL;
        estimate.observe(0.4);
        assert!((estimate.get() - 0.995).abs() < 1e-6);
        for _ in 0..200 {
            estimate.observe(0.4);
        }
        assert!((estimate.get() - 0.4).abs() < 1e-6);
        estimate.observe(0.42);
        assert!((estimate.get() - 0.45).abs() < 1e-6);
        estimate.observe(0.9);
        assert!((estimate.get() - 0.9).abs() < 1e-6);
        estimate.reset_after_split(0.7);
        assert!((estimate.get() - 1.0).abs() < 1e-6);
    }
}
