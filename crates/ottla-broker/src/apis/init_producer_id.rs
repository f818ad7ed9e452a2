//! InitProducerId, versions 0 to 5.
//!
//! - Without a transactional id: a new producer id with epoch 0, always, whatever id the client says it had (as in
//!   Kafka's `handleInitProducerId`).
//!
//! Deliberately absent: transactions. A transactional id is answered with `COORDINATOR_NOT_AVAILABLE`, as by a
//! cluster whose transaction log does not exist.

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
    if request.transactional_id.is_some() {
        return call.answer(&refused(ErrorCode::COORDINATOR_NOT_AVAILABLE));
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
