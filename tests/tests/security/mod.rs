//! A broker that asks for logins and certificates, and what it takes to please it.

pub(crate) mod command_line;
pub(crate) mod sessions;

use std::sync::OnceLock;
use std::time::Duration;

use ottla::admin::{Admin, AdminOptions, NewTopic};
use ottla::{Builder, KafkaError, Producer, Record};
use ottla_tests::certificates::Authority;
use ottla_tests::kafka::Kafka;
use tokio::time::timeout;

/// Half of `delivery.timeout.ms`: what is known at once is told before, even on a machine that is busy.
pub(crate) const LIMIT: Duration = Duration::from_secs(60);
pub(crate) const TOPIC: &str = "guarded";
pub(crate) const MODULES: &str = "org.apache.kafka.common.security";

/// One broker with all listeners, for all tests here: nobody kills it.
pub(crate) struct Guarded {
    pub(crate) kafka: Kafka,
    pub(crate) authority: Authority,
    pub(crate) stranger: Authority,
}

impl Guarded {
    pub(crate) fn get() -> &'static Self {
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

    pub(crate) fn at(&self, listener: &str) -> String {
        self.kafka.listener(listener)
    }

    pub(crate) fn trust(&self) -> (&'static str, String) {
        (
            "ssl.truststore.location",
            self.authority.file().display().to_string(),
        )
    }

    /// What it takes to log in at a listener of `SASL_SSL`.
    pub(crate) fn login(&self, mechanism: &str, password: &str) -> Vec<(&'static str, String)> {
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

    pub(crate) fn oauth(&self) -> Vec<(&'static str, String)> {
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

pub(crate) fn builder(bootstrap: &str, options: &[(&'static str, String)]) -> Builder {
    Producer::builder()
        .bootstrap_servers(bootstrap)
        .set_all(options.iter().map(|(name, value)| (*name, value.clone())))
}

/// Sends one record and closes the producer.
pub(crate) async fn send(builder: Builder) -> Result<i64, KafkaError> {
    let producer = builder.start().unwrap_or_else(|error| panic!("{error}"));
    let delivery = producer.send(Record::to(TOPIC).key("kim").value("hello")).await?;
    let result = delivery.await;
    producer.close(LIMIT).await?;
    result.map(|metadata| metadata.offset)
}

/// The record is refused in one line with these words and without the password, and no time to try again is waited for.
pub(crate) async fn refused(builder: Builder, code: &str, needles: &[&str]) {
    refused_in_the_end(builder.set("max.block.ms", "3600000"), code, needles).await;
}

/// As [`refused`], for what may yet become right until `max.block.ms` is over.
pub(crate) async fn refused_in_the_end(builder: Builder, code: &str, needles: &[&str]) {
    let outcome = timeout(LIMIT, send(builder)).await;
    let error = outcome.expect("refused before the limit").expect_err("refused");
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
