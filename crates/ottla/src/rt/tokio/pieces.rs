//! Bytes in and out of any stream of tokio, without assembling them.

use std::collections::VecDeque;
use std::io::{self, ErrorKind, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Answers to a producer are small; the reader's fetches take a few turns.
pub(super) const READ_BUFFER: usize = 64 << 10;

/// Pieces that go into one system call.
const PIECES: usize = 64;

/// The end of a connection, in words.
pub(super) const CLOSED: &str = "the broker closed the connection";

/// What has arrived; `None` is the end of the stream.
pub(super) fn poll_read(
    stream: impl AsyncRead + Unpin,
    buffer: &mut [u8],
    cx: &mut Context<'_>,
) -> Poll<io::Result<Option<Bytes>>> {
    let mut buffer = ReadBuf::new(buffer);
    let mut stream = stream;
    ready!(Pin::new(&mut stream).poll_read(cx, &mut buffer))?;
    let bytes = buffer.filled();
    Poll::Ready(Ok((!bytes.is_empty()).then(|| Bytes::copy_from_slice(bytes))))
}

/// Writes the first pieces of a queue that is not empty, and takes from it what left.
pub(super) fn poll_write(
    stream: impl AsyncWrite + Unpin,
    queue: &mut VecDeque<Bytes>,
    cx: &mut Context<'_>,
) -> Poll<io::Result<usize>> {
    let mut pieces = [IoSlice::new(&[]); PIECES];
    let used = pieces
        .iter_mut()
        .zip(&*queue)
        .map(|(piece, bytes)| *piece = IoSlice::new(bytes))
        .count();
    let mut stream = stream;
    let count = ready!(Pin::new(&mut stream).poll_write_vectored(cx, &pieces[..used]))?;
    if count == 0 {
        let error = io::Error::new(ErrorKind::WriteZero, "the connection takes no bytes");
        return Poll::Ready(Err(error));
    }
    consume(queue, count);
    Poll::Ready(Ok(count))
}

/// Drops bytes that left.
fn consume(queue: &mut VecDeque<Bytes>, mut count: usize) {
    while let Some(first) = queue.front_mut() {
        if count < first.len() {
            first.advance(count);
            return;
        }
        count -= first.len();
        queue.pop_front();
    }
}
