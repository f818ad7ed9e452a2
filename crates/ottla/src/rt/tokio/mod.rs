//! Native: tokio's TCP sockets and timers, TLS, logins, and WebSockets to bridges.

#[cfg(feature = "sasl")]
mod login;
mod pieces;
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
use ottla_core::config::ConfigError;
use ottla_core::{Address, Config};

#[cfg(feature = "sasl")]
pub(crate) use login::{Logins, TokenCallback};

#[cfg(feature = "sasl")]
use crate::transport::Login;
use crate::transport::{ByteStream, Connect, Dial, Lost, Timers};

pub(crate) use tcp::TcpOptions;

/// How native connections are opened.
#[derive(Clone, Debug, Default)]
pub struct Network {
    pub(crate) tcp: TcpOptions,
    /// The `Origin` that a bridge sees; bridges refuse WebSockets without one.
    pub(crate) origin: Option<String>,
    #[cfg(feature = "tls")]
    tls: Option<tls::TlsClient>,
    #[cfg(feature = "sasl")]
    logins: Logins,
}

impl Network {
    /// With the options of a configuration for sockets, TLS and logins. Reads the files that it names.
    ///
    /// # Errors
    /// The option that cannot be used.
    pub fn new(config: &Config) -> Result<Self, ConfigError> {
        #[cfg(all(feature = "sasl", not(feature = "tls")))]
        if config.security_protocol().is_tls() {
            return Err(ConfigError::Unsupported {
                name: "security.protocol".to_owned(),
                why: "this build has no TLS; build with the feature tls",
            });
        }
        Ok(Self {
            tcp: TcpOptions {
                send_buffer: config.send_buffer_bytes(),
                receive_buffer: config.receive_buffer_bytes(),
            },
            origin: None,
            #[cfg(feature = "tls")]
            tls: tls::TlsClient::new(config)?,
            #[cfg(feature = "sasl")]
            logins: Logins::new(config),
        })
    }

    /// Takes the tokens of OAUTHBEARER from the application.
    #[cfg(feature = "sasl")]
    pub(crate) fn set_token_callback(&mut self, callback: Option<TokenCallback>) -> Result<(), ConfigError> {
        self.logins.set_callback(callback)
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
    pub async fn open(&self, dial: &Dial) -> Result<Stream, Lost> {
        let opened = match (&dial.address, dial.url()) {
            (Address::Tcp { host, port }, _) => self.open_broker(host, *port).await,
            (_, Some(url)) => ws::open(&url, self)
                .await
                .map(|ws| Stream::Ws(Box::new(ws)))
                .map_err(Lost::from),
            (_, None) => Err("not an address that can be dialled".into()),
        };
        opened.map_err(|lost| lost.of(&dial.address))
    }

    async fn open_broker(&self, host: &str, port: u16) -> Result<Stream, Lost> {
        let socket = tcp::open(host, port, self.tcp).await?;
        #[cfg(feature = "tls")]
        if let Some(tls) = &self.tls {
            return Ok(Stream::Tls(Box::new(tls.encrypt(host, socket).await?)));
        }
        Ok(Stream::Tcp(tcp::Tcp::new(socket)))
    }
}

/// A native connection.
#[derive(Debug)]
pub enum Stream {
    /// To a broker.
    Tcp(tcp::Tcp),
    /// To a broker, encrypted.
    #[cfg(feature = "tls")]
    Tls(Box<tls::Tls>),
    /// To a bridge.
    Ws(Box<ws::Ws>),
}

impl ByteStream for Stream {
    fn poll_receive(&mut self, cx: &mut Context<'_>) -> Poll<Result<Bytes, Lost>> {
        match self {
            Self::Tcp(tcp) => tcp.poll_receive(cx),
            #[cfg(feature = "tls")]
            Self::Tls(tls) => tls.poll_receive(cx),
            Self::Ws(ws) => ws.poll_receive(cx),
        }
    }

    fn poll_transmit(
        &mut self,
        cx: &mut Context<'_>,
        queue: &mut VecDeque<Bytes>,
    ) -> Poll<Result<usize, Lost>> {
        match self {
            Self::Tcp(tcp) => tcp.poll_transmit(cx, queue),
            #[cfg(feature = "tls")]
            Self::Tls(tls) => tls.poll_transmit(cx, queue),
            Self::Ws(ws) => ws.poll_transmit(cx, queue),
        }
    }
}

impl Connect for Network {
    type Stream = Stream;
    type Dialing = Pin<Box<dyn Future<Output = Result<Stream, Lost>> + Send>>;

    fn dial(&self, dial: Dial) -> Self::Dialing {
        let network = self.clone();
        Box::pin(async move { network.open(&dial).await })
    }

    #[cfg(feature = "sasl")]
    fn login(&self) -> Login {
        self.logins.begin()
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
