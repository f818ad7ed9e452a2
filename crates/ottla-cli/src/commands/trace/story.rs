//! A trace folded into what it is about: records, batches and requests, each with its times.

use std::collections::BTreeMap;

use ottla_trace::event::{BatchId, CloseReason, ConnId, Define, NodeId, Persisted, RecordId, Verdict};
use ottla_trace::{Envelope, Event};

/// Everything that a trace tells of records, batches and requests. Times are microseconds of the trace.
#[derive(Default)]
pub(super) struct Story {
    topics: BTreeMap<u32, String>,
    keys: BTreeMap<u32, String>,
    nodes: BTreeMap<ConnId, Option<NodeId>>,
    pub(super) records: BTreeMap<RecordId, Record>,
    pub(super) batches: BTreeMap<BatchId, Batch>,
    pub(super) requests: BTreeMap<(ConnId, i32), Request>,
    pub(super) faults: Vec<(u64, String)>,
}

/// A record.
#[derive(Default)]
pub(super) struct Record {
    pub(super) accepted: u64,
    pub(super) topic: u32,
    pub(super) key: Option<u32>,
    pub(super) bytes: i64,
    pub(super) partition: Option<i32>,
    /// Its batch, and its place in it.
    pub(super) batch: Option<(BatchId, u32)>,
    /// It failed outside a batch.
    pub(super) failed: Option<(u64, String)>,
    pub(super) verdict: Option<Verdict>,
}

/// A batch.
#[derive(Default)]
pub(super) struct Batch {
    pub(super) topic: u32,
    pub(super) partition: i32,
    /// `None` when the trace begins later.
    pub(super) opened: Option<u64>,
    pub(super) closed: Option<(u64, CloseReason)>,
    pub(super) records: u32,
    pub(super) raw_bytes: u32,
    pub(super) bytes: Option<u32>,
    pub(super) sequence: Option<i32>,
    /// Each time that it was sent: when, to whom, in which request.
    pub(super) sent: Vec<(u64, NodeId, (ConnId, i32))>,
    pub(super) end: Option<(u64, End)>,
}

/// How a batch ended.
pub(super) enum End {
    Acked { offset: i64 },
    Failed { error: String, persisted: Persisted },
    Split { into: Vec<BatchId> },
}

/// A request.
pub(super) struct Request {
    pub(super) node: Option<NodeId>,
    pub(super) api: String,
    pub(super) version: i16,
    pub(super) bytes: u32,
    pub(super) batches: Vec<BatchId>,
    pub(super) queued: u64,
    pub(super) written: Option<u64>,
    /// When the answer was read, and how long the broker wants quiet, in milliseconds.
    pub(super) answered: Option<(u64, u32)>,
}

impl Story {
    /// Reads all events.
    pub(super) fn of(envelopes: &[Envelope]) -> Self {
        let mut story = Self::default();
        for envelope in envelopes {
            let t = envelope.t;
            let known = story.record_event(t, &envelope.event)
                || story.batch_event(t, &envelope.event)
                || story.request_event(t, &envelope.event);
            match &envelope.event {
                Event::Define(Define::Topic { id, name }) => drop(story.topics.insert(*id, name.clone())),
                Event::Define(Define::Key { id, text }) => drop(story.keys.insert(*id, text.clone())),
                Event::Fault { what } if !known => story.faults.push((t, what.clone())),
                _ => {}
            }
        }
        story
    }

    /// A topic's name.
    pub(super) fn topic(&self, id: u32) -> &str {
        self.topics.get(&id).map_or("?", String::as_str)
    }

    /// A key's text; `-` is no key.
    pub(super) fn key(&self, id: Option<u32>) -> &str {
        id.map_or("-", |id| self.keys.get(&id).map_or("?", String::as_str))
    }

    /// `orders-0`.
    pub(super) fn partition(&self, topic: u32, partition: Option<i32>) -> String {
        let partition = partition.map_or("?".to_owned(), |partition| partition.to_string());
        format!("{}-{partition}", self.topic(topic))
    }

    fn record_event(&mut self, t: u64, event: &Event) -> bool {
        match event {
            Event::Accepted {
                record,
                topic,
                key,
                key_bytes,
                value_bytes,
                ..
            } => {
                let it = self.records.entry(*record).or_default();
                it.accepted = t;
                (it.topic, it.key) = (*topic, *key);
                it.bytes = i64::from(*key_bytes).max(0) + i64::from(*value_bytes).max(0);
            }
            Event::Partitioned {
                record, partition, ..
            } => {
                self.records.entry(*record).or_default().partition = Some(*partition);
            }
            Event::Appended {
                record, batch, index, ..
            } => self.records.entry(*record).or_default().batch = Some((*batch, *index)),
            Event::RecordFailed { record, error } => {
                self.records.entry(*record).or_default().failed = Some((t, error.clone()));
            }
            Event::Verdict { record, verdict } => {
                self.records.entry(*record).or_default().verdict = Some(*verdict);
            }
            _ => return false,
        }
        true
    }

    fn batch_event(&mut self, t: u64, event: &Event) -> bool {
        let mut end = |batch: &BatchId, end| self.batches.entry(*batch).or_default().end = Some((t, end));
        match event {
            Event::Acked {
                batch, base_offset, ..
            } => end(batch, End::Acked { offset: *base_offset }),
            Event::Failed {
                batch,
                error,
                persisted,
            } => end(
                batch,
                End::Failed {
                    error: error.clone(),
                    persisted: *persisted,
                },
            ),
            Event::Expired { batch, persisted } => end(
                batch,
                End::Failed {
                    error: "expired (delivery.timeout.ms)".to_owned(),
                    persisted: *persisted,
                },
            ),
            Event::Split { batch, into } => end(batch, End::Split { into: into.clone() }),
            Event::BatchOpened {
                batch,
                topic,
                partition,
                ..
            } => {
                let it = self.batches.entry(*batch).or_default();
                (it.topic, it.partition, it.opened) = (*topic, *partition, Some(t));
            }
            Event::BatchClosed {
                batch,
                because,
                records,
                bytes,
            } => {
                let it = self.batches.entry(*batch).or_default();
                (it.closed, it.records, it.raw_bytes) = (Some((t, *because)), *records, *bytes);
            }
            Event::Sealed { batch, bytes, .. } => {
                self.batches.entry(*batch).or_default().bytes = Some(*bytes);
            }
            Event::Stamped { batch, sequence, .. } => {
                self.batches.entry(*batch).or_default().sequence = Some(*sequence);
            }
            Event::Drained {
                batch,
                node,
                conn,
                correlation,
                ..
            } => {
                let sent = (t, *node, (*conn, *correlation));
                self.batches.entry(*batch).or_default().sent.push(sent);
            }
            _ => return false,
        }
        true
    }

    fn request_event(&mut self, t: u64, event: &Event) -> bool {
        match event {
            Event::Dialing { conn, node, .. } => drop(self.nodes.insert(*conn, *node)),
            Event::RequestQueued {
                conn,
                correlation,
                api,
                version,
                bytes,
                batches,
                ..
            } => {
                let request = Request {
                    node: self.nodes.get(conn).copied().flatten(),
                    api: api.clone(),
                    version: *version,
                    bytes: *bytes,
                    batches: batches.clone(),
                    queued: t,
                    written: None,
                    answered: None,
                };
                self.requests.insert((*conn, *correlation), request);
            }
            Event::RequestWritten { conn, correlation } => {
                if let Some(request) = self.requests.get_mut(&(*conn, *correlation)) {
                    request.written = Some(t);
                }
            }
            Event::ResponseRead {
                conn,
                correlation,
                throttle_ms,
                ..
            } => {
                if let Some(request) = self.requests.get_mut(&(*conn, *correlation)) {
                    request.answered = Some((t, *throttle_ms));
                }
            }
            _ => return false,
        }
        true
    }
}

impl Record {
    /// How it ended, in a word or two, and when.
    pub(super) fn end(&self, story: &Story) -> (String, Option<u64>) {
        if let Some((t, error)) = &self.failed {
            return (format!("failed: {error}"), Some(*t));
        }
        let Some((batch, index)) = self.batch else {
            return ("waits for metadata".to_owned(), None);
        };
        let batch = story.batches.get(&batch);
        let Some((t, end)) = batch.and_then(|batch| batch.end.as_ref()) else {
            return ("under way".to_owned(), None);
        };
        let text = match end {
            End::Acked { offset: -1 } => "acknowledged".to_owned(),
            End::Acked { offset } => format!("offset {}", offset + i64::from(index)),
            other => other.to_string(),
        };
        (text, Some(*t))
    }
}

impl std::fmt::Display for End {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Acked { offset: -1 } => f.write_str("acknowledged"),
            Self::Acked { offset } => write!(f, "offset {offset}"),
            Self::Failed { error, persisted } => {
                let there = match persisted {
                    Persisted::No => "not in the log",
                    Persisted::Possibly => "possibly in the log",
                    Persisted::Yes => "in the log",
                };
                write!(f, "failed: {error}, {there}")
            }
            Self::Split { into } => {
                let into: Vec<_> = into.iter().map(ToString::to_string).collect();
                write!(f, "split into {}", into.join(", "))
            }
        }
    }
}
