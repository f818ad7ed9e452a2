//! Requests about topics that the controller decides on.

use ottla_wire::error_code::ErrorCode;

use super::{Call, Pending, Reaction, create_topics, delete_topics};
use crate::{Broker, ControllerRequest, Effect, Micros, TopicOutcome};

/// Which API waits.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    Create,
    Delete,
}

/// A request that waits for the controller.
#[derive(Clone, Debug)]
pub(crate) struct DelayedTopics {
    pub(super) token: u64,
    pub(super) deadline: Micros,
    call: Call,
    kind: Kind,
    names: Vec<String>,
}

/// Sends the request that `ask` makes of a token to the controller, and waits.
pub(super) fn ask(
    broker: &mut Broker,
    call: Call,
    kind: Kind,
    (names, timeout_ms): (Vec<String>, i32),
    ask: impl FnOnce(u64) -> ControllerRequest,
) -> Reaction {
    broker.next_token += 1;
    let token = broker.next_token;
    broker.effects.push_back(Effect::Controller(ask(token)));
    let deadline = call.now + Micros::try_from(timeout_ms).unwrap_or(0) * 1_000;
    Reaction::Wait(Pending::Topics(DelayedTopics {
        token,
        deadline,
        call,
        kind,
        names,
    }))
}

impl DelayedTopics {
    pub(super) fn answer(&self, results: &[TopicOutcome]) -> Reaction {
        match self.kind {
            Kind::Create => create_topics::answer(self.call, results),
            Kind::Delete => delete_topics::answer(self.call, results),
        }
    }

    /// The controller did not answer in time; it may do it yet.
    pub(super) fn expire(&self) -> Reaction {
        let outcome = |name: &String| TopicOutcome {
            name: name.clone(),
            id: crate::TopicId::default(),
            error: ErrorCode::REQUEST_TIMED_OUT,
            message: None,
            partitions: -1,
            replication_factor: -1,
        };
        self.answer(&self.names.iter().map(outcome).collect::<Vec<_>>())
    }
}
