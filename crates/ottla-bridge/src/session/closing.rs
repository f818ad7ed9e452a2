//! What goes to the client, and how both connections are closed so that nothing written before is lost.

use std::time::Duration;

use bytes::{Buf, BytesMut};
use tokio::io::{AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::End;
use crate::budget::Reserved;
use crate::close::{Close, CloseCode};
use crate::ws::{close_frame, data_header};

/// Time for a client to take the Close frame and to close, and for a broker to finish what it was sent.
const LINGER: Duration = Duration::from_secs(2);
/// Capacity up to which an empty buffer is kept.
const KEPT_CAPACITY: usize = 4 * 1024;

/// Bytes for the client that its socket has not taken yet. It outlives the direction that fills it, so that a Close
/// frame never lands in the middle of a message.
#[derive(Debug, Default)]
pub(super) struct Outgoing {
    bytes: BytesMut,
    /// What large answers in `bytes` occupy.
    reserved: Vec<Reserved>,
}

impl Outgoing {
    /// Appends an answer as a binary message.
    pub(super) fn put_message<const N: usize>(&mut self, answer: &[u8], reserved: [Reserved; N]) {
        data_header(answer.len(), &mut self.bytes);
        self.bytes.extend_from_slice(answer);
        self.reserved
            .extend(reserved.into_iter().filter(Reserved::is_something));
    }

    /// For control frames, which may stand between messages.
    pub(super) fn control(&mut self) -> &mut BytesMut {
        &mut self.bytes
    }

    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Writes everything. `stall` is the longest time without progress. Cancel safe: what was written is gone from
    /// here, the rest is not.
    pub(super) async fn write_all(
        &mut self,
        client: &mut (impl AsyncWrite + Unpin),
        stall: Duration,
    ) -> Result<(), End> {
        while self.bytes.has_remaining() {
            match timeout(stall, client.write_buf(&mut self.bytes)).await {
                Ok(Ok(1..)) => {}
                Ok(_) => return Err(End::ClientGone),
                Err(_) => {
                    return Err(Close::new(CloseCode::Stall, "the client does not take its answers").into());
                }
            }
        }
        self.reserved.clear();
        if self.bytes.capacity() > KEPT_CAPACITY {
            self.bytes = BytesMut::new();
        } else {
            self.bytes.clear();
        }
        Ok(())
    }
}

/// Says why, and waits a little for the client to have read it: closing a socket with unread input resets it, and a
/// reset overtakes the Close frame.
pub(super) async fn close_client(
    mut client: TcpStream,
    mut outgoing: Outgoing,
    close: Option<&Close>,
    stall: Duration,
) {
    let Some(close) = close else { return };
    close_frame(close, outgoing.control());
    let polite = async {
        if outgoing.write_all(&mut client, stall).await.is_ok() && client.shutdown().await.is_ok() {
            discard(&mut client).await;
        }
    };
    // Whoever does not read by now has had its chance.
    drop(timeout(LINGER, polite).await);
}

/// Ends the broker's connection at once, but lets it finish what it was sent: a reset could take records of an
/// acks=0 producer with it that it was sure to have sent.
pub(super) async fn close_broker(broker: Option<TcpStream>, end: &End) {
    let Some(mut broker) = broker else { return };
    if matches!(end, End::BrokerClosed) {
        return;
    }
    let polite = async {
        if broker.shutdown().await.is_ok() {
            discard(&mut broker).await;
        }
    };
    drop(timeout(LINGER, polite).await);
}

async fn discard(socket: &mut TcpStream) {
    let mut scratch = BytesMut::with_capacity(KEPT_CAPACITY);
    while let Ok(1..) = socket.read_buf(&mut scratch).await {
        scratch.clear();
    }
}
