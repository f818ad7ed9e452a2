//! Lines 15 and 16: addresses and topology.

use ottla_wire::ErrorCode;
use ottla_wire::messages::metadata::{MetadataRequest, MetadataResponse};
use ottla_wire::messages::produce::ProduceResponse;

use crate::support::broker::{CLUSTER_ID, HOST, RACK};
use crate::support::client::{batch, produce, results};
use crate::support::{Client, FakeCluster, TestBridge};

fn contains(bytes: &[u8], part: &str) -> bool {
    bytes.windows(part.len()).any(|window| window == part.as_bytes())
}

fn assert_no_trace_of_brokers(client: &Client) {
    assert!(!client.received.is_empty());
    for secret in [HOST, RACK, CLUSTER_ID] {
        assert!(
            !contains(&client.received, secret),
            "{secret} was sent to a client"
        );
    }
}

fn assert_hidden(response: &MetadataResponse) {
    assert!(!response.brokers.is_empty());
    for broker in &response.brokers {
        assert_eq!(
            (broker.host.as_str(), broker.port),
            (format!("n{}.bridge", broker.node_id).as_str(), 9092)
        );
        assert_eq!(broker.rack, None);
    }
    assert_eq!((response.controller_id, &response.cluster_id), (-1, &None));
    assert!(
        response
            .topics
            .iter()
            .flat_map(|topic| &topic.partitions)
            .all(|p| p.offline_replicas.is_empty())
    );
}

#[tokio::test]
async fn t15_t16_no_byte_of_a_broker_address_reaches_a_client_after_a_leader_move_either() {
    let cluster = FakeCluster::start(3).await;
    let bridge = TestBridge::start(&cluster).await;
    let mut client = bridge.connect("1").await;
    let all = MetadataRequest {
        topics: None,
        ..Default::default()
    };
    for version in 4..=11 {
        let response: MetadataResponse = client.ask(version, &all).await.unwrap();
        assert_hidden(&response);
        assert_eq!(response.topics[0].partitions[0].leader_id, 1);
    }
    let request = produce(-1, &[("clicks", &[(0, batch(b"a"))])]);
    let response: ProduceResponse = client.ask(12, &request).await.unwrap();
    assert_eq!(results(&response), [("clicks", 0, ErrorCode::NONE)]);

    cluster.state().topics.insert("clicks".to_owned(), vec![2]);
    let elsewhere = cluster.address(2);
    cluster.state().error_message = Some(format!("the leader moved to {elsewhere}"));
    for version in 3..=12 {
        let response: ProduceResponse = client.ask(version, &request).await.unwrap();
        assert_eq!(
            results(&response),
            [("clicks", 0, ErrorCode::NOT_LEADER_OR_FOLLOWER)]
        );
        let partition = &response.responses[0].partition_responses[0];
        assert_eq!(partition.error_message, None, "version {version}");
        if version < 10 {
            continue;
        }
        // The hint itself (KIP-951) is passed on: the client goes to the new leader without asking for Metadata.
        assert_eq!(
            partition.current_leader.as_ref().map(|leader| leader.leader_id),
            Some(2)
        );
        let [endpoint] = &response.node_endpoints[..] else {
            panic!("{response:?}")
        };
        assert_eq!(
            (endpoint.node_id, endpoint.host.as_str(), endpoint.port),
            (2, "n2.bridge", 9092)
        );
        assert_eq!(endpoint.rack, None);
    }
    assert!(
        cluster.state().endpoints_sent > 0,
        "the brokers sent no NodeEndpoints, so nothing was tested"
    );
    let mut second = bridge.connect("2").await;
    let response: ProduceResponse = second.ask(12, &request).await.unwrap();
    assert_eq!(results(&response), [("clicks", 0, ErrorCode::NONE)]);
    assert_no_trace_of_brokers(&client);
    assert_no_trace_of_brokers(&second);
}

#[tokio::test]
async fn t15_reasons_of_failure_name_no_address() {
    let mut cluster = FakeCluster::start(2).await;
    let bridge = TestBridge::start(&cluster).await;
    let response: MetadataResponse = bridge
        .connect("1")
        .await
        .ask(
            9,
            &MetadataRequest {
                topics: None,
                ..Default::default()
            },
        )
        .await
        .unwrap();
    assert_hidden(&response);
    cluster.kill(2).await;
    let (code, reason) = bridge.connect("2").await.closed().await;
    assert_eq!(code, 1013);
    assert!(
        reason.starts_with("broker 2 of cluster main cannot be reached") && !reason.contains(HOST),
        "{reason}"
    );
    let (code, reason) = bridge.connect("77").await.closed().await;
    assert_eq!(
        (code, reason.contains("no such broker")),
        (1013, true),
        "{reason}"
    );
}

#[tokio::test]
async fn t15_reasons_of_failure_do_not_name_what_a_host_name_stands_for() {
    let gone = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = gone.local_addr().unwrap().port();
    drop(gone);
    let topics = r#"topics = ["clicks"]"#;
    let elsewhere = r#"networks = ["10.0.0.0/8"]"#;
    for (cluster, needle) in [
        (topics.to_owned(), "refused"),
        (format!("{topics}\n{elsewhere}"), "not in an allowed network"),
    ] {
        let bridge = TestBridge::custom(&[format!("localhost:{port}")], &cluster, "", "").await;
        let (code, reason) = bridge.connect("any").await.closed().await;
        assert_eq!((code, reason.contains(needle)), (1013, true), "{reason}");
        for secret in ["127.0.0.1", "::1", "localhost", &port.to_string()] {
            assert!(!reason.contains(secret), "{reason}");
        }
    }
}
