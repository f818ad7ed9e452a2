use ottla_broker::{Endpoint, NewTopic, Settings};
use ottla_core::Timestamp;

use super::*;
use crate::{ClusterSetup, Delays, Output};

/// A cluster of one broker that records are produced to by hand, and an oracle that watches.
struct Bench {
    cluster: Cluster,
    conn: ottla_broker::ConnId,
    oracle: Oracle,
}

impl Bench {
    fn new() -> Self {
        let endpoint = Endpoint {
            host: "broker-1".to_owned(),
            port: 9092,
            rack: None,
        };
        let mut cluster = Cluster::new(ClusterSetup {
            seed: 0,
            cluster_id: "test".to_owned(),
            brokers: [(1, endpoint)].into(),
            settings: Settings::default(),
            delays: Delays::default(),
            epoch_ms: 0,
            observe: true,
        });
        let name = "orders".to_owned();
        cluster.create_topic(
            0,
            &NewTopic {
                name,
                partitions: 1,
                replication_factor: 1,
                ..NewTopic::default()
            },
        );
        let conn = cluster.connect(1).unwrap();
        Self {
            cluster,
            conn,
            oracle: Oracle::default(),
        }
    }

    /// Records with these values are accepted, in this order.
    fn accept(&mut self, values: &[&str]) {
        for value in values {
            let id = RecordId(self.oracle.fates().len() as u64);
            self.oracle
                .accepted(id, &Record::to("orders").value(*value).at(Timestamp(0)));
        }
    }

    /// One batch with these values is appended.
    fn append(&mut self, values: &[&str]) {
        use ottla_wire::messages::produce::{PartitionProduceData, ProduceRequest, TopicProduceData};
        let mut builder = ottla_wire::batch::BatchBuilder::new(1_000);
        for value in values {
            builder
                .append(0, None, Some(value.as_bytes()), [].into_iter())
                .unwrap();
        }
        let records = Some(
            builder
                .seal(ottla_wire::codec::Codec::None, None)
                .unwrap()
                .to_bytes(),
        );
        let partition_data = vec![PartitionProduceData { index: 0, records }];
        let topic = TopicProduceData {
            name: "orders".to_owned(),
            partition_data,
            ..TopicProduceData::default()
        };
        let request = ProduceRequest {
            acks: 1,
            topic_data: vec![topic],
            ..ProduceRequest::default()
        };
        let bytes = ottla_wire::encode_request(1, None, 12, &request).unwrap();
        self.cluster.receive(0, self.conn, bytes.into());
        while !matches!(self.cluster.poll(0), Output::Wait { .. }) {}
        while let Some(event) = self.cluster.take_event() {
            self.oracle.note(&self.cluster, &event);
        }
    }

    fn told_ok(&mut self, id: u64) {
        self.oracle.told_ok(RecordId(id), -1, &[]);
    }
}

#[test]
fn records_are_known_by_their_content() {
    let mut bench = Bench::new();
    bench.accept(&["a", "b", "c"]);
    bench.append(&["a", "not ours", "b"]);
    let ledger = bench.oracle.ledger();
    assert_eq!((ledger.sent, ledger.in_log, ledger.duplicate), (3, 2, 0));
    assert_eq!(bench.oracle.fates()[1].offset, 2);
}

#[test]
fn a_second_copy_is_a_duplicate_at_its_offset() {
    let mut bench = Bench::new();
    bench.accept(&["a", "b"]);
    bench.append(&["a", "b"]);
    bench.append(&["a"]);
    assert_eq!(bench.oracle.ledger().duplicate, 1);
    assert_eq!(
        bench.oracle.take_verdicts(),
        [(0, Verdict::Duplicate { offset: 2 })]
    );
}

#[test]
fn a_late_record_makes_those_before_it_out_of_order() {
    let mut bench = Bench::new();
    bench.accept(&["a", "b", "c", "d"]);
    bench.append(&["b", "c"]);
    bench.append(&["a", "d"]);
    assert_eq!(bench.oracle.ledger().out_of_order, 2);
    let early = [
        (1, Verdict::OutOfOrder { offset: 0 }),
        (2, Verdict::OutOfOrder { offset: 1 }),
    ];
    assert_eq!(bench.oracle.take_verdicts(), early);
}

#[test]
fn told_ok_and_nowhere_is_lost_and_found_when_it_appears() {
    let mut bench = Bench::new();
    bench.accept(&["a"]);
    bench.told_ok(0);
    assert_eq!(bench.oracle.ledger().lost, 1);
    assert_eq!(bench.oracle.take_verdicts(), [(0, Verdict::Lost { offset: -1 })]);
    bench.append(&["a"]);
    assert_eq!((bench.oracle.ledger().lost, bench.oracle.ledger().in_log), (0, 1));
}

#[test]
fn what_is_still_under_way_is_not_lost_yet() {
    let mut bench = Bench::new();
    bench.accept(&["a"]);
    bench.oracle.told_ok(RecordId(0), -1, &[(7, 100)]);
    bench.oracle.settle(|_| false);
    assert_eq!(bench.oracle.ledger().lost, 0);
    bench.oracle.settle(|position| *position == (7, 100));
    assert_eq!(bench.oracle.ledger().lost, 1);
}
