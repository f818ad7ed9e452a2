//! Our messages against those that kafka-protocol generates from Kafka's own schemas: in every version, whatever
//! one of the two writes, the other writes byte by byte, and reads.

/// Calls a macro with every message.
macro_rules! every_message {
    ($action:ident) => {
        $action! {
            produce::ProduceRequest;
            produce::ProduceResponse;
            fetch::FetchRequest;
            fetch::FetchResponse;
            list_offsets::ListOffsetsRequest;
            list_offsets::ListOffsetsResponse;
            metadata::MetadataRequest;
            metadata::MetadataResponse;
            find_coordinator::FindCoordinatorRequest;
            find_coordinator::FindCoordinatorResponse;
            sasl::SaslHandshakeRequest;
            sasl::SaslHandshakeResponse;
            sasl::SaslAuthenticateRequest;
            sasl::SaslAuthenticateResponse;
            api_versions::ApiVersionsRequest;
            api_versions::ApiVersionsResponse;
            create_topics::CreateTopicsRequest;
            create_topics::CreateTopicsResponse;
            delete_topics::DeleteTopicsRequest;
            delete_topics::DeleteTopicsResponse;
            describe_configs::DescribeConfigsRequest;
            describe_configs::DescribeConfigsResponse;
            describe_topic_partitions::DescribeTopicPartitionsRequest;
            describe_topic_partitions::DescribeTopicPartitionsResponse;
            create_partitions::CreatePartitionsRequest;
            create_partitions::CreatePartitionsResponse;
            incremental_alter_configs::IncrementalAlterConfigsRequest;
            incremental_alter_configs::IncrementalAlterConfigsResponse;
            init_producer_id::InitProducerIdRequest;
            init_producer_id::InitProducerIdResponse;
        }
    };
}

mod allocation;
mod counting;
mod hostile;
mod mirror;
mod newer;
mod sample;
mod tables;

use std::fmt::Debug;

use bytes::{Bytes, BytesMut};
use kafka_protocol::messages as oracle;
use kafka_protocol::protocol::{Decodable, Encodable, Message as OracleMessage};
use mirror::Mirror;
use ottla_wire::Message;
use ottla_wire::messages::*;
use ottla_wire::primitives::{EncodeError, EncodeErrorKind, Reader, Writer};
use proptest::prelude::*;
use sample::{Gen, Rule, Sample};

fn encode<M: Message>(value: &M, version: i16) -> Result<Bytes, EncodeError> {
    let mut w = Writer::new();
    value.encode(version, &mut w)?;
    Ok(w.into_vec().into())
}

fn decode<M: Message>(version: i16, bytes: &Bytes) -> M {
    let mut r = Reader::new(bytes);
    let value = M::decode(version, &mut r).expect("the oracle's bytes are well formed");
    r.finish().expect("a message fills its bytes");
    value
}

fn oracle_encode<T: Encodable>(value: &T, version: i16) -> Option<Bytes> {
    let mut buffer = BytesMut::new();
    value.encode(&mut buffer, version).ok()?;
    Some(buffer.freeze())
}

fn oracle_decode<T: Decodable>(version: i16, bytes: &Bytes) -> T {
    let mut rest = bytes.clone();
    let value = T::decode(&mut rest, version).expect("our bytes are well formed");
    assert!(rest.is_empty(), "the oracle left {} bytes unread", rest.len());
    value
}

/// Fields that Kafka tags and does not ignore: in versions without tags Java refuses them, and so do we; the oracle
/// drops them.
const TAGGED: [&str; 7] = [
    "ProduceResponse.node_endpoints",
    "PartitionProduceResponse.current_leader",
    "FetchRequest.replica_state",
    "FetchResponse.node_endpoints",
    "PartitionData.diverging_epoch",
    "PartitionData.current_leader",
    "PartitionData.snapshot_id",
];

/// A value that this version can say: what it refuses is drawn again under a stricter rule.
fn sample_expressible<M: Message + Sample>(version: i16, seed: u64) -> M {
    sample_checked(version, seed, |_, _| {})
}

fn sample_checked<M: Message + Sample>(version: i16, seed: u64, on_absent: impl Fn(&M, EncodeError)) -> M {
    let mut rules: Vec<(&'static str, Rule)> = Vec::new();
    loop {
        let value = M::sample(&mut Gen::new(seed, &rules));
        let Err(error) = encode(&value, version) else {
            return value;
        };
        let rule = match error.kind {
            EncodeErrorKind::NotInVersion { .. } => {
                on_absent(&value, error);
                Rule::Default
            }
            EncodeErrorKind::NullNotAllowed { .. } => Rule::NotNull,
            _ => panic!("{error}"),
        };
        rules.push((error.field, rule));
        assert!(rules.len() < 100, "no value pleases version {version}: {error}");
    }
}

fn compare<M, T>(seed: u64, normalize: fn(T) -> T)
where
    M: Message + Sample + Mirror<T> + Debug + PartialEq,
    T: OracleMessage + Encodable + Decodable + Debug + PartialEq + Clone,
{
    let versions = M::API.versions();
    assert!(
        *versions.start() >= T::VERSIONS.min,
        "the oracle has the oldest version of {}",
        M::API
    );
    // What it has not: newer.rs.
    for version in *versions.start()..=T::VERSIONS.max.min(*versions.end()) {
        let ours: M = sample_checked(version, seed, |value: &M, error| {
            let taken = oracle_encode::<T>(&value.mirror(false), version).is_some();
            assert!(
                !taken || TAGGED.contains(&error.field),
                "the oracle takes it: {error}"
            );
        });
        let theirs = ours.mirror(false);
        let bytes = encode(&ours, version).expect("sampled for this version");
        let oracle_bytes = oracle_encode(&theirs, version).expect("we can say it, so can the oracle");
        assert_eq!(bytes, oracle_bytes, "version {version} of {ours:?}");

        // What is ignorable is lost on the way, so compare what each reads from the same bytes.
        let read: M = decode(version, &oracle_bytes);
        let oracle_read: T = oracle_decode(version, &bytes);
        assert_eq!(
            normalize(read.mirror(false)),
            normalize(oracle_read),
            "version {version} of {ours:?}"
        );
        assert_eq!(
            encode(&read, version).as_ref(),
            Ok(&bytes),
            "version {version}: {read:?} from {ours:?}"
        );

        if M::API.is_flexible(version) {
            let extended = oracle_encode(&ours.mirror(true), version).expect("unknown tags change nothing");
            assert!(extended.len() > bytes.len());
            assert_eq!(
                decode::<M>(version, &extended),
                read,
                "version {version}, with unknown tagged fields"
            );
        }
    }
}

/// The oracle's default of a nullable string is the empty one, ours is null; it matters where a version has no such
/// field.
fn no_empty_message(mut response: oracle::FindCoordinatorResponse) -> oracle::FindCoordinatorResponse {
    response.error_message = response.error_message.filter(|message| !message.is_empty());
    response
}

/// The same.
fn no_empty_documentation(mut response: oracle::DescribeConfigsResponse) -> oracle::DescribeConfigsResponse {
    for config in response.results.iter_mut().flat_map(|result| &mut result.configs) {
        config.documentation = config.documentation.take().filter(|text| !text.is_empty());
    }
    response
}

macro_rules! against_the_oracle {
    (@) => {
        |value| value
    };
    (@ $normalize:ident) => {
        $normalize
    };
    ($($test:ident: $module:ident::$name:ident $(, $normalize:ident)?;)*) => {
        proptest! {
            #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]
            $(
                #[test]
                fn $test(seed in any::<u64>()) {
                    compare::<$module::$name, oracle::$name>(seed, against_the_oracle!(@ $($normalize)?));
                }
            )*
        }

        /// Our versions that the oracle has not, as (message, version).
        fn beyond_the_oracle() -> Vec<(&'static str, i16)> {
            let mut beyond = Vec::new();
            $(
                let newest = <oracle::$name as OracleMessage>::VERSIONS.max;
                let ours = <$module::$name as Message>::API.versions();
                beyond.extend(ours.filter(|version| *version > newest).map(|version| (stringify!($name), version)));
            )*
            beyond
        }
    };
}

against_the_oracle! {
    produce_request: produce::ProduceRequest;
    produce_response: produce::ProduceResponse;
    fetch_request: fetch::FetchRequest;
    fetch_response: fetch::FetchResponse;
    list_offsets_request: list_offsets::ListOffsetsRequest;
    list_offsets_response: list_offsets::ListOffsetsResponse;
    metadata_request: metadata::MetadataRequest;
    metadata_response: metadata::MetadataResponse;
    find_coordinator_request: find_coordinator::FindCoordinatorRequest;
    find_coordinator_response: find_coordinator::FindCoordinatorResponse, no_empty_message;
    sasl_handshake_request: sasl::SaslHandshakeRequest;
    sasl_handshake_response: sasl::SaslHandshakeResponse;
    sasl_authenticate_request: sasl::SaslAuthenticateRequest;
    sasl_authenticate_response: sasl::SaslAuthenticateResponse;
    api_versions_request: api_versions::ApiVersionsRequest;
    api_versions_response: api_versions::ApiVersionsResponse;
    create_topics_request: create_topics::CreateTopicsRequest;
    create_topics_response: create_topics::CreateTopicsResponse;
    delete_topics_request: delete_topics::DeleteTopicsRequest;
    delete_topics_response: delete_topics::DeleteTopicsResponse;
    describe_configs_request: describe_configs::DescribeConfigsRequest;
    describe_configs_response: describe_configs::DescribeConfigsResponse, no_empty_documentation;
    describe_topic_partitions_request: describe_topic_partitions::DescribeTopicPartitionsRequest;
    describe_topic_partitions_response: describe_topic_partitions::DescribeTopicPartitionsResponse;
    create_partitions_request: create_partitions::CreatePartitionsRequest;
    create_partitions_response: create_partitions::CreatePartitionsResponse;
    incremental_alter_configs_request: incremental_alter_configs::IncrementalAlterConfigsRequest;
    incremental_alter_configs_response: incremental_alter_configs::IncrementalAlterConfigsResponse;
    init_producer_id_request: init_producer_id::InitProducerIdRequest;
    init_producer_id_response: init_producer_id::InitProducerIdResponse;
}
