//! What the timeline draws and what the steps step to, gathered once when events arrive.

use ottla_sorted::SortedMap;
use ottla_trace::{
    Envelope, Event,
    event::{BrokerState, ConnId, NodeId, RecordId},
};

use crate::{
    playback::SHORTEST_CUT,
    state::{Partition, State},
};

/// Records that enter at one instant are shown one by one up to this many, else all at once.
const ONE_BY_ONE: usize = 6;

/// A place where stepping stops: a causal event that changes the picture, with what happens at the same instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// Events until here.
    pub seen: usize,
    /// When.
    pub t: u64,
}

/// A Produce request from its queueing to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// The broker.
    pub node: NodeId,
    /// When it was queued.
    pub from: u64,
    /// When and how it ended.
    pub end: Option<(u64, SpanEnd)>,
}

/// How a request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SpanEnd {
    /// With an answer.
    Answered,
    /// With its connection.
    Cut,
}

/// Something that the timeline names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Marker {
    /// When.
    pub t: u64,
    /// Events until there.
    pub seen: usize,
    /// What.
    pub kind: MarkerKind,
}

/// What a marker stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MarkerKind {
    /// A broker was killed.
    Killed(NodeId),
    /// A broker was stopped without dying.
    Paused(NodeId),
    /// A broker is back.
    Back(NodeId),
    /// A broker leads partitions that another one led.
    TakesOver {
        /// The new leader.
        node: NodeId,
        /// Which partitions.
        partitions: Vec<Partition>,
    },
    /// A connection was cut by hand, or another fault that has no state of its own.
    Fault(String),
    /// Events are missing from the trace.
    Missing(u64),
}

/// See the module.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Index {
    /// Where stepping stops, in order.
    pub steps: Vec<Step>,
    /// When each record was accepted.
    pub sends: Vec<(u64, RecordId)>,
    /// Produce requests, by start.
    pub spans: Vec<Span>,
    /// What the timeline names, in order.
    pub markers: Vec<Marker>,
    /// First and last moment at which something worth drawing happened.
    extent: Option<(u64, u64)>,
    /// Silences between such moments that are long enough to be cut out.
    silences: Vec<(u64, u64)>,
    open: SortedMap<(ConnId, i32), usize>,
    leaders: SortedMap<Partition, NodeId>,
    intake: Intake,
}

/// Records that enter at one instant.
#[derive(Clone, Debug, Default, PartialEq)]
struct Intake {
    t: u64,
    first_step: usize,
    records: usize,
}

/// How an event counts for stepping.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Weight {
    /// A record enters `send`.
    Enters,
    /// The next hop of the record that is inside `send`.
    Hops,
    /// Anything else that changes the picture.
    Plain,
    /// Housekeeping: seen in passing, never stopped at.
    Light,
}

impl Index {
    /// Takes the event that made `seen` events, with the state after it.
    pub(super) fn push(&mut self, seen: usize, envelope: &Envelope, state: &State) {
        let t = envelope.t;
        let weight = self.weigh(&envelope.event);
        self.step(seen, t, weight);
        match &envelope.event {
            Event::Accepted { record, .. } => self.sends.push((t, *record)),
            Event::RequestQueued {
                conn,
                correlation,
                batches,
                ..
            } if !batches.is_empty() => {
                let node = state.connections.get(conn).and_then(|it| it.node).unwrap_or(-1);
                self.open.insert((*conn, *correlation), self.spans.len());
                self.spans.push(Span {
                    node,
                    from: t,
                    end: None,
                });
            }
            Event::ResponseRead {
                conn, correlation, ..
            } => self.close(t, *conn, Some(*correlation)),
            Event::Disconnected { conn, .. } => self.close(t, *conn, None),
            event => self.mark(seen, t, event),
        }
    }

    fn close(&mut self, t: u64, conn: ConnId, correlation: Option<i32>) {
        let (from, to, how) = match correlation {
            Some(one) => (one, one, SpanEnd::Answered),
            None => (i32::MIN, i32::MAX, SpanEnd::Cut),
        };
        let keys: Vec<_> = self
            .open
            .range((conn, from)..=(conn, to))
            .map(|(key, _)| *key)
            .collect();
        let mut closed = false;
        for key in keys {
            if let Some(span) = self.open.remove(&key).and_then(|at| self.spans.get_mut(at)) {
                span.end = Some((t, how));
                closed = true;
            }
        }
        if closed {
            self.moment(t);
        }
    }

    fn mark(&mut self, seen: usize, t: u64, event: &Event) {
        let kind = match event {
            Event::BrokerState { node, state, .. } => match state {
                BrokerState::Killed => MarkerKind::Killed(*node),
                BrokerState::Paused => MarkerKind::Paused(*node),
                BrokerState::Starting => MarkerKind::Back(*node),
                BrokerState::Up | BrokerState::Fenced => return,
            },
            Event::Leader {
                topic,
                partition,
                leader,
                ..
            } => {
                let partition = (*topic, *partition);
                let old = self.leaders.insert(partition, *leader);
                if old.is_none_or(|old| old == *leader) || *leader < 0 {
                    return;
                }
                if let Some(Marker {
                    t: at,
                    kind: MarkerKind::TakesOver { node, partitions },
                    ..
                }) = self.markers.last_mut()
                    && (*at, *node) == (t, *leader)
                {
                    partitions.push(partition);
                    return;
                }
                MarkerKind::TakesOver {
                    node: *leader,
                    partitions: vec![partition],
                }
            }
            Event::Fault { what } => MarkerKind::Fault(what.clone()),
            Event::Lost { count } => MarkerKind::Missing(*count),
            _ => return,
        };
        // A fault in words that repeats a broker's change of state at the same instant would be said twice.
        if matches!(kind, MarkerKind::Fault(_)) && self.markers.last().is_some_and(|it| it.t == t) {
            return;
        }
        if let Some(last) = self.markers.last_mut()
            && last.t == t
            && matches!(last.kind, MarkerKind::Fault(_))
        {
            last.kind = kind;
            return;
        }
        self.markers.push(Marker { t, seen, kind });
    }

    fn weigh(&self, event: &Event) -> Weight {
        match event {
            Event::Accepted { .. } => Weight::Enters,
            Event::AwaitingMetadata { .. } | Event::Partitioned { .. } | Event::Appended { .. } => {
                Weight::Hops
            }
            Event::RequestQueued { batches, .. } if batches.is_empty() => Weight::Light,
            Event::Leader {
                topic,
                partition,
                leader,
                ..
            } => match self.leaders.get(&(*topic, *partition)) {
                Some(old) if old == leader => Weight::Light,
                _ => Weight::Plain,
            },
            Event::RecordFailed { .. }
            | Event::BatchClosed { .. }
            | Event::Drained { .. }
            | Event::Acked { .. }
            | Event::Retry { .. }
            | Event::Failed { .. }
            | Event::Expired { .. }
            | Event::Split { .. }
            | Event::MaybeDuplicated { .. }
            | Event::RequestQueued { .. }
            | Event::Throttled { .. }
            | Event::Full
            | Event::LogAppended { .. }
            | Event::LogRefused { .. }
            | Event::Replicated { .. }
            | Event::HighWatermark { .. }
            | Event::Truncated { .. }
            | Event::BrokerState { .. }
            | Event::Fault { .. }
            | Event::Verdict { .. }
            | Event::Lost { .. } => Weight::Plain,
            _ => Weight::Light,
        }
    }

    fn step(&mut self, seen: usize, t: u64, weight: Weight) {
        let step = Step { seen, t };
        let steps = self.steps.len();
        match weight {
            Weight::Enters => {
                if self.intake.t != t || self.intake.records == 0 {
                    self.intake = Intake {
                        t,
                        first_step: self.steps.len(),
                        records: 0,
                    };
                }
                self.intake.records += 1;
                match self.intake.records {
                    1 => self.steps.push(step),
                    // A second one: the first one's hops become one step, so that a burst goes record by record.
                    n if n <= ONE_BY_ONE => {
                        if n == 2 {
                            self.gather(seen - 1);
                        }
                        self.steps.push(step);
                    }
                    _ => self.gather(seen),
                }
            }
            Weight::Hops if self.intake.t == t && self.intake.records == 1 => self.steps.push(step),
            Weight::Plain if self.steps.last().is_none_or(|last| last.t != t) => self.steps.push(step),
            _ => {
                // What happens at the same instant belongs to the step.
                if let Some(last) = self.steps.last_mut().filter(|last| last.t == t) {
                    last.seen = seen;
                }
            }
        }
        if self.steps.len() > steps {
            self.moment(t);
        }
    }

    /// Something happened at `t`, which is not before what was told already.
    fn moment(&mut self, t: u64) {
        let (first, last) = self.extent.unwrap_or((t, t));
        if t > last + SHORTEST_CUT {
            self.silences.push((last, t));
        }
        self.extent = Some((first, t.max(last)));
    }

    /// Silences between `start` and `end` that could be cut out, when the moment `now` may not be.
    pub(crate) fn silences(&self, (start, end): (u64, u64), now: u64) -> impl Iterator<Item = (u64, u64)> {
        let (first, last) = self.extent.unwrap_or((end, end));
        let to = self.silences.partition_point(|(from, _)| *from < end);
        std::iter::once((start, first.min(end)))
            .chain(
                self.silences[..to]
                    .iter()
                    .map(move |(a, b)| (*a.max(&start), *b.min(&end))),
            )
            .chain(std::iter::once((last.max(start), end)))
            .flat_map(move |(a, b)| {
                let now = now.clamp(a, b.max(a));
                [(a, now), (now, b)]
            })
            .filter(|(a, b)| *b > *a + SHORTEST_CUT)
    }

    fn gather(&mut self, seen: usize) {
        self.steps.truncate(self.intake.first_step + 1);
        if let Some(last) = self.steps.last_mut() {
            last.seen = seen;
        }
    }

    pub(super) fn forget_before(&mut self, seen: usize, t: u64) {
        let early = self.steps.partition_point(|it| it.seen <= seen);
        self.steps.drain(..early);
        let early = self.sends.partition_point(|(at, _)| *at < t);
        self.sends.drain(..early);
        self.markers.retain(|it| it.t >= t);
        self.silences.retain(|(_, to)| *to > t);
        self.extent = self.extent.map(|(first, last)| (first.max(t), last.max(t)));
        let gone = self.spans.partition_point(|it| it.from < t);
        self.spans.drain(..gone);
        self.open.retain(|_, at| *at >= gone);
        for at in self.open.values_mut() {
            *at -= gone;
        }
        self.intake = Intake::default();
    }

    /// The first step after `seen` events.
    pub fn next_step(&self, seen: usize) -> Option<Step> {
        self.steps
            .get(self.steps.partition_point(|it| it.seen <= seen))
            .copied()
    }

    /// The last step that ends before `seen` events, or with them but before `t`.
    pub fn previous_step(&self, seen: usize, t: u64) -> Option<Step> {
        let at = self
            .steps
            .partition_point(|it| it.seen < seen || (it.seen == seen && it.t < t));
        at.checked_sub(1).and_then(|at| self.steps.get(at)).copied()
    }
}
