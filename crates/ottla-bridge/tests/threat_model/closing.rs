//! How connections end: at once in both directions, with a code and a reason, and without losing what was sent.

use std::pin::pin;

use futures_util::{FutureExt, SinkExt, StreamExt};
use ottla_wire::ErrorCode;
use ottla_wire::messages::api_versions::{ApiVersionsRequest, ApiVersionsResponse};
use ottla_wire::messages::metadata::{MetadataRequest, MetadataResponse};
use ottla_wire::messages::produce::ProduceResponse;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;

use crate::support::broker::State;
use crate::support::client::{batch, get, produce, results};
use crate::support::{FakeCluster, TestBridge};

#[tokio::test]
async fn the_end_of_the_broker_closes_the_websocket() {
    let mut cluster = FakeCluster::start(1).await;
    let bridge = TestBridge::start(&cluster).await;
    let mut client = bridge.connect("any").await;
    client
        .ask::<_, ApiVersionsResponse>(3, &ApiVersionsRequest::default())
        .await
        .unwrap();
    cluster.kill(1).await;
    let (code, reason) = client.closed().await;
    assert_eq!(
        (code, reason.as_str()),
        (1001, "any broker closed the connection")
    );
}

#[tokio::test]
async fn the_end_of_the_client_reaches_the_broker_with_or_without_a_close_frame() {
    let cluster = FakeCluster::start(1).await;
    let bridge = TestBridge::start(&cluster).await;
    let mut polite = bridge.connect("any").await;
    polite
        .ask::<_, ApiVersionsResponse>(3, &ApiVersionsRequest::default())
        .await
        .unwrap();
    polite.socket.send(Message::Close(None)).await.unwrap();
    assert_eq!(polite.closed().await.0, 1000);
    cluster
        .until("the broker sees the end", |state| state.ended == 1)
        .await;

    let mut rude = bridge.connect("any").await;
    rude.ask::<_, ApiVersionsResponse>(3, &ApiVersionsRequest::default())
        .await
        .unwrap();
    drop(rude);
    cluster
        .until("the broker sees the end", |state| state.ended == 2)
        .await;
}

#[tokio::test]
async fn the_end_of_a_client_is_seen_while_the_broker_owes_answers() {
    let cluster = FakeCluster::start(1).await;
    cluster.hold_answers();
    let bridge = TestBridge::with_limits(&cluster, "in_flight = 1").await;
    let mut client = bridge.connect("1").await;
    client
        .send(9, &produce(-1, &[("clicks", &[(0, batch(b"a"))])]))
        .await;
    cluster
        .until("the request is there", |state| state.seen.len() == 1)
        .await;
    drop(client);
    bridge
        .until_metric("ottla_bridge_closes_total{code=\"0\"}", |value| value >= 1.0)
        .await;
}

#[tokio::test]
async fn what_an_acks_0_client_sent_before_it_closed_arrives() {
    let cluster = FakeCluster::start(1).await;
    let bridge = TestBridge::start(&cluster).await;
    for round in 1..=20 {
        let mut client = bridge.connect("1").await;
        // An answer that is never read: closing the broker's socket with it unread would reset the connection.
        client.send(9, &MetadataRequest::default()).await;
        for _ in 0..5 {
            client
                .send(9, &produce(0, &[("clicks", &[(0, batch(&[1; 20_000]))])]))
                .await;
        }
        client.socket.send(Message::Close(None)).await.unwrap();
        let all = |state: &State| state.log.values().map(Vec::len).sum::<usize>() == 5 * round;
        cluster.until("everything arrived", all).await;
    }
}

#[tokio::test]
async fn requests_in_flight_are_answered_before_a_shutdown_ends() {
    let cluster = FakeCluster::start(1).await;
    cluster.hold_answers();
    let mut bridge = TestBridge::start(&cluster).await;
    let (server, admin) = (bridge.server, bridge.admin);
    let mut client = bridge.connect("1").await;
    let mut idle = bridge.connect("1").await;
    client
        .send(9, &produce(-1, &[("clicks", &[(0, batch(b"a"))])]))
        .await;
    cluster
        .until("the request is there", |state| state.seen.len() == 1)
        .await;
    bridge.shut_down();
    let (code, reason) = idle.closed().await;
    assert_eq!((code, reason.as_str()), (1001, "the bridge is shutting down"));
    assert_eq!(get(admin, "/health").await, "shutting down\n");
    assert!(TcpStream::connect(server).await.is_err(), "it still accepts");
    let mut finished = pin!(bridge.finished());
    assert!(
        (&mut finished).now_or_never().is_none(),
        "it did not wait for the answer"
    );
    cluster.release_answers();
    let (_, response) = client.answer::<ProduceResponse>(9).await.unwrap();
    assert_eq!(results(&response), [("clicks", 0, ErrorCode::NONE)]);
    assert_eq!(client.closed().await.0, 1001);
    drop((client, idle));
    finished.await;
}

#[tokio::test]
async fn a_broker_that_comes_back_elsewhere_is_found() {
    let mut cluster = FakeCluster::start(2).await;
    cluster.state().topics.insert("clicks".to_owned(), vec![2]);
    let bridge = TestBridge::start(&cluster).await;
    let request = produce(-1, &[("clicks", &[(0, batch(b"a"))])]);
    for round in 0..3 {
        let response: ProduceResponse = bridge.connect("2").await.ask(9, &request).await.unwrap();
        assert_eq!(
            results(&response),
            [("clicks", 0, ErrorCode::NONE)],
            "round {round}"
        );
        cluster.kill(2).await;
        cluster.start_broker(2).await;
        // A client that asks for Metadata tells the bridge what it hears.
        let metadata = MetadataRequest {
            topics: Some(Vec::new()),
            ..Default::default()
        };
        bridge
            .connect("1")
            .await
            .ask::<_, MetadataResponse>(9, &metadata)
            .await
            .unwrap();
    }
}

#[tokio::test]
async fn one_bootstrap_broker_that_is_down_does_no_harm() {
    let mut cluster = FakeCluster::start(3).await;
    let bootstrap = cluster.bootstrap();
    cluster.kill(1).await;
    let bridge = TestBridge::custom(&bootstrap, r#"topics = ["clicks"]"#, "", "").await;
    for _ in 0..3 {
        bridge
            .connect("any")
            .await
            .ask::<_, MetadataResponse>(9, &MetadataRequest::default())
            .await
            .unwrap();
    }
    let mut client = bridge.connect("3").await;
    client
        .ask::<_, MetadataResponse>(9, &MetadataRequest::default())
        .await
        .unwrap();
    while let Ok(Some(_)) = tokio::time::timeout(std::time::Duration::ZERO, client.socket.next()).await {}
}
