//! Lines 3, 5 and 18: slow and many connections, and who may look at the metrics.

use std::net::SocketAddr;

use futures_util::StreamExt;
use ottla_bridge::{Bridge, Config};
use ottla_wire::messages::api_versions::{ApiVersionsRequest, ApiVersionsResponse};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;

use crate::support::client::{get, raw_http};
use crate::support::{Client, FakeCluster, ORIGIN, TestBridge};

#[tokio::test]
async fn t03_headers_that_do_not_end_in_time_end_the_connection() {
    let cluster = FakeCluster::start(1).await;
    let bridge = TestBridge::with_limits(&cluster, "header_timeout_ms = 50").await;
    let mut stream = TcpStream::connect(bridge.server).await.unwrap();
    stream
        .write_all(b"GET /k/main/any HTTP/1.1\r\nHost: b\r\nX-Slow: ")
        .await
        .unwrap();
    let mut rest = Vec::new();
    stream.read_to_end(&mut rest).await.unwrap();
    assert!(!rest.starts_with(b"HTTP/1.1 101"));
}

#[tokio::test]
async fn t03_headers_are_few_and_short() {
    let cluster = FakeCluster::start(1).await;
    let bridge = TestBridge::start(&cluster).await;
    let many = "X-A: b\r\n".repeat(100);
    let long = format!("X-A: {}\r\n", "b".repeat(20_000));
    for headers in [many, long] {
        let mut stream = TcpStream::connect(bridge.server).await.unwrap();
        stream
            .write_all(format!("GET /k/main/any HTTP/1.1\r\n{headers}\r\n").as_bytes())
            .await
            .unwrap();
        let mut status = [0; 12];
        stream.read_exact(&mut status).await.unwrap();
        assert_eq!(&status, b"HTTP/1.1 431");
    }
}

#[tokio::test]
async fn t03_a_websocket_must_be_used() {
    let cluster = FakeCluster::start(1).await;
    let bridge = TestBridge::with_limits(&cluster, "first_request_timeout_ms = 50").await;
    let (code, reason) = bridge.connect("any").await.closed().await;
    assert_eq!((code, reason.as_str()), (4408, "no request arrived in time"));
}

#[tokio::test]
async fn t03_a_request_that_has_begun_must_end() {
    let cluster = FakeCluster::start(1).await;
    let bridge = TestBridge::with_limits(&cluster, "frame_timeout_ms = 50").await;
    for begun in [vec![0, 0], vec![0, 0, 0, 100, 0, 3]] {
        let mut client = bridge.connect("any").await;
        client.send_bytes(begun).await;
        let (code, reason) = client.closed().await;
        assert_eq!(
            (code, reason.as_str()),
            (4408, "a request did not arrive in time")
        );
    }
}

#[tokio::test]
async fn t03_a_client_that_gives_no_sign_of_life_is_closed() {
    let cluster = FakeCluster::start(1).await;
    let bridge = TestBridge::with_limits(&cluster, "ping_interval_ms = 20").await;
    let mut client = bridge.connect("any").await;
    client
        .ask::<_, ApiVersionsResponse>(3, &ApiVersionsRequest::default())
        .await
        .unwrap();
    // Not read, so its Pings are not answered.
    bridge
        .until_metric("ottla_bridge_closes_total{code=\"4408\"}", |value| value >= 1.0)
        .await;
    let mut pings = 0;
    loop {
        match client.socket.next().await.unwrap().unwrap() {
            Message::Ping(_) => pings += 1,
            Message::Close(Some(frame)) => break assert_eq!(u16::from(frame.code), 4408),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(pings, 2);
}

async fn status(address: SocketAddr, origin: Option<&str>) -> Result<Client, u16> {
    Client::connect(address, "/k/main/any", origin).await
}

#[tokio::test]
async fn t05_connections_are_limited_in_all_and_per_address() {
    let cluster = FakeCluster::start(1).await;
    let limits = "connections = 3\nconnections_per_ip = 1";
    let bridge = TestBridge::with_limits(&cluster, limits).await;
    let mut first = status(bridge.browser, Some(ORIGIN)).await.ok().unwrap();
    assert_eq!(status(bridge.browser, Some(ORIGIN)).await.err(), Some(429));
    let _second = status(bridge.server, None).await.ok().unwrap();
    let _third = status(bridge.server, None).await.ok().unwrap();
    assert_eq!(status(bridge.server, None).await.err(), Some(503));

    first.socket.close(None).await.unwrap();
    while let Some(Ok(_)) = first.socket.next().await {}
    drop(first);
    bridge
        .until_metric("ottla_bridge_connections", |value| value <= 2.0)
        .await;
    assert!(status(bridge.browser, Some(ORIGIN)).await.is_ok());
    assert_eq!(
        bridge
            .metric("ottla_bridge_refused_upgrades_total{code=\"429\"}")
            .await,
        1.0
    );
}

#[tokio::test]
async fn t05_connections_that_are_opened_too_fast_are_told_when_to_come_back() {
    let cluster = FakeCluster::start(1).await;
    let bridge = TestBridge::with_limits(&cluster, "handshakes_per_second_per_ip = 1").await;
    let mut opened = Vec::new();
    while let Ok(client) = status(bridge.browser, Some(ORIGIN)).await {
        opened.push(client);
        assert!(opened.len() < 20, "nothing limits handshakes");
    }
    let request = format!(
        "GET /k/main/any HTTP/1.1\r\nHost: b\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: kafka.v1\r\n\
         Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nOrigin: {ORIGIN}\r\n\r\n"
    );
    let response = raw_http(bridge.browser, &request).await;
    assert!(
        response.starts_with("HTTP/1.1 429") && response.contains("retry-after: 2"),
        "{response}"
    );
}

#[tokio::test]
async fn t18_metrics_are_for_this_machine_and_tell_no_names() {
    let cluster = FakeCluster::start(1).await;
    let bridge = TestBridge::start(&cluster).await;
    let mut client = bridge.connect("any").await;
    client
        .ask::<_, ApiVersionsResponse>(3, &ApiVersionsRequest::default())
        .await
        .unwrap();
    let page = get(bridge.admin, "/metrics").await;
    assert!(
        page.contains("ottla_bridge_requests_total{api=\"ApiVersions\",outcome=\"answered\"} 1"),
        "{page}"
    );
    assert!(
        page.contains("ottla_bridge_connections 1") && page.ends_with("# EOF\n"),
        "{page}"
    );
    assert_eq!(get(bridge.admin, "/health").await, "ok\n");
    for (path, host) in [
        ("/metrics", "rebound.example.com"),
        ("/health", "rebound.example.com"),
    ] {
        let response = raw_http(
            bridge.admin,
            &format!("GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n"),
        )
        .await;
        assert!(response.starts_with("HTTP/1.1 403"), "{response}");
    }
}

#[tokio::test]
async fn a_bind_beyond_loopback_is_refused_even_without_a_file() {
    let cluster = FakeCluster::start(1).await;
    let text = format!(
        "[[listener]]\nbind = \"127.0.0.1:0\"\nclass = \"server\"\n\
         [[cluster]]\nname = \"main\"\nbootstrap = {:?}\ntopics = [\"t\"]",
        cluster.bootstrap()
    );
    let mut config = Config::from_toml_str(&text).unwrap();
    config.listeners[0].bind = "0.0.0.0:0".parse().unwrap();
    let error = Bridge::bind(config).await.err().unwrap().to_string();
    assert!(
        error.contains("no tokens yet") && error.contains("127.0.0.1"),
        "{error}"
    );
}
