//! SCRAM-SHA-256 and SCRAM-SHA-512 (RFC 5802, RFC 7677), without channel binding, as Kafka speaks it (KIP-84).
//!
//! Like Kafka's client this one takes user and password as UTF-8 and does not apply SASLprep.

mod keys;
mod message;

use alloc::{borrow::ToOwned, format, string::String, vec::Vec};

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;

use super::{NONCE_LEN, SaslError, Step};
use keys::Keys;
use message::{ServerFinal, ServerFirst};

/// Kafka's bounds (`ScramMechanism`): brokers refuse to make users with others. Fewer iterations would let whoever
/// answers test passwords cheaply; more would let it keep this process busy.
const MIN_ITERATIONS: u32 = 4096;
const MAX_ITERATIONS: u32 = 16_384;

/// The hash of the mechanism.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hash {
    /// SCRAM-SHA-256.
    Sha256,
    /// SCRAM-SHA-512.
    Sha512,
}

impl Hash {
    pub(super) fn mechanism(self) -> &'static str {
        match self {
            Self::Sha256 => "SCRAM-SHA-256",
            Self::Sha512 => "SCRAM-SHA-512",
        }
    }
}

/// The client's side.
#[derive(Clone)]
pub(super) struct Scram {
    hash: Hash,
    password: String,
    nonce: String,
    first_bare: String,
    stage: Stage,
}

#[derive(Clone)]
enum Stage {
    /// Our first message is out.
    First,
    /// Our proof is out; the broker has to answer with this.
    Final {
        expected: keys::Expected,
    },
    Over,
}

impl Scram {
    pub(super) fn begin(
        hash: Hash,
        username: &str,
        password: &str,
        delegation_token: bool,
        random: &[u8; NONCE_LEN],
    ) -> (Self, Vec<u8>) {
        Self::with_nonce(hash, username, password, delegation_token, BASE64.encode(random))
    }

    fn with_nonce(
        hash: Hash,
        username: &str,
        password: &str,
        delegation_token: bool,
        nonce: String,
    ) -> (Self, Vec<u8>) {
        let extension = if delegation_token { ",tokenauth=true" } else { "" };
        let first_bare = format!("n={},r={nonce}{extension}", message::escaped(username));
        let first = format!("n,,{first_bare}").into_bytes();
        let scram = Self {
            hash,
            password: password.to_owned(),
            nonce,
            first_bare,
            stage: Stage::First,
        };
        (scram, first)
    }

    pub(super) fn answered(&mut self, message: &[u8]) -> Result<Step, SaslError> {
        let text = core::str::from_utf8(message).map_err(|_| SaslError::Malformed("it is not UTF-8"))?;
        match core::mem::replace(&mut self.stage, Stage::Over) {
            Stage::First => self.prove(text),
            Stage::Final { expected } => {
                match message::server_final(text)? {
                    ServerFinal::Refused(said) => return Err(SaslError::Refused(said.to_owned())),
                    ServerFinal::Proof(proof) if expected.is(&proof) || mutant!(ProofUnchecked) => {}
                    ServerFinal::Proof(_) => return Err(SaslError::WrongProof),
                }
                Ok(Step::Done)
            }
            Stage::Over => Err(SaslError::Unexpected),
        }
    }

    fn prove(&mut self, server_first: &str) -> Result<Step, SaslError> {
        let ServerFirst {
            nonce,
            salt,
            iterations,
        } = message::server_first(server_first)?;
        let continued = nonce.starts_with(&self.nonce) && nonce.len() > self.nonce.len();
        if !continued && !mutant!(NonceUnchecked) {
            return Err(SaslError::ForeignNonce);
        }
        if !(MIN_ITERATIONS..=MAX_ITERATIONS).contains(&iterations) && !mutant!(IterationsUnchecked) {
            return Err(SaslError::Iterations {
                asked: iterations,
                min: MIN_ITERATIONS,
                max: MAX_ITERATIONS,
            });
        }
        // "biws" is base64 of the header of the first message, "n,,".
        let without_proof = format!("c=biws,r={nonce}");
        let signed = format!("{},{server_first},{without_proof}", self.first_bare);
        let keys = Keys::derive(self.hash, self.password.as_bytes(), &salt, iterations);
        let proof = BASE64.encode(keys.client_proof(signed.as_bytes()));
        self.stage = Stage::Final {
            expected: keys.server_signature(signed.as_bytes()),
        };
        Ok(Step::Send(format!("{without_proof},p={proof}").into_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    // RFC 7677, section 3.
    const NONCE: &str = "rOprNGfwEbeRWgbNEkqO";
    const SERVER_FIRST: &str =
        "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";
    const SERVER_FINAL: &str = "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=";

    fn begun(password: &str) -> Scram {
        let (scram, first) = Scram::with_nonce(Hash::Sha256, "user", password, false, NONCE.to_owned());
        assert_eq!(first, b"n,,n=user,r=rOprNGfwEbeRWgbNEkqO");
        scram
    }

    #[test]
    fn the_example_of_rfc_7677() {
        let mut scram = begun("pencil");
        let step = scram.answered(SERVER_FIRST.as_bytes()).expect("acceptable");
        let expected = "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,\
                        p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=";
        assert_eq!(step, Step::Send(expected.as_bytes().to_vec()));
        assert_eq!(scram.answered(SERVER_FINAL.as_bytes()), Ok(Step::Done));
        assert_eq!(
            scram.answered(SERVER_FINAL.as_bytes()),
            Err(SaslError::Unexpected)
        );
    }

    #[test]
    fn a_broker_that_does_not_know_the_password_is_found_out() {
        let mut scram = begun("other");
        scram.answered(SERVER_FIRST.as_bytes()).expect("acceptable");
        assert_eq!(
            scram.answered(SERVER_FINAL.as_bytes()),
            Err(SaslError::WrongProof)
        );
        let mut scram = begun("pencil");
        scram.answered(SERVER_FIRST.as_bytes()).expect("acceptable");
        assert_eq!(scram.answered(b"v="), Err(SaslError::WrongProof));
    }

    #[test]
    fn a_refusal_in_scrams_own_words_is_repeated() {
        let mut scram = begun("pencil");
        scram.answered(SERVER_FIRST.as_bytes()).expect("acceptable");
        let error = scram.answered(b"e=unknown-user").expect_err("refused");
        assert!(error.to_string().contains("unknown-user"), "{error}");
    }

    #[test]
    fn nonces_and_iterations_are_checked() {
        let cases = [
            ("r=other,s=W22Z,i=4096", SaslError::ForeignNonce),
            ("r=rOprNGfwEbeRWgbNEkqO,s=W22Z,i=4096", SaslError::ForeignNonce),
            ("r=rOprNGfwEbeRWgbNEkqOx,s=W22Z,i=4095", iterations(4095)),
            ("r=rOprNGfwEbeRWgbNEkqOx,s=W22Z,i=16385", iterations(16_385)),
            (
                "r=rOprNGfwEbeRWgbNEkqOx,s=W22Z,i=4294967295",
                iterations(u32::MAX),
            ),
        ];
        for (server_first, expected) in cases {
            let refused = begun("pencil").answered(server_first.as_bytes());
            assert_eq!(refused, Err(expected), "{server_first}");
        }
    }

    fn iterations(asked: u32) -> SaslError {
        SaslError::Iterations {
            asked,
            min: 4096,
            max: 16_384,
        }
    }

    #[test]
    fn a_delegation_token_is_announced_and_names_are_escaped() {
        let (_, first) = Scram::with_nonce(Hash::Sha512, "a=b,c", "x", true, "n1".to_owned());
        assert_eq!(first, b"n,,n=a=3Db=2Cc,r=n1,tokenauth=true");
    }

    #[test]
    fn the_nonce_is_printable_and_has_no_comma() {
        let (_, first) = Scram::begin(Hash::Sha256, "u", "p", false, &[0xff; NONCE_LEN]);
        assert_eq!(first, b"n,,n=u,r=////////////////////////");
    }
}
