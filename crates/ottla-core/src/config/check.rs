//! What options say about each other: contradictions, adjustments, and the unusual.

use alloc::{format, string::ToString, vec::Vec};
use core::time::Duration;

use crate::io::Address;

use super::{
    Acks, Config, ConfigError, Notice, Platform,
    table::{Name, TABLE},
    value::Value,
};

/// Java's limit since Kafka 4.0: the broker remembers five batches per partition and producer.
const IDEMPOTENT_IN_FLIGHT: i64 = 5;

/// Checks the whole configuration and applies the adjustments that Kafka's client makes.
pub(super) fn all(config: &mut Config, errors: &mut Vec<ConfigError>) {
    idempotence(config, errors);
    timeouts(config, errors);
    backoffs(config);
    sizes(config);
    #[cfg(feature = "sasl")]
    super::security::check(config, errors);
    unusual(config);
}

// ProducerConfig.postProcessAndValidateIdempotenceConfigs
fn idempotence(config: &mut Config, errors: &mut Vec<ConfigError>) {
    if !config.idempotent() {
        return;
    }
    let explicit = config.is_set(Name::EnableIdempotence);
    let mut reasons = Vec::new();
    if config.acks() != Acks::All {
        reasons.push(("acks", "acks=all"));
    }
    if config.retries() == 0 {
        reasons.push(("retries", "retries above 0"));
    }
    for (other, needed) in reasons {
        let value = config.shown(other);
        if explicit {
            errors.push(ConfigError::Conflict {
                name: "enable.idempotence",
                value: "true".to_string(),
                problem: format!(
                    "idempotence needs {needed}, and {other} is {value}; remove one of the two settings"
                ),
            });
        } else {
            config.values[Name::EnableIdempotence as usize] = Value::Bool(false);
            let message =
                format!("switched off because {other}={value}; retries may now duplicate or reorder records");
            config.notices.push(Notice::new("enable.idempotence", message));
        }
    }
    if config.int(Name::MaxInFlight) > IDEMPOTENT_IN_FLIGHT {
        errors.push(ConfigError::Conflict {
            name: "max.in.flight.requests.per.connection",
            value: config.int(Name::MaxInFlight).to_string(),
            problem: "idempotence allows at most 5; lower it, or set enable.idempotence=false".to_string(),
        });
    }
}

// KafkaProducer.configureDeliveryTimeout
fn timeouts(config: &mut Config, errors: &mut Vec<ConfigError>) {
    let linger = config.int(Name::Linger).min(i64::from(i32::MAX));
    let needed = (linger + config.int(Name::RequestTimeout)).min(i64::from(i32::MAX));
    let delivery = config.int(Name::DeliveryTimeout);
    if delivery >= needed {
        return;
    }
    if config.is_set(Name::DeliveryTimeout) {
        errors.push(ConfigError::Conflict {
            name: "delivery.timeout.ms",
            value: delivery.to_string(),
            problem: format!(
                "must be at least linger.ms + request.timeout.ms = {needed}; raise it, or lower request.timeout.ms"
            ),
        });
    } else {
        config.values[Name::DeliveryTimeout as usize] = Value::Int(needed);
        let message =
            format!("raised from {delivery} to {needed}, the sum of linger.ms and request.timeout.ms");
        config.notices.push(Notice::new("delivery.timeout.ms", message));
    }
}

// CommonClientConfigs.postProcessReconnectBackoffConfigs, and the same thought for the other pairs
fn backoffs(config: &mut Config) {
    if config.is_set(Name::ReconnectBackoff) && !config.is_set(Name::ReconnectBackoffMax) {
        let base = config.int(Name::ReconnectBackoff);
        config.values[Name::ReconnectBackoffMax as usize] = Value::Int(base);
        let message = format!(
            "set to reconnect.backoff.ms ({base}), so the wait does not grow; set both to let it grow"
        );
        config
            .notices
            .push(Notice::new("reconnect.backoff.max.ms", message));
    }
    let pairs = [
        (Name::RetryBackoff, Name::RetryBackoffMax),
        (Name::ReconnectBackoff, Name::ReconnectBackoffMax),
        (Name::SetupTimeout, Name::SetupTimeoutMax),
    ];
    for (base, max) in pairs {
        if config.int(base) > config.int(max) {
            let (low, high) = (TABLE[base as usize].name, TABLE[max as usize].name);
            let cap = config.int(max);
            config.notices.push(Notice::new(
                low,
                format!("larger than {high}, so {cap} is used for both"),
            ));
            config.values[base as usize] = Value::Int(cap);
        }
    }
}

fn sizes(config: &mut Config) {
    if config.int(Name::BatchSize) == 0 {
        config.values[Name::BatchSize as usize] = Value::Int(1);
        config.notices.push(Notice::new(
            "batch.size",
            "0 turns batching off: every record is a batch of its own",
        ));
    }
    if config.int(Name::BatchSize) > config.int(Name::MaxRequestSize) {
        let limit = config.int(Name::MaxRequestSize);
        let message = format!(
            "larger than max.request.size ({limit}); full batches go out in requests above that size"
        );
        config.notices.push(Notice::new("batch.size", message));
    }
    if config.int(Name::BatchSize) > config.int(Name::BufferMemory) {
        let memory = config.int(Name::BufferMemory);
        let message = format!("larger than buffer.memory ({memory}); no batch can ever be full");
        config.notices.push(Notice::new("batch.size", message));
    }
    if config.int(Name::MaxRequestSize) > config.int(Name::BufferMemory) {
        let memory = config.int(Name::BufferMemory);
        let message = format!("larger than buffer.memory ({memory}), which then limits the size of a record");
        config.notices.push(Notice::new("max.request.size", message));
    }
}

fn unusual(config: &mut Config) {
    let mut notices = Vec::new();
    if let [Address::Tcp { .. }] = config.bootstrap_servers() {
        let message = "only one address: while that broker is down no producer can start; name two or three";
        notices.push(Notice::new("bootstrap.servers", message));
    }
    if config.acks() == Acks::None {
        let message =
            "0: errors of the broker stay unnoticed, lost records count as delivered, offsets are unknown";
        notices.push(Notice::new("acks", message));
    }
    if !config.idempotent()
        && config.retries() > 0
        && config.max_in_flight() > 1
        && config.acks() != Acks::None
    {
        let message =
            "above 1 without idempotence: a retry may put records behind later ones; set 1 to keep the order";
        notices.push(Notice::new("max.in.flight.requests.per.connection", message));
    }
    if config.is_set(Name::Retries) && config.retries() > 0 && config.retries() < i32::MAX as u32 {
        let message =
            "records may fail before delivery.timeout.ms; leave it out and set delivery.timeout.ms instead";
        notices.push(Notice::new("retries", message));
    }
    if config.is_set(Name::Lz4Level) && config.int(Name::Lz4Level) != 9 {
        let message = "there is only the fast compressor (Kafka's level 9); the level changes nothing";
        notices.push(Notice::new("compression.lz4.level", message));
    }
    if config.is_set(Name::ZstdLevel) && !(-7..=4).contains(&config.int(Name::ZstdLevel)) {
        let message = "the compressor has levels -7 to 4; the nearest is used";
        notices.push(Notice::new("compression.zstd.level", message));
    }
    if config.request_timeout() == Duration::ZERO {
        notices.push(Notice::new(
            "request.timeout.ms",
            "0: every request times out as soon as it is written",
        ));
    }
    if config.availability_timeout().is_some() && !config.adaptive_partitioning() {
        let message = "has no effect: partitioner.adaptive.partitioning.enable is false";
        notices.push(Notice::new("partitioner.availability.timeout.ms", message));
    }
    if config.int(Name::BufferMemory) == 0 {
        notices.push(Notice::new("buffer.memory", "0: no record can be accepted"));
    }
    for (name, key) in [
        ("compression.gzip.level", Name::GzipLevel),
        ("compression.lz4.level", Name::Lz4Level),
        ("compression.zstd.level", Name::ZstdLevel),
    ] {
        if config.is_set(key) && ottla_sorted::split_once(name, config.text(Name::CompressionType)).is_none()
        {
            let codec = config.text(Name::CompressionType);
            notices.push(Notice::new(
                name,
                format!("has no effect: compression.type is {codec}"),
            ));
        }
    }
    if config.platform != Platform::Native {
        for (index, option) in TABLE.iter().enumerate() {
            if option.native_only && config.set[index] {
                notices.push(Notice::new(
                    option.name,
                    "has no effect here: it is about TCP sockets of a native process",
                ));
            }
        }
    }
    config.notices.append(&mut notices);
}
