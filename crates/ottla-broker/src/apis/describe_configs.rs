//! DescribeConfigs, versions 1 to 4.
//!
//! - Topics that this broker knows, and this broker itself; the settings that are simulated, or kept to be shown.
//! - Where each value comes from: the topic, the brokers (`--set`), or Kafka's default; synonyms in that order.
//! - An unknown topic: `UNKNOWN_TOPIC_OR_PARTITION`; another broker or another kind of resource: `INVALID_REQUEST`.
//!
//! Deliberately absent: types and documentation of settings, loggers, groups, client metrics.

use ottla_wire::{
    error_code::ErrorCode,
    messages::describe_configs::{
        DescribeConfigsRequest, DescribeConfigsResource, DescribeConfigsResourceResult,
        DescribeConfigsResponse, DescribeConfigsResult, DescribeConfigsSynonym, config_source, resource_type,
    },
};

use super::{Call, Reaction};
use crate::{Broker, config::listing::Listed};

pub(super) fn handle(broker: &Broker, call: Call, request: DescribeConfigsRequest) -> Reaction {
    let synonyms = request.include_synonyms;
    let describe = |resource: DescribeConfigsResource| {
        let keys = resource.configuration_keys.as_deref();
        let wanted = |it: &Listed| keys.is_none_or(|keys| keys.iter().any(|key| key == it.name));
        let (listed, code, message) = match list(broker, &resource) {
            // Kafka's message of no error is empty, not absent.
            Ok(listed) => (listed, ErrorCode::NONE, Some(String::new())),
            Err((code, message)) => (Vec::new(), code, message),
        };
        let read_only = resource.resource_type == resource_type::BROKER;
        let configs = listed.into_iter().filter(wanted);
        DescribeConfigsResult {
            error_code: code,
            error_message: message,
            configs: configs.map(|it| told(it, read_only, synonyms)).collect(),
            resource_type: resource.resource_type,
            resource_name: resource.resource_name,
        }
    };
    call.answer(&DescribeConfigsResponse {
        results: request.resources.into_iter().map(describe).collect(),
        ..DescribeConfigsResponse::default()
    })
}

type Refusal = (ErrorCode, Option<String>);

fn list(broker: &Broker, resource: &DescribeConfigsResource) -> Result<Vec<Listed>, Refusal> {
    let name = resource.resource_name.as_str();
    match resource.resource_type {
        resource_type::TOPIC => match broker.image.topic(name) {
            Some(topic) => Ok(topic.config.list(&broker.settings.topic_defaults)),
            None => Err((
                ErrorCode::UNKNOWN_TOPIC_OR_PARTITION,
                Some(format!("there is no topic '{name}'")),
            )),
        },
        // What holds for all brokers is what each was started with; nothing was set since.
        resource_type::BROKER if name.is_empty() => Ok(Vec::new()),
        resource_type::BROKER if name.parse() == Ok(broker.id) => Ok(broker.settings.list()),
        resource_type::BROKER => Err((
            ErrorCode::INVALID_REQUEST,
            Some(format!("this is broker {}, not '{name}'", broker.id)),
        )),
        other => Err((
            ErrorCode::INVALID_REQUEST,
            Some(format!("configurations of type {other} are not simulated")),
        )),
    }
}

fn told(it: Listed, read_only: bool, synonyms: bool) -> DescribeConfigsResourceResult {
    let synonym = |name: &str, value: &String, source| DescribeConfigsSynonym {
        name: name.to_owned(),
        value: Some(value.clone()),
        source,
    };
    let mut all = Vec::new();
    all.extend(
        it.of_topic
            .as_ref()
            .map(|value| synonym(it.name, value, config_source::DYNAMIC_TOPIC_CONFIG)),
    );
    if !it.synonym.is_empty() {
        let of_broker = it.of_broker.as_ref();
        all.extend(of_broker.map(|value| synonym(it.synonym, value, config_source::STATIC_BROKER_CONFIG)));
        all.push(synonym(it.synonym, &it.default, config_source::DEFAULT_CONFIG));
    }
    let (value, config_source) = match (it.of_topic, it.of_broker) {
        (Some(value), _) => (value, config_source::DYNAMIC_TOPIC_CONFIG),
        (None, Some(value)) => (value, config_source::STATIC_BROKER_CONFIG),
        (None, None) => (it.default, config_source::DEFAULT_CONFIG),
    };
    DescribeConfigsResourceResult {
        name: it.name.to_owned(),
        value: Some(value),
        read_only,
        config_source,
        synonyms: if synonyms { all } else { Vec::new() },
        ..DescribeConfigsResourceResult::default()
    }
}
