//! Settings as they are told to clients: name, value, and where the value comes from.

use super::{Settings, TimestampType, TopicConfig};

/// A setting and its values, from the strongest to Kafka's default.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Listed {
    pub(crate) name: &'static str,
    /// Set for the topic.
    pub(crate) of_topic: Option<String>,
    /// Set for the brokers, when that is not the default.
    pub(crate) of_broker: Option<String>,
    /// Kafka's.
    pub(crate) default: String,
    /// What brokers call it; empty if they have no such setting.
    pub(crate) synonym: &'static str,
}

/// Topic configurations: name, default, and the name as a setting of brokers, as Kafka 4.3 tells them.
const TOPIC: [(&str, &str, &str); 23] = [
    ("cleanup.policy", "delete", "log.cleanup.policy"),
    ("compression.type", "producer", "compression.type"),
    (
        "delete.retention.ms",
        "86400000",
        "log.cleaner.delete.retention.ms",
    ),
    ("file.delete.delay.ms", "60000", "log.segment.delete.delay.ms"),
    (
        "flush.messages",
        "9223372036854775807",
        "log.flush.interval.messages",
    ),
    ("flush.ms", "9223372036854775807", ""),
    ("index.interval.bytes", "4096", "log.index.interval.bytes"),
    (
        "max.compaction.lag.ms",
        "9223372036854775807",
        "log.cleaner.max.compaction.lag.ms",
    ),
    ("max.message.bytes", "1048588", "message.max.bytes"),
    (
        "message.timestamp.after.max.ms",
        "3600000",
        "log.message.timestamp.after.max.ms",
    ),
    (
        "message.timestamp.before.max.ms",
        "9223372036854775807",
        "log.message.timestamp.before.max.ms",
    ),
    (
        "message.timestamp.type",
        "CreateTime",
        "log.message.timestamp.type",
    ),
    (
        "min.cleanable.dirty.ratio",
        "0.5",
        "log.cleaner.min.cleanable.ratio",
    ),
    ("min.compaction.lag.ms", "0", "log.cleaner.min.compaction.lag.ms"),
    ("min.insync.replicas", "1", "min.insync.replicas"),
    ("preallocate", "false", "log.preallocate"),
    ("retention.bytes", "-1", "log.retention.bytes"),
    ("retention.ms", "604800000", ""),
    ("segment.bytes", "1073741824", "log.segment.bytes"),
    ("segment.index.bytes", "10485760", "log.index.size.max.bytes"),
    ("segment.jitter.ms", "0", ""),
    ("segment.ms", "604800000", ""),
    (
        "unclean.leader.election.enable",
        "false",
        "unclean.leader.election.enable",
    ),
];

impl TopicConfig {
    /// Every setting of a topic that has this configuration, where brokers have `defaults`.
    pub(crate) fn list(&self, defaults: &Self) -> Vec<Listed> {
        let listed = TOPIC.iter().map(|&(name, default, synonym)| Listed {
            name,
            of_topic: self.explicit.get(name).cloned(),
            of_broker: defaults.value(name).filter(|value| value != default),
            default: default.to_owned(),
            synonym,
        });
        listed.collect()
    }

    /// The value of a setting that has an effect.
    fn value(&self, name: &str) -> Option<String> {
        Some(match name {
            "cleanup.policy" if self.compacted => "compact".to_owned(),
            "max.message.bytes" => self.max_message_bytes.to_string(),
            "message.timestamp.after.max.ms" => self.timestamp_after_max_ms.to_string(),
            "message.timestamp.before.max.ms" => self.timestamp_before_max_ms.to_string(),
            "message.timestamp.type" => match self.timestamp_type {
                TimestampType::CreateTime => "CreateTime".to_owned(),
                TimestampType::LogAppendTime => "LogAppendTime".to_owned(),
            },
            "min.insync.replicas" => self.min_insync_replicas.to_string(),
            "retention.bytes" => self.retention_bytes.to_string(),
            "segment.bytes" => self.segment_bytes.to_string(),
            "unclean.leader.election.enable" => self.unclean_leader_election.to_string(),
            _ => return None,
        })
    }
}

impl Settings {
    /// Every setting of a broker that has these.
    pub(crate) fn list(&self) -> Vec<Listed> {
        let defaults = Self::default();
        let own = self.values().into_iter().zip(defaults.values());
        let own = own.map(|((name, value), (_, default))| (name, value, default));
        let topic = &self.topic_defaults;
        let of_topics = TOPIC.iter().filter(|(_, _, synonym)| !synonym.is_empty());
        let of_topics = of_topics
            .filter_map(|&(name, default, synonym)| Some((synonym, topic.value(name)?, default.to_owned())));
        let mut listed: Vec<Listed> = own
            .chain(of_topics)
            .map(|(name, value, default)| Listed {
                name,
                of_topic: None,
                of_broker: (value != default).then_some(value),
                default,
                synonym: name,
            })
            .collect();
        ottla_sorted::sort_by_key(&mut listed, |it| it.name);
        listed
    }

    fn values(&self) -> [(&'static str, String); 11] {
        let ms = |micros: crate::Micros| (micros / 1_000).to_string();
        [
            ("auto.create.topics.enable", self.auto_create_topics.to_string()),
            ("broker.heartbeat.interval.ms", ms(self.broker_heartbeat_interval)),
            ("broker.session.timeout.ms", ms(self.broker_session_timeout)),
            (
                "default.replication.factor",
                self.default_replication_factor.to_string(),
            ),
            ("num.partitions", self.num_partitions.to_string()),
            (
                "producer.id.expiration.ms",
                self.producer_id_expiration_ms.to_string(),
            ),
            (
                "producer.id.expiration.check.interval.ms",
                ms(self.producer_id_expiration_check_interval),
            ),
            ("replica.fetch.backoff.ms", ms(self.replica_fetch_backoff)),
            ("replica.fetch.wait.max.ms", ms(self.replica_fetch_wait_max)),
            ("replica.lag.time.max.ms", ms(self.replica_lag_time_max)),
            (
                "socket.request.max.bytes",
                self.socket_request_max_bytes.to_string(),
            ),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_topic_setting_can_be_set_to_its_default_and_is_then_equal_to_it() {
        for (name, default, _) in TOPIC {
            let mut config = TopicConfig::default();
            config.set(name, default).unwrap();
            config.explicit.remove(name);
            assert_eq!(config, TopicConfig::default(), "{name}");
        }
    }

    #[test]
    fn every_broker_setting_can_be_set_by_its_name() {
        let mut settings = Settings::default();
        for listed in Settings::default().list() {
            settings.set(listed.name, &listed.default).unwrap();
        }
        assert_eq!(settings, Settings::default());
    }

    #[test]
    fn what_differs_from_the_default_is_told_with_its_origin() {
        let mut settings = Settings::default();
        settings.set("min.insync.replicas", "2").unwrap();
        let mut config = settings.topic_defaults.clone();
        config.set("retention.ms", "5").unwrap();
        let listed = config.list(&settings.topic_defaults);
        let of = |name: &str| listed.iter().find(|it| it.name == name).unwrap();
        assert_eq!(of("retention.ms").of_topic.as_deref(), Some("5"));
        let min_isr = of("min.insync.replicas");
        assert_eq!(
            (min_isr.of_topic.as_deref(), min_isr.of_broker.as_deref()),
            (None, Some("2"))
        );
        assert_eq!(of("segment.ms").of_broker, None);
        let of_broker = settings.list();
        let min_isr = of_broker
            .iter()
            .find(|it| it.name == "min.insync.replicas")
            .unwrap();
        assert_eq!(min_isr.of_broker.as_deref(), Some("2"));
    }
}
