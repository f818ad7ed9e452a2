//! Line 8: topic escalation; line 11: what batches may be.

use bytes::Bytes;
use ottla_wire::messages::metadata::{MetadataRequest, MetadataRequestTopic, MetadataResponse};
use ottla_wire::messages::produce::{ProduceRequest, ProduceResponse};
use ottla_wire::{AnyRequest, ErrorCode};

use crate::support::client::{batch, batch_with, produce, results};
use crate::support::{FakeCluster, TestBridge};

const NONE: ErrorCode = ErrorCode::NONE;
const FORBIDDEN: ErrorCode = ErrorCode::TOPIC_AUTHORIZATION_FAILED;

fn metadata(names: &[&str]) -> MetadataRequest {
    let topic = |name: &&str| MetadataRequestTopic {
        name: Some((*name).to_owned()),
        ..Default::default()
    };
    MetadataRequest {
        topics: Some(names.iter().map(topic).collect()),
        ..Default::default()
    }
}

fn topics(response: &MetadataResponse) -> Vec<(&str, ErrorCode)> {
    response
        .topics
        .iter()
        .map(|topic| (topic.name.as_deref().unwrap(), topic.error_code))
        .collect()
}

#[tokio::test]
async fn t08_a_forbidden_topic_is_cut_out_and_answered_in_its_place() {
    let cluster = FakeCluster::start(1).await;
    let bridge = TestBridge::start(&cluster).await;
    let mut client = bridge.connect("1").await;
    let mebibyte = batch(&vec![7; (1 << 20) - 61]);
    for version in 3..=12 {
        cluster.state().log.clear();
        let request = produce(
            -1,
            &[
                ("clicks", &[(0, mebibyte.clone())]),
                (
                    "secret",
                    &[(0, batch(b"forbidden")), (3, batch(b"forbidden too"))],
                ),
                ("shop-a", &[(0, batch(b"behind"))]),
            ],
        );
        let response: ProduceResponse = client.ask(version, &request).await.unwrap();
        let expected = [
            ("clicks", 0, NONE),
            ("secret", 0, FORBIDDEN),
            ("secret", 3, FORBIDDEN),
            ("shop-a", 0, NONE),
        ];
        assert_eq!(results(&response), expected, "version {version}");
        assert!(cluster.log_of("clicks") == [&mebibyte]);
        assert_eq!(cluster.log_of("shop-a"), [batch(b"behind")]);
        assert_eq!(cluster.log_of("secret"), [] as [Bytes; 0]);
    }
    assert!(!cluster.names_seen().contains("secret"));
    assert!(cluster.state().unreadable.is_empty());
    assert_eq!(bridge.metric("ottla_bridge_refused_partitions_total").await, 20.0);
}

#[tokio::test]
async fn t08_a_request_of_forbidden_topics_only_is_answered_by_the_bridge() {
    let cluster = FakeCluster::start(1).await;
    let bridge = TestBridge::start(&cluster).await;
    let mut client = bridge.connect("1").await;
    let request = produce(
        1,
        &[("secret", &[(0, batch(b"a"))]), ("no topic", &[(0, batch(b"b"))])],
    );
    for version in 3..=12 {
        let response: ProduceResponse = client.ask(version, &request).await.unwrap();
        let expected = [
            ("secret", 0, FORBIDDEN),
            ("no topic", 0, ErrorCode::INVALID_TOPIC_EXCEPTION),
        ];
        assert_eq!(results(&response), expected);
    }
    assert_eq!(cluster.seen_apis(), []);
}

#[tokio::test]
async fn t08_with_acks_0_nobody_could_be_told_so_the_connection_ends() {
    let cluster = FakeCluster::start(1).await;
    let bridge = TestBridge::start(&cluster).await;
    let mut client = bridge.connect("1").await;
    client
        .send(9, &produce(0, &[("clicks", &[(0, batch(b"fine"))])]))
        .await;
    let response: MetadataResponse = client.ask(9, &metadata(&["clicks"])).await.unwrap();
    assert_eq!(topics(&response), [("clicks", NONE)]);
    assert_eq!(cluster.log_of("clicks"), [batch(b"fine")]);

    client
        .send(
            9,
            &produce(
                0,
                &[("clicks", &[(0, batch(b"x"))]), ("secret", &[(0, batch(b"y"))])],
            ),
        )
        .await;
    let (code, reason) = client.closed().await;
    assert_eq!(code, 4403);
    assert!(reason.contains("acks=0") && reason.contains("secret"), "{reason}");
    assert_eq!(cluster.log_of("clicks"), [batch(b"fine")]);
}

#[tokio::test]
async fn t08_metadata_shows_allowed_topics_only_and_creates_none() {
    let cluster = FakeCluster::start(1).await;
    let bridge = TestBridge::start(&cluster).await;
    let mut client = bridge.connect("any").await;
    let asked = ["clicks", "secret", "shop-a", "shop-new", "__consumer_offsets"];
    for version in 4..=11 {
        let request = MetadataRequest {
            include_topic_authorized_operations: version >= 8,
            include_cluster_authorized_operations: (8..=10).contains(&version),
            ..metadata(&asked)
        };
        let response: MetadataResponse = client.ask(version, &request).await.unwrap();
        let expected = [
            ("clicks", NONE),
            ("shop-a", NONE),
            ("shop-new", ErrorCode::UNKNOWN_TOPIC_OR_PARTITION),
            ("secret", FORBIDDEN),
            ("__consumer_offsets", FORBIDDEN),
        ];
        assert_eq!(topics(&response), expected, "version {version}");
    }
    assert_eq!(
        cluster.names_seen(),
        ["clicks", "shop-a", "shop-new"].map(str::to_owned).into()
    );
    for seen in &cluster.state().seen {
        let AnyRequest::Metadata(request) = &seen.request else {
            panic!("{seen:?}")
        };
        assert!(!request.allow_auto_topic_creation);
        assert!(
            !request.include_topic_authorized_operations && !request.include_cluster_authorized_operations
        );
    }
}

#[tokio::test]
async fn t08_all_topics_means_all_allowed_topics() {
    let cluster = FakeCluster::start(1).await;
    let all = MetadataRequest {
        topics: None,
        ..Default::default()
    };
    let bridge = TestBridge::start(&cluster).await;
    let response: MetadataResponse = bridge.connect("any").await.ask(9, &all).await.unwrap();
    assert_eq!(
        topics(&response),
        [("clicks", NONE), ("shop-a", NONE), ("shop-b", NONE)]
    );

    // Without prefixes the broker is not asked for what the client may not know.
    let rules = r#"topics = ["clicks", "not-there-yet"]"#;
    let bridge = TestBridge::custom(&cluster.bootstrap(), rules, "", "").await;
    cluster.state().seen.clear();
    let response: MetadataResponse = bridge.connect("any").await.ask(9, &all).await.unwrap();
    assert_eq!(topics(&response), [("clicks", NONE)]);
    assert_eq!(
        cluster.names_seen(),
        ["clicks", "not-there-yet"].map(str::to_owned).into()
    );
}

#[tokio::test]
async fn t08_no_transactions() {
    let cluster = FakeCluster::start(1).await;
    let bridge = TestBridge::start(&cluster).await;
    let mut client = bridge.connect("1").await;
    let refused = ErrorCode::TRANSACTIONAL_ID_AUTHORIZATION_FAILED;
    let plain = produce(-1, &[("clicks", &[(0, batch(b"a"))])]);
    let with_id = ProduceRequest {
        transactional_id: Some("t".to_owned()),
        ..plain
    };
    let response: ProduceResponse = client.ask(9, &with_id).await.unwrap();
    assert_eq!(results(&response), [("clicks", 0, refused)]);
    let with_flag = produce(-1, &[("clicks", &[(0, batch_with(0x10, 1, b"a"))])]);
    let response: ProduceResponse = client.ask(9, &with_flag).await.unwrap();
    assert_eq!(results(&response), [("clicks", 0, refused)]);
    assert_eq!(cluster.seen_apis(), []);
}

#[tokio::test]
async fn t11_batches_are_judged_by_their_headers_and_cut_out_one_by_one() {
    let cluster = FakeCluster::start(1).await;
    cluster.state().topics.insert("shop-a".to_owned(), vec![1; 6]);
    let listener = r#"codecs = ["none", "lz4"]"#;
    let bridge = TestBridge::custom(
        &cluster.bootstrap(),
        r#"topics = ["shop-*"]"#,
        listener,
        "records_per_batch = 50",
    )
    .await;
    let mut client = bridge.connect("1").await;
    let bomb = vec![0; 1000];
    for version in [3, 8, 9, 12] {
        let request = produce(
            -1,
            &[(
                "shop-a",
                &[
                    (0, batch_with(3, 50, b"good lz4")),
                    (1, batch_with(4, 1, &bomb)),
                    (2, batch_with(0, 51, b"too many")),
                    (3, Bytes::new()),
                    (4, batch_with(0, 1, b"good")),
                    (5, batch_with(0x20, 1, b"control")),
                ],
            )],
        );
        let response: ProduceResponse = client.ask(version, &request).await.unwrap();
        let mut found = results(&response);
        found.sort_by_key(|(_, index, _)| *index);
        let expected = [
            ("shop-a", 0, NONE),
            ("shop-a", 1, ErrorCode::UNSUPPORTED_COMPRESSION_TYPE),
            ("shop-a", 2, ErrorCode::MESSAGE_TOO_LARGE),
            ("shop-a", 3, ErrorCode::INVALID_RECORD),
            ("shop-a", 4, NONE),
            ("shop-a", 5, ErrorCode::INVALID_RECORD),
        ];
        assert_eq!(found, expected, "version {version}");
    }
    assert_eq!(cluster.log_of("shop-a").len(), 8);
    assert!(cluster.state().unreadable.is_empty());
}

#[tokio::test]
async fn acks_that_do_not_exist_are_an_error_and_no_hang() {
    let cluster = FakeCluster::start(1).await;
    let bridge = TestBridge::start(&cluster).await;
    let request = produce(2, &[("clicks", &[(0, batch(b"a"))])]);
    let response: ProduceResponse = bridge.connect("1").await.ask(9, &request).await.unwrap();
    assert_eq!(
        results(&response),
        [("clicks", 0, ErrorCode::INVALID_REQUIRED_ACKS)]
    );
}
