//! From the bytes of a client's socket to the payload of its binary messages.

use std::io;

use bytes::{Buf, BufMut, Bytes, BytesMut};
use tokio::net::tcp::ReadHalf;

use super::frame::{Opcode, parse_header, violation};
use crate::close::{Close, CloseCode};
use crate::socket::read_now;

/// How much is asked of the socket at once while no large payload is wanted.
const READ_SIZE: usize = 16 * 1024;
/// The same after a large frame, when the next header did not come with its end. What follows it is then read to where
/// it belongs.
const HEADER_READ_SIZE: usize = 256;
/// Spare capacity beyond the wanted payload, for the header that follows it.
pub(crate) const AHEAD: usize = 256;
/// Below this, a read of its own is not worth saving one copy.
const DIRECT_READ: usize = 4 * 1024;

/// The receiving half of a WebSocket.
#[derive(Debug, Default)]
pub(crate) struct Incoming {
    /// Bytes from the socket that are not decoded yet; its memory is given back when it is empty.
    raw: BytesMut,
    /// The frame whose payload is being read.
    frame: Option<Frame>,
    /// A fragmented message has begun.
    in_message: bool,
    /// The last data frame was large.
    bulk: bool,
}

#[derive(Debug)]
struct Frame {
    remaining: u64,
    mask: [u8; 4],
    control: Option<Control>,
}

#[derive(Debug)]
struct Control {
    opcode: Opcode,
    payload: BytesMut,
}

/// What one step of reading gave.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Payload was appended.
    Data,
    /// A Ping to be answered with the same bytes.
    Ping(Bytes),
    /// A sign of life.
    Pong,
    /// A Close frame.
    Closed,
    /// The socket ended without a Close frame.
    Eof,
}

impl Incoming {
    /// Continues with bytes that HTTP had read beyond the upgrade request.
    pub(crate) fn new(already_read: &[u8]) -> Self {
        Self {
            raw: BytesMut::from(already_read),
            ..Self::default()
        }
    }

    /// Waits until something happened: appends at least one and at most `wanted` bytes of payload to `payload`
    /// (whose spare capacity should be `wanted` and [`AHEAD`] for large sizes: it is read into directly), or returns
    /// another event.
    /// Cancel safe.
    pub(crate) async fn read(
        &mut self,
        socket: &ReadHalf<'_>,
        payload: &mut BytesMut,
        wanted: usize,
    ) -> Result<Step, Close> {
        loop {
            if let Some(step) = self.decode(payload, wanted)? {
                return Ok(step);
            }
            // A flood of Pings, or of small messages, must not keep the thread from its other connections.
            tokio::task::consume_budget().await;
            match self.fill(socket, payload, wanted).await {
                Ok(Filled::Raw) => {}
                Ok(Filled::Payload) => return Ok(Step::Data),
                Ok(Filled::Eof) | Err(_) => return Ok(Step::Eof),
            }
        }
    }

    /// As if the socket had given these bytes.
    #[cfg(feature = "fuzzing")]
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        self.raw.extend_from_slice(bytes);
    }

    /// Decodes what is already here; `None` means that more bytes are needed.
    pub(crate) fn decode(&mut self, payload: &mut BytesMut, wanted: usize) -> Result<Option<Step>, Close> {
        loop {
            let Some(frame) = &mut self.frame else {
                let Some((header, len)) = parse_header(&self.raw)? else {
                    return Ok(None);
                };
                self.raw.advance(len);
                self.begin(header.opcode, header.fin)?;
                self.bulk = header.payload_len >= READ_SIZE as u64;
                let control = header.opcode.is_control().then(|| Control {
                    opcode: header.opcode,
                    payload: BytesMut::new(),
                });
                self.frame = Some(Frame {
                    remaining: header.payload_len,
                    mask: header.mask,
                    control,
                });
                continue;
            };
            if let Some(control) = &mut frame.control {
                take(
                    &mut self.raw,
                    frame.remaining,
                    usize::MAX,
                    &mut frame.mask,
                    &mut control.payload,
                )
                .inspect(|taken| frame.remaining -= taken);
                if frame.remaining > 0 {
                    return Ok(None);
                }
                let (opcode, payload) = (control.opcode, std::mem::take(&mut control.payload).freeze());
                self.frame = None;
                return Ok(Some(match opcode {
                    Opcode::Ping => Step::Ping(payload),
                    Opcode::Pong => Step::Pong,
                    _ => Step::Closed,
                }));
            }
            if frame.remaining == 0 {
                self.frame = None;
                continue;
            }
            let Some(taken) = take(&mut self.raw, frame.remaining, wanted, &mut frame.mask, payload) else {
                return Ok(None);
            };
            frame.remaining -= taken;
            return Ok(Some(Step::Data));
        }
    }

    /// Checks the order of fragments (RFC 6455 §5.4).
    fn begin(&mut self, opcode: Opcode, fin: bool) -> Result<(), Close> {
        match opcode {
            Opcode::Text => Err(Close::new(
                CloseCode::Text,
                "text message; send Kafka requests as binary messages",
            )),
            Opcode::Binary if self.in_message => Err(violation("a message began inside another")),
            Opcode::Continuation if !self.in_message => Err(violation("a continuation of no message")),
            Opcode::Binary | Opcode::Continuation => {
                self.in_message = !fin;
                Ok(())
            }
            Opcode::Close | Opcode::Ping | Opcode::Pong => Ok(()),
        }
    }

    async fn fill(
        &mut self,
        socket: &ReadHalf<'_>,
        payload: &mut BytesMut,
        wanted: usize,
    ) -> io::Result<Filled> {
        if self.raw.is_empty() {
            // An idle connection keeps no buffer.
            self.raw = BytesMut::new();
        }
        loop {
            socket.readable().await?;
            let direct = self.raw.is_empty() && wanted >= DIRECT_READ;
            let result = match &mut self.frame {
                Some(frame) if direct && frame.control.is_none() && frame.remaining >= DIRECT_READ as u64 => {
                    let room = wanted.min(usize::try_from(frame.remaining).unwrap_or(usize::MAX));
                    let start = payload.len();
                    // The next header comes along: a system call less for each message of a busy stream.
                    let result = read_now(socket, &mut payload.limit(room + AHEAD));
                    if let Ok(read @ 1..) = result {
                        let end = start + read.min(room);
                        self.raw.extend_from_slice(&payload[end..]);
                        payload.truncate(end);
                        unmask(&mut payload[start..], &mut frame.mask);
                        frame.remaining -= (end - start) as u64;
                        return Ok(Filled::Payload);
                    }
                    result
                }
                _ => {
                    let size = if self.bulk { HEADER_READ_SIZE } else { READ_SIZE };
                    self.raw.reserve(size);
                    read_now(socket, &mut (&mut self.raw).limit(size))
                }
            };
            match result {
                Ok(0) => return Ok(Filled::Eof),
                Ok(_) => return Ok(Filled::Raw),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(error),
            }
        }
    }
}

enum Filled {
    Raw,
    Payload,
    Eof,
}

/// Moves up to `remaining` and `wanted` bytes, unmasked; `None` if there are none.
fn take(
    raw: &mut BytesMut,
    remaining: u64,
    wanted: usize,
    mask: &mut [u8; 4],
    to: &mut BytesMut,
) -> Option<u64> {
    let len = raw
        .len()
        .min(wanted)
        .min(usize::try_from(remaining).unwrap_or(usize::MAX));
    if len == 0 {
        return None;
    }
    let start = to.len();
    to.extend_from_slice(&raw[..len]);
    raw.advance(len);
    unmask(&mut to[start..], mask);
    Some(len as u64)
}

/// Unmasks the next bytes of a frame and turns the mask to the byte that follows.
fn unmask(bytes: &mut [u8], mask: &mut [u8; 4]) {
    // Clients that nobody listens to on the way send this key, to spare both sides the work.
    if *mask == [0; 4] {
        return;
    }
    let wide = u64::from_ne_bytes([
        mask[0], mask[1], mask[2], mask[3], mask[0], mask[1], mask[2], mask[3],
    ]);
    let turn = bytes.len() % 4;
    let mut chunks = bytes.chunks_exact_mut(8);
    for chunk in &mut chunks {
        let word = u64::from_ne_bytes((&*chunk).try_into().expect("chunks_exact gives chunks of 8")) ^ wide;
        chunk.copy_from_slice(&word.to_ne_bytes());
    }
    for (byte, key) in chunks.into_remainder().iter_mut().zip(mask.iter().cycle()) {
        *byte ^= key;
    }
    mask.rotate_left(turn);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn masked_frame(first: u8, payload: &[u8], out: &mut Vec<u8>) {
        let mask = [0x37, 0xfa, 0x21, 0x3d];
        out.push(first);
        match payload.len() {
            len @ 0..126 => out.push(0x80 | len as u8),
            len => {
                out.push(0xfe);
                out.extend((len as u16).to_be_bytes());
            }
        }
        out.extend(mask);
        out.extend(
            payload
                .iter()
                .zip(mask.iter().cycle())
                .map(|(byte, key)| byte ^ key),
        );
    }

    /// Feeds `input` in pieces of `piece` bytes and collects payload and other events.
    fn decode_all(input: &[u8], piece: usize) -> Result<(Vec<u8>, Vec<Step>), Close> {
        let mut incoming = Incoming::default();
        let (mut payload, mut events) = (BytesMut::new(), Vec::new());
        for chunk in input.chunks(piece) {
            incoming.raw.extend_from_slice(chunk);
            while let Some(step) = incoming.decode(&mut payload, 7)? {
                if step != Step::Data {
                    events.push(step);
                }
            }
        }
        Ok((payload.to_vec(), events))
    }

    #[test]
    fn messages_are_pieces_of_one_stream_however_they_are_cut() {
        let data: Vec<u8> = (0..1000_u32).map(|i| (i * 7) as u8).collect();
        let mut input = Vec::new();
        masked_frame(0x82, &data[..300], &mut input);
        masked_frame(0x02, &data[300..301], &mut input);
        masked_frame(0x89, b"are you there", &mut input);
        masked_frame(0x00, &[], &mut input);
        masked_frame(0x80, &data[301..999], &mut input);
        masked_frame(0x82, &data[999..], &mut input);
        masked_frame(0x88, &[0x03, 0xe8], &mut input);
        for piece in [1, 2, 3, 5, 64, 4096] {
            let (payload, events) = decode_all(&input, piece).unwrap();
            assert_eq!(payload, data, "pieces of {piece}");
            assert_eq!(
                events,
                [Step::Ping(Bytes::from_static(b"are you there")), Step::Closed]
            );
        }
    }

    #[test]
    fn text_and_misplaced_fragments_are_refused() {
        for (frames, code) in [
            (vec![(0x81, "hi")], CloseCode::Text),
            (vec![(0x80, "x")], CloseCode::Protocol),
            (vec![(0x02, "x"), (0x82, "y")], CloseCode::Protocol),
        ] {
            let mut input = Vec::new();
            for (first, payload) in &frames {
                masked_frame(*first, payload.as_bytes(), &mut input);
            }
            assert_eq!(decode_all(&input, 64).unwrap_err().code, code, "{frames:?}");
        }
    }

    #[test]
    fn unmask_continues_at_any_offset() {
        let original: Vec<u8> = (0..100).collect();
        for cut in 0..original.len() {
            let (mut bytes, mut mask) = (original.clone(), [1, 2, 3, 4]);
            let (head, tail) = bytes.split_at_mut(cut);
            unmask(head, &mut mask);
            unmask(tail, &mut mask);
            let expected: Vec<u8> = original
                .iter()
                .zip([1, 2, 3, 4].iter().cycle())
                .map(|(byte, key)| byte ^ key)
                .collect();
            assert_eq!(bytes, expected, "cut at {cut}");
        }
    }
}
