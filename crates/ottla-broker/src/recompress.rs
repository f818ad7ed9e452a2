//! A batch in the codec that its topic wants (`compression.type`), where `LogValidator` would build it anew.

use bytes::Bytes;
use ottla_wire::{
    batch::{BatchHeader, HEADER_LEN, RecordBatch, Records},
    codec::{self, Codec},
};

/// Bytes of a batch that its length field does not count.
const UNCOUNTED: usize = 12;

/// The batch in `wanted`, or as it is where that is what it has, or `wanted` is `None` (`producer`).
pub(crate) fn recompress(batch: RecordBatch, records: &Records, wanted: Option<Codec>) -> RecordBatch {
    let Some(wanted) = wanted.filter(|wanted| batch.header().codec() != Ok(*wanted)) else {
        return batch;
    };
    rebuild(batch.header(), records, wanted).unwrap_or(batch)
}

fn rebuild(header: &BatchHeader, records: &Records, wanted: Codec) -> Option<RecordBatch> {
    let body = match wanted {
        Codec::None => records.data().clone(),
        codec => Bytes::from(codec::compress(codec, None, records.data()).ok()?),
    };
    let length = i32::try_from(HEADER_LEN - UNCOUNTED + body.len()).ok()?;
    let header = BatchHeader {
        batch_length: length,
        attributes: i16::from(wanted.id()),
        ..*header
    };
    Some(RecordBatch::sealed(header, body))
}
