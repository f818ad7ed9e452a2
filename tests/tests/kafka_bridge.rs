//! The bridge in front of a real Kafka whose brokers advertise 127.0.0.7: what passes, what does not, and what a client
//! never learns.

use bytes::Bytes;
use ottla_tests::bridge::{Bridge, Client, Pieces};
use ottla_tests::kafka::Kafka;
use ottla_tests::kcat;
use ottla_wire::ErrorCode;
use ottla_wire::batch::BatchBuilder;
use ottla_wire::codec::Codec;
use ottla_wire::messages::metadata::{MetadataRequest, MetadataRequestTopic, MetadataResponse};
use ottla_wire::messages::produce::{
    PartitionProduceData, ProduceRequest, ProduceResponse, TopicProduceData,
};

/// The host that no client may see.
const HIDDEN: &str = "127.0.0.7";
const PRODUCE: i16 = 12;
const METADATA: i16 = 11;

/// Nothing that came over the socket names the hidden host or the port of a real broker: not the answer to the upgrade,
/// no message and no reason of a close. Ports are looked for as text behind a host, and as a field of four bytes.
fn learned_nothing(client: &Client, kafka: &Kafka) {
    let contains = |needle: &[u8]| {
        [client.heard(), client.received()]
            .into_iter()
            .flat_map(|bytes| bytes.windows(needle.len()))
            .any(|window| window == needle)
    };
    assert!(
        contains(b"HTTP/1.1 101 "),
        "what came before the first message was not looked at"
    );
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
            !contains(&port.to_be_bytes()) && !contains(format!(":{port}").as_bytes()),
            "port {port} of a broker reached the client"
        );
    }
}

/// The bridge cannot reach the broker that the client asked for, and says no more about it than that.
fn cannot_be_reached(bridge: &Bridge, kafka: &Kafka, node: &str, needle: &str) {
    for pieces in Pieces::ALL {
        let mut client = Client::open(bridge, node, pieces);
        let (code, reason) = client.closed();
        assert_eq!(code, 1013, "{reason}");
        assert!(
            reason.contains("cannot be reached: ") && reason.contains(needle),
            "{reason}"
        );
        let told = |text: &str| {
            client
                .heard()
                .windows(text.len())
                .any(|part| part == text.as_bytes())
        };
        assert!(told(&reason), "the reason itself must have been looked at");
        learned_nothing(&client, kafka);
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
    for pieces in Pieces::ALL {
        let mut client = Client::open(&bridge, "1", pieces);
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
            ],
            "{pieces:?}"
        );
        learned_nothing(&client, &kafka);
    }
    assert_eq!(
        kcat::consume(kafka.bootstrap(), "shop-clicks", 0, &["-f", "%S\n"]).lines(),
        ["1048576"; 2]
    );
    assert_eq!(kcat::consume(kafka.bootstrap(), "secret", 0, &[]).text(), "");
}

#[test]
fn a_leader_that_moved_is_named_without_its_address() {
    let mut kafka = Kafka::options().brokers(3).host(HIDDEN).start();
    kafka.tools().create_topic("moving", 1, &[]);
    let bridge = Bridge::start(kafka.bootstrap(), &["moving"]);
    let old = kafka.leader("moving", 0);
    // The bridge learns where that broker is, or it would only say that there is none.
    let mut client = Client::open(&bridge, &old.to_string(), Pieces::Whole);
    let answer: ProduceResponse = client.call(PRODUCE, &produce(&[("moving", batch(10))]));
    let partition = &answer.responses[0].partition_responses[0];
    assert!(partition.error_code.is_ok(), "{answer:?}");
    learned_nothing(&client, &kafka);
    kafka.node_mut(old).kill();
    cannot_be_reached(&bridge, &kafka, &old.to_string(), "refused");
    let limit = std::time::Duration::from_secs(30);
    ottla_tests::wait::wait_until("another leader", limit, || kafka.leader("moving", 0) != old);
    kafka.node_mut(old).restart();
    for pieces in Pieces::ALL {
        // The broker that led before answers that it does not, and who does (KIP-951).
        let mut client = Client::open(&bridge, &old.to_string(), pieces);
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
        learned_nothing(&client, &kafka);
    }
    for node in 1..=3 {
        kafka.node_mut(node).kill();
    }
    cannot_be_reached(&bridge, &kafka, "any", "refused");
}
