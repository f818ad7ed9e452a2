//! CreateTopics and DeleteTopics, and what follows from them.

use ottla_wire::error_code::ErrorCode;

use super::super::batch::batch;
use super::super::script::{
    CreateTopics, DeleteTopics, NewTopic, Scenario, Step, TOPIC, TopicRef, ask, init, metadata, produce,
    scenario, send,
};

fn create(topics: Vec<NewTopic>) -> CreateTopics {
    CreateTopics {
        version: 4,
        topics,
        validate_only: false,
    }
}

fn new(name: &'static str, partitions: i32, replicas: i16) -> NewTopic {
    NewTopic {
        name: Some(name),
        partitions,
        replicas,
        ..NewTopic::default()
    }
}

fn placed(name: &'static str, assignments: &[(i32, &[i32])]) -> NewTopic {
    let assignments = assignments
        .iter()
        .map(|(partition, nodes)| (*partition, nodes.to_vec()))
        .collect();
    NewTopic {
        assignments,
        ..new(name, -1, -1)
    }
}

fn configured(name: &'static str, value: Option<&'static str>) -> NewTopic {
    NewTopic {
        configs: vec![(name, value)],
        ..new("new", 1, 1)
    }
}

/// One request each: an answer is sorted by name, and these have the same one.
fn each(topics: Vec<NewTopic>) -> Vec<Step> {
    topics.into_iter().map(|topic| ask(create(vec![topic]))).collect()
}

fn refused(name: &'static str, what: &'static str, topics: Vec<NewTopic>) -> Scenario {
    scenario(name, what, each(topics))
}

pub(crate) fn all() -> Vec<Scenario> {
    [refusals(), creations(), deletions()]
        .into_iter()
        .flatten()
        .collect()
}

fn refusals() -> Vec<Scenario> {
    let verbatim = |name| NewTopic {
        verbatim: Some(name),
        ..new("", 1, 1)
    };
    vec![
        refused(
            "create-existing",
            "a topic that exists, with right and with wrong numbers",
            vec![new(TOPIC, 1, 1), new(TOPIC, 0, 9)],
        ),
        refused("create-invalid-name", "names that no topic can have", {
            ["", ".", "a b", "주문"].map(verbatim).into()
        }),
        refused(
            "create-invalid-partitions",
            "0 and -2 partitions",
            vec![new("new", 0, 1), new("new", -2, 1)],
        ),
        refused(
            "create-invalid-replicas",
            "0, -2 and 4 replicas on three brokers",
            vec![new("new", 1, 0), new("new", 1, -2), new("new", 1, 4)],
        ),
        refused(
            "create-invalid-config",
            "an unknown configuration, values that do not fit, and null",
            vec![
                configured("no.such.config", Some("1")),
                configured("min.insync.replicas", Some("0")),
                configured("max.message.bytes", Some("many")),
                configured("message.timestamp.type", Some("Sundial")),
                configured("cleanup.policy", Some("forget")),
                configured("min.insync.replicas", None),
            ],
        ),
        refused(
            "create-invalid-assignment",
            "gaps, repetitions, unknown brokers, different numbers, and both ways at once",
            vec![
                placed("new", &[(0, &[1]), (2, &[2])]),
                placed("new", &[(0, &[1]), (0, &[2])]),
                placed("new", &[(0, &[1, 1])]),
                placed("new", &[(0, &[])]),
                placed("new", &[(0, &[9])]),
                placed("new", &[(0, &[1, 2]), (1, &[1])]),
                NewTopic {
                    partitions: 1,
                    ..placed("new", &[(0, &[1])])
                },
                NewTopic {
                    replicas: 1,
                    ..placed("new", &[(0, &[1])])
                },
            ],
        ),
        scenario("create-twice-in-one", "one name twice in one request", {
            vec![
                ask(create(vec![new("new", 1, 1), new("new", 1, 1)])),
                ask(metadata(TopicRef::Name("new"))),
            ]
        }),
        scenario(
            "create-colliding",
            "a name that differs from another by . and _ alone",
            {
                vec![
                    ask(create(vec![new("a.b", 1, 1)])),
                    ask(create(vec![new("a_b", 1, 1)])),
                ]
            },
        ),
    ]
}

fn creations() -> Vec<Scenario> {
    let known = |name| Step::Until(1, metadata(TopicRef::Name(name)).into(), ErrorCode::NONE);
    vec![
        scenario(
            "create-validated",
            "validate_only answers as if, and creates nothing",
            vec![
                ask(CreateTopics {
                    validate_only: true,
                    ..create(vec![placed("new", &[(0, &[2, 3])])])
                }),
                ask(metadata(TopicRef::Name("new"))),
            ],
        ),
        scenario(
            "create-versions",
            "a topic in each version from 2 to 4, which have no configurations in the answer",
            {
                const NAMES: [&str; 3] = ["v2", "v3", "v4"];
                (2..=4)
                    .zip(NAMES)
                    .map(|(version, name)| {
                        ask(CreateTopics {
                            version,
                            ..create(vec![new(name, 2, 1)])
                        })
                    })
                    .collect()
            },
        ),
        scenario(
            "create-by-default",
            "num.partitions and default.replication.factor where the request has -1",
            {
                vec![ask(CreateTopics {
                    version: 4,
                    ..create(vec![new("new", -1, -1)])
                })]
            },
        ),
        scenario(
            "create-and-use",
            "a new topic with its replicas where they were asked for",
            vec![
                ask(CreateTopics {
                    version: 4,
                    ..create(vec![placed("new", &[(1, &[2, 1]), (0, &[1, 3])])])
                }),
                known("new"),
            ],
        ),
        scenario(
            "create-configured",
            "the configurations in the answer of version 7",
            {
                vec![ask(CreateTopics {
                    version: 7,
                    ..create(vec![NewTopic {
                        configs: vec![("retention.ms", Some("1000"))],
                        ..new("new", 1, 1)
                    }])
                })]
            },
        )
        .differs(
            "The simulated cluster knows the configurations that change what it does, not the values that Kafka has for all others, so the answer lists none.",
        ),
    ]
}

fn deletions() -> Vec<Scenario> {
    let delete = |version, topic| DeleteTopics {
        version,
        topics: vec![topic],
    };
    let gone = |topic| Step::Until(1, metadata(topic).into(), ErrorCode::UNKNOWN_TOPIC_OR_PARTITION);
    vec![
        scenario("delete-unknown", "a name and an id that do not exist", {
            vec![
                ask(delete(5, TopicRef::Name("none"))),
                ask(delete(6, TopicRef::Name("none"))),
                ask(delete(6, TopicRef::Id("none"))),
            ]
        }),
        scenario(
            "delete-and-produce",
            "a topic that is deleted is unknown by name and by id",
            vec![
                send(batch(1)),
                ask(delete(6, TopicRef::Name(TOPIC))),
                gone(TopicRef::Name(TOPIC)),
                Step::Until(1, produce(batch(1)).into(), ErrorCode::UNKNOWN_TOPIC_OR_PARTITION),
                Step::Until(
                    1,
                    produce(batch(1)).version(13).into(),
                    ErrorCode::UNKNOWN_TOPIC_ID,
                ),
            ],
        ),
        scenario(
            "delete-by-id-and-recreate",
            "a topic that is created again has another id, an empty log and no memory of producers",
            vec![
                init("p"),
                send(batch(2).by("p", 0)),
                ask(delete(6, TopicRef::Id(TOPIC))),
                gone(TopicRef::Name(TOPIC)),
                ask(CreateTopics {
                    version: 4,
                    ..create(vec![placed(TOPIC, &[(0, &[1])])])
                }),
                Step::Until(1, metadata(TopicRef::Name(TOPIC)).into(), ErrorCode::NONE),
                Step::Until(1, produce(batch(1).by("p", 9)).into(), ErrorCode::NONE),
            ],
        ),
    ]
}
