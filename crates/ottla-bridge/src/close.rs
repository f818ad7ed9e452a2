//! Why a connection ends, as the client and the metrics are told.

use std::fmt;

/// The status code of a WebSocket Close frame (RFC 6455 §7.4; 4000 and above are ours).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum CloseCode {
    /// The client closed first.
    Normal = 1000,
    /// The broker closed its connection, or the bridge shuts down.
    GoingAway = 1001,
    /// The client broke the WebSocket protocol.
    Protocol = 1002,
    /// A text message arrived; Kafka's protocol is binary.
    Text = 1003,
    /// The bytes are no well-formed request.
    Policy = 1008,
    /// A request is longer than the limit, or its length is negative.
    TooBig = 1009,
    /// The bridge or the broker has no room, or no connection, now; try again later.
    Busy = 1013,
    /// A request, version or topic that is not allowed and cannot be answered.
    Forbidden = 4403,
    /// A peer made no progress in time.
    Stall = 4408,
    /// Too often.
    Rate = 4429,
}

impl CloseCode {
    /// The number that goes over the wire.
    pub fn number(self) -> u16 {
        self as u16
    }
}

/// A close code with the reason in words, at most 123 bytes (RFC 6455 §5.5).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Close {
    pub(crate) code: CloseCode,
    pub(crate) reason: String,
}

impl Close {
    const MAX_REASON: usize = 123;

    pub(crate) fn new(code: CloseCode, reason: impl Into<String>) -> Self {
        let mut reason = reason.into();
        let mut end = reason.len().min(Self::MAX_REASON);
        while !reason.is_char_boundary(end) {
            end -= 1;
        }
        reason.truncate(end);
        Self { code, reason }
    }
}

impl fmt::Display for Close {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.code.number(), self.reason)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_fit_a_control_frame_and_stay_utf8() {
        let close = Close::new(CloseCode::Busy, "é".repeat(100));
        assert_eq!(close.reason.len(), 122);
        assert_eq!(Close::new(CloseCode::Busy, "x".repeat(200)).reason.len(), 123);
    }
}
