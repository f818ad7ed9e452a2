//! Finds the topics, partitions and batches of a Produce request without decoding or copying them.

use std::ops::Range;

use super::cursor::{Cursor, Malformed};

/// A Produce request (versions 3 to 12) as offsets into its frame, which begins with the request header.
#[derive(Debug)]
pub(super) struct Scanned<'a> {
    pub(super) flexible: bool,
    pub(super) transactional: bool,
    pub(super) acks: i16,
    /// Where the count of topics stands.
    pub(super) topics_at: usize,
    /// Where the last topic ends.
    pub(super) topics_end: usize,
    pub(super) topics: Vec<Topic<'a>>,
    /// The partitions of all topics, in order; each topic has a range of them.
    pub(super) partitions: Vec<Partition<'a>>,
}

#[derive(Debug)]
pub(super) struct Topic<'a> {
    pub(super) name: &'a str,
    /// The whole element.
    pub(super) span: Range<usize>,
    /// Where the count of partitions stands.
    pub(super) partitions_at: usize,
    /// Which of [`Scanned::partitions`] are its own.
    pub(super) partitions: Range<usize>,
}

#[derive(Debug)]
pub(super) struct Partition<'a> {
    pub(super) index: i32,
    /// The whole element.
    pub(super) span: Range<usize>,
    pub(super) records: Option<&'a [u8]>,
}

/// The first version with compact lengths and tagged fields.
pub(crate) const FLEXIBLE_SINCE: i16 = 9;

/// Reads the body, before which the cursor stands. More than `max_named` topics and partitions are refused, so that
/// a request of many empty elements cannot make the bridge hold several times its size.
pub(super) fn scan(mut cursor: Cursor<'_>, version: i16, max_named: u64) -> Result<Scanned<'_>, Malformed> {
    cursor.set_flexible(version >= FLEXIBLE_SINCE);
    let transactional = cursor.nullable_string()?.is_some();
    let acks = cursor.i16()?;
    let _timeout_ms = cursor.i32()?;
    let topics_at = cursor.at();
    let mut scan = Scan {
        cursor,
        names_left: max_named,
        topics: Vec::new(),
        partitions: Vec::new(),
    };
    // The shortest topic: a name of length 0 and a count; one byte each (and one of tags) when flexible.
    for _ in 0..scan.count(6, 3)? {
        scan.topic()?;
    }
    let Scan {
        mut cursor,
        topics,
        partitions,
        ..
    } = scan;
    let topics_end = cursor.at();
    cursor.no_tagged_fields()?;
    cursor.end()?;
    let flexible = cursor.is_flexible();
    Ok(Scanned {
        flexible,
        transactional,
        acks,
        topics_at,
        topics_end,
        topics,
        partitions,
    })
}

struct Scan<'a> {
    cursor: Cursor<'a>,
    names_left: u64,
    topics: Vec<Topic<'a>>,
    partitions: Vec<Partition<'a>>,
}

impl<'a> Scan<'a> {
    fn count(&mut self, classic_len: usize, flexible_len: usize) -> Result<usize, Malformed> {
        let count = self.cursor.array(if self.cursor.is_flexible() {
            flexible_len
        } else {
            classic_len
        })?;
        self.names_left = self.names_left.checked_sub(count as u64).ok_or(Malformed(
            "it names more topics and partitions than this bridge allows",
        ))?;
        Ok(count)
    }

    fn topic(&mut self) -> Result<(), Malformed> {
        let start = self.cursor.at();
        let name = self.cursor.string()?;
        let partitions_at = self.cursor.at();
        let first = self.partitions.len();
        // The shortest partition: index and length; one byte each of length and tags when flexible.
        for _ in 0..self.count(8, 6)? {
            let start = self.cursor.at();
            let index = self.cursor.i32()?;
            let records = self.cursor.nullable_bytes()?;
            self.cursor.no_tagged_fields()?;
            self.partitions.push(Partition {
                index,
                span: start..self.cursor.at(),
                records,
            });
        }
        self.cursor.no_tagged_fields()?;
        let (span, partitions) = (start..self.cursor.at(), first..self.partitions.len());
        self.topics.push(Topic {
            name,
            span,
            partitions_at,
            partitions,
        });
        Ok(())
    }
}
