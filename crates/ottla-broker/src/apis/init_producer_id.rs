//! InitProducerId, versions 0 to 5.
//!
//! - Without a transactional id: a new producer id with epoch 0, always, whatever id the client says it had (as in
//!   Kafka's `handleInitProducerId`).
//!
//! Deliberately absent: transactions. A transactional id is answered with `NOT_COORDINATOR`, as by a broker of a cluster
//! whose transaction log does not exist yet; an empty one with `INVALID_REQUEST`.

use ottla_wire::{
    error_code::ErrorCode,
    messages::init_producer_id::{InitProducerIdRequest, InitProducerIdResponse},
};

use super::{Call, Reaction};
use crate::Broker;

pub(super) fn handle(broker: &mut Broker, call: Call, request: &InitProducerIdRequest) -> Reaction {
    let refused = |error_code| InitProducerIdResponse {
        error_code,
        producer_id: -1,
        producer_epoch: -1,
        ..InitProducerIdResponse::default()
    };
    if let Some(id) = &request.transactional_id {
        let error = if id.is_empty() {
            ErrorCode::INVALID_REQUEST
        } else {
            ErrorCode::NOT_COORDINATOR
        };
        return call.answer(&refused(error));
    }
    let response = match broker.producer_ids.next() {
        None => refused(ErrorCode::COORDINATOR_LOAD_IN_PROGRESS),
        Some(producer_id) => InitProducerIdResponse {
            producer_id,
            producer_epoch: 0,
            ..InitProducerIdResponse::default()
        },
    };
    call.answer(&response)
}
