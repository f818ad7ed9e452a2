//! Asking for a producer id (behaviour 37).

use ottla_trace::Event;
use ottla_wire::error_code::ErrorCode;
use ottla_wire::messages::init_producer_id::{InitProducerIdRequest, InitProducerIdResponse};

use super::{IdentityState, ProducerIdentity};
use crate::connection::RequestKind;
use crate::delivery::{DeliveryError, DeliveryErrorKind, Persisted};
use crate::engine::Engine;
use crate::error::{Action, lookup};
use crate::time::Instant;

impl Engine {
    /// Sends InitProducerId when an identity is needed: nothing is drained before it is there.
    pub(crate) fn ask_for_identity(&mut self, now: Instant) {
        let IdentityState::Unassigned { not_before } = self.identity.state else {
            return;
        };
        // Without a record there is nothing to identify; without metadata, nobody better to ask than a bootstrap address.
        if not_before > now || self.outstanding == 0 {
            return;
        }
        let Some(conn) = self.any_connection(now) else {
            return;
        };
        let Some((_, versions)) = self.network.conn(conn).and_then(|conn| conn.ready()) else {
            return;
        };
        let Some(version) = versions.init_producer_id else {
            let message = "the broker does not offer InitProducerId; set enable.idempotence=false, or use Kafka 2.1 or newer";
            return self.identity_refused(now, ErrorCode::UNSUPPORTED_VERSION.name(), message);
        };
        let request = InitProducerIdRequest {
            transactional_id: None,
            // Kafka's clients send the largest value when there is no transaction.
            transaction_timeout_ms: i32::MAX,
            ..Default::default()
        };
        self.identity.state = IdentityState::Asking;
        self.request(now, conn, version, &request, RequestKind::InitProducerId);
    }

    pub(crate) fn identity_answered(&mut self, now: Instant, answer: &InitProducerIdResponse) {
        if answer.error_code.is_ok() {
            let identity = ProducerIdentity {
                id: answer.producer_id,
                epoch: answer.producer_epoch,
            };
            self.identity.failures = 0;
            self.identity.state = IdentityState::Assigned(identity);
            self.tracer.emit(now, || Event::ProducerId {
                producer_id: identity.id,
                epoch: identity.epoch,
            });
            return;
        }
        let row = lookup(answer.error_code.0);
        match row.action {
            Action::Fatal | Action::Fail => {
                let message = alloc::format!("InitProducerId was refused: {}", row.advice);
                self.identity_refused(now, row.name, &message);
            }
            _ => self.identity_failed(now),
        }
    }

    /// The request came to nothing; it is asked again after a backoff.
    pub(crate) fn identity_failed(&mut self, now: Instant) {
        let wait = self
            .settings
            .retry_backoff
            .delay(self.identity.failures, &mut self.rng);
        self.identity.failures = self
            .identity
            .failures
            .saturating_add(u32::from(!mutant!(IdentityBackoffConstant)));
        self.identity.state = IdentityState::Unassigned {
            not_before: now + wait,
        };
    }

    fn identity_refused(&mut self, now: Instant, code: &'static str, message: &str) {
        let error = DeliveryError {
            code,
            kind: match code {
                "CLUSTER_AUTHORIZATION_FAILED" => DeliveryErrorKind::Authorization,
                _ => DeliveryErrorKind::Fatal,
            },
            message: message.into(),
            persisted: Persisted::No,
        };
        self.fail_everything(now, &error);
        // A right can be granted while the producer lives; a version does not appear.
        if error.kind == DeliveryErrorKind::Authorization {
            self.identity_failed(now);
        } else {
            self.identity.state = IdentityState::Failed(error);
        }
    }
}
