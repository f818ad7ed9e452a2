//! Lines 1 and 2: cross-site WebSocket hijacking, open proxy.

use crate::support::client::raw_http;
use crate::support::{Client, FakeCluster, ORIGIN, TestBridge};

async fn status(address: std::net::SocketAddr, path: &str, origin: Option<&str>) -> u16 {
    Client::connect(address, path, origin).await.err().unwrap_or(101)
}

#[tokio::test]
async fn t01_only_listed_origins_reach_a_browser_listener() {
    let cluster = FakeCluster::start(1).await;
    let bridge = TestBridge::start(&cluster).await;
    assert_eq!(status(bridge.browser, "/k/main/any", Some(ORIGIN)).await, 101);
    for origin in [
        None,
        Some("https://evil.example.com"),
        Some("https://shop.example.com.evil"),
        Some("https://shop.example.com:443"),
        Some("https://shop.example.com/"),
        Some("http://shop.example.com"),
        Some("HTTPS://SHOP.EXAMPLE.COM"),
        Some("null"),
        Some(""),
    ] {
        assert_eq!(
            status(bridge.browser, "/k/main/any", origin).await,
            403,
            "{origin:?}"
        );
    }
}

#[tokio::test]
async fn t01_a_second_origin_header_does_not_help() {
    let cluster = FakeCluster::start(1).await;
    let bridge = TestBridge::start(&cluster).await;
    let request = format!(
        "GET /k/main/any HTTP/1.1\r\nHost: b\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: kafka.v1\r\n\
         Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nOrigin: {ORIGIN}\r\nOrigin: https://evil\r\n\r\n"
    );
    assert!(
        raw_http(bridge.browser, &request)
            .await
            .starts_with("HTTP/1.1 403")
    );
}

#[tokio::test]
async fn t01_pages_do_not_reach_a_listener_for_programs() {
    let cluster = FakeCluster::start(1).await;
    let bridge = TestBridge::start(&cluster).await;
    assert_eq!(status(bridge.server, "/k/main/any", None).await, 101);
    assert_eq!(status(bridge.server, "/k/main/any", Some(ORIGIN)).await, 403);
}

#[tokio::test]
async fn t02_a_path_names_a_cluster_and_a_number_and_nothing_else() {
    let cluster = FakeCluster::start(1).await;
    let bridge = TestBridge::start(&cluster).await;
    for path in [
        "/k/other/any",
        "/k/main",
        "/k/main/",
        "/k/main/any/",
        "/k/main/-1",
        "/k/main/+1",
        "/k/main/99999999999",
        "/k/main/127.0.0.1:22",
        "/k/main/any?address=127.0.0.1:22/x",
        "/",
        "/k//any",
    ] {
        let expected = if path.contains('?') { 101 } else { 404 };
        assert_eq!(status(bridge.server, path, None).await, expected, "{path}");
    }
}

#[tokio::test]
async fn t02_a_page_that_may_not_connect_learns_nothing_about_clusters() {
    let cluster = FakeCluster::start(1).await;
    let bridge = TestBridge::start(&cluster).await;
    for path in ["/k/main/any", "/k/other/any"] {
        assert_eq!(status(bridge.browser, path, Some("https://evil")).await, 403);
    }
}

#[tokio::test]
async fn t02_brokers_outside_the_networks_are_not_dialled() {
    let cluster = FakeCluster::start(1).await;
    let rules = "topics = [\"clicks\"]\nnetworks = [\"10.0.0.0/8\"]";
    let bridge = TestBridge::custom(&cluster.bootstrap(), rules, "", "").await;
    let (code, reason) = bridge.connect("any").await.closed().await;
    assert_eq!(code, 1013);
    assert!(reason.contains("not in an allowed network"), "{reason}");
    assert_eq!(cluster.state().accepted, 0);
}

#[tokio::test]
async fn requests_that_are_no_kafka_websocket_are_told_so() {
    let cluster = FakeCluster::start(1).await;
    let bridge = TestBridge::start(&cluster).await;
    let upgrade = "Connection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n";
    let version = "Sec-WebSocket-Version: 13\r\n";
    let key = "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n";
    let protocol = "Sec-WebSocket-Protocol: kafka.v1\r\n";
    for (expected, headers) in [
        ("400", String::new()),
        (
            "426",
            format!("{upgrade}{key}{protocol}Sec-WebSocket-Version: 8\r\n"),
        ),
        ("400", format!("{upgrade}{version}{key}")),
        (
            "400",
            format!("{upgrade}{version}{key}Sec-WebSocket-Protocol: kafka.v10\r\n"),
        ),
        (
            "400",
            format!("{upgrade}{version}{protocol}Sec-WebSocket-Key: AAAA\r\n"),
        ),
    ] {
        let request = format!("GET /k/main/any HTTP/1.1\r\nHost: b\r\n{headers}\r\n");
        let response = raw_http(bridge.server, &request).await;
        assert!(
            response.starts_with(&format!("HTTP/1.1 {expected}")),
            "{headers}\n{response}"
        );
    }
}
