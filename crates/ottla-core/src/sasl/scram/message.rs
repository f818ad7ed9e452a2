//! The messages of SCRAM: attributes in a fixed order, separated by commas (RFC 5802, section 7).

use alloc::string::String;
use alloc::vec::Vec;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;

use crate::sasl::SaslError;

/// Long enough for any broker's nonce and salt; what is longer is not read any further.
const LONGEST: usize = 4096;

pub(super) struct ServerFirst<'a> {
    /// Ours, continued by the broker.
    pub(super) nonce: &'a str,
    pub(super) salt: Vec<u8>,
    pub(super) iterations: u32,
}

pub(super) enum ServerFinal<'a> {
    Proof(Vec<u8>),
    Refused(&'a str),
}

/// A user name with the two characters replaced that mean something to SCRAM.
pub(super) fn escaped(name: &str) -> String {
    name.replace('=', "=3D").replace(',', "=2C")
}

pub(super) fn server_first(text: &str) -> Result<ServerFirst<'_>, SaslError> {
    if text.len() > LONGEST {
        return Err(SaslError::Malformed("it is longer than any SCRAM message"));
    }
    if let Some(said) = text.strip_prefix("e=") {
        return Err(SaslError::Refused(said.into()));
    }
    if text.starts_with("m=") {
        return Err(SaslError::Malformed(
            "it demands an extension of SCRAM that this client does not have",
        ));
    }
    // What follows the iterations are extensions, which a client may ignore.
    let mut parts = text.splitn(4, ',');
    let nonce = attribute(parts.next(), "r=", "it has no nonce")?;
    let printable = |c: char| c.is_ascii_graphic() && c != ',';
    if nonce.is_empty() || !nonce.chars().all(printable) {
        return Err(SaslError::Malformed("its nonce is not printable ASCII"));
    }
    let salt = decoded(attribute(parts.next(), "s=", "it has no salt")?)?;
    if salt.is_empty() {
        return Err(SaslError::Malformed("its salt is empty"));
    }
    let iterations = attribute(parts.next(), "i=", "it has no number of iterations")?;
    let digits = iterations.bytes().all(|byte| byte.is_ascii_digit());
    let iterations = iterations
        .parse()
        .ok()
        .filter(|_| digits)
        .ok_or(SaslError::Malformed("its number of iterations is not one"))?;
    Ok(ServerFirst {
        nonce,
        salt,
        iterations,
    })
}

pub(super) fn server_final(text: &str) -> Result<ServerFinal<'_>, SaslError> {
    if text.len() > LONGEST {
        return Err(SaslError::Malformed("it is longer than any SCRAM message"));
    }
    let first = text.split(',').next().unwrap_or_default();
    if let Some(said) = first.strip_prefix("e=") {
        return Ok(ServerFinal::Refused(said));
    }
    let proof = attribute(Some(first), "v=", "it has no proof")?;
    decoded(proof).map(ServerFinal::Proof)
}

fn attribute<'a>(part: Option<&'a str>, name: &str, missing: &'static str) -> Result<&'a str, SaslError> {
    part.and_then(|part| part.strip_prefix(name))
        .ok_or(SaslError::Malformed(missing))
}

fn decoded(text: &str) -> Result<Vec<u8>, SaslError> {
    BASE64
        .decode(text)
        .map_err(|_| SaslError::Malformed("a value in it is not base64"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_that_are_none_are_refused() {
        let long = alloc::format!("r=a,s=YQ==,i=4096,x={}", "y".repeat(5000));
        for bad in [
            "",
            "r=",
            "r=,s=YQ==,i=4096",
            "r=a b,s=YQ==,i=4096",
            "s=YQ==,r=a,i=4096",
            "r=a,s=,i=4096",
            "r=a,s=!,i=4096",
            "r=a,s=YQ==",
            "r=a,s=YQ==,i=",
            "r=a,s=YQ==,i=-1",
            "r=a,s=YQ==,i=+4096",
            "r=a,s=YQ==,i=99999999999",
            "m=x,r=a,s=YQ==,i=4096",
            &long,
        ] {
            assert!(matches!(server_first(bad), Err(SaslError::Malformed(_))), "{bad}");
        }
        for bad in ["", "v", "p=YQ==", "v=!"] {
            assert!(matches!(server_final(bad), Err(SaslError::Malformed(_))), "{bad}");
        }
    }

    #[test]
    fn extensions_at_the_end_are_ignored() {
        let first = server_first("r=a,s=YQ==,i=4096,x=1,y=2").expect("good");
        assert_eq!(
            (first.nonce, first.salt.as_slice(), first.iterations),
            ("a", &b"a"[..], 4096)
        );
        assert!(matches!(server_final("v=YQ==,x=1"), Ok(ServerFinal::Proof(proof)) if proof == b"a"));
        assert!(matches!(
            server_first("e=other-error"),
            Err(SaslError::Refused(_))
        ));
    }
}
