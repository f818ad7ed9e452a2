//! Line 4: peers that do not read, and the byte budget.

use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::SinkExt;
use ottla_wire::ErrorCode;
use ottla_wire::messages::metadata::MetadataRequest;
use ottla_wire::messages::produce::ProduceResponse;
use tokio_tungstenite::tungstenite::Message;

use crate::support::client::{Pusher, batch, encoded, produce, results};
use crate::support::{FakeCluster, TestBridge};

/// For what takes a moment; longer than any moment on a busy machine.
const LONGEST: Duration = Duration::from_secs(60);

#[tokio::test]
async fn t04_a_broker_that_does_not_read_stops_the_clients_and_costs_one_request_each() {
    const CLIENTS: usize = 20;
    let cluster = FakeCluster::start(1).await;
    let bridge = TestBridge::with_limits(&cluster, "in_flight = 1000").await;
    let mut clients = Vec::new();
    for _ in 0..CLIENTS {
        clients.push(bridge.open("1").await);
    }
    cluster.freeze();
    let request = encoded(-1, 65_536);
    let mut pushers = clients
        .iter()
        .map(|client| Pusher::new(client, &request))
        .collect::<Vec<_>>();
    let one_each = (CLIENTS * (request.len() - 4)) as f64;
    let (mut held, mut more_rounds) = (0.0, 20);
    let deadline = Instant::now() + LONGEST;
    while more_rounds > 0 {
        assert!(Instant::now() < deadline, "{held} bytes are held, not {one_each}");
        pushers.iter_mut().for_each(Pusher::push);
        held = bridge.metric("ottla_bridge_request_memory_bytes").await;
        assert!(
            held <= one_each,
            "{held} bytes; {one_each} would be one request for each client"
        );
        more_rounds -= i32::from(held == one_each);
    }
    assert_eq!(held, one_each);
}

#[tokio::test]
async fn t04_a_broker_that_does_not_read_for_too_long_ends_the_connection() {
    let cluster = FakeCluster::start(1).await;
    let bridge = TestBridge::with_limits(&cluster, "stall_timeout_ms = 100\nin_flight = 1000").await;
    let client = bridge.open("1").await;
    cluster.freeze();
    let mut pusher = Pusher::new(&client, &encoded(-1, 65_536));
    let deadline = Instant::now() + LONGEST;
    while bridge.metric("ottla_bridge_closes_total{code=\"4408\"}").await < 1.0 {
        assert!(Instant::now() < deadline, "it is not closed");
        pusher.push();
    }
    assert_eq!(bridge.metric("ottla_bridge_request_memory_bytes").await, 0.0);
}

#[tokio::test]
async fn t04_a_client_that_does_not_read_stops_its_own_requests() {
    let cluster = FakeCluster::start(1).await;
    // Metadata that is larger than what sockets hold.
    cluster
        .state()
        .topics
        .insert("shop-big".to_owned(), vec![1; 20_000]);
    let bridge = TestBridge::with_limits(&cluster, "stall_timeout_ms = 500").await;
    let mut client = bridge.open("1").await;
    let ask = ottla_wire::encode_request(
        1,
        None,
        9,
        &MetadataRequest {
            topics: None,
            ..Default::default()
        },
    );
    let mut batch_of_asks = Vec::new();
    let ask = ask.unwrap();
    (0..300).for_each(|_| batch_of_asks.extend_from_slice(&ask));
    client.send_bytes(batch_of_asks).await;
    let deadline = Instant::now() + LONGEST;
    while bridge.metric("ottla_bridge_closes_total{code=\"4408\"}").await < 1.0 {
        assert!(Instant::now() < deadline, "it is not closed");
        assert!(bridge.metric("ottla_bridge_answer_memory_bytes").await < 3e6);
    }
    let seen = cluster.seen_apis().len();
    assert!(
        seen < 100,
        "{seen} requests went to the broker although no answer was read"
    );
    bridge
        .until_metric("ottla_bridge_answer_memory_bytes", |value| value == 0.0)
        .await;
}

const SMALL_BUDGET: &str = "memory_bytes = 1048576\nrequest_bytes = 700000\nresponse_bytes = 65536";

#[tokio::test]
async fn t04_requests_wait_for_the_budget() {
    let cluster = FakeCluster::start(1).await;
    let bridge = TestBridge::with_limits(&cluster, SMALL_BUDGET).await;
    let (mut first, mut second) = (bridge.open("1").await, bridge.open("1").await);
    let request = encoded(-1, 600_000);
    let (head, tail) = (request.slice(..1000), request.slice(1000..));
    first.socket.send(Message::Binary(head)).await.unwrap();
    bridge
        .until_metric("ottla_bridge_request_memory_bytes", |value| value > 0.0)
        .await;
    let whole = request.to_vec();
    let waiting = tokio::spawn(async move {
        second.send_bytes(whole).await;
        second.answer::<ProduceResponse>(9).await.unwrap().1
    });
    for _ in 0..50 {
        // Each of these is a round through the runtime and the sockets.
        assert!(bridge.metric("ottla_bridge_request_memory_bytes").await > 600_000.0);
        assert_eq!(cluster.seen_apis(), []);
    }
    assert!(!waiting.is_finished());
    first.socket.send(Message::Binary(tail)).await.unwrap();
    let (_, response) = first.answer::<ProduceResponse>(9).await.unwrap();
    assert_eq!(results(&response), [("clicks", 0, ErrorCode::NONE)]);
    assert_eq!(results(&waiting.await.unwrap()), [("clicks", 0, ErrorCode::NONE)]);
    assert_eq!(bridge.metric("ottla_bridge_request_memory_bytes").await, 0.0);
}

#[tokio::test]
async fn t04_a_budget_that_stays_used_up_says_so() {
    let cluster = FakeCluster::start(1).await;
    let limits = format!("{SMALL_BUDGET}\nstall_timeout_ms = 100");
    let bridge = TestBridge::with_limits(&cluster, &limits).await;
    let (mut hog, mut other) = (bridge.open("1").await, bridge.open("1").await);
    let request = encoded(-1, 600_000);
    hog.socket
        .send(Message::Binary(request.slice(..1000)))
        .await
        .unwrap();
    bridge
        .until_metric("ottla_bridge_request_memory_bytes", |value| value > 0.0)
        .await;
    other
        .socket
        .send(Message::Binary(request.slice(..1000)))
        .await
        .unwrap();
    let (code, reason) = other.closed().await;
    assert_eq!(code, 1013);
    assert!(reason.contains("budget"), "{reason}");
    hog.socket
        .send(Message::Binary(request.slice(1000..)))
        .await
        .unwrap();
    let (_, response) = hog.answer::<ProduceResponse>(9).await.unwrap();
    assert_eq!(results(&response), [("clicks", 0, ErrorCode::NONE)]);
}

#[tokio::test]
async fn t04_what_the_bridge_adds_to_answers_is_counted_too() {
    let cluster = FakeCluster::start(1).await;
    cluster.hold_answers();
    let bridge = TestBridge::start(&cluster).await;
    let mut client = bridge.open("1").await;
    let refused: Vec<_> = (0..4000).map(|index| (index, Bytes::new())).collect();
    let request = produce(-1, &[("secret", &refused), ("clicks", &[(0, batch(b"x"))])]);
    client.send(9, &request).await;
    bridge
        .until_metric("ottla_bridge_answer_memory_bytes", |value| value > 4000.0 * 60.0)
        .await;
    cluster.release_answers();
    let (_, response) = client.answer::<ProduceResponse>(9).await.unwrap();
    assert_eq!(results(&response).len(), 4001);
    bridge
        .until_metric("ottla_bridge_answer_memory_bytes", |value| value == 0.0)
        .await;
}
