//! What went wrong with TLS, in words: the cause and the way out.

use std::io;

use rustls::{AlertDescription, CertificateError, Error, InvalidMessage, PeerIncompatible};

use crate::transport::Lost;

/// What a failed handshake means.
pub(super) fn of_handshake(error: &io::Error, host: &str, has_certificate: bool) -> Lost {
    match tls(error) {
        Some(error) => of_tls(error, host, has_certificate),
        None if matches!(
            error.kind(),
            io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe
        ) =>
        {
            Lost::from(
                "the broker closed the connection during the TLS handshake; is its listener one without TLS (security.protocol=PLAINTEXT or SASL_PLAINTEXT)?",
            )
        }
        None => Lost::from(format!("the TLS handshake failed: {error}")),
    }
}

/// What an error of an open connection means: with TLS 1.3 a broker refuses a client's certificate only then.
pub(super) fn of_stream(error: &io::Error, has_certificate: bool) -> Lost {
    match tls(error) {
        Some(error) => of_tls(error, "", has_certificate),
        // Kafka closes without TLS's own goodbye.
        None if error.kind() == io::ErrorKind::UnexpectedEof => Lost::from(super::super::pieces::CLOSED),
        None => Lost::from(error.to_string()),
    }
}

fn tls(error: &io::Error) -> Option<&Error> {
    error.get_ref()?.downcast_ref::<Error>()
}

fn of_tls(error: &Error, host: &str, has_certificate: bool) -> Lost {
    match error {
        Error::InvalidCertificate(why) => Lost::Rejected(of_certificate(why, host)),
        Error::AlertReceived(alert) => of_alert(*alert, has_certificate),
        Error::InvalidMessage(InvalidMessage::InvalidContentType | InvalidMessage::UnknownProtocolVersion) => {
            Lost::Rejected(
                "what answers does not speak TLS; set security.protocol to PLAINTEXT or SASL_PLAINTEXT, or use a listener of SSL"
                    .to_owned(),
            )
        }
        Error::PeerIncompatible(
            PeerIncompatible::Tls12NotOffered | PeerIncompatible::ServerDoesNotSupportTls12Or13,
        ) => Lost::Rejected("broker and client have no version of TLS in common; see ssl.enabled.protocols".to_owned()),
        other => Lost::Broken(format!("TLS failed: {other}")),
    }
}

fn of_certificate(error: &CertificateError, host: &str) -> String {
    match error {
        CertificateError::UnknownIssuer => {
            "the broker's certificate is not from an authority that is trusted; give the authority's certificate as ssl.truststore.location (PEM)".to_owned()
        }
        CertificateError::NotValidForNameContext { presented, .. } => format!(
            "the broker's certificate is not for {host} but for {}; dial a name that it is for, or have it made for this one",
            names(presented)
        ),
        CertificateError::NotValidForName => format!(
            "the broker's certificate is not for {host}; dial a name that it is for, or have it made for this one"
        ),
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            "the broker's certificate has expired; have it renewed (or set this machine's clock)".to_owned()
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "the broker's certificate is not valid yet; check this machine's clock".to_owned()
        }
        other if other.to_string().contains("CaUsedAsEndEntity") => {
            "the broker's certificate is itself one of an authority (CA:TRUE); sign one for the broker with it".to_owned()
        }
        other => format!("the broker's certificate is refused: {other}"),
    }
}

/// rustls says `DnsName("a")`; people want `a`.
fn names(presented: &[String]) -> String {
    if presented.is_empty() {
        return "no name at all (it has no subjectAltName)".to_owned();
    }
    let bare = presented.iter().map(|name| {
        let inside = name.split_once('(').and_then(|(_, rest)| rest.strip_suffix(')'));
        inside.unwrap_or(name).trim_matches('"').to_owned()
    });
    bare.collect::<Vec<_>>().join(", ")
}

fn of_alert(alert: AlertDescription, has_certificate: bool) -> Lost {
    match alert {
        AlertDescription::CertificateRequired | AlertDescription::BadCertificate if !has_certificate => {
            Lost::Rejected(
                "the broker wants a certificate of the client; set ssl.keystore.location".to_owned(),
            )
        }
        AlertDescription::CertificateRequired
        | AlertDescription::BadCertificate
        | AlertDescription::UnsupportedCertificate
        | AlertDescription::CertificateRevoked
        | AlertDescription::CertificateExpired
        | AlertDescription::CertificateUnknown
        | AlertDescription::UnknownCA
        | AlertDescription::AccessDenied => Lost::Rejected(format!(
            "the broker does not accept the client's certificate ({alert:?}); have an authority sign it that the broker's truststore has"
        )),
        AlertDescription::HandshakeFailure | AlertDescription::ProtocolVersion if !has_certificate => {
            Lost::Rejected(format!(
                "the broker refused the TLS handshake ({alert:?}); does it want a client certificate (ssl.keystore.location), or another version (ssl.enabled.protocols)?"
            ))
        }
        AlertDescription::HandshakeFailure | AlertDescription::ProtocolVersion => Lost::Rejected(format!(
            "the broker refused the TLS handshake ({alert:?}); see ssl.enabled.protocols and the broker's cipher suites"
        )),
        other => Lost::Broken(format!("the broker ended TLS: {other:?}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_shown_bare() {
        let presented = [
            "DnsName(\"a.example\")".to_owned(),
            "IpAddress(127.0.0.1)".to_owned(),
        ];
        assert_eq!(names(&presented), "a.example, 127.0.0.1");
        assert!(names(&[]).contains("subjectAltName"));
    }
}
