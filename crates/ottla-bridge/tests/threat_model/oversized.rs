//! Line 10: Produce requests that are longer than the limit are answered without being held, so that their senders
//! split or fail at once.

use bytes::Bytes;
use ottla_wire::ErrorCode;
use ottla_wire::messages::metadata::{MetadataRequest, MetadataRequestTopic};
use ottla_wire::messages::produce::ProduceResponse;

use crate::support::client::{batch, produce, results};
use crate::support::{FakeCluster, TestBridge};

const LIMITS: &str = "request_bytes = 20000";
const VERSIONS: [i16; 4] = [3, 8, 9, 12];
const MEMORY: &str = "ottla_bridge_request_memory_bytes";
/// What is held of a request that is too long.
const OUTLINE: f64 = 65_536.0;

fn large() -> Bytes {
    batch(&[7; 40_000])
}

fn with_length(mut bytes: Vec<u8>) -> Vec<u8> {
    let len = (bytes.len() - 4) as u32;
    bytes[..4].copy_from_slice(&len.to_be_bytes());
    bytes
}

#[tokio::test]
async fn t10_a_batch_that_is_too_large_is_answered_and_those_beside_it_come_again() {
    let cluster = FakeCluster::start(1).await;
    let bridge = TestBridge::with_limits(&cluster, LIMITS).await;
    let one = (0, batch(b"small"));
    let request = produce(
        -1,
        &[
            ("clicks", &[one.clone(), (1, large()), (2, large())]),
            ("secret", &[(0, large())]),
            ("shop-a", &[(3, batch(b"small"))]),
        ],
    );
    let mut asked = 0;
    for version in VERSIONS {
        for piece in [None, Some(1), Some(999)] {
            let mut client = bridge.connect("1").await;
            client.piece = piece;
            let answer: ProduceResponse = client.ask(version, &request).await.unwrap();
            let expected = [
                ("clicks", 0, ErrorCode::NOT_ENOUGH_REPLICAS),
                ("clicks", 1, ErrorCode::MESSAGE_TOO_LARGE),
                ("clicks", 2, ErrorCode::MESSAGE_TOO_LARGE),
                ("secret", 0, ErrorCode::TOPIC_AUTHORIZATION_FAILED),
                ("shop-a", 3, ErrorCode::NOT_ENOUGH_REPLICAS),
            ];
            assert_eq!(results(&answer), expected, "v{version} {piece:?}");
            // The connection is where it was, and what has room passes.
            let fits = produce(-1, &[("clicks", std::slice::from_ref(&one))]);
            let answer: ProduceResponse = client.ask(version, &fits).await.unwrap();
            assert_eq!(results(&answer), [("clicks", 0, ErrorCode::NONE)]);
            asked += 1;
        }
    }
    assert_eq!(
        cluster.log_of("clicks").len(),
        asked,
        "nothing else reached the broker"
    );
    assert!(cluster.log_of("shop-a").is_empty());
    assert_eq!(bridge.metric(MEMORY).await, 0.0);
}

#[tokio::test]
async fn t10_batches_that_are_too_large_together_are_all_told_to_split() {
    let cluster = FakeCluster::start(1).await;
    let bridge = TestBridge::with_limits(&cluster, LIMITS).await;
    let third = batch(&[7; 8_000]);
    let request = produce(
        1,
        &[("clicks", &[(0, third.clone()), (1, third.clone()), (2, third)])],
    );
    for version in VERSIONS {
        let mut client = bridge.connect("1").await;
        let answer: ProduceResponse = client.ask(version, &request).await.unwrap();
        let each = [0, 1, 2].map(|partition| ("clicks", partition, ErrorCode::MESSAGE_TOO_LARGE));
        assert_eq!(results(&answer), each);
    }
    assert_eq!(cluster.seen_apis(), []);
}

#[tokio::test]
async fn t10_a_request_that_is_too_long_is_never_held() {
    let cluster = FakeCluster::start(1).await;
    let bridge = TestBridge::with_limits(&cluster, "request_bytes = 200000").await;
    let request = produce(-1, &[("clicks", &[(0, batch(&vec![7; 3_000_000]))])]);
    let bytes = ottla_wire::encode_request(1, None, 12, &request).unwrap();
    let mut client = bridge.connect("1").await;
    let (most, rest) = bytes.split_at(2_900_000);
    client.send_bytes(most.to_vec()).await;
    bridge.until_metric(MEMORY, |held| held > 0.0).await;
    assert_eq!(bridge.metric(MEMORY).await, OUTLINE);
    client.send_bytes(rest.to_vec()).await;
    let (_, answer) = client.answer::<ProduceResponse>(12).await.unwrap();
    assert_eq!(results(&answer), [("clicks", 0, ErrorCode::MESSAGE_TOO_LARGE)]);
    bridge.until_metric(MEMORY, |held| held == 0.0).await;
}

/// How the bridge closes upon bytes of which it may not read more.
async fn closes(bridge: &TestBridge, bytes: Vec<u8>) -> (u16, String) {
    let mut client = bridge.connect("1").await;
    client.send_bytes(bytes).await;
    client.closed().await
}

#[tokio::test]
async fn t10_a_request_that_is_too_long_and_malformed_closes() {
    let cluster = FakeCluster::start(1).await;
    let bridge = TestBridge::with_limits(&cluster, LIMITS).await;
    let request = produce(-1, &[("clicks", &[(0, large())])]);
    for version in VERSIONS {
        let good = ottla_wire::encode_request(1, None, version, &request).unwrap();
        let mut longer = good.clone();
        longer.push(0);
        let shorter = good[..good.len() - 1].to_vec();
        let mut huge_count = good.clone();
        // Length, header, transactional id, acks, timeout: as many bytes in both encodings.
        huge_count[22] = 0x7f;
        for bytes in [longer, shorter, huge_count] {
            let (code, reason) = closes(&bridge, with_length(bytes)).await;
            assert_eq!(code, 1008, "v{version}: {reason}");
            assert!(reason.starts_with("malformed Produce"), "{reason}");
        }
    }
    assert_eq!(cluster.seen_apis(), []);
}

#[tokio::test]
async fn t10_what_cannot_be_answered_closes() {
    let cluster = FakeCluster::start(1).await;
    let bridge = TestBridge::with_limits(&cluster, LIMITS).await;
    // Nobody waits for an answer to acks=0.
    let silent = produce(0, &[("clicks", &[(0, large())])]);
    let silent = ottla_wire::encode_request(1, None, 12, &silent).unwrap();
    let (code, reason) = closes(&bridge, silent).await;
    assert_eq!(code, 4403, "{reason}");
    assert!(reason.contains("longer than this bridge allows"), "{reason}");
    // Any other API, and a version that does not pass.
    let names = (0..4_000).map(|n| MetadataRequestTopic {
        name: Some(format!("shop-{n}")),
        ..Default::default()
    });
    let metadata = MetadataRequest {
        topics: Some(names.collect()),
        ..Default::default()
    };
    let metadata = ottla_wire::encode_request(1, None, 9, &metadata).unwrap();
    let produce_13 =
        ottla_wire::encode_request(1, None, 12, &produce(-1, &[("clicks", &[(0, large())])])).unwrap();
    let produce_13 = [&produce_13[..7], &[13], &produce_13[8..]].concat();
    // Names that fill more memory than an outline may have, whatever the records are.
    let name = "n".repeat(30_000);
    let one = [(0, batch(b"a"))];
    let names = [(&name[..], &one[..]); 3];
    let names = ottla_wire::encode_request(1, None, 12, &produce(-1, &names)).unwrap();
    for bytes in [metadata, produce_13, names] {
        let (code, reason) = closes(&bridge, bytes).await;
        assert_eq!(code, 1009, "{reason}");
        assert!(reason.ends_with("the limit is 20000"), "{reason}");
    }
    assert_eq!(cluster.seen_apis(), []);
}

#[tokio::test]
async fn t10_more_partitions_than_allowed_are_refused_in_a_request_that_is_too_long() {
    let cluster = FakeCluster::start(1).await;
    let limits = format!("{LIMITS}\npartitions_per_request = 4");
    let bridge = TestBridge::with_limits(&cluster, &limits).await;
    let four = [0, 1, 2, 3].map(|partition| (partition, large()));
    let request = ottla_wire::encode_request(1, None, 12, &produce(-1, &[("clicks", &four)])).unwrap();
    let (code, reason) = closes(&bridge, request).await;
    assert_eq!(code, 1008);
    assert!(reason.contains("more topics and partitions"), "{reason}");
}

#[tokio::test]
async fn t03_a_request_that_is_too_long_must_end_too() {
    let cluster = FakeCluster::start(1).await;
    let limits = format!("{LIMITS}\nframe_timeout_ms = 50");
    let bridge = TestBridge::with_limits(&cluster, &limits).await;
    let request = produce(-1, &[("clicks", &[(0, large())])]);
    let bytes = ottla_wire::encode_request(1, None, 12, &request).unwrap();
    let (code, reason) = closes(&bridge, bytes[..bytes.len() - 1].to_vec()).await;
    assert_eq!(
        (code, reason.as_str()),
        (4408, "a request did not arrive in time")
    );
}
