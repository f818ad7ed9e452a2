//! One producer that sends to the mock, and what it told.

use std::sync::Arc;
use std::time::Duration;

use ottla::trace::Level;
use ottla::{Counters, Delivery, ErrorKind, KafkaError, Persisted, Producer, Record};

use tokio::sync::Notify;

use crate::mock::{Mock, TOPIC};

/// No test takes longer; what does hangs.
const PATIENCE: Duration = Duration::from_secs(20);

/// What a producer said of a record that failed, and of what it refuses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Kafka's name.
    pub name: String,
    /// Whose fault it is.
    pub kind: ErrorKind,
    /// Whether the record may be in the log.
    pub in_log: Persisted,
}

impl From<KafkaError> for Failure {
    fn from(error: KafkaError) -> Self {
        assert_eq!(error.to_string().lines().count(), 1, "{error}");
        Self {
            name: error.code().to_owned(),
            kind: error.kind(),
            in_log: error.persisted(),
        }
    }
}

/// Each record's offset, or why it failed.
pub type Told = Vec<Result<i64, Failure>>;

/// A producer with short pauses between its attempts.
#[derive(Debug)]
pub struct Sender {
    producer: Producer,
    /// The producer did something.
    happened: Arc<Notify>,
}

impl Sender {
    /// A producer for this cluster; the options come on top of short backoffs.
    pub fn new(mock: &Mock, options: &[(&str, &str)]) -> Self {
        let happened = Arc::new(Notify::new());
        let happens = Arc::clone(&happened);
        let producer = Producer::builder()
            .trace(Level::Batch, move |_| happens.notify_one())
            .bootstrap_servers(mock.bootstrap())
            .set_all([
                ("retry.backoff.ms", "1"),
                ("retry.backoff.max.ms", "2"),
                ("reconnect.backoff.ms", "1"),
                ("reconnect.backoff.max.ms", "2"),
            ])
            .set_all(options.iter().copied())
            .start();
        Self {
            producer: producer.expect("valid options, inside of a runtime"),
            happened,
        }
    }

    /// As [`Sender::new`], connected and with a producer id: the first thing that meets an injected answer is the
    /// next batch. One record, `warm`, is in the log.
    pub async fn warm(mock: &Mock, options: &[(&str, &str)]) -> Self {
        let sender = Self::new(mock, options);
        assert_eq!(sender.send(&["warm"]).await, [Ok(0)]);
        sender
    }

    /// Accepts records without giving the driver a turn between them.
    pub fn post(&self, values: &[&str]) -> Vec<Delivery> {
        let sent = values
            .iter()
            .map(|value| self.producer.try_send(Record::to(TOPIC).value(*value)));
        sent.map(|sent| sent.expect("there is room")).collect()
    }

    /// Sends records in one batch, if `batch.size` lets them be, and waits for their results.
    pub async fn send(&self, values: &[&str]) -> Told {
        let sent = self.post(values);
        self.results(sent).await
    }

    /// Waits for the results of what was posted.
    pub async fn results(&self, deliveries: Vec<Delivery>) -> Told {
        let told = async {
            self.producer.flush().await.expect("the runtime lives");
            let mut told = Vec::new();
            for delivery in deliveries {
                told.push(delivery.await.map(|record| record.offset).map_err(Failure::from));
            }
            told
        };
        tokio::time::timeout(PATIENCE, told)
            .await
            .expect("every record gets a result")
    }

    /// Why the producer takes no record, if it does not.
    pub fn refusal(&self) -> Option<Failure> {
        let sent = self.producer.try_send(Record::to(TOPIC).value("refused"));
        sent.err().map(Failure::from)
    }

    /// What was counted so far.
    pub fn counters(&self) -> Counters {
        self.producer.metrics()
    }

    /// Waits until what was counted is enough.
    pub async fn until(&self, is_enough: impl Fn(&Counters) -> bool) {
        let enough = async {
            while !is_enough(&self.counters()) {
                self.happened.notified().await;
            }
        };
        tokio::time::timeout(PATIENCE, enough)
            .await
            .expect("it comes to be enough");
    }

    /// The producer epoch, -1 without idempotence.
    pub fn epoch(&self) -> i16 {
        self.producer.snapshot().epoch
    }
}
