//! Opening a directory: what an earlier process left, whole, torn or damaged.

use std::collections::VecDeque;
use std::path::Path;

use ottla_core::Record;
use ottla_core::journal::{Aside, Entry, Ledger, LiveStamp, Piece, Runs, Settlement, read, runs_of};
use ottla_wire::batch::RecordBatch;

use super::aside::{self, AsideLog, Kept};
use super::disk;
use super::lock::lock;
use super::log::{Log, Segment, segment_path};
use super::mend::{keep_damaged, mend_end, remove_unfinished, salvage, trust_again};
use super::missing::Missing;
use super::scan::{Scanned, last_written, scan, segment_ids};
use super::{SpoolError, SpoolOptions, SpoolStatus, Unknown};

/// Why a record in doubt was set aside.
const DAMAGE: &str = "OUTCOME_UNKNOWN: a damaged entry of the spool may have said that the record was sent";

/// A directory that is open, and what there is to be done.
pub(super) struct Opened {
    pub(super) log: Log,
    pub(super) replays: Vec<LiveStamp>,
    /// What was found and decided.
    pub(super) status: SpoolStatus,
}

pub(super) fn open(dir: &Path, options: &SpoolOptions) -> Result<Opened, SpoolError> {
    disk::make_dir(dir)?;
    let lock = lock(dir)?;
    remove_unfinished(dir)?;
    let ids = segment_ids(dir)?;
    let mut ledger = Ledger::default();
    let (mut scanned, mut missing) = (Vec::new(), Missing::default());
    let last = last_written(dir, &ids)?;
    for id in &ids {
        scanned.push(scan(dir, *id, *id >= last, &mut ledger, &mut missing)?);
    }
    let mut missing = missing.finish(ledger.next_number());
    distrust_batches(&mut ledger);
    for scanned in &scanned {
        mend_end(dir, scanned, options)?;
    }
    let is_whole = scanned.last().is_none_or(|last| last.damage.is_empty());
    let segments: VecDeque<Segment> = scanned.iter().map(|scanned| scanned.segment).collect();
    let file = load_aside(dir, options)?;
    let places = scanned.iter().map(Scanned::damaged_places);
    let mut status = SpoolStatus {
        damaged: places.sum::<u64>() + u64::from(file.damaged),
        ..SpoolStatus::default()
    };
    // A number that stands in the file of those aside is not given out again, though its segment is gone.
    for kept in &file.kept {
        ledger.reserve(kept.number);
        missing.remove(kept.number);
    }
    let aside = AsideLog::new(dir, file.len);
    let mut log = Log::resume(
        dir,
        lock,
        segments,
        is_whole,
        ledger,
        aside,
        options.segment_bytes,
    )?;
    status.lost = give_up_lost(&mut log, &scanned, missing, options)?;
    take_back(&mut log, file.kept, options, &mut status)?;
    decide_doubtful(&mut log, options, &mut status)?;
    // Last: before this, another start would come to the same decisions.
    for hurt in scanned.iter().filter(|scanned| !scanned.damage.is_empty()) {
        let len = salvage(dir, hurt, options)?;
        if let Some(segment) = log
            .segments
            .iter_mut()
            .find(|segment| segment.id == hurt.segment.id)
        {
            segment.len = len;
        }
    }
    trust_again(dir, &scanned);
    log.count_damaged()?;
    let tidied = log.tidy().and_then(|()| log.remove_retired());
    if let Some(broken) = log.broken() {
        return Err(broken.clone());
    }
    if let Err(error) = tidied {
        // It can wait: nothing is lost by a file that stays longer or grows longer.
        options.tell(&error.to_string());
    }
    let replays = log.ledger.stamps().to_vec();
    Ok(Opened { log, replays, status })
}

/// A batch that cannot be sent again as it was is as good as none: its records are in the log by themselves.
fn distrust_batches(ledger: &mut Ledger) {
    let broken: Vec<_> = ledger
        .stamps()
        .iter()
        .filter(|stamp| {
            let mut bytes = stamp.batch.clone();
            let batch = RecordBatch::split_from(&mut bytes);
            let records: u64 = stamp.numbers.iter().map(|run| u64::from(run.count)).sum();
            !batch.is_ok_and(|batch| {
                batch.verify_crc().is_ok() && u64::try_from(batch.header().record_count) == Ok(records)
            })
        })
        .flat_map(|stamp| stamp.numbers.clone())
        .collect();
    ledger.distrust(&broken);
}

/// Records that are to be sent by themselves and whose own entries are damaged are lost, and so are those of which no entry
/// is left. Returns how many.
fn give_up_lost(
    log: &mut Log,
    scanned: &[Scanned],
    mut lost: Runs,
    options: &SpoolOptions,
) -> Result<u64, SpoolError> {
    lost.merge(log.ledger.fresh());
    lost.merge(log.ledger.doubtful());
    for segment in scanned {
        lost.subtract(&segment.records);
    }
    if lost.is_empty() {
        return Ok(0);
    }
    options.tell(&format!(
        "{} records are lost: the entries with them are damaged",
        lost.len()
    ));
    let entry = Entry::Settled {
        how: Settlement::Dropped,
        numbers: runs_of(lost.iter()),
    };
    write(log, &entry)?;
    Ok(lost.len())
}

/// Applies the policy to records of which nobody knows whether they were sent.
fn decide_doubtful(
    log: &mut Log,
    options: &SpoolOptions,
    status: &mut SpoolStatus,
) -> Result<(), SpoolError> {
    let doubtful = log.ledger.doubtful().clone();
    if doubtful.is_empty() {
        return Ok(());
    }
    let count = doubtful.len();
    let how = match options.unknown {
        Unknown::Resend => {
            log.ledger.trust();
            // Said once and for all, so that another start does not doubt them again.
            let entry = Entry::Released {
                numbers: runs_of(doubtful.iter()),
            };
            write(log, &entry)?;
            options.tell(&format!(
                "{count} records are sent again and may be there twice: a damaged entry may have said that they were sent"
            ));
            status.resent += count;
            return Ok(());
        }
        Unknown::Hold => {
            let kept = collect(log, &doubtful)?;
            log.aside.append(&kept)?;
            options.tell(&format!("{count} records are set aside: {DAMAGE}"));
            status.unknown += count;
            Settlement::Aside
        }
        Unknown::Drop => {
            options.tell(&format!(
                "{count} records are dropped and may be missing: a damaged entry may have said that they were sent"
            ));
            status.dropped += count;
            Settlement::Dropped
        }
    };
    let entry = Entry::Settled {
        how,
        numbers: runs_of(doubtful.iter()),
    };
    write(log, &entry)
}

fn write(log: &mut Log, entry: &Entry<'_>) -> Result<(), SpoolError> {
    log.put(entry);
    log.commit(true)?;
    log.apply(entry);
    Ok(())
}

/// Reads records back from the files.
fn collect(log: &Log, numbers: &Runs) -> Result<Vec<Kept>, SpoolError> {
    let mut kept = Vec::new();
    for segment in &log.segments {
        let path = segment_path(&log.dir, segment.id);
        let bytes = disk::read(&path)?;
        let Ok(pieces) = read(&bytes) else { continue };
        for piece in pieces {
            if let Piece::Entry {
                entry: Entry::Record { number, record, .. },
                ..
            } = piece
                && numbers.contains(number)
            {
                kept.push(Kept {
                    number,
                    why: Aside::Unknown,
                    text: DAMAGE.to_owned(),
                    record: record.into_owned(),
                });
            }
        }
    }
    Ok(kept)
}

fn load_aside(dir: &Path, options: &SpoolOptions) -> Result<aside::AsideFile, SpoolError> {
    let mut file = aside::load(dir)?;
    if file.damaged {
        let name = keep_damaged(dir, &aside::path(dir))?;
        options.tell(&format!(
            "{} is damaged; it is kept as {}",
            aside::path(dir).display(),
            name.display()
        ));
    }
    if file.damaged || file.torn {
        file.len = aside::replace(dir, &file.kept)?;
    }
    Ok(file)
}

/// Puts records that were set aside back into the log: refused ones, since a topic or a right can be changed meanwhile,
/// and with the policies for it those whose outcome is unknown.
fn take_back(
    log: &mut Log,
    kept: Vec<Kept>,
    options: &SpoolOptions,
    status: &mut SpoolStatus,
) -> Result<(), SpoolError> {
    if kept.is_empty() {
        return Ok(());
    }
    let (mut stay, mut resent, mut dropped, mut refused) = (Vec::new(), 0, 0, 0);
    for kept in kept {
        match (kept.why, options.unknown) {
            // The log has it: a process died between its two files.
            _ if log.ledger.is_pending(kept.number) => continue,
            (Aside::Unknown, Unknown::Hold) => {
                stay.push(kept);
                continue;
            }
            (Aside::Unknown, Unknown::Drop) => {
                dropped += 1;
                continue;
            }
            (Aside::Unknown, Unknown::Resend) => resent += 1,
            (Aside::Refused, _) => refused += 1,
        }
        if !log.ledger.was_taken_back(kept.number) {
            take_one_back(log, kept.number, kept.record)?;
        }
    }
    log.sync()?;
    let unknown = stay.len() as u64;
    let len = aside::replace(&log.dir, &stay)?;
    log.aside = AsideLog::new(&log.dir, len);
    for (count, what) in [
        (
            resent,
            "that were set aside are sent again and may be there twice",
        ),
        (dropped, "that were set aside are dropped and may be missing"),
        (refused, "that the cluster refused before are tried again"),
        (unknown, "stay aside: whether the cluster has them is not known"),
    ] {
        if count > 0 {
            options.tell(&format!("{count} records {what}"));
        }
    }
    status.resent += resent;
    status.dropped += dropped;
    status.unknown += unknown;
    status.unknown_before += unknown;
    Ok(())
}

fn take_one_back(log: &mut Log, was: u64, record: Record<'static>) -> Result<(), SpoolError> {
    let entry = Entry::Record {
        number: log.ledger.next_number(),
        was: Some(was),
        record,
    };
    log.put(&entry);
    log.commit(false)?;
    log.apply(&entry);
    Ok(())
}
