//! The count of what became of the records.

use ottla_trace::event::Ledger;

/// What the client alone can count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Accepted by `send`.
    pub sent: u64,
    /// Delivered, as the application was told.
    pub told_ok: u64,
    /// Failed, as the application was told.
    pub failed: u64,
    /// Failed, though the broker may have them.
    pub failed_possibly: u64,
}

/// The ledger strip. `None` is what nobody who may be asked can see: it is hatched, never zero.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LedgerView {
    /// Accepted by `send`.
    pub sent: u64,
    /// The application was told that they are delivered.
    pub told_ok: u64,
    /// Neither told.
    pub waiting: u64,
    /// The application was told that they failed.
    pub failed: u64,
    /// Below the high watermark of the current leader.
    pub in_log: Option<u64>,
    /// Told OK and not in the log.
    pub lost: Option<u64>,
    /// Extra copies.
    pub duplicate: Option<u64>,
    /// Pairs in the other order than they were sent in.
    pub out_of_order: Option<u64>,
    /// Written and not answered.
    pub unknown: u64,
}

impl LedgerView {
    /// From an oracle that sees everything.
    pub fn from_oracle(ledger: &Ledger) -> Self {
        Self {
            sent: ledger.sent,
            told_ok: ledger.told_ok,
            waiting: ledger
                .sent
                .saturating_sub(ledger.told_ok)
                .saturating_sub(ledger.failed),
            failed: ledger.failed,
            in_log: Some(ledger.in_log),
            lost: Some(ledger.lost),
            duplicate: Some(ledger.duplicate),
            out_of_order: Some(ledger.out_of_order),
            unknown: ledger.unknown,
        }
    }

    /// From the client's events alone. `possibly` counts unresolved records that were written and not answered.
    pub fn from_client(counts: &Counts, possibly: u64) -> Self {
        Self {
            sent: counts.sent,
            told_ok: counts.told_ok,
            waiting: counts
                .sent
                .saturating_sub(counts.told_ok)
                .saturating_sub(counts.failed),
            failed: counts.failed,
            unknown: counts.failed_possibly.saturating_add(possibly),
            ..Self::default()
        }
    }
}
