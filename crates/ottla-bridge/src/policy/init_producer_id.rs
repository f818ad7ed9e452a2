//! InitProducerId: an identity for idempotence passes, one for transactions does not.

use bytes::Bytes;
use ottla_wire::error_code::ErrorCode;
use ottla_wire::messages::init_producer_id::{InitProducerIdRequest, InitProducerIdResponse};

use super::{Expect, ExpectKind, Head, Verdict, answer, forward};

pub(super) fn judge(head: &Head<'_>, frame: &Bytes) -> Verdict {
    let request: InitProducerIdRequest = match super::body(head, frame) {
        Ok(request) => request,
        Err(verdict) => return verdict,
    };
    if request.transactional_id.is_some() {
        // A tab that dies inside a transaction blocks every read_committed reader.
        let error_code = ErrorCode::TRANSACTIONAL_ID_AUTHORIZATION_FAILED;
        let response = InitProducerIdResponse {
            error_code,
            producer_id: -1,
            producer_epoch: -1,
            ..Default::default()
        };
        return answer(head, &response);
    }
    forward(head, &request, Expect::new(head, ExpectKind::InitProducerId))
}
