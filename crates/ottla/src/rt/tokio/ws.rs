//! WebSockets to bridges.

use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures_util::{Sink, Stream as _};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::handshake::client::Request;
use tokio_tungstenite::tungstenite::http::header::{HeaderValue, ORIGIN, SEC_WEBSOCKET_PROTOCOL};
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

use super::Network;
use crate::transport::{ByteStream, Lost, SUBPROTOCOL, next_message};

/// Bytes handed to the socket's buffer and not flushed.
const UNFLUSHED: usize = 256 << 10;

/// A bridge sends answers of a producer; nothing near this is among them.
const LARGEST_MESSAGE: usize = 16 << 20;

/// A connection through a bridge.
#[derive(Debug)]
pub struct Ws {
    socket: Socket,
    unflushed: usize,
}

pub(super) async fn open(url: &str, network: &Network) -> Result<Ws, String> {
    let mut request = url.into_client_request().map_err(|error| error.to_string())?;
    let headers = request.headers_mut();
    headers.insert(SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(SUBPROTOCOL));
    if let Some(origin) = &network.origin {
        let value = HeaderValue::from_str(origin).map_err(|_| format!("{origin:?} cannot be an Origin"))?;
        headers.insert(ORIGIN, value);
    }
    let config = WebSocketConfig::default()
        .read_buffer_size(16 << 10)
        .max_message_size(Some(LARGEST_MESSAGE))
        .max_frame_size(Some(LARGEST_MESSAGE));
    let socket = dial(request, config).await.map_err(|error| match error {
        Dialing::Tls(why) => why,
        Dialing::WebSocket(error) => refused(*error, network),
    })?;
    Ok(Ws { socket, unflushed: 0 })
}

#[cfg(feature = "tls")]
async fn dial(request: Request, config: WebSocketConfig) -> Result<Socket, Dialing> {
    let connector = match request.uri().scheme_str() {
        Some("wss") => super::tls::bridge_connector().map_err(Dialing::Tls)?,
        _ => tokio_tungstenite::Connector::Plain,
    };
    let connected =
        tokio_tungstenite::connect_async_tls_with_config(request, Some(config), true, Some(connector));
    Ok(connected.await?.0)
}

#[cfg(not(feature = "tls"))]
async fn dial(request: Request, config: WebSocketConfig) -> Result<Socket, Dialing> {
    if request.uri().scheme_str() == Some("wss") {
        let why = "this build has no TLS; build with the feature tls, or use ws://";
        return Err(Dialing::Tls(why.to_owned()));
    }
    Ok(
        tokio_tungstenite::connect_async_with_config(request, Some(config), true)
            .await?
            .0,
    )
}

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

enum Dialing {
    Tls(String),
    WebSocket(Box<Error>),
}

impl From<Error> for Dialing {
    fn from(error: Error) -> Self {
        Self::WebSocket(Box::new(error))
    }
}

fn refused(error: Error, network: &Network) -> String {
    let Error::Http(response) = error else {
        return error.to_string();
    };
    let said = response
        .body()
        .as_deref()
        .map(String::from_utf8_lossy)
        .unwrap_or_default();
    let said: String = said
        .trim()
        .chars()
        .take(200)
        .filter(|c| !c.is_control())
        .collect();
    let origin = match &network.origin {
        Some(origin) => format!("origin {origin}"),
        None => "no origin".to_owned(),
    };
    let way_out = match response.status().as_u16() {
        403 => "; set an origin that the bridge's configuration lists",
        404 => {
            "; give bootstrap.servers as ws://HOST:PORT/k/CLUSTER, with a cluster of the bridge's configuration"
        }
        _ => "",
    };
    let colon = if said.is_empty() { "" } else { ": " };
    format!(
        "the bridge answered {} ({origin}){colon}{said}{way_out}",
        response.status()
    )
}

impl ByteStream for Ws {
    fn poll_receive(&mut self, cx: &mut Context<'_>) -> Poll<Result<Bytes, Lost>> {
        loop {
            let message = match ready!(Pin::new(&mut self.socket).poll_next(cx)) {
                Some(Ok(message)) => message,
                Some(Err(error)) => return Poll::Ready(Err(error.to_string().into())),
                None => return Poll::Ready(Err("the bridge closed the connection".into())),
            };
            match message {
                Message::Binary(bytes) if bytes.is_empty() => {}
                Message::Binary(bytes) => return Poll::Ready(Ok(bytes)),
                Message::Close(Some(frame)) => {
                    let why = format!(
                        "the bridge closed the connection: {} {}",
                        frame.code, frame.reason
                    );
                    return Poll::Ready(Err(why.trim_end().into()));
                }
                Message::Close(None) => {
                    return Poll::Ready(Err("the bridge closed the connection".into()));
                }
                Message::Text(_) => {
                    return Poll::Ready(Err("the bridge sent text instead of bytes".into()));
                }
                Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => {}
            }
        }
    }

    fn poll_transmit(
        &mut self,
        cx: &mut Context<'_>,
        queue: &mut VecDeque<Bytes>,
    ) -> Poll<Result<usize, Lost>> {
        let mut socket = Pin::new(&mut self.socket);
        while self.unflushed < UNFLUSHED && !queue.is_empty() {
            match socket.as_mut().poll_ready(cx) {
                Poll::Ready(Ok(())) => {}
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error.to_string().into())),
                Poll::Pending => break,
            }
            let message = next_message(queue);
            self.unflushed += message.len();
            if let Err(error) = socket.as_mut().start_send(Message::Binary(message)) {
                return Poll::Ready(Err(error.to_string().into()));
            }
        }
        if self.unflushed == 0 {
            return Poll::Pending;
        }
        match ready!(socket.poll_flush(cx)) {
            Ok(()) => Poll::Ready(Ok(std::mem::take(&mut self.unflushed))),
            Err(error) => Poll::Ready(Err(error.to_string().into())),
        }
    }
}
