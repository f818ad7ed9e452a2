//! Requests that wait for something: for replication, for records, for the controller.

use super::{Reaction, fetch::DelayedFetch, produce::DelayedProduce, topics::DelayedTopics};
use crate::{Broker, FULL, Micros, TopicOutcome};

/// A request that is not answered yet (Kafka's purgatory).
#[derive(Clone, Debug)]
pub(crate) enum Pending {
    Produce(DelayedProduce),
    Fetch(DelayedFetch),
    Topics(DelayedTopics),
}

impl Pending {
    /// When it is answered in any case.
    pub(crate) fn deadline(&self) -> Micros {
        match self {
            Self::Produce(delayed) => delayed.deadline,
            Self::Fetch(delayed) => delayed.deadline,
            Self::Topics(delayed) => delayed.deadline,
        }
    }

    /// The answer, if it can be given by now.
    pub(crate) fn retry(&mut self, broker: &Broker, now: Micros) -> Option<Reaction> {
        match self {
            Self::Produce(delayed) => delayed.retry(broker),
            Self::Fetch(delayed) if FULL => delayed.retry(broker, now),
            Self::Fetch(_) | Self::Topics(_) => None,
        }
    }

    /// The answer at the deadline.
    pub(crate) fn expire(&mut self, broker: &Broker) -> Reaction {
        match self {
            Self::Produce(delayed) => delayed.expire(broker),
            Self::Fetch(delayed) if FULL => delayed.expire(broker),
            Self::Topics(delayed) if FULL => delayed.expire(),
            Self::Fetch(_) | Self::Topics(_) => Reaction::Silence { throttle_ms: 0 },
        }
    }

    /// The answer to a request that waited for the controller.
    pub(crate) fn topics_done(&mut self, token: u64, results: &[TopicOutcome]) -> Option<Reaction> {
        match self {
            Self::Topics(delayed) if FULL && delayed.token == token => Some(delayed.answer(results)),
            _ => None,
        }
    }
}
