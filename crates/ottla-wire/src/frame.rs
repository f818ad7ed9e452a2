//! Cutting a byte stream into frames.
//!
//! On the wire every request and response is preceded by its length, a big-endian 32-bit integer.

use alloc::collections::VecDeque;
use alloc::vec::Vec;
use core::error::Error;
use core::fmt;
use core::mem;

use bytes::{Buf, Bytes};

/// Length in bytes of the prefix that says how long a frame is.
pub const PREFIX_LEN: usize = 4;

/// The stream is not a sequence of frames, or not of frames that the receiver accepts. The connection is lost:
/// nobody knows where the next frame starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum FrameError {
    /// The length is negative.
    NegativeLength(i32),
    /// The frame is longer than the receiver accepts.
    TooLarge {
        /// Length in bytes that the peer announced.
        length: usize,
        /// Longest length in bytes that is accepted.
        max: usize,
    },
}

impl fmt::Display for FrameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NegativeLength(length) => {
                write!(
                    f,
                    "the peer announced a frame of {length} bytes; is this a Kafka listener, and without TLS?"
                )
            }
            Self::TooLarge { length, max } => write!(
                f,
                "the peer announced a frame of {length} bytes, at most {max} are accepted; is this a Kafka listener?"
            ),
        }
    }
}

impl Error for FrameError {}

/// Takes bytes as they arrive and gives back whole frames. A frame that arrived in one piece is shared, not copied.
/// Memory grows with the bytes that did arrive, never with the length that was announced.
#[derive(Debug, Clone)]
pub struct FrameDecoder {
    max_frame_len: usize,
    arrived: VecDeque<Bytes>,
    /// Prefix and start of a frame that is still incomplete.
    partial: Vec<u8>,
    error: Option<FrameError>,
}

impl FrameDecoder {
    /// Accepts frames of at most `max_frame_len` bytes (without the prefix).
    pub fn new(max_frame_len: usize) -> Self {
        Self {
            max_frame_len,
            arrived: VecDeque::new(),
            partial: Vec::new(),
            error: None,
        }
    }

    /// Takes what arrived; a slice is copied, `Bytes` are shared.
    pub fn push(&mut self, bytes: impl Into<Chunk>) {
        let Chunk(bytes) = bytes.into();
        if !bytes.is_empty() && self.error.is_none() {
            self.arrived.push_back(bytes);
        }
    }

    /// Bytes that arrived and are not yet given back as frames.
    pub fn buffered(&self) -> usize {
        self.partial.len() + self.arrived.iter().map(Bytes::len).sum::<usize>()
    }

    /// The next frame without its prefix, `None` until more bytes arrive. After an error it stays an error.
    pub fn next_frame(&mut self) -> Result<Option<Bytes>, FrameError> {
        if let Some(error) = self.error {
            return Err(error);
        }
        let frame = self.advance();
        if let Err(error) = frame {
            self.error = Some(error);
            self.arrived.clear();
            self.partial = Vec::new();
        }
        frame
    }

    fn advance(&mut self) -> Result<Option<Bytes>, FrameError> {
        if self.partial.is_empty()
            && let Some(front) = self.arrived.front_mut()
            && let Some(prefix) = front.first_chunk()
        {
            let length = checked_length(*prefix, self.max_frame_len)?;
            if front.len() - PREFIX_LEN >= length {
                front.advance(PREFIX_LEN);
                let frame = front.split_to(length);
                self.drop_empty_front();
                return Ok(Some(frame));
            }
        }
        if !self.fill_partial(PREFIX_LEN) {
            return Ok(None);
        }
        let Some(prefix) = self.partial.first_chunk() else {
            return Ok(None);
        };
        let length = checked_length(*prefix, self.max_frame_len)?;
        if !self.fill_partial(PREFIX_LEN + length) {
            return Ok(None);
        }
        let mut frame = Bytes::from(mem::take(&mut self.partial));
        frame.advance(PREFIX_LEN);
        Ok(Some(frame))
    }

    /// Moves bytes into `partial` until it has `target` of them; false if they have not all arrived.
    fn fill_partial(&mut self, target: usize) -> bool {
        while self.partial.len() < target {
            let Some(front) = self.arrived.front_mut() else {
                return false;
            };
            let piece = front.split_to(front.len().min(target - self.partial.len()));
            self.partial.extend_from_slice(&piece);
            self.drop_empty_front();
        }
        true
    }

    fn drop_empty_front(&mut self) {
        if self.arrived.front().is_some_and(Bytes::is_empty) {
            self.arrived.pop_front();
        }
    }
}

fn checked_length(prefix: [u8; PREFIX_LEN], max: usize) -> Result<usize, FrameError> {
    let announced = i32::from_be_bytes(prefix);
    let length = usize::try_from(announced).map_err(|_| FrameError::NegativeLength(announced))?;
    if length > max {
        return Err(FrameError::TooLarge { length, max });
    }
    Ok(length)
}

/// Bytes that arrived, shared or copied; what [`FrameDecoder::push`] takes.
#[derive(Debug, Clone)]
pub struct Chunk(Bytes);

impl From<Bytes> for Chunk {
    fn from(bytes: Bytes) -> Self {
        Self(bytes)
    }
}

impl From<Vec<u8>> for Chunk {
    fn from(bytes: Vec<u8>) -> Self {
        Self(bytes.into())
    }
}

impl From<&[u8]> for Chunk {
    fn from(bytes: &[u8]) -> Self {
        Self(Bytes::copy_from_slice(bytes))
    }
}
