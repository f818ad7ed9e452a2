//! What was told to have failed for sure is in no log.

use ottla_trace::event::Persisted;

use super::{Checker, Last, Premises};
use crate::oracle::Told;

#[derive(Clone, Debug, Default)]
pub(super) struct FailedAbsent;

impl Checker for FailedAbsent {
    fn guarantee(&self) -> &'static str {
        "what is told to have failed for sure is in no log"
    }

    /// A client believes what it is answered.
    fn holds_under(&self, premises: &Premises) -> bool {
        !premises.lies
    }

    fn finish(&mut self, last: &Last<'_>) -> Vec<String> {
        let fates = last.oracle.fates().iter().enumerate();
        let wrong = fates.filter(|(_, fate)| fate.told == Told::Failed(Persisted::No) && fate.copies > 0);
        wrong
            .map(|(id, fate)| format!("record {id} failed for sure and is at {}", fate.offset))
            .collect()
    }
}
