//! A run and where the reader is in it. Nothing in here is of a browser, so that all of it is tested without one.

mod intake;
mod options;
mod sandbox;
mod trace;
mod transport;

use ottla_core::Record;

pub(crate) use intake::pour;
pub(crate) use options::options;
pub(crate) use sandbox::Sandbox;
pub(crate) use trace::Reading;
pub(crate) use transport::{Ahead, Feed, Run};

/// A typed message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Message {
    pub(crate) topic: String,
    pub(crate) key: Option<String>,
    pub(crate) value: Option<String>,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) partition: Option<i32>,
}

impl Message {
    /// The message as a record of the client.
    pub(crate) fn record(&self) -> Record<'_> {
        let mut record = Record::to(self.topic.as_str());
        if let Some(key) = &self.key {
            record = record.key(key.as_bytes());
        }
        if let Some(value) = &self.value {
            record = record.value(value.as_bytes());
        }
        for (name, value) in &self.headers {
            record = record.header(name.as_str(), value.as_bytes());
        }
        if let Some(partition) = self.partition {
            record = record.partition(partition);
        }
        record
    }
}

/// Why something was not accepted: Kafka's name of the error, and a line for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) code: String,
    pub(crate) message: String,
}
