//! A WebSocket client of an independent implementation, with Kafka requests on top.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use ottla_wire::Message;
use ottla_wire::frame::FrameDecoder;
use tokio::net::TcpSocket;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{self, WebSocket, client};

use super::{Bridge, ORIGIN};

/// Nothing here takes long; what does hangs.
const LIMIT: Duration = Duration::from_secs(60);
/// Bytes that the kernel keeps for the bridge. By default it takes megabytes from a client before it says that the
/// bridge does not read.
const SEND_BUFFER: u32 = 64 * 1024;

/// How a client cuts its bytes into WebSocket messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pieces {
    /// A message for each call.
    Whole,
    /// A message for each byte.
    Bytes,
}

impl Pieces {
    /// Every kind: what holds for one must hold for the other.
    pub const ALL: [Self; 2] = [Self::Whole, Self::Bytes];
}

/// The status with which the bridge answered the upgrade instead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refused(pub u16);

/// A socket that remembers every byte that was read from it.
#[derive(Debug)]
pub(super) struct Tap {
    stream: TcpStream,
    heard: Vec<u8>,
}

impl Tap {
    pub(super) fn stream(&self) -> &TcpStream {
        &self.stream
    }
}

impl Read for Tap {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        let read = self.stream.read(to)?;
        self.heard.extend_from_slice(&to[..read]);
        Ok(read)
    }
}

impl Write for Tap {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.stream.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}

/// A client that remembers every byte that it was sent.
#[derive(Debug)]
pub struct Client {
    socket: WebSocket<Tap>,
    pieces: Pieces,
    frames: FrameDecoder,
    received: Vec<u8>,
}

impl Client {
    /// Opens a WebSocket to `node` (a number or `any`) of the cluster, from the allowed origin.
    ///
    /// # Panics
    /// When the bridge does not let it in.
    #[track_caller]
    pub fn open(bridge: &Bridge, node: &str, pieces: Pieces) -> Self {
        let opened = Self::try_open(bridge, node, Some(ORIGIN), pieces);
        opened.unwrap_or_else(|Refused(status)| panic!("the bridge answered {status}"))
    }

    /// As [`Client::open`], from any origin or none.
    ///
    /// # Errors
    /// When the bridge answers with anything but an upgrade.
    ///
    /// # Panics
    /// When there is no answer.
    #[track_caller]
    pub fn try_open(
        bridge: &Bridge,
        node: &str,
        origin: Option<&str>,
        pieces: Pieces,
    ) -> Result<Self, Refused> {
        let url = format!("{}/{node}", bridge.url());
        let address = url
            .trim_start_matches("ws://")
            .split('/')
            .next()
            .expect("split gives at least one part");
        let stream = connect(address.parse().expect("host:port"));
        let mut request = url.into_client_request().expect("a good address");
        let headers = request.headers_mut();
        if let Some(origin) = origin {
            headers.insert("Origin", origin.parse().expect("visible ASCII"));
        }
        headers.insert(
            "Sec-WebSocket-Protocol",
            "kafka.v1".parse().expect("visible ASCII"),
        );
        let tap = Tap {
            stream,
            heard: Vec::new(),
        };
        match client(request, tap) {
            Ok((socket, _)) => Ok(Self {
                socket,
                pieces,
                frames: FrameDecoder::new(1 << 20),
                received: Vec::new(),
            }),
            Err(tungstenite::HandshakeError::Failure(tungstenite::Error::Http(response))) => {
                Err(Refused(response.status().as_u16()))
            }
            Err(other) => panic!("{other}"),
        }
    }

    /// Sends bytes, cut as this client cuts them.
    ///
    /// # Panics
    /// When the socket is closed.
    #[track_caller]
    pub fn send_bytes(&mut self, bytes: &[u8]) {
        if self.pieces == Pieces::Whole {
            let message = tungstenite::Message::Binary(bytes.to_vec().into());
            return self.socket.send(message).expect("an open socket");
        }
        // Written past the library, which would flush each of a million messages.
        let mut messages = Vec::with_capacity(bytes.len() * 7);
        for (mask, byte) in (0_u32..).zip(bytes) {
            let mask = mask.wrapping_mul(0x9e37_79b9).to_be_bytes();
            messages.extend([0x82, 0x81]);
            messages.extend(mask);
            messages.push(byte ^ mask[0]);
        }
        self.socket
            .get_mut()
            .write_all(&messages)
            .expect("an open socket");
    }

    /// Sends a request.
    ///
    /// # Panics
    /// When the request has fields that its version does not have, or the socket is closed.
    #[track_caller]
    pub fn send<Q: Message>(&mut self, version: i16, request: &Q) {
        let bytes =
            ottla_wire::encode_request(7, Some("test"), version, request).expect("fields of that version");
        self.send_bytes(&bytes);
    }

    /// Sends a request and waits for its answer.
    ///
    /// # Panics
    /// As [`Client::send`], and when anything but an answer of that version comes.
    #[track_caller]
    pub fn call<Q: Message, A: Message>(&mut self, version: i16, request: &Q) -> A {
        self.send(version, request);
        loop {
            if let Some(frame) = self.frames.next_frame().expect("frames of Kafka's size") {
                let (_, answer) =
                    ottla_wire::decode_response(version, &frame).expect("an answer of that version");
                return answer;
            }
            match self.socket.read().expect("the bridge answers") {
                tungstenite::Message::Binary(bytes) => {
                    self.received.extend_from_slice(&bytes);
                    self.frames.push(bytes);
                }
                other => panic!("{other:?}"),
            }
        }
    }

    /// Waits for the Close frame, and returns its code and its reason.
    ///
    /// # Panics
    /// When an answer comes instead, or the socket ends without one.
    #[track_caller]
    pub fn closed(&mut self) -> (u16, String) {
        match self.socket.read().expect("a Close frame") {
            tungstenite::Message::Close(Some(frame)) => (frame.code.into(), frame.reason.as_str().to_owned()),
            other => panic!("{other:?}"),
        }
    }

    /// The payload of every message so far, as one stream: what is cut over two messages is whole here.
    pub fn received(&self) -> &[u8] {
        &self.received
    }

    /// Every byte that came over the socket so far: the answer to the upgrade with its headers, all frames, and the
    /// reason with which the bridge closed.
    pub fn heard(&self) -> &[u8] {
        &self.socket.get_ref().heard
    }

    pub(super) fn into_socket(self) -> WebSocket<Tap> {
        self.socket
    }
}

fn connect(address: SocketAddr) -> TcpStream {
    let connect = async {
        let socket = TcpSocket::new_v4()?;
        socket.set_send_buffer_size(SEND_BUFFER)?;
        let stream = socket.connect(address).await?.into_std()?;
        stream.set_nonblocking(false)?;
        stream.set_read_timeout(Some(LIMIT))?;
        io::Result::Ok(stream)
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .build()
        .expect("a runtime needs a file descriptor");
    runtime.block_on(connect).expect("the bridge listens")
}
