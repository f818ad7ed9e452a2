//! Produce requests as a test sees them, and answers to them.

use bytes::Bytes;
use ottla_core::ConnId;
use ottla_wire::batch::{BatchHeader, read_batches};
use ottla_wire::encode_response;
use ottla_wire::header::RequestHeader;
use ottla_wire::messages::Message;
use ottla_wire::messages::produce::{
    PartitionProduceResponse, ProduceRequest, ProduceResponse, TopicProduceResponse,
};

use super::Outcome;

/// A Produce request that the test has to answer.
#[derive(Debug)]
pub struct Pending {
    pub conn: ConnId,
    pub node: Option<i32>,
    pub header: RequestHeader,
    pub request: ProduceRequest,
}

/// One batch of a Produce request.
#[derive(Debug)]
pub struct Sent {
    pub topic: String,
    pub partition: i32,
    pub header: BatchHeader,
    pub values: Vec<String>,
}

impl Pending {
    pub fn batches(&self) -> Vec<Sent> {
        let mut sent = Vec::new();
        for topic in &self.request.topic_data {
            for partition in &topic.partition_data {
                let bytes = partition.records.clone().expect("a batch");
                let batches: Vec<_> = read_batches(bytes)
                    .collect::<Result<_, _>>()
                    .expect("whole batches");
                assert_eq!(batches.len(), 1, "exactly one batch per partition");
                batches[0].verify_crc().expect("the CRC is right");
                let records = batches[0].open(64 << 20).expect("records");
                sent.push(Sent {
                    topic: topic.name.clone(),
                    partition: partition.index,
                    header: *batches[0].header(),
                    values: records
                        .iter()
                        .map(|record| text(record.expect("a record").value.unwrap_or(b"(null)")))
                        .collect(),
                });
            }
        }
        sent
    }

    /// The only batch.
    pub fn batch(&self) -> Sent {
        let mut batches = self.batches();
        assert_eq!(batches.len(), 1);
        batches.remove(0)
    }

    /// All values, in order.
    pub fn values(&self) -> Vec<String> {
        self.batches()
            .into_iter()
            .flat_map(|batch| batch.values)
            .collect()
    }
}

pub fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

pub fn short(outcome: &Outcome) -> String {
    match outcome {
        Ok(metadata) => format!("{}@{}", metadata.partition, metadata.offset),
        Err(error) => format!("{} {:?}", error.code, error.persisted),
    }
}

pub fn respond(pending: &Pending, answer: impl Fn(&str, i32) -> PartitionProduceResponse) -> ProduceResponse {
    ProduceResponse {
        responses: pending
            .request
            .topic_data
            .iter()
            .map(|topic| TopicProduceResponse {
                name: topic.name.clone(),
                topic_id: topic.topic_id,
                partition_responses: topic
                    .partition_data
                    .iter()
                    .map(|partition| PartitionProduceResponse {
                        index: partition.index,
                        ..answer(&topic.name, partition.index)
                    })
                    .collect(),
            })
            .collect(),
        ..Default::default()
    }
}

pub fn encode<M: Message>(header: &RequestHeader, message: &M) -> Bytes {
    encode_response(header.correlation_id, header.api_version, message)
        .expect("encodes")
        .into()
}
