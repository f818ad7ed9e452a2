//! Produce, versions 3 to 13.
//!
//! - Batches are checked as Kafka checks them ([`crate::validate`]), then judged by producer id and sequence, then
//!   appended. A batch that is in the log already is a success with its old offset.
//! - `acks=1` answers then; `acks=all` waits until the high watermark has passed the batch, at most `timeout_ms`
//!   (`REQUEST_TIMED_OUT`); too few in-sync replicas: `NOT_ENOUGH_REPLICAS` before, `..._AFTER_APPEND` after the
//!   append. `acks=0` is never answered; an error closes the connection.
//! - From version 10 on `NOT_LEADER_OR_FOLLOWER` names the leader and its address (KIP-951). From version 13 on topics
//!   are known by id (`UNKNOWN_TOPIC_ID`).
//! - Record errors (KIP-467), throttling (KIP-219).
//!
//! Deliberately absent: transactions (a transactional batch is answered as by a cluster whose transaction log does not
//! exist), message formats before magic 2.

use bytes::Bytes;
use ottla_sorted::SortedMap;
use ottla_wire::{
    batch::BatchHeader,
    error_code::ErrorCode,
    messages::produce::{
        BatchIndexAndErrorMessage, LeaderIdAndEpoch, NodeEndpoint, PartitionProduceData,
        PartitionProduceResponse, ProduceRequest, ProduceResponse, TopicProduceResponse,
    },
};

use super::{Call, Pending, Reaction};
use crate::{
    Broker, FULL, Fault, Micros, NodeId, Observed, PlannedFault, TopicImage,
    broker::PartitionKey,
    validate::{self, Refusal, Rules},
};

const BY_ID_SINCE: i16 = 13;
const LEADER_SINCE: i16 = 10;

/// A Produce request whose batches are not all replicated yet.
#[derive(Clone, Debug)]
pub(crate) struct DelayedProduce {
    call: Call,
    response: ProduceResponse,
    /// Place in the response, partition, and the offset that the high watermark has to reach.
    waiting: Vec<(usize, usize, PartitionKey, i64)>,
    pub(crate) deadline: Micros,
}

/// One partition of the request, and what goes for the whole of it.
struct Task<'a> {
    call: Call,
    acks: i16,
    topic: Option<&'a TopicImage>,
    index: i32,
    transactional: bool,
    fault: Option<ErrorCode>,
    append: bool,
}

pub(super) fn handle(broker: &mut Broker, call: Call, request: ProduceRequest) -> Reaction {
    let image = broker.image.clone();
    let fault = planned_fault(broker, call, &request);
    if matches!(&fault, Some(planned) if planned.fault == Fault::CutBeforeAppend) {
        return Reaction::Close {
            why: "fault: cut before the append".to_owned(),
        };
    }
    if FULL && let Some(refusal) = unreadable(&request) {
        return refuse_all(broker, call, request, &refusal);
    }
    let (mut responses, mut waiting) = (Vec::new(), Vec::new());
    for topic in request.topic_data {
        let by_id = call.version >= BY_ID_SINCE;
        let known = if by_id {
            image.topic_by_id(&topic.topic_id)
        } else {
            image.topic(&topic.name)
        };
        let mut parts = Vec::with_capacity(topic.partition_data.len());
        for data in topic.partition_data {
            let name = known.map_or(&*topic.name, |it| &it.name);
            let (fault, append) = answered_by_fault(fault.as_ref(), name, data.index);
            let task = Task {
                call,
                acks: request.acks,
                topic: known.map(|it| &**it),
                index: data.index,
                transactional: request.transactional_id.is_some(),
                fault,
                append,
            };
            let (part, wait) = append_one(broker, &task, &data);
            waiting.extend(wait.map(|(key, offset)| (responses.len(), parts.len(), key, offset)));
            parts.push(part);
        }
        responses.push(TopicProduceResponse {
            name: topic.name,
            topic_id: topic.topic_id,
            partition_responses: parts,
        });
    }
    if matches!(&fault, Some(planned) if planned.fault == Fault::CutAfterAppend) {
        return Reaction::Close {
            why: "fault: cut after the append".to_owned(),
        };
    }
    let throttle_time_ms = broker.quota.charge(call.now, call.size);
    let response = ProduceResponse {
        responses,
        throttle_time_ms,
        ..ProduceResponse::default()
    };
    let deadline = call.now + Micros::try_from(request.timeout_ms).unwrap_or(0) * 1_000;
    let mut delayed = DelayedProduce {
        call,
        response,
        waiting,
        deadline,
    };
    match request.acks {
        0 => delayed.without_answer(),
        _ => delayed
            .retry(broker)
            .unwrap_or(Reaction::Wait(Pending::Produce(delayed))),
    }
}

/// The error that a fault answers with, and whether the batch is appended.
fn answered_by_fault(planned: Option<&PlannedFault>, topic: &str, index: i32) -> (Option<ErrorCode>, bool) {
    match planned.filter(|it| it.concerns(topic, index)).map(|it| &it.fault) {
        Some(Fault::Answer { error, append }) => (Some(*error), *append),
        _ => (None, true),
    }
}

/// Kafka reads the beginning of every batch before it appends one, and refuses all if one makes no sense.
fn unreadable(request: &ProduceRequest) -> Option<Refusal> {
    let mut parts = request.topic_data.iter().flat_map(|topic| &topic.partition_data);
    parts.find_map(|data| validate::unreadable(data.records.as_ref()?))
}

fn refuse_all(broker: &Broker, call: Call, request: ProduceRequest, refusal: &Refusal) -> Reaction {
    let topics = request.topic_data.into_iter().map(|topic| {
        let parts = topic.partition_data.iter();
        TopicProduceResponse {
            name: topic.name,
            topic_id: topic.topic_id,
            partition_responses: parts.map(|data| refused_part(data.index, refusal)).collect(),
        }
    });
    let mut refused = DelayedProduce {
        call,
        response: ProduceResponse {
            responses: topics.collect(),
            ..ProduceResponse::default()
        },
        waiting: Vec::new(),
        deadline: call.now,
    };
    match request.acks {
        0 => refused.without_answer(),
        _ => refused.answer(broker),
    }
}

fn planned_fault(broker: &mut Broker, call: Call, request: &ProduceRequest) -> Option<PlannedFault> {
    if !broker.faults.is_planned() {
        return None;
    }
    let image = broker.image.clone();
    let mut partitions = Vec::new();
    for topic in &request.topic_data {
        let by_id = image
            .topic_by_id(&topic.topic_id)
            .filter(|_| call.version >= BY_ID_SINCE);
        let name = by_id.map_or(topic.name.as_str(), |it| &it.name);
        partitions.extend(topic.partition_data.iter().map(|data| (name, data.index)));
    }
    broker.faults.take(&partitions)
}

/// Appends one batch. Gives its part of the answer, and what to wait for if `acks=all`.
fn append_one(
    broker: &mut Broker,
    task: &Task<'_>,
    data: &PartitionProduceData,
) -> (PartitionProduceResponse, Option<(PartitionKey, i64)>) {
    let refused = |refusal: &Refusal| (refused_part(task.index, refusal), None);
    let unknown = if task.call.version >= BY_ID_SINCE {
        ErrorCode::UNKNOWN_TOPIC_ID
    } else {
        ErrorCode::UNKNOWN_TOPIC_OR_PARTITION
    };
    let Some(topic) = task.topic else {
        return refused(&Refusal::bare(unknown));
    };
    let key = (topic.id, task.index);
    if !task.append {
        let error = task.fault.unwrap_or(ErrorCode::UNKNOWN_SERVER_ERROR);
        broker.observe_refusal(key, task.call, error);
        return refused(&Refusal::bare(error));
    }
    match try_append(broker, task, key, data.records.as_ref()) {
        Err(refusal) => {
            broker.observe_refusal(key, task.call, refusal.error);
            let mut part = refused_part(task.index, &refusal);
            if refusal.at_log
                && let Some(replica) = broker.replicas.get(&key)
            {
                part.log_start_offset = replica.log.start();
            }
            if refusal.error == ErrorCode::NOT_LEADER_OR_FOLLOWER && task.call.version >= LEADER_SINCE {
                part.current_leader = topic.partition(task.index).map(|it| LeaderIdAndEpoch {
                    leader_id: it.leader.unwrap_or(-1),
                    leader_epoch: it.leader_epoch,
                });
            }
            (part, None)
        }
        Ok((part, last_offset)) => match task.fault {
            Some(error) => refused(&Refusal::bare(error)),
            None => (part, (task.acks == -1).then_some((key, last_offset + 1))),
        },
    }
}

fn try_append(
    broker: &mut Broker,
    task: &Task<'_>,
    key: PartitionKey,
    records: Option<&Bytes>,
) -> Result<(PartitionProduceResponse, i64), Refusal> {
    let (id, now_ms, deep) = (
        broker.id,
        broker.now_ms(task.call.now),
        broker.settings.validate_records,
    );
    if !(-1..=1).contains(&task.acks) {
        return Err(Refusal::bare(ErrorCode::INVALID_REQUIRED_ACKS));
    }
    if task
        .topic
        .is_some_and(|topic| topic.partition(task.index).is_none())
    {
        return Err(Refusal::bare(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION));
    }
    let Some(replica) = broker
        .replicas
        .get_mut(&key)
        .filter(|replica| replica.leader().is_some())
    else {
        return Err(Refusal::bare(ErrorCode::NOT_LEADER_OR_FOLLOWER));
    };
    if task.acks == -1 && !replica.has_enough_in_sync().0 {
        return Err(Refusal::of_log(ErrorCode::NOT_ENOUGH_REPLICAS));
    }
    let no_records = || Refusal::bare(ErrorCode::INVALID_RECORD);
    let records = records.ok_or_else(no_records)?;
    let config = replica.config.clone();
    let rules = Rules {
        version: task.call.version,
        transactional: task.transactional,
        config: &config,
        now_ms,
        deep,
    };
    let batch = validate::check(records, rules)?;
    let header = *batch.header();
    let forgotten = FULL && broker.observe && replica.forgot(&header);
    let judged = replica.append(batch, now_ms).map_err(Refusal::of_log);
    let log_start_offset = replica.log.start();
    let moved = replica.advance_high_watermark(task.call.now, id);
    if forgotten {
        broker.observe(key, Observed::Forgotten);
    }
    let appended = judged?;
    broker.observe_append(key, task.call, &header, &appended);
    if moved {
        broker.high_watermark_moved(key.0, key.1);
    }
    broker.appended |= !appended.duplicate;
    let part = PartitionProduceResponse {
        index: task.index,
        base_offset: appended.base_offset,
        log_append_time_ms: appended.log_append_time,
        log_start_offset,
        ..PartitionProduceResponse::default()
    };
    Ok((part, appended.last_offset))
}

fn refused_part(index: i32, refusal: &Refusal) -> PartitionProduceResponse {
    let record_errors = refusal
        .records
        .iter()
        .map(|(batch_index, message)| BatchIndexAndErrorMessage {
            batch_index: *batch_index,
            batch_index_error_message: Some(message.clone()),
        });
    PartitionProduceResponse {
        index,
        error_code: refusal.error,
        base_offset: -1,
        log_append_time_ms: -1,
        log_start_offset: -1,
        record_errors: record_errors.collect(),
        error_message: (!refusal.message.is_empty()).then(|| refusal.message.to_owned()),
        ..PartitionProduceResponse::default()
    }
}

impl DelayedProduce {
    /// Looks at the partitions that wait. The answer when none does any more.
    pub(super) fn retry(&mut self, broker: &Broker) -> Option<Reaction> {
        let response = &mut self.response;
        self.waiting.retain(|&(topic, part, key, offset)| {
            let Some(error) = replicated(broker, key, offset) else {
                return true;
            };
            set_error(&mut response.responses[topic].partition_responses[part], error);
            false
        });
        self.waiting.is_empty().then(|| self.answer(broker))
    }

    /// The time is up for the partitions that still wait.
    pub(super) fn expire(&mut self, broker: &Broker) -> Reaction {
        for (topic, part, ..) in std::mem::take(&mut self.waiting) {
            set_error(
                &mut self.response.responses[topic].partition_responses[part],
                ErrorCode::REQUEST_TIMED_OUT,
            );
        }
        self.answer(broker)
    }

    fn answer(&mut self, broker: &Broker) -> Reaction {
        if self.call.version >= LEADER_SINCE {
            self.response.node_endpoints = self.endpoints(broker);
        }
        self.call
            .answer_throttled(&self.response, self.response.throttle_time_ms)
    }

    fn endpoints(&self, broker: &Broker) -> Vec<NodeEndpoint> {
        let parts = self
            .response
            .responses
            .iter()
            .flat_map(|topic| &topic.partition_responses);
        let leaders = parts
            .filter_map(|part| part.current_leader.as_ref())
            .map(|leader| leader.leader_id);
        let known: SortedMap<NodeId, _> = leaders
            .filter_map(|node| Some((node, broker.image.brokers.get(&node)?)))
            .collect();
        let endpoint = |(node_id, endpoint): (NodeId, &crate::Endpoint)| NodeEndpoint {
            node_id,
            host: endpoint.host.clone(),
            port: i32::from(endpoint.port),
            rack: endpoint.rack.clone(),
        };
        known.into_iter().map(endpoint).collect()
    }

    fn without_answer(&self) -> Reaction {
        let mut parts = self
            .response
            .responses
            .iter()
            .flat_map(|topic| &topic.partition_responses);
        match parts.find(|part| !part.error_code.is_ok()) {
            // There is no other way to tell the client.
            Some(part) => Reaction::Close {
                why: format!("acks=0: {}", part.error_code.name()),
            },
            None => Reaction::Silence {
                throttle_ms: self.response.throttle_time_ms,
            },
        }
    }
}

/// Whether everything below `offset` is committed; `None` is not yet.
fn replicated(broker: &Broker, key: PartitionKey, offset: i64) -> Option<ErrorCode> {
    let Some(replica) = broker
        .replicas
        .get(&key)
        .filter(|replica| replica.leader().is_some())
    else {
        return Some(ErrorCode::NOT_LEADER_OR_FOLLOWER);
    };
    if replica.high_watermark() < offset {
        return None;
    }
    let enough = replica.has_enough_in_sync().1;
    Some(if enough {
        ErrorCode::NONE
    } else {
        ErrorCode::NOT_ENOUGH_REPLICAS_AFTER_APPEND
    })
}

/// Where the batch is in the log stays true.
fn set_error(part: &mut PartitionProduceResponse, error: ErrorCode) {
    if !error.is_ok() {
        part.error_code = error;
    }
}

impl Broker {
    fn observe_refusal(&mut self, key: PartitionKey, call: Call, error: ErrorCode) {
        self.observe(
            key,
            Observed::Refused {
                error,
                conn: call.conn,
                correlation: call.correlation,
            },
        );
    }

    fn observe_append(
        &mut self,
        key: PartitionKey,
        call: Call,
        header: &BatchHeader,
        appended: &crate::replica::Appended,
    ) {
        if appended.duplicate {
            return self.observe_refusal(key, call, ErrorCode::NONE);
        }
        let observed = Observed::Appended {
            base_offset: appended.base_offset,
            count: header.record_count.unsigned_abs(),
            conn: call.conn,
            correlation: call.correlation,
            producer_id: header.producer_id,
            sequence: header.base_sequence,
        };
        self.observe(key, observed);
    }
}
