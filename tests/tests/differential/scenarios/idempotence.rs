//! Producer ids, epochs and sequences: `ProducerStateManager` and `ProducerAppendInfo`.

use ottla_wire::error_code::ErrorCode;

use super::super::batch::{Field, batch};
use super::super::script::{
    InitProducerId, Scenario, Step, TOPIC, ask, init, produce, produce_to, scenario, send, topic,
};

const DAY_MS: i64 = 86_400_000;

pub(crate) fn all() -> Vec<Scenario> {
    [windows(), epochs(), identities()]
        .into_iter()
        .flatten()
        .collect()
}

fn windows() -> Vec<Scenario> {
    vec![
        scenario(
            "sequences-continue",
            "three batches of one producer, each following the last",
            vec![
                init("p"),
                send(batch(2).by("p", 0)),
                send(batch(1).by("p", 2)),
                send(batch(3).by("p", 3)),
            ],
        ),
        scenario(
            "duplicate-of-the-last",
            "the last batch again: its old offset, and nothing is appended",
            vec![
                init("p"),
                send(batch(2).by("p", 0)),
                send(batch(1).by("p", 2)),
                send(batch(1).by("p", 2)),
            ],
        ),
        scenario(
            "duplicate-of-five",
            "six batches, then each of the last five again",
            {
                let six = (0..6).map(|n| send(batch(2).by("p", n * 2)));
                let again = (1..6).map(|n| send(batch(2).by("p", n * 2)));
                [init("p")].into_iter().chain(six).chain(again).collect()
            },
        ),
        scenario(
            "duplicate-of-the-sixth",
            "six batches, then the first again: it is forgotten",
            {
                let six = (0..6).map(|n| send(batch(2).by("p", n * 2)));
                [init("p")]
                    .into_iter()
                    .chain(six)
                    .chain([send(batch(2).by("p", 0))])
                    .collect()
            },
        ),
        scenario(
            "duplicate-of-another-length",
            "the same first sequence with fewer and with more records",
            vec![
                init("p"),
                send(batch(3).by("p", 0)),
                send(batch(2).by("p", 0)),
                send(batch(4).by("p", 0)),
            ],
        ),
        scenario(
            "duplicate-with-acks-1",
            "a duplicate with acks=1 and in version 13, by topic id",
            vec![
                init("p"),
                ask(produce(batch(2).by("p", 0)).acks(1)),
                ask(produce(batch(2).by("p", 0)).acks(1).version(13)),
            ],
        ),
        scenario(
            "sequence-gap",
            "a batch that begins too high, and then the missing one",
            vec![
                init("p"),
                send(batch(2).by("p", 0)),
                send(batch(1).by("p", 5)),
                send(batch(1).by("p", 2)),
            ],
        ),
        scenario(
            "sequence-overlap",
            "a batch that begins inside the last one",
            vec![init("p"), send(batch(3).by("p", 0)), send(batch(3).by("p", 2))],
        ),
        scenario(
            "sequence-wraps-between",
            "a batch that ends at 2^31-1, and the next one from 0",
            vec![
                init("p"),
                send(batch(2).by("p", i32::MAX - 1)),
                send(batch(2).by("p", 0)),
                send(batch(2).by("p", i32::MAX - 1)),
                send(batch(1).by("p", 2)),
            ],
        ),
        scenario(
            "sequence-wraps-inside",
            "a batch that goes over 2^31-1, its duplicate, and the next one",
            vec![
                init("p"),
                send(batch(4).by("p", i32::MAX - 1)),
                send(batch(4).by("p", i32::MAX - 1)),
                send(batch(1).by("p", 2)),
                send(batch(1).by("p", 4)),
            ],
        ),
        scenario(
            "partitions-count-apart",
            "one producer begins each of two partitions at 0, and both go wrong apart",
            vec![
                init("p"),
                ask(produce_to(TOPIC, 0, batch(2).by("p", 0)).and(TOPIC, 1, batch(1).by("p", 0))),
                ask(produce_to(TOPIC, 0, batch(1).by("p", 2)).and(TOPIC, 1, batch(1).by("p", 2))),
            ],
        )
        .topics(vec![topic(TOPIC).on(&[&[1], &[1]])]),
        scenario(
            "duplicate-in-log-append-time",
            "a duplicate where the broker's clock dates records",
            vec![init("p"), send(batch(2).by("p", 0)), send(batch(2).by("p", 0))],
        )
        .config("message.timestamp.type", "LogAppendTime"),
    ]
}

fn epochs() -> Vec<Scenario> {
    vec![
        scenario(
            "epoch-bumped",
            "the next epoch begins at sequence 0, and the old one is fenced",
            vec![
                init("p"),
                send(batch(2).by("p", 0)),
                send(batch(2).by("p", 0).epoch(1)),
                send(batch(1).by("p", 2)),
                send(batch(1).by("p", 2).epoch(1)),
            ],
        ),
        scenario(
            "epoch-bumped-in-the-middle",
            "the next epoch begins at another sequence than 0",
            vec![
                init("p"),
                send(batch(2).by("p", 0)),
                send(batch(2).by("p", 2).epoch(1)),
            ],
        ),
        scenario(
            "duplicate-of-an-old-epoch",
            "the batch of before the epoch was raised",
            vec![
                init("p"),
                send(batch(2).by("p", 0)),
                send(batch(2).by("p", 0).epoch(1)),
                send(batch(2).by("p", 0)),
            ],
        ),
        scenario(
            "epoch-skipped",
            "an epoch that is ahead by more than one",
            vec![
                init("p"),
                send(batch(2).by("p", 0)),
                send(batch(1).by("p", 0).epoch(30_000)),
            ],
        ),
        scenario(
            "unknown-producer-midway",
            "a producer that the partition does not know begins at sequence 7",
            vec![
                init("p"),
                send(batch(2).by("p", 7)),
                send(batch(1).by("p", 9)),
                send(batch(1).by("p", 0)),
            ],
        ),
        scenario(
            "expired-producer",
            "a producer whose records are two days old is forgotten within the check's interval, and goes on at any sequence",
            {
                let old = |sequence| batch(1).at(0, -2 * DAY_MS).by("p", sequence);
                vec![
                    init("p"),
                    send(old(0)),
                    Step::Until(1, produce(old(40)).into(), ErrorCode::NONE),
                    send(batch(1).by("p", 41)),
                    send(batch(1).by("p", 41)),
                    send(batch(1).by("p", 50)),
                ]
            },
        ),
    ]
}

fn identities() -> Vec<Scenario> {
    let ask_for = |version, label, had| {
        ask(InitProducerId {
            version,
            label,
            transactional_id: None,
            had,
        })
    };
    vec![
        scenario(
            "producer-ids-are-new",
            "an id in each version of InitProducerId, always a new one in epoch 0",
            {
                const LABELS: [&str; 6] = ["v0", "v1", "v2", "v3", "v4", "v5"];
                (0..)
                    .zip(LABELS)
                    .map(|(version, label)| ask_for(version, label, None))
                    .collect()
            },
        ),
        scenario(
            "producer-id-with-an-old-one",
            "a producer without transactions that names its old id and epoch (KIP-360)",
            vec![
                init("p"),
                ask_for(5, "q", Some(("p", 0))),
                ask_for(3, "r", Some(("p", 7))),
            ],
        ),
        scenario(
            "producer-id-for-no-name",
            "an empty transactional id",
            vec![ask(InitProducerId {
                version: 5,
                label: "p",
                transactional_id: Some(""),
                had: None,
            })],
        ),
        scenario(
            "producer-id-never-given-out",
            "a producer id that no broker has given out",
            vec![
                init("p"),
                send(batch(1).by("p", 0).with(Field::PRODUCER_ID, 987_654_321_000)),
            ],
        ),
        scenario(
            "producer-without-sequence",
            "a batch with a producer id and no sequence",
            vec![init("p"), send(batch(1).by("p", -1))],
        ),
        scenario(
            "producer-without-epoch",
            "a batch with a producer id and no epoch",
            vec![init("p"), send(batch(1).by("p", 0).epoch(-1))],
        ),
        scenario(
            "sequence-without-producer",
            "a batch with a sequence and no producer id",
            vec![init("p"), send(batch(1).by("p", 3).with(Field::PRODUCER_ID, -1))],
        ),
    ]
}
