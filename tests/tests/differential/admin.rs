//! What administrators ask: configurations and more partitions.

use bytes::Bytes;
use ottla_wire::messages::create_partitions::{
    CreatePartitionsAssignment, CreatePartitionsRequest, CreatePartitionsResponse, CreatePartitionsTopic,
};
use ottla_wire::messages::describe_configs::{
    DescribeConfigsRequest, DescribeConfigsResource, DescribeConfigsResponse, resource_type,
};
use ottla_wire::messages::incremental_alter_configs::{
    AlterConfigsResource, AlterableConfig, IncrementalAlterConfigsRequest, IncrementalAlterConfigsResponse,
};

use super::ask::{CONTROLLER_LIMIT_MS, decode};
use super::fields::Field;
use super::script::{AlterConfigs, CreatePartitions, DescribeConfigs, Known};

pub(crate) const CREATE_PARTITIONS: i16 = 3;
pub(crate) const ALTER_CONFIGS: i16 = 1;

pub(crate) fn create_partitions(it: &CreatePartitions, known: &Known) -> CreatePartitionsRequest {
    let assignment = |nodes: &Vec<i32>| CreatePartitionsAssignment {
        broker_ids: nodes.clone(),
    };
    let assignments: Vec<_> = it.assignments.iter().map(assignment).collect();
    CreatePartitionsRequest {
        topics: vec![CreatePartitionsTopic {
            name: known.name(it.topic),
            count: it.count,
            assignments: (!assignments.is_empty()).then_some(assignments),
        }],
        timeout_ms: CONTROLLER_LIMIT_MS,
        validate_only: it.validate_only,
    }
}

pub(crate) fn describe_configs(it: &DescribeConfigs, known: &Known) -> DescribeConfigsRequest {
    DescribeConfigsRequest {
        resources: vec![DescribeConfigsResource {
            resource_type: resource_type::TOPIC,
            resource_name: known.name(it.topic),
            configuration_keys: Some(it.keys.iter().map(|key| (*key).to_owned()).collect()),
        }],
        ..DescribeConfigsRequest::default()
    }
}

pub(crate) fn alter_configs(it: &AlterConfigs, known: &Known) -> IncrementalAlterConfigsRequest {
    let change = |(name, config_operation, value): &(&str, i8, Option<&str>)| AlterableConfig {
        name: (*name).to_owned(),
        config_operation: *config_operation,
        value: value.map(str::to_owned),
    };
    IncrementalAlterConfigsRequest {
        resources: vec![AlterConfigsResource {
            resource_type: resource_type::TOPIC,
            resource_name: known.name(it.topic),
            configs: it.changes.iter().map(change).collect(),
        }],
        validate_only: it.validate_only,
    }
}

pub(crate) fn read_created(frame: &Bytes, known: &mut Known) -> Vec<Field> {
    decode(
        CREATE_PARTITIONS,
        frame,
        known,
        |_: &mut CreatePartitionsResponse, _| Vec::new(),
    )
}

pub(crate) fn read_described(version: i16, frame: &Bytes, known: &mut Known) -> Vec<Field> {
    decode(
        version,
        frame,
        known,
        |answer: &mut DescribeConfigsResponse, _| {
            let results = answer.results.iter_mut();
            results.for_each(|result| result.configs.sort_by(|a, b| a.name.cmp(&b.name)));
            Vec::new()
        },
    )
}

pub(crate) fn read_altered(frame: &Bytes, known: &mut Known) -> Vec<Field> {
    decode(
        ALTER_CONFIGS,
        frame,
        known,
        |_: &mut IncrementalAlterConfigsResponse, _| Vec::new(),
    )
}
