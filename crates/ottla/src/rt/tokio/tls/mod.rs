//! TLS: to brokers as `ssl.*` says, to bridges (`wss://`) with the certificates that the system trusts.

mod pem;
mod refusal;
mod stream;
mod trust;

use std::sync::{Arc, OnceLock};

use ottla_core::config::{Config, ConfigError, Pem, TlsOptions, TlsVersion};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore, SupportedProtocolVersion};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_tungstenite::Connector;

pub(super) use stream::Tls;

use crate::transport::Lost;

/// The configuration that all connections to bridges share: reading the system's certificates takes milliseconds.
static BRIDGES: OnceLock<Result<Arc<ClientConfig>, String>> = OnceLock::new();

/// What `wss://` needs.
///
/// # Errors
/// One line, when the system has no certificate to trust.
pub(super) fn bridge_connector() -> Result<Connector, String> {
    let config = || {
        let builder = ClientConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .map_err(|error| error.to_string())?;
        let roots = system_roots("wss://")?;
        Ok(Arc::new(
            builder.with_root_certificates(roots).with_no_client_auth(),
        ))
    };
    BRIDGES.get_or_init(config).clone().map(Connector::Rustls)
}

/// How brokers are encrypted to.
#[derive(Clone, Debug)]
pub(crate) struct TlsClient {
    config: Arc<ClientConfig>,
    /// For messages: what to look at when a certificate is refused.
    has_certificate: bool,
}

impl TlsClient {
    /// Reads the certificates that a configuration names; `None` when it does not want TLS.
    ///
    /// # Errors
    /// The option whose file or text cannot be used, and why.
    pub(crate) fn new(config: &Config) -> Result<Option<Self>, ConfigError> {
        let Some(options) = config.tls() else {
            return Ok(None);
        };
        let verifier = trust::verifier(roots(&options)?, provider(), options.verify_host_name)
            .map_err(|why| invalid("ssl.truststore.location", "", why))?;
        let builder = ClientConfig::builder_with_provider(provider())
            .with_protocol_versions(&versions(&options))
            .map_err(|error| invalid("ssl.enabled.protocols", "", error.to_string()))?
            .dangerous()
            .with_custom_certificate_verifier(verifier);
        let has_certificate = options.keystore.is_some();
        let config = match &options.keystore {
            None => builder.with_no_client_auth(),
            Some(store) => {
                let (name, shown) = shown(
                    &store.chain,
                    "ssl.keystore.certificate.chain",
                    "ssl.keystore.location",
                );
                let chain = pem::certificates(&store.chain).map_err(|why| invalid(name, shown, why))?;
                let (key_name, key_shown) =
                    self::shown(&store.key, "ssl.keystore.key", "ssl.keystore.location");
                let key = pem::private_key(&store.key).map_err(|why| invalid(key_name, key_shown, why))?;
                builder.with_client_auth_cert(chain, key).map_err(|error| {
                    let why =
                        format!("key and certificate cannot be used: {error}; do they belong together?");
                    invalid(name, shown, why)
                })?
            }
        };
        Ok(Some(Self {
            config: Arc::new(config),
            has_certificate,
        }))
    }

    /// Encrypts a connection to `host`.
    pub(super) async fn encrypt(&self, host: &str, stream: TcpStream) -> Result<Tls, Lost> {
        let name = ServerName::try_from(host.to_owned())
            .map_err(|_| Lost::from(format!("{host} cannot be the name in a certificate")))?;
        let connector = TlsConnector::from(Arc::clone(&self.config));
        match connector.connect(name, stream).await {
            Ok(stream) => Ok(Tls::new(stream, self.has_certificate)),
            Err(error) => Err(refusal::of_handshake(&error, host, self.has_certificate)),
        }
    }
}

fn roots(options: &TlsOptions) -> Result<RootCertStore, ConfigError> {
    let Some(store) = &options.truststore else {
        return system_roots("security.protocol=SSL")
            .map_err(|why| invalid("ssl.truststore.location", "", why));
    };
    let (name, shown) = shown(store, "ssl.truststore.certificates", "ssl.truststore.location");
    let mut roots = RootCertStore::empty();
    for certificate in pem::certificates(store).map_err(|why| invalid(name, shown, why))? {
        roots
            .add(certificate)
            .map_err(|error| invalid(name, shown, format!("a certificate in it is broken: {error}")))?;
    }
    Ok(roots)
}

fn system_roots(what_for: &str) -> Result<RootCertStore, String> {
    let loaded = rustls_native_certs::load_native_certs();
    let mut roots = RootCertStore::empty();
    let (added, _) = roots.add_parsable_certificates(loaded.certs);
    if added == 0 {
        let why = loaded.errors.first().map(ToString::to_string).unwrap_or_default();
        return Err(format!(
            "the system has no trusted certificates for {what_for} (install ca-certificates, or set SSL_CERT_FILE) {why}"
        ));
    }
    Ok(roots)
}

/// Named here, because an application may bring another provider along, and then there is no default.
fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

fn versions(options: &TlsOptions) -> Vec<&'static SupportedProtocolVersion> {
    let version = |version: &TlsVersion| match version {
        TlsVersion::V12 => &rustls::version::TLS12,
        TlsVersion::V13 => &rustls::version::TLS13,
    };
    options.versions.iter().map(version).collect()
}

/// The option that something was read from, and what to show as its value.
fn shown<'a>(source: &'a Pem, text: &'static str, file: &'static str) -> (&'static str, &'a str) {
    match source {
        Pem::File(path) => (file, path),
        Pem::Text(_) => (text, "[hidden]"),
    }
}

fn invalid(name: &'static str, value: &str, problem: String) -> ConfigError {
    ConfigError::Invalid {
        name,
        value: value.to_owned(),
        problem,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(options: &[(&str, &str)]) -> String {
        let base = [
            ("bootstrap.servers", "b1:9093,b2:9093"),
            ("security.protocol", "SSL"),
        ];
        let config = Config::parse(base.iter().chain(options).copied()).expect("the core takes it");
        let error = TlsClient::new(&config).expect_err("unusable").to_string();
        assert_eq!(error.lines().count(), 1);
        error
    }

    #[test]
    fn files_that_cannot_be_used_are_named_with_the_way_out() {
        let dir = std::env::temp_dir().join(format!("ottla-tls-{}", std::process::id()));
        std::fs::create_dir_all(&dir).expect("a temporary directory");
        let file = |name: &str, bytes: &[u8]| {
            let path = dir.join(name);
            std::fs::write(&path, bytes).expect("a temporary file");
            path.display().to_string()
        };
        let jks = file("t.jks", &[0xfe, 0xed, 0xfe, 0xed, 0, 0, 0, 2]);
        let p12 = file("t.p12", &[0x30, 0x82, 1, 2, 3]);
        let text = file("t.txt", b"hello");
        let broken = file(
            "t.pem",
            b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        );
        let locked = file(
            "k.pem",
            b"-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n",
        );
        let missing = dir.join("none.pem").display().to_string();
        for (name, value, needle) in [
            ("ssl.truststore.location", &jks, "keytool"),
            ("ssl.truststore.location", &p12, "openssl"),
            ("ssl.truststore.location", &text, "BEGIN CERTIFICATE"),
            ("ssl.truststore.location", &broken, "broken"),
            ("ssl.truststore.location", &missing, "cannot be read"),
            ("ssl.keystore.location", &locked, "BEGIN CERTIFICATE"),
        ] {
            let error = refused(&[(name, value)]);
            assert!(error.contains(name) && error.contains(needle), "{error}");
        }
        std::fs::remove_dir_all(&dir).expect("it was made above");
        let error = refused(&[("ssl.truststore.certificates", "secret")]);
        assert!(!error.contains("secret"), "{error}");
    }
}
