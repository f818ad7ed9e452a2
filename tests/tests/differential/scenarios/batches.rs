//! What may stand in a batch: `UnifiedLog.analyzeAndValidateRecords` and `LogValidator`.

use ottla_wire::codec::Codec;

use super::super::batch::{CONTROL, DELETE_HORIZON, Field, TRANSACTIONAL, batch};
use super::super::script::{Produce, Scenario, TOPIC, ask, init, produce, scenario, send, topic};

pub(crate) fn all() -> Vec<Scenario> {
    [contents(), headers(), sizes(), keys()]
        .into_iter()
        .flatten()
        .collect()
}

fn contents() -> Vec<Scenario> {
    vec![
        scenario(
            "keys-values-headers",
            "null and empty keys and values, headers with and without values",
            vec![send(batch(4).each(|n, record| match n {
                0 => record.value = None,
                1 => (record.key, record.value) = (Some(Vec::new()), Some(Vec::new())),
                2 => record.headers = vec![("h", Some("1")), ("h", None), ("", Some(""))],
                _ => record.key = Some(b"k".to_vec()),
            }))],
        ),
        scenario(
            "damaged-batch",
            "one byte differs from what the checksum was computed of",
            vec![send(batch(2).damaged()), send(batch(1))],
        ),
        scenario(
            "damaged-idempotent-batch",
            "a damaged batch uses no sequence",
            vec![
                init("p"),
                send(batch(2).by("p", 0).damaged()),
                send(batch(2).by("p", 0)),
            ],
        ),
        scenario(
            "cut-batch",
            "a batch of which the end is missing, and one with less than a header",
            vec![
                send(batch(3).cut_to(75)),
                send(batch(1).cut_to(40)),
                send(batch(1).cut_to(8)),
            ],
        ),
        scenario(
            "two-batches",
            "two batches for one partition in one request",
            vec![ask(produce(batch(1)).batches(vec![batch(1), batch(1)]))],
        ),
        scenario(
            "half-a-second-batch",
            "a batch and the first bytes of another",
            vec![ask(produce(batch(1)).batches(vec![batch(1), batch(1).cut_to(30)]))],
        ),
        scenario(
            "base-offset-of-the-client",
            "a base offset that the client made up",
            vec![send(batch(2).with(Field::BASE_OFFSET, 4_711)), send(batch(1))],
        ),
        scenario(
            "leader-epoch-of-the-client",
            "a leader epoch that the client made up is overwritten",
            vec![send(batch(2).with(Field::LEADER_EPOCH, 99))],
        ),
        scenario(
            "offset-deltas-wrong",
            "records that are numbered 0, 2: the log takes them so",
            vec![send(
                batch(2).each(|n, record| record.offset_delta = Some(n as i32 * 2)),
            )],
        ),
        scenario(
            "offset-deltas-wrong-compressed",
            "records that are numbered 0, 2 in a compressed batch",
            vec![send(
                batch(2)
                    .codec(Codec::Gzip)
                    .each(|n, record| record.offset_delta = Some(n as i32 * 2)),
            )],
        ),
        scenario(
            "no-record",
            "a batch without records",
            vec![send(batch(0)), send(batch(0).with(Field::LAST_OFFSET_DELTA, 0))],
        ),
    ]
}

fn headers() -> Vec<Scenario> {
    vec![
        scenario(
            "old-magic",
            "magic 0 and 1 in place of 2",
            vec![
                send(batch(1).with(Field::MAGIC, 1)),
                send(batch(1).with(Field::MAGIC, 0)),
            ],
        ),
        scenario(
            "future-magic",
            "magic 3",
            vec![send(batch(1).with(Field::MAGIC, 3))],
        ),
        scenario(
            "future-magic-beside-others",
            "a batch of magic 3 has the whole request refused",
            vec![
                ask(produce(batch(1))
                    .and("u", 0, batch(1).with(Field::MAGIC, 3))
                    .and("none", 0, batch(1))),
                ask(produce(batch(1)).and("u", 0, batch(1).damaged())),
            ],
        )
        .topics(vec![topic(TOPIC), topic("u")]),
        scenario(
            "record-count-wrong",
            "a record count that is one too many, and one too few",
            vec![
                send(batch(2).with(Field::RECORD_COUNT, 3)),
                send(batch(2).with(Field::RECORD_COUNT, 1)),
            ],
        ),
        scenario(
            "record-count-too-large",
            "count and last offset delta agree on a record that is not there",
            vec![send(
                batch(2)
                    .with(Field::RECORD_COUNT, 3)
                    .with(Field::LAST_OFFSET_DELTA, 2),
            )],
        ),
        scenario(
            "record-count-too-small",
            "count and last offset delta leave a record out",
            vec![send(
                batch(2)
                    .with(Field::RECORD_COUNT, 1)
                    .with(Field::LAST_OFFSET_DELTA, 0),
            )],
        ),
        scenario(
            "record-count-negative",
            "a negative record count",
            vec![send(batch(1).with(Field::RECORD_COUNT, -1))],
        ),
        scenario(
            "length-wrong",
            "a batch length that is smaller than a header, and one that is larger than the field",
            vec![
                send(batch(1).with(Field::LENGTH, 10)),
                send(batch(1).with(Field::LENGTH, 1_000)),
            ],
        ),
        scenario(
            "control-batch",
            "clients do not write control records",
            vec![
                send(batch(1).flagged(CONTROL)),
                send(batch(1).keyed().flagged(CONTROL)),
            ],
        ),
        scenario(
            "transactional-batch",
            "a transactional batch of a producer that has no transaction",
            vec![
                init("p"),
                send(batch(1).by("p", 0).flagged(TRANSACTIONAL)),
                ask(produce(batch(1).by("p", 0).flagged(TRANSACTIONAL)).version(11)),
            ],
        ),
        scenario(
            "transactional-batch-with-id",
            "a transactional batch with a transactional id that no coordinator knows",
            {
                let send = |version| {
                    ask(Produce {
                        transactional_id: Some("x"),
                        ..produce(batch(1).by("p", 0).flagged(TRANSACTIONAL)).version(version)
                    })
                };
                vec![init("p"), send(11), send(12), send(13)]
            },
        ),
        scenario(
            "delete-horizon",
            "the attribute that only a log cleaner sets",
            vec![send(batch(1).flagged(DELETE_HORIZON))],
        ),
        scenario(
            "unknown-attributes",
            "attributes that mean nothing yet",
            vec![send(batch(1).flagged(1 << 9))],
        ),
    ]
}

fn sizes() -> Vec<Scenario> {
    vec![
        scenario(
            "batch-too-large",
            "a batch above max.message.bytes, and a smaller one",
            vec![
                init("p"),
                send(batch(2).value_bytes(600).by("p", 0)),
                send(batch(2).value_bytes(300).by("p", 0)),
            ],
        )
        .config("max.message.bytes", "1000"),
        scenario(
            "batch-just-fits",
            "a batch of exactly max.message.bytes, and one of a byte more",
            vec![send(batch(1).value_bytes(131)), send(batch(1).value_bytes(132))],
        )
        .config("max.message.bytes", "200"),
        scenario(
            "batch-of-a-megabyte",
            "a batch of 900 KB, with the default limit",
            {
                vec![
                    send(batch(9).value_bytes(100_000)),
                    send(batch(11).value_bytes(100_000)),
                ]
            },
        ),
    ]
}

fn keys() -> Vec<Scenario> {
    vec![
        scenario(
            "compacted-without-key",
            "a compacted topic names the records without a key",
            vec![
                send(batch(4).each(|n, record| record.key = (n % 2 == 0).then(|| b"k".to_vec()))),
                send(batch(2)),
            ],
        )
        .config("cleanup.policy", "compact"),
        scenario(
            "compacted-with-keys",
            "a compacted topic takes records with keys",
            vec![send(batch(2).keyed())],
        )
        .config("cleanup.policy", "compact"),
    ]
}
