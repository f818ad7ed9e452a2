//! The cheapest partner that a producer can have: one broker with one topic that acknowledges every batch and keeps
//! nothing. It costs what reading a request's frame costs, so a bench with it measures the producer.

use std::collections::HashMap;
use std::fmt;

use bytes::Bytes;
use ottla_wire::api::ApiKey;
use ottla_wire::messages::Message;
use ottla_wire::messages::api_versions::{ApiVersion, ApiVersionsResponse};
use ottla_wire::messages::init_producer_id::InitProducerIdResponse;
use ottla_wire::messages::metadata::{
    MetadataResponse, MetadataResponseBroker, MetadataResponsePartition, MetadataResponseTopic,
};
use ottla_wire::messages::produce::{
    PartitionProduceData, PartitionProduceResponse, ProduceRequest, ProduceResponse, TopicProduceResponse,
};
use ottla_wire::{AnyRequest, decode_request, encode_response};

/// The node id of the only broker.
pub const NODE: i32 = 1;
const PRODUCER_ID: i64 = 7;
/// Where a batch's number of records is, in bytes from its start.
const RECORDS_COUNT: std::ops::Range<usize> = 57..61;
/// Newer Produce versions name topics by id, which would need a table here.
const NEWEST_PRODUCE: i16 = 12;

/// A request that a producer does not send, or that is broken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unexpected(String);

impl fmt::Display for Unexpected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the null broker cannot answer: {}", self.0)
    }
}

impl std::error::Error for Unexpected {}

/// The broker; it may serve any number of connections.
#[derive(Debug, Clone)]
pub struct NullBroker {
    host: String,
    port: u16,
    topic: String,
    partitions: i32,
    next_offsets: HashMap<i32, i64>,
    requests: u64,
    batches: u64,
    records: u64,
}

impl NullBroker {
    /// A broker that says it is at `host:port` and leads every partition of `topic`.
    #[must_use]
    pub fn new(host: &str, port: u16, topic: &str, partitions: i32) -> Self {
        Self {
            host: host.to_owned(),
            port,
            topic: topic.to_owned(),
            partitions,
            next_offsets: HashMap::new(),
            requests: 0,
            batches: 0,
            records: 0,
        }
    }

    /// Produce requests so far.
    pub fn requests(&self) -> u64 {
        self.requests
    }

    /// Batches so far.
    pub fn batches(&self) -> u64 {
        self.batches
    }

    /// Records so far, by the headers of their batches.
    pub fn records(&self) -> u64 {
        self.records
    }

    /// The answer to a request frame (without its length prefix), with its length prefix; `None` for acks=0.
    ///
    /// # Errors
    /// When it is not a request of a producer.
    pub fn answer(&mut self, frame: &Bytes) -> Result<Option<Vec<u8>>, Unexpected> {
        let (header, request) = decode_request(frame).map_err(|error| Unexpected(error.to_string()))?;
        let (version, id) = (header.api_version, header.correlation_id);
        let answer = match request {
            AnyRequest::ApiVersions(_) => respond(id, version, &api_versions())?,
            AnyRequest::Metadata(_) => respond(id, version, &self.metadata())?,
            AnyRequest::InitProducerId(_) => respond(id, version, &identity())?,
            AnyRequest::Produce(request) => {
                let answer = self.produce(&request);
                if request.acks == 0 {
                    return Ok(None);
                }
                respond(id, version, &answer)?
            }
            other => return Err(Unexpected(other.api().name().to_owned())),
        };
        Ok(Some(answer))
    }

    fn metadata(&self) -> MetadataResponse {
        let partition = |partition_index| MetadataResponsePartition {
            partition_index,
            leader_id: NODE,
            leader_epoch: 0,
            replica_nodes: vec![NODE],
            isr_nodes: vec![NODE],
            ..Default::default()
        };
        MetadataResponse {
            brokers: vec![MetadataResponseBroker {
                node_id: NODE,
                host: self.host.clone(),
                port: i32::from(self.port),
                rack: None,
            }],
            cluster_id: Some("null".to_owned()),
            controller_id: NODE,
            topics: vec![MetadataResponseTopic {
                name: Some(self.topic.clone()),
                partitions: (0..self.partitions).map(partition).collect(),
                ..Default::default()
            }],
            ..Default::default()
        }
    }

    fn produce(&mut self, request: &ProduceRequest) -> ProduceResponse {
        self.requests += 1;
        let mut responses = Vec::with_capacity(request.topic_data.len());
        for topic in &request.topic_data {
            let partitions = topic.partition_data.iter().map(|data| self.append(data));
            responses.push(TopicProduceResponse {
                name: topic.name.clone(),
                partition_responses: partitions.collect(),
                ..Default::default()
            });
        }
        ProduceResponse {
            responses,
            ..Default::default()
        }
    }

    fn append(&mut self, data: &PartitionProduceData) -> PartitionProduceResponse {
        let count = data.records.as_deref().and_then(|batch| batch.get(RECORDS_COUNT));
        let count = count.map_or(0, |bytes| {
            bytes.iter().fold(0, |n, byte| n << 8 | i64::from(*byte))
        });
        self.batches += 1;
        self.records += u64::try_from(count).unwrap_or(0);
        let next = self.next_offsets.entry(data.index).or_default();
        let base_offset = *next;
        *next += count;
        PartitionProduceResponse {
            index: data.index,
            base_offset,
            ..Default::default()
        }
    }
}

fn respond<M: Message>(id: i32, version: i16, response: &M) -> Result<Vec<u8>, Unexpected> {
    encode_response(id, version, response).map_err(|error| Unexpected(error.to_string()))
}

fn api_versions() -> ApiVersionsResponse {
    const SPOKEN: [ApiKey; 4] = [
        ApiKey::Produce,
        ApiKey::Metadata,
        ApiKey::ApiVersions,
        ApiKey::InitProducerId,
    ];
    let version = |api: &ApiKey| ApiVersion {
        api_key: api.key(),
        min_version: *api.versions().start(),
        max_version: match api {
            ApiKey::Produce => NEWEST_PRODUCE,
            _ => *api.versions().end(),
        },
    };
    ApiVersionsResponse {
        api_keys: SPOKEN.iter().map(version).collect(),
        ..Default::default()
    }
}

fn identity() -> InitProducerIdResponse {
    InitProducerIdResponse {
        producer_id: PRODUCER_ID,
        ..Default::default()
    }
}
