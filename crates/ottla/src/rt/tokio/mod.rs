//! Native: tokio's TCP sockets and timers, and WebSockets to bridges.

mod tcp;
#[cfg(feature = "tls")]
mod tls;
mod ws;

use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use ottla_core::{Address, Config};

use crate::transport::{ByteStream, Connect, Dial, Timers};

pub(crate) use tcp::TcpOptions;

/// How native connections are opened.
#[derive(Clone, Debug, Default)]
pub struct Network {
    pub(crate) tcp: TcpOptions,
    /// The `Origin` that a bridge sees; bridges refuse WebSockets without one.
    pub(crate) origin: Option<String>,
}

impl Network {
    /// With the socket options of a configuration.
    pub fn new(config: &Config) -> Self {
        Self {
            tcp: TcpOptions {
                send_buffer: config.send_buffer_bytes(),
                receive_buffer: config.receive_buffer_bytes(),
            },
            origin: None,
        }
    }

    /// Sends this `Origin` to bridges.
    #[must_use]
    pub fn origin(self, origin: impl Into<String>) -> Self {
        Self {
            origin: Some(origin.into()),
            ..self
        }
    }

    /// Opens a connection.
    ///
    /// # Errors
    /// One line: what was dialled and why it failed.
    pub async fn open(&self, dial: &Dial) -> Result<Stream, String> {
        let opened = match (&dial.address, dial.url()) {
            (Address::Tcp { host, port }, _) => tcp::open(host, *port, self.tcp).await.map(Stream::Tcp),
            (_, Some(url)) => ws::open(&url, self).await.map(|ws| Stream::Ws(Box::new(ws))),
            (_, None) => Err("not an address that can be dialled".to_owned()),
        };
        opened.map_err(|why| format!("{}: {why}", dial.address))
    }
}

/// A native connection.
#[derive(Debug)]
pub enum Stream {
    /// To a broker.
    Tcp(tcp::Tcp),
    /// To a bridge.
    Ws(Box<ws::Ws>),
}

impl ByteStream for Stream {
    fn poll_receive(&mut self, cx: &mut Context<'_>) -> Poll<Result<Bytes, String>> {
        match self {
            Self::Tcp(tcp) => tcp.poll_receive(cx),
            Self::Ws(ws) => ws.poll_receive(cx),
        }
    }

    fn poll_transmit(
        &mut self,
        cx: &mut Context<'_>,
        queue: &mut VecDeque<Bytes>,
    ) -> Poll<Result<usize, String>> {
        match self {
            Self::Tcp(tcp) => tcp.poll_transmit(cx, queue),
            Self::Ws(ws) => ws.poll_transmit(cx, queue),
        }
    }
}

impl Connect for Network {
    type Stream = Stream;
    type Dialing = Pin<Box<dyn Future<Output = Result<Stream, String>> + Send>>;

    fn dial(&self, dial: Dial) -> Self::Dialing {
        let network = self.clone();
        Box::pin(async move { network.open(&dial).await })
    }
}

/// tokio's timers.
#[derive(Clone, Copy, Debug, Default)]
pub struct TokioTimers;

impl Timers for TokioTimers {
    type Sleep = Pin<Box<tokio::time::Sleep>>;

    fn sleep(&self, duration: Duration) -> Self::Sleep {
        Box::pin(tokio::time::sleep(duration))
    }
}
