//! Fetch, versions 4 to 18, for consumers.
//!
//! - Whole batches below the high watermark, the first one even if it is larger than asked for.
//! - Waits for `min_bytes` at most `max_wait_ms`; an error is answered at once.
//! - Topics by name, from version 13 on by id. Epoch fencing. From version 16 on `NOT_LEADER_OR_FOLLOWER` names the
//!   leader and its address. From version 11 on a follower may be read, too.
//!
//! Deliberately absent: incremental sessions (session id 0 is answered, which means "always ask for everything"),
//! sending consumers to a nearer follower, transactions (nothing is ever aborted). Brokers replicate by a shorter way
//! ([`Broker::replica_fetch`]).

use bytes::Bytes;
use ottla_wire::{
    error_code::ErrorCode,
    messages::fetch::{
        FetchPartition, FetchRequest, FetchResponse, FetchTopic, FetchableTopicResponse, LeaderIdAndEpoch,
        NodeEndpoint, PartitionData,
    },
};

use super::{Call, Pending, Reaction};
use crate::{Broker, Micros, log};

const BY_ID_SINCE: i16 = 13;
const LEADER_SINCE: i16 = 16;
/// From this version on followers may be read (KIP-392).
const FOLLOWERS_SINCE: i16 = 11;
const READ_COMMITTED: i8 = 1;

/// A fetch that waits for records.
#[derive(Clone, Debug)]
pub(crate) struct DelayedFetch {
    call: Call,
    request: FetchRequest,
    pub(crate) deadline: Micros,
}

pub(super) fn handle(broker: &mut Broker, call: Call, request: FetchRequest) -> Reaction {
    if request.session_id != 0 {
        let error_code = ErrorCode::FETCH_SESSION_ID_NOT_FOUND;
        return call.answer(&FetchResponse {
            error_code,
            ..FetchResponse::default()
        });
    }
    let deadline = call.now + Micros::try_from(request.max_wait_ms).unwrap_or(0) * 1_000;
    let delayed = DelayedFetch {
        call,
        request,
        deadline,
    };
    delayed
        .retry(broker, call.now)
        .unwrap_or(Reaction::Wait(Pending::Fetch(delayed)))
}

impl DelayedFetch {
    /// The answer if there is enough to read, something wrong, or the time is up.
    pub(super) fn retry(&self, broker: &Broker, now: Micros) -> Option<Reaction> {
        let response = self.read(broker);
        let mut parts = response.responses.iter().flat_map(|topic| &topic.partitions);
        let bytes: usize = parts
            .clone()
            .map(|part| part.records.as_ref().map_or(0, Bytes::len))
            .sum();
        let enough = bytes >= usize::try_from(self.request.min_bytes).unwrap_or(0);
        let done = enough || now >= self.deadline || parts.any(|part| !part.error_code.is_ok());
        (done || self.request.topics.is_empty()).then(|| self.call.answer(&response))
    }

    /// The answer with whatever there is.
    pub(super) fn expire(&self, broker: &Broker) -> Reaction {
        self.call.answer(&self.read(broker))
    }

    fn read(&self, broker: &Broker) -> FetchResponse {
        let mut budget = usize::try_from(self.request.max_bytes).unwrap_or(0);
        let mut first = true;
        let mut response = FetchResponse::default();
        for topic in &self.request.topics {
            let parts = topic.partitions.iter().map(|asked| {
                let part = self.read_one(broker, topic, asked, budget, first);
                let read = part.records.as_ref().map_or(0, Bytes::len);
                budget = budget.saturating_sub(read);
                first &= read == 0;
                part
            });
            let partitions = parts.collect();
            let (topic, topic_id) = (topic.topic.clone(), topic.topic_id);
            response.responses.push(FetchableTopicResponse {
                topic,
                topic_id,
                partitions,
            });
        }
        if self.call.version >= LEADER_SINCE {
            response.node_endpoints = endpoints(broker, &response);
        }
        response
    }

    fn read_one(
        &self,
        broker: &Broker,
        topic: &FetchTopic,
        asked: &FetchPartition,
        budget: usize,
        first: bool,
    ) -> PartitionData {
        let nothing = PartitionData {
            partition_index: asked.partition,
            high_watermark: -1,
            last_stable_offset: -1,
            log_start_offset: -1,
            preferred_read_replica: -1,
            records: Some(Bytes::new()),
            ..PartitionData::default()
        };
        let failed = |error_code| PartitionData {
            error_code,
            ..nothing.clone()
        };
        let by_id = self.call.version >= BY_ID_SINCE;
        let known = broker.image.topic_by_id(&topic.topic_id).filter(|_| by_id);
        if by_id && known.is_none() {
            return failed(ErrorCode::UNKNOWN_TOPIC_ID);
        }
        let name = known.map_or(&*topic.topic, |it| &it.name);
        let found = if self.call.version >= FOLLOWERS_SINCE {
            broker.replica(name, asked.partition, asked.current_leader_epoch)
        } else {
            broker.leading(name, asked.partition, asked.current_leader_epoch)
        };
        let replica = match found {
            Ok(replica) => replica,
            Err(error) => {
                let aborted_transactions = (error == ErrorCode::UNKNOWN_TOPIC_OR_PARTITION).then(Vec::new);
                let leader =
                    broker
                        .image
                        .partition(name, asked.partition)
                        .map(|partition| LeaderIdAndEpoch {
                            leader_id: partition.leader.unwrap_or(-1),
                            leader_epoch: partition.leader_epoch,
                        });
                let moved = error == ErrorCode::NOT_LEADER_OR_FOLLOWER && self.call.version >= LEADER_SINCE;
                return PartitionData {
                    current_leader: leader.filter(|_| moved),
                    aborted_transactions,
                    ..failed(error)
                };
            }
        };
        let (log, high_watermark) = (&replica.log, replica.high_watermark());
        let offsets = PartitionData {
            high_watermark,
            last_stable_offset: high_watermark,
            log_start_offset: log.start(),
            // Null says that nobody asked, an empty list that nothing is aborted.
            aborted_transactions: (self.request.isolation_level == READ_COMMITTED).then(Vec::new),
            ..nothing.clone()
        };
        if asked.fetch_offset < log.start() || asked.fetch_offset > log.end() {
            return PartitionData {
                aborted_transactions: None,
                ..failed(ErrorCode::OFFSET_OUT_OF_RANGE)
            };
        }
        let limit = budget.min(usize::try_from(asked.partition_max_bytes).unwrap_or(0));
        let batches = log.read(asked.fetch_offset, high_watermark, limit, first);
        PartitionData {
            records: Some(log::concat(&batches)),
            ..offsets
        }
    }
}

fn endpoints(broker: &Broker, response: &FetchResponse) -> Vec<NodeEndpoint> {
    let parts = response.responses.iter().flat_map(|topic| &topic.partitions);
    let mut nodes: Vec<_> = parts
        .filter_map(|part| Some(part.current_leader.as_ref()?.leader_id))
        .collect();
    nodes.sort_unstable();
    nodes.dedup();
    let known = nodes.into_iter().filter_map(|node_id| {
        let endpoint = broker.image.brokers.get(&node_id)?;
        let (host, port) = (endpoint.host.clone(), i32::from(endpoint.port));
        Some(NodeEndpoint {
            node_id,
            host,
            port,
            rack: endpoint.rack.clone(),
        })
    });
    known.collect()
}
