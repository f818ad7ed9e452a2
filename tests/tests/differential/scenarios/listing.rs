//! ListOffsets.

use ottla_wire::codec::Codec;

use super::super::batch::batch;
use super::super::script::{ListOffsets, Scenario, When, ask, ask_node, offsets, scenario, send, topic};

const SPECIAL: [When; 5] = [
    When::Special(-1),
    When::Special(-2),
    When::Special(-3),
    When::Special(-4),
    When::Special(-5),
];

pub(crate) fn all() -> Vec<Scenario> {
    let each = |times: &'static [When]| times.iter().map(|when| ask(offsets(&[*when])));
    vec![
        scenario(
            "offsets-of-nothing",
            "each special timestamp of an empty log",
            each(&SPECIAL).collect(),
        ),
        scenario(
            "offsets-of-something",
            "each special timestamp of a log with three batches",
            {
                let batches = [-50_000, -20_000, -40_000].map(|at| send(batch(2).at(0, at).at(1, at + 1)));
                batches.into_iter().chain(each(&SPECIAL)).collect()
            },
        ),
        scenario(
            "offsets-by-time",
            "before, between, at and after the records' times",
            {
                const TIMES: &[When] = &[
                    When::At(-100_000),
                    When::At(-50_000),
                    When::At(-49_999),
                    When::At(-30_000),
                    When::At(-20_000),
                    When::At(-19_999),
                    When::At(-1),
                ];
                let batches = [-50_000, -20_000].map(|at| send(batch(2).at(0, at).at(1, at + 1)));
                batches.into_iter().chain(each(TIMES)).collect()
            },
        ),
        scenario("offsets-by-time-compressed", "times inside a compressed batch", {
            const TIMES: &[When] = &[When::At(-59_999), When::At(-59_997), When::Special(-3)];
            let first = send(batch(5).codec(Codec::Zstd));
            [first].into_iter().chain(each(TIMES)).collect()
        }),
        scenario(
            "offsets-of-equal-times",
            "the first of the records with the latest time",
            {
                let equal = send(batch(3).each(|_, record| record.at = -9_000));
                [equal, send(batch(1).at(0, -9_000))]
                    .into_iter()
                    .chain(each(&[When::Special(-3), When::At(-9_000)]))
                    .collect()
            },
        ),
        scenario(
            "offsets-versions",
            "latest and earliest in each version from 1 to 11",
            {
                let asked = (1..=11).flat_map(|version| {
                    [-1, -2].map(|special| {
                        ask(ListOffsets {
                            version,
                            ..offsets(&[When::Special(special)])
                        })
                    })
                });
                [send(batch(2))].into_iter().chain(asked).collect()
            },
        ),
        scenario(
            "offsets-of-later-versions",
            "special timestamps in the version before the one that brought them",
            {
                let early = |version, special| {
                    ask(ListOffsets {
                        version,
                        ..offsets(&[When::Special(special)])
                    })
                };
                vec![
                    send(batch(1)),
                    early(6, -3),
                    early(7, -4),
                    early(8, -5),
                    early(10, -6),
                ]
            },
        ),
        scenario(
            "offsets-of-unknown-time",
            "a special timestamp that nobody knows",
            {
                vec![
                    ask(offsets(&[When::Special(-6)])),
                    ask(offsets(&[When::Special(-100)])),
                ]
            },
        ),
        scenario("offsets-asked-twice", "one partition twice in one request", {
            vec![
                send(batch(1)),
                ask(offsets(&[When::Special(-1), When::Special(-2)])),
            ]
        }),
        scenario(
            "offsets-elsewhere",
            "an unknown topic, an unknown partition, and a broker that does not lead",
            vec![
                ask(ListOffsets {
                    topic: "none",
                    ..offsets(&[When::Special(-1)])
                }),
                ask(ListOffsets {
                    parts: vec![(5, -1, When::Special(-1))],
                    ..offsets(&[])
                }),
                ask_node(2, offsets(&[When::Special(-1)])),
                ask_node(3, offsets(&[When::Special(-1)])),
            ],
        )
        .topics(vec![topic("t").on(&[&[1, 2]])]),
        scenario(
            "offsets-fenced",
            "a leader epoch that the broker does not know yet, and the right one",
            vec![
                send(batch(1)),
                ask(ListOffsets {
                    parts: vec![(0, 3, When::Special(-1))],
                    ..offsets(&[])
                }),
                ask(ListOffsets {
                    parts: vec![(0, 0, When::Special(-1))],
                    ..offsets(&[])
                }),
            ],
        ),
    ]
}
