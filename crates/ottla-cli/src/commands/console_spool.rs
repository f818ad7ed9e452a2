//! `ottla console-producer --spool`: lines are on the disk before they are on their way.

use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use clap::{Args, ValueEnum};
use ottla::spool::{Fsync, SpoolError, SpoolOptions, SpoolProducer, SpoolStatus, Unknown};
use ottla::{Builder, Record};
use tokio::sync::mpsc;

use crate::exit::{Failure, Outcome};
use crate::line_reader::{LineError, TypedRecord};
use crate::progress::{Progress, say};

/// Notices that are printed one by one; the rest is only counted.
const SHOWN: u64 = 20;
/// Lines that are made durable together at most.
const TOGETHER: usize = 1024;
/// How long an interrupted command waits for what is on its way.
const GRACE: Duration = Duration::from_secs(1);

/// Where and how lines are kept.
#[derive(Args, Clone, Debug)]
pub(crate) struct SpoolArgs {
    /// Keep lines in this directory until they are delivered; what is left there goes out first at the next start.
    /// `spooled N` on standard output says that the first N lines are kept.
    #[arg(long, value_name = "DIR", conflicts_with = "sync")]
    spool: Option<PathBuf>,
    /// When lines count as kept: always (on the disk, survives the loss of power), never (with the system, survives the
    /// death of this process), or milliseconds (as never, and on the disk after at most so many).
    #[arg(long, value_name = "WHEN", default_value = "always", value_parser = fsync, requires = "spool")]
    spool_fsync: Fsync,
    /// Bytes that the directory may take. With a full one, reading lines waits max.block.ms, then ends.
    #[arg(long, value_name = "BYTES", default_value_t = 1 << 30, requires = "spool")]
    spool_max_bytes: u64,
    /// What becomes of records of which nobody can tell any more whether they were stored: hold (set aside and told),
    /// resend (they may be there twice; those set aside before as well), drop (they may be missing).
    #[arg(
        long,
        value_name = "POLICY",
        value_enum,
        default_value = "hold",
        requires = "spool"
    )]
    spool_unknown: Policy,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Policy {
    Hold,
    Resend,
    Drop,
}

fn fsync(text: &str) -> Result<Fsync, String> {
    match (text, text.parse()) {
        ("always", _) => Ok(Fsync::Always),
        ("never", _) => Ok(Fsync::Never),
        (_, Ok(millis)) if millis > 0 => Ok(Fsync::Every(Duration::from_millis(millis))),
        _ => Err("allowed are always, never, or a number of milliseconds from 1".to_owned()),
    }
}

impl SpoolArgs {
    /// The directory, when there is to be one.
    pub(crate) fn dir(&self) -> Option<&PathBuf> {
        self.spool.as_ref()
    }

    fn options(&self) -> SpoolOptions {
        let said = Arc::new(AtomicU64::new(0));
        SpoolOptions::default()
            .fsync(self.spool_fsync)
            .max_bytes(self.spool_max_bytes)
            .unknown(match self.spool_unknown {
                Policy::Hold => Unknown::Hold,
                Policy::Resend => Unknown::Resend,
                Policy::Drop => Unknown::Drop,
            })
            .on_notice(move |line| match said.fetch_add(1, Ordering::Relaxed) + 1 {
                n if n < SHOWN => say(&format!("spool: {line}")),
                SHOWN => say(&format!("spool: {line}\n(further notices are not shown)")),
                _ => {}
            })
    }
}

/// Lines on their way through a spool.
pub(crate) struct Spooling {
    spool: SpoolProducer,
    dir: PathBuf,
    at_start: SpoolStatus,
    /// How long reading waits for room in the directory.
    max_block: Duration,
    /// How long the end waits without anything being delivered.
    patience: Duration,
    kept: u64,
    interrupted: bool,
}

impl Spooling {
    /// Opens the directory and starts the producer.
    pub(crate) fn start(builder: Builder, args: &SpoolArgs, dir: PathBuf) -> Result<Self, Failure> {
        let config = builder.check().map_err(Failure::usage)?;
        let spool = SpoolProducer::start(builder, &dir, args.options()).map_err(Failure::usage)?;
        for notice in spool.notices() {
            eprintln!("notice: {notice}");
        }
        let at_start = spool.status();
        if at_start.pending > 0 {
            say(&format!(
                "spool: {} records that an earlier run left go out first",
                at_start.pending
            ));
        }
        Ok(Self {
            spool,
            dir,
            at_start,
            max_block: config.max_block(),
            patience: config.delivery_timeout(),
            kept: 0,
            interrupted: false,
        })
    }

    /// Keeps lines until there are no more.
    pub(crate) async fn read(
        &mut self,
        mut lines: mpsc::Receiver<Result<TypedRecord, LineError>>,
        record: impl Fn(TypedRecord) -> Record<'static>,
        progress: &mut Progress<io::Stderr>,
    ) -> Outcome {
        let mut interrupt = std::pin::pin!(tokio::signal::ctrl_c());
        loop {
            let mut group = Vec::new();
            let count = tokio::select! {
                count = lines.recv_many(&mut group, TOGETHER) => count,
                _ = &mut interrupt => {
                    self.interrupted = true;
                    return Ok(());
                }
            };
            if count == 0 {
                return Ok(());
            }
            let (mut records, mut wrong) = (Vec::with_capacity(count), None);
            for line in group {
                match line {
                    Ok(line) => records.push(record(line)),
                    // It is the last one.
                    Err(error) => wrong = Some(Failure::Usage(error.to_string())),
                }
            }
            self.keep(records).await?;
            if let Some(wrong) = wrong {
                return Err(wrong);
            }
            progress.update(Instant::now(), || self.line());
            let status = self.spool.status();
            if status.broken.is_some() {
                return Ok(());
            }
        }
    }

    fn line(&self) -> String {
        let status = self.spool.status();
        format!(
            "{} lines kept, {} records delivered, {} waiting",
            self.kept, status.delivered, status.pending
        )
    }

    /// Keeps all of them at once, or, where there is not room for that, as many as there is room for.
    async fn keep(&mut self, records: Vec<Record<'static>>) -> Outcome {
        let count = records.len() as u64;
        match self.spool.send_all(records.clone()).await {
            Ok(()) => {
                self.kept += count;
                self.report();
                return Ok(());
            }
            // One of them is at fault, or there is room for some: which, shows one by one.
            Err(SpoolError::Full { .. } | SpoolError::Record(_)) => {}
            Err(error) => return Err(self.refused(&error)),
        }
        for record in records {
            self.keep_one(record).await?;
        }
        Ok(())
    }

    async fn keep_one(&mut self, record: Record<'static>) -> Outcome {
        let since = Instant::now();
        loop {
            let used = self.spool.status().used_bytes;
            match self.spool.send_all(vec![record.clone()]).await {
                Ok(()) => {
                    self.kept += 1;
                    self.report();
                    return Ok(());
                }
                Err(error @ SpoolError::Full { .. }) => {
                    let left = self.max_block.saturating_sub(since.elapsed());
                    if left.is_zero() || !self.spool.room(used, left).await {
                        return Err(self.refused(&error));
                    }
                }
                Err(error) => return Err(self.refused(&error)),
            }
        }
    }

    fn refused(&self, error: &SpoolError) -> Failure {
        let line = self.kept + 1;
        let text = format!("line {line} and those behind it are not kept: {error}");
        match error {
            SpoolError::Record(_) => Failure::Usage(text),
            _ => Failure::Delivery(text),
        }
    }

    /// Says how many lines are kept, to whoever reads it.
    fn report(&self) {
        let mut out = io::stdout().lock();
        // Standard output that is gone is no reason to stop a delivery.
        let _ = writeln!(out, "spooled {}", self.kept).and_then(|()| out.flush());
    }

    /// Delivers what is there, as long as that goes on, and lets the directory go.
    pub(crate) async fn finish(mut self, progress: &mut Progress<io::Stderr>) -> Outcome {
        let mut drained = false;
        if !self.interrupted {
            tokio::select! {
                all = self.spool.drained(self.patience) => drained = all,
                _ = tokio::signal::ctrl_c() => self.interrupted = true,
            }
        }
        progress.finish(|| self.line());
        let grace = if drained { self.patience } else { GRACE };
        let status = self.spool.close(grace).await;
        let status = status.map_err(|error| Failure::Delivery(error.to_string()))?;
        let dir = self.dir.display();
        if let Some(why) = status.broken.as_ref().or(status.halted.as_ref()) {
            return Err(Failure::Delivery(format!(
                "{why} ({} records stay in {dir} and go out at the next start)",
                status.pending
            )));
        }
        if status.pending > 0 {
            let why = if self.interrupted {
                "interrupted".to_owned()
            } else {
                format!("nothing was delivered for {} ms", self.patience.as_millis())
            };
            return Err(Failure::Delivery(format!(
                "{why}: {} records stay in {dir} and go out at the next start",
                status.pending
            )));
        }
        let unknown = status.unknown - self.at_start.unknown;
        if unknown + status.refused + status.dropped > 0 {
            return Err(Failure::Delivery(format!(
                "{} records were refused and are tried again at the next start, of {} it is not known whether they are stored, {} were dropped (in {dir})",
                status.refused, unknown, status.dropped
            )));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fsync_is_always_never_or_milliseconds() {
        assert_eq!(fsync("always"), Ok(Fsync::Always));
        assert_eq!(fsync("never"), Ok(Fsync::Never));
        assert_eq!(fsync("20"), Ok(Fsync::Every(Duration::from_millis(20))));
        assert!(fsync("0").is_err() && fsync("often").is_err());
    }
}
