//! Fetch, as consumers ask.

use super::super::batch::batch;
use super::super::script::{Fetch, Scenario, Step, ask, ask_node, fetch, produce_to, scenario, send, topic};

pub(crate) fn all() -> Vec<Scenario> {
    [ranges(), places()].into_iter().flatten().collect()
}

fn three() -> Vec<Step> {
    (0..3).map(|_| send(batch(3))).collect()
}

fn after_three(steps: Vec<Step>) -> Vec<Step> {
    three().into_iter().chain(steps).collect()
}

fn ranges() -> Vec<Scenario> {
    vec![
        scenario(
            "fetch-from-the-middle",
            "an offset inside a batch gets the whole batch",
            after_three(vec![ask(fetch(4)), ask(fetch(8)), ask(fetch(9))]),
        ),
        scenario(
            "fetch-out-of-range",
            "offsets beyond the end and before the start",
            after_three(vec![ask(fetch(10)), ask(fetch(-1)), ask(fetch(i64::MAX))]),
        ),
        scenario(
            "fetch-little",
            "the first batch even if it is larger than asked for, the second one only if it fits",
            after_three(vec![
                ask(Fetch {
                    partition_max_bytes: 1,
                    ..fetch(0)
                }),
                ask(Fetch {
                    max_bytes: 1,
                    ..fetch(3)
                }),
                ask(Fetch {
                    partition_max_bytes: 220,
                    ..fetch(0)
                }),
                ask(Fetch {
                    max_bytes: 250,
                    ..fetch(0)
                }),
                ask(Fetch {
                    max_bytes: 0,
                    ..fetch(0)
                }),
            ]),
        ),
        scenario("fetch-versions", "a fetch in each version from 4 to 18", {
            after_three(
                (4..=18)
                    .map(|version| ask(Fetch { version, ..fetch(6) }))
                    .collect(),
            )
        }),
        scenario(
            "fetch-waits",
            "min.bytes that are there, and that are not",
            after_three(vec![
                ask(Fetch {
                    min_bytes: 1,
                    max_wait_ms: 20_000,
                    ..fetch(0)
                }),
                ask(Fetch {
                    min_bytes: 1,
                    max_wait_ms: 50,
                    ..fetch(9)
                }),
                ask(Fetch {
                    min_bytes: 1_000_000,
                    max_wait_ms: 50,
                    ..fetch(0)
                }),
            ]),
        ),
        scenario(
            "fetch-committed",
            "read_committed without transactions",
            after_three(vec![ask(Fetch {
                isolation_level: 1,
                ..fetch(0)
            })]),
        ),
    ]
}

fn places() -> Vec<Scenario> {
    vec![
        scenario(
            "fetch-unknown",
            "an unknown topic, topic id and partition",
            vec![
                ask(Fetch {
                    topic: "none",
                    ..fetch(0)
                }),
                ask(Fetch {
                    topic: "none",
                    version: 17,
                    ..fetch(0)
                }),
                ask(Fetch {
                    partition: 4,
                    ..fetch(0)
                }),
                ask(Fetch {
                    partition: 4,
                    version: 17,
                    ..fetch(0)
                }),
            ],
        ),
        scenario(
            "fetch-elsewhere",
            "a broker that has no replica; from version 16 on it names the leader",
            vec![
                ask_node(2, fetch(0)),
                ask_node(
                    2,
                    Fetch {
                        version: 16,
                        ..fetch(0)
                    },
                ),
            ],
        ),
        scenario(
            "fetch-fenced",
            "a leader epoch that the broker does not know yet, and the right one",
            after_three(vec![
                ask(Fetch { epoch: 9, ..fetch(0) }),
                ask(Fetch { epoch: 0, ..fetch(0) }),
            ]),
        ),
        scenario(
            "fetch-session-unknown",
            "a fetch session that does not exist",
            vec![ask(Fetch {
                session: (4_711, 3),
                ..fetch(0)
            })],
        ),
        scenario(
            "fetch-session-begun",
            "a consumer that asks for a session (KIP-227)",
            vec![
                send(batch(1)),
                ask(Fetch {
                    session: (0, 0),
                    ..fetch(0)
                }),
            ],
        )
        .differs(
            "The simulated broker has no fetch sessions. Session id 0 is what KIP-227 provides for brokers that want every request to name all partitions, and clients go on without one.",
        ),
        scenario(
            "fetch-from-a-follower",
            "a consumer that asks a follower (KIP-392)",
            vec![
                ask(produce_to("t", 0, batch(2))),
                ask_node(
                    2,
                    Fetch {
                        version: 10,
                        ..fetch(0)
                    },
                ),
                ask_node(
                    2,
                    Fetch {
                        min_bytes: 1,
                        max_wait_ms: 10_000,
                        ..fetch(0)
                    },
                ),
            ],
        )
        .topics(vec![topic("t").on(&[&[1, 2]])]),
    ]
}
