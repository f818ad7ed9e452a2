//! The command line to a real Kafka, directly and through the bridge: every codec, every kind of null, read back by
//! Kafka's own consumer and its own log dump.

use ottla_tests::bridge::{Bridge, ORIGIN};
use ottla_tests::cli::console_producer;
use ottla_tests::kafka::{Kafka, field};
use ottla_tests::kcat;

const CODECS: [&str; 5] = ["none", "gzip", "snappy", "lz4", "zstd"];

/// What is typed, and what Kafka's console consumer prints of it with `null.literal=NIL`.
fn lines() -> (String, Vec<String>) {
    let kinds: [(&str, &str); 5] = [
        ("h:1\tkim\tvalue", "h:1\tkim\tvalue"),
        ("h:1\tNIL\tnull key", "h:1\tNIL\tnull key"),
        ("h:1\t\tempty key", "h:1\t\tempty key"),
        ("NIL\tkim\tNIL", "NO_HEADERS\tkim\tNIL"),
        ("a:1,a:2,b:NIL\tlee\theaders", "a:1,a:2,b:NIL\tlee\theaders"),
    ];
    let mut typed = String::new();
    let mut printed = Vec::new();
    for (input, output) in kinds {
        for n in 0..3 {
            // A tombstone has no room for a number.
            let n = if input.ends_with("NIL") {
                String::new()
            } else {
                format!(" {n}")
            };
            typed += &format!("{input}{n}\n");
            printed.push(format!("{output}{n}"));
        }
    }
    (typed, printed)
}

fn produce(bootstrap: &str, topic: &str, codec: &str, input: &str) {
    console_producer(bootstrap, topic)
        .args(["--compression-codec", codec, "--origin", ORIGIN])
        .args([
            "--reader-property",
            "parse.key=true",
            "--reader-property",
            "parse.headers=true",
        ])
        .args(["--reader-property", "null.marker=NIL"])
        .input(input)
        .ok();
}

fn every_codec_arrives(kafka: &Kafka, bootstrap: &str, base: &str) {
    let tools = kafka.tools();
    let (typed, printed) = lines();
    for codec in CODECS {
        let topic = Kafka::topic_name(&format!("{base}-{codec}"));
        tools.create_topic(&topic, 1, &[]);
        produce(bootstrap, &topic, codec, &typed);
        let properties = ["print.headers=true", "print.key=true", "null.literal=NIL"];
        let args: Vec<&str> = properties
            .iter()
            .flat_map(|p| ["--formatter-property", *p])
            .collect();
        let read = tools.consume(&topic, 0, printed.len(), &args);
        assert_eq!(read.lines(), printed, "{codec} over {base}");
        // Kafka's consumer was told how many to read; kcat reads to the end.
        let there = kcat::records(kafka.bootstrap(), &topic);
        assert_eq!(there.len(), printed.len(), "{codec} over {base}");
        if Kafka::has_files(&format!("kafka-dump-log of {codec} over {base}")) {
            check_log(
                &tools.dump_log(&kafka.node(1).segments(&topic, 0)),
                codec,
                printed.len(),
            );
        }
    }
}

/// The batches are valid, idempotent, numbered without a gap and compressed as asked.
fn check_log(dump: &str, codec: &str, records: usize) {
    let batches: Vec<&str> = dump
        .lines()
        .filter(|line| line.starts_with("baseOffset:"))
        .collect();
    assert!(!batches.is_empty(), "{dump}");
    let mut next_sequence = 0;
    for batch in batches {
        assert!(batch.contains("isvalid: true"), "{batch}");
        assert!(batch.contains(&format!("compresscodec: {codec}")), "{batch}");
        assert!(field(batch, "producerId") >= 0, "{batch}");
        assert_eq!(field(batch, "producerEpoch"), 0, "{batch}");
        assert_eq!(field(batch, "baseSequence"), next_sequence, "{batch}");
        next_sequence = field(batch, "lastSequence") + 1;
    }
    assert_eq!(next_sequence, i64::try_from(records).expect("a small number"));
}

#[test]
fn directly() {
    let kafka = Kafka::shared();
    every_codec_arrives(kafka, kafka.bootstrap(), "direct");
}

#[test]
fn through_the_bridge() {
    let kafka = Kafka::shared();
    let bridge = Bridge::start(kafka.bootstrap(), &["bridged-*"]);
    every_codec_arrives(kafka, bridge.url(), "bridged");
}

/// What is not UTF-8 in four ways, and a NUL. No tab, which separates keys.
const NO_TEXT: &[u8] = b"\xff\xfe\x80 caf\xe9 \x00 \xf0\x28";

/// One line, as a value alone and as key and value; kcat reads the very bytes.
fn bytes_arrive(kafka: &Kafka, bootstrap: &str, base: &str) {
    let topic = Kafka::topic_name(&format!("{base}-bytes"));
    kafka.tools().create_topic(&topic, 1, &[]);
    let key: &[u8] = b"\xc3 k\xed\xa0\x80\x00\xfd";
    for (args, line) in [
        (&[][..], [NO_TEXT, b"\n"].concat()),
        (
            &["--reader-property", "parse.key=true"][..],
            [key, b"\t", NO_TEXT, b"\n"].concat(),
        ),
    ] {
        console_producer(bootstrap, &topic)
            .args(["--origin", ORIGIN])
            .args(args)
            .input(line)
            .ok();
    }
    let read: Vec<_> = kcat::records(kafka.bootstrap(), &topic)
        .into_iter()
        .map(|record| (record.key, record.value))
        .collect();
    let value = Some(NO_TEXT.to_vec());
    assert_eq!(
        read,
        [(None, value.clone()), (Some(key.to_vec()), value)],
        "{base}"
    );
}

#[test]
fn bytes_that_are_not_utf8_arrive_as_they_are() {
    let kafka = Kafka::shared();
    bytes_arrive(kafka, kafka.bootstrap(), "direct");
}

#[test]
fn bytes_that_are_not_utf8_arrive_as_they_are_through_the_bridge() {
    let kafka = Kafka::shared();
    let bridge = Bridge::start(kafka.bootstrap(), &["bridged-*"]);
    bytes_arrive(kafka, bridge.url(), "bridged");
}
