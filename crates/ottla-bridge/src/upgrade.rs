//! The HTTP request that opens a WebSocket: who asks, for what, and whether it may.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use hyper::header::{
    CONNECTION, HeaderMap, HeaderName, HeaderValue, ORIGIN, RETRY_AFTER, SEC_WEBSOCKET_ACCEPT,
    SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_PROTOCOL, SEC_WEBSOCKET_VERSION, UPGRADE,
};
use hyper::http::request::Parts;
use hyper::{Method, Response, StatusCode};
use sha1::{Digest, Sha1};

use crate::admission::Crowded;
use crate::cluster::{Directory, Target};
use crate::config::{Class, Listener};

/// The subprotocol: the byte stream of Kafka's protocol to one broker.
pub const SUBPROTOCOL: &str = "kafka.v1";

/// An answer that is not a WebSocket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    status: StatusCode,
    message: &'static str,
    header: Option<(HeaderName, &'static str)>,
}

/// What a request asks for, once it may have it.
pub(crate) struct Wanted {
    pub(crate) directory: Arc<Directory>,
    pub(crate) target: Target,
    accept: String,
}

impl Refusal {
    const fn new(status: StatusCode, message: &'static str) -> Self {
        Self {
            status,
            message,
            header: None,
        }
    }

    pub(crate) fn status(&self) -> u16 {
        self.status.as_u16()
    }

    pub(crate) fn into_response(self) -> Response<String> {
        let mut response = Response::new(format!("{}\n", self.message));
        *response.status_mut() = self.status;
        response
            .headers_mut()
            .insert(CONNECTION, HeaderValue::from_static("close"));
        if let Some((name, value)) = self.header {
            response
                .headers_mut()
                .insert(name, HeaderValue::from_static(value));
        }
        response
    }
}

impl From<Crowded> for Refusal {
    fn from(crowded: Crowded) -> Self {
        let (status, message) = match crowded {
            Crowded::Bridge => (
                StatusCode::SERVICE_UNAVAILABLE,
                "this bridge has as many connections as it may",
            ),
            Crowded::Address => (
                StatusCode::TOO_MANY_REQUESTS,
                "your address has as many connections as it may",
            ),
            Crowded::TooFast => (
                StatusCode::TOO_MANY_REQUESTS,
                "your address opens connections too fast",
            ),
        };
        Self {
            status,
            message,
            header: Some((RETRY_AFTER, "2")),
        }
    }
}

/// Judges a request. The origin comes first: a page that may not connect learns nothing about clusters.
pub(crate) fn judge(
    listener: &Listener,
    clusters: &[Arc<Directory>],
    request: &Parts,
) -> Result<Wanted, Refusal> {
    check_origin(listener, &request.headers)?;
    let (directory, target) = find(clusters, request.uri.path())?;
    let accept = check_handshake(request)?;
    Ok(Wanted {
        directory,
        target,
        accept,
    })
}

/// The answer that turns the connection into a WebSocket.
pub(crate) fn switching_protocols(wanted: &Wanted) -> Response<String> {
    let mut response = Response::new(String::new());
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = response.headers_mut();
    headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
    headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(SUBPROTOCOL));
    let accept = HeaderValue::from_str(&wanted.accept).expect("base64 consists of visible ASCII");
    headers.insert(SEC_WEBSOCKET_ACCEPT, accept);
    response
}

fn check_origin(listener: &Listener, headers: &HeaderMap) -> Result<(), Refusal> {
    let mut origins = headers.get_all(ORIGIN).iter();
    let refused = match (origins.next(), origins.next()) {
        (None, _) if listener.class == Class::Server => return Ok(()),
        (None, _) => "this listener is for web pages: an Origin header is required",
        (Some(origin), None)
            if origin
                .to_str()
                .is_ok_and(|origin| listener.origins.contains(origin)) =>
        {
            return Ok(());
        }
        _ => "this origin is not in the bridge's list",
    };
    Err(Refusal::new(StatusCode::FORBIDDEN, refused))
}

fn find(clusters: &[Arc<Directory>], path: &str) -> Result<(Arc<Directory>, Target), Refusal> {
    let not_found = Refusal::new(
        StatusCode::NOT_FOUND,
        "there is no such cluster; the path is /k/{cluster}/{node} or /k/{cluster}/any",
    );
    let (name, node) = path
        .strip_prefix("/k/")
        .and_then(|rest| rest.split_once('/'))
        .ok_or(not_found.clone())?;
    let target = match node {
        "any" => Target::Any,
        digits if digits.bytes().all(|b| b.is_ascii_digit()) => {
            digits.parse().map(Target::Node).map_err(|_| not_found.clone())?
        }
        _ => return Err(not_found),
    };
    let directory = clusters
        .iter()
        .find(|directory| directory.cluster().name == name)
        .ok_or(not_found)?;
    Ok((Arc::clone(directory), target))
}

/// RFC 6455 §4.2.1, and the subprotocol.
fn check_handshake(request: &Parts) -> Result<String, Refusal> {
    let headers = &request.headers;
    let bad = |message| Refusal::new(StatusCode::BAD_REQUEST, message);
    if request.method != Method::GET || !lists(headers, &CONNECTION, "upgrade", true) {
        return Err(bad(
            "this is a WebSocket endpoint: send a GET with Connection: Upgrade",
        ));
    }
    if !lists(headers, &UPGRADE, "websocket", true) || !lists(headers, &SEC_WEBSOCKET_VERSION, "13", false) {
        return Err(Refusal {
            status: StatusCode::UPGRADE_REQUIRED,
            message: "this is a WebSocket endpoint, version 13",
            header: Some((SEC_WEBSOCKET_VERSION, "13")),
        });
    }
    if !lists(headers, &SEC_WEBSOCKET_PROTOCOL, SUBPROTOCOL, false) {
        return Err(bad(
            "ask for the subprotocol kafka.v1: new WebSocket(url, 'kafka.v1')",
        ));
    }
    let key = headers
        .get(SEC_WEBSOCKET_KEY)
        .map(HeaderValue::as_bytes)
        .unwrap_or_default();
    if BASE64.decode(key).map_or(0, |nonce| nonce.len()) != 16 {
        return Err(bad("Sec-WebSocket-Key must be 16 bytes in base64"));
    }
    let digest = Sha1::new()
        .chain_update(key)
        .chain_update("258EAFA5-E914-47DA-95CA-C5AB0DC85B11")
        .finalize();
    Ok(BASE64.encode(digest))
}

/// Whether a comma-separated header lists `wanted`.
fn lists(headers: &HeaderMap, name: &HeaderName, wanted: &str, ignore_case: bool) -> bool {
    headers
        .get_all(name)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|token| {
            let token = token.trim();
            token == wanted || (ignore_case && token.eq_ignore_ascii_case(wanted))
        })
}
