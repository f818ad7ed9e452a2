//! OAUTHBEARER (RFC 7628) as Kafka speaks it (KIP-255; extensions: KIP-342).

use alloc::{
    format,
    string::{String, ToString},
    vec::Vec,
};
use core::fmt;

use super::{SaslError, Step};

/// Separates the parts of the message; alone it acknowledges a refusal.
const SEPARATOR: u8 = 1;

/// A bearer token, usually a JWT.
#[derive(Clone, PartialEq, Eq)]
pub struct Token {
    value: String,
    extensions: Vec<(String, String)>,
}

impl Token {
    /// A token in its serialized form.
    pub fn new(value: impl Into<String>) -> Self {
        Self {
            value: value.into(),
            extensions: Vec::new(),
        }
    }

    /// Adds an extension, which brokers may ask for (KIP-342): name of ASCII letters, value of printable ASCII.
    #[must_use]
    pub fn extension(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.extensions.push((name.into(), value.into()));
        self
    }

    fn check(&self) -> Result<(), SaslError> {
        // RFC 6750's b64token, without insisting on where the padding is.
        let token = |c: char| c.is_ascii_alphanumeric() || "-._~+/=".contains(c);
        if self.value.is_empty() {
            return Err(SaslError::BadToken("it is empty".to_string()));
        }
        if !self.value.chars().all(token) {
            return Err(SaslError::BadToken(
                "it has a character that no bearer token has; is the file or callback right?".to_string(),
            ));
        }
        for (name, value) in &self.extensions {
            let word = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphabetic());
            let text = value
                .chars()
                .all(|c| c.is_ascii_graphic() || " \t\r\n".contains(c));
            if !word || name == "auth" || !text {
                return Err(SaslError::BadToken(format!(
                    "extension {name:?} must have a name of letters other than auth, and a value of printable ASCII"
                )));
            }
        }
        Ok(())
    }
}

/// Never the token.
impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Token({} bytes)", self.value.len())
    }
}

/// Where the conversation is.
#[derive(Clone)]
pub(super) enum OauthBearer {
    Shown,
    /// The broker gave a reason for its refusal, and says no for good after it was acknowledged.
    Refused(String),
}

impl OauthBearer {
    pub(super) fn begin(token: &Token) -> Result<(Self, Vec<u8>), SaslError> {
        token.check()?;
        let mut message = format!("n,,\u{1}auth=Bearer {}", token.value);
        for (name, value) in &token.extensions {
            message.push_str(&format!("\u{1}{name}={value}"));
        }
        message.push_str("\u{1}\u{1}");
        Ok((Self::Shown, message.into_bytes()))
    }

    pub(super) fn answered(&mut self, message: &[u8]) -> Result<Step, SaslError> {
        match self {
            Self::Shown if message.is_empty() => Ok(Step::Done),
            Self::Shown => {
                *self = Self::Refused(String::from_utf8_lossy(message).into_owned());
                Ok(Step::Send([SEPARATOR].to_vec()))
            }
            Self::Refused(said) => Err(SaslError::Refused(core::mem::take(said))),
        }
    }

    /// What the broker said before it refused.
    pub(super) fn said(&self) -> Option<&str> {
        match self {
            Self::Shown => None,
            Self::Refused(said) => Some(said),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn token_and_extensions_are_shown_as_kafka_expects_them() {
        let token = Token::new("a.b.c").extension("traceId", "123");
        let (mut oauth, first) = OauthBearer::begin(&token).expect("a good token");
        assert_eq!(first, b"n,,\x01auth=Bearer a.b.c\x01traceId=123\x01\x01");
        assert_eq!(oauth.answered(b""), Ok(Step::Done));
    }

    #[test]
    fn a_refusal_is_acknowledged_and_its_reason_kept() {
        let (mut oauth, _) = OauthBearer::begin(&Token::new("a.b.c")).expect("a good token");
        let reason = br#"{"status":"invalid_token"}"#;
        assert_eq!(oauth.answered(reason), Ok(Step::Send(b"\x01".to_vec())));
        assert_eq!(oauth.said(), Some(r#"{"status":"invalid_token"}"#));
        let error = oauth.answered(b"").expect_err("refused");
        assert!(error.to_string().contains("invalid_token"), "{error}");
    }

    #[test]
    fn a_token_that_would_break_the_message_is_not_sent() {
        for bad in ["", "a b", "a\x01auth=Bearer x", "주문", "a\n"] {
            assert!(OauthBearer::begin(&Token::new(bad)).is_err(), "{bad:?}");
        }
        for (name, value) in [("auth", "x"), ("", "x"), ("a1", "x"), ("ok", "\x01")] {
            let token = Token::new("a").extension(name, value);
            assert!(OauthBearer::begin(&token).is_err(), "{name}={value}");
        }
    }
}
