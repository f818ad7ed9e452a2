//! Produce requests: where they go, and what is asked of the answer.

use super::super::batch::batch;
use super::super::script::{
    Produce, Question, Scenario, Step, TOPIC, TopicRef, ask, ask_node, init, metadata, produce, produce_to,
    scenario, send, topic,
};

pub(crate) fn all() -> Vec<Scenario> {
    [answers(), places()].into_iter().flatten().collect()
}

fn answers() -> Vec<Scenario> {
    vec![
        scenario("produce-versions", "a batch in each version from 3 to 13", {
            (3..=13)
                .map(|version| ask(produce(batch(1)).version(version)))
                .collect()
        }),
        scenario("acks-1", "acks=1", vec![ask(produce(batch(2)).acks(1))]),
        scenario(
            "acks-0",
            "acks=0 has no answer, and the connection goes on",
            vec![
                ask(produce(batch(2)).acks(0)),
                ask(metadata(TopicRef::Name(TOPIC))),
            ],
        ),
        scenario(
            "acks-0-gone-wrong",
            "acks=0 for a topic that does not exist closes the connection",
            vec![Step::Pipeline(
                1,
                vec![
                    produce_to("none", 0, batch(1)).acks(0).into(),
                    metadata(TopicRef::Name(TOPIC)).into(),
                ],
            )],
        ),
        scenario(
            "acks-2",
            "acks=2, which Kafka does not know",
            vec![ask(produce(batch(1)).acks(2)), send(batch(1))],
        ),
        scenario(
            "acks-minus-2",
            "acks=-2, for an unknown topic, too",
            vec![ask(produce(batch(1)).acks(-2).and("none", 0, batch(1)))],
        ),
        scenario(
            "transactional-id-alone",
            "a transactional id in the request, none in the batch",
            vec![ask(Produce {
                transactional_id: Some("x"),
                ..produce(batch(1))
            })],
        ),
        scenario(
            "several-in-one-request",
            "four partitions in one request: right, damaged, unknown, right",
            vec![
                init("p"),
                ask(produce_to(TOPIC, 0, batch(2))
                    .and(TOPIC, 1, batch(1).damaged())
                    .and(TOPIC, 7, batch(1))
                    .and("u", 0, batch(1).by("p", 0))),
            ],
        )
        .topics(vec![topic(TOPIC).on(&[&[1], &[1]]), topic("u")]),
        scenario(
            "nothing-to-produce",
            "a request without topics",
            vec![ask(Produce {
                parts: Vec::new(),
                ..produce(batch(1))
            })],
        ),
        scenario(
            "pipelined",
            "five requests written at once are answered in order",
            vec![
                init("p"),
                Step::Pipeline(
                    1,
                    (0..5)
                        .map(|n| Question::from(produce(batch(1).by("p", n))))
                        .collect(),
                ),
            ],
        ),
        scenario(
            "pipelined-around-a-gap",
            "of five at once the second is missing: what follows it is refused",
            vec![
                init("p"),
                Step::Pipeline(
                    1,
                    [0, 2, 3, 1, 2]
                        .map(|n| Question::from(produce(batch(1).by("p", n))))
                        .to_vec(),
                ),
            ],
        ),
    ]
}

fn places() -> Vec<Scenario> {
    vec![
        scenario("unknown-topic", "a topic that does not exist, in two versions", {
            [3, 12]
                .map(|version| ask(produce_to("none", 0, batch(1)).version(version)))
                .into()
        }),
        scenario(
            "unknown-topic-id",
            "a topic id that does not exist",
            vec![ask(produce_to("none", 0, batch(1)).version(13))],
        ),
        scenario(
            "unknown-partition",
            "partitions that the topic does not have, by name and by id",
            vec![
                ask(produce_to(TOPIC, 1, batch(1))),
                ask(produce_to(TOPIC, -1, batch(1))),
                ask(produce_to(TOPIC, 1, batch(1)).version(13)),
            ],
        ),
        scenario(
            "not-the-leader",
            "a broker without a replica; from version 10 on it names the leader",
            {
                [9, 10, 12, 13]
                    .map(|version| ask_node(2, produce(batch(1)).version(version)))
                    .into()
            },
        ),
        scenario("not-the-leader-but-follower", "a follower", {
            [9, 12, 13]
                .map(|version| ask_node(3, produce(batch(1)).version(version)))
                .into()
        })
        .topics(vec![topic(TOPIC).on(&[&[1, 2, 3]])]),
        scenario(
            "replicated",
            "acks=all on three in-sync replicas",
            vec![
                init("p"),
                send(batch(3).by("p", 0)),
                send(batch(1)),
                send(batch(3).by("p", 0)),
            ],
        )
        .topics(vec![
            topic(TOPIC).on(&[&[1, 2, 3]]).config("min.insync.replicas", "3"),
        ]),
        scenario(
            "min-insync-above-replicas",
            "min.insync.replicas=2 with one replica",
            vec![send(batch(1)), ask(produce(batch(1)).acks(1))],
        )
        .config("min.insync.replicas", "2"),
        scenario(
            "empty-records",
            "a records field without a batch",
            vec![ask(produce(batch(1)).batches(Vec::new())), send(batch(1))],
        ),
    ]
}
