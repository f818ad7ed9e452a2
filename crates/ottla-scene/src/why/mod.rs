//! Where a record is and why it waits there, with numbers.

#[cfg(test)]
mod tests;
mod waterfall;

pub use waterfall::{Phase, PhaseEnd, PhaseKind, waterfall};

use ottla_trace::event::{NodeId, Persisted, RecordId, Verdict};

use crate::state::{AttemptEnd, Phase as BatchPhase};
use crate::state::{Batch, PipeState, Position, Record, RecordAt, State};

/// Where a record is, and what it waits for. Times are microseconds.
#[derive(Clone, Debug, PartialEq)]
pub enum Why {
    /// `send` is at work on it.
    Entering,
    /// Its topic is not known yet.
    NoMetadata {
        /// Since when it waits.
        gone: u64,
        /// `max.block.ms`.
        limit: u64,
    },
    /// Its batch takes more records until `linger.ms` is over or it is full.
    Lingering {
        /// How long the batch is open.
        gone: u64,
        /// `linger.ms`.
        linger: u64,
        /// Bytes in the batch.
        bytes: u32,
        /// Bytes that it may have.
        capacity: u32,
    },
    /// Its batch is closed and others of its partition go first.
    Behind {
        /// How many.
        ahead: usize,
    },
    /// Its batch is closed and the connection has `max.in.flight.requests.per.connection` requests.
    TooManyInFlight {
        /// The broker.
        node: NodeId,
        /// The limit.
        max: u64,
    },
    /// Its batch is closed and nobody leads its partition.
    NoLeader,
    /// Its batch is closed and there is no connection to its leader.
    NoConnection {
        /// The leader.
        node: NodeId,
        /// Whether there was one.
        cut: bool,
    },
    /// Its batch is closed; the sender will take it.
    Ready,
    /// It was sent and not answered, or refused, and will be sent again.
    SentAgain {
        /// Kafka's name of the error.
        because: String,
        /// The broker it was sent to.
        node: NodeId,
        /// Until the next attempt; 0 when the wait is over and only a leader or a connection is missing.
        left: u64,
        /// Whether the broker may have it.
        persisted: Persisted,
        /// Whether a simulated broker is known to have appended it.
        appended: bool,
        /// Whether that broker is dead.
        dead: bool,
    },
    /// It is on its way to the broker.
    OnItsWay {
        /// The broker.
        node: NodeId,
        /// How far, from 0 to 1, where it can be seen.
        part: Option<f32>,
    },
    /// The broker has it and waits for the followers.
    WaitsForFollowers {
        /// The broker.
        node: NodeId,
        /// In-sync replicas that do not have it yet.
        missing: Vec<NodeId>,
    },
    /// It arrived and the broker works on it.
    AtBroker {
        /// The broker.
        node: NodeId,
    },
    /// The answer is under way.
    AnswerComing {
        /// The broker.
        node: NodeId,
    },
    /// Delivered.
    ToldOk {
        /// Offset, -1 when unknown.
        offset: i64,
        /// From `send` to the answer.
        took: u64,
        /// How often its batch was sent.
        attempts: usize,
    },
    /// Told OK, and not in the log any more.
    Lost {
        /// The offset that it had.
        offset: i64,
    },
    /// Failed.
    Failed {
        /// Kafka's name of the error.
        error: String,
        /// Whether it may be in the log nevertheless.
        persisted: Persisted,
        /// From `send` to the bad news.
        took: u64,
    },
}

/// Where the record is at `t`, and why.
pub fn why(state: &State, id: RecordId, t: u64) -> Option<Why> {
    let record = state.records.get(id)?;
    if let Some(Verdict::Lost { offset }) = record.verdict {
        return Some(Why::Lost { offset });
    }
    if let Some((at, error)) = &record.failed {
        return Some(Why::Failed {
            error: error.clone(),
            persisted: Persisted::No,
            took: at.saturating_sub(record.accepted),
        });
    }
    let batch = state.batch_of(record);
    Some(match (state.locate(record, t), batch) {
        (RecordAt::AwaitingMetadata, _) => Why::NoMetadata {
            gone: t.saturating_sub(record.accepted),
            limit: state.setting("max.block.ms", 60_000) * 1_000,
        },
        (RecordAt::Queued(_), Some(batch)) => queued(state, batch, t),
        (RecordAt::Flying { position, .. }, Some(batch)) => flying(state, batch, position),
        (RecordAt::ToldOk | RecordAt::Failed, Some(batch)) => ended(state, record, batch),
        _ => Why::Entering,
    })
}

fn queued(state: &State, batch: &Batch, t: u64) -> Why {
    let partition = (batch.topic, batch.partition);
    let linger = state.setting("linger.ms", 5) * 1_000;
    match &batch.phase {
        BatchPhase::Open => {
            return Why::Lingering {
                gone: t.saturating_sub(batch.opened).min(linger),
                linger,
                bytes: batch.bytes,
                capacity: batch.capacity,
            };
        }
        BatchPhase::Retry {
            not_before, because, ..
        } => {
            let node = batch.attempts.last().map_or(-1, |attempt| attempt.node);
            return Why::SentAgain {
                because: because.clone(),
                node,
                left: not_before.saturating_sub(t),
                persisted: batch.persisted,
                appended: batch.attempts.iter().any(|attempt| attempt.appended.is_some()),
                dead: state.brokers.get(&node).is_some_and(crate::state::Broker::dead),
            };
        }
        _ => {}
    }
    let leader = state.believed_leader(partition);
    let lane = state.lane(partition);
    let ahead = lane.queued.iter().take_while(|id| **id != batch.id).count();
    let max = state.setting("max.in.flight.requests.per.connection", 5);
    let in_flight = state
        .under_way(leader, t)
        .filter(|it| !it.batches.is_empty())
        .count() as u64;
    match state.pipe(leader) {
        _ if leader < 0 => Why::NoLeader,
        PipeState::Cut(_) => Why::NoConnection {
            node: leader,
            cut: true,
        },
        PipeState::None | PipeState::Opening => Why::NoConnection {
            node: leader,
            cut: false,
        },
        PipeState::Open if ahead > 0 => Why::Behind { ahead },
        PipeState::Open if in_flight >= max => Why::TooManyInFlight { node: leader, max },
        PipeState::Open => Why::Ready,
    }
}

fn flying(state: &State, batch: &Batch, position: Position) -> Why {
    let Some(attempt) = batch.attempts.last() else {
        return Why::OnItsWay { node: -1, part: None };
    };
    let node = attempt.node;
    match position {
        Position::Out(part) => Why::OnItsWay {
            node,
            part: Some(part),
        },
        Position::Unobserved => Why::OnItsWay { node, part: None },
        Position::Back(_) => Why::AnswerComing { node },
        Position::AtBroker => {
            let partition = (batch.topic, batch.partition);
            let end = state
                .logs
                .get(&(node, partition))
                .and_then(|log| log.find(batch.id))
                .map(|base| base + i64::from(batch.count));
            let Some(end) = end else {
                return Why::AtBroker { node };
            };
            let behind = |replica: &&NodeId| {
                state
                    .logs
                    .get(&(**replica, partition))
                    .is_none_or(|log| log.end < end)
            };
            let missing: Vec<_> = state
                .isr(partition)
                .iter()
                .filter(|replica| **replica != node)
                .filter(behind)
                .copied()
                .collect();
            if missing.is_empty() {
                Why::AtBroker { node }
            } else {
                Why::WaitsForFollowers { node, missing }
            }
        }
    }
}

fn ended(state: &State, record: &Record, batch: &Batch) -> Why {
    match &batch.phase {
        BatchPhase::Failed { at, error } => Why::Failed {
            error: error.clone(),
            persisted: batch.persisted,
            took: at.saturating_sub(record.accepted),
        },
        BatchPhase::Acked { at, .. } => Why::ToldOk {
            offset: state.offset_of(record).unwrap_or(-1),
            took: at.saturating_sub(record.accepted),
            attempts: batch.attempts.len(),
        },
        _ => Why::Entering,
    }
}

/// Numbers beside the reason: what the panel lists.
#[derive(Clone, Debug, PartialEq)]
pub struct Facts {
    /// `topic-partition`, once there is one.
    pub partition: Option<String>,
    /// How the partition was chosen.
    pub route: Option<crate::state::Route>,
    /// Producer id, epoch and the record's own sequence.
    pub identity: Option<(i64, i16, i32)>,
    /// Bytes of the record, and of its batch.
    pub size: Option<(u32, u32)>,
    /// Whether it is in the log, as far as the client knows.
    pub persisted: Persisted,
    /// Time left, and `delivery.timeout.ms`; `None` when the record is resolved.
    pub deadline: Option<(u64, u64)>,
    /// Its offset, if known.
    pub offset: Option<i64>,
}

/// The numbers of a record at `t`.
pub fn facts(state: &State, id: RecordId, t: u64) -> Option<Facts> {
    let record = state.records.get(id)?;
    let batch = state.batch_of(record);
    let place = record.place;
    let limit = state.setting("delivery.timeout.ms", 120_000) * 1_000;
    let begun = batch.map_or(record.accepted, |batch| batch.opened);
    let resolved = record.failed.is_some() || batch.is_some_and(|batch| !batch.unresolved());
    let written = batch.is_some_and(|batch| {
        let last = batch.attempts.last();
        last.is_some_and(|last| last.ended.is_none() || matches!(last.ended, Some((_, AttemptEnd::Lost(_)))))
    });
    Some(Facts {
        partition: record
            .route
            .map(|route| state.name((record.topic, route.partition))),
        route: record.route,
        identity: batch.and_then(|batch| batch.stamp).map(|stamp| {
            let index = place.map_or(0, |place| place.index);
            (
                stamp.producer_id,
                stamp.epoch,
                // Sequences wrap at 2^31, as the wire's are non-negative i32.
                ((i64::from(stamp.sequence) + i64::from(index)) & 0x7fff_ffff) as i32,
            )
        }),
        size: place.zip(batch).map(|(place, batch)| (place.bytes, batch.bytes)),
        persisted: match batch.map_or(Persisted::No, |batch| batch.persisted) {
            Persisted::No if written && !resolved => Persisted::Possibly,
            other => other,
        },
        deadline: (!resolved).then(|| (limit.saturating_sub(t.saturating_sub(begun)), limit)),
        offset: state.offset_of(record),
    })
}
