//! Kafka's framing: a length, and in a request what it asks for.

use std::io::{Error, ErrorKind, Read, Result};

use ottla_wire::ErrorCode;
use ottla_wire::decode_response;
use ottla_wire::messages::init_producer_id::InitProducerIdResponse;

/// More than any test sends; a length above it means that the bytes are not Kafka's.
const MAX_FRAME: usize = 256 << 20;

/// The beginning of a request's header, the same in all versions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct RequestHead {
    pub(super) api_key: i16,
    pub(super) api_version: i16,
    pub(super) correlation_id: i32,
}

/// One frame with its length field, or `None` at the end of the stream.
pub(super) fn read(stream: &mut impl Read) -> Result<Option<Vec<u8>>> {
    let mut length = [0; 4];
    match stream.read_exact(&mut length) {
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Ok(None),
        other => other?,
    }
    let size = usize::try_from(i32::from_be_bytes(length))
        .ok()
        .filter(|size| *size <= MAX_FRAME);
    let size = size.ok_or_else(|| Error::other(format!("frame length {length:?}")))?;
    let mut frame = vec![0; 4 + size];
    frame[..4].copy_from_slice(&length);
    stream.read_exact(&mut frame[4..])?;
    Ok(Some(frame))
}

/// The head of a request frame, or `None` when it is too short for one.
pub(super) fn request_head(frame: &[u8]) -> Option<RequestHead> {
    Some(RequestHead {
        api_key: i16::from_be_bytes(bytes(frame, 4)?),
        api_version: i16::from_be_bytes(bytes(frame, 6)?),
        correlation_id: i32::from_be_bytes(bytes(frame, 8)?),
    })
}

/// Which request a response frame answers.
pub(super) fn answered(frame: &[u8]) -> Option<i32> {
    bytes(frame, 4).map(i32::from_be_bytes)
}

/// The error code of an answer to InitProducerId, or `None` when it is not one of that version.
pub(super) fn identity_error(frame: &[u8], version: i16) -> Option<ErrorCode> {
    let answer = decode_response::<InitProducerIdResponse>(version, &frame[4..].to_vec().into());
    answer.ok().map(|(_, answer)| answer.error_code)
}

fn bytes<const N: usize>(frame: &[u8], at: usize) -> Option<[u8; N]> {
    frame.get(at..at + N)?.try_into().ok()
}
