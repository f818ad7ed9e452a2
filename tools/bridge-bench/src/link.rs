//! A connection to the sink, direct or through the bridge. The WebSocket frames are made before the clock runs, so
//! that both cost the client one write for each request.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// Any key will do: the bridge has to take it off whatever it is.
const MASK: [u8; 4] = [0x5a, 0xc3, 0x96, 0x0f];
/// Where a request's correlation id is, behind its length, API and version.
const CORRELATION_ID: usize = 8;
/// Nothing here takes long; what does hangs.
const LIMIT: Duration = Duration::from_secs(10);
const BINARY_FRAME: u8 = 0x82;

pub(crate) struct Link {
    reader: BufReader<TcpStream>,
    writer: TcpStream,
    is_web_socket: bool,
}

/// A request as it goes to the socket.
pub(crate) struct Message {
    bytes: Vec<u8>,
    /// Where the request begins.
    at: usize,
    mask: [u8; 4],
}

impl Message {
    /// The same request under another number.
    fn number(&mut self, id: i32) {
        let at = self.at + CORRELATION_ID;
        for (index, byte) in id.to_be_bytes().into_iter().enumerate() {
            // The field begins at a multiple of the mask's length.
            self.bytes[at + index] = byte ^ self.mask[index];
        }
    }
}

impl Link {
    pub(crate) fn direct(address: SocketAddr) -> io::Result<Self> {
        Self::over(TcpStream::connect(address)?, false)
    }

    /// Opens a WebSocket; `path` names cluster and node.
    pub(crate) fn bridged(address: SocketAddr, path: &str) -> io::Result<Self> {
        let mut link = Self::over(TcpStream::connect(address)?, true)?;
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: {address}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\
             Sec-WebSocket-Protocol: kafka.v1\r\n\r\n"
        );
        link.writer.write_all(request.as_bytes())?;
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if link.reader.read_line(&mut head)? == 0 {
                break;
            }
        }
        if head.starts_with("HTTP/1.1 101 ") {
            Ok(link)
        } else {
            Err(io::Error::other(format!(
                "the bridge opened no WebSocket: {head}"
            )))
        }
    }

    fn over(stream: TcpStream, is_web_socket: bool) -> io::Result<Self> {
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(LIMIT))?;
        Ok(Self {
            reader: BufReader::new(stream.try_clone()?),
            writer: stream,
            is_web_socket,
        })
    }

    /// A request, made ready for this link.
    pub(crate) fn message(&self, request: &[u8]) -> Message {
        if !self.is_web_socket {
            let (bytes, at) = (request.to_vec(), 0);
            return Message {
                bytes,
                at,
                mask: [0; 4],
            };
        }
        let mut bytes = vec![BINARY_FRAME];
        match u16::try_from(request.len()) {
            Ok(short @ 0..126) => bytes.push(0x80 | short as u8),
            Ok(length) => {
                bytes.push(0x80 | 126);
                bytes.extend(length.to_be_bytes());
            }
            Err(_) => {
                bytes.push(0x80 | 127);
                bytes.extend((request.len() as u64).to_be_bytes());
            }
        }
        bytes.extend(MASK);
        let at = bytes.len();
        bytes.extend(
            request
                .iter()
                .zip(MASK.iter().cycle())
                .map(|(byte, key)| byte ^ key),
        );
        Message {
            bytes,
            at,
            mask: MASK,
        }
    }

    pub(crate) fn send(&mut self, message: &mut Message, id: i32) -> io::Result<()> {
        message.number(id);
        self.writer.write_all(&message.bytes)
    }

    /// The next answer, without its length.
    pub(crate) fn receive(&mut self) -> io::Result<Vec<u8>> {
        if self.is_web_socket {
            self.frame_header()?;
        }
        let mut length = [0; 4];
        self.reader.read_exact(&mut length)?;
        let mut answer = vec![0; u32::from_be_bytes(length) as usize];
        self.reader.read_exact(&mut answer)?;
        Ok(answer)
    }

    /// The bridge sends each answer as a message of one frame.
    fn frame_header(&mut self) -> io::Result<()> {
        let mut head = [0; 2];
        self.reader.read_exact(&mut head)?;
        let more = match head {
            [BINARY_FRAME, 126] => 2,
            [BINARY_FRAME, 127] => 8,
            [BINARY_FRAME, _] => 0,
            _ => {
                return Err(io::Error::other(format!(
                    "the bridge sent no answer but {head:?}"
                )));
            }
        };
        self.reader.read_exact(&mut [0; 8][..more])
    }
}
