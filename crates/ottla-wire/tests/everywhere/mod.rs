//! Batches that must have the same bytes on every target: run natively here, in Node and in a browser by `ottla-js`.

use ottla_wire::batch::crc::crc32c;
use ottla_wire::batch::{BatchBuilder, ProducerStamp, RecordHeader, SealedBatch, read_batches};
use ottla_wire::codec::Codec;

/// The size and CRC-32C of the whole batch of [`sealed`], in the order of [`Codec::ALL`].
const EXPECTED: [(usize, u32); 5] = [
    (24_106, 0x2e6a_8abf),
    (5_561, 0x0953_cd82),
    (9_597, 0x9dc8_0caa),
    (10_008, 0xcdc1_2c2b),
    (5_781, 0x7420_d28e),
];

fn sealed(codec: Codec) -> SealedBatch {
    let mut builder = BatchBuilder::new(1 << 16);
    for n in 0..500_u32 {
        let key = (n % 7 != 0).then(|| format!("key-{}", n % 50));
        let value =
            (n % 11 != 0).then(|| format!("{{\"n\":{n},\"word\":\"{}\"}}", "ab".repeat((n % 9) as usize)));
        let headers = [
            RecordHeader::new("source", Some(b"test")),
            RecordHeader::new("none", None),
        ];
        let headers = headers.into_iter().take((n % 3) as usize);
        let timestamp = 1_700_000_000_000 + i64::from(n * n % 1000);
        let (key, value) = (
            key.as_deref().map(str::as_bytes),
            value.as_deref().map(str::as_bytes),
        );
        builder
            .append(timestamp, key, value, headers)
            .expect("all of them fit");
    }
    let mut sealed = builder.seal(codec, None).expect("every codec is built in");
    sealed.stamp(ProducerStamp {
        producer_id: 7,
        producer_epoch: 1,
        base_sequence: i32::MAX - 3,
    });
    sealed
}

/// CRC-32C's check value: "123456789" gives 0xe3069283 in every implementation.
pub(crate) fn the_checksum_is_crc_32c() {
    assert_eq!(crc32c(b"123456789"), 0xe306_9283);
}

/// What one target writes, another reads; and they write the same.
pub(crate) fn batches_have_the_same_bytes_everywhere() {
    let found = Codec::ALL.map(|codec| {
        let bytes = sealed(codec).to_bytes();
        (bytes.len(), crc32c(&bytes))
    });
    assert_eq!(found, EXPECTED);
}

/// Every codec reads what it wrote.
pub(crate) fn batches_are_read_back() {
    for codec in Codec::ALL {
        let batch = read_batches(sealed(codec).to_bytes())
            .next()
            .expect("a batch")
            .expect("its header is valid");
        let records = batch
            .open(1 << 20)
            .expect("its checksum and its records are valid");
        let values = records
            .iter()
            .map(|record| record.expect("a valid record").value.map(<[u8]>::len));
        let lengths: Vec<Option<usize>> = values.collect();
        assert_eq!(
            (lengths.len(), lengths[0], lengths[1]),
            (500, None, Some(19)),
            "{}",
            codec.name()
        );
    }
}
