//! As much HTTP/1.1 as asking a server on loopback needs.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// An answer.
#[derive(Debug)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// Status line and headers.
    pub head: String,
    /// The body, as it came.
    pub body: Vec<u8>,
}

impl Answer {
    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// GET, with extra headers as `Name: value`.
///
/// # Errors
/// When nobody listens, or the answer is not HTTP.
pub fn get(address: SocketAddr, path: &str, headers: &[&str]) -> std::io::Result<Answer> {
    let extra: String = headers.iter().map(|header| format!("{header}\r\n")).collect();
    // HTTP/1.0 keeps the answer simple: no chunks, and the connection closes after it.
    exchange(
        address,
        format!("GET {path} HTTP/1.0\r\nHost: {address}\r\n{extra}\r\n").as_bytes(),
    )
}

/// POST of a body.
///
/// # Errors
/// As [`get`].
pub fn post(address: SocketAddr, path: &str, body: &[u8]) -> std::io::Result<Answer> {
    let head = format!(
        "POST {path} HTTP/1.0\r\nHost: {address}\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    exchange(address, &[head.as_bytes(), body].concat())
}

fn exchange(address: SocketAddr, request: &[u8]) -> std::io::Result<Answer> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(Duration::from_secs(30)))?;
    stream.write_all(request)?;
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes)?;
    parse(&bytes).ok_or_else(|| {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        std::io::Error::other(format!("{address} did not answer with HTTP: {text}"))
    })
}

fn parse(bytes: &[u8]) -> Option<Answer> {
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n")?;
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let status = head.split(' ').nth(1)?.parse().ok()?;
    Some(Answer {
        status,
        head,
        body: bytes[end + 4..].to_vec(),
    })
}
