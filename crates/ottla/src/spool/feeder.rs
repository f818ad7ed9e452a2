//! The thread that reads records back from the files and hands them to the producer, as fast as that takes them: memory
//! holds `buffer.memory` of them, however many there are.

use std::collections::VecDeque;
use std::fs::File;
use std::future::Future;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::PathBuf;
use std::pin::pin;
use std::sync::mpsc::Sender;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;

use ottla_core::Record;
use ottla_core::journal::{Aside, Entry, FILE_HEADER_LEN, Piece, Runs, read_on};

use super::SpoolError;
use super::aside::Kept;
use super::disk;
use super::log::{Segment, segment_path};
use super::options::SpoolOptions;
use super::writer::Job;
use crate::error::ErrorKind;
use crate::producer::Producer;

/// Bytes that are read at once, unless an entry is larger.
const CHUNK: u64 = 256 << 10;

/// What the feeder, the writer and the producer's hook share.
#[derive(Debug, Default)]
pub(crate) struct Feed {
    state: Mutex<State>,
    news: Condvar,
}

#[derive(Debug, Default)]
struct State {
    segments: Vec<Segment>,
    again: VecDeque<(u64, Record<'static>)>,
    stopped: bool,
    halted: Option<Arc<str>>,
}

/// A place in the log.
#[derive(Clone, Copy, Debug)]
struct Place {
    segment: u64,
    offset: u64,
}

enum Step {
    Stop,
    Again(u64, Record<'static>),
    /// There are bytes behind the place, up to this one.
    Read(u64),
    /// This segment is read to its end; the next one is this.
    Next(u64),
}

impl Feed {
    // A panic under the lock is a bug; those who come later still get what they can.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The log has these files, of these lengths.
    pub(super) fn published(&self, segments: impl Iterator<Item = Segment>) {
        let mut state = self.lock();
        state.segments.clear();
        state.segments.extend(segments);
        drop(state);
        self.news.notify_one();
    }

    /// Whether the log has this file and anybody wants it.
    fn has(&self, segment: u64) -> bool {
        let state = self.lock();
        !state.stopped && state.segments.iter().any(|own| own.id == segment)
    }

    /// Has records sent again, before any that were not sent yet.
    pub(super) fn again(&self, records: Vec<(u64, Record<'static>)>) {
        self.lock().again.extend(records);
        self.news.notify_one();
    }

    /// Hands the producer nothing more: each record would fail likewise.
    pub(super) fn halt(&self, why: &str) {
        self.lock().halted.get_or_insert_with(|| why.into());
    }

    /// Why nothing is handed to the producer any more.
    pub(super) fn halted(&self) -> Option<Arc<str>> {
        self.lock().halted.clone()
    }

    /// Ends the feeder.
    pub(super) fn stop(&self) {
        self.lock().stopped = true;
        self.news.notify_one();
    }

    fn is_over(&self) -> bool {
        let state = self.lock();
        state.stopped || state.halted.is_some()
    }

    /// Waits for something to do.
    fn next(&self, place: Place) -> Step {
        let mut state = self.lock();
        loop {
            if state.stopped {
                return Step::Stop;
            }
            if state.halted.is_none() {
                if let Some((number, record)) = state.again.pop_front() {
                    return Step::Again(number, record);
                }
                let own = state.segments.iter().find(|segment| segment.id == place.segment);
                if let Some(segment) = own.filter(|segment| segment.len > place.offset) {
                    return Step::Read(segment.len);
                }
                let next = state.segments.iter().find(|segment| segment.id > place.segment);
                if let Some(segment) = next {
                    return Step::Next(segment.id);
                }
            }
            state = self.news.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

/// The thread's state.
pub(super) struct Feeder {
    pub(super) dir: PathBuf,
    pub(super) feed: Arc<Feed>,
    pub(super) producer: Producer,
    pub(super) writer: Sender<Job>,
    pub(super) options: SpoolOptions,
    /// Of the records that were there at the start, those that are to be sent.
    pub(super) fresh: Runs,
    /// Records from this number on are new, and all of them are to be sent.
    pub(super) new_from: u64,
}

impl Feeder {
    /// Feeds until it is stopped.
    pub(super) fn run(mut self) {
        let mut place = Place {
            segment: 0,
            offset: 0,
        };
        let mut file = None;
        loop {
            match self.feed.next(place) {
                Step::Stop => return,
                Step::Again(number, record) => self.send(number, record),
                Step::Next(segment) => {
                    file = None;
                    place = Place {
                        segment,
                        offset: FILE_HEADER_LEN as u64,
                    };
                }
                Step::Read(len) => match self.read(&mut file, place, len) {
                    Ok(offset) => place.offset = offset,
                    // The writer removed it meanwhile, so none of its records is to be sent any more.
                    Err(_) if !self.feed.has(place.segment) => place.offset = u64::MAX,
                    Err(error) => {
                        let path = segment_path(&self.dir, place.segment);
                        self.halt(SpoolError::io("read", &path)(error).to_string());
                    }
                },
            }
        }
    }

    /// Sends what is in the file up to a length, or some of it. Returns where the rest begins.
    fn read(&mut self, file: &mut Option<File>, place: Place, len: u64) -> io::Result<u64> {
        let file = match file {
            Some(file) => file,
            None => file.insert(disk::open(&segment_path(&self.dir, place.segment))?),
        };
        let mut size = CHUNK;
        loop {
            let take = size.min(len - place.offset);
            // A piece of a file that is in memory as a whole at each start.
            let mut bytes = vec![0; take as usize];
            file.seek(SeekFrom::Start(place.offset))?;
            file.read_exact(&mut bytes)?;
            let is_all = place.offset + take == len;
            let done = self.send_pieces(&bytes, place, is_all);
            if done > 0 || is_all {
                return Ok(place.offset + done as u64);
            }
            size *= 4;
        }
    }

    /// Sends the records of some bytes. Returns how many bytes are done.
    fn send_pieces(&mut self, bytes: &[u8], place: Place, is_all: bool) -> usize {
        let mut done = 0;
        for piece in read_on(bytes, place.offset) {
            if self.feed.is_over() {
                return bytes.len();
            }
            match piece {
                Piece::Entry { end, entry, .. } => {
                    if let Entry::Record { number, record, .. } = entry
                        && (number >= self.new_from || self.fresh.remove(number))
                    {
                        self.send(number, record.into_owned());
                    }
                    done = end;
                }
                Piece::Torn { .. } | Piece::Damaged { .. } if !is_all => return done,
                Piece::Torn { offset, end } | Piece::Damaged { offset, end } => {
                    let path = segment_path(&self.dir, place.segment);
                    let from = place.offset + offset as u64;
                    self.options.tell(&format!(
                        "{}: {} bytes from {from} on became unreadable; the next start looks into it",
                        path.display(),
                        end - offset
                    ));
                    done = end;
                }
            }
        }
        done
    }

    /// Hands a record over, when there is room for it.
    fn send(&mut self, number: u64, record: Record<'static>) {
        let Err(error) = block_on(self.producer.send_spooled(record, number)) else {
            return;
        };
        match error.kind() {
            ErrorKind::Closed => self.feed.stop(),
            ErrorKind::Record => {
                let text = error.to_string();
                let kept = error.into_record().map(|record| Kept {
                    number,
                    why: Aside::Refused,
                    text,
                    record,
                });
                // A writer that is gone has said why.
                let _ = self.writer.send(Job::Aside {
                    kept: kept.into_iter().collect(),
                    is_noted: false,
                });
            }
            _ => self.halt(error.to_string()),
        }
    }

    /// Sends nothing more, and has the status say so.
    fn halt(&self, why: String) {
        self.feed.halt(&why);
        // A writer that is gone has said why.
        let _ = self.writer.send(Job::Failed { line: why });
    }
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

fn block_on<F: Future>(future: F) -> F::Output {
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(output) => return output,
            Poll::Pending => std::thread::park(),
        }
    }
}
