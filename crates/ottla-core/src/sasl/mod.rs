//! Logging in to a broker (SASL), without sockets: each mechanism is a conversation of byte strings.
//!
//! [`Conversation`] speaks for the client; whoever owns the connection wraps its messages in SaslAuthenticate. What
//! only the outside has (random bytes, a token) comes in as [`Given`].

mod error;
mod jaas;
mod oauthbearer;
mod plain;
mod scram;

use alloc::{borrow::ToOwned, format, string::String, vec::Vec};
use core::fmt;

pub use error::SaslError;
pub(crate) use jaas::LoginModule;
pub use oauthbearer::Token;
pub use scram::Hash;

use oauthbearer::OauthBearer;
use scram::Scram;

/// Bytes of randomness that a login takes; as many as Kafka's client uses for its nonce, rounded up to whole base64.
pub const NONCE_LEN: usize = 18;

/// What a login takes from outside.
#[derive(Clone, Debug)]
pub struct Given {
    /// Bytes that nobody can guess, fresh for each login (SCRAM).
    pub nonce: [u8; NONCE_LEN],
    /// The token to show (OAUTHBEARER).
    pub token: Option<Token>,
}

/// Who logs in, and how.
#[derive(Clone, PartialEq, Eq)]
pub enum Credentials {
    /// PLAIN (RFC 4616): the password as it is. Only over TLS.
    Plain {
        /// User.
        username: String,
        /// Password.
        password: String,
    },
    /// SCRAM (RFC 5802, RFC 7677): neither side shows the password, and the broker proves that it knows it.
    Scram {
        /// SCRAM-SHA-256 or SCRAM-SHA-512.
        hash: Hash,
        /// User, or the id of a delegation token.
        username: String,
        /// Password, or the HMAC of a delegation token.
        password: String,
        /// Whether it is a delegation token (KIP-48).
        delegation_token: bool,
    },
    /// OAUTHBEARER (RFC 7628): a token, given anew for each login.
    OauthBearer,
}

impl Credentials {
    /// The mechanism's name in SaslHandshake.
    pub fn mechanism(&self) -> &'static str {
        match self {
            Self::Plain { .. } => "PLAIN",
            Self::Scram { hash, .. } => hash.mechanism(),
            Self::OauthBearer => "OAUTHBEARER",
        }
    }

    /// The user, where the mechanism names one.
    pub fn username(&self) -> Option<&str> {
        match self {
            Self::Plain { username, .. } | Self::Scram { username, .. } => Some(username),
            Self::OauthBearer => None,
        }
    }

    /// Where to look when the broker refuses them.
    pub fn advice(&self) -> &'static str {
        match self {
            Self::Plain { .. } | Self::Scram { .. } => {
                "check user and password in sasl.jaas.config, and that sasl.mechanism is the one that the user was made for"
            }
            Self::OauthBearer => {
                "check that the token is fresh, and that its issuer and audience are the broker's"
            }
        }
    }

    /// What to say when the broker refused the login; one line.
    pub fn refused(&self, said: &str) -> String {
        let whom = self
            .username()
            .map(|name| format!(" of {name:?}"))
            .unwrap_or_default();
        let colon = if said.is_empty() { "" } else { ": " };
        format!(
            "the broker refused the login{whom} with {}{colon}{}; {}",
            self.mechanism(),
            one_line(said),
            self.advice()
        )
    }

    /// What to say when the broker does not have the mechanism; one line.
    pub fn no_mechanism(&self, offered: &[String]) -> String {
        let ours = self.mechanism();
        if offered.is_empty() {
            return format!(
                "the broker does not take {ours} here; set sasl.mechanism to one that its listener enables"
            );
        }
        format!(
            "the broker does not take {ours}, only {}; set sasl.mechanism (and sasl.jaas.config) to one of them",
            one_line(&offered.join(", "))
        )
    }
}

/// Never the password.
impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials")
            .field("mechanism", &self.mechanism())
            .field("username", &self.username())
            .finish_non_exhaustive()
    }
}

/// The client's side of a login.
#[derive(Clone)]
pub struct Conversation(State);

#[derive(Clone)]
enum State {
    Plain,
    Scram(Scram),
    OauthBearer(OauthBearer),
    Over,
}

/// What follows from a broker's message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Say this.
    Send(Vec<u8>),
    /// The login is complete.
    Done,
}

impl Conversation {
    /// Begins; the first message is the client's.
    ///
    /// # Errors
    /// When the credentials cannot be said in the mechanism's format.
    pub fn begin(credentials: &Credentials, given: &Given) -> Result<(Self, Vec<u8>), SaslError> {
        let (state, first) = match credentials {
            Credentials::Plain { username, password } => (State::Plain, plain::message(username, password)?),
            Credentials::Scram {
                hash,
                username,
                password,
                delegation_token,
            } => {
                let (scram, first) = Scram::begin(*hash, username, password, *delegation_token, &given.nonce);
                (State::Scram(scram), first)
            }
            Credentials::OauthBearer => {
                let token = given.token.as_ref().ok_or(SaslError::NoToken)?;
                let (oauth, first) = OauthBearer::begin(token)?;
                (State::OauthBearer(oauth), first)
            }
        };
        Ok((Self(state), first))
    }

    /// Takes the broker's next message.
    ///
    /// # Errors
    /// When the broker refuses, or is not what it should be: the login is over.
    pub fn answered(&mut self, message: &[u8]) -> Result<Step, SaslError> {
        match core::mem::replace(&mut self.0, State::Over) {
            // The broker's first word after the only message is its consent (RFC 4616); Kafka sends no bytes.
            State::Plain => Ok(Step::Done),
            State::Scram(mut scram) => {
                let step = scram.answered(message)?;
                self.0 = State::Scram(scram);
                Ok(step)
            }
            State::OauthBearer(mut oauth) => {
                let step = oauth.answered(message)?;
                self.0 = State::OauthBearer(oauth);
                Ok(step)
            }
            State::Over => Err(SaslError::Unexpected),
        }
    }
}

impl Conversation {
    /// The reason that the broker gave before it refuses, where the mechanism has one (OAUTHBEARER).
    pub fn said(&self) -> Option<&str> {
        match &self.0 {
            State::OauthBearer(oauth) => oauth.said(),
            _ => None,
        }
    }
}

impl fmt::Debug for Conversation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Conversation")
    }
}

/// Keeps what a peer said on one line and of sane length.
pub(crate) fn one_line(said: &str) -> String {
    let mut line: String = said
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .take(300)
        .collect();
    if line.len() < said.len() && said.chars().count() > 300 {
        line.push_str("...");
    }
    line.trim().trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_not_in_debug_output() {
        let plain = Credentials::Plain {
            username: "kim".into(),
            password: "pencil".into(),
        };
        let text = format!("{plain:?}");
        assert!(text.contains("kim") && !text.contains("pencil"), "{text}");
        let given = Given {
            nonce: [7; NONCE_LEN],
            token: Some(Token::new("abc.def.ghi")),
        };
        assert!(!format!("{given:?}").contains("def"), "{given:?}");
    }

    #[test]
    fn what_a_broker_says_stays_on_one_line() {
        let credentials = Credentials::OauthBearer;
        let text = credentials.refused(&"long\nword ".repeat(100));
        assert_eq!(text.lines().count(), 1);
        assert!(text.len() < 600, "{text}");
        let text = credentials.no_mechanism(&["PLAIN".into(), "SCRAM-SHA-512".into()]);
        assert!(text.contains("only PLAIN, SCRAM-SHA-512"), "{text}");
    }

    proptest::proptest! {
        #[test]
        fn no_broker_can_say_what_breaks_a_login(first: Vec<u8>, head in "[rsiem]=.{0,40},[rsiem]=.{0,40},[rsiem]=[0-9]{0,12}", second: Vec<u8>) {
            let scram = Credentials::Scram {
                hash: Hash::Sha256,
                username: "kim".into(),
                password: "pencil".into(),
                delegation_token: false,
            };
            let given = Given { nonce: [0; NONCE_LEN], token: Some(Token::new("a")) };
            for credentials in [&scram, &Credentials::OauthBearer] {
                for answer in [&first[..], head.as_bytes()] {
                    let (mut conversation, _) = Conversation::begin(credentials, &given).expect("good credentials");
                    if let Ok(Step::Send(_)) = conversation.answered(answer) {
                        // Nobody knows the password here, so nobody is let through.
                        proptest::prop_assert!(conversation.answered(&second).is_err());
                    }
                }
            }
        }

        #[test]
        fn any_text_may_stand_in_the_configuration(text: String, more in "[a-zA-Z.]{1,9} required( [a-z]{1,3}=[\"'a-z\\\\/*;]{0,9}){0,3};?") {
            for text in [text, more] {
                if let Ok(module) = LoginModule::parse(&text) {
                    proptest::prop_assert!(!module.class.is_empty());
                }
            }
        }
    }

    #[test]
    fn plain_is_over_after_one_message() {
        let credentials = Credentials::Plain {
            username: "kim".into(),
            password: "pencil".into(),
        };
        let given = Given {
            nonce: [0; NONCE_LEN],
            token: None,
        };
        let (mut conversation, first) = Conversation::begin(&credentials, &given).expect("good credentials");
        assert_eq!(first, b"\0kim\0pencil");
        assert_eq!(conversation.answered(b""), Ok(Step::Done));
        assert_eq!(conversation.answered(b""), Err(SaslError::Unexpected));
    }
}
