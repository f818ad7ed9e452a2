//! Tests of the whole configuration.

use alloc::{format, string::ToString};
use core::time::Duration;

use super::*;

const SERVERS: (&str, &str) = ("bootstrap.servers", "b1:9092,b2:9092");

fn ok(pairs: &[(&str, &str)]) -> Config {
    Config::parse([SERVERS].iter().chain(pairs).copied()).expect("a valid configuration")
}

fn errors(pairs: &[(&str, &str)]) -> Vec<String> {
    let errors = Config::parse([SERVERS].iter().chain(pairs).copied()).expect_err("an invalid configuration");
    errors.iter().map(ToString::to_string).collect()
}

fn error(name: &str, value: &str) -> String {
    let errors = errors(&[(name, value)]);
    assert_eq!(errors.len(), 1, "{errors:?}");
    assert_eq!(errors[0].lines().count(), 1);
    errors[0].clone()
}

fn noticed(config: &Config) -> Vec<&'static str> {
    config.notices().iter().map(|notice| notice.name).collect()
}

#[test]
fn defaults_are_kafka_4s() {
    let config = ok(&[]);
    assert!(config.notices().is_empty(), "{:?}", config.notices());
    assert_eq!(config.acks(), Acks::All);
    assert!(config.idempotent());
    assert_eq!(config.linger(), Duration::from_millis(5));
    assert_eq!(
        (config.batch_size(), config.buffer_memory()),
        (16_384, 33_554_432)
    );
    assert_eq!(config.delivery_timeout(), Duration::from_secs(120));
    assert_eq!((config.max_in_flight(), config.retries()), (5, i32::MAX as u32));
    assert_eq!(config.compression(), Compression::None);
    assert_eq!(config.connections_max_idle(), Some(Duration::from_secs(540)));
    assert_eq!(config.ambiguity(), Ambiguity::Retry);
}

#[test]
fn every_default_is_a_value_of_its_own_option() {
    for option in table().iter() {
        for platform in [Platform::Native, Platform::Browser, Platform::Edge] {
            let Some(text) = option.default_on(platform) else {
                continue;
            };
            assert!(
                Config::parse([SERVERS, (option.name, text)]).is_ok(),
                "{} = {text}",
                option.name
            );
        }
    }
}

#[test]
fn a_browser_has_less_memory_and_no_tcp() {
    let bridge = ("bootstrap.servers", "wss://kafka.example.com/k/main");
    let config = Config::parse_for(Platform::Browser, [bridge]).expect("a bridge is enough");
    assert_eq!(config.buffer_memory(), 8 << 20);
    assert_eq!(config.value_serializer(), SerializerClass::Json);
    assert!(config.notices().is_empty());
    let refused = Config::parse_for(Platform::Browser, [SERVERS]).expect_err("no TCP in a page");
    assert!(refused[0].to_string().contains("web page"), "{}", refused[0]);
    let config =
        Config::parse_for(Platform::Browser, [bridge, ("send.buffer.bytes", "1024")]).expect("allowed");
    assert_eq!(noticed(&config), ["send.buffer.bytes"]);
}

#[test]
fn unknown_names_get_a_suggestion() {
    for (typed, meant) in [
        ("lingerms", "linger.ms"),
        ("lingerMs", "linger.ms"),
        ("linger_ms", "linger.ms"),
        ("liger.ms", "linger.ms"),
        ("compresion.type", "compression.type"),
        ("enable.idempotance", "enable.idempotence"),
        ("bootstrap-servers", "bootstrap.servers"),
        ("clientId", "client.id"),
        ("ACKS", "acks"),
    ] {
        assert_eq!(
            error(typed, "1"),
            format!("unknown option {typed}: did you mean {meant}?")
        );
    }
    assert_eq!(
        error("colour", "red"),
        "unknown option colour: no option has a name like it"
    );
    assert!(error("x\ny", "1").starts_with("unknown option \"x\\ny\":"));
    assert!(error(&"linger".repeat(500), "1").len() < 300);
}

#[test]
fn removed_names_name_their_successor() {
    for (old, new) in [
        ("timeout.ms", "request.timeout.ms"),
        ("metadata.broker.list", "bootstrap.servers"),
        ("--broker-list", "--bootstrap-server"),
        ("block.on.buffer.full", "max.block.ms"),
        ("metadata.fetch.timeout.ms", "max.block.ms"),
        ("message.timeout.ms", "delivery.timeout.ms"),
    ] {
        let message = error(old, "1");
        assert!(message.contains(old) && message.contains(new), "{message}");
    }
}

#[test]
fn unsupported_names_say_so() {
    for name in [
        "transactional.id",
        "sasl.kerberos.service.name",
        "ssl.truststore.password",
        "interceptor.classes",
        "group.id",
    ] {
        assert!(error(name, "secret").contains("is not supported"), "{name}");
        assert!(
            !error(name, "secret").contains("secret"),
            "values of refused options may be passwords"
        );
    }
}

#[test]
fn refused_names_are_not_options() {
    for name in names::refused() {
        assert!(table().iter().all(|option| option.name != name), "{name}");
    }
}

#[test]
fn wrong_values_name_what_is_allowed() {
    assert_eq!(error("acks", "2"), "acks=2: allowed are all, -1, 0 or 1");
    assert_eq!(
        error("batch.size", "-1"),
        "batch.size=-1: too small; allowed is a whole number of bytes from 0 to 2147483647"
    );
    assert_eq!(
        error("linger.ms", "5ms"),
        "linger.ms=5ms: not a whole number; allowed is a whole number of milliseconds from 0 to 9223372036854775807"
    );
    assert!(error("retries", "2147483648").contains("too large"));
    assert!(error("enable.idempotence", "yes").contains("true and false"));
    assert!(error("compression.type", "zip").contains("none, gzip, snappy, lz4 or zstd"));
    assert!(error("security.protocol", "TLS").contains("PLAINTEXT"));
    assert!(error("partitioner.class", "com.example.Mine").contains("RoundRobinPartitioner"));
    assert!(error("value.serializer", "org.example.Avro").contains("json"));
}

/// Kafka: `GzipCompression`'s levels are 1 to 9 and -1; Java's sockets refuse a buffer of 0 bytes.
#[test]
fn a_number_between_the_special_one_and_the_range_is_refused() {
    assert_eq!(
        error("compression.gzip.level", "0"),
        "compression.gzip.level=0: too small; allowed is a whole number from 1 to 9, or -1 for the usual"
    );
    for (name, special, first, beyond) in [
        ("compression.gzip.level", "-1", "1", "10"),
        ("send.buffer.bytes", "-1", "1", "2147483648"),
        ("receive.buffer.bytes", "-1", "1", "2147483648"),
    ] {
        for good in [special, first] {
            assert_eq!(ok(&[(name, good)]).shown(name), good, "{name}");
        }
        for bad in ["0", "-2", beyond, "", "1.5"] {
            let told = error(name, bad);
            assert!(told.contains("or -1 for the usual"), "{told}");
        }
    }
}

/// A level of 0 is a value of zstd's own, and is the same as 3.
#[test]
fn levels_at_the_ends_of_their_ranges() {
    for (codec, inside, outside) in [
        ("gzip", ["-1", "9"], ["-2", "10"]),
        ("lz4", ["1", "17"], ["0", "18"]),
        ("zstd", ["-131072", "22"], ["-131073", "23"]),
    ] {
        let name = format!("compression.{codec}.level");
        for level in inside {
            ok(&[("compression.type", codec), (&name, level)]);
        }
        for level in outside {
            assert!(error(&name, level).contains("allowed is"), "{name}={level}");
        }
    }
}

#[test]
fn java_class_names_are_aliases() {
    let config = ok(&[
        (
            "key.serializer",
            "org.apache.kafka.common.serialization.StringSerializer",
        ),
        (
            "value.serializer",
            "org.apache.kafka.common.serialization.ByteArraySerializer",
        ),
        (
            "partitioner.class",
            "org.apache.kafka.clients.producer.RoundRobinPartitioner",
        ),
    ]);
    assert_eq!(config.key_serializer(), SerializerClass::Text);
    assert_eq!(config.value_serializer(), SerializerClass::Bytes);
    assert_eq!(config.partitioner(), PartitionerClass::RoundRobin);
    for (class, expected) in [
        ("ShortSerializer", SerializerClass::Short),
        ("IntegerSerializer", SerializerClass::Integer),
        ("LongSerializer", SerializerClass::Long),
        ("FloatSerializer", SerializerClass::Float),
        ("DoubleSerializer", SerializerClass::Double),
        ("BooleanSerializer", SerializerClass::Boolean),
        ("UUIDSerializer", SerializerClass::Uuid),
        ("VoidSerializer", SerializerClass::Void),
    ] {
        let full = format!("org.apache.kafka.common.serialization.{class}");
        for name in [class, &full] {
            assert_eq!(
                ok(&[("value.serializer", name)]).value_serializer(),
                expected,
                "{name}"
            );
        }
    }
    let unknown = error(
        "key.serializer",
        "org.apache.kafka.common.serialization.ListSerializer",
    );
    assert!(unknown.contains("LongSerializer"), "{unknown}");
    let old = "org.apache.kafka.clients.producer.UniformStickyPartitioner";
    assert!(error("partitioner.class", old).contains("partitioner.ignore.keys=true"));
}

#[test]
fn all_mistakes_are_reported_at_once() {
    let errors =
        Config::parse([("lingerms", "1"), ("acks", "2"), ("timeout.ms", "3")]).expect_err("four mistakes");
    let names: Vec<&str> = errors.iter().map(ConfigError::name).collect();
    assert_eq!(names, ["lingerms", "acks", "timeout.ms", "bootstrap.servers"]);
}

#[test]
fn idempotence_contradictions() {
    assert!(errors(&[("enable.idempotence", "true"), ("acks", "1")])[0].contains("acks=all"));
    assert!(errors(&[("enable.idempotence", "true"), ("retries", "0")])[0].contains("retries above 0"));
    assert!(error("max.in.flight.requests.per.connection", "6").contains("at most 5"));
    let loose = ok(&[
        ("max.in.flight.requests.per.connection", "6"),
        ("enable.idempotence", "false"),
    ]);
    assert_eq!(loose.max_in_flight(), 6);
    let config = ok(&[("acks", "1")]);
    assert!(!config.idempotent());
    assert!(
        noticed(&config).contains(&"enable.idempotence"),
        "{:?}",
        config.notices()
    );
    assert!(noticed(&ok(&[("acks", "0")])).contains(&"acks"));
}

#[test]
fn delivery_timeout_covers_linger_and_request() {
    assert!(error("delivery.timeout.ms", "1000").contains("= 30005"));
    let config = ok(&[("request.timeout.ms", "200000")]);
    assert_eq!(config.delivery_timeout(), Duration::from_millis(200_005));
    assert_eq!(noticed(&config), ["delivery.timeout.ms"]);
    let huge = ok(&[("linger.ms", "9223372036854775807")]);
    assert_eq!(huge.delivery_timeout(), Duration::from_millis(i32::MAX as u64));
}

#[test]
fn explicit_reconnect_backoff_does_not_grow() {
    let config = ok(&[("reconnect.backoff.ms", "700")]);
    assert_eq!(config.reconnect_backoff_max(), Duration::from_millis(700));
    assert_eq!(noticed(&config), ["reconnect.backoff.max.ms"]);
    let both = ok(&[("reconnect.backoff.ms", "70"), ("reconnect.backoff.max.ms", "20")]);
    assert_eq!(both.reconnect_backoff(), Duration::from_millis(20));
    assert_eq!(noticed(&both), ["reconnect.backoff.ms"]);
}

#[test]
fn unusual_settings_are_noticed() {
    let single = Config::parse([("bootstrap.servers", "b1:9092")]).expect("one is allowed");
    assert_eq!(noticed(&single), ["bootstrap.servers"]);
    assert_eq!(noticed(&ok(&[("batch.size", "0")])), ["batch.size"]);
    assert_eq!(ok(&[("batch.size", "0")]).batch_size(), 1);
    assert_eq!(
        noticed(&ok(&[("compression.gzip.level", "3")])),
        ["compression.gzip.level"]
    );
    assert_eq!(
        noticed(&ok(&[("linger.ms", "1"), ("linger.ms", "2")])),
        ["linger.ms"]
    );
    assert_eq!(
        ok(&[("linger.ms", "1"), ("linger.ms", "2")]).linger().as_millis(),
        2
    );
}

#[test]
fn bootstrap_addresses() {
    let parse = |text: &str| {
        Config::parse([("bootstrap.servers", text)])
            .map(|config| {
                config
                    .bootstrap_servers()
                    .iter()
                    .map(ToString::to_string)
                    .collect::<Vec<_>>()
                    .join(" ")
            })
            .map_err(|errors| errors[0].to_string())
    };
    for (text, shown) in [
        (" b1:9092 , b2:9093,", "b1:9092 b2:9093"),
        ("[::1]:9092", "[::1]:9092"),
        ("ws://127.0.0.1:8080/k/main/", "ws://127.0.0.1:8080/k/main"),
        ("wss://[::1]:8080/k/a-b_c.d", "wss://[::1]:8080/k/a-b_c.d"),
        ("wss://kafka.example.com/k/main", "wss://kafka.example.com/k/main"),
    ] {
        assert_eq!(parse(text).as_deref(), Ok(shown));
    }
    for (text, problem) in [
        ("", "at least one"),
        ("localhost", "has no port; write localhost:9092"),
        ("localhost:0", "1 to 65535"),
        ("localhost:99999", "1 to 65535"),
        (":9092", "has no host"),
        ("::1:9092", "brackets"),
        ("[::1]", "has no port"),
        ("[b1]:9092", "no IPv6 address"),
        ("b1:9092,b1:9092", "twice"),
        ("b1:9092,ws://b/k/main", "cannot be mixed"),
        ("PLAINTEXT://b1:9092", "without PLAINTEXT://"),
        ("https://b/k/main", "write wss://b/k/main"),
        ("ws://b", "write ws://b/k/CLUSTER"),
        ("ws://b/k/", "write ws://b/k/CLUSTER"),
        ("ws:///k/main", "has no host"),
        ("ws://b:x/k/main", "1 to 65535"),
        ("my host:9092", "cannot be part of a host name"),
    ] {
        let message = parse(text).expect_err(text);
        assert!(message.contains(problem), "{text}: {message}");
    }
    let secret = parse("wss://user:pw@b/k/main").expect_err("no user in a URL");
    assert!(!secret.contains("pw") && secret.contains("no user"), "{secret}");
}

#[test]
fn entries_read_back_as_the_same_configuration() {
    let config = ok(&[("acks", "1"), ("linger.ms", "7"), ("compression.type", "lz4")]);
    let again = Config::parse(config.entries()).expect("effective values are valid values");
    assert_eq!(
        again.entries().collect::<Vec<_>>(),
        config.entries().collect::<Vec<_>>()
    );
}
