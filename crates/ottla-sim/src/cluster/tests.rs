use ottla_broker::ErrorCode;

use super::*;

const MS: Micros = 1_000;
const SECOND: Micros = 1_000_000;

struct Bench {
    cluster: Cluster,
    now: Micros,
    answers: Vec<(ConnId, Bytes)>,
    closed: Vec<ConnId>,
}

fn setup() -> ClusterSetup {
    let endpoint = |node: NodeId| Endpoint {
        host: format!("broker-{node}"),
        port: 9092,
        rack: None,
    };
    ClusterSetup {
        seed: 1,
        cluster_id: "test".to_owned(),
        brokers: [1, 2, 3].map(|node| (node, endpoint(node))).into(),
        settings: Settings::default(),
        delays: Delays {
            replication: MS,
            fetch: MS,
            controller: 2 * MS,
            startup: SECOND,
        },
        epoch_ms: 0,
        observe: true,
    }
}

impl Bench {
    fn new(configs: &[(&str, &str)]) -> Self {
        let mut cluster = Cluster::new(setup());
        let configs = configs
            .iter()
            .map(|&(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        let name = "orders".to_owned();
        let topic = NewTopic {
            name,
            partitions: 1,
            replication_factor: 3,
            configs,
            ..NewTopic::default()
        };
        assert!(cluster.create_topic(0, &topic).error.is_ok());
        Self {
            cluster,
            now: 0,
            answers: Vec::new(),
            closed: Vec::new(),
        }
    }

    fn run(&mut self, micros: Micros) {
        let end = self.now + micros;
        loop {
            match self.cluster.poll(self.now) {
                Output::Send { conn, bytes } => self.answers.push((conn, bytes)),
                Output::Close { conn, .. } => self.closed.push(conn),
                Output::Wait { at } if at > end => break,
                Output::Wait { at } => self.now = at,
            }
        }
        self.now = end;
    }

    fn connect(&mut self, node: NodeId) -> ConnId {
        self.cluster.connect(node).expect("the broker listens")
    }

    fn produce(&mut self, conn: ConnId, acks: i16, value: &str) {
        use ottla_wire::messages::produce::{PartitionProduceData, ProduceRequest, TopicProduceData};
        let mut builder = ottla_wire::batch::BatchBuilder::new(1_000);
        builder
            .append(0, None, Some(value.as_bytes()), [].into_iter())
            .unwrap();
        let records = builder
            .seal(ottla_wire::codec::Codec::None, None)
            .unwrap()
            .to_bytes();
        let partition_data = vec![PartitionProduceData {
            index: 0,
            records: Some(records),
        }];
        let name = "orders".to_owned();
        let topic_data = vec![TopicProduceData {
            name,
            partition_data,
            ..TopicProduceData::default()
        }];
        let request = ProduceRequest {
            acks,
            timeout_ms: 30_000,
            topic_data,
            ..ProduceRequest::default()
        };
        let bytes = ottla_wire::encode_request(1, None, 12, &request).unwrap();
        self.cluster.receive(self.now, conn, Bytes::from(bytes));
    }

    fn codes(&mut self) -> Vec<ErrorCode> {
        use ottla_wire::messages::produce::ProduceResponse;
        let decode = |bytes: Bytes| {
            ottla_wire::decode_response::<ProduceResponse>(12, &bytes.slice(4..))
                .unwrap()
                .1
        };
        let answers = std::mem::take(&mut self.answers);
        answers
            .into_iter()
            .map(|(_, it)| decode(it).responses[0].partition_responses[0].error_code)
            .collect()
    }

    fn ends(&self) -> [i64; 3] {
        [1, 2, 3].map(|node| self.cluster.log(node, "orders", 0).map_or(-1, Log::end))
    }

    fn leader(&self) -> (Option<NodeId>, Vec<NodeId>) {
        let partition = self.cluster.image().partition("orders", 0).unwrap();
        (partition.leader, partition.isr.clone())
    }
}

#[test]
fn acks_all_takes_the_fetch_and_two_ways_between_brokers() {
    let mut bench = Bench::new(&[]);
    bench.run(10 * MS);
    let conn = bench.connect(1);
    bench.produce(conn, -1, "a");
    bench.run(3 * MS - 1);
    assert!(bench.answers.is_empty());
    bench.run(1);
    assert_eq!(bench.codes(), [ErrorCode::NONE]);
    assert_eq!(bench.ends(), [1, 1, 1]);
}

#[test]
fn a_killed_leader_is_replaced_after_its_session_and_comes_back_as_a_follower() {
    let mut bench = Bench::new(&[]);
    bench.run(100 * MS);
    let conn = bench.connect(1);
    bench.produce(conn, -1, "a");
    bench.run(10 * MS);
    assert!(bench.cluster.kill(bench.now, 1));
    bench.run(0);
    assert_eq!(bench.closed, [conn]);
    assert!(bench.cluster.connect(1).is_none());
    bench.run(8 * SECOND);
    assert_eq!(bench.leader().0, Some(1), "nobody has noticed");
    bench.run(SECOND);
    assert_eq!(bench.leader(), (Some(2), vec![2, 3]));
    assert_eq!(bench.cluster.state(1), Some(BrokerState::Fenced));
    let conn = bench.connect(2);
    bench.produce(conn, -1, "b");
    bench.run(SECOND);
    assert_eq!(bench.codes(), [ErrorCode::NONE, ErrorCode::NONE]);
    assert!(bench.cluster.restart(bench.now, 1));
    bench.run(3 * SECOND);
    assert_eq!(bench.ends(), [2, 2, 2]);
    assert_eq!(bench.leader(), (Some(2), vec![2, 3, 1]));
}

#[test]
fn what_only_the_dead_leader_had_is_cut_when_it_comes_back() {
    let mut bench = Bench::new(&[]);
    bench.run(100 * MS);
    let conn = bench.connect(1);
    bench.produce(conn, 1, "only here");
    bench.cluster.kill(bench.now, 1);
    bench.run(10 * SECOND);
    let conn = bench.connect(2);
    bench.produce(conn, 1, "other");
    bench.run(SECOND);
    assert_eq!(bench.ends(), [1, 1, 1]);
    bench.cluster.restart(bench.now, 1);
    bench.run(5 * SECOND);
    let first = |node| {
        bench
            .cluster
            .log(node, "orders", 0)
            .unwrap()
            .last()
            .unwrap()
            .to_bytes()
    };
    assert_eq!(first(1), first(2));
    let truncated = |event: &ClusterEvent| matches!(event, ClusterEvent::Broker(1, it) if it.what == ottla_broker::Observed::Truncated { log_end: 0 });
    assert!(std::iter::from_fn(|| bench.cluster.take_event()).any(|event| truncated(&event)));
}

#[test]
fn a_stopped_leader_goes_on_believing_that_it_leads() {
    let mut bench = Bench::new(&[]);
    bench.run(100 * MS);
    let conn = bench.connect(1);
    assert!(bench.cluster.pause(bench.now, 1));
    bench.produce(conn, 1, "late");
    bench.run(10 * SECOND);
    assert_eq!(bench.leader().0, Some(2));
    assert!(bench.cluster.resume(bench.now, 1));
    bench.run(MS);
    assert_eq!(
        bench.codes(),
        [ErrorCode::NONE],
        "told OK by a leader that is none"
    );
    bench.run(3 * SECOND);
    assert_eq!(bench.ends(), [0, 0, 0], "and cut when it hears so");
    assert_eq!(bench.cluster.state(1), Some(BrokerState::Up));
}

#[test]
fn acks_all_waits_for_a_dead_follower_until_it_is_fenced() {
    let mut bench = Bench::new(&[]);
    bench.run(100 * MS);
    bench.cluster.kill(bench.now, 3);
    let conn = bench.connect(1);
    bench.produce(conn, -1, "a");
    bench.run(8 * SECOND);
    assert!(bench.answers.is_empty());
    bench.run(SECOND);
    assert_eq!(bench.codes(), [ErrorCode::NONE]);
}

#[test]
fn a_slow_follower_leaves_the_isr_and_returns() {
    let mut bench = Bench::new(&[("min.insync.replicas", "3")]);
    bench.run(100 * MS);
    bench.cluster.delay_replication(3, 60 * SECOND);
    let conn = bench.connect(1);
    for _ in 0..8 {
        bench.produce(conn, 1, "a");
        bench.run(10 * SECOND);
    }
    assert_eq!(bench.leader().1, [1, 2]);
    bench.codes();
    bench.produce(conn, -1, "b");
    bench.run(SECOND);
    assert_eq!(bench.codes(), [ErrorCode::NOT_ENOUGH_REPLICAS]);
    bench.cluster.delay_replication(3, 0);
    bench.run(120 * SECOND);
    assert_eq!(bench.leader().1, [1, 2, 3]);
    bench.produce(conn, -1, "b");
    bench.run(SECOND);
    assert_eq!(bench.codes(), [ErrorCode::NONE]);
}

#[test]
fn a_broker_that_comes_back_before_it_was_missed_waits_for_its_old_session() {
    let mut bench = Bench::new(&[]);
    bench.run(100 * MS);
    bench.cluster.kill(bench.now, 1);
    bench.run(SECOND);
    bench.cluster.restart(bench.now, 1);
    bench.run(7 * SECOND);
    assert!(bench.cluster.connect(1).is_none());
    bench.run(3 * SECOND);
    assert!(bench.cluster.connect(1).is_some());
    assert_eq!(bench.leader(), (Some(2), vec![2, 3, 1]));
}

#[test]
fn an_orderly_stop_moves_leaderships_at_once() {
    let mut bench = Bench::new(&[]);
    bench.run(100 * MS);
    assert!(bench.cluster.stop(bench.now, 1));
    bench.run(10 * MS);
    assert_eq!(bench.leader(), (Some(2), vec![2, 3]));
    assert!(!bench.cluster.kill(bench.now, 1), "it is dead already");
}

#[test]
fn a_cluster_with_nothing_to_do_sleeps() {
    let mut bench = Bench::new(&[]);
    bench.run(SECOND);
    let mut polls = 0;
    let end = bench.now + 10 * SECOND;
    while bench.now < end {
        if let Output::Wait { at } = bench.cluster.poll(bench.now) {
            bench.now = at;
        }
        polls += 1;
    }
    assert!(polls < 200, "{polls} polls in ten seconds");
}

#[test]
fn every_broker_dead_and_back_again() {
    let mut bench = Bench::new(&[]);
    bench.run(100 * MS);
    let conn = bench.connect(1);
    bench.produce(conn, -1, "a");
    bench.run(SECOND);
    [1, 2, 3]
        .iter()
        .for_each(|node| assert!(bench.cluster.kill(bench.now, *node)));
    bench.run(20 * SECOND);
    assert_eq!(bench.leader().0, None);
    [3, 2, 1]
        .iter()
        .for_each(|node| assert!(bench.cluster.restart(bench.now, *node)));
    bench.run(20 * SECOND);
    let (leader, isr) = bench.leader();
    assert!(leader.is_some());
    assert_eq!((bench.ends(), isr.len()), ([1, 1, 1], 3));
    let high_watermark = bench.cluster.high_watermark(leader.unwrap(), "orders", 0);
    assert_eq!(high_watermark, Some(1));
}

#[test]
fn a_leader_that_is_stopped_for_a_moment_answers_what_it_was_about_to_answer() {
    let mut bench = Bench::new(&[]);
    bench.cluster.delay_replication(2, 50 * MS);
    bench.run(10 * MS);
    let conn = bench.connect(1);
    bench.produce(conn, 1, "a");
    // The answer to 2 leaves in 51 ms; the process is stopped and goes on before that.
    bench.run(10 * MS);
    assert!(bench.cluster.pause(bench.now, 1));
    bench.run(10 * MS);
    assert!(bench.cluster.resume(bench.now, 1));
    bench.run(SECOND);
    assert_eq!(bench.ends(), [1, 1, 1]);
}

#[test]
fn topics_grow_change_and_go_while_the_cluster_runs() {
    let mut bench = Bench::new(&[]);
    assert!(bench.cluster.grow_topic(0, "orders", 3).error.is_ok());
    let fewer = bench.cluster.grow_topic(0, "orders", 2).error;
    assert_eq!(fewer, ErrorCode::INVALID_PARTITIONS);
    let change = vec![("max.message.bytes".to_owned(), Some("20".to_owned()))];
    assert!(bench.cluster.configure_topic(0, "orders", change).error.is_ok());
    let wrong = vec![("max.message.bytes".to_owned(), Some("much".to_owned()))];
    let refused = bench.cluster.configure_topic(0, "orders", wrong).error;
    assert_eq!(refused, ErrorCode::INVALID_CONFIG);
    let leaders: Vec<_> = (0..3)
        .map(|index| bench.cluster.image().partition("orders", index).unwrap().leader)
        .collect();
    assert_eq!(leaders, [Some(1), Some(2), Some(3)]);
    let conn = bench.connect(1);
    bench.produce(conn, 1, "the brokers have not heard of it");
    bench.run(10 * MS);
    bench.produce(conn, 1, "now they have");
    bench.run(10 * MS);
    assert_eq!(bench.codes(), [ErrorCode::NONE, ErrorCode::MESSAGE_TOO_LARGE]);
    let back = vec![("max.message.bytes".to_owned(), None)];
    assert!(
        bench
            .cluster
            .configure_topic(bench.now, "orders", back)
            .error
            .is_ok()
    );
    bench.run(10 * MS);
    bench.produce(conn, 1, "as before");
    assert!(bench.cluster.delete_topic(bench.now, "orders").error.is_ok());
    bench.run(10 * MS);
    bench.produce(conn, 1, "nowhere");
    bench.run(MS);
    assert_eq!(
        bench.codes(),
        [ErrorCode::NONE, ErrorCode::UNKNOWN_TOPIC_OR_PARTITION]
    );
}

#[test]
fn settings_reach_brokers_and_topics_that_do_not_set_them_and_survive_a_restart() {
    let mut bench = Bench::new(&[("max.message.bytes", "1000")]);
    assert!(bench.cluster.configure(0, "no.such.setting", "1").is_err());
    for (name, value) in [
        ("message.max.bytes", "20"),
        ("log.message.timestamp.type", "LogAppendTime"),
    ] {
        bench.cluster.configure(0, name, value).unwrap();
    }
    let config = bench.cluster.image().topic("orders").unwrap().config.clone();
    assert_eq!(
        (config.max_message_bytes, config.timestamp_type),
        (1_000, ottla_broker::TimestampType::LogAppendTime)
    );
    assert!(bench.cluster.shift_clock(1, 7_200_000));
    assert!(!bench.cluster.shift_clock(9, 1));
    assert!(bench.cluster.kill(bench.now, 1));
    bench.run(20 * SECOND);
    assert!(bench.cluster.restart(bench.now, 1));
    bench.run(20 * SECOND);
    bench.cluster.elect_preferred(bench.now);
    bench.run(SECOND);
    let conn = bench.connect(1);
    bench.produce(conn, 1, "a");
    bench.run(SECOND);
    let log = bench.cluster.log(1, "orders", 0).unwrap();
    let stamped = log.last().unwrap().header().max_timestamp;
    assert!(stamped > 7_200_000, "{stamped}: the clock is still ahead");
}
