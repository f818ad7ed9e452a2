//! librdkafka's mock cluster as the other side of ottla's native producer.
//!
//! It speaks Kafka's protocol on loopback sockets, answers with the errors that a test pushes, and closes connections
//! when told to. It never appends what it refuses, and does not check sequence numbers of producers without a
//! transaction: where a broker would refuse the batches behind a refused one, the test pushes that answer, too.

mod mock;
mod sender;
pub mod table;

pub use mock::{Mock, TOPIC};
pub use rdkafka::types::RDKafkaApiKey as Api;
pub use sender::{Failure, Sender, Told};
