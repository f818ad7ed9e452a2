//! What is in a directory, without changing it.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use ottla_core::Record;
use ottla_core::journal::{Aside, Entry, Ledger, Piece, read};

use super::log::{DAMAGED, segment_path};
use super::missing::Missing;
use super::scan::{End, last_written, scan, segment_ids};
use super::{SpoolError, aside, disk};

/// What is in a spool's directory.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct SpoolContents {
    /// Files of the log.
    pub files: u64,
    /// Bytes of all of the spool's files.
    pub bytes: u64,
    /// Whole entries of the log.
    pub entries: u64,
    /// Records that are still to be sent, by topic in the order of names.
    pub topics: Vec<SpooledTopic>,
    /// How many of them are in batches that may be stored already; they are sent again as they were.
    pub in_batches: u64,
    /// How many of them a damaged entry may have called sent; the next start decides about them.
    pub doubtful: u64,
    /// Records that are set aside because the cluster refused them.
    pub refused: u64,
    /// Records that are set aside because nobody knows whether the cluster has them.
    pub unknown: u64,
    /// Bytes at the end that are no whole entry: a process died while it wrote, or is writing.
    pub torn_bytes: u64,
    /// Damaged places that no start has dealt with.
    pub damaged: u64,
    /// Files that are only kept because they are damaged.
    pub damaged_files: u64,
}

/// Records of a topic that are still to be sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct SpooledTopic {
    /// Its name.
    pub name: String,
    /// How many there are.
    pub records: u64,
    /// Bytes of their keys and values.
    pub bytes: u64,
    /// The earliest of their timestamps, in milliseconds since 1970.
    pub oldest: Option<i64>,
}

impl SpooledTopic {
    fn add(&mut self, record: &Record<'_>) {
        let len = |bytes: Option<&[u8]>| bytes.map_or(0, <[u8]>::len) as u64;
        self.records += 1;
        self.bytes += len(record.key.as_deref()) + len(record.value.as_deref());
        let timestamp = record.timestamp.map(|timestamp| timestamp.0);
        self.oldest = self.oldest.into_iter().chain(timestamp).min();
    }
}

impl SpoolContents {
    /// Looks into a directory. Changes nothing and locks nothing: a process may be using it, and what it does meanwhile may
    /// be seen by half.
    ///
    /// # Errors
    /// [`SpoolError::Newer`], and what the system refuses.
    pub fn of(dir: &Path) -> Result<Self, SpoolError> {
        let mut contents = Self::default();
        contents.count_files(dir)?;
        let ids = segment_ids(dir)?;
        let (mut ledger, last) = (Ledger::default(), last_written(dir, &ids)?);
        for id in &ids {
            let scanned = scan(dir, *id, *id >= last, &mut ledger, &mut Missing::default())?;
            contents.damaged += scanned.damaged_places();
            if let End::Torn { from } = scanned.end {
                let bytes = disk::read(&segment_path(dir, *id))?;
                contents.torn_bytes += bytes.len().saturating_sub(from) as u64;
            }
        }
        contents.doubtful = ledger.doubtful().len();
        let stamped = ledger.stamps().iter().flat_map(|stamp| &stamp.numbers);
        contents.in_batches = stamped.map(|run| u64::from(run.count)).sum();
        contents.count_records(dir, &ids, &ledger)?;
        let aside = aside::load(dir)?;
        contents.damaged += u64::from(aside.damaged);
        // Those that are still in the log are counted there.
        for kept in aside.kept.iter().filter(|kept| !ledger.is_pending(kept.number)) {
            match kept.why {
                Aside::Refused => contents.refused += 1,
                Aside::Unknown => contents.unknown += 1,
            }
        }
        contents.files = ids.len() as u64;
        Ok(contents)
    }

    /// Records that are still to be sent.
    pub fn pending(&self) -> u64 {
        self.topics.iter().map(|topic| topic.records).sum()
    }

    fn count_files(&mut self, dir: &Path) -> Result<(), SpoolError> {
        for entry in fs::read_dir(dir).map_err(SpoolError::io("read", dir))? {
            let path = entry.map_err(SpoolError::io("read", dir))?.path();
            let extension = path.extension().and_then(|extension| extension.to_str());
            let is_kept = extension.is_some_and(|extension| extension.starts_with(DAMAGED));
            if is_kept || extension == Some("spool") {
                let meta = fs::metadata(&path).map_err(SpoolError::io("look at", &path))?;
                self.bytes += meta.len();
                self.damaged_files += u64::from(is_kept);
            }
        }
        Ok(())
    }

    fn count_records(&mut self, dir: &Path, ids: &[u64], ledger: &Ledger) -> Result<(), SpoolError> {
        let mut topics: BTreeMap<String, SpooledTopic> = BTreeMap::new();
        for id in ids {
            let bytes = disk::read(&segment_path(dir, *id))?;
            let pieces = read(&bytes).into_iter().flatten();
            for piece in pieces {
                let Piece::Entry { entry, .. } = piece else {
                    continue;
                };
                self.entries += 1;
                if let Entry::Record { number, record, .. } = entry
                    && ledger.is_pending(number)
                {
                    topics
                        .entry(record.topic.clone().into_owned())
                        .or_default()
                        .add(&record);
                }
            }
        }
        self.topics = topics
            .into_iter()
            .map(|(name, topic)| SpooledTopic { name, ..topic })
            .collect();
        Ok(())
    }
}
