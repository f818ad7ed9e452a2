//! FindCoordinator, versions 0 to 6.
//!
//! - Answers `COORDINATOR_NOT_AVAILABLE` for every key, as a cluster whose `__consumer_offsets` does not exist.
//!
//! Deliberately absent: groups and transactions. A consumer that names its partitions works without.

use ottla_wire::{
    error_code::ErrorCode,
    messages::find_coordinator::{Coordinator, FindCoordinatorRequest, FindCoordinatorResponse},
};

use super::{Call, Reaction};

/// From this version on several keys may be asked for at once.
const BATCHED_SINCE: i16 = 4;

pub(super) fn handle(call: Call, request: FindCoordinatorRequest) -> Reaction {
    let message = Some("this cluster has no groups and no transactions".to_owned());
    let error_code = ErrorCode::COORDINATOR_NOT_AVAILABLE;
    if call.version < BATCHED_SINCE {
        let (node_id, port) = (-1, -1);
        let error_message = message;
        return call.answer(&FindCoordinatorResponse {
            error_code,
            error_message,
            node_id,
            port,
            ..FindCoordinatorResponse::default()
        });
    }
    let coordinators = request.coordinator_keys.into_iter().map(|key| Coordinator {
        key,
        node_id: -1,
        port: -1,
        error_code,
        error_message: message.clone(),
        ..Coordinator::default()
    });
    call.answer(&FindCoordinatorResponse {
        coordinators: coordinators.collect(),
        ..FindCoordinatorResponse::default()
    })
}
