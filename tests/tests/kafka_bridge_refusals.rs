//! What the bridge before a real Kafka refuses, and that Kafka never hears of it: a proxy before the broker counts the
//! requests that arrive.

use ottla_tests::bridge::{Bridge, Client, ORIGIN, Pieces, Refused};
use ottla_tests::kafka::Kafka;
use ottla_tests::places;
use ottla_tests::run::Run;
use ottla_wire::Message;
use ottla_wire::api::ApiKey;
use ottla_wire::messages::api_versions::{ApiVersionsRequest, ApiVersionsResponse};
use ottla_wire::messages::delete_topics::DeleteTopicsRequest;
use ottla_wire::messages::fetch::{FetchPartition, FetchRequest, FetchTopic};
use ottla_wire::messages::metadata::{MetadataRequest, MetadataRequestTopic, MetadataResponse};

const TOPIC: &str = "clicks";
const API_VERSIONS: i16 = 3;
const METADATA: i16 = 11;
const DELETE_TOPICS: i16 = 5;
const FETCH: i16 = 12;
/// Nothing here is about how fast one address may come back.
const LIMITS: &str = "[limits]\nhandshakes_per_second_per_ip = 1000\n";

fn setup() -> (Kafka, Bridge) {
    let kafka = Kafka::options().proxied().start();
    kafka.tools().create_topic(TOPIC, 1, &[]);
    let bridge = Bridge::start_with(&kafka.proxied_bootstrap(), &[TOPIC], &[ORIGIN], LIMITS);
    (kafka, bridge)
}

/// What passes, and so shows that the proxy counts and that the bridge still serves.
fn metadata_of_the_topic(client: &mut Client) {
    let _: ApiVersionsResponse = client.call(API_VERSIONS, &ApiVersionsRequest::default());
    let topic = MetadataRequestTopic {
        name: Some(TOPIC.to_owned()),
        ..Default::default()
    };
    let request = MetadataRequest {
        topics: Some(vec![topic]),
        ..Default::default()
    };
    let metadata: MetadataResponse = client.call(METADATA, &request);
    assert!(metadata.topics[0].error_code.is_ok(), "{metadata:?}");
}

#[test]
fn origins_that_are_missing_wrong_or_longer_are_answered_403() {
    let (kafka, bridge) = setup();
    let longer = [".evil", ":80", "/", "@evil"].map(|suffix| format!("{ORIGIN}{suffix}"));
    let others = ["https://shop.example.com", "http://example.com", "null", ""];
    let wrong = longer.iter().map(String::as_str).chain(others).map(Some);
    for origin in wrong.chain([None]) {
        let opened = Client::try_open(&bridge, "any", origin, Pieces::Whole);
        assert_eq!(opened.err(), Some(Refused(403)), "Origin: {origin:?}");
    }
    assert_eq!(
        kafka.proxy(1).connections(),
        0,
        "a broker was dialled for somebody who may not connect"
    );
    metadata_of_the_topic(&mut Client::open(&bridge, "any", Pieces::Whole));
    assert!(kafka.proxy(1).connections() > 0);
}

/// Sends one request; it ends its connection.
fn is_refused<Q: Message>(bridge: &Bridge, pieces: Pieces, version: i16, request: &Q) {
    let mut client = Client::open(bridge, "1", pieces);
    metadata_of_the_topic(&mut client);
    client.send(version, request);
    let (code, reason) = client.closed();
    assert_eq!(code, 4403, "{reason}");
    assert!(reason.contains(Q::API.name()), "{reason}");
}

#[test]
fn delete_topics_and_fetch_close_the_socket_and_kafka_sees_neither() {
    let (kafka, bridge) = setup();
    let delete = DeleteTopicsRequest {
        topic_names: vec![TOPIC.to_owned()],
        timeout_ms: 10_000,
        ..Default::default()
    };
    let partition = FetchPartition {
        partition_max_bytes: 1 << 20,
        ..Default::default()
    };
    let fetch = FetchRequest {
        max_wait_ms: 100,
        min_bytes: 1,
        topics: vec![FetchTopic {
            topic: TOPIC.to_owned(),
            partitions: vec![partition],
            ..Default::default()
        }],
        ..Default::default()
    };
    for pieces in Pieces::ALL {
        is_refused(&bridge, pieces, DELETE_TOPICS, &delete);
        is_refused(&bridge, pieces, FETCH, &fetch);
    }
    let proxy = kafka.proxy(1);
    // One of each client; the bridge asks as well, to know the brokers.
    assert!(
        proxy.count(ApiKey::Metadata.key()) >= 4,
        "the proxy must count what passes, or the next line proves nothing"
    );
    let others = proxy
        .seen()
        .into_iter()
        .filter(|seen| ![ApiKey::Metadata.key(), ApiKey::ApiVersions.key()].contains(&seen.api_key));
    assert_eq!(others.collect::<Vec<_>>(), []);
    metadata_of_the_topic(&mut Client::open(&bridge, "1", Pieces::Whole));
}

#[test]
fn lengths_of_2_gib_and_below_zero_close_the_socket_and_allocate_nothing() {
    const MIB: f64 = 1024.0;
    // Address space, of which a new thread takes some 70 MiB, and resident memory.
    let limits = [("VmPeak", 1024.0 * MIB), ("VmHWM", 8.0 * MIB)];
    let (kafka, bridge) = setup();
    let opened = |pieces| {
        let mut client = Client::open(&bridge, "1", pieces);
        metadata_of_the_topic(&mut client);
        client
    };
    // Everything that only the first connection needs is there.
    opened(Pieces::Whole);
    let before = limits.map(|(field, _)| bridge.memory(field));
    let passed = kafka.proxy(1).seen().len();
    for pieces in Pieces::ALL {
        for length in [0x7fff_ffff_i32, -1] {
            let mut client = opened(pieces);
            client.send_bytes(&[&length.to_be_bytes()[..], &[0; 16]].concat());
            let (code, reason) = client.closed();
            assert_eq!(code, 1009, "{reason}");
            assert!(reason.contains(&length.to_string()), "{reason}");
        }
    }
    // Each of the four asked its broker for versions and metadata.
    let seen = kafka.proxy(1).seen();
    assert!(
        seen[passed..]
            .iter()
            .all(|seen| [ApiKey::Metadata.key(), ApiKey::ApiVersions.key()].contains(&seen.api_key)),
        "{:?}",
        &seen[passed..]
    );
    for memory in ["request", "answer"] {
        assert_eq!(bridge.metric(&format!("ottla_bridge_{memory}_memory_bytes")), 0.0);
    }
    for ((field, most), before) in limits.into_iter().zip(before) {
        // Bridge::memory gives no figure, and says so, only where the system has none.
        if let (Some(before), Some(after)) = (before, bridge.memory(field)) {
            assert!(
                after - before <= most,
                "{field}: {before} KiB grew to {after} KiB"
            );
        }
    }
}

#[test]
fn a_bind_to_all_addresses_is_refused() {
    let dir = places::run_dir("bridge-bind");
    let config = dir.join("bridge.toml");
    for table in ["listener", "admin"] {
        let (mut listener, mut admin) = ("127.0.0.1:0", "127.0.0.1:0");
        *if table == "admin" {
            &mut admin
        } else {
            &mut listener
        } = "0.0.0.0:0";
        let text = format!(
            "[admin]\nbind = \"{admin}\"\n\n[[listener]]\nbind = \"{listener}\"\norigins = [{ORIGIN:?}]\n\n\
             [[cluster]]\nname = \"main\"\nbootstrap = [\"127.0.0.1:9092\"]\ntopics = [\"{TOPIC}\"]\n"
        );
        std::fs::write(&config, text).expect("the run directory can be written");
        for command in ["check", "run"] {
            let refused = Run::new(places::program("ottla"))
                .args(["bridge", command])
                .args([&config])
                .finish();
            assert_eq!(refused.code, Some(2), "{table}, {command}: {refused:?}");
            assert_eq!(refused.text(), "", "{table}, {command}");
            let said = refused.errors();
            assert!(
                said.contains(&format!("{table} bind"))
                    && said.contains("0.0.0.0:0")
                    && said.contains("127.0.0.1"),
                "{table}, {command}: {said}"
            );
        }
    }
}
