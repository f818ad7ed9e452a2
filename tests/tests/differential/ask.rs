//! Questions as frames, and answers as fields.

use std::fmt::Debug;

use bytes::Bytes;
use ottla_wire::api::api_name;
use ottla_wire::error_code::ErrorCode;
use ottla_wire::frame::PREFIX_LEN;
use ottla_wire::messages::Message;
use ottla_wire::messages::api_versions::{ApiVersionsRequest, ApiVersionsResponse};
use ottla_wire::messages::create_topics::{
    CreatableReplicaAssignment, CreatableTopic, CreatableTopicConfig, CreateTopicsRequest,
    CreateTopicsResponse,
};
use ottla_wire::messages::delete_topics::{DeleteTopicState, DeleteTopicsRequest, DeleteTopicsResponse};
use ottla_wire::messages::fetch::{FetchPartition, FetchRequest, FetchResponse, FetchTopic};
use ottla_wire::messages::find_coordinator::{FindCoordinatorRequest, FindCoordinatorResponse};
use ottla_wire::messages::init_producer_id::{InitProducerIdRequest, InitProducerIdResponse};
use ottla_wire::messages::list_offsets::{
    ListOffsetsPartition, ListOffsetsRequest, ListOffsetsResponse, ListOffsetsTopic,
};
use ottla_wire::messages::metadata::{MetadataRequest, MetadataRequestTopic, MetadataResponse};
use ottla_wire::messages::produce::{
    PartitionProduceData, ProduceRequest, ProduceResponse, TopicProduceData,
};
use ottla_wire::primitives::Uuid;
use ottla_wire::{decode_response, encode_request};

use super::admin;
use super::batch::Batch;
use super::fields::{Field, fields};
use super::log_view;
use super::script::{
    CreateTopics, DeleteTopics, Fetch, Known, ListOffsets, Metadata, NewTopic, Produce, Question, TopicRef,
    When,
};

const CLIENT: &str = "differential";
/// From these versions on topics are known by id.
const PRODUCE_BY_ID: i16 = 13;
const FETCH_BY_ID: i16 = 13;
const DELETE_BY_ID: i16 = 6;
/// From this version on several coordinators may be asked for.
const COORDINATORS: i16 = 4;
pub(crate) const CONTROLLER_LIMIT_MS: i32 = 30_000;

impl Question {
    /// The API and its version, for people.
    pub(crate) fn title(&self) -> String {
        let (name, version) = match self {
            Self::Produce(it) => ("Produce", it.version),
            Self::InitProducerId(it) => ("InitProducerId", it.version),
            Self::Metadata(it) => ("Metadata", it.version),
            Self::ListOffsets(it) => ("ListOffsets", it.version),
            Self::Fetch(it) => ("Fetch", it.version),
            Self::CreateTopics(it) => ("CreateTopics", it.version),
            Self::DeleteTopics(it) => ("DeleteTopics", it.version),
            Self::CreatePartitions(_) => ("CreatePartitions", admin::CREATE_PARTITIONS),
            Self::DescribeConfigs(it) => ("DescribeConfigs", it.version),
            Self::AlterConfigs(_) => ("IncrementalAlterConfigs", admin::ALTER_CONFIGS),
            Self::ApiVersions { version, .. } => ("ApiVersions", *version),
            Self::FindCoordinator { version } => ("FindCoordinator", *version),
            Self::Raw { what, .. } => return (*what).to_owned(),
            Self::Longer(question, more) => return format!("{} and {} bytes", question.title(), more.len()),
        };
        format!("{name} v{version}")
    }

    /// Whether a broker answers it at all when nothing is wrong.
    pub(crate) fn has_answer(&self) -> bool {
        !matches!(self, Self::Produce(produce) if produce.acks == 0)
    }

    /// The bytes for the socket.
    pub(crate) fn to_frame(&self, correlation: i32, known: &Known) -> Vec<u8> {
        match self {
            Self::Produce(it) => encode(correlation, it.version, &produce_request(it, known)),
            Self::InitProducerId(it) => {
                let (producer_id, producer_epoch) = it
                    .had
                    .map_or((-1, -1), |(label, epoch)| (known.producer(label), epoch));
                let request = InitProducerIdRequest {
                    transactional_id: it.transactional_id.map(str::to_owned),
                    transaction_timeout_ms: 60_000,
                    producer_id,
                    producer_epoch,
                };
                encode(correlation, it.version, &request)
            }
            Self::Metadata(it) => encode(correlation, it.version, &metadata_request(it, known)),
            Self::ListOffsets(it) => encode(correlation, it.version, &list_offsets_request(it, known)),
            Self::Fetch(it) => encode(correlation, it.version, &fetch_request(it, known)),
            Self::CreateTopics(it) => encode(correlation, it.version, &create_request(it, known)),
            Self::DeleteTopics(it) => encode(correlation, it.version, &delete_request(it, known)),
            Self::CreatePartitions(it) => {
                let request = admin::create_partitions(it, known);
                encode(correlation, admin::CREATE_PARTITIONS, &request)
            }
            Self::DescribeConfigs(it) => encode(correlation, it.version, &admin::describe_configs(it, known)),
            Self::AlterConfigs(it) => encode(
                correlation,
                admin::ALTER_CONFIGS,
                &admin::alter_configs(it, known),
            ),
            Self::ApiVersions { version, software } => {
                let request = ApiVersionsRequest {
                    client_software_name: (*software).to_owned(),
                    client_software_version: "1".to_owned(),
                };
                encode(correlation, *version, &request)
            }
            Self::FindCoordinator { version } => {
                let batched = *version >= COORDINATORS;
                let request = FindCoordinatorRequest {
                    key: if batched { String::new() } else { "k".to_owned() },
                    coordinator_keys: if batched { vec!["k".to_owned()] } else { Vec::new() },
                    ..FindCoordinatorRequest::default()
                };
                encode(correlation, *version, &request)
            }
            Self::Raw { bytes, .. } => bytes.clone(),
            Self::Longer(question, more) => {
                let mut frame = question.to_frame(correlation, known);
                frame.extend(*more);
                let length = (frame.len() - PREFIX_LEN) as i32;
                frame[..PREFIX_LEN].copy_from_slice(&length.to_be_bytes());
                frame
            }
        }
    }

    /// Reads the answer, and learns from it.
    pub(crate) fn read_answer(&self, frame: &Bytes, known: &mut Known) -> Vec<Field> {
        match self {
            Self::Produce(it) => decode(it.version, frame, known, sort_produce),
            Self::InitProducerId(it) => decode(
                it.version,
                frame,
                known,
                |answer: &mut InitProducerIdResponse, known| {
                    if answer.error_code.is_ok() {
                        known.producers.insert(it.label, answer.producer_id);
                    }
                    Vec::new()
                },
            ),
            Self::Metadata(it) => decode(it.version, frame, known, sort_metadata),
            Self::ListOffsets(it) => decode(it.version, frame, known, |_: &mut ListOffsetsResponse, _| {
                Vec::new()
            }),
            Self::Fetch(it) => decode(it.version, frame, known, take_records),
            Self::CreateTopics(it) => decode(
                it.version,
                frame,
                known,
                |answer: &mut CreateTopicsResponse, known| {
                    answer.topics.sort_by(|a, b| a.name.cmp(&b.name));
                    answer
                        .topics
                        .iter()
                        .for_each(|topic| learn(known, &topic.name, topic.topic_id));
                    Vec::new()
                },
            ),
            Self::DeleteTopics(it) => decode(
                it.version,
                frame,
                known,
                |answer: &mut DeleteTopicsResponse, _| {
                    answer.responses.sort_by(|a, b| a.name.cmp(&b.name));
                    Vec::new()
                },
            ),
            Self::CreatePartitions(_) => admin::read_created(frame, known),
            Self::DescribeConfigs(it) => admin::read_described(it.version, frame, known),
            Self::AlterConfigs(_) => admin::read_altered(frame, known),
            Self::ApiVersions { version, .. } => read_api_versions(*version, frame, known),
            Self::FindCoordinator { version } => {
                decode(*version, frame, known, |_: &mut FindCoordinatorResponse, _| {
                    Vec::new()
                })
            }
            Self::Longer(question, _) => question.read_answer(frame, known),
            Self::Raw { .. } => vec![("answer".to_owned(), format!("{:02x?}", frame.as_ref()))],
        }
    }
}

/// Remembers the id of a topic.
pub(crate) fn learn(known: &mut Known, name: &str, id: Uuid) {
    let ids = known.topic_ids.entry(name.to_owned()).or_default();
    if !id.is_zero() && !ids.contains(&id) {
        ids.push(id);
    }
}

/// Metadata as it comes, for the runner's own use.
pub(crate) fn read_metadata(version: i16, frame: &Bytes) -> MetadataResponse {
    decode_response(version, frame)
        .expect("a broker answers Metadata in the version that was asked")
        .1
}

fn encode<M: Message>(correlation: i32, version: i16, request: &M) -> Vec<u8> {
    encode_request(correlation, Some(CLIENT), version, request)
        .expect("scenarios use the fields of their versions")
}

pub(crate) fn decode<M: Message + Debug>(
    version: i16,
    frame: &Bytes,
    known: &mut Known,
    prepare: impl FnOnce(&mut M, &mut Known) -> Vec<Vec<log_view::BatchView>>,
) -> Vec<Field> {
    match decode_response::<M>(version, frame) {
        Err(error) => vec![("answer".to_owned(), format!("cannot be read: {error}"))],
        Ok((_, mut answer)) => {
            let logs = prepare(&mut answer, known);
            let mut found = fields("", &answer, known);
            for (index, batches) in logs.iter().enumerate() {
                found.extend(fields(&format!("log[{index}]"), batches, known));
            }
            found
        }
    }
}

fn produce_request(it: &Produce, known: &Known) -> ProduceRequest {
    let topic = |(label, index, batches): &(&'static str, i32, Vec<Batch>)| {
        let bytes: Vec<u8> = batches.iter().flat_map(|batch| batch.to_bytes(known)).collect();
        let records = Some(Bytes::from(bytes));
        let by_id = it.version >= PRODUCE_BY_ID;
        TopicProduceData {
            name: if by_id { String::new() } else { known.name(label) },
            topic_id: if by_id { known.id(label) } else { Uuid::ZERO },
            partition_data: vec![PartitionProduceData {
                index: *index,
                records,
            }],
        }
    };
    // One entry a topic, as clients write it.
    let mut topics: Vec<TopicProduceData> = Vec::new();
    for part in it.parts.iter().map(topic) {
        match topics
            .iter_mut()
            .find(|other| (&other.name, other.topic_id) == (&part.name, part.topic_id))
        {
            Some(other) => other.partition_data.extend(part.partition_data),
            None => topics.push(part),
        }
    }
    ProduceRequest {
        transactional_id: it.transactional_id.map(str::to_owned),
        acks: it.acks,
        timeout_ms: it.timeout_ms,
        topic_data: topics,
    }
}

fn metadata_request(it: &Metadata, known: &Known) -> MetadataRequest {
    let topic = |topic: &TopicRef| {
        let (name, topic_id) = resolve(*topic, known);
        MetadataRequestTopic { topic_id, name }
    };
    MetadataRequest {
        topics: it
            .topics
            .as_ref()
            .map(|topics| topics.iter().map(topic).collect()),
        allow_auto_topic_creation: it.create,
        include_topic_authorized_operations: it.operations,
        ..MetadataRequest::default()
    }
}

fn resolve(topic: TopicRef, known: &Known) -> (Option<String>, Uuid) {
    match topic {
        TopicRef::Name(label) => (Some(known.name(label)), Uuid::ZERO),
        TopicRef::Id(label) => (None, known.id(label)),
        TopicRef::Verbatim(name) => (Some(name.to_owned()), Uuid::ZERO),
    }
}

fn list_offsets_request(it: &ListOffsets, known: &Known) -> ListOffsetsRequest {
    let part = |&(partition_index, current_leader_epoch, when): &(i32, i32, When)| ListOffsetsPartition {
        partition_index,
        current_leader_epoch,
        timestamp: match when {
            When::Special(number) => number,
            When::At(at) => known.absolute(at),
        },
    };
    ListOffsetsRequest {
        replica_id: -1,
        timeout_ms: CONTROLLER_LIMIT_MS,
        topics: vec![ListOffsetsTopic {
            name: known.name(it.topic),
            partitions: it.parts.iter().map(part).collect(),
        }],
        ..ListOffsetsRequest::default()
    }
}

fn fetch_request(it: &Fetch, known: &Known) -> FetchRequest {
    let by_id = it.version >= FETCH_BY_ID;
    let partition = FetchPartition {
        partition: it.partition,
        current_leader_epoch: it.epoch,
        fetch_offset: it.offset,
        partition_max_bytes: it.partition_max_bytes,
        ..FetchPartition::default()
    };
    FetchRequest {
        max_wait_ms: it.max_wait_ms,
        min_bytes: it.min_bytes,
        max_bytes: it.max_bytes,
        isolation_level: it.isolation_level,
        session_id: it.session.0,
        session_epoch: it.session.1,
        topics: vec![FetchTopic {
            topic: if by_id {
                String::new()
            } else {
                known.name(it.topic)
            },
            topic_id: if by_id { known.id(it.topic) } else { Uuid::ZERO },
            partitions: vec![partition],
        }],
        ..FetchRequest::default()
    }
}

fn create_request(it: &CreateTopics, known: &Known) -> CreateTopicsRequest {
    let topic = |topic: &NewTopic| CreatableTopic {
        name: match topic.verbatim {
            Some(name) => name.to_owned(),
            None => known.name(topic.name.unwrap_or(super::script::TOPIC)),
        },
        num_partitions: topic.partitions,
        replication_factor: topic.replicas,
        assignments: topic
            .assignments
            .iter()
            .map(|(partition_index, nodes)| CreatableReplicaAssignment {
                partition_index: *partition_index,
                broker_ids: nodes.clone(),
            })
            .collect(),
        configs: topic
            .configs
            .iter()
            .map(|(name, value)| CreatableTopicConfig {
                name: (*name).to_owned(),
                value: value.map(str::to_owned),
            })
            .collect(),
    };
    CreateTopicsRequest {
        topics: it.topics.iter().map(topic).collect(),
        timeout_ms: CONTROLLER_LIMIT_MS,
        validate_only: it.validate_only,
    }
}

fn delete_request(it: &DeleteTopics, known: &Known) -> DeleteTopicsRequest {
    let by_state = it.version >= DELETE_BY_ID;
    let state = |topic: &TopicRef| {
        let (name, topic_id) = resolve(*topic, known);
        DeleteTopicState { name, topic_id }
    };
    let name = |topic: &TopicRef| resolve(*topic, known).0.expect("ids begin with version 6");
    DeleteTopicsRequest {
        topics: if by_state {
            it.topics.iter().map(state).collect()
        } else {
            Vec::new()
        },
        topic_names: if by_state {
            Vec::new()
        } else {
            it.topics.iter().map(name).collect()
        },
        timeout_ms: CONTROLLER_LIMIT_MS,
    }
}

/// By name: which place an API has in the list depends on what else is there.
fn read_api_versions(version: i16, frame: &Bytes, known: &mut Known) -> Vec<Field> {
    let mut listed = Vec::new();
    let mut found = decode(version, frame, known, |answer: &mut ApiVersionsResponse, _| {
        for api in answer.api_keys.drain(..) {
            let name = api_name(api.api_key).map_or_else(|| api.api_key.to_string(), str::to_owned);
            let versions = format!("{} to {}", api.min_version, api.max_version);
            listed.push((format!("api_keys.{name}"), versions));
        }
        answer.supported_features.sort_by(|a, b| a.name.cmp(&b.name));
        answer.finalized_features.sort_by(|a, b| a.name.cmp(&b.name));
        Vec::new()
    });
    found.extend(listed);
    found
}

/// Clients find their partitions by number, in whatever order they come.
fn sort_produce(answer: &mut ProduceResponse, known: &mut Known) -> Vec<Vec<log_view::BatchView>> {
    answer
        .responses
        .sort_by_key(|topic| (topic.name.clone(), known.name_of(topic.topic_id)));
    answer
        .responses
        .iter_mut()
        .for_each(|topic| topic.partition_responses.sort_by_key(|part| part.index));
    answer.node_endpoints.sort_by_key(|node| node.node_id);
    Vec::new()
}

/// Of other scenarios' topics nothing is compared.
fn sort_metadata(answer: &mut MetadataResponse, known: &mut Known) -> Vec<Vec<log_view::BatchView>> {
    let prefix = format!("{}-", known.scenario);
    let is_own = |name: &String| name.starts_with(&prefix);
    answer
        .topics
        .retain(|topic| !topic.error_code.is_ok() || topic.name.as_ref().is_none_or(is_own));
    answer
        .topics
        .sort_by_key(|topic| (topic.name.clone(), known.name_of(topic.topic_id)));
    answer.brokers.sort_by_key(|broker| broker.node_id);
    for topic in &mut answer.topics {
        learn(known, topic.name.as_deref().unwrap_or_default(), topic.topic_id);
        topic.partitions.sort_by_key(|part| part.partition_index);
        topic
            .partitions
            .iter_mut()
            .for_each(|part| part.isr_nodes.sort_unstable());
    }
    Vec::new()
}

fn take_records(answer: &mut FetchResponse, _: &mut Known) -> Vec<Vec<log_view::BatchView>> {
    let parts = answer
        .responses
        .iter_mut()
        .flat_map(|topic| &mut topic.partitions);
    parts
        .map(|part| log_view::batches(part.records.take().unwrap_or_default()))
        .collect()
}

/// Every error code in the fields of an answer.
pub(crate) fn error_codes(answer: &[Field]) -> Vec<&str> {
    let codes = answer.iter().filter(|(path, _)| path.ends_with("error_code"));
    codes
        .map(|(_, value)| value.split(' ').next().unwrap_or(value))
        .collect()
}

/// Whether an answer has that error code; `NONE` for an answer that has no other.
pub(crate) fn has_code(answer: &[Field], code: ErrorCode) -> bool {
    let codes = error_codes(answer);
    match code {
        ErrorCode::NONE => !codes.is_empty() && codes.iter().all(|it| *it == code.name()),
        _ => codes.contains(&code.name()),
    }
}
