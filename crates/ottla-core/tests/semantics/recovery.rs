//! Finding the cluster again (KIP-899, KIP-1102), leaders (KIP-951), topics by id (KIP-516): behaviours 33 to 35.

use std::time::Duration;

use ottla_core::Input;
use ottla_wire::api::ApiKey;
use ottla_wire::error_code::ErrorCode;
use ottla_wire::messages::produce::{LeaderIdAndEpoch, NodeEndpoint, PartitionProduceResponse};
use ottla_wire::primitives::Uuid;

use crate::common::{Bench, TOPIC, encode, respond};

/// Refuses every connection for so long.
fn refuse_all(bench: &mut Bench, millis: u64) {
    bench.opens = false;
    bench.cut_all();
    let end = bench.now + Duration::from_millis(millis);
    let mut refused = 0;
    while bench.now < end {
        while let Some((conn, ..)) = bench.dialled.get(refused).cloned() {
            refused += 1;
            bench.handle(Input::Closed {
                conn,
                why: "refused".to_owned(),
            });
        }
        bench.advance_ms(10);
    }
}

fn dialled_bootstrap(bench: &Bench) -> bool {
    bench.dialled.iter().any(|(_, node, _)| node.is_none())
}

#[test]
fn when_every_node_backs_off_the_bootstrap_addresses_are_asked_again() {
    for (strategy, expected) in [("rebootstrap", true), ("none", false)] {
        let options = [("metadata.recovery.strategy", strategy), ("linger.ms", "0")];
        let mut bench = Bench::warm(1, &options);
        bench.send_to(0, "a");
        bench.run();
        refuse_all(&mut bench, 2000);
        assert_eq!(
            dialled_bootstrap(&bench),
            expected,
            "{strategy}: {:?}",
            bench.dialled
        );
        // The cluster moved: only the bootstrap address leads to it.
        bench.opens = true;
        bench.nodes = vec![7];
        bench.topics.insert(TOPIC.to_owned(), Ok(vec![(7, 1)]));
        if expected {
            bench.answer_after_ms(3000);
            assert_eq!(bench.results(), ["0@100"]);
        }
    }
}

#[test]
fn when_metadata_fails_for_long_the_client_begins_again() {
    let options = [
        ("metadata.recovery.rebootstrap.trigger.ms", "20000"),
        ("metadata.max.age.ms", "1000"),
    ];
    let mut bench = Bench::warm(1, &options);
    // The node answers, and not with metadata.
    bench.metadata_error = ErrorCode::UNKNOWN_SERVER_ERROR;
    bench.advance_ms(20_000);
    assert!(bench.dialled.is_empty(), "{:?}", bench.dialled);
    bench.advance_ms(3000);
    assert!(dialled_bootstrap(&bench), "{:?}", bench.dialled);
    assert!(!bench.hung_up.is_empty());
    let dialled = bench.dialled.len();
    bench.advance_ms(15_000);
    assert_eq!(bench.dialled.len(), dialled, "the time begins again, too");
}

#[test]
fn a_broker_can_send_its_clients_back_to_the_bootstrap_addresses() {
    let mut bench = Bench::warm(1, &[("metadata.max.age.ms", "1000")]);
    bench.metadata_error = ErrorCode::REBOOTSTRAP_REQUIRED;
    bench.advance_ms(1000);
    assert_eq!(bench.hung_up.len(), 1, "the node is left");
    assert!(bench.producer.snapshot().nodes.is_empty());
    bench.metadata_error = ErrorCode::NONE;
    bench.advance_ms(1000);
    assert!(dialled_bootstrap(&bench));
    bench.send_to(0, "a");
    bench.answer_after_ms(2000);
    assert_eq!(bench.results(), ["0@100"]);
}

/// The leader moves to node 2 while a batch is with node 1; the answer says so, metadata does not know yet.
fn moved(leader_epoch: i32, endpoints: &[NodeEndpoint], metadata: bool) -> Bench {
    let mut bench = Bench::warm(1, &[("linger.ms", "0"), ("retry.backoff.ms", "900")]);
    bench.send_to(0, "a");
    bench.run();
    let request = bench.take();
    let mut answer = respond(&request, |_, _| PartitionProduceResponse {
        error_code: ErrorCode::NOT_LEADER_OR_FOLLOWER,
        base_offset: -1,
        current_leader: Some(LeaderIdAndEpoch {
            leader_id: 2,
            leader_epoch,
        }),
        ..Default::default()
    });
    answer.node_endpoints = endpoints.to_vec();
    bench.answers = metadata;
    bench.receive(request.conn, encode(&request.header, &answer));
    bench
}

#[test]
fn an_inline_leader_is_used_without_backoff_if_it_is_newer_and_its_address_is_known() {
    let endpoint = |host: &str| NodeEndpoint {
        node_id: 2,
        host: host.to_owned(),
        port: 9092,
        rack: None,
    };
    let mut bench = moved(5, &[endpoint("b2")], true);
    assert_eq!(bench.take().node, Some(2), "at once");
    let asked = bench.requests.iter().any(|(_, api, _)| *api == ApiKey::Metadata);
    assert!(asked, "metadata is asked for nevertheless");
    for (bench, why) in [
        (moved(0, &[endpoint("b2")], false), "not newer"),
        (moved(5, &[], false), "nobody said where it is"),
    ] {
        let leader = bench.producer.partitions_for(TOPIC).expect("known")[0].leader;
        assert_eq!((leader, bench.pending.len()), (Some(1), 0), "{why}");
    }
    // A node that is known, but is somewhere else now.
    let mut bench = Bench::new(1, &[("linger.ms", "0"), ("retry.backoff.ms", "900")]);
    bench.nodes = vec![1, 2];
    bench.warm_up(1);
    bench.send_to(0, "a");
    bench.run();
    let request = bench.take();
    let mut answer = respond(&request, |_, _| PartitionProduceResponse {
        error_code: ErrorCode::FENCED_LEADER_EPOCH,
        base_offset: -1,
        current_leader: Some(LeaderIdAndEpoch {
            leader_id: 2,
            leader_epoch: 1,
        }),
        ..Default::default()
    });
    answer.node_endpoints = vec![endpoint("elsewhere")];
    bench.answers = false;
    bench.receive(request.conn, encode(&request.header, &answer));
    let (_, node, address) = bench.dialled.last().expect("dialled");
    assert_eq!(
        (*node, address.to_string()),
        (Some(2), "elsewhere:9092".to_owned())
    );
}

#[test]
fn a_newer_epoch_from_metadata_ends_the_backoff_too() {
    let options = [("linger.ms", "0"), ("retry.backoff.ms", "900")];
    let mut bench = Bench::new(1, &options);
    bench.nodes = vec![1, 2];
    bench.warm_up(1);
    bench.send_to(0, "a");
    bench.run();
    let request = bench.take();
    bench.topics.insert(TOPIC.to_owned(), Ok(vec![(2, 1)]));
    bench.reply(&request, ErrorCode::NOT_LEADER_OR_FOLLOWER, -1);
    assert_eq!(bench.take().node, Some(2));
}

#[test]
fn an_older_leader_epoch_is_ignored_unless_the_topic_was_made_anew() {
    for (id, believed) in [(Uuid([1; 16]), false), (Uuid([2; 16]), true)] {
        let mut bench = Bench::new(1, &[("linger.ms", "0"), ("metadata.max.age.ms", "1000")]);
        bench.nodes = vec![1, 2];
        bench.ids.insert(TOPIC.to_owned(), Uuid([1; 16]));
        bench.topics.insert(TOPIC.to_owned(), Ok(vec![(1, 5)]));
        bench.warm_up(1);
        bench.ids.insert(TOPIC.to_owned(), id);
        bench.topics.insert(TOPIC.to_owned(), Ok(vec![(2, 3)]));
        bench.advance_ms(1000);
        let leader = bench.producer.partitions_for(TOPIC).expect("known")[0].leader;
        assert_eq!(leader == Some(2), believed);
    }
}

/// One request for each topic of [`TOPIC`] and `other`, and its version.
fn by_id(ids: &[(&str, u8)], newest: i16) -> (Bench, crate::common::Pending) {
    let mut bench = Bench::new(1, &[("linger.ms", "10")]);
    bench.versions[0] = (ApiKey::Produce, 0, newest);
    bench.topics.insert("other".to_owned(), Ok(vec![(1, 0)]));
    for (topic, id) in ids {
        bench.ids.insert((*topic).to_owned(), Uuid([*id; 16]));
    }
    for topic in [TOPIC, "other"] {
        bench.send(ottla_core::Record::to(topic).value(topic));
    }
    bench.advance_ms(10);
    let request = bench.take();
    (bench, request)
}

#[test]
fn topics_are_named_by_id_where_all_ids_are_known() {
    let (mut bench, request) = by_id(&[(TOPIC, 1), ("other", 2)], 13);
    assert_eq!(request.header.api_version, 13);
    let ids: Vec<_> = request
        .request
        .topic_data
        .iter()
        .map(|topic| topic.topic_id.0[0])
        .collect();
    assert_eq!(ids, [1, 2]);
    bench.ok(&request, 5);
    assert_eq!(bench.results(), ["0@5", "0@5"]);
    let (mut bench, request) = by_id(&[(TOPIC, 1)], 13);
    assert_eq!(request.header.api_version, 12, "the other one has no id");
    bench.ok(&request, 5);
    assert_eq!(bench.done.len(), 2);
    let (_, request) = by_id(&[(TOPIC, 1), ("other", 2)], 9);
    assert_eq!(request.header.api_version, 9, "as new as the broker");
}

/// The topic is made anew while a batch is out: the answer speaks of the id of the request.
#[test]
fn the_meaning_of_topic_ids_is_kept_with_the_request() {
    let options = [("linger.ms", "0"), ("metadata.max.age.ms", "1000")];
    let mut bench = Bench::new(1, &options);
    // Node 2 leads another topic, so that it can tell of the new one while node 1 has not answered.
    bench.nodes = vec![1, 2];
    bench.topics.insert("other".to_owned(), Ok(vec![(2, 0)]));
    bench.ids.insert(TOPIC.to_owned(), Uuid([1; 16]));
    bench.send(ottla_core::Record::to("other"));
    bench.warm_up_with(1, 2);
    bench.send_to(0, "a");
    bench.run();
    bench.send_to(0, "b");
    bench.run();
    let (first, second) = (bench.take(), bench.take());
    bench.ids.insert(TOPIC.to_owned(), Uuid([2; 16]));
    bench.advance_ms(1000);
    bench.ok(&first, 7);
    bench.reply(&second, ErrorCode::UNKNOWN_TOPIC_ID, -1);
    bench.advance_ms(1000);
    assert_eq!(
        bench.results(),
        ["0@7"],
        "not taken for an answer that leaves it out"
    );
    assert!(bench.hung_up.is_empty());
    let again = bench.take();
    assert_eq!(
        again.request.topic_data[0].topic_id,
        Uuid([2; 16]),
        "under the new id"
    );
    bench.ok(&again, 0);
    assert_eq!(bench.results(), ["0@7", "0@0"]);
}

/// Which topics the Metadata requests name from now on, and how many milliseconds lie between them.
fn asked_again(bench: &mut Bench, times: usize) -> (Vec<Vec<String>>, Vec<u64>) {
    let (mut pauses, mut last) = (Vec::new(), bench.now);
    let mut seen = bench.metadata_requests.len();
    let first = seen;
    while pauses.len() < times {
        bench.advance_ms(1);
        if bench.metadata_requests.len() > seen {
            seen += 1;
            pauses.push(bench.now.saturating_since(last).as_millis() as u64);
            last = bench.now;
        }
    }
    let names = bench.metadata_requests[first..].iter();
    let names = names.map(|request| request.topics.iter().flatten());
    let names = names.map(|topics| topics.filter_map(|topic| topic.name.clone()).collect());
    (names.collect(), pauses)
}

#[test]
fn failed_metadata_requests_are_repeated_ever_more_slowly_for_what_they_were_for() {
    for new_topic in [true, false] {
        let options = [
            ("linger.ms", "0"),
            ("retries", "0"),
            ("enable.idempotence", "false"),
        ];
        let mut bench = Bench::warm(1, &options);
        bench.metadata_error = ErrorCode::UNKNOWN_SERVER_ERROR;
        let wanted = if new_topic {
            bench.producer.want(bench.now, "orders").expect("a good name");
            bench.run();
            "orders"
        } else {
            bench.send_to(0, "a");
            bench.run();
            let request = bench.take();
            bench.reply(&request, ErrorCode::NOT_LEADER_OR_FOLLOWER, -1);
            TOPIC
        };
        assert_eq!(bench.metadata_requests.len(), 1);
        let (names, pauses) = asked_again(&mut bench, 6);
        assert_eq!(names, vec![vec![wanted.to_owned()]; 6]);
        let ranges = [
            80..=121,
            160..=241,
            320..=481,
            640..=961,
            800..=1001,
            800..=1001u64,
        ];
        for (pause, range) in pauses.iter().zip(&ranges) {
            assert!(range.contains(pause), "{pauses:?}");
        }
    }
}

/// Connections that idle are closed, so that every refresh dials anew: whoever counts as a way to the cluster.
#[test]
fn the_bootstrap_addresses_are_left_alone_once_the_cluster_is_found_again() {
    let options = [
        ("linger.ms", "0"),
        ("connections.max.idle.ms", "1000"),
        ("metadata.max.age.ms", "5000"),
    ];
    let mut bench = Bench::warm(1, &options);
    refuse_all(&mut bench, 2000);
    bench.send_to(0, "a");
    refuse_all(&mut bench, 2000);
    assert!(dialled_bootstrap(&bench), "{:?}", bench.dialled);
    bench.opens = true;
    bench.cut_all();
    bench.answer_after_ms(3000);
    bench.answer_after_ms(3000);
    assert_eq!(bench.results(), ["0@100"]);
    bench.dialled.clear();
    bench.advance_ms(200_000);
    assert!(bench.dialled.len() > 20, "{:?}", bench.dialled);
    assert!(!dialled_bootstrap(&bench), "{:?}", bench.dialled);
}
