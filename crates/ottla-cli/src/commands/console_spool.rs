//! `ottla console-producer --spool`: lines are on the disk before they are on their way.

use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use clap::{Args, ValueEnum};
use ottla::spool::{Fsync, SpoolError, SpoolOptions, SpoolProducer, SpoolStatus, Unknown};
use ottla::{Builder, KafkaError, Record};
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
    /// `spooled N` on standard output says that the first N lines are kept, but for those that were named as not kept.
    #[arg(long, value_name = "DIR", conflicts_with = "sync")]
    spool: Option<PathBuf>,
    /// When lines count as kept: always (on the disk, survives the loss of power), never (with the system, survives the
    /// death of this process), or milliseconds (as never, and on the disk after at most so many).
    #[arg(long, value_name = "WHEN", default_value = "always", value_parser = fsync, requires = "spool")]
    spool_fsync: Fsync,
    /// Bytes that the directory may take, damaged files included. With a full one, reading waits max.block.ms, then ends.
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
    /// How long reading waits for room in the directory.
    max_block: Duration,
    /// How long the end waits without anything being delivered.
    patience: Duration,
    kept: u64,
    /// Lines that can never be sent.
    passed_over: u64,
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
        let left = spool.status().pending;
        if left > 0 {
            say(&format!(
                "spool: {left} records that an earlier run left go out first"
            ));
        }
        Ok(Self {
            spool,
            dir,
            max_block: config.max_block(),
            patience: config.delivery_timeout(),
            kept: 0,
            passed_over: 0,
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

    /// Keeps all of them at once, or as many as there is room for; those that can never be sent are named.
    async fn keep(&mut self, records: Vec<Record<'static>>) -> Outcome {
        // The next one is the last one.
        let mut groups = vec![records];
        while let Some(mut group) = groups.pop() {
            if group.len() <= 1 {
                if let Some(record) = group.pop() {
                    self.keep_one(record).await?;
                }
                continue;
            }
            match self.spool.send_all(group.clone()).await {
                Ok(()) => self.report(group.len() as u64),
                // One of them is at fault, or there is room for some: halves show which.
                Err(SpoolError::Full { .. } | SpoolError::Record(_)) => {
                    let later = group.split_off(group.len() / 2);
                    groups.extend([later, group]);
                }
                Err(error) => return Err(self.refused(&error)),
            }
        }
        Ok(())
    }

    async fn keep_one(&mut self, record: Record<'static>) -> Outcome {
        let since = Instant::now();
        loop {
            let used = self.spool.status().used_bytes;
            match self.spool.send_all(vec![record.clone()]).await {
                Ok(()) => {
                    self.report(1);
                    return Ok(());
                }
                Err(SpoolError::Record(error)) => {
                    self.pass_over(&error);
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

    /// The line of which it is not decided yet what becomes of it.
    fn line_number(&self) -> u64 {
        self.kept + self.passed_over + 1
    }

    /// A line fails alone, as it does without a spool.
    fn pass_over(&mut self, error: &KafkaError) {
        let line = self.line_number();
        self.passed_over += 1;
        match self.passed_over {
            n if n < SHOWN => say(&format!("line {line} is not kept: {error}")),
            SHOWN => say(&format!(
                "line {line} is not kept: {error}\n(further lines that are not kept are counted, not shown)"
            )),
            _ => {}
        }
    }

    fn refused(&self, error: &SpoolError) -> Failure {
        let line = self.line_number();
        Failure::Delivery(format!("line {line} and those behind it are not kept: {error}"))
    }

    /// Says up to which line lines are kept, to whoever reads it.
    fn report(&mut self, more: u64) {
        self.kept += more;
        let mut out = io::stdout().lock();
        // Standard output that is gone is no reason to stop a delivery.
        let _ = writeln!(out, "spooled {}", self.kept + self.passed_over).and_then(|()| out.flush());
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
        let mut wrong = Vec::new();
        if status.pending > 0 || status.broken.is_some() || status.halted.is_some() {
            let reasons = [&status.broken, &status.halted, &status.trouble];
            let why = match reasons.into_iter().flatten().next() {
                Some(why) => why.to_string(),
                None if self.interrupted => "interrupted".to_owned(),
                None => format!("nothing was delivered for {} ms", self.patience.as_millis()),
            };
            let left = status.pending;
            wrong.push(format!(
                "{why}: {left} records stay in the spool and go out at the next start"
            ));
        }
        wrong.extend(counted(&status, self.passed_over));
        if wrong.is_empty() {
            return Ok(());
        }
        Err(Failure::Delivery(format!(
            "{} ({})",
            wrong.join("; "),
            self.dir.display()
        )))
    }
}

/// What became of lines and records other than being delivered, whether in this run or found at its start.
fn counted(status: &SpoolStatus, passed_over: u64) -> impl Iterator<Item = String> {
    let counts = [
        (passed_over, "lines can never be sent and are not kept"),
        (
            status.refused,
            "records were refused and are tried again at the next start",
        ),
        (
            status.unknown.saturating_sub(status.unknown_before),
            "records are set aside: whether they are stored is not known",
        ),
        (status.dropped, "records were dropped and may be missing"),
        (status.lost, "records are lost to damage"),
        (status.damaged, "damaged places were found in the files"),
    ];
    let counts = counts.into_iter().filter(|(count, _)| *count > 0);
    counts.map(|(count, what)| format!("{count} {what}"))
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
