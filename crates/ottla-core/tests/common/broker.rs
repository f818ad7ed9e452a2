//! What the scripted brokers answer by themselves.

use bytes::Bytes;
use ottla_core::{Address, ConnId, Extensions};
use ottla_wire::AnyRequest;
use ottla_wire::api::ApiKey;
use ottla_wire::error_code::ErrorCode;
use ottla_wire::header::RequestHeader;
use ottla_wire::messages::api_versions::{ApiVersion, ApiVersionsResponse};
use ottla_wire::messages::init_producer_id::InitProducerIdResponse;
use ottla_wire::messages::metadata::{
    MetadataRequest, MetadataRequestTopic, MetadataResponse, MetadataResponseBroker,
    MetadataResponsePartition, MetadataResponseTopic,
};

use super::{Bench, Pending, TOPIC, encode};

impl<X: Extensions> Bench<X> {
    pub(super) fn serve(
        &mut self,
        conn: ConnId,
        header: RequestHeader,
        request: AnyRequest,
    ) -> Option<Bytes> {
        if let AnyRequest::Produce(request) = request {
            let node = self.sockets[&conn].node.or_else(|| self.node_at(conn));
            self.pending.push_back(Pending {
                conn,
                node,
                header,
                request,
            });
            return None;
        }
        if let AnyRequest::Metadata(request) = &request {
            self.metadata_requests.push(request.clone());
        }
        if let AnyRequest::InitProducerId(request) = &request {
            self.init_requests.push(request.clone());
        }
        if !self.answers {
            return None;
        }
        Some(match request {
            AnyRequest::ApiVersions(_) => encode(&header, &self.api_versions(header.api_version)),
            AnyRequest::Metadata(request) => encode(&header, &self.metadata(&request)),
            AnyRequest::InitProducerId(_) => encode(&header, &self.init_producer_id()),
            AnyRequest::SaslHandshake(request) => {
                self.said.push(request.mechanism.into_bytes());
                encode(&header, &self.handshake)
            }
            AnyRequest::SaslAuthenticate(request) => {
                self.said.push(request.auth_bytes.to_vec());
                encode(&header, &self.sasl_answers.pop_front()?)
            }
            other => panic!("unexpected {:?}", other.api()),
        })
    }

    /// A bootstrap connection whose address is a node's belongs to that node.
    fn node_at(&self, conn: ConnId) -> Option<i32> {
        let Address::Tcp { host, .. } = &self.sockets[&conn].address else {
            return None;
        };
        self.nodes
            .iter()
            .copied()
            .find(|node| *host == format!("b{node}"))
    }

    fn api_versions(&self, asked: i16) -> ApiVersionsResponse {
        let newest = self.versions.iter().find(|(api, ..)| *api == ApiKey::ApiVersions);
        let refused = newest.is_some_and(|(_, _, max)| asked > *max);
        ApiVersionsResponse {
            error_code: if refused {
                ErrorCode::UNSUPPORTED_VERSION
            } else {
                ErrorCode::NONE
            },
            api_keys: self
                .versions
                .iter()
                .map(|(api, min_version, max_version)| ApiVersion {
                    api_key: api.key(),
                    min_version: *min_version,
                    max_version: *max_version,
                })
                .collect(),
            ..Default::default()
        }
    }

    pub fn metadata(&self, request: &MetadataRequest) -> MetadataResponse {
        let topics = request.topics.iter().flatten();
        MetadataResponse {
            brokers: self
                .nodes
                .iter()
                .map(|node| MetadataResponseBroker {
                    node_id: *node,
                    host: format!("b{node}"),
                    port: 9092,
                    ..Default::default()
                })
                .collect(),
            topics: topics
                .filter_map(|topic| topic.name.clone())
                .map(|name| self.topic(name))
                .collect(),
            throttle_time_ms: self.metadata_throttle,
            error_code: self.metadata_error,
            ..Default::default()
        }
    }

    fn topic(&self, name: String) -> MetadataResponseTopic {
        let known = self
            .topics
            .get(&name)
            .cloned()
            .unwrap_or(Err(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION));
        let leaders = known.clone().unwrap_or_default();
        MetadataResponseTopic {
            error_code: known.err().unwrap_or(ErrorCode::NONE),
            topic_id: self.ids.get(&name).copied().unwrap_or_default(),
            name: Some(name),
            partitions: (0..)
                .zip(leaders)
                .map(
                    |(partition_index, (leader_id, leader_epoch))| MetadataResponsePartition {
                        partition_index,
                        leader_id,
                        leader_epoch,
                        ..Default::default()
                    },
                )
                .collect(),
            ..Default::default()
        }
    }

    fn init_producer_id(&mut self) -> InitProducerIdResponse {
        let error_code = self.init_errors.pop_front().unwrap_or(ErrorCode::NONE);
        let producer_id = self.producer_id;
        if error_code.is_ok() {
            self.producer_id += 1;
        }
        InitProducerIdResponse {
            error_code,
            producer_id: if error_code.is_ok() { producer_id } else { -1 },
            producer_epoch: self.next_init,
            ..Default::default()
        }
    }

    /// What a broker answers to the first two requests of a connection: versions, and metadata of [`TOPIC`].
    pub fn first_answers(&self) -> [Bytes; 2] {
        let header = |correlation_id, api: ApiKey, api_version| RequestHeader {
            api_key: api.key(),
            api_version,
            correlation_id,
            client_id: None,
        };
        let request = MetadataRequest {
            topics: Some(vec![MetadataRequestTopic {
                name: Some(TOPIC.to_owned()),
                ..Default::default()
            }]),
            ..Default::default()
        };
        [
            encode(&header(0, ApiKey::ApiVersions, 4), &self.api_versions(4)),
            encode(&header(1, ApiKey::Metadata, 13), &self.metadata(&request)),
        ]
    }
}
