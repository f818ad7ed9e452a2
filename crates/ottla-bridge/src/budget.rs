//! The bytes that all connections together may hold.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use crate::close::{Close, CloseCode};

/// A number of bytes to be shared by all connections, first come, first served.
#[derive(Clone, Debug)]
pub(crate) struct Budget {
    free: Arc<Semaphore>,
    total: usize,
}

/// Bytes of a budget; given back when dropped.
#[derive(Debug)]
pub(crate) struct Reserved(Option<OwnedSemaphorePermit>);

impl Reserved {
    pub(crate) const NOTHING: Self = Self(None);

    pub(crate) fn is_something(&self) -> bool {
        self.0.is_some()
    }
}

impl Budget {
    pub(crate) fn new(bytes: u64) -> Self {
        let total = usize::try_from(bytes)
            .unwrap_or(usize::MAX)
            .min(Semaphore::MAX_PERMITS);
        Self {
            free: Arc::new(Semaphore::new(total)),
            total,
        }
    }

    /// Waits until `bytes` are free; gives up after `patience`.
    pub(crate) async fn reserve(&self, bytes: usize, patience: Duration) -> Result<Reserved, Close> {
        let busy = || {
            Close::new(
                CloseCode::Busy,
                "the bridge's memory budget is used up; try again later",
            )
        };
        let permits = u32::try_from(bytes).map_err(|_| busy())?;
        match timeout(patience, Arc::clone(&self.free).acquire_many_owned(permits)).await {
            Ok(Ok(permit)) => Ok(Reserved(Some(permit))),
            _ => Err(busy()),
        }
    }

    pub(crate) fn used(&self) -> usize {
        self.total - self.free.available_permits()
    }
}
