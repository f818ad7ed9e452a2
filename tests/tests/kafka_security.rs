//! A real Kafka with TLS and SASL: right and wrong passwords, certificates and sessions. Whatever is wrong is one line
//! that names the cause, and comes at once.

use std::path::PathBuf;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use ottla::admin::{Admin, AdminOptions, NewTopic};
use ottla::config::Config;
use ottla::reader::{PartitionReader, Start};
use ottla::sasl::Token;
use ottla::trace::{Envelope, Event, Level};
use ottla::{Builder, KafkaError, Producer, Record};
use ottla_tests::certificates::Authority;
use ottla_tests::kafka::Kafka;
use ottla_tests::places::{program, run_dir};
use ottla_tests::run::{Finished, Run};

const LIMIT: Duration = Duration::from_secs(30);
/// Refusals must come long before `max.block.ms` (60 s) runs out.
const AT_ONCE: Duration = Duration::from_secs(20);
const TOPIC: &str = "guarded";
const MODULES: &str = "org.apache.kafka.common.security";

/// One broker with all listeners, for all tests here: nobody kills it.
struct Guarded {
    kafka: Kafka,
    authority: Authority,
    stranger: Authority,
}

impl Guarded {
    fn get() -> &'static Self {
        static SHARED: OnceLock<Guarded> = OnceLock::new();
        SHARED.get_or_init(Self::start)
    }

    fn start() -> Self {
        let authority = Authority::new("ottla test authority");
        let stranger = Authority::new("another authority");
        let broker = authority.sign("broker", &["localhost"]).display().to_string();
        let trusted = authority.file().display().to_string();
        let plain = format!(
            "{MODULES}.plain.PlainLoginModule required username=\"broker\" password=\"x\" user_kim=\"pencil\";"
        );
        let oauth = format!(
            "{MODULES}.oauthbearer.OAuthBearerLoginModule required unsecuredLoginStringClaim_sub=\"broker\";"
        );
        let scram = format!("{MODULES}.scram.ScramLoginModule required;");
        let mut options = Kafka::options()
            .scram("SCRAM-SHA-256", "kim", "pencil")
            .scram("SCRAM-SHA-512", "kim", "pencil")
            .listener("LOGIN", "SASL_SSL")
            .listener("SHORT", "SASL_SSL")
            .listener("MUTUAL", "SSL")
            .config("ssl.keystore.type", "PEM")
            .config("ssl.keystore.location", &broker)
            .config("ssl.truststore.type", "PEM")
            .config("ssl.truststore.location", &trusted)
            .config("listener.name.mutual.ssl.client.auth", "required")
            .config(
                "listener.name.login.sasl.enabled.mechanisms",
                "PLAIN,SCRAM-SHA-256,SCRAM-SHA-512,OAUTHBEARER",
            )
            .config("listener.name.short.sasl.enabled.mechanisms", "PLAIN,OAUTHBEARER");
        for (mechanism, jaas) in [
            ("plain", &plain),
            ("scram-sha-256", &scram),
            ("scram-sha-512", &scram),
            ("oauthbearer", &oauth),
        ] {
            options = options.config(&format!("listener.name.login.{mechanism}.sasl.jaas.config"), jaas);
        }
        for (mechanism, jaas) in [("plain", &plain), ("oauthbearer", &oauth)] {
            // Kafka takes a session's renewal once a second at most.
            options = options
                .config(&format!("listener.name.short.{mechanism}.sasl.jaas.config"), jaas)
                .config(
                    &format!("listener.name.short.{mechanism}.connections.max.reauth.ms"),
                    "2000",
                );
        }
        let kafka = options.start();
        let bootstrap = kafka.bootstrap();
        // Tests of tokio call this, and a runtime is not begun inside of another.
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let runtime = tokio::runtime::Runtime::new().expect("a runtime");
                runtime.block_on(create_topic(bootstrap));
            });
        });
        Self {
            kafka,
            authority,
            stranger,
        }
    }

    fn at(&self, listener: &str) -> String {
        self.kafka.listener(listener)
    }

    fn trust(&self) -> (&'static str, String) {
        (
            "ssl.truststore.location",
            self.authority.file().display().to_string(),
        )
    }

    /// What it takes to log in at a listener of `SASL_SSL`.
    fn login(&self, mechanism: &str, password: &str) -> Vec<(&'static str, String)> {
        let module = match mechanism {
            "PLAIN" => "plain.PlainLoginModule",
            _ => "scram.ScramLoginModule",
        };
        let jaas = format!("{MODULES}.{module} required username=\"kim\" password=\"{password}\";");
        vec![
            self.trust(),
            ("security.protocol", "SASL_SSL".to_owned()),
            ("sasl.mechanism", mechanism.to_owned()),
            ("sasl.jaas.config", jaas),
        ]
    }

    fn oauth(&self) -> Vec<(&'static str, String)> {
        let mut options = self.login("OAUTHBEARER", "");
        options.retain(|(name, _)| *name != "sasl.jaas.config");
        options
    }
}

async fn create_topic(bootstrap: &str) {
    let mut admin = Admin::connect(AdminOptions::new(bootstrap))
        .await
        .expect("the broker is up");
    let topic = NewTopic {
        name: TOPIC.to_owned(),
        partitions: 1,
        replication_factor: 1,
        ..NewTopic::default()
    };
    admin
        .create_topic(topic)
        .await
        .expect("a new broker has no topic");
}

fn builder(bootstrap: &str, options: &[(&'static str, String)]) -> Builder {
    Producer::builder()
        .bootstrap_servers(bootstrap)
        .set_all(options.iter().map(|(name, value)| (*name, value.clone())))
}

/// Sends one record and closes the producer.
async fn send(builder: Builder) -> Result<i64, KafkaError> {
    let producer = builder.start().unwrap_or_else(|error| panic!("{error}"));
    let delivery = producer.send(Record::to(TOPIC).key("kim").value("hello")).await?;
    let result = delivery.await;
    producer.close(LIMIT).await?;
    result.map(|metadata| metadata.offset)
}

/// The record is refused at once, in one line with these words and without the password.
async fn refused(builder: Builder, code: &str, needles: &[&str]) {
    let begun = Instant::now();
    let error = send(builder).await.expect_err("refused");
    assert!(begun.elapsed() < AT_ONCE, "took {:?}: {error}", begun.elapsed());
    assert_eq!(error.code(), code, "{error}");
    let text = error.to_string();
    for needle in needles {
        assert!(text.contains(needle), "no {needle:?} in: {text}");
    }
    assert!(
        text.lines().count() == 1 && !text.contains("wrong-secret"),
        "{text}"
    );
}

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
    refused(
        short(builder(plaintext, &tls)),
        "NO_BROKER",
        &["during the TLS handshake", "PLAINTEXT"],
    )
    .await;
    let open = [];
    refused(
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
    refused(short(builder(&guarded.at("LOGIN"), &tls)), "NO_BROKER", &["SASL"]).await;
}

/// An unsigned token for a user, which brokers for tests take.
fn token(user: &str) -> Token {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .expect("after 1970")
        .as_secs();
    let claims = format!("{{\"sub\":\"{user}\",\"iat\":{now},\"exp\":{}}}", now + 600);
    Token::new(format!(
        "{}.{}.",
        url_base64(b"{\"alg\":\"none\"}"),
        url_base64(claims.as_bytes())
    ))
}

fn url_base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let digit = |chunk: &[u8], at: usize| {
        let bits =
            chunk.iter().fold(0u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        char::from(ALPHABET[(bits >> (18 - 6 * at)) as usize & 63])
    };
    let digits = bytes
        .chunks(3)
        .flat_map(|chunk| (0..=chunk.len()).map(move |at| digit(chunk, at)));
    digits.collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_come_from_options_a_file_and_a_callback() {
    let guarded = Guarded::get();
    let jaas = format!(
        "{MODULES}.oauthbearer.OAuthBearerLoginModule required unsecuredLoginStringClaim_sub=\"kim\";"
    );
    let at = guarded.at("LOGIN");
    let unsecured = builder(&at, &guarded.oauth()).set("sasl.jaas.config", jaas);
    assert!(send(unsecured).await.is_ok());
    let callback = builder(&at, &guarded.oauth()).oauth_token(|| async { Ok(token("kim")) });
    assert!(send(callback).await.is_ok());
    let file = run_dir("token").join("token");
    let url = format!("file://{}", file.display());
    let from_file = || builder(&at, &guarded.oauth()).set("sasl.oauthbearer.token.endpoint.url", url.clone());
    refused(
        from_file(),
        "SASL_AUTHENTICATION_FAILED",
        &["no token", "cannot be read"],
    )
    .await;
    std::fs::write(&file, "not.a.token").expect("a temporary file");
    refused(
        from_file(),
        "SASL_AUTHENTICATION_FAILED",
        &["OAUTHBEARER", "token"],
    )
    .await;
}

/// Sends for a while, and returns the results with what was traced.
async fn send_for(builder: Builder, time: Duration) -> (Vec<Result<i64, KafkaError>>, Vec<Envelope>) {
    let trace = Arc::new(Mutex::new(Vec::new()));
    let sink = Arc::clone(&trace);
    let producer = builder
        .set("linger.ms", "0")
        .trace(Level::Batch, move |envelope| {
            sink.lock().expect("no holder panics").push(envelope);
        })
        .start()
        .unwrap_or_else(|error| panic!("{error}"));
    let mut results = Vec::new();
    let begun = Instant::now();
    while begun.elapsed() < time && results.last().is_none_or(Result::is_ok) {
        let delivery = producer
            .send(Record::to(TOPIC).key("kim").value("again"))
            .await
            .expect("room");
        results.push(delivery.await.map(|metadata| metadata.offset));
    }
    producer.close(LIMIT).await.expect("nothing is left");
    let trace = std::mem::take(&mut *trace.lock().expect("no holder panics"));
    (results, trace)
}

fn logins(trace: &[Envelope]) -> usize {
    let login =
        |event: &Event| matches!(event, Event::RequestQueued { api, .. } if api.as_str() == "SaslHandshake");
    trace.iter().filter(|envelope| login(&envelope.event)).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_are_renewed_over_the_same_connection() {
    let guarded = Guarded::get();
    let options = guarded.login("PLAIN", "pencil");
    let (results, trace) = send_for(builder(&guarded.at("SHORT"), &options), Duration::from_secs(5)).await;
    assert!(results.iter().all(Result::is_ok), "{:?}", results.last());
    let dials = trace
        .iter()
        .filter(|envelope| matches!(envelope.event, Event::Dialing { .. }))
        .count();
    assert!(
        logins(&trace) >= dials + 2,
        "{} logins over {dials} connections",
        logins(&trace)
    );
    let lost = trace.iter().filter_map(|envelope| match &envelope.event {
        Event::Disconnected { because, .. } if because.as_str() != "the producer is closed" => {
            Some(because.to_string())
        }
        _ => None,
    });
    // A bootstrap connection may be superfluous; none may be lost.
    let lost: Vec<_> = lost
        .filter(|why| why != "nodes are connected themselves")
        .collect();
    assert!(lost.is_empty(), "{lost:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_cannot_be_renewed_ends_with_one_line() {
    let guarded = Guarded::get();
    let begun = Instant::now();
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    let builder = builder(&guarded.at("SHORT"), &guarded.oauth()).oauth_token(move || {
        count.fetch_add(1, Ordering::Relaxed);
        // The first session's token is good, whichever connection asks for it.
        let good = begun.elapsed() < Duration::from_millis(1500);
        async move {
            Ok(if good {
                token("kim")
            } else {
                Token::new("worn.out.")
            })
        }
    });
    let (results, _) = send_for(builder, LIMIT).await;
    let (last, before) = results.split_last().expect("at least one");
    assert!(!before.is_empty() && before.iter().all(Result::is_ok));
    let error = last.as_ref().expect_err("the session ended");
    assert_eq!(error.code(), "SASL_AUTHENTICATION_FAILED", "{error}");
    assert_eq!(error.to_string().lines().count(), 1);
    assert!(asked.load(Ordering::Relaxed) >= 2);
}

fn cli(
    command: &str,
    bootstrap: &str,
    options: &[(&'static str, String)],
    args: &[&str],
    input: &str,
) -> Finished {
    let file = run_dir("command-config").join("client.properties");
    let lines: String = options
        .iter()
        .map(|(name, value)| format!("{name}={value}\n"))
        .collect();
    std::fs::write(&file, lines).expect("a temporary file");
    Run::new(program("ottla"))
        .args([
            command,
            "--bootstrap-server",
            bootstrap,
            "--command-config",
            &file.display().to_string(),
        ])
        .args(args)
        .input(input)
        .finish()
}

#[test]
fn the_command_line_logs_in_with_kafkas_own_options() {
    let guarded = Guarded::get();
    let at = guarded.at("LOGIN");
    let right = guarded.login("SCRAM-SHA-256", "pencil");
    let ok = |run: Finished| {
        assert_eq!(run.code, Some(0), "{}", run.errors());
        run
    };
    let listed = ok(cli("topics", &at, &right, &["--list"], ""));
    assert!(
        listed.lines().iter().any(|line| line == TOPIC),
        "{}",
        listed.text()
    );
    ok(cli(
        "console-producer",
        &at,
        &right,
        &["--topic", TOPIC],
        "from the command line\n",
    ));
    let args = ["--topic", TOPIC, "--from-beginning", "--timeout-ms", "3000"];
    let read = ok(cli("console-consumer", &at, &right, &args, ""));
    assert!(
        read.lines().iter().any(|line| line == "from the command line"),
        "{}",
        read.text()
    );
}

#[test]
fn the_command_line_ends_with_one_line_and_exit_code_1() {
    let guarded = Guarded::get();
    let at = guarded.at("LOGIN");
    let wrong = guarded.login("SCRAM-SHA-256", "wrong-secret");
    let many = "x\n".repeat(1000);
    for (command, args) in [
        ("topics", &["--list"][..]),
        ("console-producer", &["--topic", TOPIC]),
        ("console-consumer", &["--topic", TOPIC, "--from-beginning"]),
    ] {
        let run = cli(command, &at, &wrong, args, &many);
        let errors = run.errors();
        assert_eq!(run.code, Some(1), "{command}: {errors}");
        let said: Vec<&str> = errors
            .lines()
            .filter(|line| !line.starts_with("notice:"))
            .collect();
        assert_eq!(said.len(), 1, "{command}: {errors}");
        assert!(
            said[0].contains("SASL_AUTHENTICATION_FAILED") && said[0].contains("\"kim\""),
            "{errors}"
        );
        assert!(!errors.contains("wrong-secret"), "{errors}");
    }
    // A file of Java's is named with the way out, and before anything is dialled.
    let jks = run_dir("jks").join("trust.jks");
    std::fs::write(&jks, [0xfe, 0xed, 0xfe, 0xed]).expect("a temporary file");
    let mut java = guarded.login("PLAIN", "pencil");
    java[0].1 = jks.display().to_string();
    let run = cli("topics", "127.0.0.1:1", &java, &["--list"], "");
    assert_eq!(run.code, Some(2));
    assert!(run.errors().contains("keytool"), "{}", run.errors());
}
