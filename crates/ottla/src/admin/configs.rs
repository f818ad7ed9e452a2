//! Configurations of topics and brokers: read them, change them.

use ottla_wire::error_code::ErrorCode;
use ottla_wire::messages::describe_configs::{
    DescribeConfigsRequest, DescribeConfigsResource, DescribeConfigsResourceResult, DescribeConfigsResult,
    config_source, resource_type,
};
use ottla_wire::messages::incremental_alter_configs::{
    AlterConfigsResource, AlterableConfig, IncrementalAlterConfigsRequest, operation,
};

use super::{Admin, AdminError, Connection, check, unknown};

/// What is configured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConfigResource {
    /// A topic.
    Topic(String),
    /// A broker, by its node id.
    Broker(i32),
    /// All brokers that have no value of their own.
    BrokerDefaults,
}

/// Where a value comes from (`org.apache.kafka.clients.admin.ConfigEntry.ConfigSource`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConfigSource(i8);

impl ConfigSource {
    /// Set for the topic.
    pub const TOPIC: Self = Self(config_source::DYNAMIC_TOPIC_CONFIG);
    /// Set for the broker while it runs.
    pub const BROKER: Self = Self(config_source::DYNAMIC_BROKER_CONFIG);
    /// Set for all brokers while they run.
    pub const BROKER_DEFAULTS: Self = Self(config_source::DYNAMIC_DEFAULT_BROKER_CONFIG);
    /// Set nowhere.
    pub const DEFAULT: Self = Self(config_source::DEFAULT_CONFIG);

    /// Kafka's name of it, such as `DYNAMIC_TOPIC_CONFIG`.
    #[must_use]
    pub fn name(self) -> &'static str {
        config_source::name(self.0)
    }
}

/// A setting as the cluster tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigEntry {
    /// Its name.
    pub name: String,
    /// Its value; `None` when it has none, or is secret.
    pub value: Option<String>,
    /// Where the value comes from.
    pub source: ConfigSource,
    /// Whether the value is kept secret.
    pub is_sensitive: bool,
    /// Whether it cannot be changed while the broker runs.
    pub read_only: bool,
    /// Every place where it is set, the winner first: source, the name there, and the value.
    pub synonyms: Vec<(ConfigSource, String, Option<String>)>,
}

/// A change of one setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigChange {
    /// The setting's name.
    pub name: String,
    /// Its new value; `None` takes what was set away.
    pub value: Option<String>,
}

impl ConfigResource {
    fn wire(&self) -> (i8, String) {
        match self {
            Self::Topic(name) => (resource_type::TOPIC, name.clone()),
            Self::Broker(id) => (resource_type::BROKER, id.to_string()),
            Self::BrokerDefaults => (resource_type::BROKER, String::new()),
        }
    }

    fn shown(&self) -> String {
        match self {
            Self::Topic(name) => format!("topic {name}"),
            Self::Broker(id) => format!("broker {id}"),
            Self::BrokerDefaults => "the defaults of all brokers".to_owned(),
        }
    }
}

impl Admin {
    /// The whole configuration of these resources, in their order. A broker is asked itself.
    ///
    /// # Errors
    /// The first resource that does not exist or that the cluster does not show.
    pub async fn configs(
        &mut self,
        resources: &[ConfigResource],
    ) -> Result<Vec<Vec<ConfigEntry>>, AdminError> {
        let (brokers, others): (Vec<_>, Vec<_>) = resources
            .iter()
            .partition(|it| matches!(it, ConfigResource::Broker(_)));
        let mut found = Vec::with_capacity(resources.len());
        if !others.is_empty() {
            found.extend(describe(&mut self.connection, &others).await?);
        }
        for broker in brokers {
            if let ConfigResource::Broker(id) = broker {
                let mut connection = self.broker(*id).await?;
                found.extend(describe(&mut connection, &[broker]).await?);
            }
        }
        let mut entries = Vec::with_capacity(resources.len());
        for resource in resources {
            let wire = resource.wire();
            let at = found.iter().position(|(it, _)| *it == wire);
            let at = at.ok_or_else(|| {
                self.connection
                    .lost(format!("DescribeConfigs says nothing about {}", resource.shown()))
            })?;
            entries.push(found.swap_remove(at).1);
        }
        Ok(entries)
    }

    /// Changes settings of one resource, all of them or none.
    ///
    /// # Errors
    /// What the cluster says: a setting that it does not know, a value that it does not take.
    pub async fn alter_configs(
        &mut self,
        resource: &ConfigResource,
        changes: &[ConfigChange],
    ) -> Result<(), AdminError> {
        let (resource_type, resource_name) = resource.wire();
        let configs = changes.iter().map(|change| AlterableConfig {
            name: change.name.clone(),
            config_operation: match change.value {
                Some(_) => operation::SET,
                None => operation::DELETE,
            },
            value: change.value.clone(),
        });
        let request = IncrementalAlterConfigsRequest {
            resources: vec![AlterConfigsResource {
                resource_type,
                resource_name,
                configs: configs.collect(),
            }],
            validate_only: false,
        };
        let answer = match resource {
            ConfigResource::Broker(id) => self.broker(*id).await?.call(&request).await?,
            _ => self.connection.call(&request).await?,
        };
        for result in answer.responses {
            refuse(result.error_code, result.error_message, resource)?;
        }
        Ok(())
    }
}

type Described = ((i8, String), Vec<ConfigEntry>);

async fn describe(
    connection: &mut Connection,
    resources: &[&ConfigResource],
) -> Result<Vec<Described>, AdminError> {
    let request = DescribeConfigsRequest {
        resources: resources
            .iter()
            .map(|resource| {
                let (resource_type, resource_name) = resource.wire();
                DescribeConfigsResource {
                    resource_type,
                    resource_name,
                    configuration_keys: None,
                }
            })
            .collect(),
        include_synonyms: true,
        include_documentation: false,
    };
    let answer = connection.call(&request).await?;
    let described = |result: DescribeConfigsResult| {
        let place = (result.resource_type, result.resource_name);
        if let Some(resource) = resources.iter().find(|it| it.wire() == place) {
            refuse(result.error_code, result.error_message, resource)?;
        }
        Ok((place, result.configs.into_iter().map(entry).collect()))
    };
    answer.results.into_iter().map(described).collect()
}

fn refuse(code: ErrorCode, words: Option<String>, resource: &ConfigResource) -> Result<(), AdminError> {
    match resource {
        ConfigResource::Topic(name) if code == ErrorCode::UNKNOWN_TOPIC_OR_PARTITION => Err(unknown(name)),
        _ => check(code, || match words {
            Some(words) if !words.is_empty() => format!("{}: {words}", resource.shown()),
            _ => format!("{}: the broker does not say why", resource.shown()),
        }),
    }
}

fn entry(config: DescribeConfigsResourceResult) -> ConfigEntry {
    let synonyms = config.synonyms.into_iter();
    ConfigEntry {
        name: config.name,
        value: config.value,
        source: ConfigSource(config.config_source),
        is_sensitive: config.is_sensitive,
        read_only: config.read_only,
        synonyms: synonyms
            .map(|it| (ConfigSource(it.source), it.name, it.value))
            .collect(),
    }
}
