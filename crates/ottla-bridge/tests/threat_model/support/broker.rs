//! Brokers that keep what they are sent, and that say where they are as often as the protocol lets them.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};

use bytes::{Bytes, BytesMut};
use ottla_wire::api::ApiKey;
use ottla_wire::error_code::ErrorCode;
use ottla_wire::messages::api_versions::{ApiVersion, ApiVersionsResponse};
use ottla_wire::messages::init_producer_id::InitProducerIdResponse;
use ottla_wire::messages::metadata::{
    MetadataRequest, MetadataResponse, MetadataResponseBroker, MetadataResponsePartition,
    MetadataResponseTopic,
};
use ottla_wire::messages::produce::{
    LeaderIdAndEpoch, NodeEndpoint, PartitionProduceResponse, ProduceRequest, ProduceResponse,
    TopicProduceResponse,
};
use ottla_wire::{AnyRequest, decode_request, encode_response};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// Where the brokers are, and what they advertise.
pub(crate) const HOST: &str = "127.0.0.7";
pub(crate) const RACK: &str = "rack-of-the-cellar";
pub(crate) const CLUSTER_ID: &str = "id-of-the-cluster";

/// A request that a broker received.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) request: AnyRequest,
}

#[derive(Default)]
pub(crate) struct State {
    /// Topics with the leader of each partition.
    pub(crate) topics: BTreeMap<String, Vec<i32>>,
    /// Every request of a client, in the order of arrival; not what the bridge asks on its own behalf.
    pub(crate) seen: Vec<Seen>,
    /// Frames that are no request that the broker can read.
    pub(crate) unreadable: Vec<Bytes>,
    /// Appended batches by topic and partition.
    pub(crate) log: BTreeMap<(String, i32), Vec<Bytes>>,
    /// How many NodeEndpoints were sent.
    pub(crate) endpoints_sent: u64,
    /// TCP connections that were accepted.
    pub(crate) accepted: u64,
    /// Connections whose client sent its end.
    pub(crate) ended: u64,
    /// The text in the answer to a refused Produce.
    pub(crate) error_message: Option<String>,
    addresses: BTreeMap<i32, SocketAddr>,
    next_producer_id: i64,
}

/// A few brokers on [`HOST`].
pub(crate) struct FakeCluster {
    state: Arc<Mutex<State>>,
    tasks: BTreeMap<i32, JoinHandle<()>>,
    /// While false, brokers read nothing.
    reading: watch::Sender<bool>,
    /// While false, brokers answer no Produce.
    answering: watch::Sender<bool>,
}

impl FakeCluster {
    /// Brokers 1 to `count`, and the topics that the tests use, each with one partition, led by broker 1.
    pub(crate) async fn start(count: i32) -> Self {
        let state = State {
            topics: ["clicks", "shop-a", "shop-b", "secret"]
                .map(|name| (name.to_owned(), vec![1]))
                .into(),
            next_producer_id: 4000,
            ..State::default()
        };
        let mut cluster = Self {
            state: Arc::new(Mutex::new(state)),
            tasks: BTreeMap::new(),
            reading: watch::Sender::new(true),
            answering: watch::Sender::new(true),
        };
        for node in 1..=count {
            cluster.start_broker(node).await;
        }
        cluster
    }

    /// Starts a broker, on a port of its own even if it ran before.
    pub(crate) async fn start_broker(&mut self, node: i32) {
        // What the system buffers for a broker that does not read is nobody's memory here, and takes time to fill.
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(64 * 1024).unwrap();
        socket.bind(SocketAddr::new(HOST.parse().unwrap(), 0)).unwrap();
        let listener = socket.listen(128).unwrap();
        self.state()
            .addresses
            .insert(node, listener.local_addr().unwrap());
        let (state, reading, answering) = (
            Arc::clone(&self.state),
            self.reading.subscribe(),
            self.answering.subscribe(),
        );
        let accept = async move {
            let mut connections = tokio::task::JoinSet::new();
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                state.lock().unwrap().accepted += 1;
                let connection = Connection {
                    node,
                    state: Arc::clone(&state),
                    reading: reading.clone(),
                    answering: answering.clone(),
                };
                connections.spawn(connection.run(stream));
            }
        };
        self.tasks.insert(node, tokio::spawn(accept));
    }

    /// Cuts all connections of a broker and stops listening.
    pub(crate) async fn kill(&mut self, node: i32) {
        let task = self.tasks.remove(&node).unwrap();
        task.abort();
        assert!(task.await.unwrap_err().is_cancelled());
        self.state().addresses.remove(&node);
    }

    /// What SIGSTOP does: sockets stay open, nothing is read.
    pub(crate) fn freeze(&self) {
        self.reading.send_replace(false);
    }

    pub(crate) fn hold_answers(&self) {
        self.answering.send_replace(false);
    }

    pub(crate) fn release_answers(&self) {
        self.answering.send_replace(true);
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    pub(crate) fn address(&self, node: i32) -> SocketAddr {
        self.state().addresses[&node]
    }

    pub(crate) fn bootstrap(&self) -> Vec<String> {
        self.state().addresses.values().map(ToString::to_string).collect()
    }

    /// The APIs of the requests of clients that arrived.
    pub(crate) fn seen_apis(&self) -> Vec<ApiKey> {
        self.state().seen.iter().map(|seen| seen.request.api()).collect()
    }

    /// All batches of all partitions of a topic.
    pub(crate) fn log_of(&self, topic: &str) -> Vec<Bytes> {
        let state = self.state();
        state
            .log
            .iter()
            .filter(|((name, _), _)| name == topic)
            .flat_map(|(_, log)| log.clone())
            .collect()
    }

    /// Every topic name that reached a broker in any request.
    pub(crate) fn names_seen(&self) -> BTreeSet<String> {
        let state = self.state();
        let names = |seen: &Seen| match &seen.request {
            AnyRequest::Produce(request) => request
                .topic_data
                .iter()
                .map(|topic| topic.name.clone())
                .collect(),
            AnyRequest::Metadata(request) => request
                .topics
                .iter()
                .flatten()
                .filter_map(|topic| topic.name.clone())
                .collect(),
            _ => Vec::new(),
        };
        state.seen.iter().flat_map(names).collect()
    }

    pub(crate) async fn until(&self, what: &str, condition: impl Fn(&State) -> bool) {
        super::client::eventually(what, || condition(&self.state())).await;
    }
}

impl Drop for FakeCluster {
    fn drop(&mut self) {
        for task in self.tasks.values() {
            task.abort();
        }
    }
}

struct Connection {
    node: i32,
    state: Arc<Mutex<State>>,
    reading: watch::Receiver<bool>,
    answering: watch::Receiver<bool>,
}

impl Connection {
    async fn run(mut self, mut stream: TcpStream) {
        stream.set_nodelay(true).unwrap();
        loop {
            if self.reading.wait_for(|reading| *reading).await.is_err() {
                return;
            }
            let Ok(len) = stream.read_i32().await else { break };
            let mut frame = BytesMut::zeroed(usize::try_from(len).unwrap());
            if stream.read_exact(&mut frame).await.is_err() {
                break;
            }
            let frame = frame.freeze();
            let Ok((header, request)) = decode_request(&frame) else {
                self.state.lock().unwrap().unreadable.push(frame);
                break;
            };
            let (correlation_id, version) = (header.correlation_id, header.api_version);
            let is_produce = matches!(request, AnyRequest::Produce(_));
            if header.client_id.as_deref() != Some("ottla-bridge") {
                self.state.lock().unwrap().seen.push(Seen {
                    request: request.clone(),
                });
            }
            let answer = self.answer(correlation_id, version, request);
            if is_produce && self.answering.wait_for(|answering| *answering).await.is_err() {
                return;
            }
            if let Some(answer) = answer
                && stream.write_all(&answer).await.is_err()
            {
                break;
            }
        }
        self.state.lock().unwrap().ended += 1;
    }

    fn answer(&self, correlation_id: i32, version: i16, request: AnyRequest) -> Option<Vec<u8>> {
        let mut state = self.state.lock().unwrap();
        let answer = match request {
            AnyRequest::ApiVersions(_) => encode_response(correlation_id, version, &api_versions()),
            AnyRequest::Metadata(request) => {
                encode_response(correlation_id, version, &metadata(&state, self.node, &request))
            }
            AnyRequest::InitProducerId(_) => {
                state.next_producer_id += 1;
                let producer_id = state.next_producer_id;
                encode_response(
                    correlation_id,
                    version,
                    &InitProducerIdResponse {
                        producer_id,
                        ..Default::default()
                    },
                )
            }
            AnyRequest::Produce(request) => {
                let response = produce(&mut state, self.node, version, &request);
                if request.acks == 0 {
                    return None;
                }
                encode_response(correlation_id, version, &response)
            }
            other => panic!("a {} request reached the broker", other.api().name()),
        };
        Some(answer.unwrap())
    }
}

/// As a real broker: more than the bridge lets through.
fn api_versions() -> ApiVersionsResponse {
    let version = |api: &ApiKey| ApiVersion {
        api_key: api.key(),
        min_version: *api.versions().start(),
        max_version: *api.versions().end(),
    };
    ApiVersionsResponse {
        api_keys: ApiKey::ALL.iter().map(version).collect(),
        ..Default::default()
    }
}

fn metadata(state: &State, controller_id: i32, request: &MetadataRequest) -> MetadataResponse {
    let broker = |(node_id, address): (&i32, &SocketAddr)| MetadataResponseBroker {
        node_id: *node_id,
        host: address.ip().to_string(),
        port: address.port().into(),
        rack: Some(RACK.to_owned()),
    };
    let names: Vec<String> = match &request.topics {
        Some(topics) => topics.iter().filter_map(|topic| topic.name.clone()).collect(),
        None => state.topics.keys().cloned().collect(),
    };
    MetadataResponse {
        brokers: state.addresses.iter().map(broker).collect(),
        cluster_id: Some(CLUSTER_ID.to_owned()),
        controller_id,
        topics: names
            .into_iter()
            .map(|name| metadata_topic(state, name))
            .collect(),
        ..Default::default()
    }
}

fn metadata_topic(state: &State, name: String) -> MetadataResponseTopic {
    let Some(leaders) = state.topics.get(&name) else {
        let error_code = ErrorCode::UNKNOWN_TOPIC_OR_PARTITION;
        return MetadataResponseTopic {
            error_code,
            name: Some(name),
            ..Default::default()
        };
    };
    let partition = |(partition_index, leader_id): (i32, &i32)| MetadataResponsePartition {
        partition_index,
        leader_id: *leader_id,
        leader_epoch: 7,
        replica_nodes: vec![*leader_id],
        isr_nodes: vec![*leader_id],
        offline_replicas: vec![99],
        ..Default::default()
    };
    let partitions = (0..).zip(leaders).map(partition).collect();
    MetadataResponseTopic {
        name: Some(name),
        partitions,
        ..Default::default()
    }
}

fn produce(state: &mut State, node: i32, version: i16, request: &ProduceRequest) -> ProduceResponse {
    let mut response = ProduceResponse::default();
    for topic in &request.topic_data {
        let mut answered = TopicProduceResponse {
            name: topic.name.clone(),
            ..Default::default()
        };
        for partition in &topic.partition_data {
            let leader = state
                .topics
                .get(&topic.name)
                .and_then(|leaders| leaders.get(partition.index as usize));
            let mut result = PartitionProduceResponse {
                index: partition.index,
                base_offset: -1,
                ..Default::default()
            };
            match leader.copied() {
                Some(leader) if leader == node => {
                    let log = state
                        .log
                        .entry((topic.name.clone(), partition.index))
                        .or_default();
                    result.base_offset = log.len() as i64;
                    log.push(partition.records.clone().unwrap_or_default());
                }
                Some(leader_id) => {
                    result.error_code = ErrorCode::NOT_LEADER_OR_FOLLOWER;
                    result.error_message = state.error_message.clone();
                    if version >= 10 {
                        result.current_leader = Some(LeaderIdAndEpoch {
                            leader_id,
                            leader_epoch: 8,
                        });
                        response.node_endpoints.extend(endpoint(state, leader_id));
                    }
                }
                None => result.error_code = ErrorCode::UNKNOWN_TOPIC_OR_PARTITION,
            }
            answered.partition_responses.push(result);
        }
        response.responses.push(answered);
    }
    state.endpoints_sent += response.node_endpoints.len() as u64;
    response
}

fn endpoint(state: &State, node_id: i32) -> Option<NodeEndpoint> {
    let address = state.addresses.get(&node_id)?;
    let (host, port) = (address.ip().to_string(), address.port().into());
    Some(NodeEndpoint {
        node_id,
        host,
        port,
        rack: Some(RACK.to_owned()),
    })
}
