//! The loop that is timed: 10-byte keys and values of a given length into sealed 64 KB batches, CRC included.

mod export;

use ottla_wire::batch::{BatchBuilder, CompressionEstimate};
use ottla_wire::codec::Codec;

/// Bytes of a key.
pub const KEY_LEN: usize = 10;
/// `batch.size` of the run.
pub const BATCH_SIZE: usize = 64 * 1024;

/// Encodes `records` records and returns the bytes of all sealed batches.
///
/// # Panics
/// Never for values below 2 GiB: nothing is compressed, and a batch holds 64 KB.
#[must_use]
pub fn encode_records(records: usize, value: &[u8]) -> usize {
    let keys: Vec<[u8; KEY_LEN]> = (0..256).map(key).collect();
    let mut bytes = 0;
    let mut builder = BatchBuilder::new(BATCH_SIZE);
    for n in 0..records {
        let key = Some(&keys[n % keys.len()][..]);
        let timestamp = 1_700_000_000_000 + (n / 16) as i64;
        let estimate = CompressionEstimate::Uncompressed;
        if builder
            .try_append(timestamp, key, Some(value), [].into_iter(), estimate)
            .is_none()
        {
            bytes += finish(core::mem::replace(&mut builder, BatchBuilder::new(BATCH_SIZE)));
            builder
                .append(timestamp, key, Some(value), [].into_iter())
                .expect("64 KB batches");
        }
    }
    bytes + finish(builder)
}

fn key(n: u32) -> [u8; KEY_LEN] {
    let mut key = *b"key-000000";
    key[KEY_LEN - 4..].copy_from_slice(&n.to_le_bytes());
    key
}

fn finish(builder: BatchBuilder) -> usize {
    let sealed = builder.seal(Codec::None, None).expect("no codec, no error");
    // The header must be computed as it would be for sending.
    sealed.size() + usize::from(sealed.header().encode()[20] == 0 && sealed.record_count() == 0)
}
