//! TCP.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use tokio::net::{TcpSocket, TcpStream};

use super::pieces::{self, CLOSED, READ_BUFFER};
use crate::transport::{ByteStream, Lost};

/// `send.buffer.bytes` and `receive.buffer.bytes`.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct TcpOptions {
    pub(crate) send_buffer: Option<u32>,
    pub(crate) receive_buffer: Option<u32>,
}

/// A TCP connection.
#[derive(Debug)]
pub struct Tcp {
    stream: TcpStream,
    buffer: Box<[u8]>,
}

impl Tcp {
    /// Over an open socket.
    pub(super) fn new(stream: TcpStream) -> Self {
        let buffer = vec![0; READ_BUFFER].into_boxed_slice();
        Self { stream, buffer }
    }
}

/// Tries all addresses of the host in turn (`client.dns.lookup=use_all_dns_ips`).
pub(super) async fn open(host: &str, port: u16, options: TcpOptions) -> Result<TcpStream, String> {
    let addresses = tokio::net::lookup_host((host, port))
        .await
        .map_err(|error| format!("cannot resolve: {error}"))?;
    let mut failure = "the name has no address".to_owned();
    for address in addresses {
        match open_one(address, options).await {
            Ok(stream) => return Ok(stream),
            Err(error) => failure = format!("{}{}", of(address, host), described(&error)),
        }
    }
    Err(failure)
}

fn of(address: SocketAddr, host: &str) -> String {
    let ip = address.ip().to_string();
    if ip == host {
        String::new()
    } else {
        format!("{ip}: ")
    }
}

fn described(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::ConnectionRefused => {
            "connection refused; is a broker listening there?".to_owned()
        }
        _ => error.to_string(),
    }
}

async fn open_one(address: SocketAddr, options: TcpOptions) -> std::io::Result<TcpStream> {
    let socket = if address.is_ipv4() {
        TcpSocket::new_v4()?
    } else {
        TcpSocket::new_v6()?
    };
    if let Some(size) = options.send_buffer {
        socket.set_send_buffer_size(size)?;
    }
    if let Some(size) = options.receive_buffer {
        socket.set_recv_buffer_size(size)?;
    }
    // Requests are batched already; waiting for more to send would only add latency.
    socket.set_nodelay(true)?;
    socket.connect(address).await
}

impl ByteStream for Tcp {
    fn poll_receive(&mut self, cx: &mut Context<'_>) -> Poll<Result<Bytes, Lost>> {
        let read = ready!(pieces::poll_read(&mut self.stream, &mut self.buffer, cx));
        Poll::Ready(match read {
            Ok(Some(bytes)) => Ok(bytes),
            Ok(None) => Err(CLOSED.into()),
            Err(error) => Err(error.to_string().into()),
        })
    }

    fn poll_transmit(
        &mut self,
        cx: &mut Context<'_>,
        queue: &mut VecDeque<Bytes>,
    ) -> Poll<Result<usize, Lost>> {
        let mut written = 0;
        while !queue.is_empty() {
            match pieces::poll_write(&mut self.stream, queue, cx) {
                Poll::Ready(Ok(count)) => written += count,
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error.to_string().into())),
                Poll::Pending => break,
            }
        }
        if written == 0 {
            Poll::Pending
        } else {
            Poll::Ready(Ok(written))
        }
    }
}
