//! Record batches byte by byte, right and wrong. Written here from the format (KIP-98) and not by `ottla-wire`, which
//! cannot make the wrong ones.

use ottla_wire::batch::crc::crc32c;
use ottla_wire::codec::{Codec, compress};

use super::script::Known;

/// Where a batch's checksummed part begins.
const CHECKED_FROM: usize = 21;
/// Bytes before the field that counts what follows it.
const LENGTH_COUNTS_FROM: usize = 12;

/// A field of the batch's header, by its place and width in bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Field(usize, usize);

impl Field {
    pub(crate) const BASE_OFFSET: Self = Self(0, 8);
    pub(crate) const LENGTH: Self = Self(8, 4);
    pub(crate) const LEADER_EPOCH: Self = Self(12, 4);
    pub(crate) const MAGIC: Self = Self(16, 1);
    pub(crate) const ATTRIBUTES: Self = Self(21, 2);
    pub(crate) const LAST_OFFSET_DELTA: Self = Self(23, 4);
    pub(crate) const MAX_TIMESTAMP: Self = Self(35, 8);
    pub(crate) const PRODUCER_ID: Self = Self(43, 8);
    pub(crate) const RECORD_COUNT: Self = Self(57, 4);
}

/// `Field::ATTRIBUTES`: the timestamps are the broker's.
pub(crate) const LOG_APPEND_TIME: i64 = 1 << 3;
/// `Field::ATTRIBUTES`: part of a transaction.
pub(crate) const TRANSACTIONAL: i64 = 1 << 4;
/// `Field::ATTRIBUTES`: control records.
pub(crate) const CONTROL: i64 = 1 << 5;
/// `Field::ATTRIBUTES`: the base timestamp is a delete horizon (KIP-534).
pub(crate) const DELETE_HORIZON: i64 = 1 << 6;

/// One record.
#[derive(Clone, Debug)]
pub(crate) struct Record {
    /// Milliseconds from the beginning of the test.
    pub(crate) at: i64,
    pub(crate) key: Option<Vec<u8>>,
    pub(crate) value: Option<Vec<u8>>,
    pub(crate) headers: Vec<(&'static str, Option<&'static str>)>,
    /// In place of its number in the batch.
    pub(crate) offset_delta: Option<i32>,
}

/// What happens to a batch after its checksum is written.
#[derive(Clone, Copy, Debug)]
enum Damage {
    None,
    LastByte,
    CutTo(usize),
}

/// One batch.
#[derive(Clone, Debug)]
pub(crate) struct Batch {
    producer: Option<&'static str>,
    epoch: i16,
    sequence: i32,
    records: Vec<Record>,
    codec: Codec,
    payload: Option<Vec<u8>>,
    patches: Vec<(Field, i64)>,
    damage: Damage,
}

/// A batch of that many records of nobody, a millisecond apart, a minute before the test.
pub(crate) fn batch(records: usize) -> Batch {
    let record = |n: usize| Record {
        at: -60_000 + n as i64,
        key: None,
        value: Some(format!("value {n}").into_bytes()),
        headers: Vec::new(),
        offset_delta: None,
    };
    Batch {
        producer: None,
        epoch: -1,
        sequence: -1,
        records: (0..records).map(record).collect(),
        codec: Codec::None,
        payload: None,
        patches: Vec::new(),
        damage: Damage::None,
    }
}

impl Batch {
    /// From a producer that `InitProducerId` named, in epoch 0.
    pub(crate) fn by(mut self, producer: &'static str, sequence: i32) -> Self {
        self.producer = Some(producer);
        self.epoch = 0;
        self.sequence = sequence;
        self
    }

    /// In another epoch.
    pub(crate) fn epoch(mut self, epoch: i16) -> Self {
        self.epoch = epoch;
        self
    }

    pub(crate) fn codec(mut self, codec: Codec) -> Self {
        self.codec = codec;
        self
    }

    /// Changes every record.
    pub(crate) fn each(mut self, change: impl Fn(usize, &mut Record)) -> Self {
        self.records
            .iter_mut()
            .enumerate()
            .for_each(|(n, record)| change(n, record));
        self
    }

    /// Record `n` at so many milliseconds from the beginning of the test.
    pub(crate) fn at(mut self, n: usize, at: i64) -> Self {
        self.records[n].at = at;
        self
    }

    /// Every record with a value of that many bytes.
    pub(crate) fn value_bytes(self, len: usize) -> Self {
        self.each(|_, record| record.value = Some(vec![b'x'; len]))
    }

    /// Every record with a key.
    pub(crate) fn keyed(self) -> Self {
        self.each(|n, record| record.key = Some(format!("key {n}").into_bytes()))
    }

    /// These bytes in place of the records, as if the codec had made them.
    pub(crate) fn payload(mut self, bytes: &[u8]) -> Self {
        self.payload = Some(bytes.to_vec());
        self
    }

    /// Another value in the header, which the checksum covers where it covers the field.
    pub(crate) fn with(mut self, field: Field, value: i64) -> Self {
        self.patches.push((field, value));
        self
    }

    /// With attributes beside the codec's.
    pub(crate) fn flagged(self, flags: i64) -> Self {
        let codec = i64::from(self.codec.id());
        self.with(Field::ATTRIBUTES, codec | flags)
    }

    /// With one byte changed after the checksum was computed.
    pub(crate) fn damaged(mut self) -> Self {
        self.damage = Damage::LastByte;
        self
    }

    /// With only so many bytes left of it.
    pub(crate) fn cut_to(mut self, len: usize) -> Self {
        self.damage = Damage::CutTo(len);
        self
    }

    /// The bytes on the wire.
    pub(crate) fn to_bytes(&self, known: &Known) -> Vec<u8> {
        let base = known.absolute(self.records.first().map_or(0, |record| record.at));
        let latest = self.records.iter().map(|record| known.absolute(record.at)).max();
        let mut bytes = Vec::new();
        bytes.extend(0i64.to_be_bytes());
        bytes.extend(0i32.to_be_bytes());
        bytes.extend((-1i32).to_be_bytes());
        bytes.push(2);
        bytes.extend(0u32.to_be_bytes());
        bytes.extend(i16::from(self.codec.id()).to_be_bytes());
        bytes.extend((self.records.len() as i32 - 1).to_be_bytes());
        bytes.extend(base.to_be_bytes());
        bytes.extend(latest.unwrap_or(base).to_be_bytes());
        bytes.extend(
            self.producer
                .map_or(-1, |label| known.producer(label))
                .to_be_bytes(),
        );
        bytes.extend(self.epoch.to_be_bytes());
        bytes.extend(self.sequence.to_be_bytes());
        bytes.extend((self.records.len() as i32).to_be_bytes());
        bytes.extend(self.payload.clone().unwrap_or_else(|| self.records(known, base)));
        let length = (bytes.len() - LENGTH_COUNTS_FROM) as i32;
        bytes[8..12].copy_from_slice(&length.to_be_bytes());
        for (Field(place, width), value) in &self.patches {
            bytes[*place..place + width].copy_from_slice(&value.to_be_bytes()[8 - width..]);
        }
        let crc = crc32c(&bytes[CHECKED_FROM..]);
        bytes[17..CHECKED_FROM].copy_from_slice(&crc.to_be_bytes());
        match self.damage {
            Damage::None => {}
            Damage::LastByte => *bytes.last_mut().expect("a header is never empty") ^= 1,
            Damage::CutTo(len) => bytes.truncate(len),
        }
        bytes
    }

    fn records(&self, known: &Known, base: i64) -> Vec<u8> {
        let mut all = Vec::new();
        for (n, record) in (0..).zip(&self.records) {
            let mut body = vec![0];
            varint(&mut body, known.absolute(record.at) - base);
            varint(&mut body, record.offset_delta.unwrap_or(n).into());
            sized(&mut body, record.key.as_deref());
            sized(&mut body, record.value.as_deref());
            varint(&mut body, record.headers.len() as i64);
            for (name, value) in &record.headers {
                sized(&mut body, Some(name.as_bytes()));
                sized(&mut body, value.map(str::as_bytes));
            }
            varint(&mut all, body.len() as i64);
            all.extend(body);
        }
        match self.codec {
            Codec::None => all,
            codec => compress(codec, None, &all).expect("every codec is built in"),
        }
    }
}

fn sized(out: &mut Vec<u8>, bytes: Option<&[u8]>) {
    varint(out, bytes.map_or(-1, |bytes| bytes.len() as i64));
    out.extend(bytes.unwrap_or_default());
}

/// Zigzag, seven bits a byte.
fn varint(out: &mut Vec<u8>, value: i64) {
    let mut left = ((value << 1) ^ (value >> 63)) as u64;
    while left >= 0x80 {
        out.push(left as u8 | 0x80);
        left >>= 7;
    }
    out.push(left as u8);
}
