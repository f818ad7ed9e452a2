//! The cluster, its injected answers, and its log as librdkafka's own consumer reads it.

use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::message::Message;
use rdkafka::mocking::MockCluster;
use rdkafka::producer::DefaultProducerContext;
use rdkafka::types::{RDKafkaApiKey, RDKafkaRespErr};
use rdkafka::{ClientConfig, Offset, TopicPartitionList};

/// The topic of every test, with one partition on broker 1.
pub const TOPIC: &str = "t";

/// A mock cluster with an empty [`TOPIC`].
pub struct Mock {
    cluster: MockCluster<'static, DefaultProducerContext>,
}

impl std::fmt::Debug for Mock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Mock").field(&self.bootstrap()).finish()
    }
}

impl Mock {
    /// Starts so many brokers, numbered from 1.
    pub fn new(brokers: i32) -> Self {
        let cluster = MockCluster::new(brokers).expect("librdkafka binds loopback ports");
        // Its flexible versions (9 on) end with a byte too many, which ottla takes for a broken answer.
        cluster
            .apiversion(RDKafkaApiKey::Metadata, Some(0), Some(8))
            .expect("versions that the mock has");
        cluster.create_topic(TOPIC, 1, brokers).expect("the topic is new");
        let mock = Self { cluster };
        mock.lead(1);
        mock
    }

    /// `bootstrap.servers`.
    pub fn bootstrap(&self) -> String {
        self.cluster.bootstrap_servers()
    }

    /// The next requests of this kind get these answers, in this order.
    pub fn answer(&self, api: RDKafkaApiKey, codes: &[i16]) {
        let errors: Vec<_> = codes.iter().map(|code| response_error(*code)).collect();
        self.cluster.request_errors(api, &errors);
    }

    /// Ends the connections of the next requests of this kind, without an answer.
    pub fn cut(&self, api: RDKafkaApiKey, times: usize) {
        let errors = vec![RDKafkaRespErr::RD_KAFKA_RESP_ERR__TRANSPORT; times];
        self.cluster.request_errors(api, &errors);
    }

    /// Metadata says this of the topic from now on; 0 ends it.
    pub fn topic_error(&self, code: i16) {
        self.cluster
            .topic_error(TOPIC, response_error(code))
            .expect("a name without NUL");
    }

    /// Makes a broker the partition's leader.
    pub fn lead(&self, broker: i32) {
        let led = self.cluster.partition_leader(TOPIC, 0, Some(broker));
        led.expect("a broker of this cluster");
    }

    /// Ends a broker's connections and takes no new ones; -1 for all brokers.
    pub fn down(&self, broker: i32) {
        self.cluster
            .broker_down(broker)
            .expect("a broker of this cluster");
    }

    /// Takes connections again; -1 for all brokers.
    pub fn up(&self, broker: i32) {
        self.cluster.broker_up(broker).expect("a broker of this cluster");
    }

    /// How long every answer of a broker waits; -1 for all brokers.
    pub fn delay(&self, broker: i32, delay: Duration) {
        self.cluster
            .broker_round_trip_time(broker, delay)
            .expect("a broker of this cluster");
    }

    /// The values in the log, read to its end.
    ///
    /// # Panics
    /// When librdkafka's consumer does not reach the end in time, or offsets do not follow each other.
    pub fn log(&self) -> Vec<String> {
        const PATIENCE: Duration = Duration::from_secs(20);
        let consumer: BaseConsumer = ClientConfig::new()
            .set("bootstrap.servers", self.bootstrap())
            .set("group.id", "reader")
            .set("enable.partition.eof", "true")
            .set("fetch.wait.max.ms", "10")
            .create()
            .expect("a valid configuration");
        let mut assignment = TopicPartitionList::new();
        assignment
            .add_partition_offset(TOPIC, 0, Offset::Beginning)
            .expect("an offset that can be assigned");
        consumer.assign(&assignment).expect("assigning needs no broker");
        let (mut values, start) = (Vec::new(), Instant::now());
        while start.elapsed() < PATIENCE {
            match consumer.poll(Duration::from_millis(100)) {
                Some(Ok(message)) => {
                    assert_eq!(message.offset(), values.len() as i64, "offsets have no gap here");
                    let value = message.payload().unwrap_or_default();
                    values.push(String::from_utf8_lossy(value).into_owned());
                }
                Some(Err(KafkaError::PartitionEOF(_))) => return values,
                Some(Err(_)) | None => {}
            }
        }
        panic!("librdkafka's consumer did not reach the end of the log; it read {values:?}");
    }
}

fn response_error(code: i16) -> RDKafkaRespErr {
    RDKafkaRespErr::try_from(i32::from(code)).expect("a code that librdkafka knows")
}
