//! Opening a directory: what an earlier process left, whole, torn or damaged.

use std::collections::VecDeque;
use std::fs::{self, File, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};

use ottla_core::Record;
use ottla_core::journal::{
    Aside, Entry, FILE_HEADER_LEN, Ledger, LiveStamp, Piece, Runs, Settlement, file_header, read, runs_of,
};
use ottla_wire::batch::RecordBatch;

use super::aside::{self, AsideLog, Kept};
use super::log::{DAMAGED, Log, Segment, segment_path, sync_dir};
use super::missing::Missing;
use super::{SpoolError, SpoolOptions, SpoolStatus, Unknown};

/// Why a record in doubt was set aside.
const DAMAGE: &str = "OUTCOME_UNKNOWN: a damaged entry of the spool may have said that the record was sent";

/// How much of a file is gone that was cut, at most: nobody knows, but files are about that long.
const CUT: u64 = 16 << 20;

/// A directory that is open, and what there is to be done.
pub(super) struct Opened {
    pub(super) log: Log,
    pub(super) replays: Vec<LiveStamp>,
    /// What was found and decided.
    pub(super) status: SpoolStatus,
}

/// A segment that was read.
struct Scanned {
    segment: Segment,
    /// What is no entry: from, to.
    damage: Vec<(usize, usize)>,
    torn: Option<usize>,
    /// Records that are in it by themselves.
    records: Runs,
}

pub(super) fn open(dir: &Path, options: &SpoolOptions) -> Result<Opened, SpoolError> {
    fs::create_dir_all(dir).map_err(SpoolError::io("create", dir))?;
    let lock = lock(dir)?;
    let ids = segment_ids(dir)?;
    let mut ledger = Ledger::default();
    let (mut scanned, mut missing) = (Vec::new(), Missing::default());
    for (index, id) in ids.iter().enumerate() {
        let is_last = index + 1 == ids.len();
        scanned.push(scan(dir, *id, is_last, &mut ledger, &mut missing)?);
    }
    let mut missing = missing.finish(ledger.next_number());
    distrust_batches(&mut ledger);
    for torn in scanned.iter().filter(|scanned| scanned.torn.is_some()) {
        cut_off(dir, torn, options)?;
    }
    let is_whole = scanned.last().is_none_or(|last| last.damage.is_empty());
    let segments: VecDeque<Segment> = scanned.iter().map(|scanned| scanned.segment).collect();
    let file = load_aside(dir, options)?;
    let places = scanned.iter().map(|scanned| scanned.damage.len() as u64);
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
    log.count_damaged()?;
    log.tidy()?;
    let replays = log.ledger.stamps().to_vec();
    Ok(Opened { log, replays, status })
}

/// Keeps other processes out for as long as the file is open.
fn lock(dir: &Path) -> Result<File, SpoolError> {
    let path = dir.join("lock");
    let opened = File::options()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(&path);
    let mut file = opened.map_err(SpoolError::io("open", &path))?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let mut owner = String::new();
            // Only for people: a number that cannot be read is left out.
            let _ = file.read_to_string(&mut owner);
            let is_number = !owner.is_empty() && owner.bytes().all(|byte| byte.is_ascii_digit());
            return Err(SpoolError::Locked {
                dir: dir.to_owned(),
                owner: if is_number {
                    format!(" ({owner})")
                } else {
                    String::new()
                },
            });
        }
        Err(TryLockError::Error(error)) => return Err(SpoolError::io("lock", &path)(error)),
    }
    let written = file
        .set_len(0)
        .and_then(|()| file.rewind())
        .and_then(|()| file.write_all(std::process::id().to_string().as_bytes()));
    written.map_err(SpoolError::io("write", &path))?;
    Ok(file)
}

fn segment_ids(dir: &Path) -> Result<Vec<u64>, SpoolError> {
    let mut ids = Vec::new();
    for entry in fs::read_dir(dir).map_err(SpoolError::io("read", dir))? {
        let path = entry.map_err(SpoolError::io("read", dir))?.path();
        let id = path
            .file_stem()
            .and_then(|stem| stem.to_str())
            .and_then(|stem| stem.parse().ok());
        if let Some(id) = id.filter(|id| segment_path(dir, *id) == path) {
            ids.push(id);
        }
    }
    ids.sort_unstable();
    Ok(ids)
}

fn scan(
    dir: &Path,
    id: u64,
    is_last: bool,
    ledger: &mut Ledger,
    missing: &mut Missing,
) -> Result<Scanned, SpoolError> {
    let path = segment_path(dir, id);
    let bytes = fs::read(&path).map_err(SpoolError::io("read", &path))?;
    let (mut damage, mut torn, mut records) = (Vec::new(), None, Runs::default());
    let pieces = read(&bytes).map_err(|newer| SpoolError::Newer {
        path,
        version: newer.0,
    })?;
    for piece in pieces {
        match piece {
            Piece::Entry { ref entry, .. } => {
                ledger.apply(entry);
                missing.entry(entry);
                if let Entry::Record { number, .. } = entry {
                    records.insert(*number);
                }
            }
            Piece::Torn { offset, .. } if is_last => torn = Some(offset),
            // Only the last file is ever written to: an earlier one that ends early was cut afterwards.
            Piece::Torn { offset, end } | Piece::Damaged { offset, end } => {
                damage.push((offset, end));
                let is_cut = matches!(piece, Piece::Torn { .. });
                missing.damaged(if is_cut { CUT } else { (end - offset) as u64 });
                ledger.damaged();
            }
        }
    }
    Ok(Scanned {
        segment: Segment {
            id,
            // One that has not even its own header gets it.
            len: torn.unwrap_or(bytes.len()).max(FILE_HEADER_LEN) as u64,
            last: ledger.next_number() - 1,
        },
        damage,
        torn,
        records,
    })
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

/// Takes the half of an entry away that a process left when it died.
fn cut_off(dir: &Path, torn: &Scanned, options: &SpoolOptions) -> Result<(), SpoolError> {
    let path = segment_path(dir, torn.segment.id);
    let Some(offset) = torn.torn else { return Ok(()) };
    let opened = File::options().write(true).open(&path);
    let cut = opened.and_then(|mut file| {
        let bytes = file.metadata()?.len().saturating_sub(offset as u64);
        file.set_len(offset as u64)?;
        if offset < FILE_HEADER_LEN {
            file.set_len(0)?;
            file.write_all(&file_header())?;
        }
        file.sync_all()?;
        Ok(bytes)
    });
    let bytes = cut.map_err(SpoolError::io("cut", &path))?;
    options.tell(&format!(
        "{}: the last entry was not written to its end; its {bytes} bytes from {offset} on are cut off",
        path.display()
    ));
    Ok(())
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
    log.commit()?;
    log.sync()?;
    log.apply(entry);
    Ok(())
}

/// Reads records back from the files.
fn collect(log: &Log, numbers: &Runs) -> Result<Vec<Kept>, SpoolError> {
    let mut kept = Vec::new();
    for segment in &log.segments {
        let path = segment_path(&log.dir, segment.id);
        let bytes = fs::read(&path).map_err(SpoolError::io("read", &path))?;
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

/// Keeps a damaged file under another name, and puts one with its whole entries in its place. Returns the length of that.
fn salvage(dir: &Path, hurt: &Scanned, options: &SpoolOptions) -> Result<u64, SpoolError> {
    let path = segment_path(dir, hurt.segment.id);
    let bytes = fs::read(&path).map_err(SpoolError::io("read", &path))?;
    let kept = keep_damaged(dir, &path)?;
    let mut whole = file_header().to_vec();
    if let Ok(pieces) = read(&bytes) {
        for entry in pieces.entries() {
            entry.encode(whole.len() as u64, &mut whole);
        }
    }
    aside::write_whole(dir, &path, &whole)?;
    for (from, to) in &hurt.damage {
        options.tell(&format!(
            "{}: {} bytes from {from} on are damaged; the file is kept as {}",
            path.display(),
            to - from,
            kept.display()
        ));
    }
    Ok(whole.len() as u64)
}

/// Gives a file one more name, under which it stays.
fn keep_damaged(dir: &Path, path: &Path) -> Result<PathBuf, SpoolError> {
    let stem = path
        .file_stem()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    let free = (0_u32..)
        .map(|n| dir.join(format!("{stem}.{DAMAGED}{n}")))
        .find(|name| !name.exists());
    let Some(name) = free else {
        unreachable!("no directory has four billion files");
    };
    if fs::hard_link(path, &name).is_err() {
        fs::copy(path, &name).map_err(SpoolError::io("copy", path))?;
    }
    sync_dir(dir)?;
    Ok(name)
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
    log.commit()?;
    log.apply(&entry);
    Ok(())
}
