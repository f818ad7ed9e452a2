//! One request at a time over one TCP connection, in the highest version that both sides know.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use ottla_wire::api::ApiKey;
use ottla_wire::error_code::ErrorCode;
use ottla_wire::messages::Message;
use ottla_wire::messages::api_versions::{ApiVersionsRequest, ApiVersionsResponse};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::{AdminError, AdminOptions};

/// No answer of an administrative call is larger; a Fetch asks for less.
const MAX_ANSWER: i32 = 128 << 20;

pub(crate) struct Connection {
    stream: TcpStream,
    address: String,
    client_id: String,
    limit: Duration,
    correlation: i32,
    versions: Vec<(i16, i16, i16)>,
}

/// A request that knows its answer's type.
pub(crate) trait Call: Message {
    type Answer: Message;
}

macro_rules! calls {
    ($($module:ident: $request:ident => $answer:ident),* $(,)?) => { $(
        impl Call for ottla_wire::messages::$module::$request {
            type Answer = ottla_wire::messages::$module::$answer;
        }
    )* };
}

calls! {
    api_versions: ApiVersionsRequest => ApiVersionsResponse,
    metadata: MetadataRequest => MetadataResponse,
    create_topics: CreateTopicsRequest => CreateTopicsResponse,
    list_offsets: ListOffsetsRequest => ListOffsetsResponse,
    fetch: FetchRequest => FetchResponse,
}

impl Connection {
    pub(crate) async fn open(host: &str, port: u16, options: &AdminOptions) -> Result<Self, AdminError> {
        let address = if host.contains(':') {
            format!("[{host}]:{port}")
        } else {
            format!("{host}:{port}")
        };
        let lost = |why: String| AdminError::Connection {
            address: address.clone(),
            why,
        };
        let stream = timeout(options.request_timeout, TcpStream::connect((host, port)))
            .await
            .map_err(|_| {
                lost(format!(
                    "no connection within {} ms",
                    options.request_timeout.as_millis()
                ))
            })?
            .map_err(|e| lost(e.to_string()))?;
        // Requests are small and wait for their answer: Nagle's algorithm would only add its delay.
        stream.set_nodelay(true).map_err(|e| lost(e.to_string()))?;
        let mut connection = Self {
            stream,
            address,
            client_id: options.client_id.clone(),
            limit: options.request_timeout,
            correlation: 0,
            versions: Vec::new(),
        };
        connection.negotiate().await?;
        Ok(connection)
    }

    async fn negotiate(&mut self) -> Result<(), AdminError> {
        let request = ApiVersionsRequest {
            client_software_name: "ottla".to_owned(),
            client_software_version: env!("CARGO_PKG_VERSION").to_owned(),
        };
        let mut answer: ApiVersionsResponse = self.exchange(3, &request).await?;
        if answer.error_code == ErrorCode::UNSUPPORTED_VERSION {
            answer = self.exchange(0, &request).await?;
        }
        super::check(answer.error_code, || "ApiVersions".to_owned())?;
        self.versions = answer
            .api_keys
            .iter()
            .map(|k| (k.api_key, k.min_version, k.max_version))
            .collect();
        Ok(())
    }

    /// Sends the request and waits for its answer.
    pub(crate) async fn call<C: Call>(&mut self, request: &C) -> Result<C::Answer, AdminError> {
        let version = self.version(C::API)?;
        self.exchange(version, request).await
    }

    /// The version in which `api` is spoken here.
    pub(crate) fn version(&self, api: ApiKey) -> Result<i16, AdminError> {
        let ours = api.versions();
        self.versions
            .iter()
            .find(|(key, ..)| *key == api as i16)
            .map(|&(_, min, max)| (min.max(*ours.start()), max.min(*ours.end())))
            .filter(|(min, max)| min <= max)
            .map(|(_, max)| max)
            .ok_or(AdminError::Unsupported { api: api.name() })
    }

    async fn exchange<C: Call>(&mut self, version: i16, request: &C) -> Result<C::Answer, AdminError> {
        self.correlation = self.correlation.wrapping_add(1);
        let correlation = self.correlation;
        let bytes = ottla_wire::encode_request(correlation, Some(self.client_id.as_str()), version, request)
            .map_err(|e| self.lost(e.to_string()))?;
        let limit = self.limit;
        let frame = timeout(limit, self.round_trip(&bytes)).await.map_err(|_| {
            self.lost(format!(
                "no answer to {} within {} ms",
                C::API.name(),
                limit.as_millis()
            ))
        })??;
        let (answered, answer) = ottla_wire::decode_response::<C::Answer>(version, &frame)
            .map_err(|e| self.lost(e.to_string()))?;
        if answered != correlation {
            return Err(self.lost(format!("answer {answered} came to request {correlation}")));
        }
        Ok(answer)
    }

    async fn round_trip(&mut self, request: &[u8]) -> Result<Bytes, AdminError> {
        self.stream
            .write_all(request)
            .await
            .map_err(|e| self.lost(e.to_string()))?;
        let len = self
            .stream
            .read_i32()
            .await
            .map_err(|e| self.lost(e.to_string()))?;
        let len = usize::try_from(len)
            .ok()
            .filter(|_| len <= MAX_ANSWER)
            .ok_or_else(|| self.lost(format!("an answer of {len} bytes is no Kafka answer")))?;
        let mut frame = BytesMut::zeroed(len);
        self.stream
            .read_exact(&mut frame)
            .await
            .map_err(|e| self.lost(e.to_string()))?;
        Ok(frame.freeze())
    }

    pub(crate) fn lost(&self, why: String) -> AdminError {
        AdminError::Connection {
            address: self.address.clone(),
            why,
        }
    }
}
