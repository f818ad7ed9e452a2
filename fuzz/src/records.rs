//! Record batches and codecs.

use bytes::Bytes;
use ottla_wire::batch::crc::crc32c;
use ottla_wire::batch::{RecordBatch, SealedBatch, read_batches};
use ottla_wire::codec::{self, Codec};

use crate::split::Input;

/// Most bytes that a batch may decompress to here.
pub(crate) const LIMIT: usize = 64 << 10;
/// Where a batch has its length, its CRC, and what the CRC covers.
const LENGTH: std::ops::Range<usize> = 8..12;
const CRC: std::ops::Range<usize> = 17..21;

/// Bytes as they are, and as somebody would send them who computes a length and a checksum that are right.
pub(crate) fn batches(input: &[u8]) {
    read(Bytes::copy_from_slice(input));
    let mut repaired = input.to_vec();
    if repaired.len() > CRC.end {
        let length = (repaired.len() - LENGTH.end) as i32;
        repaired[LENGTH].copy_from_slice(&length.to_be_bytes());
        repaired[16] = 2;
        let crc = crc32c(&repaired[CRC.end..]);
        repaired[CRC].copy_from_slice(&crc.to_be_bytes());
        read(repaired.into());
    }
}

fn read(bytes: Bytes) {
    let length = bytes.len();
    for batch in read_batches(bytes).flatten() {
        assert!(batch.size() <= length);
        open(&batch);
    }
}

/// What the client and the simulated broker do with a batch that somebody else made.
pub(crate) fn open(batch: &RecordBatch) {
    let Ok(records) = batch.open(LIMIT) else {
        return;
    };
    let compressed = batch.header().codec() != Ok(Codec::None);
    assert!(!compressed || records.data().len() <= LIMIT);
    let mut size = 0;
    for record in records.iter().flatten() {
        let headers = record.headers.map(|header| header.key.len()).sum::<usize>();
        assert!(headers <= record.size);
        size += record.size;
    }
    assert!(size <= records.data().len());
    if let Ok((sealed, _)) = SealedBatch::reopen(batch, LIMIT) {
        assert_eq!(
            sealed.to_bytes(),
            batch.to_bytes(),
            "a batch that is kept stays as it is"
        );
    }
}

/// The first byte chooses the codec. Anything may be decompressed, and what is compressed comes back.
pub(crate) fn codecs(input: &[u8]) {
    let mut input = Input(input);
    let codec = Codec::ALL[input.below(Codec::ALL.len())];
    if let Ok(output) = codec::decompress(codec, input.0, LIMIT) {
        assert!(output.len() <= LIMIT);
    }
    let compressed = codec::compress(codec, None, input.0).expect("every codec is built in");
    assert_eq!(
        codec::decompress(codec, &compressed, LIMIT).as_deref(),
        Ok(input.0)
    );
}
