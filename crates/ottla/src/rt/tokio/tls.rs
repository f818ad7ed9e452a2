//! TLS to bridges (`wss://`), with the certificates that the system trusts.

use std::sync::{Arc, OnceLock};

use rustls::{ClientConfig, RootCertStore};
use tokio_tungstenite::Connector;

/// The configuration that all connections share: reading the system's certificates takes milliseconds.
static CONFIG: OnceLock<Result<Arc<ClientConfig>, String>> = OnceLock::new();

/// What `wss://` needs.
///
/// # Errors
/// One line, when the system has no certificate to trust.
pub(super) fn connector() -> Result<Connector, String> {
    CONFIG.get_or_init(config).clone().map(Connector::Rustls)
}

fn config() -> Result<Arc<ClientConfig>, String> {
    let loaded = rustls_native_certs::load_native_certs();
    let mut roots = RootCertStore::empty();
    let (added, _) = roots.add_parsable_certificates(loaded.certs);
    if added == 0 {
        let why = loaded.errors.first().map(ToString::to_string).unwrap_or_default();
        return Err(format!(
            "the system has no trusted certificates for wss:// (install ca-certificates, or set SSL_CERT_FILE) {why}"
        ));
    }
    // Named here, because an application may bring another provider along, and then there is no default.
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::new(config))
}
