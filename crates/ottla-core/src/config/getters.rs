//! Typed access to the values.

use alloc::{
    string::{String, ToString},
    vec::Vec,
};
use core::time::Duration;

use crate::io::Address;

use super::{
    Config,
    table::{Name, TABLE},
    value::{HIDDEN, Value},
};

/// `acks`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Acks {
    /// 0: the broker sends no answer.
    None,
    /// 1: the leader wrote it.
    Leader,
    /// all: every in-sync replica has it.
    All,
}

impl Acks {
    /// As it is written in a Produce request.
    pub fn wire(self) -> i16 {
        match self {
            Self::None => 0,
            Self::Leader => 1,
            Self::All => -1,
        }
    }
}

/// `compression.type`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compression {
    /// Not compressed.
    None,
    /// gzip.
    Gzip,
    /// snappy in xerial's framing.
    Snappy,
    /// lz4 frames.
    Lz4,
    /// zstd.
    Zstd,
}

/// `partitioner.class`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PartitionerClass {
    /// Hash of the key, otherwise uniform sticky (KIP-480, KIP-794).
    BuiltIn,
    /// One partition after the other, keys ignored.
    RoundRobin,
}

/// `metadata.recovery.strategy` (KIP-899).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecoveryStrategy {
    /// Begin again from `bootstrap.servers`.
    Rebootstrap,
    /// Keep trying the brokers that are known.
    None,
}

/// `key.serializer`, `value.serializer`. All but the first three need the feature `serializers`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SerializerClass {
    /// Bytes only.
    Bytes,
    /// Strings as UTF-8.
    Text,
    /// Anything as JSON.
    Json,
    /// Numbers of 16 bits.
    Short,
    /// Numbers of 32 bits.
    Integer,
    /// Numbers of 64 bits.
    Long,
    /// IEEE 754 of 32 bits.
    Float,
    /// IEEE 754 of 64 bits.
    Double,
    /// `true` and `false`.
    Boolean,
    /// UUIDs as text.
    Uuid,
    /// Nothing but null.
    Void,
}

/// `ottla.ambiguity`: what happens to a batch that may be in the log already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ambiguity {
    /// What Kafka's client does: send it again, at the risk of a duplicate.
    Retry,
    /// Fail it as possibly persisted.
    Fail,
}

impl Config {
    pub(super) fn int(&self, key: Name) -> i64 {
        match &self.values[key as usize] {
            Value::Int(value) => *value,
            _ => 0,
        }
    }

    pub(super) fn text(&self, key: Name) -> &str {
        match &self.values[key as usize] {
            Value::Text(text) | Value::Secret(text) => text,
            _ => "",
        }
    }

    pub(super) fn flag(&self, key: Name) -> bool {
        matches!(self.values[key as usize], Value::Bool(true))
    }

    pub(super) fn is_set(&self, key: Name) -> bool {
        self.set[key as usize]
    }

    pub(super) fn shown(&self, name: &str) -> String {
        let index = TABLE.iter().position(|option| option.name == name);
        match index.map(|index| &self.values[index]) {
            Some(Value::Int(value)) => value.to_string(),
            Some(Value::Bool(value)) => value.to_string(),
            Some(Value::Text(text)) => text.clone(),
            Some(Value::Secret(text)) if text.is_empty() => String::new(),
            Some(Value::Secret(_)) => HIDDEN.to_string(),
            Some(Value::Servers(list)) => list.iter().map(Address::to_string).collect::<Vec<_>>().join(","),
            None => String::new(),
        }
    }

    // Negative values are let through by the table only where they mean "never" or "the system's choice".
    fn millis(&self, key: Name) -> Duration {
        Duration::from_millis(u64::try_from(self.int(key)).unwrap_or(0))
    }

    fn bytes(&self, key: Name) -> usize {
        usize::try_from(self.int(key)).unwrap_or(usize::MAX)
    }

    fn system_or(&self, key: Name) -> Option<u32> {
        u32::try_from(self.int(key)).ok()
    }

    /// `bootstrap.servers`; never empty, and either all brokers or all bridges.
    pub fn bootstrap_servers(&self) -> &[Address] {
        match &self.values[Name::BootstrapServers as usize] {
            Value::Servers(list) => list,
            _ => &[],
        }
    }

    /// `client.id`; empty when the shell should number its producers.
    pub fn client_id(&self) -> &str {
        self.text(Name::ClientId)
    }

    /// Gives a name to a producer whose `client.id` is empty.
    pub fn set_client_id(&mut self, id: impl Into<String>) {
        self.values[Name::ClientId as usize] = Value::Text(id.into());
    }

    /// `acks`.
    pub fn acks(&self) -> Acks {
        match self.text(Name::Acks) {
            "0" => Acks::None,
            "1" => Acks::Leader,
            _ => Acks::All,
        }
    }

    /// `enable.idempotence`, after the adjustments.
    pub fn idempotent(&self) -> bool {
        self.flag(Name::EnableIdempotence)
    }

    /// `max.in.flight.requests.per.connection`.
    pub fn max_in_flight(&self) -> usize {
        self.bytes(Name::MaxInFlight)
    }

    /// `retries`.
    pub fn retries(&self) -> u32 {
        u32::try_from(self.int(Name::Retries)).unwrap_or(u32::MAX)
    }

    /// `delivery.timeout.ms`, after the adjustments.
    pub fn delivery_timeout(&self) -> Duration {
        self.millis(Name::DeliveryTimeout)
    }

    /// `request.timeout.ms`.
    pub fn request_timeout(&self) -> Duration {
        self.millis(Name::RequestTimeout)
    }

    /// `linger.ms`.
    pub fn linger(&self) -> Duration {
        self.millis(Name::Linger)
    }

    /// `batch.size` in bytes; at least 1.
    pub fn batch_size(&self) -> usize {
        self.bytes(Name::BatchSize)
    }

    /// `max.request.size` in bytes.
    pub fn max_request_size(&self) -> usize {
        self.bytes(Name::MaxRequestSize)
    }

    /// `buffer.memory` in bytes.
    pub fn buffer_memory(&self) -> usize {
        self.bytes(Name::BufferMemory)
    }

    /// `max.block.ms`.
    pub fn max_block(&self) -> Duration {
        self.millis(Name::MaxBlock)
    }

    /// `compression.type`.
    pub fn compression(&self) -> Compression {
        match self.text(Name::CompressionType) {
            "gzip" => Compression::Gzip,
            "snappy" => Compression::Snappy,
            "lz4" => Compression::Lz4,
            "zstd" => Compression::Zstd,
            _ => Compression::None,
        }
    }

    /// The level that belongs to `compression.type`; `None` when the codec has no levels or its usual one is meant.
    pub fn compression_level(&self) -> Option<i32> {
        let level = match self.compression() {
            Compression::Gzip => Some(self.int(Name::GzipLevel)).filter(|level| *level > 0),
            Compression::Zstd => Some(self.int(Name::ZstdLevel)),
            Compression::None | Compression::Snappy | Compression::Lz4 => None,
        };
        level.and_then(|level| i32::try_from(level).ok())
    }

    /// `partitioner.class`.
    pub fn partitioner(&self) -> PartitionerClass {
        match self.text(Name::PartitionerClass) {
            "roundrobin" => PartitionerClass::RoundRobin,
            _ => PartitionerClass::BuiltIn,
        }
    }

    /// `partitioner.adaptive.partitioning.enable`.
    pub fn adaptive_partitioning(&self) -> bool {
        self.flag(Name::Adaptive)
    }

    /// `partitioner.availability.timeout.ms`; `None` when off.
    pub fn availability_timeout(&self) -> Option<Duration> {
        Some(self.millis(Name::AvailabilityTimeout)).filter(|timeout| !timeout.is_zero())
    }

    /// `partitioner.ignore.keys`.
    pub fn ignore_keys(&self) -> bool {
        self.flag(Name::IgnoreKeys)
    }

    /// `metadata.max.age.ms`.
    pub fn metadata_max_age(&self) -> Duration {
        self.millis(Name::MetadataMaxAge)
    }

    /// `metadata.max.idle.ms`.
    pub fn metadata_max_idle(&self) -> Duration {
        self.millis(Name::MetadataMaxIdle)
    }

    /// `metadata.recovery.strategy`.
    pub fn recovery_strategy(&self) -> RecoveryStrategy {
        match self.text(Name::RecoveryStrategy) {
            "none" => RecoveryStrategy::None,
            _ => RecoveryStrategy::Rebootstrap,
        }
    }

    /// `metadata.recovery.rebootstrap.trigger.ms`.
    pub fn rebootstrap_trigger(&self) -> Duration {
        self.millis(Name::RebootstrapTrigger)
    }

    /// `retry.backoff.ms`.
    pub fn retry_backoff(&self) -> Duration {
        self.millis(Name::RetryBackoff)
    }

    /// `retry.backoff.max.ms`.
    pub fn retry_backoff_max(&self) -> Duration {
        self.millis(Name::RetryBackoffMax)
    }

    /// `reconnect.backoff.ms`.
    pub fn reconnect_backoff(&self) -> Duration {
        self.millis(Name::ReconnectBackoff)
    }

    /// `reconnect.backoff.max.ms`, after the adjustments.
    pub fn reconnect_backoff_max(&self) -> Duration {
        self.millis(Name::ReconnectBackoffMax)
    }

    /// `socket.connection.setup.timeout.ms`.
    pub fn connection_setup_timeout(&self) -> Duration {
        self.millis(Name::SetupTimeout)
    }

    /// `socket.connection.setup.timeout.max.ms`.
    pub fn connection_setup_timeout_max(&self) -> Duration {
        self.millis(Name::SetupTimeoutMax)
    }

    /// `connections.max.idle.ms`; `None` for never.
    pub fn connections_max_idle(&self) -> Option<Duration> {
        u64::try_from(self.int(Name::ConnectionsMaxIdle))
            .ok()
            .map(Duration::from_millis)
    }

    /// `send.buffer.bytes`; `None` leaves it to the system.
    pub fn send_buffer_bytes(&self) -> Option<u32> {
        self.system_or(Name::SendBuffer)
    }

    /// `receive.buffer.bytes`; `None` leaves it to the system.
    pub fn receive_buffer_bytes(&self) -> Option<u32> {
        self.system_or(Name::ReceiveBuffer)
    }

    /// `key.serializer`.
    pub fn key_serializer(&self) -> SerializerClass {
        serializer(self.text(Name::KeySerializer))
    }

    /// `value.serializer`.
    pub fn value_serializer(&self) -> SerializerClass {
        serializer(self.text(Name::ValueSerializer))
    }

    /// `ottla.dedup.window.ms`.
    #[cfg(feature = "journal")]
    pub fn dedup_window(&self) -> Duration {
        self.millis(Name::DedupWindow)
    }

    /// `ottla.ambiguity`.
    pub fn ambiguity(&self) -> Ambiguity {
        match self.text(Name::Ambiguity) {
            "fail" => Ambiguity::Fail,
            _ => Ambiguity::Retry,
        }
    }
}

fn serializer(name: &str) -> SerializerClass {
    match name {
        "string" => SerializerClass::Text,
        "json" => SerializerClass::Json,
        #[cfg(feature = "serializers")]
        "short" => SerializerClass::Short,
        #[cfg(feature = "serializers")]
        "integer" => SerializerClass::Integer,
        #[cfg(feature = "serializers")]
        "long" => SerializerClass::Long,
        #[cfg(feature = "serializers")]
        "float" => SerializerClass::Float,
        #[cfg(feature = "serializers")]
        "double" => SerializerClass::Double,
        #[cfg(feature = "serializers")]
        "boolean" => SerializerClass::Boolean,
        #[cfg(feature = "serializers")]
        "uuid" => SerializerClass::Uuid,
        #[cfg(feature = "serializers")]
        "void" => SerializerClass::Void,
        _ => SerializerClass::Bytes,
    }
}
