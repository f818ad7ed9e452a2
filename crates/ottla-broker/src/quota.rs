//! The produce quota (`producer_byte_rate`, KIP-219).
//!
//! Kafka measures the rate over eleven one-second windows. Here a bucket of one second's bytes is emptied by requests and
//! refilled evenly: the same mean, without the arithmetic of windows.

use crate::Micros;

/// Bytes that may be produced without being asked to pause.
#[derive(Clone, Debug)]
pub(crate) struct Quota {
    rate: Option<u64>,
    balance: i64,
    at: Micros,
}

impl Quota {
    pub(crate) fn new(rate: Option<u64>) -> Self {
        Self {
            rate,
            balance: rate.map_or(0, |rate| rate.min(1 << 40) as i64),
            at: 0,
        }
    }

    /// Charges `bytes`; gives the pause in milliseconds until the balance is not negative any more.
    pub(crate) fn charge(&mut self, now: Micros, bytes: usize) -> i32 {
        let Some(rate) = self.rate else { return 0 };
        let rate = rate.clamp(1, 1 << 40) as i64;
        let elapsed = now.saturating_sub(self.at).min(1_000_000_000) as i64;
        self.at = now;
        let refill = i128::from(rate) * i128::from(elapsed) / 1_000_000;
        self.balance = self.balance.saturating_add(refill as i64).min(rate);
        self.balance = self.balance.saturating_sub(bytes as i64);
        let owed = self.balance.min(0).unsigned_abs();
        i32::try_from(owed.saturating_mul(1_000) / rate.unsigned_abs()).unwrap_or(i32::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::Quota;

    #[test]
    fn the_pause_is_what_the_rate_needs_for_the_excess() {
        let mut quota = Quota::new(Some(1_000));
        assert_eq!(quota.charge(0, 1_000), 0, "one second's worth is free");
        assert_eq!(quota.charge(0, 500), 500);
        assert_eq!(quota.charge(500_000, 0), 0, "the pause has paid for it");
        assert_eq!(quota.charge(500_000, 100), 100);
    }

    #[test]
    fn without_a_quota_there_is_no_pause() {
        assert_eq!(Quota::new(None).charge(0, usize::MAX), 0);
    }
}
