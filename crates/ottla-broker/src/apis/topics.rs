//! Requests about topics that the controller decides on.

use ottla_wire::error_code::ErrorCode;

use super::{Call, Pending, Reaction, create_topics, delete_topics};
use crate::{Broker, ControllerRequest, Effect, Micros, TopicOutcome};

/// Which API waits.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    Create,
    Delete,
    #[cfg(feature = "full")]
    Grow,
    #[cfg(feature = "full")]
    Configure,
}

/// A request that waits for the controller.
#[derive(Clone, Debug)]
pub(crate) struct DelayedTopics {
    pub(super) token: u64,
    pub(super) deadline: Micros,
    call: Call,
    kind: Kind,
    names: Vec<String>,
    refused: Vec<TopicOutcome>,
}

/// What a client asks for, apart from the words for the controller.
pub(super) struct Asked {
    pub(super) kind: Kind,
    /// The topics that the controller is asked about.
    pub(super) names: Vec<String>,
    /// What this broker refuses by itself.
    pub(super) refused: Vec<TopicOutcome>,
    pub(super) timeout_ms: i32,
}

/// A topic that is not created or deleted, and why.
pub(super) fn refusal(name: String, error: ErrorCode, message: &str) -> TopicOutcome {
    TopicOutcome {
        name,
        id: crate::TopicId::default(),
        error,
        message: (!message.is_empty()).then(|| message.to_owned()),
        partitions: -1,
        replication_factor: -1,
    }
}

/// Sends the request that `ask` makes of a token to the controller, and waits.
pub(super) fn ask(
    broker: &mut Broker,
    call: Call,
    asked: Asked,
    ask: impl FnOnce(u64) -> ControllerRequest,
) -> Reaction {
    broker.next_token += 1;
    let token = broker.next_token;
    broker.effects.push_back(Effect::Controller(ask(token)));
    let deadline = call.now + Micros::try_from(asked.timeout_ms).unwrap_or(0) * 1_000;
    Reaction::Wait(Pending::Topics(DelayedTopics {
        token,
        deadline,
        call,
        kind: asked.kind,
        names: asked.names,
        refused: asked.refused,
    }))
}

impl DelayedTopics {
    pub(super) fn answer(&self, results: &[TopicOutcome]) -> Reaction {
        let results: Vec<TopicOutcome> = results.iter().chain(&self.refused).cloned().collect();
        match self.kind {
            Kind::Create => create_topics::answer(self.call, &results),
            Kind::Delete => delete_topics::answer(self.call, &results),
            #[cfg(feature = "full")]
            Kind::Grow => super::create_partitions::answer(self.call, &results),
            #[cfg(feature = "full")]
            Kind::Configure => super::incremental_alter_configs::answer(self.call, &results),
        }
    }

    /// The controller did not answer in time; it may do it yet.
    pub(super) fn expire(&self) -> Reaction {
        let outcome = |name: &String| refusal(name.clone(), ErrorCode::REQUEST_TIMED_OUT, "");
        self.answer(&self.names.iter().map(outcome).collect::<Vec<_>>())
    }
}
