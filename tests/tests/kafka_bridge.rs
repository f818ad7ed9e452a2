//! The bridge in front of a real Kafka whose brokers advertise 127.0.0.7: what passes, what does not, and what a client
//! never learns.

use std::net::TcpStream;

use bytes::Bytes;
use ottla_tests::bridge::{Bridge, ORIGIN};
use ottla_tests::kafka::Kafka;
use ottla_tests::kcat;
use ottla_wire::batch::BatchBuilder;
use ottla_wire::codec::Codec;
use ottla_wire::frame::FrameDecoder;
use ottla_wire::messages::metadata::{MetadataRequest, MetadataRequestTopic, MetadataResponse};
use ottla_wire::messages::produce::{
    PartitionProduceData, ProduceRequest, ProduceResponse, TopicProduceData,
};
use ottla_wire::{ErrorCode, Message};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::stream::MaybeTlsStream;
use tokio_tungstenite::tungstenite::{self, WebSocket, connect};

/// The host that no client may see.
const HIDDEN: &str = "127.0.0.7";
const PRODUCE: i16 = 12;
const METADATA: i16 = 11;

/// A client that remembers every byte that it was sent.
struct Client {
    socket: WebSocket<MaybeTlsStream<TcpStream>>,
    frames: FrameDecoder,
    received: Vec<u8>,
}

impl Client {
    fn open(bridge: &Bridge, node: &str) -> Self {
        let mut request = format!("{}/{node}", bridge.url())
            .into_client_request()
            .expect("a good address");
        let headers = request.headers_mut();
        headers.insert("Origin", HeaderValue::from_static(ORIGIN));
        headers.insert("Sec-WebSocket-Protocol", HeaderValue::from_static("kafka.v1"));
        let (socket, _) = connect(request).expect("the bridge lets this origin in");
        Self {
            socket,
            frames: FrameDecoder::new(1 << 20),
            received: Vec::new(),
        }
    }

    fn call<Q: Message, A: Message>(&mut self, version: i16, request: &Q) -> A {
        let bytes =
            ottla_wire::encode_request(7, Some("test"), version, request).expect("fields of that version");
        self.socket
            .send(tungstenite::Message::Binary(bytes.into()))
            .expect("an open socket");
        loop {
            if let Some(frame) = self.frames.next_frame().expect("frames of Kafka's size") {
                let (_, answer) =
                    ottla_wire::decode_response(version, &frame).expect("an answer of that version");
                return answer;
            }
            match self.socket.read().expect("the bridge answers") {
                tungstenite::Message::Binary(bytes) => {
                    self.received.extend_from_slice(&bytes);
                    self.frames.push(bytes);
                }
                other => panic!("{other:?}"),
            }
        }
    }

    /// No byte sequence names the hidden host, as text or as the port of a real broker in a field of four bytes.
    fn learned_nothing(&self, kafka: &Kafka) {
        let contains = |needle: &[u8]| self.received.windows(needle.len()).any(|window| window == needle);
        assert!(
            !contains(HIDDEN.as_bytes()),
            "the host of a broker reached the client"
        );
        for address in kafka.bootstrap().split(',') {
            let port: i32 = address
                .rsplit(':')
                .next()
                .and_then(|p| p.parse().ok())
                .expect("host:port");
            assert!(
                !contains(&port.to_be_bytes()),
                "port {port} of a broker reached the client"
            );
        }
    }
}

/// A batch whose value has this many bytes.
fn batch(size: usize) -> Bytes {
    let value = vec![b'x'; size];
    let mut builder = BatchBuilder::new(size + 200);
    builder
        .append(1_700_000_000_000, Some(b"k"), Some(&value), std::iter::empty())
        .expect("the first record fits");
    builder
        .seal(Codec::None, None)
        .expect("no codec, no limit")
        .to_bytes()
}

fn produce(topics: &[(&str, Bytes)]) -> ProduceRequest {
    let topic = |(name, records): &(&str, Bytes)| TopicProduceData {
        name: (*name).to_owned(),
        partition_data: vec![PartitionProduceData {
            index: 0,
            records: Some(records.clone()),
        }],
        ..Default::default()
    };
    ProduceRequest {
        acks: -1,
        timeout_ms: 10_000,
        topic_data: topics.iter().map(topic).collect(),
        ..Default::default()
    }
}

#[test]
fn one_request_with_an_allowed_and_a_forbidden_topic_does_half_of_it() {
    let kafka = Kafka::options()
        .host(HIDDEN)
        .config("message.max.bytes", "2000000")
        .start();
    for topic in ["shop-clicks", "secret"] {
        kafka.tools().create_topic(topic, 1, &[]);
    }
    let bridge = Bridge::start(kafka.bootstrap(), &["shop-*"]);
    let mut client = Client::open(&bridge, "1");
    // The large batch in front arrives before the name of the topic that is forbidden.
    let request = produce(&[("shop-clicks", batch(1 << 20)), ("secret", batch(10))]);
    let answer: ProduceResponse = client.call(PRODUCE, &request);
    let codes: Vec<_> = answer
        .responses
        .iter()
        .map(|topic| (topic.name.as_str(), topic.partition_responses[0].error_code))
        .collect();
    assert_eq!(
        codes,
        [
            ("shop-clicks", ErrorCode::NONE),
            ("secret", ErrorCode::TOPIC_AUTHORIZATION_FAILED)
        ]
    );
    client.learned_nothing(&kafka);
    assert_eq!(
        kcat::consume(kafka.bootstrap(), "shop-clicks", 0, &["-f", "%S\n"]).lines(),
        ["1048576"]
    );
    assert_eq!(kcat::consume(kafka.bootstrap(), "secret", 0, &[]).text(), "");
}

#[test]
fn a_leader_that_moved_is_named_without_its_address() {
    let mut kafka = Kafka::options().brokers(3).host(HIDDEN).start();
    kafka.tools().create_topic("moving", 1, &[]);
    let bridge = Bridge::start(kafka.bootstrap(), &["moving"]);
    let old = kafka.leader("moving", 0);
    kafka.node_mut(old).kill();
    let limit = std::time::Duration::from_secs(30);
    ottla_tests::wait::wait_until("another leader", limit, || kafka.leader("moving", 0) != old);
    kafka.node_mut(old).restart();
    // The broker that led before answers that it does not, and who does (KIP-951).
    let mut client = Client::open(&bridge, &old.to_string());
    let answer: ProduceResponse = client.call(PRODUCE, &produce(&[("moving", batch(10))]));
    let partition = &answer.responses[0].partition_responses[0];
    assert_eq!(
        partition.error_code,
        ErrorCode::NOT_LEADER_OR_FOLLOWER,
        "{answer:?}"
    );
    assert!(
        !answer.node_endpoints.is_empty(),
        "the broker sent no NodeEndpoints: this test would prove nothing"
    );
    let request = MetadataRequest {
        topics: Some(vec![MetadataRequestTopic {
            name: Some("moving".to_owned()),
            ..Default::default()
        }]),
        ..Default::default()
    };
    let metadata: MetadataResponse = client.call(METADATA, &request);
    assert!(
        !metadata.brokers.is_empty() && metadata.topics[0].error_code.is_ok(),
        "{metadata:?}"
    );
    client.learned_nothing(&kafka);
}
