//! Batches that other implementations wrote, byte for byte: sarama's own vectors, a broker's log as kafkajs read it,
//! and what librdkafka and the Java client sent. Sources are named per vector.
#![cfg(all(feature = "gzip", feature = "snappy", feature = "lz4", feature = "zstd"))]

use bytes::Bytes;
use ottla_wire::batch::crc::crc32c;
use ottla_wire::batch::{
    BatchBuilder, ProducerStamp, RecordBatch, RecordHeader, RecordView, TimestampType, read_batches,
};
use ottla_wire::codec::{self, Codec};

const LIMIT: usize = 1 << 20;

fn unhex(hex: &str) -> Bytes {
    let digits: Vec<u8> = hex.bytes().filter(u8::is_ascii_hexdigit).collect();
    let byte = |pair: &[u8]| {
        let text = std::str::from_utf8(pair).expect("ascii");
        u8::from_str_radix(text, 16).expect("hex digits")
    };
    digits.chunks(2).map(byte).collect()
}

fn only_batch(hex: &str) -> RecordBatch {
    let mut batches = read_batches(unhex(hex));
    let batch = batches.next().expect("a batch").expect("a valid header");
    assert!(batches.next().is_none(), "one batch");
    assert!(batches.remaining().is_empty());
    assert_eq!(
        batch.to_bytes(),
        unhex(hex),
        "the header encodes to the same bytes"
    );
    batch
}

/// What a test compares of a record.
type Plain = (
    i64,
    i64,
    Option<Vec<u8>>,
    Option<Vec<u8>>,
    Vec<(Vec<u8>, Option<Vec<u8>>)>,
);

fn plain(record: &RecordView<'_>) -> Plain {
    let owned = |bytes: Option<&[u8]>| bytes.map(<[u8]>::to_vec);
    let headers = record
        .headers
        .map(|header| (header.key.to_vec(), owned(header.value)))
        .collect();
    (
        record.offset,
        record.timestamp,
        owned(record.key),
        owned(record.value),
        headers,
    )
}

fn records(batch: &RecordBatch) -> Vec<Plain> {
    let records = batch.open(LIMIT).expect("a valid CRC and a known codec");
    records
        .iter()
        .map(|record| plain(&record.expect("a valid record")))
        .collect()
}

/// sarama `record_test.go`, recordBatchTestCases: "empty record", "control batch".
#[test]
fn sarama_empty_and_control() {
    let empty = only_batch(
        "0000000000000000 00000031 00000000 02 595fb7dd 0000 00000000 0000000000000000 0000000000000000
         0000000000000000 0000 00000000 00000000",
    );
    assert_eq!(records(&empty), []);
    let control = only_batch(
        "0000000000000000 00000031 00000000 02 512e43d9 0020 00000000 0000000000000000 0000000000000000
         0000000000000000 0000 00000000 00000000",
    );
    assert!(control.header().is_control() && !empty.header().is_control());
    assert_eq!(records(&control), []);
}

/// The same record in four framings (gzip with a stored block, bare snappy, LZ4 with a content checksum).
#[test]
fn sarama_codecs() {
    let cases = [
        (
            Codec::None,
            "00000046",
            "547961fd",
            "28000a00080102030406050607020608090a040b0c",
        ),
        (
            Codec::Gzip,
            "0000005f",
            "e74acea5",
            "1f8b080000096e8800ff001500eaff28000a00080102030406050607020608090a040b0c0300adc9586715000000",
        ),
        (
            Codec::Snappy,
            "00000048",
            "15009f61",
            "155028000a00080102030406050607020608090a040b0c",
        ),
        (
            Codec::Lz4,
            "00000059",
            "a94a77c5",
            "04224d186470b915000080 28000a00080102030406050607020608090a040b0c 00000000 0c3bef92",
        ),
    ];
    for (codec, length, crc, body) in cases {
        let batch = only_batch(&format!(
            "0000000000000000 {length} 00000000 02 {crc} 000{} 00000000 000001588dcd5938 0000000000000000
             0000000000000000 0000 00000000 00000001 {body}",
            codec.id()
        ));
        assert_eq!(batch.header().codec(), Ok(codec));
        let header = (vec![8, 9, 10], Some(vec![11, 12]));
        let expected = (
            0,
            1_479_847_795_005,
            Some(vec![1, 2, 3, 4]),
            Some(vec![5, 6, 7]),
            vec![header],
        );
        assert_eq!(records(&batch), [expected], "{codec}");
    }
}

/// kafkajs `recordBatch/fixtures/v0_recordbatch.json`: from a broker, gzip, LogAppendTime.
#[test]
fn broker_with_log_append_time() {
    let batch = only_batch(
        "0000000000000000000000710000000002e4c324a500090000000000000173edf5ffa700000173edf5ffc9ffffffffff
         ffffff000000000000000000011f8b08000000000000130b636060e0ca4eadd43570284bcc294dd535d035323032d035
         b0d03534093134b73234b632b0d033b3308a620000b5e3f1a72c000000",
    );
    let header = batch.header();
    assert_eq!(
        (header.codec(), header.timestamp_type()),
        (Ok(Codec::Gzip), TimestampType::LogAppendTime)
    );
    assert_ne!(header.base_timestamp, header.max_timestamp);
    let value = b"value-0-2020-08-14T17:13:08.682Z".to_vec();
    let expected = (
        0,
        header.max_timestamp,
        Some(b"key-0".to_vec()),
        Some(value),
        vec![],
    );
    assert_eq!(
        records(&batch),
        [expected],
        "the broker's clock, not the record's"
    );
}

/// kafkajs `recordBatch/fixtures/v0_recordbatch_zstd.json`: its attributes say no codec, which makes it a test of
/// the frame alone.
#[test]
fn zstd_frame_of_a_broker() {
    let batch = only_batch(
        "00000000000000000000015e0000038f022acd39f400000000000000000175037b435300000175037b4353ffffffffff
         ffffff0000000000000000000128b52ffd005825090096994124a0254907ffffffffe7aa6fb349b977db525e4afaada5
         bd13c9e9f881d364a06a7f5a9e043a003600360068494e3eec45778cb1e44ccabb474a9c3ac017d7601f4f3f27559468
         1c4e76a303b4a9e253d195233599ce6b8c8e4041026374254051140010044db8e7987dba35fd86a952b276c7c20fe484
         4b12613a6b7a1e3a307533a2e67653523537170b94507978a99619cad4e81a9d812ac56c28b18eeab44a492bd60d5968
         ba2ee5a34ec9c517236a2c3c590e517bf1c8c47cc0e818d55ea344af31abe929a004ac3c1c39636eb41c85c9e492d7dc
         aaf852ce142d919349ebe385c2f579689d92c332758066f243a776562c2cf293a358c335c615eda9288dc72331a08408
         00dcda2c0f1e2dda645f49317c156d002b462b5d8c437f438802",
    );
    batch.verify_crc().expect("the fixture's CRC");
    let text = codec::decompress(Codec::Zstd, batch.body(), LIMIT).expect("a frame of the C library");
    assert!(text.ends_with(b"mollit anim id est laborum\0"));
}

/// rskafka `protocol/record.rs`, test_decode_fixture_*: what librdkafka sent with each codec.
#[test]
fn librdkafka_codecs() {
    let cases = [
        (
            Codec::None,
            1_641_388_919,
            "00000000000000000000004b00000000022724fecd0000000000000000000061d59b770000000061d59b77ffffffffff
             ffffffffffffffffff0000000132000000001668656c6c6f206b61666b610206666f6f06626172",
        ),
        (
            Codec::Gzip,
            1_643_105_170_535,
            "0000000000000000000000640000000002ba4146650001000000000000017e90b334670000017e90b33467ffffffffff
             ffffffffffffffffff000000011f8b0800000000000003fbc3c8c0c07082b1820e402c233527275f213b312d3b91892d
             2d3f9f2d29b10800e4cdba1f80000000",
        ),
        (
            Codec::Snappy,
            1_643_735_486_034,
            "0000000000000000000000580000000002ad86f4f40002000000000000017eb6450e520000017eb6450e52ffffffffff
             ffffffffffffffffff0000000180011cfc01000000c80178fe01008a0100501668656c6c6f206b61666b610206666f6f
             06626172",
        ),
        (
            Codec::Lz4,
            1_643_649_156_900,
            "00000000000000000000006300000000021ba592350003000000000000017eb11fc7240000017eb11fc724ffffffffff
             ffffffffffffffffff0000000104224d18604082230000008ffc01000000c80178010050f0061668656c6c6f206b6166
             6b610206666f6f0662617200000000",
        ),
        (
            Codec::Zstd,
            1_643_889_882_029,
            "00000000000000000000005d0000000002a16e4e950004000000000000017ebf78f3ad0000017ebf78f3adffffffffff
             ffffffffffffffffff0000000128b52ffd00581d0100e8fc01000000c801781668656c6c6f206b61666b610206666f6f
             06626172010020055c",
        ),
    ];
    for (codec, timestamp, hex) in cases {
        let batch = only_batch(hex);
        assert_eq!(batch.header().codec(), Ok(codec));
        assert_eq!(batch.header().partition_leader_epoch, 0, "librdkafka writes 0");
        // The first of the fixtures has no key to compress.
        let key = if codec == Codec::None {
            vec![]
        } else {
            vec![b'x'; 100]
        };
        let headers = vec![(b"foo".to_vec(), Some(b"bar".to_vec()))];
        let expected = (0, timestamp, Some(key), Some(b"hello kafka".to_vec()), headers);
        assert_eq!(records(&batch), [expected], "{codec}");
    }
}

/// rskafka, test_decode_fixture_snappy_java: two records in xerial's stream. Our bytes are the same but for the
/// leader epoch, which the broker had already written.
#[test]
fn java_snappy_is_written_alike() {
    let mut batch = only_batch(
        "00000000000000000000008c0000000002791e2dce0002000000010000017f07257ab10000017f07257ab1ffffffffff
         ffffffffffffffffff0000000282534e4150505900000000010000000100000047ff011cfc01000000c80178fe01008a
         0100641668656c6c6f206b61666b610206666f6f06626172fa01000002fe80009680004c14736f6d652076616c756502
         06666f6f06626172",
    );
    let headers = [RecordHeader::new("foo", Some(b"bar"))];
    let mut builder = BatchBuilder::new(16_384);
    for value in [&b"hello kafka"[..], b"some value"] {
        builder
            .append(
                1_645_092_371_121,
                Some(&[b'x'; 100]),
                Some(value),
                headers.into_iter(),
            )
            .expect("small");
    }
    let mut sealed = builder.seal(Codec::Snappy, None).expect("built in");
    sealed.stamp(ProducerStamp::NONE);
    assert_eq!(records(&batch), records(&sealed.to_record_batch()));
    batch.assign_offset(0, -1);
    assert_eq!(sealed.to_bytes(), batch.to_bytes());
}

/// kafkajs `fetch/fixtures/v4_from_scala_producer_response.json`: six batches of the Scala producer in one field; the
/// first two, and a third that is cut off.
#[test]
fn several_batches_and_a_partial_one() {
    let one = "0000000000000000 0000005f 00000000 02 22ee4df3 0000 00000000 0000016679fa3120 0000016679fa3120
        ffffffffffffffff ffff ffffffff 00000001 5a 00 00 00 0a4b45592d31
        4456414c55452d4c6f72656d20697073756d20646f6c6f722073697420616d65742d31 00";
    let two = "0000000000000001 0000005f 00000000 02 71b60f25 0000 00000000 0000016679fa3322 0000016679fa3322
        ffffffffffffffff ffff ffffffff 00000001 5a 00 00 00 0a4b45592d32
        4456414c55452d4c6f72656d20697073756d20646f6c6f722073697420616d65742d32 00";
    let field = unhex(&format!("{one} {two} {one}"));
    let cut = field.slice(..field.len() - 1);
    let mut batches = read_batches(cut);
    for offset in 0..2 {
        let batch = batches.next().expect("two whole batches").expect("valid");
        let records = records(&batch);
        assert_eq!(records[0].0, offset);
        assert_eq!(records[0].2, Some(format!("KEY-{}", offset + 1).into_bytes()));
    }
    assert_eq!(batches.next(), None);
    assert_eq!(batches.remaining().len(), 106, "the third is not lost from sight");
}

/// The 61 bytes and the record as Kafka's documentation lays them out, for a batch of our own.
#[test]
fn our_bytes_field_by_field() {
    let mut builder = BatchBuilder::new(16_384);
    builder
        .append(1000, None, Some(b"v"), [].into_iter())
        .expect("small");
    builder
        .append(998, Some(b""), None, [RecordHeader::new("h", None)].into_iter())
        .expect("small");
    let mut sealed = builder.seal(Codec::None, None).expect("no codec");
    sealed.stamp(ProducerStamp {
        producer_id: 0x0102_0304_0506_0708,
        producer_epoch: 9,
        base_sequence: 10,
    });
    let bytes = sealed.to_bytes();
    let crc = crc32c(&bytes[21..]);
    assert_eq!(
        bytes,
        unhex(&format!(
            "0000000000000000 00000043 ffffffff 02 {crc:08x} 0000 00000001 00000000000003e8 00000000000003e8
             0102030405060708 0009 0000000a 00000002
             0e 00 00 00 01 02 76 00
             12 00 03 02 00 01 02 02 68 01"
        ))
    );
    assert_eq!(sealed.chunks().concat(), bytes);
}
