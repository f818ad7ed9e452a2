//! Inputs to begin a search with, as files below the directory that is named: `cargo run -p ottla-fuzz --example seeds
//! -- DIR`. A search finds what is behind a checksum or a magic number much sooner with one good input.

use std::path::Path;

use ottla_core::Record;
use ottla_core::journal::{Aside, Entry, Run, Settlement};
use ottla_trace::jsonl::{Header, envelope_line};
use ottla_trace::{Envelope, Event, Level, Snapshot, Source};
use ottla_wire::batch::{BatchBuilder, RecordHeader};
use ottla_wire::codec::{self, Codec};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let dir = std::env::args().nth(1).ok_or("name a directory")?;
    let dir = Path::new(&dir);
    let (requests, responses) = ottla_fuzz::message_seeds();
    let frames: Vec<u8> = requests
        .iter()
        .take(4)
        .flat_map(|frame| [&(frame.len() as u32).to_be_bytes()[..], frame].concat())
        .collect();
    // Answers to Produce, Metadata and InitProducerId, by what `responses` puts in front of them.
    let to_gateway = responses.iter().filter_map(|seed| {
        let which = match seed[0] {
            0 => 0,
            3 => 1,
            9 => 2,
            _ => return None,
        };
        Some([&[which], &seed[2..]].concat())
    });
    let scram = b"\x00\x1dr=Nxyz,s=QSXCR+Q6sek8bf92,i=1v=rmF9pqV8S7suAoZWja4dJRkFsKQ=".to_vec();
    let producer = [
        0, 0, 1, 1, 0, 0, 9, 0, 6, 0, 11, 0, 0, 7, 0, 0, 7, 0, 0, 7, 0, 0, 4, 200, 7, 0, 0,
    ]
    .to_vec();
    let web_socket = [
        0x82, 0x83, 1, 2, 3, 4, 5, 6, 7, 0x89, 0x80, 0, 0, 0, 0, 0x88, 0x80, 0, 0, 0, 0,
    ]
    .to_vec();
    put(dir, "requests", requests.clone())?;
    put(dir, "gateway_requests", requests)?;
    put(dir, "gateway_answers", to_gateway)?;
    put(dir, "responses", responses.clone())?;
    put(
        dir,
        "frames",
        [[&[3, 1, 9, 2, 5, 7, 4, 30][..], &frames].concat()],
    )?;
    put(dir, "batches", Codec::ALL.map(batch))?;
    put(dir, "codecs", Codec::ALL.into_iter().flat_map(streams))?;
    put(dir, "web_socket", [web_socket])?;
    put(dir, "trace", [trace()])?;
    put(dir, "scram", [scram])?;
    put(dir, "journal", entries())?;
    put(dir, "producer", [producer])
}

fn put(
    dir: &Path,
    target: &str,
    seeds: impl IntoIterator<Item = Vec<u8>>,
) -> Result<(), Box<dyn std::error::Error>> {
    let dir = dir.join(target);
    std::fs::create_dir_all(&dir)?;
    for (number, seed) in seeds.into_iter().enumerate() {
        std::fs::write(dir.join(format!("seed-{number:02}")), seed)?;
    }
    Ok(())
}

fn batch(codec: Codec) -> Vec<u8> {
    let mut batch = BatchBuilder::new(1000);
    let header = RecordHeader {
        key: b"h",
        value: Some(b"1"),
    };
    for value in [Some(&b"one one one one"[..]), None] {
        let appended = batch.append(17, Some(b"key"), value, [header].into_iter());
        appended.expect("it fits");
    }
    let sealed = batch.seal(codec, None).expect("every codec is built in");
    sealed.to_bytes().to_vec()
}

/// A compressed stream behind the byte that chooses its codec, and a text.
fn streams(codec: Codec) -> [Vec<u8>; 2] {
    let text = b"some text, some text, some text".repeat(3);
    let stream = codec::compress(codec, None, &text).expect("every codec is built in");
    [
        [&[codec.id()], &stream[..]].concat(),
        [&[codec.id()], &text[..]].concat(),
    ]
}

fn trace() -> Vec<u8> {
    let envelope = |seq, event| Envelope {
        t: seq,
        seq,
        source: Source::Client,
        event,
    };
    let started = Event::Started {
        client_id: "shop".to_owned(),
        epoch_ms: None,
        config: vec![("acks".to_owned(), "all".to_owned())],
    };
    let text = Header::new("ottla", Level::Record).line()
        + &envelope_line(&envelope(0, started))
        + &envelope_line(&envelope(1, Event::Snapshot(Snapshot::default())))
        + &envelope_line(&envelope(2, Event::Closed));
    text.into_bytes()
}

/// Bodies of entries behind their lengths, as the target takes them, and a file.
fn entries() -> Vec<Vec<u8>> {
    let numbers = vec![Run { first: 1, count: 2 }];
    let record = Record::to("t").key("k").value("v").header("h", "1");
    let all = [
        Entry::Record {
            number: 1,
            was: None,
            record: record.into_owned(),
        },
        Entry::Stamped {
            topic: "t".into(),
            partition: 0,
            numbers: numbers.clone(),
            batch: batch(Codec::None).into(),
        },
        Entry::Released {
            numbers: numbers.clone(),
        },
        Entry::Settled {
            how: Settlement::Delivered,
            numbers,
        },
        Entry::Aside {
            number: 1,
            why: Aside::Unknown,
            text: "why".into(),
        },
    ];
    let mut file = ottla_core::journal::file_header().to_vec();
    let mut bodies = Vec::new();
    for entry in &all {
        let start = file.len();
        entry.encode(start as u64, &mut file);
        let body = &file[start + 12..];
        bodies.push(body.len() as u8);
        bodies.extend_from_slice(body);
    }
    vec![bodies, file]
}
