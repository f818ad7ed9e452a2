//! Text to value, by the kind of the option.

use alloc::{
    format,
    string::{String, ToString},
    vec::Vec,
};

use core::fmt;

use crate::io::Address;

use super::{
    ConfigError, Platform, address, names,
    table::{Kind, Name, OptionDoc},
};

/// A parsed value.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Value {
    Int(i64),
    Bool(bool),
    Text(String),
    Secret(String),
    Servers(Vec<Address>),
}

/// What stands for a secret wherever values are shown, as in Kafka (`Password.HIDDEN`).
pub(super) const HIDDEN: &str = "[hidden]";

/// Never a secret: configurations are printed and traced.
impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Int(value) => value.fmt(f),
            Self::Bool(value) => value.fmt(f),
            Self::Text(text) => text.fmt(f),
            Self::Secret(_) => f.write_str(HIDDEN),
            Self::Servers(servers) => servers.fmt(f),
        }
    }
}

/// Parses and checks one value on its own.
pub(super) fn parse(
    option: &OptionDoc,
    key: Name,
    text: &str,
    platform: Platform,
) -> Result<Value, ConfigError> {
    if option.kind == Kind::Password {
        // A blank at its end may be part of a password.
        return Ok(Value::Secret(text.to_string()));
    }
    let text = text.trim();
    let parsed = match option.kind {
        Kind::Millis(min, max) => int(text, min, max, "milliseconds"),
        Kind::Bytes(min, max) => int(text, min, max, "bytes"),
        Kind::Int(min, max) => int(text, min, max, ""),
        Kind::SpecialOrInt(special, min, max) => special_or_int(text, special, min, max, ""),
        Kind::SpecialOrBytes(special, min, max) => special_or_int(text, special, min, max, "bytes"),
        Kind::Bool => boolean(text),
        Kind::Choice(words) => choice(key, words, text),
        Kind::Text | Kind::Password => worded(key, text),
        Kind::Servers => servers(text, platform),
    };
    parsed.map_err(|problem| ConfigError::Invalid {
        name: option.name,
        value: redacted(text),
        problem,
    })
}

fn int(text: &str, min: i64, max: i64, unit: &str) -> Result<Value, String> {
    let of_unit = if unit.is_empty() {
        String::new()
    } else {
        format!(" of {unit}")
    };
    match text.parse::<i64>() {
        Ok(value) if (min..=max).contains(&value) => Ok(Value::Int(value)),
        Ok(value) if value < min => Err(format!(
            "too small; allowed is a whole number{of_unit} from {min} to {max}"
        )),
        Ok(_) => Err(format!(
            "too large; allowed is a whole number{of_unit} from {min} to {max}"
        )),
        Err(_) => Err(format!(
            "not a whole number; allowed is a whole number{of_unit} from {min} to {max}"
        )),
    }
}

/// A number outside the range says something that no number inside can say; what lies between means nothing.
fn special_or_int(text: &str, special: i64, min: i64, max: i64, unit: &str) -> Result<Value, String> {
    if text.parse() == Ok(special) {
        return Ok(Value::Int(special));
    }
    int(text, min, max, unit).map_err(|problem| format!("{problem}, or {special} for the usual"))
}

fn boolean(text: &str) -> Result<Value, String> {
    if text.eq_ignore_ascii_case("true") {
        Ok(Value::Bool(true))
    } else if text.eq_ignore_ascii_case("false") {
        Ok(Value::Bool(false))
    } else {
        Err("allowed are true and false".to_string())
    }
}

fn choice(key: Name, words: &[&str], text: &str) -> Result<Value, String> {
    if let Some(word) = words.iter().find(|word| word.eq_ignore_ascii_case(text)) {
        return match key {
            Name::CompressionType => compiled_in(word),
            _ => Ok(Value::Text((*word).to_string())),
        };
    }
    let allowed = names::spelled(words);
    Err(match key {
        #[cfg(not(feature = "sasl"))]
        Name::SecurityProtocol => format!(
            "not supported by this build; allowed is {allowed} on direct connections, and a bridge address of wss:// is encrypted"
        ),
        #[cfg(feature = "sasl")]
        Name::SaslMechanism => super::security::refused_mechanism(text),
        #[cfg(feature = "sasl")]
        Name::TruststoreType | Name::KeystoreType => super::security::refused_store(text),
        Name::MetricsPush => {
            "pushing metrics (KIP-714) is not supported; leave the option out or set false".to_string()
        }
        Name::DnsLookup => format!("not supported; allowed is {allowed}"),
        _ => format!("allowed are {allowed}"),
    })
}

fn compiled_in(word: &str) -> Result<Value, String> {
    let missing = match word {
        "gzip" => !cfg!(feature = "gzip"),
        "snappy" => !cfg!(feature = "snappy"),
        "lz4" => !cfg!(feature = "lz4"),
        "zstd" => !cfg!(feature = "zstd"),
        _ => false,
    };
    if missing {
        return Err(format!(
            "this build leaves the codec out; build with the feature {word}, or choose another codec"
        ));
    }
    Ok(Value::Text(word.to_string()))
}

fn worded(key: Name, text: &str) -> Result<Value, String> {
    let (aliases, allowed) = match key {
        Name::PartitionerClass => {
            let old = names::OLD_PARTITIONERS
                .iter()
                .find(|(class, _)| text.rsplit('.').next() == Some(class));
            if let Some((_, advice)) = old {
                return Err((*advice).to_string());
            }
            (
                names::PARTITIONERS,
                "empty (the built-in partitioner) and RoundRobinPartitioner",
            )
        }
        Name::KeySerializer | Name::ValueSerializer => return serializer(text),
        _ => return Ok(Value::Text(text.to_string())),
    };
    names::alias(aliases, text)
        .map(|name| Value::Text(name.to_string()))
        .ok_or_else(|| format!("not known; allowed are {allowed}"))
}

fn serializer(text: &str) -> Result<Value, String> {
    let class = text.strip_prefix(names::SERIALIZER_PACKAGE).unwrap_or(text);
    let allowed = if cfg!(feature = "serializers") {
        "bytes, string, json, short, integer, long, float, double, boolean, uuid, void and Kafka's classes for them (StringSerializer, LongSerializer)"
    } else {
        "bytes, string, json and Kafka's classes for them (ByteArraySerializer, StringSerializer)"
    };
    names::alias(names::SERIALIZERS, class)
        .map(|name| Value::Text(name.to_string()))
        .ok_or_else(|| format!("not known; allowed are {allowed}"))
}

fn servers(text: &str, platform: Platform) -> Result<Value, String> {
    let addresses = address::parse_list(text)?;
    if platform == Platform::Browser && !addresses.iter().all(Address::is_bridge) {
        return Err("a web page cannot open TCP connections; give the address of a bridge, as ws://host:port/k/CLUSTER".to_string());
    }
    Ok(Value::Servers(addresses))
}

// An address with a user or a query may carry a secret, and error messages end in logs.
fn redacted(text: &str) -> String {
    match text.find(['@', '?']) {
        Some(_) if ottla_sorted::split_once(text, "://").is_some() => {
            "(address with a user or query)".to_string()
        }
        _ => text.to_string(),
    }
}
