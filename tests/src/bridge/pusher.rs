//! A client that writes as much as its socket takes, and counts.

use std::io::{ErrorKind, Write};

use ottla_wire::frame::FrameDecoder;
use ottla_wire::messages::produce::ProduceResponse;
use tokio_tungstenite::tungstenite::{self, WebSocket};

use super::client::Tap;
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
    socket: WebSocket<Tap>,
    frames: FrameDecoder,
    version: i16,
    /// A request as one WebSocket message or as many. Masks are zero, so that numbering it costs four bytes and no more.
    messages: Vec<u8>,
    /// Where the four bytes of its number are in them.
    number_at: [usize; 4],
    /// How much of the current request is written.
    offset: usize,
    begun: i32,
    acked: Vec<Acked>,
}

impl Pusher {
    /// Opens a WebSocket to `node`. `request` is a Produce request of that version, with its length; `pieces` is how it
    /// is cut into messages.
    ///
    /// # Panics
    /// When the bridge does not let it in.
    #[track_caller]
    pub fn open(bridge: &Bridge, node: &str, version: i16, request: &[u8], pieces: Pieces) -> Self {
        let socket = Client::open(bridge, node, pieces).into_socket();
        socket
            .get_ref()
            .stream()
            .set_nonblocking(true)
            .expect("every socket can be asked not to block");
        let (messages, number_at) = messages(request, pieces);
        Self {
            socket,
            frames: FrameDecoder::new(MAX_ANSWER),
            version,
            messages,
            number_at,
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
                for (at, byte) in self.number_at.into_iter().zip(self.begun.to_be_bytes()) {
                    self.messages[at] = byte;
                }
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
        match self.socket.get_mut().write(&self.messages[self.offset..]) {
            Ok(written) => {
                self.begun += i32::from(self.offset == 0);
                self.offset = (self.offset + written) % self.messages.len();
                written
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => 0,
            Err(error) => panic!("the bridge closed the socket: {error}; {:?}", self.socket.read()),
        }
    }
}

/// The bytes for the socket, and where the four of the request's number are in them.
fn messages(request: &[u8], pieces: Pieces) -> (Vec<u8>, [usize; 4]) {
    const MASK: [u8; 4] = [0; 4];
    let number = [0, 1, 2, 3].map(|n| CORRELATION_ID + n);
    match pieces {
        Pieces::Whole => {
            let length = (request.len() as u64).to_be_bytes();
            let head = [&[0x82, 0xff], &length[..], &MASK].concat();
            let number_at = number.map(|at| head.len() + at);
            ([&head, request].concat(), number_at)
        }
        Pieces::Bytes => {
            let head = [&[0x82, 0x81][..], &MASK].concat();
            let messages = request.iter().flat_map(|byte| [&head[..], &[*byte]].concat());
            let number_at = number.map(|at| at * (head.len() + 1) + head.len());
            (messages.collect(), number_at)
        }
    }
}
