//! What all connections share.

use tokio::sync::watch;

use crate::budget::Budget;
use crate::config::Limits;
use crate::metrics::Metrics;

/// Limits, budgets, counters, and the wish to shut down.
pub(crate) struct Gateway {
    pub(crate) limits: Limits,
    pub(crate) request_budget: Budget,
    /// Apart from the requests': a broker that waits for its answers to be read takes no requests, so both directions
    /// from one budget could wait for each other.
    pub(crate) answer_budget: Budget,
    pub(crate) metrics: Metrics,
    /// Becomes true once.
    pub(crate) shutdown: watch::Receiver<bool>,
}

impl Gateway {
    pub(crate) fn new(limits: Limits, shutdown: watch::Receiver<bool>) -> Self {
        Self {
            request_budget: Budget::new(limits.memory_bytes),
            answer_budget: Budget::new(limits.memory_bytes),
            metrics: Metrics::new(),
            shutdown,
            limits,
        }
    }
}
