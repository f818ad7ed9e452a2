//! Who the producer is to brokers: producer id and epoch (KIP-98, KIP-360).
//!
//! ```text
//!            use            answer                      bump at epoch 32767
//! Unassigned ----> Asking --------> Assigned(id, epoch) -----------------> Unassigned
//!     ^              |                   | ^
//!     | backoff      | refused           +-+ bump: epoch + 1, no request
//!     +--------------+---> Failed: nothing can be delivered any more
//! ```

mod partition;
mod request;
mod sequence;

pub(crate) use partition::PartitionSequences;
pub(crate) use sequence::Sequence;

use crate::delivery::DeliveryError;
use crate::time::Instant;

/// What a broker recognises repeated batches by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ProducerIdentity {
    pub(crate) id: i64,
    pub(crate) epoch: i16,
}

/// Where the identity comes from at the moment.
#[derive(Clone, Debug)]
pub(crate) enum IdentityState {
    /// `enable.idempotence=false`: batches carry none.
    Off,
    /// To be asked for, not before this time.
    Unassigned { not_before: Instant },
    /// An InitProducerId request is on its way.
    Asking,
    /// In use.
    Assigned(ProducerIdentity),
    /// Refused for good.
    Failed(DeliveryError),
}

/// The identity and how often asking for it failed in a row.
#[derive(Clone, Debug)]
pub(crate) struct Identity {
    pub(crate) state: IdentityState,
    pub(crate) failures: u32,
}

/// What [`Identity::bump`] did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bump {
    /// There is a new epoch.
    Epoch(ProducerIdentity),
    /// The epochs of this producer id are used up: a new id has to be asked for.
    Exhausted,
}

impl Identity {
    pub(crate) fn new(idempotent: bool) -> Self {
        let state = if idempotent {
            IdentityState::Unassigned {
                not_before: Instant::ZERO,
            }
        } else {
            IdentityState::Off
        };
        Self { state, failures: 0 }
    }

    pub(crate) fn current(&self) -> Option<ProducerIdentity> {
        match self.state {
            IdentityState::Assigned(identity) => Some(identity),
            _ => None,
        }
    }

    pub(crate) fn is_off(&self) -> bool {
        matches!(self.state, IdentityState::Off)
    }

    /// Whether batches may leave.
    pub(crate) fn permits_sending(&self) -> bool {
        matches!(self.state, IdentityState::Off | IdentityState::Assigned(_))
    }

    /// Goes to the next epoch, locally, as KIP-360 allows a producer without transactions.
    pub(crate) fn bump(&mut self, now: Instant) -> Option<Bump> {
        let IdentityState::Assigned(identity) = self.state else {
            return None;
        };
        if identity.epoch == i16::MAX && mutant!(EpochReused) {
            return Some(Bump::Epoch(identity));
        }
        if identity.epoch == i16::MAX {
            self.state = IdentityState::Unassigned { not_before: now };
            return Some(Bump::Exhausted);
        }
        let next = ProducerIdentity {
            epoch: identity.epoch + 1,
            ..identity
        };
        self.state = IdentityState::Assigned(next);
        Some(Bump::Epoch(next))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_epoch_is_followed_by_a_new_producer_id() {
        let mut identity = Identity::new(true);
        assert_eq!(identity.bump(Instant::ZERO), None);
        identity.state = IdentityState::Assigned(ProducerIdentity {
            id: 5,
            epoch: i16::MAX - 1,
        });
        let last = ProducerIdentity {
            id: 5,
            epoch: i16::MAX,
        };
        assert_eq!(identity.bump(Instant::ZERO), Some(Bump::Epoch(last)));
        assert_eq!(identity.bump(Instant::ZERO), Some(Bump::Exhausted));
        assert!(!identity.permits_sending());
    }
}
