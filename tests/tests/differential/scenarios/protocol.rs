//! The protocol itself: versions, sizes and bytes that make no sense.

use super::super::script::{
    InitProducerId, Question, Scenario, Step, TOPIC, TopicRef, ask, metadata, scenario,
};

const PRODUCE: i16 = 0;
const METADATA: i16 = 3;
const API_VERSIONS: i16 = 18;
/// The tagged fields of a header of version 2, then what ApiVersions says since version 3: name and version.
const SOFTWARE: &[u8] = b"\0\x06ottla\x021\0";

pub(crate) fn all() -> Vec<Scenario> {
    let versions = |version, software| Step::Ask(1, Question::ApiVersions { version, software });
    let coordinator = |version| Step::Ask(1, Question::FindCoordinator { version });
    let then_known = |what, bytes| {
        vec![
            Step::Ask(1, Question::Raw { what, bytes }),
            ask(metadata(TopicRef::Name(TOPIC))),
        ]
    };
    vec![
        scenario(
            "api-versions",
            "ApiVersions in each version from 0 to 4",
            (0..=4).map(|version| versions(version, "ottla")).collect(),
        )
        .differs(
            "Kafka lists every API and its feature levels; the simulated broker lists what it has: no groups, no transactions, no logins, no features.",
        ),
        scenario(
            "api-versions-of-the-future",
            "ApiVersions in version 127, twice: an answer in version 0 that says which there are",
            (0..2)
                .map(|_| Step::Ask(1, raw("ApiVersions v127", API_VERSIONS, 127, SOFTWARE)))
                .collect(),
        ),
        scenario(
            "api-versions-of-nobody",
            "a client software name that KIP-511 does not allow",
            vec![versions(3, "ottla client!"), versions(4, "")],
        ),
        scenario(
            "unknown-api",
            "API 999 closes the connection",
            then_known("API 999", raw_bytes(999, 0, &[])),
        ),
        scenario(
            "unknown-version",
            "Metadata in version 99 closes the connection",
            then_known("Metadata v99", raw_bytes(METADATA, 99, &[])),
        ),
        scenario(
            "produce-before-version-3",
            "Produce in version 2, which is listed and not spoken",
            {
                then_known(
                    "Produce v2",
                    raw_bytes(PRODUCE, 2, &[0, 1, 0, 0, 0x27, 0x10, 0, 0, 0, 0]),
                )
            },
        ),
        scenario(
            "malformed-body",
            "Metadata that announces more topics than there are",
            {
                then_known(
                    "Metadata v1 of 1000 topics",
                    raw_bytes(METADATA, 1, &[0, 0, 3, 0xe8]),
                )
            },
        ),
        scenario(
            "trailing-bytes",
            "a request that is longer than it says",
            vec![Step::Ask(
                1,
                Question::Longer(Box::new(metadata(TopicRef::Name(TOPIC)).into()), &[1, 2, 3]),
            )],
        ),
        scenario("frame-too-large", "a frame above socket.request.max.bytes", {
            then_known("a frame of 200 MB", 200_000_000i32.to_be_bytes().to_vec())
        }),
        scenario("frame-negative", "a frame of negative length", {
            then_known("a frame of -1 bytes", (-1i32).to_be_bytes().to_vec())
        }),
        scenario("frame-too-short", "a frame without room for a header", {
            then_known("a frame of 3 bytes", vec![0, 0, 0, 3, 0, 3, 0])
        }),
        scenario(
            "find-group-coordinator",
            "the first FindCoordinator for a group, before there is a topic for offsets",
            vec![coordinator(6)],
        ),
        scenario(
            "producer-id-for-a-transaction",
            "InitProducerId with a transactional id",
            vec![ask(InitProducerId {
                version: 5,
                label: "p",
                transactional_id: Some("x"),
                had: None,
            })],
        ),
    ]
}

fn raw(what: &'static str, api: i16, version: i16, body: &[u8]) -> Question {
    Question::Raw {
        what,
        bytes: raw_bytes(api, version, body),
    }
}

/// A frame with a header of version 1, without a client id; of version 2 if `body` begins with its tagged fields.
fn raw_bytes(api: i16, version: i16, body: &[u8]) -> Vec<u8> {
    let mut frame = Vec::new();
    frame.extend(api.to_be_bytes());
    frame.extend(version.to_be_bytes());
    frame.extend(77i32.to_be_bytes());
    frame.extend((-1i16).to_be_bytes());
    frame.extend(body);
    let length = frame.len() as i32;
    [length.to_be_bytes().to_vec(), frame].concat()
}
