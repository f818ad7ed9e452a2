//! What must always hold, each guarantee with the premise under which it is given.
//!
//! A checker in a file of its own; it hears what happens and says what contradicts it. A guarantee whose premise does not
//! hold is not in force: its breaking is what the lessons show, not an error.

mod contiguous;
mod deadline;
mod failed_absent;
mod memory;
mod not_lost;
mod once;
mod order;
mod replicas_agree;
mod resolves_once;

use std::{fmt, time::Duration};

use ottla_broker::{ErrorCode, Micros, Observed};
use ottla_core::{
    Config, DeliveryError, Producer, RecordId, RecordMetadata,
    config::{Acks, Ambiguity},
};

use crate::{Cluster, ClusterEvent, Command, FULL, Oracle, Setup};

/// What a delivery came to.
pub(crate) type Result<'a> = &'a std::result::Result<RecordMetadata, DeliveryError>;

/// Something that contradicts a guarantee.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The guarantee.
    pub guarantee: &'static str,
    /// When it was noticed, in microseconds.
    pub at: Micros,
    /// What is wrong.
    pub what: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "at {} us: {}: {}", self.at, self.guarantee, self.what)
    }
}

/// What guarantees depend on.
#[derive(Clone, Debug)]
pub(crate) struct Premises {
    pub(crate) acks: Acks,
    pub(crate) idempotent: bool,
    /// `ottla.ambiguity=fail`.
    pub(crate) strict: bool,
    pub(crate) max_in_flight: usize,
    pub(crate) delivery_timeout: Duration,
    pub(crate) max_block: Duration,
    /// An election may take a leader that lacks committed records.
    pub(crate) unclean: bool,
    /// Old bytes may arrive after newer ones of another connection.
    pub(crate) stalls: bool,
    /// A broker answered with an error and appended all the same.
    pub(crate) lies: bool,
    /// A broker called a batch a duplicate that it need not have.
    pub(crate) called_duplicate: bool,
    /// A batch came again that its broker has and did not recognise: a restarted one remembers the last batch of a
    /// producer instead of five, and none of a producer that has expired. Or it is called too large, or out of order,
    /// after it was appended.
    pub(crate) unrecognised: bool,
    /// The producer sent a batch again that may be in the log under another identity, as Kafka's client does: after its
    /// epoch was bumped with batches on the way. It says so, and with `ottla.ambiguity=fail` it does not.
    pub(crate) doubled: bool,
    /// A producer may expire while it has batches in flight, and then go on with any sequence.
    pub(crate) forgetful: bool,
    /// A topic was deleted with what it held.
    pub(crate) deleted: bool,
    /// The process was frozen.
    pub(crate) suspended: bool,
    /// Nothing of that is looked at: every guarantee is held to.
    insisted: bool,
}

/// A guarantee under watch.
pub(crate) trait Checker {
    /// Its name, as people are told.
    fn guarantee(&self) -> &'static str;
    /// Whether it is in force.
    fn holds_under(&self, premises: &Premises) -> bool;
    /// A record was accepted.
    fn accepted(&mut self, _id: RecordId, _now: Micros) {}
    /// A record has its result. What is wrong with it, if anything.
    fn resolved(&mut self, _seen: &Resolved<'_>) -> Option<String> {
        None
    }
    /// Everything is at rest. What is wrong, if anything.
    fn finish(&mut self, _last: &Last<'_>) -> Vec<String> {
        Vec::new()
    }
}

/// A result, and what is known at that moment.
pub(crate) struct Resolved<'a> {
    pub(crate) now: Micros,
    pub(crate) id: RecordId,
    pub(crate) result: Result<'a>,
    pub(crate) oracle: &'a Oracle,
    pub(crate) premises: &'a Premises,
}

/// The end.
pub(crate) struct Last<'a> {
    pub(crate) resolved: bool,
    pub(crate) oracle: &'a Oracle,
    pub(crate) producer: &'a Producer,
    pub(crate) cluster: &'a Cluster,
}

macro_rules! checkers {
    ($($field:ident: $type:ty),* $(,)?) => {
        /// All checkers.
        #[derive(Clone, Debug)]
        pub(crate) struct Checkers {
            premises: Premises,
            rest: Duration,
            violations: Vec<Violation>,
            $($field: $type,)*
        }

        impl Checkers {
            pub(crate) fn new(config: &Config, setup: &Setup) -> Self {
                Self {
                    premises: premises(config, setup),
                    rest: rest(setup),
                    violations: Vec::new(),
                    $($field: <$type>::default(),)*
                }
            }

            fn each(&mut self, mut visit: impl FnMut(&mut dyn Checker, &Premises, &mut Vec<Violation>)) {
                $(visit(&mut self.$field, &self.premises, &mut self.violations);)*
            }

            fn all(&self) -> Vec<&dyn Checker> {
                vec![$(&self.$field,)*]
            }
        }
    };
}

checkers! {
    resolves_once: resolves_once::ResolvesOnce,
    not_lost: not_lost::NotLost,
    once: once::Once,
    failed_absent: failed_absent::FailedAbsent,
    order: order::Order,
    contiguous: contiguous::Contiguous,
    memory: memory::Memory,
    deadline: deadline::Deadline,
    replicas_agree: replicas_agree::ReplicasAgree,
}

/// No scenario lasts so long.
const LONG_MS: i64 = 3_600_000;

/// More violations than these say nothing new.
const ENOUGH: usize = 20;

impl Checkers {
    pub(crate) fn violations(&self) -> &[Violation] {
        &self.violations
    }

    /// How long a healed world takes to come to rest.
    pub(crate) fn rest(&self) -> Duration {
        self.rest
    }

    pub(crate) fn in_force(&self) -> Vec<&'static str> {
        let in_force = self
            .all()
            .into_iter()
            .filter(|checker| checker.holds_under(&self.premises));
        in_force.map(Checker::guarantee).collect()
    }

    /// From now on every guarantee is held to, whatever its premise: shows that its breaking is noticed.
    #[cfg(test)]
    pub(crate) fn insist(&mut self) {
        self.premises.insisted = true;
    }

    /// From now on the producer is held to what `acks=all` promises, whatever it does.
    #[cfg(test)]
    pub(crate) fn hold_to_acks_all(&mut self) {
        self.premises.acks = Acks::All;
    }

    /// Something is done to the world; it may take a premise away.
    pub(crate) fn command(&mut self, command: &Command) {
        if !FULL {
            return;
        }
        let premises = &mut self.premises;
        match command {
            Command::Pause(_) | Command::Freeze(_) | Command::Delay { .. } => premises.stalls = true,
            Command::Answer { error, append, .. } => {
                premises.called_duplicate |= *error == ErrorCode::DUPLICATE_SEQUENCE_NUMBER;
                premises.lies |= *append || premises.called_duplicate;
                premises.unrecognised |= is_denial(*error);
            }
            Command::Suspended => premises.suspended = true,
            Command::CreateTopic(topic) => {
                let unclean = |(name, value): &(String, String)| is_unclean(name, value);
                premises.unclean |= topic.configs.iter().any(unclean);
            }
            #[cfg(feature = "full")]
            Command::DeleteTopic(_) => premises.deleted = true,
            #[cfg(feature = "full")]
            Command::SetConfig { name, value, .. } => {
                premises.unclean |= is_unclean(name, value);
                premises.forgetful |= name == "producer.id.expiration.ms";
            }
            #[cfg(feature = "full")]
            Command::ClockJump { .. } => premises.forgetful = true,
            Command::Publish(record) => premises.forgetful |= record.timestamp.is_some(),
            _ => {}
        }
    }

    /// The producer has sent so many batches again that may be there twice.
    pub(crate) fn doubled(&mut self, maybe_duplicated: u64) {
        self.premises.doubled |= maybe_duplicated > 0 && !self.premises.strict;
    }

    /// Something happened in the cluster; it may take a premise away.
    pub(crate) fn watch(&mut self, event: &ClusterEvent) {
        if let ClusterEvent::Broker(_, observation) = event
            && observation.what == Observed::Forgotten
        {
            self.premises.unrecognised = true;
        }
    }

    pub(crate) fn accepted(&mut self, id: RecordId, now: Micros) {
        if !FULL {
            return;
        }
        self.each(|checker, _, _| checker.accepted(id, now));
    }

    pub(crate) fn resolved(&mut self, now: Micros, id: RecordId, result: Result<'_>, oracle: &Oracle) {
        if !FULL {
            return;
        }
        self.each(|checker, premises, violations| {
            let what = checker.resolved(&Resolved {
                now,
                id,
                result,
                oracle,
                premises,
            });
            report(checker, premises, violations, now, what);
        });
    }

    pub(crate) fn finish(&mut self, now: Micros, last: &Last<'_>) {
        self.each(|checker, premises, violations| {
            let what = checker.finish(last);
            report(checker, premises, violations, now, what);
        });
    }
}

fn report(
    checker: &dyn Checker,
    premises: &Premises,
    violations: &mut Vec<Violation>,
    at: Micros,
    what: impl IntoIterator<Item = String>,
) {
    if !premises.insisted && !checker.holds_under(premises) {
        return;
    }
    let room = ENOUGH.saturating_sub(violations.len());
    let guarantee = checker.guarantee();
    violations.extend(
        what.into_iter()
            .take(room)
            .map(|what| Violation { guarantee, at, what }),
    );
}

fn premises(config: &Config, setup: &Setup) -> Premises {
    let mut configs = setup.topics.iter().flat_map(|topic| &topic.configs);
    let unclean = setup.settings.topic_defaults.unclean_leader_election;
    Premises {
        acks: config.acks(),
        idempotent: config.idempotent(),
        strict: config.ambiguity() == Ambiguity::Fail,
        max_in_flight: config.max_in_flight(),
        delivery_timeout: config.delivery_timeout(),
        max_block: config.max_block(),
        unclean: unclean || configs.any(|(name, value)| is_unclean(name, value)),
        stalls: false,
        lies: false,
        called_duplicate: false,
        unrecognised: false,
        doubled: false,
        forgetful: setup.settings.producer_id_expiration_ms < LONG_MS,
        deleted: false,
        suspended: false,
        insisted: false,
    }
}

/// Whether a broker that answers so says that it does not have the batch as it is, which a client believes: it sends it
/// under another number, or in parts.
fn is_denial(error: ErrorCode) -> bool {
    [
        ErrorCode::MESSAGE_TOO_LARGE,
        ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER,
        ErrorCode::UNKNOWN_PRODUCER_ID,
        ErrorCode::INVALID_PRODUCER_EPOCH,
        ErrorCode::DUPLICATE_SEQUENCE_NUMBER,
    ]
    .contains(&error)
}

fn is_unclean(name: &str, value: &str) -> bool {
    name == "unclean.leader.election.enable" && value == "true"
}

/// A dead broker is missed, starts, follows and is in sync again; twice that is enough.
fn rest(setup: &Setup) -> Duration {
    let settings = &setup.settings;
    let back = settings.broker_session_timeout + setup.delays.startup + settings.replica_fetch_backoff;
    Duration::from_micros(2 * back + 1_000_000)
}

#[cfg(test)]
mod tests;
