//! What the brokers of that world answer.

use bytes::Bytes;
use ottla_wire::header::RequestHeader;
use ottla_wire::messages::api_versions::{ApiVersion, ApiVersionsResponse};
use ottla_wire::messages::init_producer_id::InitProducerIdResponse;
use ottla_wire::messages::metadata::{
    MetadataRequest, MetadataResponse, MetadataResponseBroker, MetadataResponsePartition,
    MetadataResponseTopic,
};
use ottla_wire::messages::produce::{
    PartitionProduceData, PartitionProduceResponse, ProduceRequest, ProduceResponse, TopicProduceResponse,
};
use ottla_wire::{AnyRequest, ApiKey, ErrorCode, Uuid, encode_response};

use super::World;
use crate::split::Input;

impl World {
    /// The bytes of the answer with this code; none where nobody waits for one.
    pub(super) fn encoded(
        &mut self,
        header: &RequestHeader,
        request: &AnyRequest,
        code: ErrorCode,
        input: &mut Input<'_>,
    ) -> Option<Bytes> {
        let (id, version) = (header.correlation_id, header.api_version);
        let bytes = match request {
            AnyRequest::ApiVersions(_) => encode_response(id, version, &self.versions(code)),
            AnyRequest::Metadata(request) => {
                encode_response(id, version, &self.metadata(request, version, code))
            }
            AnyRequest::InitProducerId(_) => {
                let answer = InitProducerIdResponse {
                    error_code: code,
                    producer_id: 5,
                    producer_epoch: if input.byte() == 9 { i16::MAX - 1 } else { 0 },
                    ..Default::default()
                };
                encode_response(id, version, &answer)
            }
            AnyRequest::Produce(request) if request.acks == 0 => return None,
            AnyRequest::Produce(request) => {
                encode_response(id, version, &self.produced(request, code, input))
            }
            other => panic!("a producer has no use for {other:?}"),
        };
        Some(bytes.expect("an answer that can be written").into())
    }

    fn versions(&self, code: ErrorCode) -> ApiVersionsResponse {
        let offer = |api: ApiKey, max: i16| ApiVersion {
            api_key: api.key(),
            min_version: 0,
            max_version: max,
        };
        let offers = if self.new_broker {
            [
                offer(ApiKey::Produce, 13),
                offer(ApiKey::Metadata, 13),
                offer(ApiKey::InitProducerId, 5),
                offer(ApiKey::ApiVersions, 4),
            ]
        } else {
            [
                offer(ApiKey::Produce, 7),
                offer(ApiKey::Metadata, 6),
                offer(ApiKey::InitProducerId, 1),
                offer(ApiKey::ApiVersions, 2),
            ]
        };
        ApiVersionsResponse {
            error_code: code,
            api_keys: offers.to_vec(),
            ..Default::default()
        }
    }

    fn metadata(&self, request: &MetadataRequest, version: i16, code: ErrorCode) -> MetadataResponse {
        let partition = |partition_index| MetadataResponsePartition {
            partition_index,
            leader_id: if partition_index == 1 {
                3 - self.leader
            } else {
                self.leader
            },
            leader_epoch: if version >= 7 { self.leader } else { -1 },
            ..Default::default()
        };
        let topic = |name: &str| MetadataResponseTopic {
            error_code: code,
            name: Some(name.to_owned()),
            topic_id: if version >= 10 {
                Uuid([name.as_bytes()[0]; 16])
            } else {
                Uuid::default()
            },
            partitions: match (code.is_ok(), name) {
                (false, _) => Vec::new(),
                (true, "t") => (0..3).map(partition).collect(),
                (true, _) => vec![partition(0)],
            },
            ..Default::default()
        };
        let broker = |node_id: i32| MetadataResponseBroker {
            node_id,
            host: format!("b{node_id}"),
            port: 9092,
            ..Default::default()
        };
        let asked = request.topics.iter().flatten();
        MetadataResponse {
            brokers: vec![broker(1), broker(2)],
            topics: asked
                .filter_map(|asked| asked.name.as_deref())
                .map(topic)
                .collect(),
            ..Default::default()
        }
    }

    fn produced(
        &mut self,
        request: &ProduceRequest,
        code: ErrorCode,
        input: &mut Input<'_>,
    ) -> ProduceResponse {
        let log_start_offset = i64::from(input.byte() % 3) - 1;
        let mut answer = |partition: &PartitionProduceData| {
            self.next_offset += 1;
            PartitionProduceResponse {
                index: partition.index,
                error_code: code,
                base_offset: if code.is_ok() { self.next_offset } else { -1 },
                log_start_offset,
                ..Default::default()
            }
        };
        let responses = request
            .topic_data
            .iter()
            .map(|topic| TopicProduceResponse {
                name: topic.name.clone(),
                topic_id: topic.topic_id,
                partition_responses: topic.partition_data.iter().map(&mut answer).collect(),
            })
            .collect();
        ProduceResponse {
            responses,
            throttle_time_ms: i32::from(input.byte() > 250) * 100,
            ..Default::default()
        }
    }
}
