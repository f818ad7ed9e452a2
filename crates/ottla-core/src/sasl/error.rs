//! Why a login cannot go on.

use alloc::string::String;
use core::fmt;

/// What ended a login before the broker accepted it. Dialling again does not help.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SaslError {
    /// The user or password has a character that the mechanism cannot say.
    NulInCredentials,
    /// OAUTHBEARER, and nobody gave a token.
    NoToken,
    /// The token, or an extension of it, has a character that it must not have.
    BadToken(String),
    /// The broker said no, in the mechanism's own words.
    Refused(String),
    /// The broker's message is not one of the mechanism; what is wrong with it.
    Malformed(&'static str),
    /// The broker's nonce does not begin with ours: an answer to somebody else's login.
    ForeignNonce,
    /// The broker wants a number of iterations that is not acceptable.
    Iterations {
        /// What it wants.
        asked: u32,
        /// The least.
        min: u32,
        /// The most.
        max: u32,
    },
    /// The broker could not prove that it knows the password: it is not the broker that it claims to be.
    WrongProof,
    /// The broker goes on after the login is over.
    Unexpected,
}

impl fmt::Display for SaslError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NulInCredentials => {
                f.write_str("user or password has a NUL character, which PLAIN cannot send; use SCRAM, or change it")
            }
            Self::NoToken => f.write_str(
                "OAUTHBEARER needs a token; set sasl.oauthbearer.token.endpoint.url=file:///PATH, or give a callback",
            ),
            Self::BadToken(why) => write!(f, "the token cannot be sent: {why}"),
            Self::Refused(said) => write!(f, "the broker said {}", super::one_line(said)),
            Self::Malformed(what) => write!(f, "the broker's login message is wrong: {what}"),
            Self::ForeignNonce => {
                f.write_str("the broker's nonce does not begin with the client's; somebody may be in between")
            }
            Self::Iterations { asked, min, max } => write!(
                f,
                "the broker wants {asked} iterations for the password, allowed are {min} to {max}; make the user anew with kafka-configs"
            ),
            Self::WrongProof => f.write_str(
                "the broker did not prove that it knows the password; it may not be the broker that it claims to be",
            ),
            Self::Unexpected => f.write_str("the broker sent another login message after the login was over"),
        }
    }
}

impl core::error::Error for SaslError {}
