//! Configurations that change, and topics that grow.

use ottla_wire::error_code::ErrorCode;
use ottla_wire::messages::incremental_alter_configs::operation::{APPEND, DELETE, SET, SUBTRACT};

use super::super::batch::batch;
use super::super::script::{
    AlterConfigs, CreatePartitions, DescribeConfigs, Scenario, Step, TOPIC, TopicRef, ask, metadata, produce,
    produce_to, scenario, send, topic,
};

type Change = (&'static str, i8, Option<&'static str>);

fn alter(changes: &[Change]) -> AlterConfigs {
    AlterConfigs {
        topic: TOPIC,
        changes: changes.to_vec(),
        validate_only: false,
    }
}

fn describe(keys: &[&'static str]) -> DescribeConfigs {
    DescribeConfigs {
        version: 4,
        topic: TOPIC,
        keys: keys.to_vec(),
    }
}

fn grow(count: i32) -> CreatePartitions {
    CreatePartitions {
        topic: TOPIC,
        count,
        assignments: Vec::new(),
        validate_only: false,
    }
}

pub(crate) fn all() -> Vec<Scenario> {
    configs().into_iter().chain(partitions()).collect()
}

fn configs() -> Vec<Scenario> {
    const TWO: &[&str] = &["max.message.bytes", "message.timestamp.type"];
    vec![
        scenario("configs-described", "two configurations, one of them set, in each version from 1 to 4", {
            let asked = |version| ask(DescribeConfigs { version, ..describe(TWO) });
            (1..=4).map(asked).collect()
        })
        .config("max.message.bytes", "5000")
        .differs(
            "From version 3 on Kafka says of which type a configuration is; the simulated broker does not know, and says so.",
        ),
        scenario(
            "configs-of-nothing",
            "an unknown topic, and an unknown configuration",
            vec![
                ask(DescribeConfigs { version: 2, topic: "none", ..describe(TWO) }),
                ask(DescribeConfigs { version: 2, ..describe(&["no.such.config"]) }),
            ],
        ),
        scenario(
            "config-set-and-deleted",
            "a smaller max.message.bytes holds until it is deleted",
            vec![
                ask(alter(&[("max.message.bytes", SET, Some("100"))])),
                // A damaged batch is not appended before the change holds either.
                Step::Until(
                    1,
                    produce(batch(1).value_bytes(100).damaged()).into(),
                    ErrorCode::MESSAGE_TOO_LARGE),
                ask(DescribeConfigs { version: 2, ..describe(TWO) }),
                ask(alter(&[("max.message.bytes", DELETE, None)])),
                Step::Until(1, produce(batch(1).value_bytes(100)).into(), ErrorCode::NONE),
            ],
        ),
        scenario("configs-wrong", "an unknown name, wrong values, null, and a name twice", {
            let wrong: [&[Change]; 6] = [
                &[("no.such.config", SET, Some("1"))],
                &[("max.message.bytes", SET, Some("-1"))],
                &[("message.timestamp.type", SET, Some("Sundial"))],
                &[("max.message.bytes", SET, None)],
                &[("max.message.bytes", SET, Some("1000")), ("max.message.bytes", DELETE, None)],
                &[("max.message.bytes", 9, Some("1000"))],
            ];
            wrong.map(|changes| ask(alter(changes))).into()
        }),
        scenario(
            "configs-of-no-topic",
            "changes of a topic that does not exist",
            vec![ask(AlterConfigs { topic: "none", ..alter(&[("max.message.bytes", SET, Some("1000"))]) })],
        ),
        scenario(
            "config-validated",
            "validate_only changes nothing",
            vec![
                ask(AlterConfigs { validate_only: true, ..alter(&[("max.message.bytes", SET, Some("10"))]) }),
                send(batch(1)),
            ],
        ),
        scenario(
            "config-lists",
            "what is appended to a list and subtracted from it, and a list that is none",
            vec![
                ask(alter(&[("cleanup.policy", APPEND, Some("compact"))])),
                // Before the change holds, it is the time that is wrong, and not the key.
                Step::Until(
                    1,
                    produce(batch(1).at(0, 86_400_000)).into(),
                    ErrorCode::INVALID_RECORD),
                ask(DescribeConfigs { version: 2, ..describe(&["cleanup.policy"]) }),
                ask(alter(&[("cleanup.policy", SUBTRACT, Some("delete"))])),
                ask(alter(&[("max.message.bytes", APPEND, Some("1"))])),
            ],
        ),
    ]
}

fn partitions() -> Vec<Scenario> {
    vec![
        scenario(
            "partitions-added",
            "a second and a third partition where they were asked for, and a batch in one of them",
            vec![
                ask(CreatePartitions {
                    assignments: vec![vec![2], vec![1]],
                    ..grow(3)
                }),
                Step::Until(1, produce_to(TOPIC, 2, batch(1)).into(), ErrorCode::NONE),
                ask(metadata(TopicRef::Name(TOPIC))),
            ],
        ),
        scenario(
            "partitions-refused",
            "as many as there are, fewer, too many, none, and of an unknown topic",
            vec![
                ask(grow(2)),
                ask(grow(1)),
                ask(grow(0)),
                ask(grow(-1)),
                ask(CreatePartitions {
                    topic: "none",
                    ..grow(3)
                }),
            ],
        )
        .topics(vec![topic(TOPIC).on(&[&[1], &[1]])]),
        scenario(
            "partitions-misplaced",
            "assignments with an unknown broker, of the wrong number, with a broker twice, of another size",
            vec![
                ask(CreatePartitions {
                    assignments: vec![vec![9]],
                    ..grow(2)
                }),
                ask(CreatePartitions {
                    assignments: vec![vec![1], vec![2]],
                    ..grow(2)
                }),
                ask(CreatePartitions {
                    assignments: vec![vec![1, 1]],
                    ..grow(2)
                }),
                ask(CreatePartitions {
                    assignments: vec![vec![1, 2]],
                    ..grow(2)
                }),
                ask(CreatePartitions {
                    assignments: vec![vec![]],
                    ..grow(2)
                }),
            ],
        ),
        scenario(
            "partitions-validated",
            "validate_only adds nothing",
            vec![
                ask(CreatePartitions {
                    validate_only: true,
                    ..grow(5)
                }),
                ask(metadata(TopicRef::Name(TOPIC))),
            ],
        ),
    ]
}
