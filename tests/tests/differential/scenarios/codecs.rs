//! Compression: what the producer chose, and what the topic wants.

use ottla_wire::codec::Codec;

use super::super::batch::batch;
use super::super::script::{Scenario, ask, init, produce, scenario, send};

pub(crate) fn all() -> Vec<Scenario> {
    [kept(), wrong(), wanted()].into_iter().flatten().collect()
}

fn kept() -> Vec<Scenario> {
    let codec = |name, what, codec| {
        let steps = vec![
            init("p"),
            send(batch(20).value_bytes(50).by("p", 0).codec(codec)),
            send(batch(20).value_bytes(50).by("p", 0).codec(codec)),
            send(batch(1).by("p", 20).codec(codec)),
        ];
        scenario(name, what, steps)
    };
    vec![
        codec("codec-gzip", "gzip is kept as the producer made it", Codec::Gzip),
        codec(
            "codec-snappy",
            "snappy is kept as the producer made it",
            Codec::Snappy,
        ),
        codec("codec-lz4", "lz4 is kept as the producer made it", Codec::Lz4),
        codec("codec-zstd", "zstd is kept as the producer made it", Codec::Zstd),
    ]
}

fn wrong() -> Vec<Scenario> {
    vec![
        scenario(
            "zstd-before-version-7",
            "zstd in versions that must not have it",
            {
                [3, 6, 7]
                    .map(|version| ask(produce(batch(2).codec(Codec::Zstd)).version(version)))
                    .into()
            },
        ),
        scenario(
            "codec-unknown",
            "codecs 5 and 7, which do not exist",
            vec![send(batch(1).flagged(5)), send(batch(1).flagged(7))],
        ),
        scenario(
            "codec-garbage",
            "bytes that no compressor made, under a right checksum",
            {
                let codecs = [Codec::Gzip, Codec::Snappy, Codec::Lz4, Codec::Zstd];
                codecs
                    .map(|codec| send(batch(2).codec(codec).payload(b"these are not compressed")))
                    .into()
            },
        ),
        scenario(
            "records-garbage",
            "bytes that are no records, under a right checksum",
            vec![
                send(batch(2).payload(&[0xff; 20])),
                send(batch(1).payload(&[200, 1, 0, 0, 0])),
            ],
        ),
    ]
}

fn wanted() -> Vec<Scenario> {
    vec![
        scenario(
            "topic-wants-gzip",
            "compression.type=gzip, and a batch that is not compressed",
            vec![init("p"), send(batch(3).by("p", 0)), send(batch(3).by("p", 0))],
        )
        .config("compression.type", "gzip"),
        scenario(
            "topic-wants-none",
            "compression.type=uncompressed, and a batch in lz4",
            vec![
                init("p"),
                send(batch(3).by("p", 0).codec(Codec::Lz4)),
                send(batch(3).by("p", 0).codec(Codec::Lz4)),
            ],
        )
        .config("compression.type", "uncompressed"),
        scenario(
            "topic-wants-what-it-gets",
            "compression.type=lz4, and a batch in lz4",
            vec![send(batch(3).codec(Codec::Lz4))],
        )
        .config("compression.type", "lz4"),
    ]
}
