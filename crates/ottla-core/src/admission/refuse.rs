//! What can be said about a record without knowing the cluster.

use crate::engine::Engine;
use crate::identity::IdentityState;
use crate::producer::RefuseReason;
use crate::record::Record;

impl Engine {
    /// Whether the record can be sent at all.
    #[inline]
    pub(crate) fn check(&self, record: &Record<'_>, size: usize) -> Result<(), RefuseReason> {
        if !self.lifecycle.is_running() && !mutant!(ClosedTakesRecords) {
            return Err(RefuseReason::Closed);
        }
        if let IdentityState::Failed(error) = &self.identity.state {
            return Err(RefuseReason::Fatal {
                code: error.code,
                message: error.message.clone(),
            });
        }
        if size > self.settings.max_request_size && !mutant!(SizeUnchecked) {
            return Err(RefuseReason::TooLarge {
                size,
                limit: self.settings.max_request_size,
                option: "max.request.size",
            });
        }
        if size > self.settings.buffer_memory {
            return Err(RefuseReason::TooLarge {
                size,
                limit: self.settings.buffer_memory,
                option: "buffer.memory",
            });
        }
        if let Some(partition) = record.partition
            && partition < 0
        {
            return Err(RefuseReason::InvalidPartition { partition });
        }
        match record.timestamp {
            Some(timestamp) if timestamp.0 < 0 => Err(RefuseReason::InvalidTimestamp {
                timestamp: timestamp.0,
            }),
            _ => Ok(()),
        }
    }
}
