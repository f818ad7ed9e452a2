//! Headers, whole frames and the tables of APIs and errors.

use bytes::{Bytes, BytesMut};
use kafka_protocol::error::ResponseError;
use kafka_protocol::messages as oracle;
use kafka_protocol::protocol::{Decodable, Encodable, StrBytes};
use ottla_wire::api::api_name;
use ottla_wire::messages::api_versions::{ApiVersion, ApiVersionsRequest, ApiVersionsResponse};
use ottla_wire::messages::metadata::{MetadataRequest, MetadataResponse, MetadataResponseTopic};
use ottla_wire::messages::produce::{
    PartitionParts, PartitionProduceData, ProduceRequest, ProduceRequestParts, TopicParts, TopicProduceData,
};
use ottla_wire::primitives::{DecodeErrorKind, EncodeErrorKind, Reader};
use ottla_wire::{
    AnyRequest, ApiKey, ErrorCode, Message, RequestError, Uuid, decode_request, decode_response,
    encode_request, encode_request_chunks, encode_response, peek_correlation_id,
};

/// Keys and names as `kafka-broker-api-versions` of Kafka 4.3 prints them.
const NEWER: [(i16, &str); 2] = [(88, "StreamsGroupHeartbeat"), (89, "StreamsGroupDescribe")];

#[test]
fn the_tables_of_apis_agree_with_the_oracle() {
    for key in -1..200 {
        let theirs = oracle::ApiKey::try_from(key).ok();
        let name = theirs.map(|api| format!("{api:?}"));
        // Kafka 4.3 has two that the oracle has not.
        let newer = |(_, name): &(i16, &str)| (*name).to_owned();
        let name = name.or_else(|| NEWER.iter().find(|(newer, _)| *newer == key).map(newer));
        assert_eq!(api_name(key).map(String::from), name);
        let Some(api) = ApiKey::from_i16(key) else {
            continue;
        };
        let theirs = theirs.expect("the oracle knows every API that we do");
        assert_eq!((api.key(), api.name()), (key, format!("{theirs:?}").as_str()));
        assert_eq!(api.versions().start(), &theirs.valid_versions().min);
        for version in api
            .versions()
            .filter(|version| *version <= theirs.valid_versions().max)
        {
            assert_eq!(
                api.request_header_version(version),
                theirs.request_header_version(version),
                "{api}"
            );
            assert_eq!(
                api.response_header_version(version),
                theirs.response_header_version(version),
                "{api}"
            );
        }
    }
    assert!(ApiKey::ALL.is_sorted());
}

#[test]
fn the_front_page_lists_every_api_and_its_versions() {
    let page = include_str!("../src/lib.rs");
    for api in ApiKey::ALL {
        let (versions, flexible) = (api.versions(), api.flexible_since());
        let flexible = flexible.map_or("never".into(), |version| version.to_string());
        let row = format!(
            "//! | {api} | {} | {} to {} | {flexible} |",
            api.key(),
            versions.start(),
            versions.end()
        );
        assert!(page.contains(&row), "missing: {row}");
    }
}

#[test]
fn error_names_agree_with_the_oracle() {
    for code in -1..=133 {
        if code == 0 {
            continue;
        }
        let camel: String = ErrorCode(code)
            .name()
            .split('_')
            .map(|word| word[..1].to_owned() + &word[1..].to_lowercase())
            .collect();
        let theirs = ResponseError::try_from_code(code).expect("not zero");
        assert_eq!(format!("{theirs:?}"), camel, "{code}");
    }
    assert!(ErrorCode::ALL.is_sorted());
    assert_eq!(ErrorCode::ALL.len(), 135, "-1 to 133");
    assert_eq!(ErrorCode(9999).to_string(), "UNRECOGNIZED_ERROR_CODE (9999)");
}

fn produce_request() -> ProduceRequest {
    let partition_data = |index, records: &'static [u8]| PartitionProduceData {
        index,
        records: Some(Bytes::from_static(records)),
    };
    ProduceRequest {
        transactional_id: None,
        acks: -1,
        timeout_ms: 30_000,
        topic_data: vec![
            TopicProduceData {
                name: "clicks".into(),
                topic_id: Uuid([7; 16]),
                partition_data: vec![partition_data(0, b"first batch"), partition_data(3, b"second")],
            },
            TopicProduceData {
                name: "rows".into(),
                topic_id: Uuid([9; 16]),
                partition_data: vec![partition_data(1, b"third batch")],
            },
        ],
    }
}

/// The same request with every batch in two chunks.
fn in_parts(request: &ProduceRequest) -> ProduceRequestParts {
    let topics = request.topic_data.iter().map(|topic| TopicParts {
        name: topic.name.clone(),
        topic_id: topic.topic_id,
        partitions: topic
            .partition_data
            .iter()
            .map(|partition| {
                let mut head = partition.records.clone().expect("every batch is there");
                let tail = head.split_off(4);
                PartitionParts {
                    index: partition.index,
                    records: vec![head, tail],
                }
            })
            .collect(),
    });
    ProduceRequestParts {
        transactional_id: request.transactional_id.clone(),
        acks: request.acks,
        timeout_ms: request.timeout_ms,
        topics: topics.collect(),
    }
}

#[test]
fn a_produce_request_in_parts_is_the_same_bytes_and_copies_no_batch() {
    let request = produce_request();
    let parts = in_parts(&request);
    for version in ApiKey::Produce.versions() {
        let whole = encode_request(42, Some("kim"), version, &request).expect("expressible");
        let chunks = parts
            .write_prefixed(42, Some("kim"), version)
            .expect("expressible");
        assert_eq!(chunks.concat(), whole, "version {version}");
        let shared = encode_request_chunks(42, Some("kim"), version, &request).expect("expressible");
        assert_eq!(shared.concat(), whole, "version {version}");

        assert_eq!(
            chunks[0][..4],
            ((whole.len() - 4) as i32).to_be_bytes(),
            "the prefix is in the first chunk"
        );
        let batches = parts
            .topics
            .iter()
            .flat_map(|topic| &topic.partitions)
            .flat_map(|part| &part.records);
        for batch in batches {
            assert!(
                chunks
                    .iter()
                    .any(|chunk| chunk.as_ptr() == batch.as_ptr() && chunk.len() == batch.len())
            );
        }
        assert!(chunks.iter().all(|chunk| !chunk.is_empty()));
    }
    assert!(parts.write_prefixed(1, None, 2).is_err(), "version 2 is gone");
}

#[test]
fn request_frames_agree_with_the_oracle() {
    let request = produce_request();
    for client_id in [None, Some(""), Some("kim")] {
        for version in ApiKey::Produce.versions() {
            let frame: Bytes = encode_request(-7, client_id, version, &request)
                .expect("expressible")
                .split_off(4)
                .into();
            let mut rest = frame.clone();
            let header_version = ApiKey::Produce.request_header_version(version);
            let header = oracle::RequestHeader::decode(&mut rest, header_version).expect("well formed");
            assert_eq!(
                (
                    header.request_api_key,
                    header.request_api_version,
                    header.correlation_id
                ),
                (0, version, -7)
            );
            assert_eq!(header.client_id.as_deref(), client_id);
            let body = oracle::ProduceRequest::decode(&mut rest, version).expect("well formed");
            assert!(rest.is_empty());
            assert_eq!(body.topic_data.len(), 2);

            let (header, any) = decode_request(&frame).expect("well formed");
            assert_eq!(
                (header.api_key, header.api_version, header.correlation_id),
                (0, version, -7)
            );
            assert_eq!(header.client_id.as_deref(), client_id);
            let AnyRequest::Produce(read) = any else {
                panic!("{any:?}")
            };
            assert_eq!(
                read.topic_data[0].partition_data,
                request.topic_data[0].partition_data
            );
            let records = read.topic_data[0].partition_data[0]
                .records
                .as_ref()
                .expect("sent");
            assert!(
                frame.as_ptr_range().contains(&records.as_ptr()),
                "records share the frame"
            );
        }
    }
}

#[test]
fn response_headers_are_those_of_the_oracle() {
    for version in ApiKey::Metadata.versions() {
        let frame: Bytes = encode_response(9, version, &MetadataResponse::default())
            .expect("default")
            .split_off(4)
            .into();
        assert_eq!(peek_correlation_id(&frame), Ok(9));
        let mut rest = frame.clone();
        let header_version = ApiKey::Metadata.response_header_version(version);
        let header = oracle::ResponseHeader::decode(&mut rest, header_version).expect("well formed");
        assert_eq!(header.correlation_id, 9);
        oracle::MetadataResponse::decode(&mut rest, version).expect("well formed");
        assert!(rest.is_empty());
        assert_eq!(
            decode_response(version, &frame),
            Ok((9, MetadataResponse::default()))
        );
    }
}

#[test]
fn an_unsupported_version_of_api_versions_is_answered_in_version_0() {
    let response = ApiVersionsResponse {
        error_code: ErrorCode::UNSUPPORTED_VERSION,
        api_keys: vec![ApiVersion {
            api_key: 18,
            min_version: 0,
            max_version: 4,
        }],
        ..Default::default()
    };
    let expected: Bytes = [&[0, 0, 0, 5][..], &[0, 35], &[0, 0, 0, 1], &[0, 18, 0, 0, 0, 4]]
        .concat()
        .into();
    for version in [0, 3, 4, 5, 99] {
        let frame: Bytes = encode_response(5, version, &response)
            .expect("version 0 says it")
            .split_off(4)
            .into();
        assert_eq!(frame, expected);
    }
    for version in ApiKey::ApiVersions.versions() {
        let (id, read) =
            decode_response::<ApiVersionsResponse>(version, &expected).expect("version 0 is always read");
        assert_eq!((id, &read), (5, &response));
        assert_eq!(read.common(ApiKey::ApiVersions), Some(0..=4));
        assert_eq!(read.common(ApiKey::Produce), None);
    }
}

/// librdkafka's mock broker (2.12.1) refuses version 4 in a shape that is neither version 4's nor version 0's. Kafka's
/// own client goes down to version 0 then.
#[test]
fn an_unsupported_version_whose_list_cannot_be_read_is_still_that_refusal() {
    let answers: [&[u8]; 3] = [
        &[0, 35, 1, 0, 18, 0, 0, 0, 2, 0, 0, 0, 0],
        &[0, 35],
        &[0, 35, 0, 0, 0, 1, 0, 18, 0, 0, 0, 2, 0, 0, 0, 0],
    ];
    for (answer, listed) in answers.into_iter().zip([0, 0, 1]) {
        for version in ApiKey::ApiVersions.versions() {
            let frame: Bytes = [&[0, 0, 0, 5], answer].concat().into();
            let (id, read) =
                decode_response::<ApiVersionsResponse>(version, &frame).expect("the error code is there");
            assert_eq!((id, read.error_code), (5, ErrorCode::UNSUPPORTED_VERSION));
            assert_eq!(read.api_keys.len(), listed);
        }
    }
}

#[test]
fn common_versions_are_the_overlap() {
    let entry = |min_version, max_version| ApiVersionsResponse {
        api_keys: vec![ApiVersion {
            api_key: ApiKey::Produce.key(),
            min_version,
            max_version,
        }],
        ..Default::default()
    };
    assert_eq!(entry(0, 20).common(ApiKey::Produce), Some(3..=13));
    assert_eq!(entry(5, 9).common(ApiKey::Produce), Some(5..=9));
    assert_eq!(entry(0, 2).common(ApiKey::Produce), None);
    assert_eq!(entry(14, 15).common(ApiKey::Produce), None);
}

#[test]
fn a_broker_learns_what_is_wrong_with_a_request() {
    let header = |api: i16, version: i16| {
        let mut buffer = BytesMut::new();
        oracle::RequestHeader::default()
            .with_request_api_key(api)
            .with_request_api_version(version)
            .with_correlation_id(3)
            .with_client_id(Some(StrBytes::from_static_str("kim")))
            .encode(&mut buffer, if api == 18 && version >= 3 { 2 } else { 1 })
            .expect("a header");
        buffer
    };
    let Err(RequestError::UnknownApi(unknown)) = decode_request(&header(999, 0).freeze()) else {
        panic!()
    };
    assert_eq!((unknown.api_key, unknown.correlation_id), (999, 3));
    let Err(RequestError::UnsupportedVersion(api, newer)) = decode_request(&header(18, 9).freeze()) else {
        panic!()
    };
    assert_eq!(
        (api, newer.correlation_id, newer.client_id.as_deref()),
        (ApiKey::ApiVersions, 3, Some("kim"))
    );
    let Err(RequestError::MalformedHeader(_)) = decode_request(&Bytes::from_static(&[0, 18, 0])) else {
        panic!()
    };

    let mut trailing = header(18, 0);
    trailing.extend_from_slice(b"x");
    let Err(RequestError::MalformedBody(_, error)) = decode_request(&trailing.freeze()) else {
        panic!()
    };
    assert_eq!(error.kind, DecodeErrorKind::TrailingBytes { left: 1 });
    assert!(decode_request(&header(18, 0).freeze()).is_ok());
}

#[test]
fn counts_and_lengths_that_lie_are_refused_before_they_cost_memory() {
    // Metadata request version 1: a count of topics, then nothing. Version 9: the same, compact.
    let plain: Bytes = i32::MAX.to_be_bytes().to_vec().into();
    let compact = Bytes::from_static(&[0xff, 0xff, 0xff, 0xff, 0x0f]);
    for (version, bytes) in [(1, &plain), (9, &compact)] {
        let error = MetadataRequest::decode(version, &mut Reader::new(bytes)).expect_err("no such topics");
        assert!(
            matches!(error.kind, DecodeErrorKind::CountTooLarge { left: 0, .. }),
            "{error}"
        );
        assert_eq!(error.field, "MetadataRequest.topics");
    }
    // A produce request whose records claim 2 GiB.
    let mut frame = encode_request(1, None, 3, &produce_request())
        .expect("expressible")
        .split_off(4);
    let records = frame
        .windows(11)
        .position(|window| window == b"first batch")
        .expect("in there");
    frame[records - 4..records].copy_from_slice(&i32::MAX.to_be_bytes());
    let Err(RequestError::MalformedBody(_, error)) = decode_request(&frame.into()) else {
        panic!()
    };
    assert_eq!(error.field, "PartitionProduceData.records");
    assert!(matches!(error.kind, DecodeErrorKind::Truncated { .. }), "{error}");

    let negative = Bytes::from_static(&[0xff, 0xff, 0xff, 0xfe]);
    let error = MetadataRequest::decode(1, &mut Reader::new(&negative)).expect_err("-2 topics");
    assert_eq!(error.kind, DecodeErrorKind::NegativeLength(-2));
}

#[test]
fn what_a_version_cannot_say_is_an_error_that_names_the_field() {
    let request = MetadataRequest {
        topics: None,
        ..Default::default()
    };
    let error = encode_request(1, None, 0, &request).expect_err("version 0 has no null");
    assert_eq!(error.field, "MetadataRequest.topics");
    assert_eq!(error.kind, EncodeErrorKind::NullNotAllowed { version: 0 });

    let request = MetadataRequest {
        allow_auto_topic_creation: false,
        ..Default::default()
    };
    let error = encode_request(1, None, 3, &request).expect_err("version 3 always creates");
    assert_eq!(error.kind, EncodeErrorKind::NotInVersion { version: 3 });
    assert!(
        error
            .to_string()
            .contains("MetadataRequest.allow_auto_topic_creation"),
        "{error}"
    );

    let request = ApiVersionsRequest {
        client_software_name: "x".repeat(40_000),
        ..Default::default()
    };
    let error = encode_request(1, None, 3, &request).expect_err("too long");
    assert_eq!(
        error.kind,
        EncodeErrorKind::TooLong {
            length: 40_000,
            max: 32_767
        }
    );
    assert!(
        encode_request(1, None, 2, &request).is_ok(),
        "not in version 2 and ignorable"
    );

    let error = encode_request(1, None, 14, &MetadataRequest::default()).expect_err("not implemented");
    assert_eq!(
        error.kind,
        EncodeErrorKind::UnsupportedVersion {
            api_key: 3,
            version: 14
        }
    );
}

#[test]
fn a_null_that_the_version_does_not_have_is_refused() {
    let response = MetadataResponse {
        topics: vec![MetadataResponseTopic::default()],
        ..Default::default()
    };
    let mut w = ottla_wire::primitives::Writer::new();
    response
        .encode(12, &mut w)
        .expect("version 12 has nameless topics");
    let bytes: Bytes = w.into_vec().into();
    assert_eq!(
        MetadataResponse::decode(12, &mut Reader::new(&bytes)),
        Ok(response)
    );
    // Version 11 has the same layout of a topic, but no null.
    let error = MetadataResponse::decode(11, &mut Reader::new(&bytes)).expect_err("no null");
    assert_eq!(error.kind, DecodeErrorKind::UnexpectedNull);
    assert_eq!(error.field, "MetadataResponseTopic.name");
}

#[test]
fn topic_ids_print_as_kafka_prints_them() {
    // `Uuid.METADATA_TOPIC_ID` of Kafka is the number 1.
    let mut one = [0; 16];
    one[15] = 1;
    assert_eq!(Uuid(one).to_string(), "AAAAAAAAAAAAAAAAAAAAAQ");
    assert_eq!(Uuid::ZERO.to_string(), "AAAAAAAAAAAAAAAAAAAAAA");
    assert_eq!(Uuid([0xff; 16]).to_string(), "_____________________w");
}
