//! A client that writes as much as its socket takes, and counts.

use std::io::{ErrorKind, Write};
use std::net::TcpStream;

use ottla_wire::frame::FrameDecoder;
use ottla_wire::messages::produce::ProduceResponse;
use tokio_tungstenite::tungstenite::{self, WebSocket};

use super::{Bridge, Client, Pieces};

/// Where a request's correlation id is, behind its length, API and version.
const CORRELATION_ID: usize = 8;
/// Longer answers are nothing that Produce has.
const MAX_ANSWER: usize = 64 * 1024;

/// A request that was acknowledged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Acked {
    /// Its number.
    pub id: i32,
    /// The offset of its first record.
    pub offset: i64,
}

/// Writes the same Produce request under ascending numbers, without ever waiting.
#[derive(Debug)]
pub struct Pusher {
    socket: WebSocket<TcpStream>,
    frames: FrameDecoder,
    version: i16,
    /// A request as a WebSocket message. Its mask is zero, so that numbering it costs four bytes and no more.
    message: Vec<u8>,
    /// Where the request begins in it.
    request_at: usize,
    /// How much of the current message is written.
    offset: usize,
    begun: i32,
    acked: Vec<Acked>,
}

impl Pusher {
    /// Opens a WebSocket to `node`. `request` is a Produce request of that version, with its length.
    ///
    /// # Panics
    /// When the bridge does not let it in.
    #[track_caller]
    pub fn open(bridge: &Bridge, node: &str, version: i16, request: &[u8]) -> Self {
        let socket = Client::open(bridge, node, Pieces::Whole).into_socket();
        socket
            .get_ref()
            .set_nonblocking(true)
            .expect("every socket can be asked not to block");
        let mut message = vec![0x82, 0xff];
        message.extend((request.len() as u64).to_be_bytes());
        message.extend([0; 4]);
        let request_at = message.len();
        message.extend(request);
        Self {
            socket,
            frames: FrameDecoder::new(MAX_ANSWER),
            version,
            message,
            request_at,
            offset: 0,
            begun: 0,
            acked: Vec::new(),
        }
    }

    /// Writes requests until the socket takes no more; returns how many bytes it took.
    ///
    /// # Panics
    /// When the socket is closed.
    #[track_caller]
    pub fn push(&mut self) -> usize {
        let mut taken = 0;
        loop {
            if self.offset == 0 {
                let at = self.request_at + CORRELATION_ID;
                self.message[at..at + 4].copy_from_slice(&self.begun.to_be_bytes());
            }
            match self.write() {
                0 => return taken,
                written => taken += written,
            }
        }
    }

    /// Writes what is missing of the request that has begun; returns whether nothing is missing any more.
    ///
    /// # Panics
    /// When the socket is closed.
    #[track_caller]
    pub fn finish(&mut self) -> bool {
        while self.offset > 0 && self.write() > 0 {}
        self.offset == 0
    }

    /// Reads the answers that are there.
    ///
    /// # Panics
    /// When one is an error, or comes in the wrong order, or the bridge closes the socket.
    #[track_caller]
    pub fn read(&mut self) {
        loop {
            match self.socket.read() {
                Ok(tungstenite::Message::Binary(bytes)) => self.frames.push(bytes),
                Err(tungstenite::Error::Io(error)) if error.kind() == ErrorKind::WouldBlock => return,
                other => panic!("{other:?}"),
            }
            while let Some(frame) = self.frames.next_frame().expect("frames of Kafka's size") {
                let (id, answer) = ottla_wire::decode_response::<ProduceResponse>(self.version, &frame)
                    .expect("an answer to Produce");
                let partition = &answer.responses[0].partition_responses[0];
                assert!(partition.error_code.is_ok(), "{answer:?}");
                assert_eq!(
                    id,
                    self.acked.len() as i32,
                    "answers come in the order of the requests"
                );
                let offset = partition.base_offset;
                self.acked.push(Acked { id, offset });
            }
        }
    }

    /// How many requests have begun to be written; all but the last one are complete, and after [`Pusher::finish`]
    /// that one too.
    pub fn begun(&self) -> usize {
        self.begun as usize
    }

    /// The requests that were acknowledged, in order.
    pub fn acked(&self) -> &[Acked] {
        &self.acked
    }

    /// Writes once; 0 when the socket is full.
    #[track_caller]
    fn write(&mut self) -> usize {
        match self.socket.get_mut().write(&self.message[self.offset..]) {
            Ok(written) => {
                self.begun += i32::from(self.offset == 0);
                self.offset = (self.offset + written) % self.message.len();
                written
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => 0,
            Err(error) => panic!("the bridge closed the socket: {error}"),
        }
    }
}
