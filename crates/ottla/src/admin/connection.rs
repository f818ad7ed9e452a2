//! One request at a time over one connection, in the highest version that both sides know.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::time::Duration;

use bytes::Bytes;
use ottla_core::Address;
use ottla_wire::api::ApiKey;
use ottla_wire::error_code::ErrorCode;
use ottla_wire::frame::FrameDecoder;
use ottla_wire::messages::Message;
use ottla_wire::messages::api_versions::{ApiVersionsRequest, ApiVersionsResponse};
use tokio::time::timeout;

use super::{AdminError, AdminOptions};
use crate::rt::tokio::Stream;
use crate::transport::{ByteStream, Dial, Lost};

/// No answer of an administrative call is larger; a Fetch asks for less.
const MAX_ANSWER: usize = 128 << 20;

pub(crate) struct Connection {
    stream: Stream,
    frames: FrameDecoder,
    pub(super) address: String,
    client_id: String,
    limit: Duration,
    correlation: i32,
    versions: Vec<(i16, i16, i16)>,
    /// Who logs in here, and when the session has to be renewed.
    #[cfg(feature = "sasl")]
    pub(super) session: Option<super::login::Session>,
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
    create_partitions: CreatePartitionsRequest => CreatePartitionsResponse,
    delete_topics: DeleteTopicsRequest => DeleteTopicsResponse,
    describe_configs: DescribeConfigsRequest => DescribeConfigsResponse,
    describe_topic_partitions: DescribeTopicPartitionsRequest => DescribeTopicPartitionsResponse,
    incremental_alter_configs: IncrementalAlterConfigsRequest => IncrementalAlterConfigsResponse,
    list_offsets: ListOffsetsRequest => ListOffsetsResponse,
    fetch: FetchRequest => FetchResponse,
    sasl: SaslHandshakeRequest => SaslHandshakeResponse,
    sasl: SaslAuthenticateRequest => SaslAuthenticateResponse,
}

impl Connection {
    pub(crate) async fn open(host: &str, port: u16, options: &AdminOptions) -> Result<Self, AdminError> {
        let address = if host.contains(':') {
            format!("[{host}]:{port}")
        } else {
            format!("{host}:{port}")
        };
        let dial = Dial {
            node: None,
            address: Address::Tcp {
                host: host.to_owned(),
                port,
            },
        };
        let opened = timeout(options.request_timeout, options.network.open(&dial)).await;
        let stream = opened
            .unwrap_or_else(|_| {
                let limit = options.request_timeout.as_millis();
                Err(Lost::Broken(format!(
                    "{address}: no connection within {limit} ms"
                )))
            })
            .map_err(|lost| ended(&address, lost))?;
        let mut connection = Self {
            stream,
            frames: FrameDecoder::new(MAX_ANSWER),
            address,
            client_id: options.client_id.clone(),
            limit: options.request_timeout,
            correlation: 0,
            versions: Vec::new(),
            #[cfg(feature = "sasl")]
            session: options.session(),
        };
        connection.negotiate().await?;
        #[cfg(feature = "sasl")]
        connection.log_in().await?;
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
        #[cfg(feature = "sasl")]
        self.renew().await?;
        let version = self.version(C::API)?;
        self.exchange(version, request).await
    }

    /// What the broker offers: key, lowest and highest version.
    pub(super) fn versions(&self) -> &[(i16, i16, i16)] {
        &self.versions
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

    pub(super) async fn exchange<C: Call>(
        &mut self,
        version: i16,
        request: &C,
    ) -> Result<C::Answer, AdminError> {
        self.correlation = self.correlation.wrapping_add(1);
        let correlation = self.correlation;
        let bytes = ottla_wire::encode_request(correlation, Some(self.client_id.as_str()), version, request)
            .map_err(|e| self.lost(e.to_string()))?;
        let limit = self.limit;
        let frame = timeout(limit, self.round_trip(bytes.into()))
            .await
            .map_err(|_| {
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

    async fn round_trip(&mut self, request: Bytes) -> Result<Bytes, AdminError> {
        let mut left = request.len();
        let mut queue = VecDeque::from([request]);
        while left > 0 {
            let sent = poll_fn(|cx| self.stream.poll_transmit(cx, &mut queue)).await;
            left = left.saturating_sub(sent.map_err(|lost| ended(&self.address, lost))?);
        }
        loop {
            if let Some(frame) = self.frames.next_frame().map_err(|e| self.lost(e.to_string()))? {
                return Ok(frame);
            }
            let received = poll_fn(|cx| self.stream.poll_receive(cx)).await;
            self.frames
                .push(received.map_err(|lost| ended(&self.address, lost))?);
        }
    }

    pub(crate) fn lost(&self, why: String) -> AdminError {
        AdminError::Connection {
            address: self.address.clone(),
            why,
        }
    }
}

fn ended(address: &str, lost: Lost) -> AdminError {
    let bare = |why: String| {
        let rest = why.strip_prefix(address).and_then(|rest| rest.strip_prefix(": "));
        rest.map(str::to_owned).unwrap_or(why)
    };
    match lost {
        Lost::Broken(why) => AdminError::Connection {
            address: address.to_owned(),
            why: bare(why),
        },
        Lost::Rejected(why) => AdminError::Refused {
            address: address.to_owned(),
            code: "SSL_AUTHENTICATION_FAILED",
            why: bare(why),
        },
    }
}
