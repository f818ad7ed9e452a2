//! A client's connection that hides nothing: bytes out, frames in.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use bytes::Bytes;
use ottla_wire::frame::FrameDecoder;

/// Longer than any broker here takes to answer.
const LIMIT: Duration = Duration::from_secs(20);
const MAX_FRAME: usize = 100 << 20;

#[derive(Debug)]
pub(crate) struct Connection {
    stream: TcpStream,
    frames: FrameDecoder,
}

impl Connection {
    /// # Panics
    /// When nobody listens there.
    pub(crate) fn open(address: SocketAddr) -> Self {
        Self::try_open(address).unwrap_or_else(|error| panic!("{address}: {error}"))
    }

    pub(crate) fn try_open(address: SocketAddr) -> std::io::Result<Self> {
        let stream = TcpStream::connect_timeout(&address, LIMIT)?;
        stream.set_read_timeout(Some(LIMIT))?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            frames: FrameDecoder::new(MAX_FRAME),
        })
    }

    /// Writes; that the broker has closed is seen when the answer is read.
    pub(crate) fn send(&mut self, bytes: &[u8]) {
        let _ = self.stream.write_all(bytes);
    }

    /// The next frame, or what came in place of it.
    pub(crate) fn receive(&mut self) -> Result<Bytes, NoAnswer> {
        let mut piece = [0; 64 << 10];
        loop {
            if let Some(frame) = self.frames.next_frame().expect("brokers send frames") {
                return Ok(frame);
            }
            match self.stream.read(&mut piece) {
                Ok(0) => return Err(NoAnswer::Closed),
                Ok(len) => self.frames.push(&piece[..len]),
                Err(error) if error.kind() == ErrorKind::ConnectionReset => return Err(NoAnswer::Closed),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => return Err(NoAnswer::Silence),
            }
        }
    }
}

/// Why there is no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoAnswer {
    /// The broker has closed the connection.
    Closed,
    /// The broker has let the time pass.
    Silence,
}
