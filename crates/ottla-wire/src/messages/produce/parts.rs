//! The producer's hot path: a Produce request around record batches that are not copied.

use alloc::string::String;
use alloc::vec::Vec;

use bytes::Bytes;

use crate::api::ApiKey;
use crate::header::RequestHeader;
use crate::messages::encode_format;
use crate::primitives::{EncodeError, EncodeErrorKind, Format, Uuid, Writer};

/// A Produce request whose batches are lists of shared chunks (header and records apart, say).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ProduceRequestParts {
    /// `None` outside of transactions.
    pub transactional_id: Option<String>,
    /// 0: no answer; 1: when the leader has it; -1: when all replicas in sync have it.
    pub acks: i16,
    /// Milliseconds that the leader may wait for the replicas.
    pub timeout_ms: i32,
    /// One entry per topic.
    pub topics: Vec<TopicParts>,
}

/// The batches of one topic.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TopicParts {
    /// The topic, written up to version 12.
    pub name: String,
    /// The topic, written from version 13 on.
    pub topic_id: Uuid,
    /// One entry per partition.
    pub partitions: Vec<PartitionParts>,
}

/// The batch of one partition.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PartitionParts {
    /// The partition.
    pub index: i32,
    /// The bytes of one record batch, in order.
    pub records: Vec<Bytes>,
}

impl ProduceRequestParts {
    /// The whole request as it goes to the socket: length prefix, header and the start of the body in the first
    /// chunk, then the batches, uncopied, with a few own bytes between them.
    ///
    /// # Errors
    ///
    /// As [`Message::encode`](crate::messages::Message::encode).
    pub fn write_prefixed(
        &self,
        correlation_id: i32,
        client_id: Option<&str>,
        version: i16,
    ) -> Result<Vec<Bytes>, EncodeError> {
        let format = encode_format(ApiKey::Produce, version)?;
        let mut w = Writer::sharing();
        w.begin_frame();
        let header = RequestHeader {
            api_key: ApiKey::Produce.key(),
            api_version: version,
            correlation_id,
            client_id: client_id.map(Into::into),
        };
        header.write(&mut w)?;
        self.write(format, &mut w)?;
        w.end_frame()?;
        Ok(w.into_chunks())
    }

    fn write(&self, format: Format, w: &mut Writer) -> Result<(), EncodeError> {
        w.enter("ProduceRequest.transactional_id");
        w.string(format.flexible, self.transactional_id.as_deref())?;
        w.i16(self.acks);
        w.i32(self.timeout_ms);
        w.enter("ProduceRequest.topic_data");
        w.length(format.flexible, Some(self.topics.len()))?;
        self.topics.iter().try_for_each(|topic| topic.write(format, w))?;
        end_struct(format, w);
        Ok(())
    }
}

impl TopicParts {
    fn write(&self, format: Format, w: &mut Writer) -> Result<(), EncodeError> {
        if format.version >= 13 {
            w.uuid(self.topic_id);
        } else {
            w.enter("TopicProduceData.name");
            w.string(format.flexible, Some(&self.name))?;
        }
        w.enter("TopicProduceData.partition_data");
        w.length(format.flexible, Some(self.partitions.len()))?;
        self.partitions
            .iter()
            .try_for_each(|partition| partition.write(format, w))?;
        end_struct(format, w);
        Ok(())
    }
}

impl PartitionParts {
    fn write(&self, format: Format, w: &mut Writer) -> Result<(), EncodeError> {
        w.i32(self.index);
        w.enter("PartitionProduceData.records");
        let length = self
            .records
            .iter()
            .try_fold(0usize, |sum, chunk| sum.checked_add(chunk.len()));
        let length = length.ok_or_else(|| {
            w.error(EncodeErrorKind::TooLong {
                length: usize::MAX,
                max: i32::MAX as usize,
            })
        })?;
        w.length(format.flexible, Some(length))?;
        self.records.iter().for_each(|chunk| w.raw_shared(chunk));
        end_struct(format, w);
        Ok(())
    }
}

fn end_struct(format: Format, w: &mut Writer) {
    if format.flexible {
        w.uvarint(0);
    }
}
