//! Metadata.

use super::super::script::{Metadata, Scenario, TOPIC, TopicRef, ask, ask_node, metadata, scenario, topic};

pub(crate) fn all() -> Vec<Scenario> {
    let long: &'static str = "x123456789x123456789x123456789x123456789x123456789x123456789x123456789x123456789x123456789x123456789\
        x123456789x123456789x123456789x123456789x123456789x123456789x123456789x123456789x123456789x123456789\
        x123456789x123456789x123456789x123456789x123456789";
    vec![
        scenario(
            "metadata-versions",
            "a topic with three partitions in each version from 0 to 13",
            {
                (0..=13)
                    .map(|version| {
                        ask(Metadata {
                            version,
                            create: true,
                            ..metadata(TopicRef::Name(TOPIC))
                        })
                    })
                    .collect()
            },
        )
        .topics(vec![topic(TOPIC).on(&[&[1, 2, 3], &[2, 3, 1], &[3, 2, 1]])]),
        scenario(
            "metadata-by-id",
            "a topic by its id, and by one that does not exist",
            vec![
                ask(metadata(TopicRef::Id(TOPIC))),
                ask(metadata(TopicRef::Id("none"))),
                ask_node(
                    3,
                    Metadata {
                        version: 12,
                        ..metadata(TopicRef::Id(TOPIC))
                    },
                ),
            ],
        ),
        scenario(
            "metadata-unknown-topic",
            "a topic that does not exist where none is created by itself, asked with and without leave to create it",
            vec![
                ask(metadata(TopicRef::Name("none"))),
                ask(Metadata {
                    create: true,
                    ..metadata(TopicRef::Name("none"))
                }),
                ask(Metadata {
                    version: 1,
                    create: true,
                    ..metadata(TopicRef::Name("none"))
                }),
            ],
        ),
        scenario("metadata-invalid-name", "names that no topic can have", {
            let names = ["", ".", "..", "a b", "주문", "a/b", long];
            names.map(|name| ask(metadata(TopicRef::Verbatim(name)))).into()
        }),
        scenario(
            "metadata-of-all",
            "all topics, of which this scenario's are compared, and none",
            vec![
                ask(Metadata {
                    topics: None,
                    ..metadata(TopicRef::Name(TOPIC))
                }),
                ask(Metadata {
                    topics: Some(Vec::new()),
                    ..metadata(TopicRef::Name(TOPIC))
                }),
                ask(Metadata {
                    version: 1,
                    create: true,
                    topics: None,
                    ..metadata(TopicRef::Name(TOPIC))
                }),
            ],
        ),
        scenario(
            "metadata-mixed",
            "a known, an unknown and an invalid name in one request",
            {
                let topics = vec![
                    TopicRef::Name(TOPIC),
                    TopicRef::Name("none"),
                    TopicRef::Verbatim("a b"),
                ];
                vec![ask(Metadata {
                    topics: Some(topics),
                    ..metadata(TopicRef::Name(TOPIC))
                })]
            },
        ),
        scenario("metadata-repeated", "one topic twice in one request", {
            let topics = vec![TopicRef::Name(TOPIC), TopicRef::Name(TOPIC)];
            vec![ask(Metadata {
                topics: Some(topics),
                ..metadata(TopicRef::Name(TOPIC))
            })]
        }),
        scenario(
            "metadata-operations",
            "authorized operations are asked for (KIP-430)",
            vec![ask(Metadata {
                operations: true,
                ..metadata(TopicRef::Name(TOPIC))
            })],
        ),
    ]
}
