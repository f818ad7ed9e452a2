//! The APIs besides Produce, byte by byte.

mod common;

use bytes::Bytes;
use common::*;
use ottla_broker::{ControllerRequest, Effect, ErrorCode, TopicConfig};
use ottla_wire::{
    ApiKey,
    batch::read_batches,
    encode_request,
    messages::{
        api_versions::{ApiVersionsRequest, ApiVersionsResponse},
        create_topics::{CreatableTopic, CreateTopicsRequest, CreateTopicsResponse},
        fetch::{FetchPartition, FetchRequest, FetchResponse, FetchTopic, PartitionData},
        find_coordinator::{FindCoordinatorRequest, FindCoordinatorResponse},
        init_producer_id::{InitProducerIdRequest, InitProducerIdResponse},
        list_offsets::{ListOffsetsPartition, ListOffsetsRequest, ListOffsetsResponse, ListOffsetsTopic},
        metadata::{MetadataRequest, MetadataRequestTopic, MetadataResponse},
    },
};

#[test]
fn api_versions_lists_what_is_there() {
    let mut bench = Bench::new();
    let mut request = ApiVersionsRequest {
        client_software_name: "a.client-2".to_owned(),
        client_software_version: "1".to_owned(),
    };
    for version in 0..=4 {
        let response: ApiVersionsResponse = bench.ask(version, &request);
        assert_eq!(response.common(ApiKey::Produce), Some(3..=13));
        assert_eq!(response.common(ApiKey::SaslHandshake), None);
    }
    for name in ["", "a client", "client-", ".client"] {
        name.clone_into(&mut request.client_software_name);
        let response: ApiVersionsResponse = bench.ask(3, &request);
        assert_eq!(response.error_code, ErrorCode::INVALID_REQUEST, "{name}");
        assert!(response.api_keys.is_empty());
    }
}

#[test]
fn a_newer_api_versions_is_answered_so_that_the_client_can_ask_again() {
    let mut bench = Bench::new();
    let mut bytes = encode_request(1, None, 4, &ApiVersionsRequest::default()).unwrap();
    bytes[6..8].copy_from_slice(&99_i16.to_be_bytes());
    bench.broker.receive(0, CONN, Bytes::from(bytes));
    bench.collect();
    let frame = bench.frame().unwrap();
    let (_, response) = ottla_wire::decode_response::<ApiVersionsResponse>(0, &frame).unwrap();
    assert_eq!(response.error_code, ErrorCode::UNSUPPORTED_VERSION);
    assert_eq!(response.common(ApiKey::ApiVersions), Some(0..=4));
}

#[test]
fn unknown_apis_versions_and_broken_frames_close() {
    let request = |key: i16, version: i16| [&key.to_be_bytes()[..], &version.to_be_bytes(), &[0; 7]].concat();
    for (body, word) in [
        (request(11, 0), "API 11"),
        (request(0, 2), "version 2"),
        (request(0, 99), "version 99"),
        (vec![0; 3], "bad request"),
        ([request(3, 12), vec![0xff; 9]].concat(), "bad request"),
    ] {
        let mut bench = Bench::new();
        let framed = [&(body.len() as i32).to_be_bytes()[..], &body].concat();
        bench.broker.receive(0, CONN, Bytes::from(framed));
        bench.collect();
        assert!(
            bench.closed().is_some_and(|why| why.contains(word)),
            "{word}: {:?}",
            bench.closed()
        );
    }
    for length in [-1_i32, i32::MAX] {
        let mut bench = Bench::new();
        bench
            .broker
            .receive(0, CONN, Bytes::copy_from_slice(&length.to_be_bytes()));
        bench.collect();
        assert!(bench.closed().is_some());
    }
}

#[test]
fn metadata_in_every_version_and_by_every_question() {
    let mut bench = Bench::new();
    let named = |name: &str| MetadataRequestTopic {
        name: Some(name.to_owned()),
        ..MetadataRequestTopic::default()
    };
    for version in 0..=13 {
        let topics = Some(vec![named("orders")]);
        let request = MetadataRequest {
            topics,
            ..MetadataRequest::default()
        };
        let response: MetadataResponse = bench.ask(version, &request);
        assert_eq!(response.brokers.len(), 3);
        assert_eq!(response.brokers[1].host, "broker-2");
        let topic = &response.topics[0];
        assert_eq!(
            (topic.error_code, topic.partitions[0].leader_id),
            (ErrorCode::NONE, 1)
        );
    }
    let all: MetadataResponse = bench.ask(
        1,
        &MetadataRequest {
            topics: None,
            ..MetadataRequest::default()
        },
    );
    let none: MetadataResponse = bench.ask(1, &MetadataRequest::default());
    let old: MetadataResponse = bench.ask(0, &MetadataRequest::default());
    assert_eq!((all.topics.len(), none.topics.len(), old.topics.len()), (1, 0, 1));
    let by_id = MetadataRequestTopic {
        topic_id: ottla_broker::TopicId([7; 16]),
        name: None,
    };
    let other = MetadataRequestTopic {
        topic_id: ottla_broker::TopicId([8; 16]),
        name: None,
    };
    let request = MetadataRequest {
        topics: Some(vec![by_id, other]),
        ..MetadataRequest::default()
    };
    let response: MetadataResponse = bench.ask(13, &request);
    assert_eq!(response.topics[0].name.as_deref(), Some("orders"));
    assert_eq!(response.topics[1].error_code, ErrorCode::UNKNOWN_TOPIC_ID);
}

#[test]
fn metadata_asks_the_controller_for_a_new_topic_once_and_only_if_the_client_agrees() {
    let mut bench = Bench::new();
    let ask = |bench: &mut Bench, name: &str, allow_auto_topic_creation| {
        let topic = MetadataRequestTopic {
            name: Some(name.to_owned()),
            ..MetadataRequestTopic::default()
        };
        let topics = Some(vec![topic]);
        let request = MetadataRequest {
            topics,
            allow_auto_topic_creation,
            ..MetadataRequest::default()
        };
        let response: MetadataResponse = bench.ask(12, &request);
        response.topics[0].error_code
    };
    let created = |bench: &Bench| {
        let creates =
            |effect: &&Effect| matches!(effect, Effect::Controller(ControllerRequest::CreateTopics { .. }));
        bench.effects.iter().filter(creates).count()
    };
    assert_eq!(
        ask(&mut bench, "new", false),
        ErrorCode::UNKNOWN_TOPIC_OR_PARTITION
    );
    assert_eq!(created(&bench), 0);
    assert_eq!(
        ask(&mut bench, "new", true),
        ErrorCode::UNKNOWN_TOPIC_OR_PARTITION
    );
    assert_eq!(
        ask(&mut bench, "new", true),
        ErrorCode::UNKNOWN_TOPIC_OR_PARTITION
    );
    assert_eq!(created(&bench), 1);
    assert_eq!(ask(&mut bench, "a b", true), ErrorCode::INVALID_TOPIC_EXCEPTION);
}

fn fetch(version: i16, offset: i64, min_bytes: i32) -> FetchRequest {
    let partition = FetchPartition {
        partition: 0,
        fetch_offset: offset,
        partition_max_bytes: 1 << 20,
        ..FetchPartition::default()
    };
    let topic = FetchTopic {
        topic: "orders".to_owned(),
        topic_id: ottla_broker::TopicId([7; 16]),
        partitions: vec![partition],
    };
    let session_epoch = if version >= 7 { 0 } else { -1 };
    let (max_wait_ms, max_bytes) = (500, 1 << 20);
    FetchRequest {
        max_wait_ms,
        min_bytes,
        max_bytes,
        session_epoch,
        topics: vec![topic],
        ..FetchRequest::default()
    }
}

fn part(response: &FetchResponse) -> &PartitionData {
    &response.responses[0].partitions[0]
}

fn values(part: &PartitionData) -> Vec<(i64, String)> {
    let mut found = Vec::new();
    for batch in read_batches(part.records.clone().unwrap()) {
        let records = batch.unwrap().open(1 << 20).unwrap();
        for record in &records {
            let record = record.unwrap();
            found.push((
                record.offset,
                String::from_utf8(record.value.unwrap().to_vec()).unwrap(),
            ));
        }
    }
    found
}

#[test]
fn fetch_reads_what_was_produced_in_every_version() {
    let mut bench = Bench::new();
    bench.produce(-1, batch(&["a", "b"]));
    bench.produce(-1, batch(&["c"]));
    for version in 4..=18 {
        let response: FetchResponse = bench.ask(version, &fetch(version, 1, 1));
        let found = values(part(&response));
        assert_eq!(
            found,
            [(0, "a".to_owned()), (1, "b".to_owned()), (2, "c".to_owned())],
            "{version}"
        );
        assert_eq!((part(&response).high_watermark, response.session_id), (3, 0));
    }
}

#[test]
fn fetch_waits_for_records_or_until_its_time_is_up() {
    let mut bench = Bench::new();
    bench.send(12, &fetch(12, 0, 1));
    assert!(bench.frame().is_none());
    bench.advance(500_000);
    let response: FetchResponse = bench.answer(12);
    assert!(values(part(&response)).is_empty());

    bench.send(12, &fetch(12, 0, 1));
    let producer = ottla_broker::ConnId(2);
    bench.broker.connect(producer);
    let bytes = encode_request(1, None, 12, &produce(1, batch(&["a"]))).unwrap();
    bench.broker.receive(bench.now, producer, Bytes::from(bytes));
    bench.collect();
    let frames: Vec<_> = std::iter::from_fn(|| bench.frame()).collect();
    assert_eq!(frames.len(), 2, "the producer's answer and the consumer's");
}

#[test]
fn fetch_never_shows_what_is_not_committed() {
    let mut bench = Bench::new();
    bench.broker.apply_image(
        0,
        &image(2, TopicConfig::default(), partition(1, 1, &[1, 2], &[1, 2])),
    );
    bench.produce(1, batch(&["a"]));
    let response: FetchResponse = bench.ask(12, &fetch(12, 0, 0));
    assert!(values(part(&response)).is_empty());
    let response: FetchResponse = bench.ask(12, &fetch(12, 2, 0));
    assert_eq!(part(&response).error_code, ErrorCode::OFFSET_OUT_OF_RANGE);
}

#[test]
fn list_offsets_by_place_and_by_time() {
    let mut bench = Bench::new();
    bench.produce(-1, batch(&["a", "b"]));
    let ask = |bench: &mut Bench, version: i16, timestamp| {
        let partition = ListOffsetsPartition {
            timestamp,
            ..ListOffsetsPartition::default()
        };
        let topic = ListOffsetsTopic {
            name: "orders".to_owned(),
            partitions: vec![partition],
        };
        let request = ListOffsetsRequest {
            replica_id: -1,
            topics: vec![topic],
            ..ListOffsetsRequest::default()
        };
        let response: ListOffsetsResponse = bench.ask(version, &request);
        let part = &response.topics[0].partitions[0];
        (part.error_code, part.offset)
    };
    for version in 1..=11 {
        assert_eq!(ask(&mut bench, version, -2), (ErrorCode::NONE, 0));
        assert_eq!(ask(&mut bench, version, -1), (ErrorCode::NONE, 2));
        assert_eq!(ask(&mut bench, version, EPOCH_MS), (ErrorCode::NONE, 0));
        assert_eq!(ask(&mut bench, version, EPOCH_MS + 1), (ErrorCode::NONE, -1));
    }
}

#[test]
fn each_producer_gets_an_id_of_its_own() {
    let mut bench = Bench::new();
    for (version, id) in (0..=5).zip(1_000..) {
        let response: InitProducerIdResponse = bench.ask(version, &InitProducerIdRequest::default());
        assert_eq!(
            (response.error_code, response.producer_id, response.producer_epoch),
            (ErrorCode::NONE, id, 0)
        );
    }
    let transactional = Some("t".to_owned());
    let request = InitProducerIdRequest {
        transactional_id: transactional,
        ..InitProducerIdRequest::default()
    };
    let response: InitProducerIdResponse = bench.ask(4, &request);
    assert_eq!(response.error_code, ErrorCode::NOT_COORDINATOR);
}

#[test]
fn there_is_no_coordinator_in_any_version() {
    let mut bench = Bench::new();
    for version in 0..=6 {
        let mut request = FindCoordinatorRequest::default();
        if version < 4 {
            request.key = "group".to_owned();
        } else {
            request.coordinator_keys = vec!["group".to_owned()];
        }
        let response: FindCoordinatorResponse = bench.ask(version, &request);
        let code = response
            .coordinators
            .first()
            .map_or(response.error_code, |it| it.error_code);
        assert_eq!(code, ErrorCode::COORDINATOR_NOT_AVAILABLE);
    }
}

#[test]
fn topics_that_the_controller_does_not_answer_for_time_out() {
    let mut bench = Bench::new();
    let topic = CreatableTopic {
        name: "new".to_owned(),
        num_partitions: 1,
        replication_factor: 1,
        ..CreatableTopic::default()
    };
    let request = CreateTopicsRequest {
        topics: vec![topic],
        timeout_ms: 1_000,
        ..CreateTopicsRequest::default()
    };
    bench.send(7, &request);
    assert!(bench.frame().is_none());
    bench.advance(1_000_000);
    let response: CreateTopicsResponse = bench.answer(7);
    assert_eq!(response.topics[0].error_code, ErrorCode::REQUEST_TIMED_OUT);
}
