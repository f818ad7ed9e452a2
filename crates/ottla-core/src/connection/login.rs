//! Logging in over a connection, once and again (KIP-43, KIP-152, KIP-368).
//!
//! ```text
//! Asked --Given--> Handshake --taken--> Exchange --(SaslAuthenticate)*--> Ready
//! ```
//!
//! A refusal fails what is accepted at once: neither waiting nor dialling again changes a password. The next record
//! tries again, because somebody may have changed it since.

use alloc::string::String;
use core::time::Duration;

use bytes::Bytes;
use ottla_wire::error_code::ErrorCode;
use ottla_wire::messages::sasl::{
    SaslAuthenticateRequest, SaslAuthenticateResponse, SaslHandshakeRequest, SaslHandshakeResponse,
};

use super::{ConnState, Connection, Loss, RequestKind, Versions};
use crate::delivery::{DeliveryError, DeliveryErrorKind, Persisted};
use crate::engine::Engine;
use crate::io::{Address, ConnId, Output};
use crate::sasl::{Conversation, Credentials, Given, Step};
use crate::time::Instant;

/// The version of SaslHandshake after which SaslAuthenticate frames the mechanism's messages (KIP-152).
const HANDSHAKE: i16 = 1;

/// Kafka's client logs in again after 85 to 95 % of the session (`SaslClientAuthenticator`).
const RENEW_AFTER_PERCENT: u32 = 85;
const RENEW_JITTER_PERCENT: u32 = 10;

/// How far a login has come.
#[derive(Clone, Debug)]
pub(crate) enum Login {
    /// The shell was asked for its part.
    Asked { since: Instant },
    /// The broker was asked for the mechanism.
    Handshake { given: Given },
    /// The mechanism's messages go back and forth.
    Exchange { conversation: Conversation },
}

impl Connection {
    /// Until when the shell has to give its part of a login, if it was asked.
    pub(crate) fn awaits_given_until(&self, limit: Duration) -> Option<Instant> {
        match &self.state {
            ConnState::LoggingIn {
                login: Login::Asked { since },
                ..
            } => Some(*since + limit),
            _ => None,
        }
    }

    /// Whether the broker has let this client in.
    fn is_let_in(&self) -> bool {
        self.ready().is_some() || matches!(self.state, ConnState::LoggingIn { again: true, .. })
    }

    fn login(&mut self) -> Option<(&mut Login, Versions)> {
        match &mut self.state {
            ConnState::LoggingIn { login, versions, .. } => Some((login, *versions)),
            _ => None,
        }
    }
}

impl Engine {
    /// Whether a connection begins with a login; a bridge logs in to its brokers itself.
    pub(crate) fn needs_login(&self, conn: ConnId) -> bool {
        self.settings.credentials.is_some()
            && !mutant!(LoginSkipped)
            && self
                .network
                .conn(conn)
                .is_some_and(|connection| matches!(connection.address, Address::Tcp { .. }))
    }

    /// No request of the producer goes out from now on until the login is complete. Those in flight stay in flight: the
    /// broker answers them before it looks at the login.
    pub(crate) fn begin_login(&mut self, now: Instant, conn: ConnId, versions: Versions) {
        let Some(connection) = self.network.conn_mut(conn) else {
            return;
        };
        let again = matches!(connection.state, ConnState::Ready { .. });
        let Some(mut stream) = connection.take_stream() else {
            return;
        };
        let renews = stream.renew_at.take().is_some();
        stream.login_since = Some((now, renews));
        connection.state = ConnState::LoggingIn {
            stream,
            versions,
            login: Login::Asked { since: now },
            again,
        };
        if versions.sasl_authenticate.is_none() {
            let why =
                "the broker takes no login in the way of Kafka 1.0 or newer; is its listener one of SASL?";
            return self.locked_out(now, conn, "ILLEGAL_SASL_STATE", why);
        }
        self.outbox.push_back(Output::Login { conn });
    }

    /// Logs in again where a session nears its end. Only then is it looked at when something is about to be sent, so
    /// connections that nobody uses are left to become idle.
    pub(crate) fn renew_sessions(&mut self, now: Instant) {
        for conn in self.network.conn_ids() {
            let Some(ConnState::Ready { stream, versions }) = self.network.conn(conn).map(|conn| &conn.state)
            else {
                continue;
            };
            if stream.renew_at.is_some_and(|at| at <= now) && !mutant!(SessionNotRenewed) {
                let versions = *versions;
                self.begin_login(now, conn, versions);
            }
        }
    }

    /// The shell's part of a login, or why it has none.
    pub(crate) fn given(&mut self, now: Instant, conn: ConnId, given: Result<Given, String>) {
        let mechanism = match &self.settings.credentials {
            Some(credentials) => credentials.mechanism(),
            None => return,
        };
        let login = self.network.conn_mut(conn).and_then(Connection::login);
        let Some((login @ Login::Asked { .. }, _)) = login else {
            return;
        };
        match given {
            Ok(given) => {
                *login = Login::Handshake { given };
                let request = SaslHandshakeRequest {
                    mechanism: mechanism.into(),
                };
                self.request(now, conn, HANDSHAKE, &request, RequestKind::SaslHandshake);
            }
            Err(why) => self.locked_out(now, conn, ErrorCode::SASL_AUTHENTICATION_FAILED.name(), &why),
        }
        self.dirty = true;
    }

    pub(crate) fn handshake_answered(&mut self, now: Instant, conn: ConnId, answer: &SaslHandshakeResponse) {
        let Some(credentials) = self.settings.credentials.clone() else {
            return;
        };
        match answer.error_code {
            ErrorCode::NONE => {}
            ErrorCode::UNSUPPORTED_SASL_MECHANISM => {
                let why = credentials.no_mechanism(&answer.mechanisms);
                return self.locked_out(now, conn, answer.error_code.name(), &why);
            }
            ErrorCode::ILLEGAL_SASL_STATE => {
                let why = "the listener takes no login; set security.protocol to PLAINTEXT or SSL, or use a listener of SASL";
                return self.locked_out(now, conn, answer.error_code.name(), why);
            }
            code => {
                return self.fault(
                    now,
                    conn,
                    &alloc::format!("the broker refused SaslHandshake: {}", code.name()),
                );
            }
        }
        let Some((login, _)) = self.network.conn_mut(conn).and_then(Connection::login) else {
            return;
        };
        let Login::Handshake { given } = login else {
            return;
        };
        match Conversation::begin(&credentials, given) {
            Ok((conversation, first)) => {
                *login = Login::Exchange { conversation };
                self.say(now, conn, first.into());
            }
            Err(error) => {
                let why = alloc::format!("{error}");
                self.locked_out(now, conn, ErrorCode::SASL_AUTHENTICATION_FAILED.name(), &why);
            }
        }
    }

    /// One message of the mechanism.
    fn say(&mut self, now: Instant, conn: ConnId, auth_bytes: Bytes) {
        let login = self.network.conn_mut(conn).and_then(Connection::login);
        let Some(version) = login.and_then(|(_, versions)| versions.sasl_authenticate) else {
            return;
        };
        let request = SaslAuthenticateRequest { auth_bytes };
        self.request(now, conn, version, &request, RequestKind::SaslAuthenticate);
    }

    pub(crate) fn authenticate_answered(
        &mut self,
        now: Instant,
        conn: ConnId,
        answer: &SaslAuthenticateResponse,
    ) {
        let Some(credentials) = self.settings.credentials.clone() else {
            return;
        };
        let Some((Login::Exchange { conversation }, versions)) =
            self.network.conn_mut(conn).and_then(Connection::login)
        else {
            return;
        };
        if !answer.error_code.is_ok() {
            let said = conversation
                .said()
                .or(answer.error_message.as_deref())
                .unwrap_or_default();
            let why = credentials.refused(said);
            return self.locked_out(now, conn, answer.error_code.name(), &why);
        }
        match conversation.answered(&answer.auth_bytes) {
            Ok(Step::Send(message)) => self.say(now, conn, message.into()),
            Ok(Step::Done) => self.logged_in(now, conn, versions, answer.session_lifetime_ms),
            Err(error) => self.not_trusted(now, conn, &credentials, &alloc::format!("{error}")),
        }
    }

    /// The broker's part of the conversation is not what it should be.
    fn not_trusted(&mut self, now: Instant, conn: ConnId, credentials: &Credentials, what: &str) {
        let why = alloc::format!("the login with {} ended: {what}", credentials.mechanism());
        self.locked_out(now, conn, ErrorCode::SASL_AUTHENTICATION_FAILED.name(), &why);
    }

    fn logged_in(&mut self, now: Instant, conn: ConnId, versions: Versions, lifetime_ms: i64) {
        let percent = RENEW_AFTER_PERCENT + self.rng.below(RENEW_JITTER_PERCENT + 1);
        let login = self
            .network
            .stream_mut(conn)
            .and_then(|stream| stream.login_since.take());
        if let Some((since, renews)) = login {
            let took = now.saturating_since(since);
            self.recorder.logged_in(now, renews.then_some(took));
        }
        self.ready(now, conn, versions);
        let Ok(lifetime @ 1..) = u64::try_from(lifetime_ms) else {
            return;
        };
        if let Some(stream) = self.network.stream_mut(conn) {
            let until_renewal = lifetime.saturating_mul(u64::from(percent)) / 100;
            stream.renew_at = Some(now + Duration::from_millis(until_renewal));
        }
    }

    /// The shell found that one side does not accept the other's certificate.
    pub(crate) fn rejected(&mut self, now: Instant, conn: ConnId, why: &str) {
        self.refused_at(now, conn, "SSL_AUTHENTICATION_FAILED", why);
    }

    fn locked_out(&mut self, now: Instant, conn: ConnId, code: &'static str, why: &str) {
        self.outbox.push_back(Output::Hangup { conn });
        self.refused_at(now, conn, code, why);
    }

    /// Ends a connection that will not become one by waiting, and fails what depends on it: everything when nobody else
    /// lets this client in, else what the broker leads.
    fn refused_at(&mut self, now: Instant, conn: ConnId, code: &'static str, why: &str) {
        let Some(connection) = self.network.conn(conn) else {
            return;
        };
        let login = connection.stream().and_then(|stream| stream.login_since);
        self.recorder
            .login_failed(now, login.is_some_and(|(_, renews)| renews));
        let node = connection.peer.node();
        let address = alloc::format!("{}", connection.address);
        let message = if why.starts_with(&address) {
            why.into()
        } else {
            alloc::format!("{address}: {why}")
        };
        self.drop_connection(now, conn, why, Loss::Disconnected);
        let error = DeliveryError {
            code,
            kind: DeliveryErrorKind::Authorization,
            message: message.into(),
            persisted: Persisted::No,
        };
        let others = self.network.conns().any(Connection::is_let_in) && !mutant!(OneRefusalStopsAll);
        if mutant!(RefusalWaits) {
            return;
        }
        if others {
            self.fail_partitions(now, &error, |partition| {
                node.is_some() && partition.leader == node
            });
        } else {
            self.fail_everything(now, &error);
            self.network.locked_out = self.outstanding == 0 && !mutant!(RefusedKnocksOn);
        }
    }
}
