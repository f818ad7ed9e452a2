//! Properties over generated records: what is built is read back, sizes are what was promised, `kafka-protocol` reads
//! and writes the same, and no damaged batch makes the reader panic.
#![cfg(all(feature = "gzip", feature = "snappy", feature = "lz4", feature = "zstd"))]

use bytes::{Bytes, BytesMut};
use kafka_protocol::records as oracle;
use ottla_wire::batch::{
    BatchBuilder, BatchError, CompressionEstimate, ProducerStamp, RecordHeader, SealedBatch,
    estimate_record_upper_bound, increment_sequence, read_batches,
};
use ottla_wire::codec::Codec;
use proptest::collection::vec;
use proptest::prelude::*;

const LIMIT: usize = 1 << 20;

#[derive(Clone, Debug, PartialEq)]
struct Owned {
    timestamp: i64,
    key: Option<Vec<u8>>,
    value: Option<Vec<u8>>,
    headers: Vec<(String, Option<Vec<u8>>)>,
}

impl Owned {
    fn headers(&self) -> impl Iterator<Item = RecordHeader<'_>> + Clone {
        self.headers
            .iter()
            .map(|(key, value)| RecordHeader::new(key, value.as_deref()))
    }
}

fn nullable(max: usize) -> impl Strategy<Value = Option<Vec<u8>>> {
    prop_oneof![
        1 => Just(None),
        // Repetitive, so that codecs find something to do.
        2 => (any::<u8>(), 0..max).prop_map(|(byte, len)| Some(vec![byte; len])),
        2 => vec(any::<u8>(), 0..max).prop_map(Some),
    ]
}

fn record() -> impl Strategy<Value = Owned> {
    let timestamp = prop_oneof![4 => 0..4_000_000_000_000_i64, 1 => any::<i64>()];
    let headers = vec(("[a-c]{0,2}|ключ", nullable(6)), 0..4);
    (timestamp, nullable(40), nullable(400), headers).prop_map(|(timestamp, key, value, headers)| Owned {
        timestamp,
        key,
        value,
        headers,
    })
}

/// Timestamps that the oracle's plain additions can take.
fn tame_record() -> impl Strategy<Value = Owned> {
    record().prop_map(|record| Owned {
        timestamp: record.timestamp & 0xffff_ffff_ffff,
        ..record
    })
}

fn codec() -> impl Strategy<Value = Codec> {
    proptest::sample::select(Codec::ALL.to_vec())
}

fn stamp() -> impl Strategy<Value = ProducerStamp> {
    (any::<i64>(), any::<i16>(), 0..=i32::MAX).prop_map(|(producer_id, producer_epoch, base_sequence)| {
        ProducerStamp {
            producer_id,
            producer_epoch,
            base_sequence,
        }
    })
}

fn build(records: &[Owned]) -> BatchBuilder {
    let mut builder = BatchBuilder::new(16_384);
    for record in records {
        let before = builder.uncompressed_size();
        let (key, value) = (record.key.as_deref(), record.value.as_deref());
        let lens = (key.map(<[u8]>::len), value.map(<[u8]>::len));
        let promised = builder.record_size(record.timestamp, lens.0, lens.1, record.headers());
        let bound = estimate_record_upper_bound(lens.0, lens.1, record.headers());
        let size = builder
            .append(record.timestamp, key, value, record.headers())
            .expect("small");
        assert_eq!(size, promised);
        assert_eq!(builder.uncompressed_size(), before + size);
        assert!(61 + size <= bound, "{size} bytes in a bound of {bound}");
    }
    builder
}

fn seal(records: &[Owned], codec: Codec) -> SealedBatch {
    build(records)
        .seal(codec, None)
        .expect("every codec is built in tests")
}

/// Reads everything that can be read of `bytes`.
fn read_all(bytes: Bytes) -> Result<Vec<(i64, Owned)>, BatchError> {
    let mut all = Vec::new();
    for batch in read_batches(bytes) {
        let records = batch?.open(LIMIT)?;
        for record in &records {
            let record = record?;
            let owned = |bytes: Option<&[u8]>| bytes.map(<[u8]>::to_vec);
            let text = |header: RecordHeader<'_>| String::from_utf8_lossy(header.key).into_owned();
            let headers = record
                .headers
                .map(|header| (text(header), owned(header.value)))
                .collect();
            let (key, value) = (owned(record.key), owned(record.value));
            all.push((
                record.offset,
                Owned {
                    timestamp: record.timestamp,
                    key,
                    value,
                    headers,
                },
            ));
        }
    }
    Ok(all)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_built_is_read(records in vec(record(), 1..30), codec in codec(), stamp in stamp()) {
        let mut sealed = seal(&records, codec);
        let unstamped = sealed.to_bytes();
        sealed.stamp(stamp);
        let header = *sealed.header();
        prop_assert_eq!(header.max_timestamp, records.iter().map(|r| r.timestamp).max().expect("one or more"));
        prop_assert_eq!(header.base_timestamp, records[0].timestamp);
        prop_assert_eq!(header.partition_leader_epoch, -1);
        prop_assert_eq!(header.record_count as usize, records.len());
        prop_assert_eq!(header.last_sequence(), increment_sequence(stamp.base_sequence, records.len() as i32 - 1));
        prop_assert_eq!(sealed.size(), sealed.to_bytes().len());
        prop_assert_eq!(Bytes::from(sealed.chunks().concat()), sealed.to_bytes());
        let expected: Vec<_> = (0..).zip(records).collect();
        prop_assert_eq!(read_all(sealed.to_bytes()).expect("valid"), expected.clone());
        prop_assert_eq!(read_all(unstamped.clone()).expect("valid"), expected);
        sealed.stamp(ProducerStamp::NONE);
        prop_assert_eq!(sealed.to_bytes(), unstamped);
    }

    #[test]
    fn a_leader_may_move_it_but_not_change_it(records in vec(record(), 1..10), offset in 0..i64::MAX / 2) {
        let mut batch = seal(&records, Codec::Lz4).to_record_batch();
        let crc = batch.header().crc;
        batch.assign_offset(offset, 7);
        prop_assert_eq!(batch.header().crc, crc);
        let read = read_all(batch.to_bytes()).expect("offset and epoch are outside of the CRC");
        prop_assert_eq!(read[0].0, offset);
        prop_assert_eq!(batch.header().last_offset(), offset + records.len() as i64 - 1);
        batch.set_log_append_time(42);
        prop_assert_ne!(batch.header().crc, crc);
        for (_, record) in read_all(batch.to_bytes()).expect("the CRC is computed anew") {
            prop_assert_eq!(record.timestamp, 42);
        }
    }

    #[test]
    fn kafka_protocol_reads_ours(records in vec(tame_record(), 1..20), stamp in stamp()) {
        let mut sealed = seal(&records, Codec::None);
        sealed.stamp(stamp);
        let mut bytes = sealed.to_bytes();
        let set = oracle::RecordBatchDecoder::decode(&mut bytes).expect("the oracle accepts it");
        prop_assert_eq!(set.records.len(), records.len());
        for (i, (theirs, ours)) in set.records.iter().zip(&records).enumerate() {
            prop_assert_eq!(theirs.offset, i as i64);
            prop_assert_eq!(theirs.timestamp, ours.timestamp);
            prop_assert_eq!(theirs.key.as_deref(), ours.key.as_deref());
            prop_assert_eq!(theirs.value.as_deref(), ours.value.as_deref());
            prop_assert_eq!((theirs.producer_id, theirs.producer_epoch), (stamp.producer_id, stamp.producer_epoch));
            // Its headers are a map: the last of a name wins.
            for (name, value) in &theirs.headers {
                let last = ours.headers.iter().rfind(|(key, _)| **key == **name).expect("no other name");
                prop_assert_eq!(value.as_deref(), last.1.as_deref());
            }
        }
    }

    #[test]
    fn ours_reads_kafka_protocols(records in vec(tame_record(), 1..20)) {
        let theirs: Vec<_> = records.iter().enumerate().map(|(i, record)| to_oracle(i, record)).collect();
        let options = oracle::RecordEncodeOptions { version: 2, compression: oracle::Compression::None };
        let mut bytes = BytesMut::new();
        oracle::RecordBatchEncoder::encode(&mut bytes, &theirs, &options).expect("the oracle encodes it");
        let read = read_all(bytes.freeze()).expect("valid");
        prop_assert_eq!(read.len(), records.len());
        for ((_, read), mut record) in read.into_iter().zip(records) {
            record.headers.clear();
            prop_assert_eq!(read, record);
        }
    }

    #[test]
    fn a_cut_batch_is_not_read(records in vec(record(), 1..8), codec in codec(), cut in any::<prop::sample::Index>()) {
        let whole = seal(&records, codec).to_bytes();
        let cut = cut.index(whole.len());
        let mut batches = read_batches(whole.slice(..cut));
        prop_assert!(batches.next().is_none());
        prop_assert_eq!(batches.remaining().len(), cut);
    }

    #[test]
    fn a_flipped_bit_is_found(records in vec(record(), 1..8), codec in codec(), at in any::<prop::sample::Index>(), bit in 0..8) {
        let whole = seal(&records, codec).to_bytes();
        let mut damaged = whole.to_vec();
        let at = at.index(whole.len());
        damaged[at] ^= 1_u8 << bit;
        match read_all(Bytes::from(damaged)) {
            Ok(read) => {
                // Offset and leader epoch are not covered; a larger length looks like a cut.
                prop_assert!(at < 16, "byte {} was not checked", at);
                prop_assert!(at < 8 || read.is_empty() || (12..16).contains(&at));
            }
            Err(BatchError::Crc { .. }) => prop_assert!(at >= 8),
            Err(BatchError::Length(_)) => prop_assert!((8..12).contains(&at)),
            Err(BatchError::Magic(_)) => prop_assert_eq!(at, 16),
            Err(BatchError::RecordCount(_)) => prop_assert!((57..61).contains(&at)),
            Err(error) => prop_assert!(false, "the CRC comes first, not {error}"),
        }
    }

    #[test]
    fn damage_behind_a_valid_crc_never_panics(
        records in vec(record(), 1..8),
        codec in codec(),
        flips in vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut bytes = seal(&records, codec).to_bytes().to_vec();
        let keep = 61 + cut.index(bytes.len() - 60);
        bytes.truncate(keep);
        for (at, byte) in flips {
            let at = 21 + at.index(keep - 21);
            bytes[at] = byte;
        }
        bytes[8..12].copy_from_slice(&(keep as u32 - 12).to_be_bytes());
        let crc = ottla_wire::batch::crc::crc32c(&bytes[21..]);
        bytes[17..21].copy_from_slice(&crc.to_be_bytes());
        if let Err(error) = read_all(Bytes::from(bytes)) {
            let early = matches!(error, BatchError::Crc { .. } | BatchError::Truncated { .. });
            prop_assert!(!early, "{}", error);
        }
    }
}

fn to_oracle(index: usize, record: &Owned) -> oracle::Record {
    oracle::Record {
        transactional: false,
        control: false,
        delete_horizon: false,
        partition_leader_epoch: 0,
        producer_id: 1,
        producer_epoch: 2,
        timestamp_type: oracle::TimestampType::Creation,
        offset: index as i64,
        sequence: index as i32,
        timestamp: record.timestamp,
        key: record.key.clone().map(Bytes::from),
        value: record.value.clone().map(Bytes::from),
        headers: [].into_iter().collect(),
    }
}

/// semantics 9: the first record always fits, the next by the estimate, `is_full` from the limit on.
#[test]
fn room_is_kafkas() {
    let value = [0; 100];
    let none = [].into_iter();
    let exact = CompressionEstimate::Uncompressed;
    let mut builder = BatchBuilder::new(61 + 2 * 108);
    assert!(
        builder.has_room_for(1 << 20, exact),
        "an empty batch takes any record"
    );
    assert!(!builder.is_full(exact));
    assert_eq!(
        builder.try_append(5, None, Some(&value), none.clone(), exact),
        Some(109)
    );
    assert!(builder.has_room_for(107, exact) && !builder.has_room_for(108, exact));
    assert_eq!(
        builder.try_append(5, None, Some(&value), none.clone(), exact),
        None
    );
    assert_eq!(builder.record_count(), 1, "refused means unchanged");
    let half = CompressionEstimate::Ratio(0.5);
    assert_eq!(
        builder.estimated_size(half),
        61 + 57,
        "109 * 0.5 * 1.05, rounded down"
    );
    assert_eq!(
        builder.try_append(5, None, Some(&value), none.clone(), half),
        Some(109)
    );
    assert!(!builder.is_full(half) && builder.is_full(exact));
    let whole = CompressionEstimate::Ratio(1.0);
    assert!(builder.is_full(whole));
}

/// semantics 40.
#[test]
fn sequences_wrap_to_zero() {
    assert_eq!(increment_sequence(i32::MAX - 1, 1), i32::MAX);
    assert_eq!(increment_sequence(i32::MAX, 1), 0);
    assert_eq!(increment_sequence(i32::MAX, 5), 4);
    assert_eq!(increment_sequence(0, i32::MAX), i32::MAX);
}

/// One split batch after MESSAGE_TOO_LARGE: the records come back as they were given.
#[test]
fn a_sealed_batch_gives_its_records_back() {
    for codec in Codec::ALL {
        let value = vec![7; 300];
        let mut builder = BatchBuilder::new(16_384);
        for timestamp in 0..10 {
            builder
                .append(timestamp, None, Some(&value), [].into_iter())
                .expect("small");
        }
        let sealed = builder.seal(codec, None).expect("built in");
        let records = sealed.records().expect("its own bytes");
        assert_eq!(
            records
                .iter()
                .filter(|r| r.as_ref().is_ok_and(|r| r.value == Some(&value)))
                .count(),
            10
        );
    }
}
