use ottla_broker::{ErrorCode, MorePartitions, NewTopic, TopicOutcome};

use super::*;

fn controller(settings: Settings) -> Controller {
    let mut controller = Controller::new(Arc::new(settings), Rng::new(1));
    for node in 1..=3 {
        controller.register(
            node,
            Endpoint {
                host: format!("broker-{node}"),
                port: 9092,
                rack: None,
            },
        );
        controller.unfence(node);
    }
    controller
}

fn new_topic(name: &str, partitions: i32, replication_factor: i16) -> NewTopic {
    NewTopic {
        name: name.to_owned(),
        partitions,
        replication_factor,
        ..NewTopic::default()
    }
}

fn create(controller: &mut Controller, topic: NewTopic) -> TopicOutcome {
    let request = ControllerRequest::CreateTopics {
        token: None,
        topics: vec![topic],
        validate_only: false,
    };
    match controller.request(request) {
        Some(ControllerAnswer::Topics { results, .. }) => results[0].clone(),
        other => panic!("{other:?}"),
    }
}

fn partition(controller: &Controller, index: i32) -> PartitionImage {
    controller.image().partition("orders", index).unwrap().clone()
}

fn with_orders() -> Controller {
    let mut controller = controller(Settings::default());
    assert_eq!(
        create(&mut controller, new_topic("orders", 3, 3)).error,
        ErrorCode::NONE
    );
    controller
}

#[test]
fn each_broker_leads_one_of_three_partitions() {
    let controller = with_orders();
    let leaders: Vec<_> = (0..3).map(|index| partition(&controller, index).leader).collect();
    assert_eq!(leaders, [Some(1), Some(2), Some(3)]);
    assert_eq!(partition(&controller, 2).replicas, [3, 1, 2]);
}

#[test]
fn a_fenced_leader_is_replaced_from_the_isr() {
    let mut controller = with_orders();
    controller.fence(3);
    let moved = partition(&controller, 2);
    assert_eq!(
        (moved.leader, moved.leader_epoch, moved.isr),
        (Some(1), 1, vec![1, 2])
    );
    let kept = partition(&controller, 0);
    assert_eq!(
        (kept.leader, kept.leader_epoch, kept.isr),
        (Some(1), 0, vec![1, 2])
    );
    controller.unfence(3);
    assert_eq!(
        partition(&controller, 2).leader,
        Some(1),
        "leaderships do not come back by themselves"
    );
    let proposal = partition(&controller, 2);
    let request = ControllerRequest::AlterIsr {
        topic: controller.image().topic("orders").unwrap().id,
        partition: 2,
        leader_epoch: proposal.leader_epoch,
        partition_epoch: proposal.partition_epoch,
        isr: vec![1, 2, 3],
    };
    assert!(controller.request(request.clone()).is_none());
    assert!(
        controller.request(request).is_some(),
        "the second one is about an older state"
    );
    controller.elect_preferred();
    assert_eq!(partition(&controller, 2).leader, Some(3));
}

#[test]
fn the_last_in_sync_replica_is_waited_for() {
    let mut controller = with_orders();
    [2, 3, 1].iter().for_each(|node| controller.fence(*node));
    let offline = partition(&controller, 0);
    assert_eq!((offline.leader, offline.isr), (None, vec![1]));
    controller.unfence(2);
    assert_eq!(partition(&controller, 0).leader, None);
    controller.unfence(1);
    assert_eq!(partition(&controller, 0).leader, Some(1));
}

#[test]
fn an_unclean_election_takes_whoever_lives() {
    let mut settings = Settings::default();
    settings.topic_defaults.unclean_leader_election = true;
    let mut controller = controller(settings);
    create(&mut controller, new_topic("orders", 1, 3));
    [2, 3, 1].iter().for_each(|node| controller.fence(*node));
    controller.unfence(2);
    let led = partition(&controller, 0);
    assert_eq!((led.leader, led.isr), (Some(2), vec![2]));
}

#[test]
fn fenced_brokers_and_strangers_do_not_join_the_isr() {
    let mut controller = with_orders();
    controller.fence(3);
    let state = partition(&controller, 0);
    let request = ControllerRequest::AlterIsr {
        topic: controller.image().topic("orders").unwrap().id,
        partition: 0,
        leader_epoch: state.leader_epoch,
        partition_epoch: state.partition_epoch,
        isr: vec![1, 2, 3],
    };
    assert!(matches!(
        controller.request(request),
        Some(ControllerAnswer::IsrRefused { partition: 0, .. })
    ));
}

#[test]
fn topics_that_cannot_be_are_refused_with_kafkas_codes() {
    let mut controller = with_orders();
    let mut code = |topic| create(&mut controller, topic).error;
    assert_eq!(code(new_topic("orders", 1, 1)), ErrorCode::TOPIC_ALREADY_EXISTS);
    assert_eq!(code(new_topic("a b", 1, 1)), ErrorCode::INVALID_TOPIC_EXCEPTION);
    assert_eq!(code(new_topic("a", 0, 1)), ErrorCode::INVALID_PARTITIONS);
    assert_eq!(code(new_topic("a", 1, 4)), ErrorCode::INVALID_REPLICATION_FACTOR);
    let configs = vec![("cleanup.police".to_owned(), "compact".to_owned())];
    assert_eq!(
        code(NewTopic {
            configs,
            ..new_topic("a", 1, 1)
        }),
        ErrorCode::INVALID_CONFIG
    );
    let assignments = vec![(0, vec![1, 1])];
    assert_eq!(
        code(NewTopic {
            assignments,
            ..new_topic("a", -1, -1)
        }),
        ErrorCode::INVALID_REPLICA_ASSIGNMENT
    );
    assert_eq!(code(new_topic("a", -1, -1)), ErrorCode::NONE);
}

#[test]
fn a_topic_created_again_has_another_id() {
    let mut controller = with_orders();
    let first = controller.image().topic("orders").unwrap().id;
    let request = ControllerRequest::DeleteTopics {
        token: None,
        names: vec!["orders".to_owned()],
    };
    assert!(matches!(
        controller.request(request),
        Some(ControllerAnswer::Topics { .. })
    ));
    assert!(controller.image().topic_by_id(&first).is_none());
    let second = create(&mut controller, new_topic("orders", 1, 1)).id;
    assert_ne!(first, second);
}

fn asked(controller: &mut Controller, request: ControllerRequest) -> TopicOutcome {
    match controller.request(request) {
        Some(ControllerAnswer::Topics { results, .. }) => results[0].clone(),
        other => panic!("{other:?}"),
    }
}

fn grown(
    controller: &mut Controller,
    count: i32,
    assignments: Option<Vec<Vec<NodeId>>>,
    validate_only: bool,
) -> ErrorCode {
    let more = MorePartitions {
        name: "orders".to_owned(),
        count,
        assignments,
    };
    let request = ControllerRequest::CreatePartitions {
        token: None,
        topics: vec![more],
        validate_only,
    };
    asked(controller, request).error
}

#[test]
fn a_topic_grows_around_the_brokers_and_never_shrinks() {
    let mut controller = with_orders();
    let before = controller.image().topic("orders").unwrap().partitions.clone();
    let more = before.len() as i32 + 2;
    assert_eq!(grown(&mut controller, more, None, true), ErrorCode::NONE);
    let now = controller.image().topic("orders").unwrap().partitions.clone();
    assert_eq!(now, before, "only validated");
    controller.take_changes();
    assert_eq!(grown(&mut controller, more, None, false), ErrorCode::NONE);
    let after = controller.image().topic("orders").unwrap().partitions.clone();
    assert_eq!(after[..before.len()], before[..]);
    assert_eq!(after.len() as i32, more);
    let changed: Vec<i32> = controller
        .take_changes()
        .into_iter()
        .map(|(_, index)| index)
        .collect();
    assert_eq!(changed, (before.len() as i32..more).collect::<Vec<_>>());
    for partition in &after[before.len()..] {
        assert_eq!(partition.replicas.len(), before[0].replicas.len());
        assert_eq!(partition.leader, Some(partition.replicas[0]));
    }
    for count in [0, more, more - 1, 10_001] {
        let error = grown(&mut controller, count, None, false);
        assert_eq!(error, ErrorCode::INVALID_PARTITIONS, "{count}");
    }
}

#[test]
fn new_partitions_go_where_the_caller_says_if_that_is_possible() {
    let mut controller = with_orders();
    let (count, factor) = {
        let topic = controller.image().topic("orders").unwrap();
        (
            topic.partitions.len() as i32 + 1,
            topic.partitions[0].replicas.len(),
        )
    };
    let twice = vec![1; factor];
    let absent = (7..7 + factor as i32).collect();
    let short = vec![];
    for assignments in [vec![], vec![twice], vec![absent], vec![short]] {
        let error = grown(&mut controller, count, Some(assignments.clone()), false);
        assert_eq!(error, ErrorCode::INVALID_REPLICA_ASSIGNMENT, "{assignments:?}");
    }
    let wanted: Vec<NodeId> = [3, 1, 2].into_iter().take(factor).collect();
    let error = grown(&mut controller, count, Some(vec![wanted.clone()]), false);
    assert_eq!(error, ErrorCode::NONE);
    let topic = controller.image().topic("orders").unwrap();
    assert_eq!(topic.partitions[count as usize - 1].replicas, wanted);
}

#[test]
fn configurations_change_together_or_not_at_all() {
    let mut controller = with_orders();
    let set = |name: &str, value: &str| (name.to_owned(), Some(value.to_owned()));
    let request = |changes| ControllerRequest::AlterTopicConfigs {
        token: None,
        topics: vec![("orders".to_owned(), changes)],
        validate_only: false,
    };
    let config = |controller: &Controller| controller.image().topic("orders").unwrap().config.clone();
    let before = config(&controller);
    let wrong = vec![set("min.insync.replicas", "2"), set("retention", "1")];
    let outcome = asked(&mut controller, request(wrong));
    assert_eq!(outcome.error, ErrorCode::INVALID_CONFIG);
    assert_eq!(config(&controller), before);
    let right = vec![set("min.insync.replicas", "2"), set("retention.ms", "1")];
    assert_eq!(asked(&mut controller, request(right)).error, ErrorCode::NONE);
    assert_eq!(config(&controller).min_insync_replicas, 2);
    let gone = ["min.insync.replicas", "retention.ms"].map(|name| (name.to_owned(), None));
    assert_eq!(
        asked(&mut controller, request(gone.into())).error,
        ErrorCode::NONE
    );
    assert_eq!(config(&controller), before);
}
