//! What leaves (behaviours 20 to 26), checked on the bytes of requests.

use ottla_core::{Record, Timestamp};
use ottla_wire::api::ApiKey;
use ottla_wire::batch::crc::crc32c;

use crate::common::{Bench, TOPIC};

fn number(bytes: &[u8]) -> i64 {
    let sign = if bytes[0] >= 0x80 { -1 } else { 0 };
    bytes
        .iter()
        .fold(sign, |sum: i64, byte| (sum << 8) | i64::from(*byte))
}

/// The bytes of the only batch of a request with these records.
fn sent(options: &[(&str, &str)], records: Vec<Record<'static>>) -> Vec<u8> {
    let mut bench = Bench::warm(1, &[options, &[("linger.ms", "5")]].concat());
    for record in records {
        bench.send(record.partition(0));
    }
    bench.advance_ms(5);
    let request = bench.take();
    let partitions = &request.request.topic_data[0].partition_data;
    partitions[0].records.clone().expect("a batch").to_vec()
}

#[test]
fn a_batch_has_the_sixty_one_bytes_of_format_two() {
    let records = vec![
        Record::to(TOPIC).value("a").at(Timestamp(1000)),
        Record::to(TOPIC).value("b").at(Timestamp(900)),
        Record::to(TOPIC).value("c").at(Timestamp(1200)),
    ];
    for (options, identity) in [
        (&[][..], [7000, 0, 1]),
        (&[("enable.idempotence", "false")][..], [-1, -1, -1]),
    ] {
        let bytes = sent(options, records.clone());
        let field = |from: usize, to: usize| number(&bytes[from..to]);
        assert_eq!(field(0, 8), 0, "base offset");
        assert_eq!(field(8, 12), bytes.len() as i64 - 12, "length");
        assert_eq!(field(12, 16), -1, "partition leader epoch");
        assert_eq!(bytes[16], 2, "magic");
        assert_eq!(
            field(17, 21) as u32,
            crc32c(&bytes[21..]),
            "CRC-32C from the attributes on"
        );
        assert_eq!(field(21, 23), 0, "attributes");
        assert_eq!(field(23, 27), 2, "last offset delta");
        assert_eq!(
            field(27, 35),
            1000,
            "the first record's timestamp, not the smallest"
        );
        assert_eq!(field(35, 43), 1200, "largest timestamp");
        let found = [field(43, 51), field(51, 53), field(53, 57)];
        assert_eq!(found, identity, "producer id, epoch, base sequence");
        assert_eq!(field(57, 61), 3, "number of records");
    }
}

#[test]
fn a_record_is_varints_with_null_and_empty_apart() {
    let full = Record::to(TOPIC)
        .key("")
        .value("v")
        .header("h", "1")
        .null_header("h")
        .at(Timestamp(1000));
    let bare = Record::to(TOPIC).at(Timestamp(998));
    let bytes = sent(&[], vec![full, bare]);
    let first = [
        // length 14, attributes, timestamp delta 0, offset delta 0, empty key, value
        28, 0, 0, 0, 0, 2, b'v', // two headers of one name, in order; the second is null
        4, 2, b'h', 2, b'1', 2, b'h', 1,
    ];
    // length 6, attributes, timestamp delta -2, offset delta 1, null key, null value, no headers
    let second = [12, 0, 3, 2, 1, 1, 0];
    assert_eq!(bytes[61..], [&first[..], &second[..]].concat());
}

#[test]
fn a_request_has_one_batch_per_partition_and_zstd_only_where_it_is_known() {
    // Bench asserts one batch per partition whenever it reads a request; here two are ready.
    let mut bench = Bench::warm(1, &[("batch.size", "100"), ("linger.ms", "0")]);
    bench.writes = false;
    for value in ["a", "b"] {
        bench.send_to(0, &value.repeat(90));
    }
    bench.run();
    let values: Vec<_> = bench
        .pending
        .iter()
        .map(|request| request.batch().values)
        .collect();
    assert_eq!(values.len(), 2, "two requests");

    for (newest, delivered) in [(6, false), (7, true)] {
        let options = [
            ("compression.type", "zstd"),
            ("linger.ms", "0"),
            ("max.block.ms", "1000"),
        ];
        let mut bench = Bench::new(1, &options);
        bench.versions[0] = (ApiKey::Produce, 0, newest);
        bench.send_to(0, "a");
        bench.answer_after_ms(2000);
        let outcome = bench.done[0].1.clone();
        assert_eq!(outcome.is_ok(), delivered, "Produce {newest}");
        if let Err(error) = outcome {
            assert!(error.message.contains("zstd"), "{error}");
        }
    }
}

/// Text that compresses, in one block.
fn body(codec: &str, value: &str) -> Vec<u8> {
    let bytes = sent(
        &[("compression.type", codec)],
        vec![Record::to(TOPIC).value(value.to_owned())],
    );
    bytes[61..].to_vec()
}

#[test]
fn lz4_is_a_frame_of_independent_blocks_that_java_reads() {
    let body = body("lz4", &"text ".repeat(100));
    assert_eq!(body[..4], [0x04, 0x22, 0x4d, 0x18], "magic");
    assert_eq!(body[4..7], [0x60, 0x40, 0x82], "flags, 64 KB, header checksum");
    let block = u32::from_le_bytes([body[7], body[8], body[9], body[10]]) as usize;
    assert_eq!(body.len(), 7 + 4 + block + 4, "one block and the end mark");
    assert_eq!(body[body.len() - 4..], [0; 4]);
}

#[test]
fn snappy_is_framed_as_xerial_does() {
    let body = body("snappy", &"text ".repeat(100));
    assert_eq!(body[..8], *b"\x82SNAPPY\0");
    assert_eq!((number(&body[8..12]), number(&body[12..16])), (1, 1), "versions");
    assert_eq!(number(&body[16..20]) as usize, body.len() - 20, "one block");
}

#[test]
fn a_batch_is_sent_compressed_although_that_made_it_larger() {
    for (codec, id) in [("gzip", 1), ("snappy", 2), ("lz4", 3), ("zstd", 4)] {
        let compressed = sent(&[("compression.type", codec)], vec![Record::to(TOPIC).value("x")]);
        let plain = sent(&[], vec![Record::to(TOPIC).value("x")]);
        assert!(compressed.len() > plain.len(), "{codec}");
        assert_eq!(number(&compressed[21..23]), id, "{codec}");
    }
}

#[test]
fn requests_have_the_header_of_their_version_and_answers_are_read_in_it() {
    for (newest, flexible) in [(8, false), (9, true)] {
        let mut bench = Bench::new(1, &[("linger.ms", "0"), ("client.id", "me")]);
        bench.versions[0] = (ApiKey::Produce, 0, newest);
        bench.send_to(0, "a");
        bench.run();
        let request = bench.take();
        // Length, api key, version, correlation id, client id with two bytes of length in every version.
        let mut header = vec![
            0,
            0,
            0,
            newest as u8,
            0,
            0,
            0,
            request.header.correlation_id as u8,
            0,
            2,
        ];
        header.extend(b"me");
        if flexible {
            // No tagged fields; no transactional id: null is a compact length of 0.
            header.extend([0, 0]);
        } else {
            header.extend([0xff, 0xff]);
        }
        let found = bench
            .written_bytes
            .windows(header.len())
            .any(|window| window == header);
        assert!(found, "Produce {newest}");
        bench.ok(&request, 3);
        assert_eq!(bench.results(), ["0@3"]);
    }
    // A broker that does not know our ApiVersions answers in version 0 and lists what it knows.
    let mut bench = Bench::new(1, &[("linger.ms", "0")]);
    bench.versions[3] = (ApiKey::ApiVersions, 0, 2);
    bench.send_to(0, "a");
    bench.run();
    let asked: Vec<i16> = bench
        .requests
        .iter()
        .filter(|(_, api, _)| *api == ApiKey::ApiVersions)
        .map(|(_, _, version)| *version)
        .take(2)
        .collect();
    assert_eq!(asked, [4, 2]);
    bench.answer_all();
    assert_eq!(bench.done.len(), 1);
}
