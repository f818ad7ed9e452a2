//! Whole frames: length prefix, header and body.

use alloc::vec::Vec;
use core::error::Error;
use core::fmt;

use bytes::Bytes;

use crate::api::ApiKey;
use crate::header::{RequestHeader, ResponseHeader};
use crate::messages::Message;
use crate::messages::api_versions::ApiVersionsRequest;
#[cfg(feature = "admin")]
use crate::messages::create_partitions::CreatePartitionsRequest;
use crate::messages::create_topics::CreateTopicsRequest;
use crate::messages::delete_topics::DeleteTopicsRequest;
#[cfg(feature = "admin")]
use crate::messages::describe_configs::DescribeConfigsRequest;
#[cfg(feature = "admin")]
use crate::messages::describe_topic_partitions::DescribeTopicPartitionsRequest;
use crate::messages::fetch::FetchRequest;
use crate::messages::find_coordinator::FindCoordinatorRequest;
#[cfg(feature = "admin")]
use crate::messages::incremental_alter_configs::IncrementalAlterConfigsRequest;
use crate::messages::init_producer_id::InitProducerIdRequest;
use crate::messages::list_offsets::ListOffsetsRequest;
use crate::messages::metadata::MetadataRequest;
use crate::messages::produce::ProduceRequest;
use crate::messages::sasl::{SaslAuthenticateRequest, SaslHandshakeRequest};
use crate::primitives::{DecodeError, EncodeError, Reader, Writer};

fn write_request<M: Message>(
    mut w: Writer,
    correlation_id: i32,
    client_id: Option<&str>,
    version: i16,
    request: &M,
) -> Result<Writer, EncodeError> {
    w.begin_frame();
    let client_id = client_id.map(Into::into);
    let header = RequestHeader {
        api_key: M::API.key(),
        api_version: version,
        correlation_id,
        client_id,
    };
    header.write(&mut w)?;
    request.encode(version, &mut w)?;
    w.end_frame()?;
    Ok(w)
}

fn write_response<M: Message>(
    mut w: Writer,
    correlation_id: i32,
    version: i16,
    response: &M,
) -> Result<Writer, EncodeError> {
    w.begin_frame();
    ResponseHeader { correlation_id }.write(M::API, version, &mut w);
    response.encode(version, &mut w)?;
    w.end_frame()?;
    Ok(w)
}

/// A request as it goes to the socket: length prefix, header, body.
///
/// # Errors
///
/// As [`Message::encode`].
pub fn encode_request<M: Message>(
    correlation_id: i32,
    client_id: Option<&str>,
    version: i16,
    request: &M,
) -> Result<Vec<u8>, EncodeError> {
    write_request(Writer::new(), correlation_id, client_id, version, request).map(Writer::into_vec)
}

/// As [`encode_request`], as chunks in which byte fields are shared instead of copied.
///
/// # Errors
///
/// As [`Message::encode`].
pub fn encode_request_chunks<M: Message>(
    correlation_id: i32,
    client_id: Option<&str>,
    version: i16,
    request: &M,
) -> Result<Vec<Bytes>, EncodeError> {
    write_request(Writer::sharing(), correlation_id, client_id, version, request).map(Writer::into_chunks)
}

/// A response as it goes to the socket: length prefix, header, body.
///
/// # Errors
///
/// As [`Message::encode`].
pub fn encode_response<M: Message>(
    correlation_id: i32,
    version: i16,
    response: &M,
) -> Result<Vec<u8>, EncodeError> {
    write_response(Writer::new(), correlation_id, version, response).map(Writer::into_vec)
}

/// As [`encode_response`], as chunks in which byte fields (fetched records) are shared instead of copied.
///
/// # Errors
///
/// As [`Message::encode`].
pub fn encode_response_chunks<M: Message>(
    correlation_id: i32,
    version: i16,
    response: &M,
) -> Result<Vec<Bytes>, EncodeError> {
    write_response(Writer::sharing(), correlation_id, version, response).map(Writer::into_chunks)
}

/// Reads a response frame (without its length prefix) to a request of that version: correlation id and body.
///
/// # Errors
///
/// If the bytes are not exactly one response of that version.
pub fn decode_response<M: Message>(version: i16, frame: &Bytes) -> Result<(i32, M), DecodeError> {
    let mut r = Reader::new(frame);
    let header = ResponseHeader::read(M::API, version, &mut r)?;
    let response = M::decode(version, &mut r)?;
    r.finish()?;
    Ok((header.correlation_id, response))
}

/// The correlation id of a response frame, which says which request it answers and so how to read it.
///
/// # Errors
///
/// If the frame is shorter than four bytes.
pub fn peek_correlation_id(frame: &Bytes) -> Result<i32, DecodeError> {
    Reader::new(frame).i32()
}

/// Why a frame is not a request that this crate can read.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum RequestError {
    /// This crate does not know the API.
    UnknownApi(RequestHeader),
    /// This crate does not know that version. A broker answers ApiVersions even then, with `UNSUPPORTED_VERSION`.
    UnsupportedVersion(ApiKey, RequestHeader),
    /// The header is broken.
    MalformedHeader(DecodeError),
    /// The body is broken.
    MalformedBody(RequestHeader, DecodeError),
}

impl fmt::Display for RequestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownApi(header) => write!(f, "request for the unknown API {}", header.api_key),
            Self::UnsupportedVersion(api, header) => {
                let versions = api.versions();
                let (min, max) = (versions.start(), versions.end());
                write!(
                    f,
                    "{api} request of version {}; {min} to {max} are implemented here",
                    header.api_version
                )
            }
            Self::MalformedHeader(error) => write!(f, "malformed request header: {error}"),
            Self::MalformedBody(header, error) => {
                write!(
                    f,
                    "malformed request (API {}, version {}): {error}",
                    header.api_key, header.api_version
                )
            }
        }
    }
}

impl Error for RequestError {}

macro_rules! any_request {
    ($( $(#[cfg($cfg:meta)])? $name:ident($request:ident); )*) => {
        /// A request of any API that this crate speaks.
        #[derive(Debug, Clone, PartialEq, Eq)]
        #[allow(missing_docs, reason = "each variant is the request of the API that it is named after")]
        pub enum AnyRequest {
            $( $(#[cfg($cfg)])? $name($request), )*
        }

        impl AnyRequest {
            /// The API it belongs to.
            pub fn api(&self) -> ApiKey {
                match self {
                    $( $(#[cfg($cfg)])? Self::$name(_) => ApiKey::$name, )*
                }
            }

            /// Reads the body of a request.
            ///
            /// # Errors
            ///
            /// As [`Message::decode`].
            pub fn decode(api: ApiKey, version: i16, r: &mut Reader<'_>) -> Result<Self, DecodeError> {
                match api {
                    $( $(#[cfg($cfg)])? ApiKey::$name => $request::decode(version, r).map(Self::$name), )*
                }
            }
        }
    };
}

any_request! {
    Produce(ProduceRequest);
    Fetch(FetchRequest);
    ListOffsets(ListOffsetsRequest);
    Metadata(MetadataRequest);
    FindCoordinator(FindCoordinatorRequest);
    SaslHandshake(SaslHandshakeRequest);
    ApiVersions(ApiVersionsRequest);
    CreateTopics(CreateTopicsRequest);
    DeleteTopics(DeleteTopicsRequest);
    InitProducerId(InitProducerIdRequest);
    #[cfg(feature = "admin")]
    DescribeConfigs(DescribeConfigsRequest);
    SaslAuthenticate(SaslAuthenticateRequest);
    #[cfg(feature = "admin")]
    CreatePartitions(CreatePartitionsRequest);
    #[cfg(feature = "admin")]
    IncrementalAlterConfigs(IncrementalAlterConfigsRequest);
    #[cfg(feature = "admin")]
    DescribeTopicPartitions(DescribeTopicPartitionsRequest);
}

/// Reads a request frame (without its length prefix): what a broker does first.
///
/// # Errors
///
/// If this crate does not know the API or version, or the bytes are not exactly one request of it. What is known of
/// the header comes with the error.
pub fn decode_request(frame: &Bytes) -> Result<(RequestHeader, AnyRequest), RequestError> {
    let mut r = Reader::new(frame);
    let header = RequestHeader::read(&mut r).map_err(RequestError::MalformedHeader)?;
    let Some(api) = ApiKey::from_i16(header.api_key) else {
        return Err(RequestError::UnknownApi(header));
    };
    if !api.versions().contains(&header.api_version) {
        return Err(RequestError::UnsupportedVersion(api, header));
    }
    let body = AnyRequest::decode(api, header.api_version, &mut r).and_then(|body| r.finish().map(|()| body));
    match body {
        Ok(body) => Ok((header, body)),
        Err(error) => Err(RequestError::MalformedBody(header, error)),
    }
}
