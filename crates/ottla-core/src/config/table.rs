//! The one table of options: whatever is parsed, checked, documented or printed comes from here.

use super::Platform;

/// How much an option matters, as Kafka grades its documentation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Importance {
    /// Everyone should know it.
    High,
    /// For tuning.
    Medium,
    /// For special cases.
    Low,
}

/// What values an option takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Whole milliseconds within the range.
    Millis(i64, i64),
    /// Whole bytes within the range.
    Bytes(i64, i64),
    /// A whole number within the range.
    Int(i64, i64),
    /// The first number, which means something special, or one within the range that follows.
    SpecialOrInt(i64, i64, i64),
    /// The first number, which means something special, or whole bytes within the range that follows.
    SpecialOrBytes(i64, i64, i64),
    /// `true` or `false`.
    Bool,
    /// One of these words (case is ignored).
    Choice(&'static [&'static str]),
    /// Any text.
    Text,
    /// Text that is never shown.
    Password,
    /// Addresses, separated by commas.
    Servers,
}

/// One option.
#[derive(Clone, Copy, Debug)]
pub struct OptionDoc {
    /// Kafka's name, or one that begins with `ottla.`.
    pub name: &'static str,
    /// What values it takes.
    pub kind: Kind,
    /// Its default as text; `None` means that it must be given.
    pub default: Option<&'static str>,
    /// The default where the page or isolate is small, if it differs.
    pub small_default: Option<&'static str>,
    /// How much it matters.
    pub importance: Importance,
    /// What it does, for the docs and for `--help`. Empty without the feature `docs`.
    pub doc: &'static str,
    /// Whether only a native process can honour it (it is about TCP sockets).
    pub native_only: bool,
}

impl OptionDoc {
    /// The default on a platform; `None` means that the option must be given.
    pub fn default_on(&self, platform: Platform) -> Option<&'static str> {
        match platform {
            Platform::Native => self.default,
            Platform::Browser | Platform::Edge => self.small_default.or(self.default),
        }
    }
}

const INT: i64 = i32::MAX as i64;
const LONG: i64 = i64::MAX;

macro_rules! options {
    ($($(#[$when:meta])* $key:ident $name:literal $kind:expr, $default:expr, $importance:ident, $doc:literal $(, small $small:literal)? $(, only $native:ident)?;)*) => {
        /// Index of an option in [`TABLE`].
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(super) enum Name { $($(#[$when])* $key),* }

        /// All options in the order of Kafka's documentation.
        pub(super) const TABLE: &[OptionDoc] = &[$($(#[$when])* OptionDoc {
            name: $name,
            kind: $kind,
            default: $default,
            small_default: options!(@small $($small)?),
            importance: Importance::$importance,
            doc: if cfg!(feature = "docs") { $doc } else { "" },
            native_only: options!(@native $($native)?),
        }),*];

        pub(super) const NAMES: &[Name] = &[$($(#[$when])* Name::$key),*];
    };
    (@small) => { None };
    (@small $small:literal) => { Some($small) };
    (@native) => { false };
    (@native native) => { true };
}

options! {
    BootstrapServers "bootstrap.servers" Kind::Servers, None, High,
        "The first brokers to ask, as host:port,host:port; the others are discovered. Or the addresses of bridges: ws://host:port/k/cluster, wss://host/k/cluster.";
    ClientId "client.id" Kind::Text, Some(""), Medium,
        "A name for this producer in the brokers' logs and quotas. Left empty, the client numbers its producers: producer-1, producer-2.";
    Acks "acks" Kind::Choice(&["all", "-1", "0", "1"]), Some("all"), Low,
        "Who must have a record before it counts as delivered: all in-sync replicas (all, the same as -1), the leader (1), nobody (0: errors stay unnoticed and offsets unknown).";
    EnableIdempotence "enable.idempotence" Kind::Bool, Some("true"), Low,
        "Number the batches so that a retry never duplicates or reorders. Needs acks=all, retries above 0, and at most 5 requests in flight per connection.";
    MaxInFlight "max.in.flight.requests.per.connection" Kind::Int(1, INT), Some("5"), Low,
        "Requests that may be unanswered on one connection; at most 5 with idempotence.";
    Retries "retries" Kind::Int(0, INT), Some("2147483647"), High,
        "How often a batch is sent again after a retriable error. Better left alone: delivery.timeout.ms limits the time instead.";
    DeliveryTimeout "delivery.timeout.ms" Kind::Millis(0, INT), Some("120000"), Medium,
        "Upper limit for the time from opening a batch to its result, retries included. At least linger.ms + request.timeout.ms.";
    RequestTimeout "request.timeout.ms" Kind::Millis(0, INT), Some("30000"), Medium,
        "How long an answer may take before the connection is given up and the request retried.";
    Linger "linger.ms" Kind::Millis(0, LONG), Some("5"), Medium,
        "How long a batch that is not full waits for more records. More means fewer, larger requests.";
    BatchSize "batch.size" Kind::Bytes(0, INT), Some("16384"), Medium,
        "Size at which the batch of a partition is full, before compression. 0 turns batching off.";
    MaxRequestSize "max.request.size" Kind::Bytes(0, INT), Some("1048576"), Medium,
        "Largest request, and largest record before compression. The broker has limits of its own (message.max.bytes).";
    BufferMemory "buffer.memory" Kind::Bytes(0, LONG), Some("33554432"), High,
        "Memory for records that are not delivered yet. When it is used up, send waits up to max.block.ms.", small "8388608";
    MaxBlock "max.block.ms" Kind::Millis(0, LONG), Some("60000"), Medium,
        "How long send may wait for a topic's metadata and for buffer memory together.";
    CompressionType "compression.type" Kind::Choice(&["none", "gzip", "snappy", "lz4", "zstd"]), Some("none"), High,
        "Codec for whole batches.";
    GzipLevel "compression.gzip.level" Kind::SpecialOrInt(-1, 1, 9), Some("-1"), Medium,
        "gzip: 1 (fast) to 9 (small), -1 for the usual 6.";
    Lz4Level "compression.lz4.level" Kind::Int(1, 17), Some("9"), Medium,
        "lz4: accepted for compatibility; there is one compressor, the fast one that Kafka's 9 selects.";
    ZstdLevel "compression.zstd.level" Kind::Int(-131_072, 22), Some("3"), Medium,
        "zstd: higher is smaller and slower; 0 is zstd's own word for 3.";
    PartitionerClass "partitioner.class" Kind::Text, Some(""), Medium,
        "Empty for the built-in one (hash of the key; without a key, one partition at a time until batch.size bytes went there), or RoundRobinPartitioner.";
    Adaptive "partitioner.adaptive.partitioning.enable" Kind::Bool, Some("true"), Low,
        "Records without a key go more often to partitions with short queues (KIP-794).";
    AvailabilityTimeout "partitioner.availability.timeout.ms" Kind::Millis(0, LONG), Some("0"), Low,
        "Records without a key avoid the partitions of a broker that has taken nothing for so long; 0 turns this off.";
    IgnoreKeys "partitioner.ignore.keys" Kind::Bool, Some("false"), Medium,
        "Choose partitions as if records had no key.";
    MetadataMaxAge "metadata.max.age.ms" Kind::Millis(0, LONG), Some("300000"), Low,
        "Ask for metadata at least this often.";
    MetadataMaxIdle "metadata.max.idle.ms" Kind::Millis(5000, LONG), Some("300000"), Low,
        "Forget a topic that was not written to for so long.";
    RecoveryStrategy "metadata.recovery.strategy" Kind::Choice(&["rebootstrap", "none"]), Some("rebootstrap"), Low,
        "What to do when no known broker can be reached: begin again from bootstrap.servers, or keep trying.";
    RebootstrapTrigger "metadata.recovery.rebootstrap.trigger.ms" Kind::Millis(0, INT), Some("300000"), Low,
        "Begin again from bootstrap.servers when metadata could not be had for so long.";
    RetryBackoff "retry.backoff.ms" Kind::Millis(0, LONG), Some("100"), Low,
        "Wait before the first retry of a request; doubles with each (20 % jitter).";
    RetryBackoffMax "retry.backoff.max.ms" Kind::Millis(0, LONG), Some("1000"), Low,
        "Longest wait before a retry.";
    ReconnectBackoff "reconnect.backoff.ms" Kind::Millis(0, LONG), Some("50"), Low,
        "Wait before dialling a broker again; doubles with each failure (20 % jitter).";
    ReconnectBackoffMax "reconnect.backoff.max.ms" Kind::Millis(0, LONG), Some("1000"), Low,
        "Longest wait before dialling again.";
    SetupTimeout "socket.connection.setup.timeout.ms" Kind::Millis(0, LONG), Some("10000"), Medium,
        "How long opening a connection may take; doubles with each failure.";
    SetupTimeoutMax "socket.connection.setup.timeout.max.ms" Kind::Millis(0, LONG), Some("30000"), Medium,
        "Longest time for opening a connection.";
    ConnectionsMaxIdle "connections.max.idle.ms" Kind::Millis(-1, LONG), Some("540000"), Medium,
        "Close a connection that was not used for so long; -1 never.";
    SendBuffer "send.buffer.bytes" Kind::SpecialOrBytes(-1, 1, INT), Some("131072"), Medium,
        "SO_SNDBUF of TCP connections; -1 leaves it to the system.", only native;
    ReceiveBuffer "receive.buffer.bytes" Kind::SpecialOrBytes(-1, 1, INT), Some("32768"), Medium,
        "SO_RCVBUF of TCP connections; -1 leaves it to the system.", only native;
    DnsLookup "client.dns.lookup" Kind::Choice(&["use_all_dns_ips"]), Some("use_all_dns_ips"), Medium,
        "All addresses of a host name are tried in turn.", only native;
    #[cfg(not(feature = "sasl"))]
    SecurityProtocol "security.protocol" Kind::Choice(&["PLAINTEXT"]), Some("PLAINTEXT"), Medium,
        "How to talk to brokers. Through a bridge, wss:// encrypts and the bridge owns the broker's credentials.";
    #[cfg(feature = "sasl")]
    SecurityProtocol "security.protocol" Kind::Choice(&["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"]), Some("PLAINTEXT"), Medium,
        "How to talk to brokers: SSL encrypts and checks the broker's certificate, SASL logs in. Through a bridge, wss:// encrypts and the bridge owns the broker's credentials.";
    #[cfg(feature = "sasl")]
    SaslMechanism "sasl.mechanism" Kind::Choice(&["", "PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER"]), Some(""), Medium,
        "How to log in. Kafka's own default, GSSAPI, is not supported, so a security.protocol of SASL_* needs one of these.", only native;
    #[cfg(feature = "sasl")]
    SaslJaasConfig "sasl.jaas.config" Kind::Password, Some(""), Medium,
        "User and password as Kafka's clients write them: org.apache.kafka.common.security.scram.ScramLoginModule required username=... password=...; (or PlainLoginModule, or OAuthBearerLoginModule).", only native;
    #[cfg(feature = "sasl")]
    SaslUsername "sasl.username" Kind::Text, Some(""), Medium,
        "librdkafka's way to name the user of PLAIN and SCRAM, in place of sasl.jaas.config.", only native;
    #[cfg(feature = "sasl")]
    SaslPassword "sasl.password" Kind::Password, Some(""), Medium,
        "librdkafka's way to give the password of PLAIN and SCRAM, in place of sasl.jaas.config.", only native;
    #[cfg(feature = "sasl")]
    SaslTokenUrl "sasl.oauthbearer.token.endpoint.url" Kind::Text, Some(""), Medium,
        "OAUTHBEARER: file:///PATH of a file with a token, read anew for each login (KIP-768). Tokens are not fetched over HTTP; the application can give them by a callback.", only native;
    #[cfg(feature = "sasl")]
    SaslLoginHandler "sasl.login.callback.handler.class" Kind::Text, Some(""), Low,
        "Only Kafka's own handlers of OAUTHBEARER are accepted: OAuthBearerLoginCallbackHandler (a token from a file) and OAuthBearerUnsecuredLoginCallbackHandler (unsigned tokens, for tests).", only native;
    #[cfg(feature = "sasl")]
    TruststoreType "ssl.truststore.type" Kind::Choice(&["PEM"]), Some("PEM"), Medium,
        "The format of ssl.truststore.location. Only PEM; Java's JKS and PKCS12 files can be converted with keytool and openssl.", only native;
    #[cfg(feature = "sasl")]
    TruststoreLocation "ssl.truststore.location" Kind::Text, Some(""), High,
        "A PEM file with the certificates of the authorities that brokers' certificates come from. Left empty, those that the system trusts are used.", only native;
    #[cfg(feature = "sasl")]
    TruststoreCertificates "ssl.truststore.certificates" Kind::Password, Some(""), High,
        "The same certificates as PEM text, in place of the file (KIP-651).", only native;
    #[cfg(feature = "sasl")]
    KeystoreType "ssl.keystore.type" Kind::Choice(&["PEM"]), Some("PEM"), Medium,
        "The format of ssl.keystore.location. Only PEM.", only native;
    #[cfg(feature = "sasl")]
    KeystoreLocation "ssl.keystore.location" Kind::Text, Some(""), High,
        "A PEM file with the client's private key (PKCS#8, not encrypted) and its certificate chain, for brokers that ask for one.", only native;
    #[cfg(feature = "sasl")]
    KeystoreChain "ssl.keystore.certificate.chain" Kind::Password, Some(""), High,
        "The client's certificate chain as PEM text, in place of the file; its own certificate first (KIP-651).", only native;
    #[cfg(feature = "sasl")]
    KeystoreKey "ssl.keystore.key" Kind::Password, Some(""), High,
        "The client's private key as PEM text, with ssl.keystore.certificate.chain (KIP-651).", only native;
    #[cfg(feature = "sasl")]
    EndpointIdentification "ssl.endpoint.identification.algorithm" Kind::Choice(&["https", ""]), Some("https"), Low,
        "Whether the broker's certificate must be for the host name that was dialled (https), or for any (empty).", only native;
    #[cfg(feature = "sasl")]
    TlsProtocols "ssl.enabled.protocols" Kind::Text, Some("TLSv1.2,TLSv1.3"), Medium,
        "The versions of TLS that may be used.", only native;
    KeySerializer "key.serializer" Kind::Text, Some("bytes"), High,
        "bytes, string, json, short, integer, long, float, double, boolean, uuid or void, or Kafka's class (LongSerializer). Bytes, strings and JSON that are text already go as they are; the others take their own kind of value only.";
    ValueSerializer "value.serializer" Kind::Text, Some("bytes"), High,
        "bytes, string, json, short, integer, long, float, double, boolean, uuid or void, or Kafka's class (LongSerializer). Bytes, strings and JSON that are text already go as they are; the others take their own kind of value only.", small "json";
    MetricsPush "enable.metrics.push" Kind::Choice(&["false"]), Some("false"), Low,
        "Pushing metrics to the brokers (KIP-714) is not supported, so this is always false.";
    #[cfg(feature = "journal")]
    DedupWindow "ottla.dedup.window.ms" Kind::Millis(0, LONG), Some("21600000"), Low,
        "With a spool: how long after its newest timestamp a batch that may be in the log may be sent again, because the broker still knows the producer. Should be well below the brokers' producer.id.expiration.ms (a day).", only native;
    Ambiguity "ottla.ambiguity" Kind::Choice(&["retry", "fail"]), Some("retry"), Medium,
        "What to do when a batch may already be in the log and cannot be sent again without the risk of a duplicate: send it again, as Kafka's client does, or fail it as possibly persisted.";
}
