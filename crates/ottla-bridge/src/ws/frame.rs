//! Frame headers (RFC 6455 §5.2) and the frames that a server sends.

use bytes::{BufMut, BytesMut};

use crate::close::{Close, CloseCode};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Opcode {
    Continuation,
    Text,
    Binary,
    Close,
    Ping,
    Pong,
}

impl Opcode {
    fn from_bits(bits: u8) -> Option<Self> {
        Some(match bits {
            0 => Self::Continuation,
            1 => Self::Text,
            2 => Self::Binary,
            8 => Self::Close,
            9 => Self::Ping,
            10 => Self::Pong,
            _ => return None,
        })
    }

    pub(super) fn is_control(self) -> bool {
        matches!(self, Self::Close | Self::Ping | Self::Pong)
    }
}

/// The header of a frame that a client sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) fin: bool,
    pub(super) opcode: Opcode,
    pub(super) payload_len: u64,
    pub(super) mask: [u8; 4],
}

/// Control frames carry at most this much (RFC 6455 §5.5).
pub(super) const MAX_CONTROL_PAYLOAD: u64 = 125;

/// Reads a header, if all of it is there, with its length. Refuses whatever the RFC forbids to a client.
pub(super) fn parse_header(input: &[u8]) -> Result<Option<(Header, usize)>, Close> {
    let &[first, second, ref rest @ ..] = input else {
        return Ok(None);
    };
    if first & 0x70 != 0 {
        return Err(violation("reserved bits are set; no extension was negotiated"));
    }
    let fin = first & 0x80 != 0;
    let opcode = Opcode::from_bits(first & 0x0f).ok_or_else(|| violation("unknown opcode"))?;
    if second & 0x80 == 0 {
        return Err(violation("a client must mask its frames"));
    }
    let short_len = second & 0x7f;
    if opcode.is_control() && (!fin || u64::from(short_len) > MAX_CONTROL_PAYLOAD) {
        return Err(violation(
            "a control frame is fragmented or longer than 125 bytes",
        ));
    }
    let (payload_len, rest) = match short_len {
        126 => {
            let Some((len, rest)) = rest.split_first_chunk() else {
                return Ok(None);
            };
            (u64::from(u16::from_be_bytes(*len)), rest)
        }
        127 => {
            let Some((len, rest)) = rest.split_first_chunk() else {
                return Ok(None);
            };
            (u64::from_be_bytes(*len), rest)
        }
        len => (u64::from(len), rest),
    };
    let shortest = match short_len {
        126 => 126,
        127 => 65_536,
        _ => 0,
    };
    if payload_len < shortest || payload_len > i64::MAX as u64 {
        return Err(violation(
            "a frame's length is not in its shortest form, or has its highest bit set",
        ));
    }
    let Some((mask, rest)) = rest.split_first_chunk() else {
        return Ok(None);
    };
    Ok(Some((
        Header {
            fin,
            opcode,
            payload_len,
            mask: *mask,
        },
        input.len() - rest.len(),
    )))
}

pub(super) fn violation(what: &str) -> Close {
    Close::new(CloseCode::Protocol, format!("WebSocket protocol: {what}"))
}

/// Begins a binary message of one frame.
pub(crate) fn data_header(payload_len: usize, out: &mut BytesMut) {
    put_header(0x82, payload_len, out);
}

pub(crate) fn pong_frame(payload: &[u8], out: &mut BytesMut) {
    put_header(0x8a, payload.len(), out);
    out.put_slice(payload);
}

pub(crate) fn ping_frame(out: &mut BytesMut) {
    put_header(0x89, 0, out);
}

pub(crate) fn close_frame(close: &Close, out: &mut BytesMut) {
    put_header(0x88, 2 + close.reason.len(), out);
    out.put_u16(close.code.number());
    out.put_slice(close.reason.as_bytes());
}

fn put_header(first: u8, payload_len: usize, out: &mut BytesMut) {
    out.put_u8(first);
    match payload_len {
        0..126 => out.put_u8(payload_len as u8),
        126..65_536 => {
            out.put_u8(126);
            out.put_u16(payload_len as u16);
        }
        _ => {
            out.put_u8(127);
            out.put_u64(payload_len as u64);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_is_read_only_when_complete() {
        let whole = [0x82, 0xfe, 0x01, 0x00, 1, 2, 3, 4];
        for cut in 0..whole.len() {
            assert_eq!(parse_header(&whole[..cut]), Ok(None), "{cut}");
        }
        let expected = Header {
            fin: true,
            opcode: Opcode::Binary,
            payload_len: 256,
            mask: [1, 2, 3, 4],
        };
        assert_eq!(parse_header(&whole), Ok(Some((expected, 8))));
    }

    #[test]
    fn what_the_rfc_forbids_is_refused() {
        let cases: [(&str, &[u8]); 8] = [
            ("unmasked", &[0x82, 0x01, 0]),
            ("compressed without negotiation", &[0xc2, 0x81, 1, 2, 3, 4]),
            ("opcode 3", &[0x83, 0x81, 1, 2, 3, 4]),
            ("fragmented ping", &[0x09, 0x80, 1, 2, 3, 4]),
            ("long ping", &[0x89, 0xfe, 0, 126, 1, 2, 3, 4]),
            ("16-bit length below 126", &[0x82, 0xfe, 0, 125, 1, 2, 3, 4]),
            (
                "64-bit length below 65536",
                &[0x82, 0xff, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 1, 2, 3, 4],
            ),
            (
                "64-bit length with the highest bit",
                &[0x82, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4],
            ),
        ];
        for (what, bytes) in cases {
            assert_eq!(
                parse_header(bytes).unwrap_err().code,
                CloseCode::Protocol,
                "{what}"
            );
        }
    }
}
