//! What can be set, under Kafka's own names.

#[cfg(feature = "full")]
pub(crate) mod listing;

use std::fmt;

use crate::{FULL, Micros};
use ottla_sorted::SortedMap;
use ottla_wire::codec::Codec;

const SECOND: Micros = 1_000_000;

/// Whose clock dates the records (`message.timestamp.type`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TimestampType {
    /// The producer's.
    #[default]
    CreateTime,
    /// The broker's; it overwrites the producer's.
    LogAppendTime,
}

/// The settings that brokers and controller of one cluster share, with the defaults of Kafka 4.3.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// `auto.create.topics.enable`.
    pub auto_create_topics: bool,
    /// `num.partitions`, for topics that do not say.
    pub num_partitions: i32,
    /// `default.replication.factor`, for topics that do not say.
    pub default_replication_factor: i16,
    /// `broker.session.timeout.ms`: silence after which the controller fences a broker.
    pub broker_session_timeout: Micros,
    /// `broker.heartbeat.interval.ms`.
    pub broker_heartbeat_interval: Micros,
    /// `replica.lag.time.max.ms`: a follower that has not caught up for so long leaves the ISR.
    pub replica_lag_time_max: Micros,
    /// `replica.fetch.wait.max.ms`: the longest that a leader holds a follower's fetch.
    pub replica_fetch_wait_max: Micros,
    /// `replica.fetch.backoff.ms`: the pause after a failed fetch.
    pub replica_fetch_backoff: Micros,
    /// `replica.high.watermark.checkpoint.interval.ms`.
    pub high_watermark_checkpoint_interval: Micros,
    /// `producer.id.expiration.ms`, measured by record timestamps.
    pub producer_id_expiration_ms: i64,
    /// `producer.id.expiration.check.interval.ms`.
    pub producer_id_expiration_check_interval: Micros,
    /// `log.retention.check.interval.ms`.
    pub retention_check_interval: Micros,
    /// `socket.request.max.bytes`.
    pub socket_request_max_bytes: usize,
    /// `producer_byte_rate` for every client together, in bytes per second; `None` is no quota.
    pub producer_byte_rate: Option<u64>,
    /// Whether records are decoded and checked one by one, as Kafka's `LogValidator` does.
    pub validate_records: bool,
    /// What topics get that do not set it themselves.
    pub topic_defaults: TopicConfig,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            auto_create_topics: true,
            num_partitions: 1,
            default_replication_factor: 1,
            broker_session_timeout: 9 * SECOND,
            broker_heartbeat_interval: 2 * SECOND,
            replica_lag_time_max: 30 * SECOND,
            replica_fetch_wait_max: SECOND / 2,
            replica_fetch_backoff: SECOND,
            high_watermark_checkpoint_interval: 5 * SECOND,
            producer_id_expiration_ms: 86_400_000,
            producer_id_expiration_check_interval: 600 * SECOND,
            retention_check_interval: 300 * SECOND,
            socket_request_max_bytes: 104_857_600,
            producer_byte_rate: None,
            validate_records: true,
            topic_defaults: TopicConfig::default(),
        }
    }
}

impl Settings {
    /// Sets one broker property of Kafka's.
    ///
    /// # Errors
    /// [`SettingError`] when the name is not simulated or the value does not fit.
    pub fn set(&mut self, name: &str, value: &str) -> Result<(), SettingError> {
        let topic = &mut self.topic_defaults;
        match name {
            "auto.create.topics.enable" => self.auto_create_topics = parse(name, value)?,
            "num.partitions" => self.num_partitions = at_least(name, value, 1)?,
            "default.replication.factor" => self.default_replication_factor = at_least(name, value, 1)?,
            "broker.session.timeout.ms" => self.broker_session_timeout = millis(name, value)?,
            "broker.heartbeat.interval.ms" => self.broker_heartbeat_interval = millis(name, value)?,
            "replica.lag.time.max.ms" => self.replica_lag_time_max = millis(name, value)?,
            "replica.fetch.wait.max.ms" => self.replica_fetch_wait_max = millis(name, value)?,
            "replica.fetch.backoff.ms" => self.replica_fetch_backoff = millis(name, value)?,
            "producer.id.expiration.ms" => self.producer_id_expiration_ms = at_least(name, value, 1)?,
            "producer.id.expiration.check.interval.ms" => {
                self.producer_id_expiration_check_interval = millis(name, value)?;
            }
            "log.retention.check.interval.ms" => self.retention_check_interval = millis(name, value)?,
            "producer_byte_rate" => self.producer_byte_rate = Some(at_least(name, value, 1)?),
            "log.message.timestamp.before.max.ms" => {
                topic.timestamp_before_max_ms = at_least(name, value, 0)?;
            }
            "log.message.timestamp.after.max.ms" => topic.timestamp_after_max_ms = at_least(name, value, 0)?,
            "socket.request.max.bytes" => self.socket_request_max_bytes = at_least(name, value, 1)?,
            "message.max.bytes" => topic.max_message_bytes = at_least(name, value, 0)?,
            "min.insync.replicas" => topic.min_insync_replicas = at_least(name, value, 1)?,
            "unclean.leader.election.enable" => topic.unclean_leader_election = parse(name, value)?,
            "log.message.timestamp.type" => topic.timestamp_type = timestamp_type(name, value)?,
            "log.retention.bytes" => topic.retention_bytes = parse(name, value)?,
            "log.segment.bytes" => topic.segment_bytes = at_least(name, value, 14)?,
            _ => {
                return Err(SettingError::Unknown {
                    name: name.to_owned(),
                });
            }
        }
        Ok(())
    }
}

/// The configuration of one topic.
#[derive(Clone, Debug, PartialEq)]
pub struct TopicConfig {
    /// `min.insync.replicas`.
    pub min_insync_replicas: usize,
    /// `max.message.bytes`: the largest record batch.
    pub max_message_bytes: usize,
    /// `message.timestamp.type`.
    pub timestamp_type: TimestampType,
    /// `message.timestamp.before.max.ms`.
    pub timestamp_before_max_ms: i64,
    /// `message.timestamp.after.max.ms`.
    pub timestamp_after_max_ms: i64,
    /// `unclean.leader.election.enable`.
    pub unclean_leader_election: bool,
    /// `retention.bytes`; -1 is no limit.
    pub retention_bytes: i64,
    /// `segment.bytes`: the largest batch, and after so much the producer state is written to a snapshot. Kafka takes
    /// no less than 1 MiB; less is for small worlds.
    pub segment_bytes: u64,
    /// `compression.type`; `None` is `producer`. Records are compressed anew only where they are looked at one by one
    /// ([`Settings::validate_records`]).
    pub compression: Option<Codec>,
    /// `cleanup.policy` contains `compact`: records need keys. Nothing is compacted.
    pub compacted: bool,
    /// What was set explicitly, name and value, as it is told to clients.
    pub explicit: SortedMap<String, String>,
}

impl Default for TopicConfig {
    fn default() -> Self {
        Self {
            min_insync_replicas: 1,
            max_message_bytes: 1_048_588,
            timestamp_type: TimestampType::CreateTime,
            timestamp_before_max_ms: i64::MAX,
            timestamp_after_max_ms: 3_600_000,
            unclean_leader_election: false,
            retention_bytes: -1,
            segment_bytes: 1 << 30,
            compression: None,
            compacted: false,
            explicit: SortedMap::new(),
        }
    }
}

/// Topic configurations of Kafka that are kept and shown but change nothing here.
const WITHOUT_EFFECT: &[&str] = &[
    "compression.type",
    "delete.retention.ms",
    "file.delete.delay.ms",
    "flush.messages",
    "flush.ms",
    "index.interval.bytes",
    "max.compaction.lag.ms",
    "min.cleanable.dirty.ratio",
    "min.compaction.lag.ms",
    "preallocate",
    "retention.ms",
    "segment.index.bytes",
    "segment.jitter.ms",
    "segment.ms",
];

impl TopicConfig {
    /// Sets one topic configuration of Kafka's.
    ///
    /// # Errors
    /// [`SettingError`] when Kafka has no such configuration or the value does not fit.
    pub fn set(&mut self, name: &str, value: &str) -> Result<(), SettingError> {
        match name {
            "min.insync.replicas" => self.min_insync_replicas = at_least(name, value, 1)?,
            "max.message.bytes" => self.max_message_bytes = at_least(name, value, 0)?,
            "message.timestamp.type" => self.timestamp_type = timestamp_type(name, value)?,
            "message.timestamp.before.max.ms" => self.timestamp_before_max_ms = at_least(name, value, 0)?,
            "message.timestamp.after.max.ms" => self.timestamp_after_max_ms = at_least(name, value, 0)?,
            "unclean.leader.election.enable" => self.unclean_leader_election = parse(name, value)?,
            "retention.bytes" => self.retention_bytes = parse(name, value)?,
            "segment.bytes" => self.segment_bytes = at_least(name, value, 14)?,
            "compression.type" if FULL => self.compression = compression(name, value)?,
            "cleanup.policy" => self.compacted = compacts(name, value)?,
            _ if WITHOUT_EFFECT.contains(&name) => {}
            _ => {
                return Err(SettingError::Unknown {
                    name: name.to_owned(),
                });
            }
        }
        self.explicit.insert(name.to_owned(), value.to_owned());
        Ok(())
    }
}

/// A setting that cannot be taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SettingError {
    /// The simulation has no such setting.
    Unknown {
        /// The name.
        name: String,
    },
    /// The value is not of the setting's type or range.
    Invalid {
        /// The name.
        name: String,
        /// The value.
        value: String,
        /// What it should be.
        expected: &'static str,
    },
}

impl fmt::Display for SettingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown { name } => write!(
                f,
                "unknown configuration '{name}': the simulated broker has no such setting"
            ),
            Self::Invalid {
                name,
                value,
                expected,
            } => {
                write!(
                    f,
                    "invalid value '{value}' for configuration '{name}': expected {expected}"
                )
            }
        }
    }
}

impl std::error::Error for SettingError {}

fn invalid(name: &str, value: &str, expected: &'static str) -> SettingError {
    SettingError::Invalid {
        name: name.to_owned(),
        value: value.to_owned(),
        expected,
    }
}

fn parse<T: std::str::FromStr>(name: &str, value: &str) -> Result<T, SettingError> {
    value
        .trim()
        .parse()
        .map_err(|_| invalid(name, value, "a value of the type that Kafka documents"))
}

fn at_least<T: std::str::FromStr + PartialOrd + Copy>(
    name: &str,
    value: &str,
    least: T,
) -> Result<T, SettingError> {
    let number: T = parse(name, value)?;
    if number < least {
        Err(invalid(name, value, "a larger number"))
    } else {
        Ok(number)
    }
}

fn millis(name: &str, value: &str) -> Result<Micros, SettingError> {
    Ok(parse::<Micros>(name, value)?.saturating_mul(1_000))
}

fn compression(name: &str, value: &str) -> Result<Option<Codec>, SettingError> {
    match value.trim() {
        "producer" => Ok(None),
        "uncompressed" => Ok(Some(Codec::None)),
        // Kafka has no such word for a topic, though it has for a producer.
        "none" => Err(invalid(name, value, "uncompressed, for none")),
        codec => match Codec::from_name(codec) {
            Some(codec) => Ok(Some(codec)),
            None => Err(invalid(
                name,
                value,
                "producer, uncompressed, gzip, snappy, lz4 or zstd",
            )),
        },
    }
}

fn compacts(name: &str, value: &str) -> Result<bool, SettingError> {
    if !FULL {
        return Ok(value.contains("compact"));
    }
    let mut policies = value
        .split(',')
        .map(str::trim)
        .filter(|policy| !policy.is_empty());
    if policies
        .clone()
        .all(|policy| matches!(policy, "compact" | "delete"))
    {
        Ok(policies.any(|policy| policy == "compact"))
    } else {
        Err(invalid(name, value, "compact, delete, or both"))
    }
}

fn timestamp_type(name: &str, value: &str) -> Result<TimestampType, SettingError> {
    match value.trim() {
        "CreateTime" => Ok(TimestampType::CreateTime),
        "LogAppendTime" => Ok(TimestampType::LogAppendTime),
        _ => Err(invalid(name, value, "CreateTime or LogAppendTime")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kafka_names_set_their_fields() {
        let mut settings = Settings::default();
        settings.set("broker.session.timeout.ms", "3000").unwrap();
        settings.set("min.insync.replicas", "2").unwrap();
        assert_eq!(settings.broker_session_timeout, 3_000_000);
        assert_eq!(settings.topic_defaults.min_insync_replicas, 2);
    }

    #[test]
    fn unknown_names_and_wrong_values_are_refused_by_name() {
        let mut config = TopicConfig::default();
        let error = config.set("min.insink.replicas", "2").unwrap_err().to_string();
        assert!(error.contains("min.insink.replicas"), "{error}");
        let error = config.set("min.insync.replicas", "0").unwrap_err().to_string();
        assert!(
            error.contains("'0'") && error.contains("min.insync.replicas"),
            "{error}"
        );
        assert!(config.explicit.is_empty());
    }

    #[test]
    fn settings_without_effect_are_kept_to_be_shown() {
        let mut config = TopicConfig::default();
        config.set("retention.ms", "1000").unwrap();
        assert_eq!(config.explicit["retention.ms"], "1000");
    }
}
