//! Nothing outlives `delivery.timeout.ms`, counted from the batch, and before that `max.block.ms`.

use ottla_broker::Micros;
use ottla_core::RecordId;

use super::{Checker, Premises, Resolved};

/// Timers are whole milliseconds.
const SLACK: Micros = 1_000;

#[derive(Clone, Debug, Default)]
pub(super) struct Deadline {
    accepted: Vec<Micros>,
}

impl Checker for Deadline {
    fn guarantee(&self) -> &'static str {
        "nothing outlives delivery.timeout.ms"
    }

    /// Time in which the process was frozen does not count.
    fn holds_under(&self, premises: &Premises) -> bool {
        !premises.suspended
    }

    fn accepted(&mut self, id: RecordId, now: Micros) {
        debug_assert_eq!(id.0, self.accepted.len() as u64, "record ids count up from 0");
        self.accepted.push(now);
    }

    fn resolved(&mut self, seen: &Resolved<'_>) -> Option<String> {
        let accepted = *self.accepted.get(usize::try_from(seen.id.0).ok()?)?;
        let allowed = (seen.premises.delivery_timeout + seen.premises.max_block).as_micros() as Micros;
        let took = seen.now - accepted;
        (took > allowed + SLACK).then(|| format!("record {} took {took} us of {allowed}", seen.id.0))
    }
}
