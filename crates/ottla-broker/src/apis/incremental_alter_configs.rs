//! IncrementalAlterConfigs, versions 0 and 1.
//!
//! - Topics: any broker takes it and asks the controller; all changes of a topic or none; `validate_only`. Adding to a
//!   list and taking from it (`cleanup.policy`) begins with what this broker knows of it.
//! - Brokers: refused. What a broker was started with holds until its end.
//!
//! Deliberately absent: dynamic configurations of brokers, loggers, groups, client metrics.

use ottla_sorted::SortedSet;
use ottla_wire::{
    error_code::ErrorCode,
    messages::{
        describe_configs::resource_type,
        incremental_alter_configs::{
            AlterConfigsResource, AlterConfigsResourceResponse, AlterableConfig,
            IncrementalAlterConfigsRequest, IncrementalAlterConfigsResponse, operation,
        },
    },
};

use super::{Call, Reaction, topics};
use crate::{Broker, ConfigChanges, ControllerRequest, TopicOutcome};

/// Milliseconds until the controller's silence is an answer; the request has no time limit of its own.
const TIMEOUT_MS: i32 = 30_000;

pub(super) fn handle(broker: &mut Broker, call: Call, request: IncrementalAlterConfigsRequest) -> Reaction {
    if let Some(other) = request
        .resources
        .iter()
        .find(|resource| resource.resource_type != resource_type::TOPIC)
    {
        // One answer for all of them: brokers and topics do not go into one request of Kafka's tools either.
        let message = match other.resource_type {
            resource_type::BROKER => {
                "a simulated broker's settings hold until it ends; start it with them (dev-cluster --set NAME=VALUE)"
            }
            _ => "only configurations of topics are changed here",
        };
        return refuse_all(call, request.resources, message);
    }
    let mut refused = Vec::new();
    let mut changed: Vec<(String, ConfigChanges)> = Vec::new();
    for resource in request.resources {
        let name = resource.resource_name;
        let mut seen = SortedSet::new();
        if !resource
            .configs
            .iter()
            .all(|config| seen.insert(config.name.clone()))
        {
            let message = "a configuration is named twice";
            refused.push(topics::refusal(name, ErrorCode::INVALID_REQUEST, message));
            continue;
        }
        let changes = resource
            .configs
            .into_iter()
            .map(|config| change(broker, &name, config));
        match changes.collect() {
            Ok(changes) => changed.push((name, changes)),
            Err((error, message)) => refused.push(topics::refusal(name, error, &message)),
        }
    }
    let asked = topics::Asked {
        kind: topics::Kind::Configure,
        names: changed.iter().map(|(name, _)| name.clone()).collect(),
        refused,
        timeout_ms: TIMEOUT_MS,
    };
    let validate_only = request.validate_only;
    topics::ask(broker, call, asked, |token| {
        ControllerRequest::AlterTopicConfigs {
            token: Some(token),
            topics: changed,
            validate_only,
        }
    })
}

/// The setting's new value, `None` for its default.
fn change(
    broker: &Broker,
    topic: &str,
    config: AlterableConfig,
) -> Result<(String, Option<String>), (ErrorCode, String)> {
    let (name, operation) = (config.name, config.config_operation);
    if operation == operation::DELETE {
        return Ok((name, None));
    }
    let Some(value) = config.value else {
        return Err((ErrorCode::INVALID_REQUEST, format!("'{name}' has no value")));
    };
    let value = match operation {
        operation::SET => value,
        operation::APPEND | operation::SUBTRACT => {
            let mut items = listed(broker, topic, &name)?;
            let mut named = value.split(',').map(str::to_owned).collect::<Vec<_>>();
            items.retain(|item| !named.contains(item));
            if operation == operation::APPEND {
                items.append(&mut named);
            }
            items.join(",")
        }
        _ => {
            // Kafka's own failure, so it has no words for it.
            return Err((ErrorCode::UNKNOWN_SERVER_ERROR, String::new()));
        }
    };
    Ok((name, Some(value)))
}

/// The items of a setting that is a list, as this broker knows them.
fn listed(broker: &Broker, topic: &str, name: &str) -> Result<Vec<String>, (ErrorCode, String)> {
    if name != "cleanup.policy" {
        let message = format!("'{name}' is no list: nothing can be added to it or taken from it");
        return Err((ErrorCode::INVALID_CONFIG, message));
    }
    let config = broker.image.topic(topic).map(|topic| topic.config.clone());
    let set = config.and_then(|config| config.explicit.get(name).cloned());
    let list = set.unwrap_or_else(|| "delete".to_owned());
    Ok(list.split(',').map(str::to_owned).collect())
}

fn refuse_all(call: Call, resources: Vec<AlterConfigsResource>, message: &str) -> Reaction {
    let responses = resources
        .into_iter()
        .map(|resource| AlterConfigsResourceResponse {
            error_code: ErrorCode::INVALID_REQUEST,
            error_message: Some(message.to_owned()),
            resource_type: resource.resource_type,
            resource_name: resource.resource_name,
        });
    call.answer(&IncrementalAlterConfigsResponse {
        responses: responses.collect(),
        ..IncrementalAlterConfigsResponse::default()
    })
}

pub(super) fn answer(call: Call, results: &[TopicOutcome]) -> Reaction {
    let responses = results.iter().map(|outcome| AlterConfigsResourceResponse {
        error_code: outcome.error,
        error_message: outcome.message.clone(),
        resource_type: resource_type::TOPIC,
        resource_name: outcome.name.clone(),
    });
    call.answer(&IncrementalAlterConfigsResponse {
        responses: responses.collect(),
        ..IncrementalAlterConfigsResponse::default()
    })
}
