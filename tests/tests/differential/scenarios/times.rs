//! Timestamps: whose clock, and which are refused.

use ottla_wire::codec::Codec;

use super::super::batch::{Field, LOG_APPEND_TIME, batch};
use super::super::script::{Scenario, When, ask, offsets, scenario, send};

const HOUR_MS: i64 = 3_600_000;

pub(crate) fn all() -> Vec<Scenario> {
    [refused(), kept()].into_iter().flatten().collect()
}

fn refused() -> Vec<Scenario> {
    vec![
        scenario(
            "timestamp-too-late",
            "records two hours ahead, named by their place",
            vec![
                send(batch(4).at(1, 2 * HOUR_MS).at(3, 2 * HOUR_MS)),
                send(batch(1).at(0, HOUR_MS / 2)),
            ],
        ),
        scenario(
            "timestamp-too-late-compressed",
            "the same in a compressed batch",
            vec![send(
                batch(4).at(1, 2 * HOUR_MS).at(3, 2 * HOUR_MS).codec(Codec::Gzip),
            )],
        ),
        scenario(
            "timestamp-too-early",
            "records older than message.timestamp.before.max.ms",
            vec![send(batch(3).at(1, -2 * HOUR_MS)), send(batch(1))],
        )
        .config("message.timestamp.before.max.ms", "3600000"),
        scenario(
            "timestamp-and-key-wrong",
            "a compacted topic with a record without key and one of tomorrow",
            vec![send(
                batch(3)
                    .keyed()
                    .each(|n, record| {
                        if n == 0 {
                            record.key = None;
                        }
                    })
                    .at(2, 24 * HOUR_MS),
            )],
        )
        .config("cleanup.policy", "compact"),
        scenario(
            "client-claims-append-time",
            "a client that sets the attribute of the broker's clock",
            vec![send(batch(2).flagged(LOG_APPEND_TIME))],
        ),
        scenario(
            "client-claims-append-time-rightly",
            "the same where the topic has the broker's clock",
            vec![send(batch(2).flagged(LOG_APPEND_TIME))],
        )
        .config("message.timestamp.type", "LogAppendTime"),
    ]
}

fn kept() -> Vec<Scenario> {
    vec![
        scenario(
            "log-append-time",
            "the broker's clock dates records, compressed or not",
            vec![
                send(batch(3)),
                ask(offsets(&[When::Special(-3)])),
                ask(offsets(&[When::At(-1)])),
                send(batch(3).codec(Codec::Zstd)),
            ],
        )
        .config("message.timestamp.type", "LogAppendTime"),
        scenario(
            "log-append-time-and-tomorrow",
            "where the broker's clock dates records, the client's may say anything",
            vec![send(batch(2).at(0, 48 * HOUR_MS))],
        )
        .config("message.timestamp.type", "LogAppendTime"),
        scenario(
            "timestamps-out-of-order",
            "records that are not in the order of their times",
            vec![
                send(batch(4).at(0, -5_000).at(1, -9_000).at(2, -1_000).at(3, -7_000)),
                send(batch(1).at(0, -8_000)),
            ],
        ),
        scenario(
            "max-timestamp-wrong",
            "a header that names another latest time than its records have",
            vec![
                send(batch(2).with(Field::MAX_TIMESTAMP, 1_000)),
                ask(offsets(&[When::Special(-3)])),
            ],
        ),
        scenario(
            "max-timestamp-wrong-compressed",
            "the same in a compressed batch",
            vec![
                send(batch(2).codec(Codec::Lz4).with(Field::MAX_TIMESTAMP, 1_000)),
                ask(offsets(&[When::Special(-3)])),
            ],
        ),
    ]
}
