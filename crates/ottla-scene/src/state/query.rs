//! Questions to a state: what stands where.

use ottla_trace::event::{BatchId, ConnId, NodeId, Persisted, RecordId};

use super::{Batch, ConnPhase, Connection, LedgerView, Partition, Phase, Position, Record, Request, State};

/// A partition's queue in the accumulator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lane {
    /// Topic and partition.
    pub partition: Partition,
    /// The leader that the client believes in, -1 when it knows none.
    pub leader: NodeId,
    /// Batches that stand in the queue, the next to be sent first.
    pub queued: Vec<BatchId>,
}

/// What a broker's pipe looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PipeState {
    /// Never dialled, or closed without harm.
    None,
    /// Being opened.
    Opening,
    /// Requests may pass.
    Open,
    /// Cut, since then.
    Cut(u64),
}

/// Where a record is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum RecordAt {
    /// Inside `send`.
    Entering,
    /// Before the partitioner: the topic is not known yet.
    AwaitingMetadata,
    /// In a queue.
    Queued(BatchId),
    /// In a request.
    Flying {
        /// The batch.
        batch: BatchId,
        /// The connection.
        conn: ConnId,
        /// The request.
        correlation: i32,
        /// Where the request is.
        position: Position,
    },
    /// The application was told that it is delivered.
    ToldOk,
    /// The application was told that it failed.
    Failed,
}

impl State {
    /// Every partition that is known, by topic and number.
    pub fn partitions(&self) -> Vec<Partition> {
        let mut all: Vec<_> = self
            .belief
            .keys()
            .chain(self.truth.keys())
            .chain(self.queues.keys())
            .copied()
            .collect();
        ottla_sorted::sort(&mut all);
        all.dedup();
        all
    }

    /// `topic-partition`, as Kafka writes it.
    pub fn name(&self, (topic, partition): Partition) -> String {
        match self.topics.get(&topic) {
            Some(name) => format!("{name}-{partition}"),
            None => format!("?-{partition}"),
        }
    }

    /// The queue of a partition.
    pub fn lane(&self, partition: Partition) -> Lane {
        let queued = self.queues.get(&partition).into_iter().flatten().copied();
        Lane {
            partition,
            leader: self.believed_leader(partition),
            queued: queued
                .filter(|id| self.batches.get(*id).is_some_and(Batch::queued))
                .collect(),
        }
    }

    /// The leader that the client believes in, -1 when it knows none.
    pub fn believed_leader(&self, partition: Partition) -> NodeId {
        self.belief.get(&partition).map_or(-1, |view| view.leader)
    }

    /// The leader: the controller's word where it can be heard, else the client's belief.
    pub fn leader(&self, partition: Partition) -> NodeId {
        self.truth
            .get(&partition)
            .map_or_else(|| self.believed_leader(partition), |it| it.leader)
    }

    /// In-sync replicas, from the same source as [`State::leader`].
    pub fn isr(&self, partition: Partition) -> &[NodeId] {
        match (self.truth.get(&partition), self.belief.get(&partition)) {
            (Some(truth), _) => &truth.isr,
            (None, Some(view)) => &view.isr,
            (None, None) => &[],
        }
    }

    /// All replicas, from the same source as [`State::leader`].
    pub fn replicas(&self, partition: Partition) -> &[NodeId] {
        match (self.truth.get(&partition), self.belief.get(&partition)) {
            (Some(truth), _) => &truth.replicas,
            (None, Some(view)) => &view.replicas,
            (None, None) => &[],
        }
    }

    /// The latest connection to a broker. One that works hides a bootstrap connection that was closed later.
    pub fn connection(&self, node: NodeId) -> Option<&Connection> {
        let mut to_node = self.connections.values().rev().filter(|it| it.node == Some(node));
        let latest = to_node.next()?;
        let working = |it: &Connection| it.phase == ConnPhase::Ready;
        if working(latest) {
            return Some(latest);
        }
        to_node.find(|it| working(it)).or(Some(latest))
    }

    /// What the pipe to a broker looks like.
    pub fn pipe(&self, node: NodeId) -> PipeState {
        let Some(connection) = self.connection(node) else {
            return PipeState::None;
        };
        // A dead broker that is dialled again stays a cut pipe until somebody answers.
        let cut = self
            .connections
            .values()
            .rev()
            .filter(|it| it.node == Some(node))
            .take_while(|it| it.phase != ConnPhase::Ready)
            .find(|it| matches!(it.phase, ConnPhase::Lost { .. }));
        match (&connection.phase, cut) {
            (ConnPhase::Ready, _) => PipeState::Open,
            (ConnPhase::Closed, None) => PipeState::None,
            (_, Some(cut)) => PipeState::Cut(cut.since),
            (ConnPhase::Lost { .. }, None) => PipeState::Cut(connection.since),
            (ConnPhase::Dialing | ConnPhase::Connected, None) => PipeState::Opening,
        }
    }

    /// Requests under way to or from a broker at `t`, in the order in which they were written.
    pub fn under_way(&self, node: NodeId, t: u64) -> impl Iterator<Item = &Request> {
        self.requests.values().filter(move |it| {
            let here = self
                .connections
                .get(&it.conn)
                .is_some_and(|connection| connection.node == Some(node));
            here && it.done.is_none_or(|done| t < done)
        })
    }

    /// The record's batch.
    pub fn batch_of(&self, record: &Record) -> Option<&Batch> {
        self.batches.get(record.place?.batch)
    }

    /// Where a record is at `t`.
    pub fn locate(&self, record: &Record, t: u64) -> RecordAt {
        if record.failed.is_some() {
            return RecordAt::Failed;
        }
        let Some(batch) = self.batch_of(record) else {
            return match record.awaiting {
                Some(_) if record.route.is_none() => RecordAt::AwaitingMetadata,
                _ => RecordAt::Entering,
            };
        };
        match batch.phase {
            Phase::Open | Phase::Ready | Phase::Retry { .. } => RecordAt::Queued(batch.id),
            Phase::InFlight { conn, correlation } => RecordAt::Flying {
                batch: batch.id,
                conn,
                correlation,
                position: self
                    .requests
                    .get(&(conn, correlation))
                    .map_or(Position::Unobserved, |it| it.position(t)),
            },
            Phase::Acked { .. } => RecordAt::ToldOk,
            Phase::Failed { .. } | Phase::Split { .. } => RecordAt::Failed,
        }
    }

    /// The record's offset and leader, if the application was told or a log shows it.
    pub fn offset_of(&self, record: &Record) -> Option<i64> {
        let place = record.place?;
        let batch = self.batches.get(place.batch)?;
        if let Phase::Acked { base_offset, .. } = batch.phase
            && base_offset >= 0
        {
            return Some(base_offset + i64::from(place.index));
        }
        let partition = (batch.topic, batch.partition);
        let holds = |node: NodeId| self.logs.get(&(node, partition))?.find(batch.id);
        let leader = self.leader(partition);
        let base = holds(leader).or_else(|| batch.attempts.iter().rev().find_map(|a| holds(a.node)))?;
        Some(base + i64::from(place.index))
    }

    /// The record at an offset of a replica's log.
    pub fn record_in_log(&self, node: NodeId, partition: Partition, offset: i64) -> Option<RecordId> {
        let (batch, index) = self.logs.get(&(node, partition))?.at(offset)?;
        self.batches.get(batch)?.records.get(index as usize).copied()
    }

    /// The ledger strip.
    pub fn ledger(&self) -> LedgerView {
        let client = LedgerView::from_client(&self.counts, self.possibly());
        let Some(oracle) = &self.oracle else { return client };
        let view = LedgerView::from_oracle(oracle);
        // The client's own events may be ahead of the oracle's count within an instant.
        let (sent, told_ok) = (view.sent.max(client.sent), view.told_ok.max(client.told_ok));
        let failed = view.failed.max(client.failed);
        LedgerView {
            sent,
            told_ok,
            failed,
            waiting: sent.saturating_sub(told_ok).saturating_sub(failed),
            // The oracle counts what the application was told; what waits may be written, too.
            unknown: view.unknown.max(self.counts.failed_possibly) + self.possibly(),
            ..view
        }
    }

    /// Unresolved records that were written and not answered.
    fn possibly(&self) -> u64 {
        self.queues
            .values()
            .flatten()
            .filter_map(|id| self.batches.get(*id))
            .filter(|it| it.persisted == Persisted::Possibly)
            .map(|it| u64::from(it.count))
            .sum()
    }

    /// A number of the configuration, or Kafka's default.
    pub fn setting(&self, name: &str, default: u64) -> u64 {
        self.config
            .get(name)
            .and_then(|value| value.parse().ok())
            .unwrap_or(default)
    }

    /// Whether something is still on its way: a record without an answer.
    pub fn busy(&self) -> bool {
        !self.awaiting.is_empty()
            || self.queues.values().any(|queue| !queue.is_empty())
            || self.entering.is_some()
    }
}
