//! Logging in over an administrative connection, and again before the session ends (KIP-368).

use std::time::{Duration, Instant};

use ottla_core::sasl::{Conversation, Credentials, Step};
use ottla_wire::api::ApiKey;
use ottla_wire::error_code::ErrorCode;
use ottla_wire::messages::sasl::{SaslAuthenticateRequest, SaslHandshakeRequest};

use super::{AdminError, Connection};
use crate::rt::tokio::Network;
use crate::transport::Connect;

/// The part of a session after which it is renewed; Kafka's clients take 85 to 95 %.
const RENEW_AFTER_PERCENT: u64 = 85;

pub(super) struct Session {
    credentials: Credentials,
    network: Network,
    renew_at: Option<Instant>,
}

impl Session {
    pub(super) fn new(credentials: Credentials, network: Network) -> Self {
        Self {
            credentials,
            network,
            renew_at: None,
        }
    }
}

impl Connection {
    /// Logs in anew when the session nears its end.
    pub(super) async fn renew(&mut self) -> Result<(), AdminError> {
        let due = self.session.as_ref().and_then(|session| session.renew_at);
        match due {
            Some(at) if at <= Instant::now() => self.log_in().await,
            _ => Ok(()),
        }
    }

    /// Logs in, when the configuration says so.
    pub(super) async fn log_in(&mut self) -> Result<(), AdminError> {
        let Some(mut session) = self.session.take() else {
            return Ok(());
        };
        let done = self.converse(&session).await;
        let lifetime = done?;
        session.renew_at = lifetime.map(|lifetime| Instant::now() + lifetime);
        self.session = Some(session);
        Ok(())
    }

    /// The whole conversation; what it returns is the time until the next, if there is to be one.
    async fn converse(&mut self, session: &Session) -> Result<Option<Duration>, AdminError> {
        let credentials = &session.credentials;
        let failed = ErrorCode::SASL_AUTHENTICATION_FAILED;
        let given = session.network.login().await;
        let given = given.map_err(|why| self.refused(failed, why))?;
        let no_login = "the listener takes no login; set security.protocol to PLAINTEXT or SSL, or use a listener of SASL";
        let version = self.version(ApiKey::SaslAuthenticate);
        let version =
            version.map_err(|_| self.refused(ErrorCode::ILLEGAL_SASL_STATE, no_login.to_owned()))?;
        let request = SaslHandshakeRequest {
            mechanism: credentials.mechanism().to_owned(),
        };
        let answer = self.exchange(1, &request).await?;
        match answer.error_code {
            ErrorCode::NONE => {}
            code @ ErrorCode::UNSUPPORTED_SASL_MECHANISM => {
                return Err(self.refused(code, credentials.no_mechanism(&answer.mechanisms)));
            }
            code @ ErrorCode::ILLEGAL_SASL_STATE => return Err(self.refused(code, no_login.to_owned())),
            code => return Err(self.refused(code, "the broker refused SaslHandshake".to_owned())),
        }
        let begun = Conversation::begin(credentials, &given);
        let (mut conversation, mut message) =
            begun.map_err(|error| self.refused(failed, error.to_string()))?;
        loop {
            let request = SaslAuthenticateRequest {
                auth_bytes: message.into(),
            };
            let answer = self.exchange(version, &request).await?;
            if !answer.error_code.is_ok() {
                let said = conversation.said().or(answer.error_message.as_deref());
                return Err(self.refused(answer.error_code, credentials.refused(said.unwrap_or_default())));
            }
            match conversation.answered(&answer.auth_bytes) {
                Ok(Step::Send(next)) => message = next,
                Ok(Step::Done) => {
                    let lifetime = u64::try_from(answer.session_lifetime_ms)
                        .ok()
                        .filter(|ms| *ms > 0);
                    return Ok(lifetime
                        .map(|ms| Duration::from_millis(ms.saturating_mul(RENEW_AFTER_PERCENT) / 100)));
                }
                Err(error) => {
                    let why = format!("the login with {} ended: {error}", credentials.mechanism());
                    return Err(self.refused(failed, why));
                }
            }
        }
    }

    fn refused(&self, code: ErrorCode, why: String) -> AdminError {
        AdminError::Refused {
            address: self.address.clone(),
            code: code.name(),
            why,
        }
    }
}
