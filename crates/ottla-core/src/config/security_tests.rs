//! Tests of the options of TLS and SASL.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::*;

const SERVERS: (&str, &str) = ("bootstrap.servers", "b1:9093,b2:9093");
const SCRAM: &str =
    r#"org.apache.kafka.common.security.scram.ScramLoginModule required username="kim" password="pe;ncil";"#;

fn ok(pairs: &[(&str, &str)]) -> Config {
    Config::parse([SERVERS].iter().chain(pairs).copied()).unwrap_or_else(|errors| panic!("{errors:?}"))
}

fn error(pairs: &[(&str, &str)]) -> String {
    let errors = Config::parse([SERVERS].iter().chain(pairs).copied()).expect_err("an invalid configuration");
    assert_eq!(errors.len(), 1, "{errors:?}");
    let text = errors[0].to_string();
    assert!(!text.contains("pencil") && text.lines().count() == 1, "{text}");
    text
}

#[test]
fn a_login_as_kafkas_clients_write_it() {
    let config = ok(&[
        ("security.protocol", "sasl_ssl"),
        ("sasl.mechanism", "SCRAM-SHA-512"),
        ("sasl.jaas.config", SCRAM),
    ]);
    assert_eq!(config.security_protocol(), SecurityProtocol::SaslSsl);
    let expected = Credentials::Scram {
        hash: Hash::Sha512,
        username: "kim".to_string(),
        password: "pe;ncil".to_string(),
        delegation_token: false,
    };
    assert_eq!(config.credentials(), Some(expected));
    assert!(config.notices().is_empty(), "{:?}", config.notices());
    let tls = config.tls().expect("encrypted");
    assert_eq!(
        (tls.truststore, tls.keystore, tls.verify_host_name),
        (None, None, true)
    );
    assert_eq!(tls.versions, [TlsVersion::V12, TlsVersion::V13]);
}

#[test]
fn secrets_are_never_shown() {
    let config = ok(&[
        ("security.protocol", "SASL_SSL"),
        ("sasl.mechanism", "SCRAM-SHA-512"),
        ("sasl.jaas.config", SCRAM),
        ("ssl.keystore.key", "pencil"),
        ("ssl.keystore.certificate.chain", "pencil"),
    ]);
    let shown = format!(
        "{config:?}{:?}{:?}",
        config.entries().collect::<Vec<_>>(),
        config.tls()
    );
    // The key store's text is in the options that the runtime gets, and not in what it prints of them.
    assert!(!shown.contains("pencil"), "{shown}");
    assert!(
        config
            .entries()
            .any(|entry| entry == ("sasl.jaas.config", "[hidden]".to_string()))
    );
    let twice = ok(&[
        ("security.protocol", "SASL_SSL"),
        ("sasl.mechanism", "SCRAM-SHA-512"),
        ("sasl.jaas.config", "pencil"),
        ("sasl.jaas.config", SCRAM),
    ]);
    assert!(!format!("{:?}", twice.notices()).contains("pencil"));
}

#[test]
fn librdkafkas_names_are_taken_with_a_notice() {
    let config = ok(&[
        ("security.protocol", "SASL_SSL"),
        ("sasl.mechanisms", "PLAIN"),
        ("sasl.username", "kim"),
        ("sasl.password", " pencil "),
        ("ssl.ca.location", "/etc/ca.pem"),
    ]);
    let expected = Credentials::Plain {
        username: "kim".to_string(),
        password: " pencil ".to_string(),
    };
    assert_eq!(config.credentials(), Some(expected));
    assert_eq!(
        config.tls().and_then(|tls| tls.truststore),
        Some(Pem::File("/etc/ca.pem".to_string()))
    );
    let noticed: Vec<_> = config.notices().iter().map(|notice| notice.name).collect();
    assert_eq!(
        noticed,
        ["sasl.mechanism", "ssl.truststore.location", "sasl.username"]
    );
}

type Case = (&'static [(&'static str, &'static str)], &'static [&'static str]);

fn refused(cases: &[Case]) {
    for (pairs, needles) in cases {
        let text = error(pairs);
        for needle in *needles {
            assert!(text.contains(needle), "no {needle:?} in: {text}");
        }
    }
}

const SASL: (&str, &str) = ("security.protocol", "SASL_SSL");
const SSL: (&str, &str) = ("security.protocol", "SSL");
const SHA256: (&str, &str) = ("sasl.mechanism", "SCRAM-SHA-256");

#[test]
fn mistakes_about_logins_name_the_way_out() {
    refused(&[
        (&[SASL], &["sasl.mechanism", "GSSAPI", "SCRAM-SHA-512"]),
        (
            &[SASL, ("sasl.mechanism", "GSSAPI")],
            &["Kerberos", "SCRAM-SHA-512"],
        ),
        (&[SASL, ("sasl.mechanism", "AWS_MSK_IAM")], &["SCRAM-SHA-512"]),
        (&[SASL, SHA256], &["sasl.jaas.config", "ScramLoginModule"]),
        (
            &[SASL, ("sasl.mechanism", "PLAIN"), ("sasl.jaas.config", SCRAM)],
            &["PlainLoginModule", "ScramLoginModule"],
        ),
        (
            &[
                SASL,
                SHA256,
                ("sasl.jaas.config", "ScramLoginModule required username=pencil;"),
            ],
            &["no password"],
        ),
        (
            &[
                SASL,
                SHA256,
                ("sasl.jaas.config", "ScramLoginModule required password=pencil"),
            ],
            &["semicolon", "[hidden]"],
        ),
        (
            &[
                SASL,
                ("sasl.mechanism", "OAUTHBEARER"),
                (
                    "sasl.oauthbearer.token.endpoint.url",
                    "https://idp/?secret=pencil",
                ),
            ],
            &["file:///"],
        ),
        (
            &[("sasl.oauthbearer.client.credentials.client.id", "x")],
            &["not supported", "file:///"],
        ),
        (&[("sasl.kerberos.service.name", "kafka")], &["GSSAPI"]),
        (&[("sasl.mecanism", "PLAIN")], &["did you mean sasl.mechanism?"]),
    ]);
}

#[test]
fn mistakes_about_tls_name_the_way_out() {
    refused(&[
        (&[("ssl.truststore.type", "JKS")], &["keytool", "PEM"]),
        (&[("ssl.keystore.type", "pkcs12")], &["openssl", "PEM"]),
        (&[("ssl.key.password", "pencil")], &["-nocrypt"]),
        (&[("ssl.truststore.password", "pencil")], &["no password"]),
        (&[("ssl.cipher.suites", "x")], &["rustls"]),
        (&[("ssl.engine.factory.class", "x")], &["rustls"]),
        (
            &[("enable.ssl.certificate.verification", "false")],
            &["always verified"],
        ),
        (
            &[("ssl.trustore.location", "x")],
            &["did you mean ssl.truststore.location?"],
        ),
        (&[SSL, ("ssl.enabled.protocols", "TLSv1.1")], &["TLSv1.2"]),
        (
            &[SSL, ("ssl.keystore.key", "pencil")],
            &["ssl.keystore.certificate.chain"],
        ),
        (
            &[
                SSL,
                ("ssl.truststore.location", "x"),
                ("ssl.truststore.certificates", "y"),
            ],
            &["leave one"],
        ),
        (
            &[("security.protocol", "TLS")],
            &["PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL"],
        ),
    ]);
}

#[test]
fn a_bridge_logs_in_itself() {
    let errors = Config::parse([
        ("bootstrap.servers", "wss://b/k/main"),
        ("security.protocol", "SSL"),
    ])
    .expect_err("a bridge");
    assert!(errors[0].to_string().contains("wss://"), "{}", errors[0]);
}

#[test]
fn options_without_effect_say_so() {
    let config = ok(&[("ssl.truststore.location", "x"), ("sasl.mechanism", "PLAIN")]);
    let noticed: Vec<_> = config.notices().iter().map(|notice| notice.name).collect();
    assert_eq!(noticed, ["ssl.truststore.location", "sasl.mechanism"]);
    let config = ok(&[
        ("security.protocol", "SASL_PLAINTEXT"),
        ("sasl.mechanism", "PLAIN"),
        ("sasl.jaas.config", &SCRAM.replace("scram.Scram", "plain.Plain")),
    ]);
    assert_eq!(config.notices()[0].name, "security.protocol");
}

#[test]
fn tokens_come_from_a_file_from_options_or_from_the_application() {
    let oauth = |more: &[(&str, &str)]| {
        let mut pairs = [
            ("security.protocol", "SASL_SSL"),
            ("sasl.mechanism", "OAUTHBEARER"),
        ]
        .to_vec();
        pairs.extend_from_slice(more);
        ok(&pairs).token_source()
    };
    assert_eq!(oauth(&[]), Some(TokenSource::Callback));
    let url = ("sasl.oauthbearer.token.endpoint.url", "file:///run/token");
    assert_eq!(oauth(&[url]), Some(TokenSource::File("/run/token".to_string())));
    let jaas = r#"OAuthBearerLoginModule required unsecuredLoginStringClaim_sub="kim" other="x";"#;
    let unsecured = [("unsecuredLoginStringClaim_sub".to_string(), "kim".to_string())];
    assert_eq!(
        oauth(&[("sasl.jaas.config", jaas)]),
        Some(TokenSource::Unsecured(unsecured.to_vec()))
    );
    assert_eq!(ok(&[]).token_source(), None);
}
