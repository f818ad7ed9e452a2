//! What a journal notes, and the bytes of it. All numbers are big-endian, as on Kafka's wire.

use alloc::borrow::Cow;
use alloc::vec::Vec;

use ottla_wire::batch::crc::{Shift, crc32c};

use super::runs::Run;
use crate::record::Record;

/// Begins every entry. A reader that met damage looks for it.
pub(super) const MARKER: [u8; 4] = [0xf5, b's', b'p', b'l'];
/// Marker, length, CRC.
pub(super) const HEAD_LEN: usize = 12;

pub(super) const RECORD: u8 = 1;
pub(super) const STAMPED: u8 = 2;
pub(super) const SETTLED: u8 = 3;
pub(super) const RELEASED: u8 = 4;
pub(super) const ASIDE: u8 = 5;

/// One entry. Record numbers belong to the journal; they count up from 1 and are never used twice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry<'a> {
    /// A record was taken.
    Record {
        /// Its number.
        number: u64,
        /// The number under which it was set aside before; the record of a number is taken back once.
        was: Option<u64>,
        /// The record.
        record: Record<'a>,
    },
    /// A batch is about to be sent for the first time under this identity.
    Stamped {
        /// Its topic.
        topic: Cow<'a, str>,
        /// Its partition.
        partition: i32,
        /// Its records, in their order.
        numbers: Vec<Run>,
        /// The batch as it is sent; producer id, epoch and sequence are in its header.
        batch: Cow<'a, [u8]>,
    },
    /// Nothing is to be done about these records any more.
    Settled {
        /// Why.
        how: Settlement,
        /// The records.
        numbers: Vec<Run>,
    },
    /// The broker does not have these records for certain: they may be sent under any identity.
    Released {
        /// The records.
        numbers: Vec<Run>,
    },
    /// A record was set aside; stands beside its [`Entry::Record`] in a file of its own.
    Aside {
        /// The record.
        number: u64,
        /// Why.
        why: Aside,
        /// The error, for people.
        text: Cow<'a, str>,
    },
}

/// Why nothing is to be done about a record any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settlement {
    /// The broker has it.
    Delivered,
    /// Its outcome was unknown, and the policy was to drop it.
    Dropped,
    /// It is in the file of those that were set aside.
    Aside,
}

/// Why a record was set aside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Aside {
    /// Nobody can tell any more whether the broker has it.
    Unknown,
    /// The broker refused it, and does not have it.
    Refused,
}

impl Entry<'_> {
    /// Appends the entry as it stands at this offset of its file. The CRC covers the offset, so that a copy of an entry
    /// inside of a record is never taken for one.
    pub fn encode(&self, offset: u64, out: &mut Vec<u8>) {
        let start = out.len();
        out.extend_from_slice(&MARKER);
        out.extend_from_slice(&[0; HEAD_LEN - 4]);
        self.body(out);
        // An entry is below 2 GiB as its record or batch is.
        let len = (out.len() - start - HEAD_LEN) as u32;
        let crc = checksum(offset, len, &out[start + HEAD_LEN..]);
        out[start + 4..start + 8].copy_from_slice(&len.to_be_bytes());
        out[start + 8..start + 12].copy_from_slice(&crc.to_be_bytes());
    }

    fn body(&self, out: &mut Vec<u8>) {
        match self {
            Self::Record { number, was, record } => {
                out.push(RECORD);
                out.extend_from_slice(&number.to_be_bytes());
                out.extend_from_slice(&was.unwrap_or(0).to_be_bytes());
                put_record(record, out);
            }
            Self::Stamped {
                topic,
                partition,
                numbers,
                batch,
            } => {
                out.push(STAMPED);
                put_text(topic, out);
                out.extend_from_slice(&partition.to_be_bytes());
                put_runs(numbers, out);
                out.extend_from_slice(batch);
            }
            Self::Settled { how, numbers } => {
                out.push(SETTLED);
                out.push(*how as u8);
                put_runs(numbers, out);
            }
            Self::Released { numbers } => {
                out.push(RELEASED);
                put_runs(numbers, out);
            }
            Self::Aside { number, why, text } => {
                out.push(ASIDE);
                out.push(*why as u8);
                out.extend_from_slice(&number.to_be_bytes());
                put_text(text, out);
            }
        }
    }
}

/// CRC-32C of offset, length and body, in this order.
pub(super) fn checksum(offset: u64, len: u32, body: &[u8]) -> u32 {
    let mut head = [0; 12];
    head[..8].copy_from_slice(&offset.to_be_bytes());
    head[8..].copy_from_slice(&len.to_be_bytes());
    Shift::bytes(body.len()).combine(crc32c(&head), crc32c(body))
}

fn put_record(record: &Record<'_>, out: &mut Vec<u8>) {
    put_text(&record.topic, out);
    out.extend_from_slice(&record.partition.unwrap_or(-1).to_be_bytes());
    let timestamp = record.timestamp.map_or(-1, |timestamp| timestamp.0);
    out.extend_from_slice(&timestamp.to_be_bytes());
    put_nullable(record.key.as_deref(), out);
    put_nullable(record.value.as_deref(), out);
    out.extend_from_slice(&(record.headers.len() as u32).to_be_bytes());
    for header in &record.headers {
        put_text(&header.key, out);
        put_nullable(header.value.as_deref(), out);
    }
}

fn put_text(text: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(&(text.len() as u32).to_be_bytes());
    out.extend_from_slice(text.as_bytes());
}

fn put_nullable(bytes: Option<&[u8]>, out: &mut Vec<u8>) {
    match bytes {
        None => out.extend_from_slice(&(-1_i32).to_be_bytes()),
        Some(bytes) => {
            out.extend_from_slice(&(bytes.len() as i32).to_be_bytes());
            out.extend_from_slice(bytes);
        }
    }
}

fn put_runs(runs: &[Run], out: &mut Vec<u8>) {
    out.extend_from_slice(&(runs.len() as u32).to_be_bytes());
    for run in runs {
        out.extend_from_slice(&run.first.to_be_bytes());
        out.extend_from_slice(&run.count.to_be_bytes());
    }
}
