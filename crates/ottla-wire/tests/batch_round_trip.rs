//! What the builder writes, the reader reads: every codec, null and empty, headers.

use ottla_wire::batch::{
    BatchBuilder, CompressionEstimate, ProducerStamp, RecordHeader, SealedBatch, read_batches,
};
use ottla_wire::codec::Codec;

fn sample(codec: Codec) -> SealedBatch {
    let mut builder = BatchBuilder::new(16_384);
    let headers = [
        RecordHeader::new("a", Some(b"1")),
        RecordHeader::new("a", None),
        RecordHeader::new("", Some(b"")),
    ];
    builder
        .append(1000, Some(b"kim"), Some(b"value"), headers.into_iter())
        .expect("small");
    builder
        .append(990, None, Some(b""), [].into_iter())
        .expect("small");
    builder
        .append(1010, Some(b""), None, [].into_iter())
        .expect("small");
    assert_eq!(
        builder.estimated_size(CompressionEstimate::Uncompressed),
        builder.uncompressed_size()
    );
    builder.seal(codec, None).expect("every codec is built in tests")
}

#[test]
fn every_codec_round_trips() {
    for codec in Codec::ALL {
        let mut sealed = sample(codec);
        sealed.stamp(ProducerStamp {
            producer_id: 7,
            producer_epoch: 1,
            base_sequence: i32::MAX - 1,
        });
        let mut batches = read_batches(sealed.to_bytes());
        let batch = batches.next().expect("one batch").expect("well formed");
        assert!(batches.next().is_none());
        assert!(batches.remaining().is_empty());
        let header = batch.header();
        assert_eq!(header.codec(), Ok(codec));
        assert_eq!((header.base_timestamp, header.max_timestamp), (1000, 1010));
        assert_eq!((header.producer_id, header.producer_epoch), (7, 1));
        assert_eq!(header.last_sequence(), 0, "2^31-2, 2^31-1, 0");
        let records = batch.open(1 << 20).expect("valid");
        let records: Vec<_> = records.iter().collect::<Result<_, _>>().expect("valid");
        assert_eq!(records.len(), 3);
        let first = &records[0];
        assert_eq!((first.offset, first.timestamp), (0, 1000));
        assert_eq!((first.key, first.value), (Some(&b"kim"[..]), Some(&b"value"[..])));
        let headers: Vec<_> = first
            .headers
            .map(|h| (h.key_str().expect("utf-8"), h.value))
            .collect();
        assert_eq!(
            headers,
            [("a", Some(&b"1"[..])), ("a", None), ("", Some(&b""[..]))]
        );
        assert_eq!(
            (records[1].timestamp, records[1].key, records[1].value),
            (990, None, Some(&b""[..]))
        );
        assert_eq!((records[2].key, records[2].value), (Some(&b""[..]), None));
    }
}
