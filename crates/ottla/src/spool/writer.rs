//! The thread that writes: it gathers what is there, writes it at once, syncs as the policy says, and only then tells.

use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use bytes::Bytes;
use ottla_core::journal::{Aside, Entry, Run, Settlement, runs_of};
use ottla_core::{Header, Input, Record};
use tokio::sync::{oneshot, watch};

use super::aside::Kept;
use super::feeder::Feed;
use super::log::Log;
use super::{Fsync, SpoolError, SpoolOptions, SpoolStatus};
use crate::producer::tell;
use crate::shared::Shared;

/// How long to wait before writing again what could not be written.
const RETRY: Duration = Duration::from_millis(250);
/// Jobs that are written together at most.
const GROUP: usize = 4096;

/// What is to be written, or done in this order.
pub(super) enum Job {
    /// Records of the application.
    Append {
        records: Vec<Record<'static>>,
        reply: oneshot::Sender<Result<u64, SpoolError>>,
    },
    Stamped {
        ticket: u64,
        topic: Arc<str>,
        partition: i32,
        numbers: Vec<Run>,
        batch: Bytes,
    },
    Settled {
        how: Settlement,
        numbers: Vec<Run>,
    },
    Released {
        numbers: Vec<Run>,
    },
    Aside {
        kept: Vec<Kept>,
        /// The file of those has them already.
        is_noted: bool,
    },
    /// Something that people should know.
    Failed {
        line: String,
    },
    /// Records go out again under a new identity.
    Resent {
        count: u64,
        line: String,
    },
    /// Writes everything down and lets the directory go.
    Finish {
        reply: oneshot::Sender<Result<(), SpoolError>>,
    },
}

/// The state of the thread.
pub(super) struct Writer {
    pub(super) log: Log,
    pub(super) options: SpoolOptions,
    pub(super) feed: Arc<Feed>,
    pub(super) producer: Weak<Shared>,
    pub(super) status: watch::Sender<SpoolStatus>,
    /// What could not be written; to be tried again before anything else.
    pub(super) left: Vec<Job>,
    /// What the system refuses; told once for as long as it does.
    pub(super) trouble: Option<Arc<str>>,
    pub(super) unsynced_since: Option<Instant>,
}

impl Writer {
    /// Works until the spool is closed, or everybody who could tell something is gone.
    pub(super) fn run(mut self, jobs: &Receiver<Job>) {
        loop {
            let first = match self.wait() {
                None => jobs.recv().map_err(|_| RecvTimeoutError::Disconnected),
                Some(limit) => jobs.recv_timeout(limit),
            };
            let mut group = Vec::new();
            match first {
                Ok(job) => group.push(job),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
            while group.len() < GROUP
                && let Ok(job) = jobs.try_recv()
            {
                group.push(job);
            }
            let finish = group.iter().position(|job| matches!(job, Job::Finish { .. }));
            let rest = finish.map(|at| group.split_off(at));
            let group = self.behind_left(group);
            self.write(group);
            if let Some(Job::Finish { reply }) = rest.and_then(|rest| rest.into_iter().next()) {
                let finished = self.finish();
                drop(self);
                // Whoever closed may have stopped waiting.
                let _ = reply.send(finished);
                return;
            }
        }
    }

    /// Tries again what could not be written, without new records: delivering may make the room that is missing. As long as
    /// it cannot be, only records go before it.
    fn behind_left(&mut self, group: Vec<Job>) -> Vec<Job> {
        if self.left.is_empty() {
            return group;
        }
        let left = std::mem::take(&mut self.left);
        self.write(left);
        if self.left.is_empty() {
            return group;
        }
        let (records, later): (Vec<_>, Vec<_>) = group
            .into_iter()
            .partition(|job| matches!(job, Job::Append { .. }));
        self.left.extend(later);
        records
    }

    fn wait(&self) -> Option<Duration> {
        if !self.left.is_empty() {
            return Some(RETRY);
        }
        match (self.options.fsync, self.unsynced_since) {
            (Fsync::Every(interval), Some(since)) => Some(interval.saturating_sub(since.elapsed())),
            _ => None,
        }
    }

    fn finish(&mut self) -> Result<(), SpoolError> {
        if self.log.broken().is_some() {
            // The status says so.
            return Ok(());
        }
        self.log.sync()?;
        self.log.retire_if_done();
        self.feed.published(self.log.segments.iter().copied());
        if let Err(error) = self.log.remove_retired() {
            // Nothing is lost by it: they say that all of their records are done.
            self.options.tell(&error.to_string());
        }
        Ok(())
    }

    fn write(&mut self, group: Vec<Job>) {
        if let Some(broken) = self.log.broken() {
            group.into_iter().for_each(|job| refuse(job, broken));
            return;
        }
        let mut written = Vec::new();
        let mut next = self.log.ledger.next_number();
        let (mut must_sync, mut trouble) = (false, None);
        for job in group {
            must_sync |= matches!(job, Job::Append { .. } | Job::Stamped { .. });
            match self.put(job, &mut next) {
                Ok(done) => written.extend(done),
                Err(error) => trouble = Some(error),
            }
        }
        let durably = self.is_due(must_sync);
        match self.log.commit(durably) {
            Ok(()) => self.tell(written),
            Err(error) => {
                self.failed(written, &error);
                trouble = Some(error);
            }
        }
        if durably {
            self.unsynced_since = None;
        }
        let tidied = self.log.tidy();
        // Before files go: who reads them would take those for lost.
        self.feed.published(self.log.segments.iter().copied());
        let tidied = tidied.and_then(|()| self.log.remove_retired());
        self.note(trouble.or(tidied.err()));
        self.publish();
    }

    /// Whether what is committed next is to be durable.
    fn is_due(&mut self, must_sync: bool) -> bool {
        match self.options.fsync {
            Fsync::Always => must_sync,
            Fsync::Never => false,
            Fsync::Every(interval) => {
                if self.log.is_dirty() || self.log.buffered() > 0 {
                    self.unsynced_since.get_or_insert_with(Instant::now);
                }
                self.unsynced_since
                    .is_some_and(|since| since.elapsed() >= interval)
            }
        }
    }

    /// Tells what goes wrong, when it begins to.
    fn note(&mut self, trouble: Option<SpoolError>) {
        let new = trouble.map(|error| -> Arc<str> { error.to_string().into() });
        if new == self.trouble {
            return;
        }
        match &new {
            Some(error) if self.log.broken().is_some() => self
                .options
                .tell(&format!("{error}; nothing is taken or sent until the next start")),
            Some(error) => self.options.tell(error),
            None => self.options.tell("the files can be written again"),
        }
        self.trouble = new;
    }

    /// Puts a job's entries, or refuses it.
    fn put(&mut self, job: Job, next: &mut u64) -> Result<Option<Job>, SpoolError> {
        match job {
            Job::Append { records, reply } => Ok(self.put_records(records, reply, next)),
            Job::Aside { kept, is_noted } => {
                if !is_noted && let Err(error) = self.log.aside.append(&kept) {
                    self.left.push(Job::Aside { kept, is_noted });
                    return Err(error);
                }
                self.log.put(&settled_aside(&kept));
                let is_noted = true;
                Ok(Some(Job::Aside { kept, is_noted }))
            }
            job => {
                if let Some(entry) = entry_of(&job) {
                    self.log.put(&entry);
                }
                Ok(Some(job))
            }
        }
    }

    fn put_records(
        &mut self,
        records: Vec<Record<'static>>,
        reply: oneshot::Sender<Result<u64, SpoolError>>,
        next: &mut u64,
    ) -> Option<Job> {
        let before = self.log.buffered();
        for (number, record) in (*next..).zip(&records) {
            self.log.put(&Entry::Record {
                number,
                was: None,
                record: lend(record),
            });
        }
        let (used, limit) = (self.log.used(), self.options.max_bytes);
        if used > limit {
            let own = (self.log.buffered() - before) as u64;
            self.log.unput(before);
            // Whoever sent them may have stopped waiting.
            let _ = reply.send(Err(SpoolError::Full {
                dir: self.log.dir.clone(),
                used: used - own,
                damaged: self.log.damaged_bytes(),
                limit,
            }));
            return None;
        }
        *next += records.len() as u64;
        Some(Job::Append { records, reply })
    }

    /// Tells what is durable.
    fn tell(&mut self, written: Vec<Job>) {
        let mut ticket = None;
        for job in written {
            if let Some(entry) = entry_of(&job) {
                self.log.apply(&entry);
            }
            match job {
                Job::Append { records, reply } => {
                    let first = self.log.ledger.next_number();
                    let count = records.len() as u64;
                    (first..first + count).for_each(|number| self.log.taken(number));
                    let pending = self.log.pending();
                    // Before the reply: who waits for it may look at once whether anything is pending.
                    self.status.send_modify(|status| {
                        status.taken += count;
                        status.pending = pending;
                    });
                    // Records that nobody waits for any more are kept all the same.
                    let _ = reply.send(Ok(first));
                }
                Job::Stamped { ticket: new, .. } => ticket = Some(new),
                Job::Settled { how, numbers } => {
                    let count: u64 = numbers.iter().map(|run| u64::from(run.count)).sum();
                    self.status.send_modify(|status| match how {
                        Settlement::Delivered => status.delivered += count,
                        _ => status.dropped += count,
                    });
                }
                Job::Aside { kept, .. } => self.tell_aside(&kept),
                Job::Failed { line } => self.options.tell(&line),
                Job::Resent { count, line } => {
                    self.status.send_modify(|status| status.resent += count);
                    self.options.tell(&line);
                }
                Job::Released { .. } | Job::Finish { .. } => {}
            }
        }
        if let (Some(ticket), Some(producer)) = (ticket, self.producer.upgrade()) {
            tell(&producer, Input::Persisted { ticket });
        }
    }

    fn tell_aside(&mut self, kept: &[Kept]) {
        let Some(first) = kept.first() else { return };
        self.log.apply(&settled_aside(kept));
        let count = kept.len();
        self.status.send_modify(|status| match first.why {
            Aside::Unknown => status.unknown += count as u64,
            Aside::Refused => status.refused += count as u64,
        });
        self.options
            .tell(&format!("{count} records are set aside: {}", first.text));
    }

    /// Nothing of the group is in the file. What the application asked for is refused; the rest is tried again.
    fn failed(&mut self, written: Vec<Job>, error: &SpoolError) {
        for job in written {
            match job {
                Job::Append { reply, .. } => drop(reply.send(Err(error.clone()))),
                job if self.log.broken().is_none() => self.left.push(job),
                _ => {}
            }
        }
    }

    /// Shows others how far the log is.
    fn publish(&self) {
        let (pending, used) = (self.log.pending(), self.log.used());
        self.status.send_modify(|status| {
            status.pending = pending;
            status.used_bytes = used;
            status.halted = self.feed.halted();
            status.broken = self.log.broken().map(|error| error.to_string().into());
            status.trouble = self.trouble.clone();
        });
    }
}

/// The same record, of which only the list of headers is copied.
fn lend<'a>(record: &'a Record<'static>) -> Record<'a> {
    let headers = record.headers.iter().map(|header| Header {
        key: (&*header.key).into(),
        value: header.value.as_deref().map(Into::into),
    });
    Record {
        topic: (&*record.topic).into(),
        partition: record.partition,
        timestamp: record.timestamp,
        key: record.key.as_deref().map(Into::into),
        value: record.value.as_deref().map(Into::into),
        headers: headers.collect(),
    }
}

fn refuse(job: Job, broken: &SpoolError) {
    if let Job::Append { reply, .. } = job {
        // Whoever sent them may have stopped waiting.
        let _ = reply.send(Err(broken.clone()));
    }
}

fn settled_aside(kept: &[Kept]) -> Entry<'static> {
    Entry::Settled {
        how: Settlement::Aside,
        numbers: runs_of(kept.iter().map(|kept| kept.number)),
    }
}

/// The one entry of a job.
fn entry_of(job: &Job) -> Option<Entry<'_>> {
    Some(match job {
        Job::Stamped {
            topic,
            partition,
            numbers,
            batch,
            ..
        } => Entry::Stamped {
            topic: (&**topic).into(),
            partition: *partition,
            numbers: numbers.clone(),
            batch: (&**batch).into(),
        },
        Job::Settled { how, numbers } => Entry::Settled {
            how: *how,
            numbers: numbers.clone(),
        },
        Job::Released { numbers } => Entry::Released {
            numbers: numbers.clone(),
        },
        _ => return None,
    })
}
