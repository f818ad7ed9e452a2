//! Sockets with bounded buffers, and reading one that is ready, without asking it twice.

use std::io;
use std::net::SocketAddr;

use bytes::BufMut;
use tokio::io::Interest;
use tokio::net::TcpSocket;
use tokio::net::tcp::ReadHalf;

/// A socket for this kind of address, for which the system holds about so many bytes in each direction. What comes from
/// a listener inherits it. Without it the system takes megabytes from a client whose broker has stopped, beside every
/// budget of the bridge.
pub(crate) fn bounded(address: SocketAddr, kernel_buffer_bytes: u64) -> io::Result<TcpSocket> {
    let socket = match address {
        SocketAddr::V4(_) => TcpSocket::new_v4()?,
        SocketAddr::V6(_) => TcpSocket::new_v6()?,
    };
    let bytes = u32::try_from(kernel_buffer_bytes).unwrap_or(u32::MAX);
    socket.set_recv_buffer_size(bytes)?;
    socket.set_send_buffer_size(bytes)?;
    Ok(socket)
}

/// Where sockets are watched for changes (epoll, kqueue), a read that leaves room has taken everything: whatever comes
/// later is a change.
const SHORT_READ_EMPTIES: bool = cfg!(any(target_os = "linux", target_os = "macos"));

/// Reads what is there, as `try_read_buf` does. After a read that did not fill its buffer the next wait begins at once;
/// `try_read_buf` would have to be told by another system call that there is nothing.
pub(crate) fn read_now(socket: &ReadHalf<'_>, to: &mut impl BufMut) -> io::Result<usize> {
    let room = to.chunk_mut().len();
    let mut read = Err(io::ErrorKind::WouldBlock.into());
    // The outer one looks at the readiness before the read, so that it forgets nothing that comes after it.
    let forgotten = socket.as_ref().try_io(Interest::READABLE, || {
        read = socket.try_read_buf(to);
        match read {
            Ok(len) if SHORT_READ_EMPTIES && 0 < len && len < room => Err(io::ErrorKind::WouldBlock.into()),
            _ => Ok(()),
        }
    });
    // What it says is in `read`.
    drop(forgotten);
    read
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::BytesMut;
    use tokio::io::AsyncWriteExt;
    use tokio::net::{TcpListener, TcpStream};

    async fn pair() -> (TcpStream, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        (client, listener.accept().await.unwrap().0)
    }

    /// Bytes that a socket to a peer that never reads takes.
    fn taken(socket: &TcpStream) -> usize {
        let piece = [0; 16 * 1024];
        std::iter::from_fn(|| socket.try_write(&piece).ok()).sum()
    }

    #[tokio::test]
    async fn a_peer_that_does_not_read_costs_what_was_asked_for_and_not_megabytes() {
        let any = "127.0.0.1:0".parse().unwrap();
        let listener = bounded(any, 65_536).unwrap();
        listener.bind(any).unwrap();
        let listener = listener.listen(1).unwrap();
        let connecting = bounded(any, 65_536).unwrap();
        let client = connecting.connect(listener.local_addr().unwrap()).await.unwrap();
        let (server, _) = listener.accept().await.unwrap();
        for socket in [&client, &server] {
            socket.writable().await.unwrap();
            let taken = taken(socket);
            assert!((65_536..=16 * 65_536).contains(&taken), "{taken}");
        }
    }

    #[tokio::test]
    async fn what_comes_after_a_short_read_is_heard_of() {
        let (mut client, mut server) = pair().await;
        let (reader, _writer) = server.split();
        for round in 0..100_u8 {
            client.write_all(&[round; 10]).await.unwrap();
            let mut got = BytesMut::new();
            while got.len() < 10 {
                reader.readable().await.unwrap();
                match read_now(&reader, &mut (&mut got).limit(64)) {
                    Ok(len) => assert!(len > 0),
                    Err(error) => assert_eq!(error.kind(), io::ErrorKind::WouldBlock),
                }
            }
            assert_eq!(got[..], [round; 10]);
        }
    }

    #[tokio::test]
    async fn the_end_is_seen_although_it_came_with_the_last_bytes() {
        let (mut client, mut server) = pair().await;
        client.write_all(b"bye").await.unwrap();
        client.shutdown().await.unwrap();
        let (reader, _writer) = server.split();
        let mut got = BytesMut::with_capacity(64);
        loop {
            reader.readable().await.unwrap();
            match read_now(&reader, &mut (&mut got).limit(64)) {
                Ok(0) => break,
                Ok(_) => {}
                Err(error) => assert_eq!(error.kind(), io::ErrorKind::WouldBlock),
            }
        }
        assert_eq!(got[..], *b"bye");
    }
}
