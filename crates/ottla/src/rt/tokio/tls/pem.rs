//! PEM files and PEM text, as Kafka takes them (KIP-651): base64 may be on one line, as in a `.properties` file.

use ottla_core::config::Pem;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// All certificates, in their order.
pub(super) fn certificates(source: &Pem) -> Result<Vec<CertificateDer<'static>>, String> {
    let text = read(source)?;
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(text.as_bytes()).collect();
    let found = found.map_err(|error| format!("its PEM is broken: {error}"))?;
    if found.is_empty() {
        return Err("it has no certificate (-----BEGIN CERTIFICATE-----)".to_owned());
    }
    Ok(found)
}

/// The first private key.
pub(super) fn private_key(source: &Pem) -> Result<PrivateKeyDer<'static>, String> {
    let text = read(source)?;
    PrivateKeyDer::from_pem_slice(text.as_bytes()).map_err(|error| {
        if text.contains("BEGIN ENCRYPTED PRIVATE KEY") {
            "its private key is encrypted; write it anew with openssl pkcs8 -topk8 -nocrypt, readable by this user only"
                .to_owned()
        } else if text.contains("PRIVATE KEY-----") {
            format!("its private key is broken: {error}")
        } else {
            "it has no private key (-----BEGIN PRIVATE KEY-----); put key and certificate chain into one file".to_owned()
        }
    })
}

fn read(source: &Pem) -> Result<String, String> {
    let bytes = match source {
        Pem::Text(text) => return Ok(rewrapped(text)),
        Pem::File(path) => std::fs::read(path).map_err(|error| format!("cannot be read: {error}"))?,
    };
    match &bytes[..] {
        [0xfe, 0xed, 0xfe, 0xed, ..] => Err(java("JKS")),
        [0x30, 0x80..=0x84, ..] => Err(java("PKCS12 or DER")),
        _ => String::from_utf8(bytes)
            .map(|text| rewrapped(&text))
            .map_err(|_| "it is no PEM file; PEM is text that begins with -----BEGIN".to_owned()),
    }
}

fn java(format: &str) -> String {
    format!(
        "it is a {format} file; convert it with keytool -importkeystore -deststoretype PKCS12 and openssl pkcs12 -nodes"
    )
}

/// Puts the markers on lines of their own.
fn rewrapped(text: &str) -> String {
    const DASHES: &str = "-----";
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((_, after)) = rest.split_once("-----BEGIN ") {
        let Some((label, after)) = after.split_once(DASHES) else {
            break;
        };
        let end = format!("-----END {label}{DASHES}");
        let Some((body, after)) = after.split_once(&end) else {
            break;
        };
        out.push_str(&format!("-----BEGIN {label}{DASHES}\n"));
        out.extend(body.chars().filter(|c| !c.is_whitespace()));
        out.push_str(&format!("\n{end}\n"));
        rest = after;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_of_a_properties_file_is_pem_again() {
        let one = "x -----BEGIN CERTIFICATE----- QUJD REVG -----END CERTIFICATE----- y -----BEGIN A-----Zg==-----END A-----";
        assert_eq!(
            rewrapped(one),
            "-----BEGIN CERTIFICATE-----\nQUJDREVG\n-----END CERTIFICATE-----\n-----BEGIN A-----\nZg==\n-----END A-----\n"
        );
        let found = certificates(&Pem::Text(one.to_owned())).expect("one certificate");
        assert_eq!(found[0].as_ref(), b"ABCDEF");
        for none in [
            "",
            "-----BEGIN",
            "-----BEGIN A-----",
            "-----BEGIN A-----x-----END B-----",
        ] {
            assert_eq!(rewrapped(none), "", "{none}");
        }
    }

    #[test]
    fn keys_are_asked_for_in_words() {
        let key = |text: &str| private_key(&Pem::Text(text.to_owned())).expect_err("none");
        assert!(key("").contains("no private key"));
        let locked = "-----BEGIN ENCRYPTED PRIVATE KEY-----QUJD-----END ENCRYPTED PRIVATE KEY-----";
        assert!(key(locked).contains("-nocrypt"));
    }
}
