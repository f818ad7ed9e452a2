//! Lines 10 and 12: sizes and framing.

use futures_util::SinkExt;
use ottla_wire::ErrorCode;
use ottla_wire::messages::api_versions::{ApiVersionsRequest, ApiVersionsResponse};
use ottla_wire::messages::metadata::{MetadataRequest, MetadataResponse};
use ottla_wire::messages::produce::ProduceResponse;
use tokio_tungstenite::tungstenite::Message;

use crate::support::client::{batch, produce, results};
use crate::support::{FakeCluster, TestBridge};

#[tokio::test]
async fn t10_lengths_that_are_negative_or_huge_close_without_allocating() {
    let cluster = FakeCluster::start(1).await;
    // A budget that could not hold what the lengths ask for: nothing may be reserved for them either.
    let bridge = TestBridge::start(&cluster).await;
    for len in [0x7fff_ffff, -1, i32::MIN, 1_064_961] {
        let mut client = bridge.connect("any").await;
        let mut bytes = len.to_be_bytes().to_vec();
        bytes.extend([0; 16]);
        client.send_bytes(bytes).await;
        let (code, reason) = client.closed().await;
        assert_eq!(code, 1009, "{reason}");
        assert!(reason.contains(&len.to_string()), "{reason}");
    }
    assert_eq!(cluster.seen_apis(), []);
}

#[tokio::test]
async fn t10_requests_other_than_produce_are_small() {
    let cluster = FakeCluster::start(1).await;
    let bridge = TestBridge::start(&cluster).await;
    let mut client = bridge.connect("any").await;
    let mut frame = vec![0; 70_000];
    frame[..8].copy_from_slice(&[0, 1, 0x11, 0x6c, 0, 3, 0, 9]);
    client.send_bytes(frame).await;
    assert_eq!(client.closed().await.0, 1009);
}

#[tokio::test]
async fn t10_counts_beyond_the_bytes_are_malformed_and_so_is_anything_after_the_end() {
    let cluster = FakeCluster::start(1).await;
    let bridge = TestBridge::start(&cluster).await;
    for version in [8_u8, 9, 12] {
        let request = produce(-1, &[("clicks", &[(0, batch(b"a"))])]);
        let good = ottla_wire::encode_request(1, None, version.into(), &request).unwrap();
        let mut longer = good.clone();
        longer.push(0);
        let mut shorter = good.clone();
        shorter.pop();
        let mut huge_count = good.clone();
        // Length, header, transactional id, acks, timeout: as many bytes in both encodings.
        huge_count[22] = 0x7f;
        for mut bytes in [longer, shorter, huge_count] {
            let len = (bytes.len() - 4) as u32;
            bytes[..4].copy_from_slice(&len.to_be_bytes());
            let mut client = bridge.connect("any").await;
            client.send_bytes(bytes).await;
            let (code, reason) = client.closed().await;
            assert_eq!(code, 1008, "{reason}");
            assert!(reason.starts_with("malformed Produce"), "{reason}");
        }
    }
    assert_eq!(cluster.seen_apis(), []);
}

#[tokio::test]
async fn t10_more_partitions_than_allowed_are_refused() {
    let cluster = FakeCluster::start(1).await;
    let bridge = TestBridge::with_limits(&cluster, "partitions_per_request = 4").await;
    let mut client = bridge.connect("1").await;
    let one = (0, batch(b"a"));
    let fits = produce(-1, &[("clicks", &[one.clone(), one.clone(), one.clone()])]);
    client.ask::<_, ProduceResponse>(9, &fits).await.unwrap();
    let too_many = produce(-1, &[("clicks", &[one.clone(), one.clone(), one.clone(), one])]);
    client.send(9, &too_many).await;
    let (code, reason) = client.closed().await;
    assert_eq!(code, 1008);
    assert!(reason.contains("more topics and partitions"), "{reason}");
}

#[tokio::test]
async fn t12_messages_of_one_byte_give_the_same_result() {
    let cluster = FakeCluster::start(1).await;
    let bridge = TestBridge::start(&cluster).await;
    let mut answers = Vec::new();
    for piece in [None, Some(1)] {
        let mut client = bridge.connect("1").await;
        client.piece = piece;
        let versions: ApiVersionsResponse = client.ask(3, &ApiVersionsRequest::default()).await.unwrap();
        let metadata: MetadataResponse = client.ask(9, &MetadataRequest::default()).await.unwrap();
        let request = produce(
            -1,
            &[
                ("clicks", &[(0, batch(&[9; 40_000]))]),
                ("secret", &[(0, batch(b"no"))]),
            ],
        );
        let produced: ProduceResponse = client.ask(12, &request).await.unwrap();
        let expected = [
            ("clicks", 0, ErrorCode::NONE),
            ("secret", 0, ErrorCode::TOPIC_AUTHORIZATION_FAILED),
        ];
        assert_eq!(results(&produced), expected);
        answers.push((versions, metadata));
    }
    assert_eq!(answers[0], answers[1]);
    let log = cluster.log_of("clicks");
    assert_eq!((log.len(), &log[0]), (2, &log[1]));
}

#[tokio::test]
async fn t12_a_text_message_closes_with_1003() {
    let cluster = FakeCluster::start(1).await;
    let bridge = TestBridge::start(&cluster).await;
    let mut client = bridge.connect("any").await;
    client.socket.send(Message::text("hello")).await.unwrap();
    assert_eq!(client.closed().await.0, 1003);
}

#[tokio::test]
async fn t12_pings_are_answered_between_and_inside_requests() {
    use futures_util::StreamExt;
    let cluster = FakeCluster::start(1).await;
    let bridge = TestBridge::start(&cluster).await;
    let mut client = bridge.connect("any").await;
    let bytes = ottla_wire::encode_request(1, None, 3, &ApiVersionsRequest::default()).unwrap();
    let (head, tail) = bytes.split_at(7);
    client.socket.send(Message::binary(head.to_vec())).await.unwrap();
    client
        .socket
        .send(Message::Ping(bytes::Bytes::from_static(b"still there?")))
        .await
        .unwrap();
    let pong = client.socket.next().await.unwrap().unwrap();
    assert_eq!(pong, Message::Pong(bytes::Bytes::from_static(b"still there?")));
    client.socket.send(Message::binary(tail.to_vec())).await.unwrap();
    let (correlation_id, _) = client.answer::<ApiVersionsResponse>(3).await.unwrap();
    assert_eq!(correlation_id, 1);
}
