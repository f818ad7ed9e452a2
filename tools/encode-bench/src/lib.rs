//! The loop that is timed: keys of 10 bytes and values of a given length into sealed 64 KB batches, CRC included.

mod export;

use ottla_wire::batch::{BatchBuilder, CompressionEstimate};
use ottla_wire::codec::Codec;

/// Bytes of a key.
pub const KEY_LEN: usize = 10;
/// `batch.size` of the run.
pub const BATCH_SIZE: usize = 64 * 1024;

/// The records of a run, each with a key and a value of its own. `run.mjs` makes the same ones.
#[derive(Debug, Default)]
pub struct Workload {
    records: Vec<(Vec<u8>, Vec<u8>)>,
}

impl Workload {
    /// Records number 0 to `records`, with values of `value_len` bytes.
    #[must_use]
    pub fn new(records: usize, value_len: usize) -> Self {
        let record = |n: usize| {
            let value = (0..value_len).map(|at| (n * 31 + at) as u8).collect();
            (format!("key-{n:06}").into_bytes(), value)
        };
        Self {
            records: (0..records).map(record).collect(),
        }
    }

    /// Encodes all records and returns the bytes of the sealed batches.
    #[must_use]
    pub fn encode(&self) -> usize {
        let mut batches = Batches::default();
        for (n, (key, value)) in self.records.iter().enumerate() {
            batches.append(timestamp(n), Some(key), Some(value));
        }
        batches.finish()
    }
}

/// Milliseconds since the epoch of record `n`: 16 records share one.
fn timestamp(n: usize) -> i64 {
    1_700_000_000_000 + (n / 16) as i64
}

/// Batches as they fill, sealed when they are full.
#[derive(Debug)]
pub struct Batches {
    builder: BatchBuilder,
    bytes: usize,
}

impl Default for Batches {
    fn default() -> Self {
        Self {
            builder: BatchBuilder::new(BATCH_SIZE),
            bytes: 0,
        }
    }
}

impl Batches {
    /// Appends one record.
    ///
    /// # Panics
    /// For a record of 2 GiB, which a workload does not have.
    pub fn append(&mut self, timestamp: i64, key: Option<&[u8]>, value: Option<&[u8]>) {
        let estimate = CompressionEstimate::Uncompressed;
        if self
            .builder
            .try_append(timestamp, key, value, [].into_iter(), estimate)
            .is_none()
        {
            self.seal();
            self.builder
                .append(timestamp, key, value, [].into_iter())
                .expect("far below 2 GiB");
        }
    }

    /// Seals what is left, returns the bytes of all batches, and begins anew.
    pub fn finish(&mut self) -> usize {
        self.seal();
        core::mem::take(&mut self.bytes)
    }

    fn seal(&mut self) {
        let full = core::mem::replace(&mut self.builder, BatchBuilder::new(BATCH_SIZE));
        let sealed = full.seal(Codec::None, None).expect("no codec, no error");
        // The header must be computed as it would be for sending.
        self.bytes +=
            sealed.size() + usize::from(sealed.header().encode()[20] == 0 && sealed.record_count() == 0);
    }
}

#[cfg(test)]
mod tests {
    use super::{Batches, KEY_LEN, Workload, timestamp};

    #[test]
    fn every_record_differs_and_has_its_lengths() {
        let workload = Workload::new(1000, 100);
        for (n, (key, value)) in workload.records.iter().enumerate() {
            assert_eq!((key.len(), value.len()), (KEY_LEN, 100));
            assert!(n == 0 || workload.records[n - 1] != (key.clone(), value.clone()));
        }
    }

    #[test]
    fn records_take_their_bytes_in_batches_that_begin_anew() {
        let workload = Workload::new(1000, 100);
        let bytes = workload.encode();
        // Two headers of 61 bytes, and 8 to 10 bytes around each key and value.
        assert!((118_000 + 122..=120_000 + 122).contains(&bytes), "{bytes}");
        let mut batches = Batches::default();
        for _ in 0..2 {
            for (n, (key, value)) in workload.records.iter().enumerate() {
                batches.append(timestamp(n), Some(key), Some(value));
            }
            assert_eq!(batches.finish(), bytes);
        }
    }
}
