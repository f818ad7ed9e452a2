//! TLS and SASL: `security.protocol`, `ssl.*`, `sasl.*`, and what they say about each other.

use alloc::{
    format,
    string::{String, ToString},
    vec::Vec,
};

use crate::io::Address;
use crate::sasl::{Credentials, Hash, LoginModule};

use super::{Config, ConfigError, Notice, Platform, table::Name};

/// `security.protocol`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecurityProtocol {
    /// Neither encrypted nor logged in.
    Plaintext,
    /// Encrypted.
    Ssl,
    /// Logged in over an open line.
    SaslPlaintext,
    /// Encrypted and logged in.
    SaslSsl,
}

impl SecurityProtocol {
    /// Whether connections are encrypted.
    pub fn is_tls(self) -> bool {
        matches!(self, Self::Ssl | Self::SaslSsl)
    }

    /// Whether connections begin with a login.
    pub fn is_sasl(self) -> bool {
        matches!(self, Self::SaslPlaintext | Self::SaslSsl)
    }
}

/// Where PEM text is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pem {
    /// In the file with this path.
    File(String),
    /// Here.
    Text(String),
}

/// The client's own certificate.
#[derive(Clone, PartialEq, Eq)]
pub struct KeyStore {
    /// The certificate chain, the client's own first.
    pub chain: Pem,
    /// The private key; in the same file as the chain, or text of its own.
    pub key: Pem,
}

/// Never the key.
impl core::fmt::Debug for KeyStore {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("KeyStore").finish_non_exhaustive()
    }
}

/// A version of TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TlsVersion {
    /// TLSv1.2.
    V12,
    /// TLSv1.3.
    V13,
}

/// `ssl.*`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsOptions {
    /// Authorities to trust; `None` for those of the system.
    pub truststore: Option<Pem>,
    /// What to show to brokers that ask who the client is.
    pub keystore: Option<KeyStore>,
    /// Whether the broker's certificate must be for the host that was dialled.
    pub verify_host_name: bool,
    /// Versions that may be used; never empty.
    pub versions: Vec<TlsVersion>,
}

/// Where the tokens of OAUTHBEARER come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TokenSource {
    /// The file with this path, read for each login.
    File(String),
    /// Unsigned tokens made of these options of the login module (`unsecuredLogin...`), which only brokers for tests
    /// accept.
    Unsecured(Vec<(String, String)>),
    /// The application.
    Callback,
}

const UNSECURED: &str = "unsecuredLogin";

/// Handlers of Kafka's that make or read tokens.
const TOKEN_HANDLERS: [&str; 2] = [
    "OAuthBearerLoginCallbackHandler",
    "OAuthBearerUnsecuredLoginCallbackHandler",
];

impl Config {
    /// `security.protocol`.
    pub fn security_protocol(&self) -> SecurityProtocol {
        match self.text(Name::SecurityProtocol) {
            "SSL" => SecurityProtocol::Ssl,
            "SASL_PLAINTEXT" => SecurityProtocol::SaslPlaintext,
            "SASL_SSL" => SecurityProtocol::SaslSsl,
            _ => SecurityProtocol::Plaintext,
        }
    }

    /// The options of TLS; `None` when connections are not encrypted.
    pub fn tls(&self) -> Option<TlsOptions> {
        self.security_protocol().is_tls().then(|| {
            let pem = |location, text| match (self.text(location), self.text(text)) {
                ("", "") => None,
                ("", text) => Some(Pem::Text(text.to_string())),
                (path, _) => Some(Pem::File(path.to_string())),
            };
            let chain = pem(Name::KeystoreLocation, Name::KeystoreChain);
            let key = pem(Name::KeystoreLocation, Name::KeystoreKey);
            TlsOptions {
                truststore: pem(Name::TruststoreLocation, Name::TruststoreCertificates),
                keystore: chain.zip(key).map(|(chain, key)| KeyStore { chain, key }),
                verify_host_name: !self.text(Name::EndpointIdentification).is_empty(),
                versions: versions(self.text(Name::TlsProtocols)).unwrap_or_default(),
            }
        })
    }

    /// Who logs in to brokers; `None` when nobody does.
    pub fn credentials(&self) -> Option<Credentials> {
        credentials(self).ok().flatten()
    }

    /// Where tokens come from; `None` when `sasl.mechanism` is not OAUTHBEARER.
    pub fn token_source(&self) -> Option<TokenSource> {
        if self.credentials()? != Credentials::OauthBearer {
            return None;
        }
        let url = self.text(Name::SaslTokenUrl);
        if let Some(path) = url.strip_prefix("file://") {
            return Some(TokenSource::File(path.to_string()));
        }
        let module = LoginModule::parse(self.text(Name::SaslJaasConfig)).ok();
        let unsecured: Vec<_> = module
            .map(|module| module.options)
            .unwrap_or_default()
            .into_iter()
            .filter(|(name, _)| name.starts_with(UNSECURED))
            .collect();
        Some(if unsecured.is_empty() {
            TokenSource::Callback
        } else {
            TokenSource::Unsecured(unsecured)
        })
    }
}

/// Checks everything about TLS and SASL.
pub(super) fn check(config: &mut Config, errors: &mut Vec<ConfigError>) {
    let before = errors.len();
    let protocol = config.security_protocol();
    let direct = config
        .bootstrap_servers()
        .iter()
        .all(|address| matches!(address, Address::Tcp { .. }));
    if protocol != SecurityProtocol::Plaintext && (!direct || config.platform == Platform::Browser) {
        errors.push(conflict(
            config,
            Name::SecurityProtocol,
            "bootstrap.servers names a bridge, which talks to the brokers itself; leave it out, and use wss:// for encryption",
        ));
    }
    if protocol.is_tls() {
        check_tls(config, errors);
    } else {
        unused(
            config,
            &TLS_NAMES,
            "security.protocol is neither SSL nor SASL_SSL",
        );
    }
    if protocol.is_sasl() {
        if let Err(error) = credentials(config) {
            errors.push(error);
        } else {
            check_token(config, errors);
        }
    } else {
        unused(
            config,
            &SASL_NAMES,
            "security.protocol is neither SASL_SSL nor SASL_PLAINTEXT",
        );
    }
    if errors.len() == before {
        note(config, protocol);
    }
}

const TLS_NAMES: [Name; 7] = [
    Name::TruststoreLocation,
    Name::TruststoreCertificates,
    Name::KeystoreLocation,
    Name::KeystoreChain,
    Name::KeystoreKey,
    Name::EndpointIdentification,
    Name::TlsProtocols,
];

const SASL_NAMES: [Name; 6] = [
    Name::SaslMechanism,
    Name::SaslJaasConfig,
    Name::SaslUsername,
    Name::SaslPassword,
    Name::SaslTokenUrl,
    Name::SaslLoginHandler,
];

fn unused(config: &mut Config, names: &[Name], why: &str) {
    for name in names {
        if config.is_set(*name) {
            let message = format!("has no effect: {why}");
            config.notices.push(Notice::new(title(*name), message));
        }
    }
}

fn check_tls(config: &Config, errors: &mut Vec<ConfigError>) {
    let given = |name| !config.text(name).is_empty();
    for (file, texts) in [
        (Name::TruststoreLocation, &[Name::TruststoreCertificates][..]),
        (Name::KeystoreLocation, &[Name::KeystoreChain, Name::KeystoreKey]),
    ] {
        for text in texts {
            if given(file) && given(*text) {
                let problem = format!("{} is set as well; leave one of the two out", title(*text));
                errors.push(conflict(config, file, &problem));
            }
        }
    }
    for (name, other) in [
        (Name::KeystoreChain, Name::KeystoreKey),
        (Name::KeystoreKey, Name::KeystoreChain),
    ] {
        if given(name) && !given(other) {
            let problem = format!(
                "a client certificate needs its private key and its chain; set {} too",
                title(other)
            );
            errors.push(conflict(config, name, &problem));
        }
    }
    if let Err(problem) = versions(config.text(Name::TlsProtocols)) {
        errors.push(conflict(config, Name::TlsProtocols, &problem));
    }
}

fn versions(text: &str) -> Result<Vec<TlsVersion>, String> {
    let mut versions = Vec::new();
    for word in text.split(',').map(str::trim) {
        match word {
            "TLSv1.2" => versions.push(TlsVersion::V12),
            "TLSv1.3" => versions.push(TlsVersion::V13),
            _ => return Err("allowed are TLSv1.2, TLSv1.3 and both, separated by a comma".to_string()),
        }
    }
    Ok(versions)
}

fn credentials(config: &Config) -> Result<Option<Credentials>, ConfigError> {
    if !config.security_protocol().is_sasl() {
        return Ok(None);
    }
    let hash = match config.text(Name::SaslMechanism) {
        "" => {
            return Err(conflict(
                config,
                Name::SecurityProtocol,
                "it needs sasl.mechanism (Kafka's default, GSSAPI, is not supported); set PLAIN, SCRAM-SHA-256, SCRAM-SHA-512 or OAUTHBEARER",
            ));
        }
        "OAUTHBEARER" => {
            if config.is_set(Name::SaslJaasConfig) {
                module(config, "OAuthBearerLoginModule")?;
            }
            return Ok(Some(Credentials::OauthBearer));
        }
        "SCRAM-SHA-256" => Some(Hash::Sha256),
        "SCRAM-SHA-512" => Some(Hash::Sha512),
        _ => None,
    };
    let (username, password, delegation_token) = if config.is_set(Name::SaslJaasConfig) {
        let class = if hash.is_some() {
            "ScramLoginModule"
        } else {
            "PlainLoginModule"
        };
        let module = module(config, class)?;
        let option = |name| {
            let found = module.get(name).filter(|value| !value.is_empty());
            found.map(ToString::to_string).ok_or_else(|| {
                let problem =
                    format!("the login module has no {name}; add {name}=\"...\" before its semicolon");
                conflict(config, Name::SaslJaasConfig, &problem)
            })
        };
        let token = module
            .get("tokenauth")
            .is_some_and(|value| value.eq_ignore_ascii_case("true"));
        (option("username")?, option("password")?, token)
    } else {
        let (user, password) = (config.text(Name::SaslUsername), config.text(Name::SaslPassword));
        if user.is_empty() || password.is_empty() {
            return Err(conflict(
                config,
                Name::SaslMechanism,
                "it needs a user and a password; set sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required username=\"...\" password=\"...\"; (or PlainLoginModule of ...security.plain)",
            ));
        }
        (user.to_string(), password.to_string(), false)
    };
    Ok(Some(match hash {
        None => Credentials::Plain { username, password },
        Some(hash) => Credentials::Scram {
            hash,
            username,
            password,
            delegation_token,
        },
    }))
}

/// The login module, which must be the one of the mechanism.
fn module(config: &Config, class: &str) -> Result<LoginModule, ConfigError> {
    let module = LoginModule::parse(config.text(Name::SaslJaasConfig))
        .map_err(|problem| conflict(config, Name::SaslJaasConfig, &problem))?;
    if module.short_class() == class {
        return Ok(module);
    }
    let mechanism = config.text(Name::SaslMechanism);
    let problem = format!(
        "it names {}, and sasl.mechanism={mechanism} needs {class}; change one of the two",
        module.short_class()
    );
    Err(conflict(config, Name::SaslJaasConfig, &problem))
}

fn check_token(config: &Config, errors: &mut Vec<ConfigError>) {
    let handler = config.text(Name::SaslLoginHandler);
    let short = handler.rsplit('.').next().unwrap_or(handler);
    if !handler.is_empty() && !TOKEN_HANDLERS.contains(&short) {
        errors.push(conflict(
            config,
            Name::SaslLoginHandler,
            "Java classes cannot be loaded; give the token in a file (sasl.oauthbearer.token.endpoint.url=file:///PATH) or by a callback",
        ));
    }
    let url = config.text(Name::SaslTokenUrl);
    if !url.is_empty() && !url.starts_with("file:///") {
        errors.push(ConfigError::Conflict {
            name: title(Name::SaslTokenUrl),
            // It may carry a client's secret.
            value: super::value::HIDDEN.to_string(),
            problem: "tokens are not fetched over HTTP; have something refresh a file and set file:///PATH, or give a callback"
                .to_string(),
        });
    }
}

/// What is right and yet worth knowing.
fn note(config: &mut Config, protocol: SecurityProtocol) {
    let mut notices = Vec::new();
    let mut notice = |name, message: &str| notices.push(Notice::new(title(name), message));
    if protocol.is_sasl() && (config.is_set(Name::SaslUsername) || config.is_set(Name::SaslPassword)) {
        let message = if config.is_set(Name::SaslJaasConfig) {
            "has no effect: sasl.jaas.config is set"
        } else {
            "librdkafka's way to log in; Kafka's own clients want it in sasl.jaas.config"
        };
        notice(Name::SaslUsername, message);
    }
    if protocol == SecurityProtocol::SaslPlaintext
        && config.text(Name::SaslMechanism) != "SCRAM-SHA-256"
        && config.text(Name::SaslMechanism) != "SCRAM-SHA-512"
    {
        notice(
            Name::SecurityProtocol,
            "password or token cross the network as they are; use SASL_SSL outside of a trusted network",
        );
    }
    if protocol.is_tls() && config.text(Name::EndpointIdentification).is_empty() {
        notice(
            Name::EndpointIdentification,
            "empty: any certificate of a trusted authority is taken for any broker",
        );
    }
    config.notices.append(&mut notices);
}

fn conflict(config: &Config, name: Name, problem: &str) -> ConfigError {
    ConfigError::Conflict {
        name: title(name),
        value: config.shown(title(name)),
        problem: problem.to_string(),
    }
}

fn title(name: Name) -> &'static str {
    super::table::TABLE[name as usize].name
}

/// Why a mechanism is not there.
pub(super) fn refused_mechanism(text: &str) -> String {
    let what = match text {
        "GSSAPI" => "GSSAPI (Kerberos) is not supported",
        "AWS_MSK_IAM" => {
            "AWS_MSK_IAM is not supported; MSK also takes SCRAM-SHA-512, and OAUTHBEARER with its token signer"
        }
        _ => "not a mechanism that is supported",
    };
    format!("{what}; allowed are PLAIN, SCRAM-SHA-256, SCRAM-SHA-512 and OAUTHBEARER")
}

/// Why a format of key and trust stores is not there, and the way out.
pub(super) fn refused_store(text: &str) -> String {
    if ["JKS", "PKCS12"]
        .iter()
        .any(|known| known.eq_ignore_ascii_case(text))
    {
        return "Java's key stores are not read; convert the file with keytool -importkeystore -deststoretype PKCS12 and openssl pkcs12 -nodes, and set PEM".to_string();
    }
    "allowed is PEM".to_string()
}

#[cfg(test)]
#[path = "security_tests.rs"]
mod tests;
