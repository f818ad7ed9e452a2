//! A trace as a file that is whole when the command ends.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ottla_trace::{Envelope, Event, Level, jsonl};
use tokio::sync::Notify;

use crate::exit::Failure;

/// How long the producer's last event may take after its close.
const LAST_EVENT: Duration = Duration::from_secs(5);

/// A trace that is being written. The producer's driver writes it, on a task that outlives the close for a moment: the
/// command waits for the last event, since a process that ends takes the buffer with it.
#[derive(Clone)]
pub(crate) struct TraceFile {
    shared: Arc<Shared>,
}

struct Shared {
    shown: String,
    file: Mutex<Option<BufWriter<File>>>,
    closed: Notify,
}

impl TraceFile {
    /// Creates the file with its header.
    pub(crate) fn create(path: &Path, level: Level) -> Result<Self, Failure> {
        let shown = path.display().to_string();
        let fault = |e: io::Error| Failure::Usage(format!("--trace {shown}: cannot be written: {e}"));
        let mut file = BufWriter::new(File::create(path).map_err(fault)?);
        let writer = concat!("ottla ", env!("CARGO_PKG_VERSION"));
        file.write_all(jsonl::Header::new(writer, level).line().as_bytes())
            .map_err(fault)?;
        let (file, closed) = (Mutex::new(Some(file)), Notify::new());
        Ok(Self {
            shared: Arc::new(Shared { shown, file, closed }),
        })
    }

    /// Where the producer's events go. What cannot be written is said once, and the run goes on.
    pub(crate) fn sink(&self) -> impl FnMut(Envelope) + Send + 'static {
        let shared = Arc::clone(&self.shared);
        move |envelope: Envelope| {
            shared.write(|file| file.write_all(jsonl::envelope_line(&envelope).as_bytes()));
            if matches!(envelope.event, Event::Closed) {
                shared.closed.notify_one();
            }
        }
    }

    /// Waits for the producer's last event, which comes after its close, and brings everything to the file.
    pub(crate) async fn finish(&self) {
        // A producer that had to be given up says nothing more; what it did say is kept.
        let _ = tokio::time::timeout(LAST_EVENT, self.shared.closed.notified()).await;
        self.shared.write(BufWriter::flush);
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Option<BufWriter<File>>> {
        self.file.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self, act: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>) {
        let mut slot = self.lock();
        if let Some(file) = slot.as_mut()
            && let Err(e) = act(file)
        {
            eprintln!("warning: --trace {}: cannot be written any more: {e}", self.shown);
            *slot = None;
        }
    }
}
