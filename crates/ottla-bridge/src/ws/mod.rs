//! The server side of RFC 6455, as a stream of bytes.
//!
//! A general WebSocket library assembles whole messages before it hands them out: a client that announces a megabyte
//! makes it reserve one, outside every budget. Here the payload goes from the socket to where the Kafka frame is
//! assembled, whatever the messages are, so 1-byte messages and one huge message cost the same memory.

mod frame;
mod incoming;

pub(crate) use frame::{close_frame, data_header, ping_frame, pong_frame};
pub(crate) use incoming::{AHEAD, Incoming, Step};
