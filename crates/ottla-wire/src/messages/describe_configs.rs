//! DescribeConfigs.

use alloc::string::String;
use alloc::vec::Vec;

use crate::error_code::ErrorCode;
use crate::schema::{messages, schema};

/// What is configured, as DescribeConfigs and IncrementalAlterConfigs number it
/// (`org.apache.kafka.common.config.ConfigResource.Type`).
pub mod resource_type {
    /// A topic, by its name.
    pub const TOPIC: i8 = 2;
    /// A broker, by its node id as text; an empty text is the default of all brokers.
    pub const BROKER: i8 = 4;
}

/// Where a value comes from (`DescribeConfigsResponse.ConfigSource`).
pub mod config_source {
    /// Set for the topic.
    pub const DYNAMIC_TOPIC_CONFIG: i8 = 1;
    /// Set for the broker while it runs.
    pub const DYNAMIC_BROKER_CONFIG: i8 = 2;
    /// Set for all brokers while they run.
    pub const DYNAMIC_DEFAULT_BROKER_CONFIG: i8 = 3;
    /// From the file that the broker was started with.
    pub const STATIC_BROKER_CONFIG: i8 = 4;
    /// Set nowhere.
    pub const DEFAULT_CONFIG: i8 = 5;

    /// Kafka's name of a source.
    pub fn name(source: i8) -> &'static str {
        match source {
            DYNAMIC_TOPIC_CONFIG => "DYNAMIC_TOPIC_CONFIG",
            DYNAMIC_BROKER_CONFIG => "DYNAMIC_BROKER_CONFIG",
            DYNAMIC_DEFAULT_BROKER_CONFIG => "DYNAMIC_DEFAULT_BROKER_CONFIG",
            STATIC_BROKER_CONFIG => "STATIC_BROKER_CONFIG",
            DEFAULT_CONFIG => "DEFAULT_CONFIG",
            6 => "DYNAMIC_BROKER_LOGGER_CONFIG",
            7 => "DYNAMIC_CLIENT_METRICS_CONFIG",
            8 => "DYNAMIC_GROUP_CONFIG",
            _ => "UNKNOWN",
        }
    }
}

schema! {
    /// Which configurations are asked for.
    pub struct DescribeConfigsRequest {
        /// Of what.
        resources: Vec<DescribeConfigsResource> [0..];
        /// Whether to tell where else a value is set.
        include_synonyms: bool [1..];
        /// Whether to tell what a setting is for.
        include_documentation: bool [3..];
    }

    /// Something that is configured.
    pub struct DescribeConfigsResource {
        /// What it is, of [`resource_type`].
        resource_type: i8 [0..];
        /// Its name.
        resource_name: String [0..];
        /// Which settings, `None` for all.
        configuration_keys: Option<Vec<String>> [0.., null 0..] = Some(Vec::new());
    }

    /// The configurations.
    pub struct DescribeConfigsResponse {
        /// Milliseconds for which the client should be quiet.
        throttle_time_ms: i32 [0..];
        /// One entry per resource.
        results: Vec<DescribeConfigsResult> [0..];
    }

    /// The configuration of one resource.
    pub struct DescribeConfigsResult {
        /// What went wrong, if anything.
        error_code: ErrorCode [0..];
        /// What went wrong, in words.
        error_message: Option<String> [0.., null 0..];
        /// What it is, of [`resource_type`].
        resource_type: i8 [0..];
        /// Its name.
        resource_name: String [0..];
        /// Its settings.
        configs: Vec<DescribeConfigsResourceResult> [0..];
    }

    /// A setting.
    pub struct DescribeConfigsResourceResult {
        /// Its name.
        name: String [0..];
        /// Its value, `None` if it has none or is sensitive.
        value: Option<String> [0.., null 0..];
        /// Whether it cannot be changed.
        read_only: bool [0..];
        /// Where the value comes from, of [`config_source`]; -1 if unknown.
        config_source: i8 [1.., ignorable] = -1;
        /// Whether the value is kept secret.
        is_sensitive: bool [0..];
        /// Where it is set, the winner first.
        synonyms: Vec<DescribeConfigsSynonym> [1.., ignorable];
        /// Its type (`DescribeConfigsResponse.ConfigType`); 0 if unknown.
        config_type: i8 [3.., ignorable];
        /// What it is for.
        documentation: Option<String> [3.., null 0.., ignorable];
    }

    /// A place where a setting is set.
    pub struct DescribeConfigsSynonym {
        /// Under which name.
        name: String [1..];
        /// To which value, `None` if it has none or is sensitive.
        value: Option<String> [1.., null 0..];
        /// Where, of [`config_source`].
        source: i8 [1..];
    }
}

messages! {
    DescribeConfigsRequest: DescribeConfigs;
    DescribeConfigsResponse: DescribeConfigs;
}
