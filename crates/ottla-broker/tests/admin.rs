//! What administrators ask a broker: configurations, and changes that go to the controller.

mod common;

use common::*;
use ottla_broker::{ControllerAnswer, ControllerRequest, Effect, ErrorCode};
use ottla_broker::{Settings, TopicOutcome};
use ottla_wire::messages::create_partitions::{
    CreatePartitionsRequest, CreatePartitionsResponse, CreatePartitionsTopic,
};
use ottla_wire::messages::describe_configs::{
    DescribeConfigsRequest, DescribeConfigsResource, DescribeConfigsResourceResult, DescribeConfigsResponse,
    DescribeConfigsResult, config_source, resource_type,
};
use ottla_wire::messages::incremental_alter_configs::{
    AlterConfigsResource, AlterableConfig, IncrementalAlterConfigsRequest, IncrementalAlterConfigsResponse,
    operation,
};

fn bench() -> Bench {
    let mut settings = Settings::default();
    settings.set("min.insync.replicas", "2").unwrap();
    let mut config = settings.topic_defaults.clone();
    config.set("retention.ms", "5").unwrap();
    Bench::with(settings, config)
}

fn described(kind: i8, name: &str, keys: Option<&[&str]>, version: i16) -> DescribeConfigsResult {
    let resource = DescribeConfigsResource {
        resource_type: kind,
        resource_name: name.to_owned(),
        configuration_keys: keys.map(|keys| keys.iter().map(|key| (*key).to_owned()).collect()),
    };
    let request = DescribeConfigsRequest {
        resources: vec![resource],
        include_synonyms: true,
        include_documentation: false,
    };
    let answer: DescribeConfigsResponse = bench().ask(version, &request);
    answer.results.into_iter().next().unwrap()
}

fn setting<'a>(result: &'a DescribeConfigsResult, name: &str) -> &'a DescribeConfigsResourceResult {
    let found = result.configs.iter().find(|config| config.name == name);
    found.unwrap_or_else(|| panic!("no {name} in {result:?}"))
}

#[test]
fn a_setting_says_where_its_value_comes_from_in_every_version() {
    for version in 1..=4 {
        let topic = described(resource_type::TOPIC, "orders", None, version);
        assert_eq!(topic.error_code, ErrorCode::NONE);
        let of = |name| {
            let it = setting(&topic, name);
            let synonyms: Vec<i8> = it.synonyms.iter().map(|synonym| synonym.source).collect();
            (it.value.as_deref(), it.config_source, synonyms)
        };
        let (topic, broker, default) = (
            config_source::DYNAMIC_TOPIC_CONFIG,
            config_source::STATIC_BROKER_CONFIG,
            config_source::DEFAULT_CONFIG,
        );
        assert_eq!(of("retention.ms"), (Some("5"), topic, vec![topic]));
        assert_eq!(
            of("min.insync.replicas"),
            (Some("2"), broker, vec![broker, default])
        );
        assert_eq!(of("segment.bytes"), (Some("1073741824"), default, vec![default]));
    }
}

#[test]
fn a_broker_tells_its_own_settings_and_nobody_elses() {
    let own = described(resource_type::BROKER, "1", None, 4);
    let min_isr = setting(&own, "min.insync.replicas");
    assert_eq!((min_isr.value.as_deref(), min_isr.read_only), (Some("2"), true));
    let one = described(resource_type::BROKER, "1", Some(&["num.partitions"]), 4);
    assert_eq!(one.configs.len(), 1);
    assert!(described(resource_type::BROKER, "", None, 4).configs.is_empty());
    for (kind, name, code) in [
        (resource_type::BROKER, "2", ErrorCode::INVALID_REQUEST),
        (resource_type::BROKER, "one", ErrorCode::INVALID_REQUEST),
        (
            resource_type::TOPIC,
            "nowhere",
            ErrorCode::UNKNOWN_TOPIC_OR_PARTITION,
        ),
        (99, "orders", ErrorCode::INVALID_REQUEST),
    ] {
        let refused = described(kind, name, None, 4);
        assert_eq!(
            (refused.error_code, refused.configs.len()),
            (code, 0),
            "{kind} {name}"
        );
    }
}

/// Answers what the controller was asked, and gives the question.
fn decided(bench: &mut Bench, error: ErrorCode) -> ControllerRequest {
    let asked = bench.effects.iter().rev().find_map(|effect| match effect {
        Effect::Controller(request) => Some(request.clone()),
        _ => None,
    });
    let (token, names): (_, Vec<String>) = match asked.as_ref().expect("a question to the controller") {
        ControllerRequest::CreatePartitions { token, topics, .. } => {
            (*token, topics.iter().map(|more| more.name.clone()).collect())
        }
        ControllerRequest::AlterTopicConfigs { token, topics, .. } => {
            (*token, topics.iter().map(|(name, _)| name.clone()).collect())
        }
        other => panic!("{other:?}"),
    };
    let outcome = |name| TopicOutcome {
        name,
        id: ottla_broker::TopicId::default(),
        error,
        message: Some("words".to_owned()),
        partitions: -1,
        replication_factor: -1,
    };
    let results = names.into_iter().map(outcome).collect();
    bench
        .broker
        .controller_answer(bench.now, ControllerAnswer::Topics { token, results });
    bench.collect();
    asked.expect("it was there")
}

#[test]
fn more_partitions_are_the_controllers_to_decide() {
    for version in 0..=3 {
        let mut bench = bench();
        let topic = |name: &str| CreatePartitionsTopic {
            name: name.to_owned(),
            count: 4,
            assignments: None,
        };
        let request = CreatePartitionsRequest {
            topics: vec![topic("orders"), topic("twice"), topic("twice")],
            timeout_ms: 1_000,
            validate_only: false,
        };
        bench.send(version, &request);
        let asked = decided(&mut bench, ErrorCode::INVALID_PARTITIONS);
        let ControllerRequest::CreatePartitions { topics, .. } = asked else {
            panic!("{asked:?}");
        };
        assert_eq!((topics.len(), topics[0].count), (1, 4));
        let answer: CreatePartitionsResponse = bench.answer(version);
        let codes: Vec<_> = answer
            .results
            .iter()
            .map(|it| (it.name.as_str(), it.error_code))
            .collect();
        assert_eq!(
            codes,
            [
                ("orders", ErrorCode::INVALID_PARTITIONS),
                ("twice", ErrorCode::INVALID_REQUEST)
            ]
        );
    }
}

fn alter(kind: i8, configs: &[(&str, i8, Option<&str>)]) -> IncrementalAlterConfigsRequest {
    let configs = configs.iter().map(|(name, operation, value)| AlterableConfig {
        name: (*name).to_owned(),
        config_operation: *operation,
        value: value.map(str::to_owned),
    });
    IncrementalAlterConfigsRequest {
        resources: vec![AlterConfigsResource {
            resource_type: kind,
            resource_name: if kind == resource_type::TOPIC {
                "orders"
            } else {
                "1"
            }
            .to_owned(),
            configs: configs.collect(),
        }],
        validate_only: false,
    }
}

#[test]
fn configurations_of_topics_are_the_controllers_to_decide() {
    for version in 0..=1 {
        let mut bench = bench();
        let request = alter(
            resource_type::TOPIC,
            &[
                ("a", operation::SET, Some("1")),
                ("b", operation::DELETE, None),
                ("cleanup.policy", operation::APPEND, Some("compact")),
            ],
        );
        bench.send(version, &request);
        let asked = decided(&mut bench, ErrorCode::NONE);
        let ControllerRequest::AlterTopicConfigs { topics, .. } = asked else {
            panic!("{asked:?}");
        };
        let changes = [
            ("a", Some("1")),
            ("b", None),
            ("cleanup.policy", Some("delete,compact")),
        ];
        let changes = changes.map(|(name, value)| (name.to_owned(), value.map(str::to_owned)));
        assert_eq!(topics, [("orders".to_owned(), changes.to_vec())]);
        let answer: IncrementalAlterConfigsResponse = bench.answer(version);
        assert_eq!(answer.responses[0].error_code, ErrorCode::NONE);
    }
}

#[test]
fn what_is_not_simulated_is_refused_with_the_way_out() {
    let answer: IncrementalAlterConfigsResponse = bench().ask(
        1,
        &alter(resource_type::BROKER, &[("a", operation::SET, Some("1"))]),
    );
    let refused = &answer.responses[0];
    assert_eq!(refused.error_code, ErrorCode::INVALID_REQUEST);
    assert!(
        refused.error_message.as_ref().unwrap().contains("--set"),
        "{refused:?}"
    );
    for (config, code) in [
        (("a", operation::SET, None), ErrorCode::INVALID_REQUEST),
        (("a", 9, Some("1")), ErrorCode::UNKNOWN_SERVER_ERROR),
        (
            ("retention.ms", operation::APPEND, Some("1")),
            ErrorCode::INVALID_CONFIG,
        ),
    ] {
        let mut bench = bench();
        bench.send(1, &alter(resource_type::TOPIC, &[config]));
        decided(&mut bench, ErrorCode::NONE);
        let answer: IncrementalAlterConfigsResponse = bench.answer(1);
        assert_eq!(answer.responses[0].error_code, code, "{config:?}");
    }
}
