//! One client's socket: a task that reads, and one that writes.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use bytes::{Bytes, BytesMut};
use ottla_broker::ConnId;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::{mpsc, watch},
    task::JoinHandle,
};

use super::actor::Event;

const READ_BUFFER: usize = 64 << 10;
/// A client that does not read its answers loses its connection when so many bytes wait for it.
const UNSENT_LIMIT: usize = 256 << 20;

/// A client's socket.
#[derive(Debug)]
pub(super) struct Client {
    answers: mpsc::UnboundedSender<Bytes>,
    unsent: Arc<AtomicUsize>,
    held: watch::Sender<bool>,
    reader: JoinHandle<()>,
}

impl Client {
    pub(super) fn new(conn: ConnId, stream: TcpStream, events: mpsc::Sender<Event>) -> Self {
        // Answers are small and waited for. A socket that refuses the option is slower, not wrong.
        _ = stream.set_nodelay(true);
        let (reader, writer) = stream.into_split();
        let (answers, queue) = mpsc::unbounded_channel();
        let (held, hold) = watch::channel(false);
        let unsent = Arc::new(AtomicUsize::new(0));
        let reader = tokio::spawn(read(conn, reader, hold, events));
        tokio::spawn(write(writer, queue, unsent.clone()));
        Self {
            answers,
            unsent,
            held,
            reader,
        }
    }

    /// Queues an answer. `false` if too many wait already.
    pub(super) fn send(&self, bytes: Bytes) -> bool {
        let waiting = self.unsent.fetch_add(bytes.len(), Ordering::Relaxed);
        // A writer that has ended has lost its socket; the reader reports that.
        _ = self.answers.send(bytes);
        waiting <= UNSENT_LIMIT
    }

    /// Stops or resumes reading.
    pub(super) fn hold(&self, hold: bool) {
        self.held.send_replace(hold);
    }

    /// Closes the connection once what is queued is written.
    pub(super) fn close(self) {
        self.reader.abort();
    }
}

async fn read(
    conn: ConnId,
    mut reader: OwnedReadHalf,
    mut hold: watch::Receiver<bool>,
    events: mpsc::Sender<Event>,
) {
    let mut buffer = BytesMut::new();
    loop {
        if hold.wait_for(|held| !held).await.is_err() {
            return;
        }
        buffer.reserve(READ_BUFFER);
        let event = match reader.read_buf(&mut buffer).await {
            Ok(0) | Err(_) => Event::Gone { conn },
            Ok(_) => Event::Received {
                conn,
                bytes: buffer.split().freeze(),
            },
        };
        let gone = matches!(event, Event::Gone { .. });
        if events.send(event).await.is_err() || gone {
            return;
        }
    }
}

async fn write(
    mut writer: OwnedWriteHalf,
    mut queue: mpsc::UnboundedReceiver<Bytes>,
    unsent: Arc<AtomicUsize>,
) {
    while let Some(bytes) = queue.recv().await {
        if writer.write_all(&bytes).await.is_err() {
            return;
        }
        unsent.fetch_sub(bytes.len(), Ordering::Relaxed);
    }
}
