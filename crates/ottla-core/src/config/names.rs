//! Names that are not options: successors of removed names, refusals with a reason, and "did you mean".

use alloc::{string::String, vec::Vec};

use super::table::TABLE;

/// Names that Kafka removed, and other clients' names, with what takes their place.
const REPLACED: &[(&str, &str)] = &[
    ("timeout.ms", "use request.timeout.ms"),
    ("metadata.fetch.timeout.ms", "use max.block.ms"),
    (
        "block.on.buffer.full",
        "use max.block.ms (9223372036854775807 waits for ever, 0 never waits)",
    ),
    ("metadata.broker.list", "use bootstrap.servers"),
    (
        "broker.list",
        "use bootstrap.servers (on the command line, --bootstrap-server)",
    ),
    ("--broker-list", "use --bootstrap-server"),
    (
        "bootstrap.server",
        "the option has an s at its end: bootstrap.servers",
    ),
    ("brokers", "use bootstrap.servers"),
    (
        "zookeeper.connect",
        "producers do not talk to ZooKeeper; use bootstrap.servers",
    ),
    (
        "producer.type",
        "every send is asynchronous; wait for its delivery where sync was meant",
    ),
    ("request.required.acks", "use acks"),
    ("request.num.acks", "use acks"),
    ("compression.codec", "use compression.type"),
    (
        "compression.level",
        "use compression.gzip.level, compression.lz4.level or compression.zstd.level",
    ),
    ("serializer.class", "use value.serializer"),
    ("key.serializer.class", "use key.serializer"),
    (
        "message.send.max.retries",
        "use retries, or better delivery.timeout.ms",
    ),
    ("queue.buffering.max.ms", "use linger.ms"),
    ("queue.buffering.max.kbytes", "use buffer.memory (in bytes)"),
    ("queue.buffering.max.messages", "use buffer.memory (in bytes)"),
    ("batch.num.messages", "use batch.size (in bytes)"),
    (
        "message.max.bytes",
        "use max.request.size (message.max.bytes is the broker's)",
    ),
    (
        "max.message.bytes",
        "use max.request.size (max.message.bytes is the topic's)",
    ),
    ("message.timeout.ms", "use delivery.timeout.ms"),
    ("socket.timeout.ms", "use request.timeout.ms"),
    ("max.in.flight", "use max.in.flight.requests.per.connection"),
    ("topic.metadata.refresh.interval.ms", "use metadata.max.age.ms"),
    ("partitioner", "use partitioner.class"),
    (
        "sticky.partitioning.linger.ms",
        "the sticky partition changes every batch.size bytes",
    ),
    (
        "auto.include.jmx.reporter",
        "there is no JMX; metrics are read from the producer",
    ),
];

/// Names that Kafka has and this producer has not.
const UNSUPPORTED: &[(&str, &str)] = &[
    (
        "transactional.id",
        "transactions are not supported; idempotence (the default) prevents duplicates within one producer's life",
    ),
    ("transaction.timeout.ms", "transactions are not supported"),
    (
        "transaction.two.phase.commit.enable",
        "transactions are not supported",
    ),
    (
        "interceptor.classes",
        "Java classes cannot be loaded; give interceptors to the producer in code",
    ),
    (
        "metric.reporters",
        "there are no reporters; metrics are read from the producer",
    ),
    ("security.providers", "there is no Java security provider"),
    ("config.providers", "write the value itself"),
    (
        "client.rack",
        "rack-aware partitioning (KIP-1123) is not supported",
    ),
    (
        "partitioner.rack.aware",
        "rack-aware partitioning (KIP-1123) is not supported",
    ),
    (
        "bootstrap.resolve.timeout.ms",
        "addresses are always resolved while running, never at construction",
    ),
    (
        "buffer.memory.allocation.strategy",
        "batches always grow as they fill",
    ),
    (
        "metadata.cluster.check.enable",
        "the check of the cluster id (KIP-1242) is not supported",
    ),
    ("group.id", "this is a consumer's option"),
    ("auto.offset.reset", "this is a consumer's option"),
    ("enable.auto.commit", "this is a consumer's option"),
    ("isolation.level", "this is a consumer's option"),
    ("key.deserializer", "this is a consumer's option"),
    ("value.deserializer", "this is a consumer's option"),
];

/// librdkafka's names that mean the same as one of Kafka's.
#[cfg(feature = "sasl")]
const SYNONYMS: &[(&str, &str)] = &[
    ("sasl.mechanisms", "sasl.mechanism"),
    ("ssl.ca.location", "ssl.truststore.location"),
    ("ssl.ca.pem", "ssl.truststore.certificates"),
    ("ssl.certificate.pem", "ssl.keystore.certificate.chain"),
    ("ssl.key.pem", "ssl.keystore.key"),
];

/// Kafka's name for one of librdkafka's.
#[cfg(feature = "sasl")]
pub(super) fn synonym(name: &str) -> Option<&'static str> {
    let found = SYNONYMS.iter().find(|(other, _)| *other == name);
    found.map(|(_, kafkas)| *kafkas)
}

/// Options of TLS and SASL that are Java's, or for mechanisms that are not here.
#[cfg(feature = "sasl")]
const UNSUPPORTED_SECURITY: &[(&str, &str)] = &[
    (
        "sasl.kerberos.",
        "GSSAPI (Kerberos) is not supported; use SCRAM-SHA-512 or OAUTHBEARER",
    ),
    (
        "sasl.login.refresh.",
        "a token is taken anew for each login, and the broker says when a login ends (KIP-368)",
    ),
    (
        "sasl.oauthbearer.",
        "tokens are not fetched over HTTP; have something refresh a file and set sasl.oauthbearer.token.endpoint.url=file:///PATH, or give a callback",
    ),
    (
        "ssl.truststore.password",
        "PEM files of certificates have no password; Java's JKS and PKCS12 files are not read",
    ),
    (
        "ssl.keystore.password",
        "PEM files have no password; Java's JKS and PKCS12 files are not read",
    ),
    (
        "ssl.key.password",
        "the private key must not be encrypted; write it anew with openssl pkcs8 -topk8 -nocrypt, readable by this user only",
    ),
    (
        "ssl.certificate.location",
        "put the private key and the certificate chain into one PEM file, and set ssl.keystore.location",
    ),
    (
        "ssl.key.location",
        "put the private key and the certificate chain into one PEM file, and set ssl.keystore.location",
    ),
    (
        "ssl.protocol",
        "the newest version that both sides speak is used; ssl.enabled.protocols limits the choice",
    ),
    (
        "ssl.cipher.suites",
        "the cipher suites are rustls's; all of them are considered safe",
    ),
    (
        "enable.ssl.certificate.verification",
        "certificates are always verified; give the authority's certificate as ssl.truststore.location",
    ),
];

/// Families of names that Kafka has and this producer has not.
const UNSUPPORTED_PREFIXES: &[(&str, &str)] = &[
    #[cfg(feature = "sasl")]
    (
        "sasl.",
        "there are no Java classes here; user and password go into sasl.jaas.config, tokens come from a file or a callback",
    ),
    #[cfg(feature = "sasl")]
    ("ssl.", "it is about Java's TLS, and this client's is rustls"),
    #[cfg(not(feature = "sasl"))]
    (
        "sasl.",
        "this build has no SASL; a bridge (ws://, wss://) logs in to the brokers for its clients",
    ),
    #[cfg(not(feature = "sasl"))]
    (
        "ssl.",
        "this build has no TLS to brokers; a bridge address of wss:// is encrypted",
    ),
    (
        "metrics.",
        "averages and rates cover two windows of 30 s, and everything is recorded; leave the option out",
    ),
    ("schema.registry.", "schema registries are not supported"),
    ("auto.register.", "schema registries are not supported"),
];

/// What kind of name it is, when it is not an option.
pub(super) enum Stranger {
    Replaced(&'static str),
    Unsupported(&'static str),
    Unknown(Option<&'static str>),
}

/// Explains a name that is not in the table.
pub(super) fn explain(name: &str) -> Stranger {
    if let Some((_, instead)) = REPLACED.iter().find(|(old, _)| *old == name) {
        return Stranger::Replaced(instead);
    }
    if let Some((_, why)) = UNSUPPORTED.iter().find(|(known, _)| *known == name) {
        return Stranger::Unsupported(why);
    }
    #[cfg(feature = "sasl")]
    if let Some((_, why)) = UNSUPPORTED_SECURITY
        .iter()
        .find(|(prefix, _)| name.starts_with(prefix))
    {
        return Stranger::Unsupported(why);
    }
    if let Some((_, why)) = UNSUPPORTED_PREFIXES
        .iter()
        .find(|(prefix, _)| name.starts_with(prefix))
    {
        // sasl.mecanism is a slip, not one of Java's options.
        return match nearest(name) {
            Some(near) if cfg!(feature = "sasl") => Stranger::Unknown(Some(near)),
            _ => Stranger::Unsupported(why),
        };
    }
    Stranger::Unknown(nearest(name))
}

/// The option whose name is most like this one, if any is like it at all.
fn nearest(name: &str) -> Option<&'static str> {
    let wanted = fold(name);
    if wanted.len() < 3 {
        return None;
    }
    TABLE
        .iter()
        .map(|option| (distance(&wanted, &fold(option.name)), option.name))
        .min_by_key(|(distance, _)| *distance)
        .filter(|(distance, _)| *distance <= (wanted.len() / 4).max(1))
        .map(|(_, name)| name)
}

// Letters and digits only, so that linger_ms, lingerMs and LINGER-MS are all no distance away from linger.ms.
fn fold(name: &str) -> Vec<u8> {
    name.bytes()
        .filter(u8::is_ascii_alphanumeric)
        .map(|byte| byte.to_ascii_lowercase())
        .collect()
}

// Levenshtein's distance with one row; names longer than any option cannot be near, so the work is bounded.
fn distance(a: &[u8], b: &[u8]) -> usize {
    if a.len().abs_diff(b.len()) > b.len() {
        return usize::MAX;
    }
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let above = row[j + 1];
            row[j + 1] = (diagonal + usize::from(x != y)).min(above + 1).min(row[j] + 1);
            diagonal = above;
        }
    }
    row[b.len()]
}

/// Values of `partitioner.class`: our short names, and the Java classes that mean the same.
pub(super) const PARTITIONERS: &[(&str, &[&str])] = &[
    ("", &["default", "null"]),
    (
        "roundrobin",
        &[
            "RoundRobinPartitioner",
            "org.apache.kafka.clients.producer.RoundRobinPartitioner",
        ],
    ),
];

/// Partitioner classes that Kafka 4.0 removed.
pub(super) const OLD_PARTITIONERS: &[(&str, &str)] = &[
    (
        "DefaultPartitioner",
        "removed in Kafka 4.0: leave partitioner.class out, the built-in partitioner took its place",
    ),
    (
        "UniformStickyPartitioner",
        "removed in Kafka 4.0: leave partitioner.class out and set partitioner.ignore.keys=true",
    ),
];

/// Where Kafka's own serializers are.
pub(super) const SERIALIZER_PACKAGE: &str = "org.apache.kafka.common.serialization.";

/// Values of the serializer options; classes of [`SERIALIZER_PACKAGE`] without their package.
pub(super) const SERIALIZERS: &[(&str, &[&str])] = &[
    (
        "bytes",
        &["ByteArraySerializer", "BytesSerializer", "ByteBufferSerializer"],
    ),
    ("string", &["StringSerializer"]),
    (
        "json",
        &[
            "org.apache.kafka.connect.json.JsonSerializer",
            "org.springframework.kafka.support.serializer.JsonSerializer",
            "JsonSerializer",
        ],
    ),
    #[cfg(feature = "serializers")]
    ("short", &["ShortSerializer"]),
    #[cfg(feature = "serializers")]
    ("integer", &["IntegerSerializer"]),
    #[cfg(feature = "serializers")]
    ("long", &["LongSerializer"]),
    #[cfg(feature = "serializers")]
    ("float", &["FloatSerializer"]),
    #[cfg(feature = "serializers")]
    ("double", &["DoubleSerializer"]),
    #[cfg(feature = "serializers")]
    ("boolean", &["BooleanSerializer"]),
    #[cfg(feature = "serializers")]
    ("uuid", &["UUIDSerializer"]),
    #[cfg(feature = "serializers")]
    ("void", &["VoidSerializer"]),
];

/// The short name that a value stands for.
pub(super) fn alias(aliases: &[(&'static str, &[&str])], value: &str) -> Option<&'static str> {
    aliases
        .iter()
        .find(|(name, others)| *name == value || others.contains(&value))
        .map(|(name, _)| *name)
}

/// The short names of a list, for messages.
pub(super) fn spelled(words: &[&str]) -> String {
    let mut out = String::new();
    for (i, word) in words.iter().enumerate() {
        if i > 0 {
            out.push_str(if i + 1 == words.len() { " or " } else { ", " });
        }
        out.push_str(word);
    }
    out
}

/// Every name that is explained in full.
#[cfg(test)]
pub(super) fn refused() -> Vec<&'static str> {
    let mut names = Vec::new();
    names.extend(REPLACED.iter().map(|(name, _)| *name));
    names.extend(UNSUPPORTED.iter().map(|(name, _)| *name));
    names
}
