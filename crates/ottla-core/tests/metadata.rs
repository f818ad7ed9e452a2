//! Finding the cluster and following its leaders (behaviours 14, 15, 29, 33, 34).

mod common;

use std::time::Duration;

use common::{Bench, TOPIC};
use ottla_core::producer::PartitionCount;
use ottla_core::{Address, DeliveryErrorKind, Input, Record, Timer};
use ottla_wire::api::ApiKey;
use ottla_wire::error_code::ErrorCode;

fn metadata_requests(bench: &Bench) -> usize {
    bench
        .requests
        .iter()
        .filter(|(_, api, _)| *api == ApiKey::Metadata)
        .count()
}

#[test]
fn nothing_is_dialled_before_something_is_sent() {
    let mut bench = Bench::new(1, &[]);
    bench.advance_ms(600_000);
    assert!(bench.dialled.is_empty());
    assert_eq!(bench.wait, (None, Timer::Idle));
}

#[test]
fn a_topic_is_asked_for_by_name_once_for_all_records_that_wait() {
    let mut bench = Bench::new(1, &[("linger.ms", "0")]);
    for _ in 0..5 {
        bench.send_to(0, "a");
    }
    bench.run();
    assert_eq!(bench.metadata_requests.len(), 1);
    let asked = bench.metadata_requests[0]
        .topics
        .as_ref()
        .expect("a list, not all topics");
    assert_eq!(asked.len(), 1);
    assert_eq!(asked[0].name.as_deref(), Some(TOPIC));
    assert!(bench.metadata_requests[0].allow_auto_topic_creation);
    assert_eq!(bench.take().values().len(), 5);
}

#[test]
fn a_shell_learns_the_number_of_partitions_and_when_asking_is_over() {
    let mut bench = Bench::new(3, &[]);
    let forbidden = Err(ErrorCode::TOPIC_AUTHORIZATION_FAILED);
    bench.topics.insert("secret".to_owned(), forbidden);
    for topic in [TOPIC, "secret"] {
        assert_eq!(bench.producer.partition_count(topic), PartitionCount::Unasked);
        bench.producer.want(bench.now, topic).expect("a good name");
        assert_eq!(bench.producer.partition_count(topic), PartitionCount::Asked);
    }
    bench.run();
    assert_eq!(bench.producer.partition_count(TOPIC), PartitionCount::Known(3));
    assert_eq!(bench.producer.partition_count("secret"), PartitionCount::Unasked);
}

#[test]
fn a_new_topic_does_not_ask_for_the_known_ones_again() {
    let mut bench = Bench::warm(1, &[]);
    bench.topics.insert("orders".to_owned(), Ok(vec![(1, 0)]));
    bench.metadata_requests.clear();
    bench.send(Record::to("orders").value("x"));
    bench.run();
    let names: Vec<_> = bench.metadata_requests[0]
        .topics
        .iter()
        .flatten()
        .filter_map(|t| t.name.clone())
        .collect();
    assert_eq!(names, ["orders"]);
}

#[test]
fn a_topic_that_is_being_created_is_asked_for_again_with_backoff() {
    let mut bench = Bench::new(1, &[("linger.ms", "0")]);
    bench
        .topics
        .insert(TOPIC.to_owned(), Err(ErrorCode::LEADER_NOT_AVAILABLE));
    bench.send_to(0, "a");
    bench.run();
    assert_eq!(metadata_requests(&bench), 1);
    bench.advance_ms(79);
    assert_eq!(metadata_requests(&bench), 1, "not in a busy loop");
    bench.topics.insert(TOPIC.to_owned(), Ok(vec![(1, 0)]));
    bench.advance_ms(50);
    assert_eq!(bench.take().values(), ["a"]);
}

#[test]
fn a_forbidden_topic_fails_its_records_at_once_and_no_others() {
    let mut bench = Bench::new(1, &[("linger.ms", "0")]);
    bench
        .topics
        .insert("secret".to_owned(), Err(ErrorCode::TOPIC_AUTHORIZATION_FAILED));
    bench.send(Record::to("secret").value("a"));
    bench.send_to(0, "b");
    bench.run();
    assert_eq!(bench.results(), ["TOPIC_AUTHORIZATION_FAILED No"]);
    assert_eq!(
        bench.done[0].1.clone().expect_err("refused").kind,
        DeliveryErrorKind::Authorization
    );
    assert_eq!(bench.take().values(), ["b"]);
}

#[test]
fn records_that_waited_keep_their_order_with_those_sent_later() {
    let mut bench = Bench::new(1, &[("linger.ms", "0")]);
    bench.answers = false;
    for value in ["a", "b"] {
        bench.send_to(0, value);
    }
    bench.run();
    bench.answers = true;
    bench.cut_all();
    bench.send_to(0, "c");
    bench.advance_ms(1000);
    assert_eq!(bench.take().values(), ["a", "b", "c"]);
}

#[test]
fn a_moved_leader_is_found_through_metadata() {
    let mut bench = Bench::new(1, &[("linger.ms", "0")]);
    bench.nodes = vec![1, 2];
    bench.send_to(0, "warm");
    bench.answer_all();
    bench.send_to(0, "a");
    bench.run();
    let request = bench.take();
    bench.topics.insert(TOPIC.to_owned(), Ok(vec![(2, 1)]));
    bench.reply(&request, ErrorCode::NOT_LEADER_OR_FOLLOWER, -1);
    let again = bench.take();
    assert_eq!(
        (again.node, again.values()),
        (Some(2), vec!["a".to_owned()]),
        "a newer epoch skips the backoff"
    );
}

#[test]
fn a_killed_leader_is_left_when_metadata_names_another() {
    let mut bench = Bench::new(1, &[("linger.ms", "0")]);
    bench.nodes = vec![1, 2];
    bench.send_to(0, "warm");
    bench.answer_all();
    bench.send_to(0, "a");
    bench.run();
    let request = bench.take();
    bench.topics.insert(TOPIC.to_owned(), Ok(vec![(2, 1)]));
    bench.cut(request.conn);
    bench.advance_ms(500);
    let again = bench.take();
    assert_eq!((again.node, again.values()), (Some(2), vec!["a".to_owned()]));
}

#[test]
fn leaders_of_older_epochs_are_not_believed() {
    let mut bench = Bench::new(1, &[("linger.ms", "0")]);
    bench.nodes = vec![1, 2];
    bench.topics.insert(TOPIC.to_owned(), Ok(vec![(2, 7)]));
    bench.send_to(0, "warm");
    bench.answer_all();
    bench.topics.insert(TOPIC.to_owned(), Ok(vec![(1, 6)]));
    bench.advance_ms(300_001);
    bench.send_to(0, "a");
    bench.run();
    assert_eq!(bench.take().node, Some(2));
}

#[test]
fn a_partition_without_leader_keeps_its_records_and_asks_ever_more_slowly() {
    let mut bench = Bench::warm(1, &[("linger.ms", "0")]);
    bench.topics.insert(TOPIC.to_owned(), Ok(vec![(-1, 1)]));
    bench.send_to(0, "a");
    bench.run();
    let request = bench.take();
    bench.reply(&request, ErrorCode::NOT_LEADER_OR_FOLLOWER, -1);
    bench.requests.clear();
    bench.advance_ms(10_000);
    let asked = metadata_requests(&bench);
    assert!((10..=16).contains(&asked), "{asked} requests in 10 s");
    bench.topics.insert(TOPIC.to_owned(), Ok(vec![(1, 2)]));
    bench.advance_ms(1000);
    assert_eq!(bench.take().values(), ["a"]);
}

#[test]
fn metadata_is_renewed_when_it_is_old() {
    let mut bench = Bench::warm(1, &[("metadata.max.age.ms", "30000")]);
    bench.advance_ms(29_999);
    assert_eq!(metadata_requests(&bench), 0);
    bench.advance_ms(1);
    assert_eq!(metadata_requests(&bench), 1);
}

#[test]
fn a_topic_that_nobody_uses_is_forgotten() {
    let mut bench = Bench::warm(
        1,
        &[
            ("metadata.max.age.ms", "30000"),
            ("metadata.max.idle.ms", "60000"),
        ],
    );
    bench.advance_ms(30_000);
    assert!(bench.producer.partitions_for(TOPIC).is_some());
    bench.advance_ms(60_000);
    assert!(bench.producer.partitions_for(TOPIC).is_none());
    bench.send_to(0, "back");
    bench.advance_ms(10);
    let request = bench.take();
    assert_eq!(request.batch().header.base_sequence, 1, "its sequences are not");
}

#[test]
fn a_topic_with_queued_work_is_not_forgotten() {
    let options = [
        ("linger.ms", "0"),
        ("delivery.timeout.ms", "1000000"),
        ("metadata.max.idle.ms", "60000"),
    ];
    let mut bench = Bench::warm(1, &options);
    bench.topics.insert(TOPIC.to_owned(), Ok(vec![(-1, 1)]));
    bench.send_to(0, "a");
    bench.run();
    let request = bench.take();
    bench.reply(&request, ErrorCode::NOT_LEADER_OR_FOLLOWER, -1);
    bench.advance_ms(200_000);
    assert!(bench.producer.partitions_for(TOPIC).is_some());
    bench.topics.insert(TOPIC.to_owned(), Ok(vec![(1, 2)]));
    bench.advance_ms(2000);
    assert_eq!(bench.take().values(), ["a"]);
}

/// It waits for a partition that does not exist yet.
#[test]
fn a_topic_with_waiting_records_is_not_forgotten() {
    let options = [
        ("linger.ms", "0"),
        ("max.block.ms", "1000000"),
        ("metadata.max.age.ms", "30000"),
        ("metadata.max.idle.ms", "60000"),
    ];
    let mut bench = Bench::warm(1, &options);
    bench.send_to(1, "a");
    bench.advance_ms(200_000);
    assert!(bench.producer.partitions_for(TOPIC).is_some());
    bench.topics.insert(TOPIC.to_owned(), Ok(vec![(1, 0); 2]));
    bench.advance_ms(31_000);
    assert_eq!(bench.take().values(), ["a"]);
}

#[test]
fn a_known_topic_stays_known_when_metadata_has_an_error_of_it_that_can_pass() {
    let options = [("linger.ms", "0"), ("metadata.max.age.ms", "1000")];
    let mut bench = Bench::warm(1, &options);
    bench
        .topics
        .insert(TOPIC.to_owned(), Err(ErrorCode::LEADER_NOT_AVAILABLE));
    bench.advance_ms(1000);
    assert_eq!(metadata_requests(&bench), 1);
    assert!(bench.producer.partitions_for(TOPIC).is_some());
    bench.send_to(0, "a");
    bench.run();
    assert_eq!(bench.take().values(), ["a"]);
}

#[test]
fn a_bootstrap_connection_to_the_advertised_address_is_kept_for_the_node() {
    let mut bench = Bench::new(1, &[("bootstrap.servers", "b1:9092"), ("linger.ms", "0")]);
    bench.send_to(0, "a");
    bench.run();
    assert_eq!(bench.pending.len(), 1);
    assert_eq!(bench.dialled.len(), 1);
}

#[test]
fn a_bootstrap_connection_is_closed_when_nodes_are_connected() {
    let mut bench = Bench::new(1, &[("linger.ms", "0")]);
    bench.send_to(0, "a");
    bench.run();
    assert_eq!(bench.dialled.len(), 2);
    assert_eq!(bench.hung_up, [bench.dialled[0].0]);
}

#[test]
fn nodes_behind_a_bridge_are_reached_through_it() {
    let url = "wss://kafka.example.com/k/main".to_owned();
    let mut bench = Bench::new(1, &[("bootstrap.servers", &url), ("linger.ms", "0")]);
    bench.send_to(0, "a");
    bench.run();
    let dialled: Vec<_> = bench
        .dialled
        .iter()
        .map(|(_, node, address)| (*node, address.clone()))
        .collect();
    let bridge = Address::Bridge { url };
    assert_eq!(dialled, [(None, bridge.clone()), (Some(1), bridge)]);
}

#[test]
fn every_bootstrap_address_is_tried() {
    let mut bench = Bench::new(1, &[("bootstrap.servers", "x:1,y:2,b1:9092"), ("linger.ms", "0")]);
    bench.opens = false;
    bench.send_to(0, "a");
    bench.run();
    let mut tried = std::collections::BTreeSet::new();
    for _ in 0..40 {
        let (conn, _, address) = bench.dialled.last().cloned().expect("something is dialled");
        tried.insert(address.to_string());
        bench.handle(Input::Closed {
            conn,
            why: "refused".to_owned(),
        });
        bench.advance_ms(100);
    }
    assert_eq!(tried.into_iter().collect::<Vec<_>>(), ["b1:9092", "x:1", "y:2"]);
}

#[test]
fn wanting_a_topic_connects_and_learns_its_partitions() {
    let mut bench = Bench::new(3, &[]);
    assert!(bench.producer.want(bench.now, "a b").is_err());
    bench.producer.want(bench.now, TOPIC).expect("a good name");
    bench.run();
    let partitions = bench.producer.partitions_for(TOPIC).expect("known");
    assert_eq!(partitions.len(), 3);
    assert_eq!(partitions[2].leader, Some(1));
    assert!(bench.producer.metadata_at().is_some());
}

/// What a producer was told of one broker and [`TOPIC`] with two partitions.
fn kept() -> bytes::Bytes {
    let mut bench = Bench::new(2, &[]);
    bench.producer.keep_metadata();
    assert_eq!(bench.producer.kept_metadata(), None);
    bench.send_to(0, "a");
    bench.run();
    let kept = bench.producer.kept_metadata();
    kept.expect("an answer came").clone()
}

/// The nodes that were dialled, `None` for a bootstrap address.
fn dialled(bench: &Bench) -> Vec<Option<i32>> {
    bench.dialled.iter().map(|(_, node, _)| *node).collect()
}

/// A producer that begins with what another one was told.
fn preloaded(age: Duration, options: &[(&str, &str)]) -> Bench {
    let mut bench = Bench::new(2, options);
    let now = bench.now;
    assert!(bench.producer.preload_metadata(now, age, &kept()));
    bench
}

#[test]
fn preloaded_metadata_leads_straight_to_the_leader() {
    let mut bench = preloaded(Duration::from_secs(10), &[("linger.ms", "0")]);
    bench.send_to(1, "a");
    bench.run();
    assert_eq!(dialled(&bench), [Some(1)], "the leader, and no bootstrap address");
    assert_eq!(metadata_requests(&bench), 0);
    let sent = bench.take();
    assert_eq!(sent.values(), ["a"]);
    bench.ok(&sent, 0);
    // It ages from when it was told, not from when it was taken over.
    bench.advance_ms(289_999);
    assert_eq!(metadata_requests(&bench), 0);
    bench.advance_ms(1);
    assert_eq!(metadata_requests(&bench), 1);
}

#[test]
fn preloaded_metadata_that_is_no_longer_true_is_asked_for_again() {
    let mut bench = preloaded(Duration::ZERO, &[("linger.ms", "0")]);
    bench.nodes = vec![1, 2];
    bench.topics.insert(TOPIC.to_owned(), Ok(vec![(2, 7), (2, 7)]));
    bench.send_to(0, "a");
    bench.run();
    let refused = bench.take();
    bench.reply(&refused, ErrorCode::NOT_LEADER_OR_FOLLOWER, -1);
    bench.advance_ms(1_000);
    assert_eq!(metadata_requests(&bench), 1);
    assert_eq!(bench.take().values(), ["a"]);
    assert_eq!(dialled(&bench).last(), Some(&Some(2)));
}

#[test]
fn preloaded_brokers_that_are_gone_lead_back_to_the_bootstrap_addresses() {
    let mut bench = preloaded(Duration::ZERO, &[("linger.ms", "0")]);
    bench.opens = false;
    bench.send_to(0, "a");
    bench.run();
    assert_eq!(dialled(&bench), [Some(1)]);
    bench.cut_all();
    bench.opens = true;
    bench.advance_ms(1_000);
    assert_eq!(dialled(&bench)[1], None, "a bootstrap address");
    assert_eq!(bench.take().values(), ["a"]);
}

#[test]
fn metadata_that_is_too_old_or_unreadable_is_not_taken_over() {
    let good = kept();
    let mut bench = Bench::new(1, &[("metadata.max.age.ms", "5000"), ("linger.ms", "0")]);
    let now = bench.now;
    assert!(
        !bench
            .producer
            .preload_metadata(now, Duration::from_secs(5), &good)
    );
    for length in 0..good.len() {
        let cut = good.slice(..length);
        assert!(
            !bench.producer.preload_metadata(now, Duration::ZERO, &cut),
            "{length}"
        );
    }
    let unknown_version = [&[0x7f, 0xff], &good[2..]].concat().into();
    assert!(
        !bench
            .producer
            .preload_metadata(now, Duration::ZERO, &unknown_version)
    );
    bench.send_to(0, "a");
    bench.run();
    assert_eq!(metadata_requests(&bench), 1);
}
