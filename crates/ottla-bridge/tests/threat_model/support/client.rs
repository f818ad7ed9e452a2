//! A WebSocket client of an independent implementation, with Kafka requests on top.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use futures_util::{SinkExt, StreamExt};
use ottla_wire::messages::produce::{
    PartitionProduceData, ProduceRequest, ProduceResponse, TopicProduceData,
};
use ottla_wire::{ErrorCode, Message as KafkaMessage, decode_response, encode_request};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async};

/// Longer than anything here may take; the tests wait for conditions, never for this.
pub(super) const PATIENCE: Duration = Duration::from_secs(8);

pub(crate) struct Client {
    pub(crate) socket: WebSocketStream<TcpStream>,
    /// Every byte of every binary message.
    pub(crate) received: Vec<u8>,
    unread: BytesMut,
    /// Bytes per WebSocket message, when not whole requests.
    pub(crate) piece: Option<usize>,
    next_correlation_id: i32,
}

impl Client {
    /// Opens a WebSocket; the error is the HTTP status.
    pub(crate) async fn connect(address: SocketAddr, path: &str, origin: Option<&str>) -> Result<Self, u16> {
        let mut request = format!("ws://{address}{path}").into_client_request().unwrap();
        let headers = request.headers_mut();
        headers.insert("Sec-WebSocket-Protocol", "other.v1, kafka.v1".parse().unwrap());
        if let Some(origin) = origin {
            headers.insert("Origin", origin.parse().unwrap());
        }
        let socket = TcpSocket::new_v4().unwrap();
        // A bridge that stops reading shall be noticed soon.
        socket.set_send_buffer_size(64 * 1024).unwrap();
        let stream = socket.connect(address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        match client_async(request, stream).await {
            Ok((socket, response)) => {
                assert_eq!(response.headers()["Sec-WebSocket-Protocol"], "kafka.v1");
                assert!(!response.headers().contains_key("Sec-WebSocket-Extensions"));
                let (received, unread) = (Vec::new(), BytesMut::new());
                Ok(Self {
                    socket,
                    received,
                    unread,
                    piece: None,
                    next_correlation_id: 100,
                })
            }
            Err(Error::Http(response)) => Err(response.status().as_u16()),
            Err(other) => panic!("{other}"),
        }
    }

    pub(crate) async fn send_bytes(&mut self, bytes: Vec<u8>) {
        let result = match self.piece {
            None => self.socket.send(Message::binary(bytes)).await,
            Some(piece) => {
                for chunk in bytes.chunks(piece) {
                    self.socket.feed(Message::binary(chunk.to_vec())).await.unwrap();
                }
                self.socket.flush().await
            }
        };
        result.unwrap();
    }

    pub(crate) async fn send<M: KafkaMessage>(&mut self, version: i16, request: &M) -> i32 {
        let correlation_id = self.next_correlation_id;
        self.next_correlation_id += 1;
        self.send_bytes(encode_request(correlation_id, Some("page"), version, request).unwrap())
            .await;
        correlation_id
    }

    /// The next answer, or how the connection was closed.
    pub(crate) async fn answer<M: KafkaMessage>(&mut self, version: i16) -> Result<(i32, M), CloseFrame> {
        loop {
            if let Some(prefix) = self.unread.first_chunk() {
                let len = 4 + i32::from_be_bytes(*prefix) as usize;
                if self.unread.len() >= len {
                    let frame = self.unread.split_to(len).freeze().slice(4..);
                    return Ok(decode_response(version, &frame).unwrap());
                }
            }
            let message = tokio::time::timeout(PATIENCE, self.socket.next())
                .await
                .expect("an answer in time");
            match message.expect("a Close frame before the end").unwrap() {
                Message::Binary(bytes) => {
                    self.received.extend_from_slice(&bytes);
                    self.unread.extend_from_slice(&bytes);
                }
                Message::Close(frame) => return Err(frame.expect("a close code")),
                Message::Ping(_) | Message::Pong(_) => {}
                other => panic!("{other:?}"),
            }
        }
    }

    /// Sends a request and waits for its answer.
    pub(crate) async fn ask<Request: KafkaMessage, Response: KafkaMessage>(
        &mut self,
        version: i16,
        request: &Request,
    ) -> Result<Response, CloseFrame> {
        let correlation_id = self.send(version, request).await;
        let (answered, response) = self.answer(version).await?;
        assert_eq!(answered, correlation_id);
        Ok(response)
    }

    /// Waits for the Close frame: code and reason.
    pub(crate) async fn closed(&mut self) -> (u16, String) {
        loop {
            let message = tokio::time::timeout(PATIENCE, self.socket.next())
                .await
                .expect("a Close frame in time");
            match message.expect("a Close frame before the end").unwrap() {
                Message::Close(Some(frame)) => return (frame.code.into(), frame.reason.as_str().to_owned()),
                Message::Binary(bytes) => self.received.extend_from_slice(&bytes),
                _ => {}
            }
        }
    }
}

/// A batch as the bridge looks at it: a plausible header, and a payload that is no record.
pub(crate) fn batch(payload: &[u8]) -> Bytes {
    batch_with(0, 1, payload)
}

pub(crate) fn batch_with(attributes: i16, records: i32, payload: &[u8]) -> Bytes {
    let mut batch = vec![0; 61];
    batch.extend_from_slice(payload);
    let len = (batch.len() - 12) as i32;
    batch[8..12].copy_from_slice(&len.to_be_bytes());
    batch[16] = 2;
    batch[21..23].copy_from_slice(&attributes.to_be_bytes());
    batch[57..61].copy_from_slice(&records.to_be_bytes());
    batch.into()
}

/// A Produce request: topics with (partition, batch).
pub(crate) fn produce(acks: i16, topics: &[(&str, &[(i32, Bytes)])]) -> ProduceRequest {
    let partition = |(index, records): &(i32, Bytes)| PartitionProduceData {
        index: *index,
        records: Some(records.clone()),
    };
    let topic = |(name, partitions): &(&str, &[(i32, Bytes)])| TopicProduceData {
        name: (*name).to_owned(),
        partition_data: partitions.iter().map(partition).collect(),
        ..Default::default()
    };
    ProduceRequest {
        acks,
        timeout_ms: 5000,
        topic_data: topics.iter().map(topic).collect(),
        ..Default::default()
    }
}

/// What an answer says, in its order: topic, partition, error.
pub(crate) fn results(response: &ProduceResponse) -> Vec<(&str, i32, ErrorCode)> {
    let partitions = |topic: &'_ ottla_wire::messages::produce::TopicProduceResponse| {
        topic
            .partition_responses
            .iter()
            .map(|partition| (partition.index, partition.error_code))
            .collect::<Vec<_>>()
    };
    let topics = response.responses.iter();
    topics
        .flat_map(|topic| {
            partitions(topic)
                .into_iter()
                .map(|(index, code)| (topic.name.as_str(), index, code))
        })
        .collect()
}

/// Waits until a condition holds that other tasks bring about.
pub(crate) async fn eventually(what: &str, condition: impl Fn() -> bool) {
    let started = Instant::now();
    while !condition() {
        assert!(started.elapsed() < PATIENCE, "not in time: {what}");
        tokio::task::yield_now().await;
    }
}

/// The body of a page of the admin listener.
pub(crate) async fn get(address: SocketAddr, path: &str) -> String {
    let response = raw_http(
        address,
        &format!("GET {path} HTTP/1.1\r\nHost: {address}\r\n\r\n"),
    )
    .await;
    response.split_once("\r\n\r\n").unwrap().1.to_owned()
}

/// One value of a metrics page; 0 if it is not there.
pub(crate) async fn metric(admin: SocketAddr, name: &str) -> f64 {
    let page = get(admin, "/metrics").await;
    let line = page
        .lines()
        .find(|line| line.starts_with(name) && line[name.len()..].starts_with(' '));
    line.and_then(|line| line.rsplit(' ').next())
        .map_or(0.0, |value| value.parse().unwrap())
}

/// Sends bytes, and returns everything that comes back until the end.
pub(crate) async fn raw_http(address: SocketAddr, request: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut response = Vec::new();
    tokio::time::timeout(PATIENCE, stream.read_to_end(&mut response))
        .await
        .expect("an answer in time")
        .unwrap();
    String::from_utf8(response).unwrap()
}

/// Writes the same request again and again, past the WebSocket library: clients that fill their sockets write hundreds
/// of megabytes, and masking those is what would take the time here.
pub(crate) struct Pusher<'a> {
    socket: &'a TcpStream,
    message: Vec<u8>,
    offset: usize,
}

impl<'a> Pusher<'a> {
    pub(crate) fn new(client: &'a Client, request: &[u8]) -> Self {
        let mut message = vec![0x82, 0xff];
        message.extend((request.len() as u64).to_be_bytes());
        message.extend([0; 4]);
        message.extend(request);
        Self {
            socket: client.socket.get_ref(),
            message,
            offset: 0,
        }
    }

    /// Writes as much as the socket takes now.
    pub(crate) fn push(&mut self) {
        while let Ok(written @ 1..) = self.socket.try_write(&self.message[self.offset..]) {
            self.offset = (self.offset + written) % self.message.len();
        }
    }
}

/// A request to `clicks` as it goes over the wire.
pub(crate) fn encoded(acks: i16, payload_len: usize) -> Bytes {
    let request = produce(acks, &[("clicks", &[(0, batch(&vec![5; payload_len]))])]);
    encode_request(1, None, 9, &request).unwrap().into()
}
