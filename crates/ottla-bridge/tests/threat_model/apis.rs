//! Line 7: API escalation; line 9: producer ids.

use ottla_wire::ErrorCode;
use ottla_wire::api::ApiKey;
use ottla_wire::messages::api_versions::{ApiVersionsRequest, ApiVersionsResponse};
use ottla_wire::messages::create_topics::CreateTopicsRequest;
use ottla_wire::messages::delete_topics::DeleteTopicsRequest;
use ottla_wire::messages::fetch::FetchRequest;
use ottla_wire::messages::find_coordinator::FindCoordinatorRequest;
use ottla_wire::messages::init_producer_id::{InitProducerIdRequest, InitProducerIdResponse};
use ottla_wire::messages::list_offsets::ListOffsetsRequest;
use ottla_wire::messages::metadata::MetadataRequest;
use ottla_wire::messages::sasl::SaslHandshakeRequest;

use crate::support::client::{batch, produce};
use crate::support::{Client, FakeCluster, TestBridge};

#[tokio::test]
async fn t07_api_versions_is_answered_by_the_bridge_with_the_allowed_four() {
    let cluster = FakeCluster::start(1).await;
    let bridge = TestBridge::start(&cluster).await;
    let mut client = bridge.connect("any").await;
    for version in 0..=4 {
        let response: ApiVersionsResponse =
            client.ask(version, &ApiVersionsRequest::default()).await.unwrap();
        let versions: Vec<_> = response
            .api_keys
            .iter()
            .map(|api| (api.api_key, api.min_version, api.max_version))
            .collect();
        assert_eq!(versions, [(0, 3, 12), (3, 4, 11), (18, 0, 4), (22, 0, 5)]);
    }
}

#[tokio::test]
async fn t07_an_unknown_version_of_api_versions_is_answered_in_version_0() {
    let cluster = FakeCluster::start(1).await;
    let bridge = TestBridge::start(&cluster).await;
    let mut client = bridge.connect("any").await;
    let mut frame = vec![0, 0, 0, 9, 0, 18, 0, 77, 0, 0, 0, 5];
    frame.push(0xff);
    client.send_bytes(frame).await;
    let (correlation_id, response) = client.answer::<ApiVersionsResponse>(0).await.unwrap();
    assert_eq!(
        (correlation_id, response.error_code),
        (5, ErrorCode::UNSUPPORTED_VERSION)
    );
    assert_eq!(response.api_keys.len(), 4);
}

/// Sends a forbidden request in front of an allowed one, and checks that neither reached the broker.
async fn is_closed(client: &mut Client, cluster: &FakeCluster, what: &str) {
    let (code, reason) = client.closed().await;
    assert_eq!(code, 4403, "{what}: {reason}");
    assert!(
        reason.contains(what) && reason.contains("does not pass"),
        "{reason}"
    );
    assert_eq!(cluster.seen_apis(), [], "{what}");
}

#[tokio::test]
async fn t07_whatever_is_not_publishing_closes_and_is_never_seen_by_the_broker() {
    let cluster = FakeCluster::start(1).await;
    let bridge = TestBridge::start(&cluster).await;
    macro_rules! refused {
        ($($version:literal $request:expr, $what:literal;)+) => {$(
            let mut client = bridge.connect("any").await;
            client.send($version, &$request).await;
            is_closed(&mut client, &cluster, $what).await;
        )+};
    }
    refused! {
        6 DeleteTopicsRequest::default(), "DeleteTopics";
        12 FetchRequest::default(), "Fetch";
        7 CreateTopicsRequest::default(), "CreateTopics";
        5 ListOffsetsRequest::default(), "ListOffsets";
        3 FindCoordinatorRequest::default(), "FindCoordinator";
        1 SaslHandshakeRequest::default(), "SaslHandshake";
        13 produce(1, &[("clicks", &[(0, batch(b"x"))])]), "Produce v13";
        12 MetadataRequest::default(), "Metadata v12";
        3 MetadataRequest::default(), "Metadata v3";
    }
    assert!(cluster.state().unreadable.is_empty());
    assert_eq!(
        bridge
            .metric("ottla_bridge_requests_total{api=\"other\",outcome=\"refused\"}")
            .await,
        9.0
    );
    assert_eq!(
        bridge.metric("ottla_bridge_closes_total{code=\"4403\"}").await,
        9.0
    );
}

#[tokio::test]
async fn t07_apis_that_nobody_knows_close_as_well() {
    let cluster = FakeCluster::start(1).await;
    let bridge = TestBridge::start(&cluster).await;
    for api in [-1_i16, 24, 71, 9999] {
        let mut client = bridge.connect("any").await;
        let mut frame = vec![0, 0, 0, 10];
        frame.extend(api.to_be_bytes());
        frame.extend([0, 0, 0, 0, 0, 1, 0xff, 0xff]);
        client.send_bytes(frame).await;
        is_closed(&mut client, &cluster, &format!("API {api}")).await;
    }
}

#[tokio::test]
async fn t07_a_forbidden_request_behind_an_allowed_one_closes_too() {
    let cluster = FakeCluster::start(1).await;
    let bridge = TestBridge::start(&cluster).await;
    let mut client = bridge.connect("1").await;
    let mut bytes = ottla_wire::encode_request(1, None, 4, &MetadataRequest::default()).unwrap();
    bytes.extend(ottla_wire::encode_request(2, None, 6, &DeleteTopicsRequest::default()).unwrap());
    client.send_bytes(bytes).await;
    assert_eq!(client.closed().await.0, 4403);
    assert!(
        cluster
            .state()
            .seen
            .iter()
            .all(|seen| seen.request.api() == ApiKey::Metadata)
    );
}

#[tokio::test]
async fn t07_identities_for_transactions_are_refused_with_their_own_error() {
    let cluster = FakeCluster::start(1).await;
    let bridge = TestBridge::start(&cluster).await;
    let mut client = bridge.connect("any").await;
    let request = InitProducerIdRequest {
        transactional_id: Some("t".to_owned()),
        ..Default::default()
    };
    for version in 0..=5 {
        let response: InitProducerIdResponse = client.ask(version, &request).await.unwrap();
        assert_eq!(
            response.error_code,
            ErrorCode::TRANSACTIONAL_ID_AUTHORIZATION_FAILED
        );
        assert_eq!(response.producer_id, -1);
    }
    assert_eq!(cluster.seen_apis(), []);
    let response: InitProducerIdResponse = client.ask(5, &InitProducerIdRequest::default()).await.unwrap();
    assert_eq!(
        (response.error_code, response.producer_id),
        (ErrorCode::NONE, 4001)
    );
}

#[tokio::test]
async fn t09_producer_ids_cannot_be_sprayed() {
    let cluster = FakeCluster::start(1).await;
    let bridge = TestBridge::with_limits(&cluster, "producer_ids_per_minute = 3").await;
    let mut client = bridge.connect("any").await;
    for _ in 0..3 {
        client
            .ask::<_, InitProducerIdResponse>(4, &InitProducerIdRequest::default())
            .await
            .unwrap();
    }
    client.send(4, &InitProducerIdRequest::default()).await;
    let (code, reason) = client.closed().await;
    assert_eq!(code, 4429, "{reason}");
    assert_eq!(cluster.seen_apis().len(), 3);
}
