//! An encrypted connection.

use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

use super::super::pieces::{self, CLOSED, READ_BUFFER};
use super::refusal;
use crate::transport::{ByteStream, Lost};

/// Bytes handed to TLS and not known to have left: the socket takes records, not our pieces.
const UNFLUSHED: usize = 256 << 10;

/// A TLS connection.
#[derive(Debug)]
pub struct Tls {
    stream: TlsStream<TcpStream>,
    buffer: Box<[u8]>,
    unflushed: usize,
    has_certificate: bool,
}

impl Tls {
    pub(super) fn new(stream: TlsStream<TcpStream>, has_certificate: bool) -> Self {
        Self {
            stream,
            buffer: vec![0; READ_BUFFER].into_boxed_slice(),
            unflushed: 0,
            has_certificate,
        }
    }

    /// Why writing failed: a broker that refuses says so before it closes, and that is still to be read.
    fn lost(&mut self, error: &io::Error, cx: &mut Context<'_>) -> Lost {
        let mut buffer = ReadBuf::new(&mut self.buffer);
        match Pin::new(&mut self.stream).poll_read(cx, &mut buffer) {
            Poll::Ready(Err(said)) => refusal::of_stream(&said, self.has_certificate),
            _ => refusal::of_stream(error, self.has_certificate),
        }
    }
}

impl ByteStream for Tls {
    fn poll_receive(&mut self, cx: &mut Context<'_>) -> Poll<Result<Bytes, Lost>> {
        let read = ready!(pieces::poll_read(&mut self.stream, &mut self.buffer, cx));
        Poll::Ready(match read {
            Ok(Some(bytes)) => Ok(bytes),
            Ok(None) => Err(CLOSED.into()),
            Err(error) => Err(refusal::of_stream(&error, self.has_certificate)),
        })
    }

    fn poll_transmit(
        &mut self,
        cx: &mut Context<'_>,
        queue: &mut VecDeque<Bytes>,
    ) -> Poll<Result<usize, Lost>> {
        while self.unflushed < UNFLUSHED && !queue.is_empty() {
            match pieces::poll_write(&mut self.stream, queue, cx) {
                Poll::Ready(Ok(count)) => self.unflushed += count,
                Poll::Ready(Err(error)) => return Poll::Ready(Err(self.lost(&error, cx))),
                Poll::Pending => break,
            }
        }
        if self.unflushed == 0 {
            return Poll::Pending;
        }
        match ready!(Pin::new(&mut self.stream).poll_flush(cx)) {
            Ok(()) => Poll::Ready(Ok(std::mem::take(&mut self.unflushed))),
            Err(error) => Poll::Ready(Err(self.lost(&error, cx))),
        }
    }
}
