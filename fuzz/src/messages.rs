//! Requests and answers of every API, and the frames that they come in.

use bytes::Bytes;
use ottla_wire::frame::FrameDecoder;
use ottla_wire::messages::Message;
use ottla_wire::messages::api_versions::{ApiVersionsRequest, ApiVersionsResponse};
use ottla_wire::messages::create_partitions::{CreatePartitionsRequest, CreatePartitionsResponse};
use ottla_wire::messages::create_topics::{CreateTopicsRequest, CreateTopicsResponse};
use ottla_wire::messages::delete_topics::{DeleteTopicsRequest, DeleteTopicsResponse};
use ottla_wire::messages::describe_configs::{DescribeConfigsRequest, DescribeConfigsResponse};
use ottla_wire::messages::describe_topic_partitions::{
    DescribeTopicPartitionsRequest, DescribeTopicPartitionsResponse,
};
use ottla_wire::messages::fetch::{FetchRequest, FetchResponse};
use ottla_wire::messages::find_coordinator::{FindCoordinatorRequest, FindCoordinatorResponse};
use ottla_wire::messages::incremental_alter_configs::{
    IncrementalAlterConfigsRequest, IncrementalAlterConfigsResponse,
};
use ottla_wire::messages::init_producer_id::{InitProducerIdRequest, InitProducerIdResponse};
use ottla_wire::messages::list_offsets::{ListOffsetsRequest, ListOffsetsResponse};
use ottla_wire::messages::metadata::{MetadataRequest, MetadataResponse};
use ottla_wire::messages::produce::{ProduceRequest, ProduceResponse};
use ottla_wire::messages::sasl::{
    SaslAuthenticateRequest, SaslAuthenticateResponse, SaslHandshakeRequest, SaslHandshakeResponse,
};
use ottla_wire::{
    AnyRequest, ApiKey, ErrorCode, decode_request, decode_response, encode_request, encode_response,
};

use crate::split::Input;

macro_rules! apis {
    ($($name:ident: $request:ident, $response:ident;)*) => {
        /// A request that is read can be written, and says the same when it is read again.
        pub(crate) fn requests(input: &[u8]) {
            let frame = Bytes::copy_from_slice(input);
            match decode_request(&frame) {
                Ok((header, request)) => {
                    assert_eq!(request.api().key(), header.api_key);
                    let written = match &request {
                        $(AnyRequest::$name(request) => encode_request(
                            header.correlation_id,
                            header.client_id.as_deref(),
                            header.api_version,
                            request,
                        ),)*
                    };
                    let written = written.expect("what was read in this version can be written in it");
                    let again = decode_request(&Bytes::from(written).slice(4..));
                    assert_eq!(again, Ok((header, request)));
                }
                Err(error) => assert!(!error.to_string().is_empty()),
            }
        }

        /// The same for answers; the first two bytes choose API and version.
        pub(crate) fn responses(input: &[u8]) {
            let mut input = Input(input);
            let apis: &[fn(u8, &Bytes)] = &[$(response::<$response>),*];
            let read = apis[input.below(apis.len())];
            read(input.byte(), &Bytes::copy_from_slice(input.0));
        }

        /// Inputs to begin a search with, for `requests` and `responses`: each message in each version, empty.
        pub fn seeds() -> (Vec<Vec<u8>>, Vec<Vec<u8>>) {
            let (mut requests, mut responses, mut number) = (Vec::new(), Vec::new(), 0);
            $(
                for version in $request::API.versions() {
                    let ordinal = (version - $request::API.versions().start()) as u8;
                    if let Ok(bytes) = encode_request(7, Some("fuzz"), version, &$request::default()) {
                        requests.push(bytes[4..].to_vec());
                    }
                    if let Ok(bytes) = encode_response(7, version, &$response::default()) {
                        responses.push([&[number, ordinal], &bytes[4..]].concat());
                    }
                }
                number += 1;
            )*
            let _ = number;
            (requests, responses)
        }
    };
}

apis! {
    Produce: ProduceRequest, ProduceResponse;
    Fetch: FetchRequest, FetchResponse;
    ListOffsets: ListOffsetsRequest, ListOffsetsResponse;
    Metadata: MetadataRequest, MetadataResponse;
    FindCoordinator: FindCoordinatorRequest, FindCoordinatorResponse;
    SaslHandshake: SaslHandshakeRequest, SaslHandshakeResponse;
    ApiVersions: ApiVersionsRequest, ApiVersionsResponse;
    CreateTopics: CreateTopicsRequest, CreateTopicsResponse;
    DeleteTopics: DeleteTopicsRequest, DeleteTopicsResponse;
    InitProducerId: InitProducerIdRequest, InitProducerIdResponse;
    SaslAuthenticate: SaslAuthenticateRequest, SaslAuthenticateResponse;
    DescribeConfigs: DescribeConfigsRequest, DescribeConfigsResponse;
    CreatePartitions: CreatePartitionsRequest, CreatePartitionsResponse;
    IncrementalAlterConfigs: IncrementalAlterConfigsRequest, IncrementalAlterConfigsResponse;
    DescribeTopicPartitions: DescribeTopicPartitionsRequest, DescribeTopicPartitionsResponse;
}

fn response<M: Message + PartialEq + std::fmt::Debug>(version: u8, frame: &Bytes) {
    let versions = M::API.versions();
    let count = versions.end() - versions.start() + 1;
    let version = versions.start() + i16::from(version) % count;
    match decode_response::<M>(version, frame) {
        Ok((correlation, response)) => {
            let written = encode_response(correlation, version, &response)
                .expect("what was read in this version can be written in it");
            let again = decode_response::<M>(version, &Bytes::from(written).slice(4..));
            assert_eq!(again, Ok((correlation, response)));
        }
        Err(error) => {
            assert!(!error.to_string().is_empty());
            let refusal = ErrorCode::UNSUPPORTED_VERSION.0.to_be_bytes();
            let refused = M::API == ApiKey::ApiVersions && frame.get(4..6) == Some(&refusal[..]);
            assert!(!refused, "a refused ApiVersions is always understood: {error}");
        }
    }
}

/// However a stream is cut into pieces, the frames in it are the same.
pub(crate) fn frames(input: &[u8]) {
    const LIMIT: usize = 200;
    let mut input = Input(input);
    let cuts: Vec<u8> = input.take(8).to_vec();
    let stream = input.0;
    let mut whole = FrameDecoder::new(LIMIT);
    whole.push(Bytes::copy_from_slice(stream));
    let mut expected = Vec::new();
    let end = loop {
        match whole.next_frame() {
            Ok(Some(frame)) => expected.push(frame),
            Ok(None) => break None,
            Err(error) => break Some(error),
        }
    };
    assert!(expected.iter().all(|frame| frame.len() <= LIMIT));
    let (mut pieces, mut found, mut failed) = (FrameDecoder::new(LIMIT), Vec::new(), None);
    let mut rest = stream;
    let mut cuts = cuts.iter().cycle();
    while !rest.is_empty() && failed.is_none() {
        let len = cuts
            .next()
            .map_or(1, |cut| usize::from(*cut).max(1))
            .min(rest.len());
        let (piece, behind) = rest.split_at(len);
        rest = behind;
        pieces.push(piece);
        loop {
            match pieces.next_frame() {
                Ok(Some(frame)) => found.push(frame),
                Ok(None) => break,
                Err(error) => {
                    failed = Some(error);
                    break;
                }
            }
        }
    }
    assert_eq!((found, failed), (expected, end));
}
