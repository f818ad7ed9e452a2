//! A real Kafka with TLS and SASL: right and wrong passwords, certificates and sessions. Whatever is wrong is one line
//! that names the cause, and comes at once.

mod security;

use std::path::PathBuf;

use ottla::Builder;
use ottla::admin::{Admin, AdminOptions};
use ottla::config::Config;
use ottla::reader::{PartitionReader, Start};
use security::{Guarded, LIMIT, TOPIC, builder, refused, refused_in_the_end, send};

#[tokio::test(flavor = "multi_thread")]
async fn every_mechanism_lets_the_right_password_in() {
    let guarded = Guarded::get();
    for mechanism in ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] {
        let sent = send(builder(&guarded.at("LOGIN"), &guarded.login(mechanism, "pencil"))).await;
        assert!(sent.is_ok(), "{mechanism}: {sent:?}");
    }
    // What was sent over TLS is read over TLS.
    let pairs = guarded.login("SCRAM-SHA-512", "pencil");
    let bootstrap = [("bootstrap.servers", guarded.at("LOGIN"))];
    let config =
        Config::parse(bootstrap.iter().chain(&pairs).map(|(name, value)| (*name, value))).expect("valid");
    let options = AdminOptions::from_config(&config).expect("readable files");
    let mut admin = Admin::connect(options).await.expect("let in");
    let mut reader = PartitionReader::open(&mut admin, TOPIC, 0, Start::Earliest)
        .await
        .expect("the partition has a leader");
    let records = reader.poll(LIMIT).await.expect("the leader answers");
    assert_eq!(records[0].value.as_deref(), Some(&b"hello"[..]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_is_one_line_at_once() {
    let guarded = Guarded::get();
    for mechanism in ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] {
        let options = guarded.login(mechanism, "wrong-secret");
        let needles = [mechanism, "\"kim\"", "localhost:", "sasl.jaas.config"];
        refused(
            builder(&guarded.at("LOGIN"), &options),
            "SASL_AUTHENTICATION_FAILED",
            &needles,
        )
        .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mechanism_that_is_off_names_those_that_are_on() {
    let guarded = Guarded::get();
    let options = guarded.login("SCRAM-SHA-512", "pencil");
    let needles = ["SCRAM-SHA-512", "PLAIN", "OAUTHBEARER", "sasl.mechanism"];
    refused(
        builder(&guarded.at("SHORT"), &options),
        "UNSUPPORTED_SASL_MECHANISM",
        &needles,
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn certificates_are_checked_against_authority_and_name() {
    let guarded = Guarded::get();
    let mut options = guarded.login("PLAIN", "pencil");
    let by_number = guarded.at("LOGIN").replace("localhost", "127.0.0.1");
    let needles = ["127.0.0.1", "but for localhost"];
    refused(
        builder(&by_number, &options),
        "SSL_AUTHENTICATION_FAILED",
        &needles,
    )
    .await;
    let any_name = builder(&by_number, &options).set("ssl.endpoint.identification.algorithm", "");
    assert!(
        send(any_name).await.is_ok(),
        "any name is good when none is asked for"
    );
    options[0].1 = guarded.stranger.file().display().to_string();
    let needles = ["not from an authority that is trusted", "ssl.truststore.location"];
    refused(
        builder(&guarded.at("LOGIN"), &options),
        "SSL_AUTHENTICATION_FAILED",
        &needles,
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_that_asks_for_a_certificate_gets_one() {
    let guarded = Guarded::get();
    let client = |file: PathBuf| {
        vec![
            guarded.trust(),
            ("security.protocol", "SSL".to_owned()),
            ("ssl.keystore.location", file.display().to_string()),
        ]
    };
    for version in ["TLSv1.2", "TLSv1.3"] {
        let with = |options: &[(&'static str, String)]| {
            builder(&guarded.at("MUTUAL"), options).set("ssl.enabled.protocols", version)
        };
        let good = client(guarded.authority.sign("client", &[]));
        let sent = send(with(&good)).await;
        assert!(sent.is_ok(), "{version}: {sent:?}");
        refused(
            with(&good[..2]),
            "SSL_AUTHENTICATION_FAILED",
            &["ssl.keystore.location"],
        )
        .await;
        let stranger = client(guarded.stranger.sign("stranger", &[]));
        refused(
            with(&stranger),
            "SSL_AUTHENTICATION_FAILED",
            &["client's certificate"],
        )
        .await;
    }
    // The same as text, as in a .properties file.
    let pem =
        std::fs::read_to_string(guarded.authority.sign("inline", &[])).expect("it was written just now");
    let (key, chain) = pem.split_at(pem.find("-----BEGIN CERTIFICATE").expect("key and certificate"));
    let authority = std::fs::read_to_string(guarded.authority.file()).expect("it was written at the start");
    let inline = [
        ("security.protocol", "SSL".to_owned()),
        ("ssl.truststore.certificates", authority.replace('\n', " ")),
        ("ssl.keystore.certificate.chain", chain.replace('\n', " ")),
        ("ssl.keystore.key", key.replace('\n', " ")),
    ];
    let sent = send(builder(&guarded.at("MUTUAL"), &inline)).await;
    assert!(sent.is_ok(), "{sent:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_listener_of_another_protocol_is_named() {
    let guarded = Guarded::get();
    let short = |builder: Builder| builder.set("max.block.ms", "2000");
    let plaintext = guarded.kafka.bootstrap();
    let tls = [guarded.trust(), ("security.protocol", "SSL".to_owned())];
    refused_in_the_end(
        short(builder(plaintext, &tls)),
        "NO_BROKER",
        &["during the TLS handshake", "PLAINTEXT"],
    )
    .await;
    let open = [];
    refused_in_the_end(
        short(builder(&guarded.at("LOGIN"), &open)),
        "NO_BROKER",
        &["TLS", "security.protocol"],
    )
    .await;
    let mut login = guarded.login("PLAIN", "pencil");
    login[1].1 = "SASL_PLAINTEXT".to_owned();
    refused(
        builder(plaintext, &login),
        "ILLEGAL_SASL_STATE",
        &["takes no login", "PLAINTEXT"],
    )
    .await;
    // Nobody logs in, where somebody should.
    refused_in_the_end(short(builder(&guarded.at("LOGIN"), &tls)), "NO_BROKER", &["SASL"]).await;
}
