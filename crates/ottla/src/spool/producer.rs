//! A producer with a spool in front of it.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};
use std::time::Duration;

use ottla_core::config::Config;
use ottla_core::error::check_topic_name;
use ottla_core::journal::LiveStamp;
use ottla_core::{Record, RefuseReason, Timestamp};
use ottla_wire::batch::{RecordHeader, estimate_record_upper_bound};
use tokio::sync::{oneshot, watch};

use super::feeder::{Feed, Feeder};
use super::hook::Hook;
use super::open::{Opened, open};
use super::writer::{Job, Writer};
use super::{SpoolError, SpoolOptions};
use crate::builder::Builder;
use crate::error::{KafkaError, StartError};
use crate::producer::Producer;

/// How far a spool is. Counts are of this process, unless they say otherwise.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct SpoolStatus {
    /// Records that were taken.
    pub taken: u64,
    /// Records that the cluster has, earlier processes' included.
    pub delivered: u64,
    /// Records in the directory that are still to be delivered, whoever left them there.
    pub pending: u64,
    /// Records that are set aside because nobody knows whether the cluster has them, those of earlier processes included.
    pub unknown: u64,
    /// How many of [`unknown`](Self::unknown) an earlier process set aside, and told.
    pub unknown_before: u64,
    /// Records that the cluster refused; they are set aside, and tried again at the next start.
    pub refused: u64,
    /// Records that were sent again although the cluster may have had them.
    pub resent: u64,
    /// Records that were dropped because nobody knows whether the cluster has them.
    pub dropped: u64,
    /// Damaged places that were found in the directory at the start.
    pub damaged: u64,
    /// Records that this damage took, as far as the numbers of the records around it tell: at the most, since it may have
    /// taken the entries that said that they were delivered, but without those before the first whole record or behind
    /// the last one.
    pub lost: u64,
    /// Bytes in the directory.
    pub used_bytes: u64,
    /// Why nothing is sent any more: each record would fail alike. Records are still taken.
    pub halted: Option<Arc<str>>,
    /// Why nothing is taken or sent any more: what is on the disk nobody knows.
    pub broken: Option<Arc<str>>,
    /// What the system refused last and is asked for again, such as room on a full disk. What was taken is kept meanwhile.
    pub trouble: Option<Arc<str>>,
}

/// A producer that keeps what it could not send. See the [module](crate::spool).
pub struct SpoolProducer {
    producer: Producer,
    writer: Sender<Job>,
    feed: Arc<Feed>,
    status: watch::Receiver<SpoolStatus>,
    /// The largest record, in bytes of a batch of its own, and the option that says so.
    largest: (usize, &'static str),
}

impl fmt::Debug for SpoolProducer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SpoolProducer")
            .field("status", &*self.status.borrow())
            .finish_non_exhaustive()
    }
}

impl Drop for SpoolProducer {
    fn drop(&mut self) {
        // What was handed over is still delivered while the runtime lives; the rest waits for the next process.
        self.feed.stop();
    }
}

impl SpoolProducer {
    /// Opens a directory, which is made if there is none, starts a producer on the tokio runtime of the caller, and begins
    /// to send what an earlier process left. Reads the whole directory before it returns.
    ///
    /// A record is tried for as long as the process lives, so `delivery.timeout.ms` and `max.block.ms` are set to their
    /// largest values, whatever the builder says.
    ///
    /// # Errors
    /// [`SpoolError::Locked`] when another process has the directory open; mistakes of the configuration, among them
    /// `enable.idempotence=false`; what the system refuses.
    pub fn start(
        builder: Builder,
        dir: impl Into<PathBuf>,
        options: SpoolOptions,
    ) -> Result<Self, SpoolError> {
        let dir = dir.into();
        let config = builder.check().map_err(SpoolError::Start)?;
        if !config.idempotent() {
            return Err(SpoolError::Config(
                "a spool recognises batches by producer id and sequence, which enable.idempotence=false (or acks other than all) leaves out; remove that setting",
            ));
        }
        // Without a runtime nothing of the directory is touched.
        if tokio::runtime::Handle::try_current().is_err() {
            return Err(SpoolError::Start(StartError::NoRuntime));
        }
        let opened = open(&dir, &options)?;
        let producer = builder
            .replace("delivery.timeout.ms", i32::MAX.to_string())
            .replace("max.block.ms", i64::MAX.to_string())
            .start()
            .map_err(SpoolError::Start)?;
        Self::assemble(producer, opened, &config, options)
    }

    fn assemble(
        producer: Producer,
        opened: Opened,
        config: &Config,
        options: SpoolOptions,
    ) -> Result<Self, SpoolError> {
        let (writer, jobs) = channel();
        let feed = Arc::new(Feed::default());
        let (status, watched) = watch::channel(SpoolStatus {
            pending: opened.log.pending(),
            used_bytes: opened.log.used(),
            ..opened.status
        });
        let hook = Hook::new(writer.clone(), feed.clone(), options.unknown);
        for line in replay(&producer, hook, &opened.replays) {
            options.tell(&line);
        }
        let feeder = Feeder {
            dir: opened.log.dir.clone(),
            feed: feed.clone(),
            producer: producer.clone(),
            writer: writer.clone(),
            options: options.clone(),
            fresh: opened.log.ledger.fresh().clone(),
            new_from: opened.log.ledger.next_number(),
        };
        feed.published(opened.log.segments.iter().copied());
        let dir = opened.log.dir.clone();
        let thread = Writer {
            log: opened.log,
            options,
            feed: feed.clone(),
            producer: Arc::downgrade(producer.shared()),
            status,
            left: Vec::new(),
            trouble: None,
            unsynced_since: None,
        };
        spawn("spool-writer", move || thread.run(&jobs))
            .map_err(SpoolError::io("start a thread for", &dir))?;
        spawn("spool-feeder", move || feeder.run()).map_err(SpoolError::io("start a thread for", &dir))?;
        let largest = [
            (config.max_request_size(), "max.request.size"),
            (config.buffer_memory(), "buffer.memory"),
        ];
        let largest = largest.into_iter().min_by_key(|(bytes, _)| *bytes);
        Ok(Self {
            producer,
            writer,
            feed,
            status: watched,
            largest: largest.unwrap_or((0, "max.request.size")),
        })
    }

    /// What was adjusted in the configuration, and what is unusual about it.
    pub fn notices(&self) -> &[crate::config::Notice] {
        self.producer.notices()
    }

    /// Keeps a record. When this returns, it is in the directory as [`Fsync`](super::Fsync) says, and will be delivered.
    ///
    /// # Errors
    /// [`SpoolError::Full`] when the directory has reached its limit; what the system refuses; or why the record can never
    /// be sent. It is not kept then.
    pub async fn send(&self, record: Record<'_>) -> Result<(), SpoolError> {
        self.send_all(vec![record.into_owned()]).await
    }

    /// Keeps records, all of them or none, at the price of one.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    pub async fn send_all(&self, mut records: Vec<Record<'static>>) -> Result<(), SpoolError> {
        let wall = self.wall();
        for record in &mut records {
            self.check(record).map_err(|why| {
                let error = KafkaError::from(why).with_record(record.clone());
                SpoolError::Record(Box::new(error))
            })?;
            record.timestamp.get_or_insert(wall);
        }
        if records.is_empty() {
            return Ok(());
        }
        let (reply, kept) = oneshot::channel();
        self.writer
            .send(Job::Append { records, reply })
            .map_err(|_| SpoolError::Closed)?;
        kept.await.map_err(|_| SpoolError::Closed)?.map(|_| ())
    }

    fn check(&self, record: &Record<'_>) -> Result<(), RefuseReason> {
        check_topic_name(&record.topic).map_err(|why| RefuseReason::InvalidTopic { why })?;
        if let Some(partition) = record.partition.filter(|partition| *partition < 0) {
            return Err(RefuseReason::InvalidPartition { partition });
        }
        if let Some(Timestamp(timestamp)) = record.timestamp.filter(|timestamp| timestamp.0 < 0) {
            return Err(RefuseReason::InvalidTimestamp { timestamp });
        }
        let headers = record
            .headers
            .iter()
            .map(|header| RecordHeader::new(&header.key, header.value.as_deref()));
        let size = estimate_record_upper_bound(
            record.key.as_ref().map(|key| key.len()),
            record.value.as_ref().map(|value| value.len()),
            headers,
        );
        let (limit, option) = self.largest;
        if size > limit {
            return Err(RefuseReason::TooLarge { size, limit, option });
        }
        Ok(())
    }

    fn wall(&self) -> Timestamp {
        let clock = &self.producer.shared().clock;
        Timestamp(clock.wall_millis(clock.now()))
    }

    /// How far the spool is.
    pub fn status(&self) -> SpoolStatus {
        self.status.borrow().clone()
    }

    #[cfg(test)]
    pub(super) fn watch(&self) -> watch::Receiver<SpoolStatus> {
        self.status.clone()
    }

    /// Waits until everything is delivered, refused or set aside, and returns whether it is: `false` when nothing was for
    /// `patience`, or when nothing is sent any more.
    pub async fn drained(&self, patience: Duration) -> bool {
        let mut status = self.status.clone();
        loop {
            let before = {
                let now = status.borrow_and_update();
                if now.pending == 0 {
                    return true;
                }
                if now.halted.is_some() || now.broken.is_some() {
                    return false;
                }
                now.pending
            };
            let moved =
                status.wait_for(|now| now.pending < before || now.halted.is_some() || now.broken.is_some());
            match tokio::time::timeout(patience, moved).await {
                Ok(Ok(_)) => {}
                Ok(Err(_)) | Err(_) => return false,
            }
        }
    }

    /// Waits until the directory takes fewer bytes than it took, or nothing is taken any more, and returns whether one of
    /// them is so: `false` when neither was `within` that time.
    pub async fn room(&self, used: u64, within: Duration) -> bool {
        let mut status = self.status.clone();
        let less = status.wait_for(|now| now.used_bytes < used || now.broken.is_some());
        matches!(tokio::time::timeout(within, less).await, Ok(Ok(_)))
    }

    /// Takes no more records, gives those on their way `within` to arrive, writes down what is known, and lets the directory
    /// go. What is left there waits for the next start.
    ///
    /// # Errors
    /// What the system refuses.
    pub async fn close(self, within: Duration) -> Result<SpoolStatus, SpoolError> {
        self.feed.stop();
        // Records that had to be given up stay in the directory, which is what the status tells.
        let _ = self.producer.close(within).await;
        let (reply, finished) = oneshot::channel();
        self.writer
            .send(Job::Finish { reply })
            .map_err(|_| SpoolError::Closed)?;
        finished.await.map_err(|_| SpoolError::Closed)??;
        Ok(self.status())
    }
}

fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> std::io::Result<()> {
    std::thread::Builder::new()
        .name(name.into())
        .spawn(work)
        .map(drop)
}

/// Switches the journal on, and hands the producer what an earlier one had sent. Returns what went wrong with which.
fn replay(producer: &Producer, mut hook: Hook, stamps: &[LiveStamp]) -> Vec<String> {
    let shared = producer.shared();
    let mut state = shared.lock();
    let now = shared.clock.now();
    state
        .core
        .journal(now, Timestamp(shared.clock.wall_millis_now(now)));
    let mut wrong = Vec::new();
    for stamp in stamps {
        match state
            .core
            .replay(now, &stamp.topic, stamp.partition, stamp.batch.clone())
        {
            Ok(ids) => {
                let numbers = stamp.numbers.iter().flat_map(|run| run.numbers());
                ids.into_iter()
                    .zip(numbers)
                    .for_each(|(id, number)| hook.replayed(id, number));
            }
            Err(error) => wrong.push(format!(
                "a batch for {}-{} cannot be sent again: {error}; it stays in the spool",
                stamp.topic, stamp.partition
            )),
        }
    }
    state.spool = Some(hook);
    state.pump(now);
    let kick = state.kick();
    drop(state);
    crate::producer::wake(kick);
    wrong
}
