//! Nothing is in the log twice, and what was told OK is where it was told to be.

use ottla_core::config::Acks;

use super::{Checker, Last, Premises, Resolved};

#[derive(Clone, Debug, Default)]
pub(super) struct Once;

impl Checker for Once {
    fn guarantee(&self) -> &'static str {
        "a record is in the log once, where it was told to be"
    }

    /// Without sequences a repetition is not noticed, and a broker takes a batch twice that it does not recognise. What
    /// may be lost may come to be elsewhere.
    fn holds_under(&self, premises: &Premises) -> bool {
        premises.acks == Acks::All
            && premises.idempotent
            && !premises.unclean
            && !premises.doubled
            && !premises.unrecognised
            && !premises.deleted
    }

    fn resolved(&mut self, seen: &Resolved<'_>) -> Option<String> {
        let metadata = seen.result.as_ref().ok()?;
        let fate = seen.oracle.fate(seen.id)?;
        let elsewhere = metadata.offset >= 0 && fate.copies == 1 && fate.offset != metadata.offset;
        elsewhere.then(|| {
            format!(
                "record {} is at {}, told {}",
                seen.id.0, fate.offset, metadata.offset
            )
        })
    }

    fn finish(&mut self, last: &Last<'_>) -> Vec<String> {
        let fates = last.oracle.fates().iter().enumerate();
        let repeated = fates.filter(|(_, fate)| fate.copies > 1);
        repeated
            .map(|(id, fate)| format!("record {id} is in the log {} times: {fate:?}", fate.copies))
            .collect()
    }
}
