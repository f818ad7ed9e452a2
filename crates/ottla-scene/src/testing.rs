//! Runs for tests: small ones written by hand, and arbitrary ones.

use ottla_trace::{
    Envelope, Event, Source,
    event::{BrokerState, CloseReason, Define, PartitionView, PartitionedBy, Persisted, RecordId},
};

/// Writes a run event by event.
#[derive(Default)]
pub(crate) struct Run {
    pub(crate) t: u64,
    pub(crate) events: Vec<Envelope>,
    next_record: RecordId,
}

impl Run {
    /// A topic `orders` with three partitions on three brokers, each leading one, and connections to all.
    pub(crate) fn new() -> Self {
        let mut run = Self::default();
        run.client(Event::Started {
            client_id: "shop".into(),
            epoch_ms: None,
            config: vec![
                ("linger.ms".into(), "5".into()),
                ("batch.size".into(), "160".into()),
            ],
        });
        run.client(Event::Define(Define::Topic {
            id: 0,
            name: "orders".into(),
        }));
        for (id, text) in ["kim", "lim", "han"].into_iter().enumerate() {
            run.client(Event::Define(Define::Key {
                id: id as u32,
                text: text.into(),
            }));
        }
        for node in 1..=3 {
            run.world(Event::BrokerState {
                node,
                state: BrokerState::Up,
                fenced_at: None,
            });
        }
        for partition in 0..3 {
            run.leader(partition, partition + 1, &[1, 2, 3]);
        }
        run.believe([1, 2, 3]);
        for node in 1..=3 {
            let conn = node as u32;
            run.client(Event::Dialing {
                conn,
                node: Some(node),
                address: format!("b{node}:9092"),
            });
            run.client(Event::Connected { conn });
            run.client(Event::Ready {
                conn,
                produce_version: 13,
            });
        }
        run
    }

    pub(crate) fn at(&mut self, t: u64) -> &mut Self {
        self.t = t;
        self
    }

    pub(crate) fn push(&mut self, source: Source, event: Event) {
        let seq = self.events.len() as u64;
        let t = self.t;
        self.events.push(Envelope {
            t,
            seq,
            source,
            event,
        });
    }

    pub(crate) fn client(&mut self, event: Event) {
        self.push(Source::Client, event);
    }

    pub(crate) fn world(&mut self, event: Event) {
        self.push(Source::World, event);
    }

    pub(crate) fn broker(&mut self, node: i32, event: Event) {
        self.push(Source::Broker(node), event);
    }

    pub(crate) fn leader(&mut self, partition: i32, leader: i32, isr: &[i32]) {
        self.world(Event::Leader {
            topic: 0,
            partition,
            leader,
            epoch: 0,
            replicas: vec![1, 2, 3],
            isr: isr.to_vec(),
        });
    }

    pub(crate) fn believe(&mut self, leaders: [i32; 3]) {
        let partitions = (0..).zip(leaders).map(|(partition, leader)| PartitionView {
            topic: 0,
            partition,
            leader,
            leader_epoch: 0,
            isr: vec![1, 2, 3],
            replicas: vec![1, 2, 3],
        });
        self.client(Event::MetadataUpdated {
            nodes: vec![1, 2, 3],
            partitions: partitions.collect(),
        });
    }

    /// A record of 22 bytes into a partition's batch.
    pub(crate) fn send(&mut self, key: u32, partition: i32, batch: u64, index: u32) -> RecordId {
        let record = self.next_record;
        self.next_record += 1;
        self.client(Event::Accepted {
            record,
            topic: 0,
            key: Some(key),
            key_bytes: 3,
            value_bytes: 12,
            headers: 0,
            timestamp: 0,
        });
        self.client(Event::Partitioned {
            record,
            partition,
            of: 3,
            by: PartitionedBy::KeyHash { hash: 335_033_777 },
        });
        if index == 0 {
            self.client(Event::BatchOpened {
                batch,
                topic: 0,
                partition,
                capacity: 160,
            });
        }
        self.client(Event::Appended {
            record,
            batch,
            index,
            bytes: 22,
        });
        record
    }

    /// Closes, drains and writes a batch of `records`; its request arrives 2 ms later.
    pub(crate) fn fly(&mut self, batch: u64, node: i32, correlation: i32, records: u32) {
        self.client(Event::BatchClosed {
            batch,
            because: CloseReason::Linger,
            records,
            bytes: 61 + 22 * records,
        });
        self.resend(batch, node, correlation);
    }

    /// Drains and writes a batch.
    pub(crate) fn resend(&mut self, batch: u64, node: i32, correlation: i32) {
        let conn = node as u32;
        self.client(Event::Drained {
            batch,
            node,
            conn,
            correlation,
            attempt: 0,
        });
        self.client(Event::RequestQueued {
            conn,
            correlation,
            api: "Produce".into(),
            version: 13,
            bytes: 149,
            batches: vec![batch],
            in_flight: 1,
        });
        self.world(Event::InFlight {
            conn,
            correlation,
            answer: false,
            node,
            arrives: self.t + 2_000,
        });
    }

    /// The leader appends the batch at `base`.
    pub(crate) fn append(&mut self, node: i32, partition: i32, correlation: i32, base: i64, count: u32) {
        self.broker(
            node,
            Event::LogAppended {
                topic: 0,
                partition,
                base_offset: base,
                count,
                conn: Some(node as u32),
                correlation,
                producer_id: 4000,
                sequence: 0,
            },
        );
    }

    /// The client reads the good answer.
    pub(crate) fn ack(&mut self, batch: u64, node: i32, correlation: i32, base_offset: i64) {
        self.client(Event::ResponseRead {
            conn: node as u32,
            correlation,
            latency: 4_000,
            throttle_ms: 0,
        });
        self.client(Event::Acked {
            batch,
            base_offset,
            log_append_time: -1,
        });
    }

    /// Two records to orders-2 on broker 3, which appends them and dies before anybody fetched them.
    pub(crate) fn killed() -> Self {
        let mut run = Self::new();
        run.at(1_000_000).send(0, 2, 0, 0);
        run.send(1, 2, 0, 1);
        run.at(1_005_000).fly(0, 3, 1, 2);
        run.at(1_007_000).append(3, 2, 1, 0, 2);
        run.at(1_008_000).world(Event::BrokerState {
            node: 3,
            state: BrokerState::Killed,
            fenced_at: Some(10_008_000),
        });
        run.client(Event::Disconnected {
            conn: 3,
            node: Some(3),
            because: "connection reset".into(),
        });
        run.client(Event::Retry {
            batch: 0,
            because: "NETWORK_EXCEPTION".into(),
            attempt: 1,
            not_before: 1_108_000,
            persisted: Persisted::Possibly,
        });
        run
    }
}
