//! Where a record's time went.

use ottla_trace::event::RecordId;

use crate::state::{AttemptEnd, State};

/// A stretch of a record's life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Phase {
    /// What it did.
    pub kind: PhaseKind,
    /// From.
    pub from: u64,
    /// Until; now, while it lasts.
    pub to: u64,
    /// How it ended.
    pub end: PhaseEnd,
}

/// What a record does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PhaseKind {
    /// Inside `send`.
    Send,
    /// Waiting for metadata.
    Metadata,
    /// In an open batch.
    Linger,
    /// In a closed batch.
    Queue,
    /// In a request, for the how-manieth time from 1.
    Flight(u32),
    /// Waiting to be sent again.
    Retry,
}

/// How a phase ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PhaseEnd {
    /// It lasts.
    Lasts,
    /// It led to the next one.
    Done,
    /// Its connection was cut, or nobody answered.
    Cut,
    /// The broker refused.
    Refused,
}

/// The record's life until `t`, in order. Phases that took no time and left no trace are not listed, `send` always is.
pub fn waterfall(state: &State, id: RecordId, t: u64) -> Vec<Phase> {
    let Some(record) = state.records.get(id) else {
        return Vec::new();
    };
    let mut phases = Vec::new();
    let mut put = |kind, from: u64, to: Option<u64>, how: PhaseEnd| {
        let end = if to.is_some() { how } else { PhaseEnd::Lasts };
        let to = to.unwrap_or(t).max(from);
        let always = matches!(kind, PhaseKind::Send | PhaseKind::Flight(_));
        if always || to > from || end == PhaseEnd::Lasts {
            phases.push(Phase { kind, from, to, end });
        }
    };
    let failed = record.failed.as_ref().map(|(at, _)| *at);
    let entered = record.place.map(|place| place.at).or(failed);
    if let Some(since) = record.awaiting {
        put(PhaseKind::Send, record.accepted, Some(since), PhaseEnd::Done);
        let routed = record.route.map(|route| route.at).or(failed);
        put(PhaseKind::Metadata, since, routed, PhaseEnd::Done);
    } else {
        put(PhaseKind::Send, record.accepted, entered, PhaseEnd::Done);
    }
    let (Some(place), Some(batch)) = (record.place, state.batch_of(record)) else {
        return phases;
    };
    let told = batch.told().map(|(at, _)| at);
    let closed = batch.closed.map(|(at, _)| at).or(told);
    put(PhaseKind::Linger, place.at, closed, PhaseEnd::Done);
    let Some(closed) = closed else { return phases };
    let mut since = closed;
    let mut kind = PhaseKind::Queue;
    for (n, attempt) in (1..).zip(&batch.attempts) {
        put(kind, since, Some(attempt.drained), PhaseEnd::Done);
        let how = match &attempt.ended {
            Some((_, AttemptEnd::Lost(_))) => PhaseEnd::Cut,
            Some((_, AttemptEnd::Refused(_))) => PhaseEnd::Refused,
            _ => PhaseEnd::Done,
        };
        let ended = attempt.ended.as_ref().map(|(at, _)| *at);
        put(PhaseKind::Flight(n), attempt.drained, ended, how);
        since = ended.unwrap_or(t);
        kind = PhaseKind::Retry;
        if ended.is_none() {
            return phases;
        }
    }
    if told.is_none_or(|told| told > since) {
        put(kind, since, told, PhaseEnd::Done);
    }
    phases
}
