//! What was told OK is in the log when it is told, and stays there.

use ottla_core::config::Acks;

use super::{Checker, Last, Premises, Resolved};
use crate::oracle::Told;

#[derive(Clone, Debug, Default)]
pub(super) struct NotLost;

impl Checker for NotLost {
    fn guarantee(&self) -> &'static str {
        "what is told OK is not lost"
    }

    /// One machine's word is not enough, an unclean election may lose anything, and a broker that calls a batch a
    /// duplicate says that it has it. Sequences do not matter: who repeats does not lose.
    fn holds_under(&self, premises: &Premises) -> bool {
        premises.acks == Acks::All && !premises.unclean && !premises.deleted && !premises.called_duplicate
    }

    fn resolved(&mut self, seen: &Resolved<'_>) -> Option<String> {
        seen.result.as_ref().ok()?;
        let fate = seen.oracle.fate(seen.id)?;
        // A leader that was replaced and does not know yet may tell it before its successor's high watermark has come
        // so far; the successor has the record all the same.
        (fate.copies == 0).then(|| format!("record {} is told OK and not in the log: {fate:?}", seen.id.0))
    }

    fn finish(&mut self, last: &Last<'_>) -> Vec<String> {
        let fates = last.oracle.fates().iter().enumerate();
        let lost = fates.filter(|(_, fate)| matches!(fate.told, Told::Ok { .. }) && fate.committed == 0);
        lost.map(|(id, fate)| format!("record {id} was told OK and is not in the log: {fate:?}"))
            .collect()
    }
}
