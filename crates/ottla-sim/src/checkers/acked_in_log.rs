//! What was told OK is in the log when it is told, at the offset that is told, and stays there; nothing is there twice.

use ottla_core::config::Acks;

use super::{Checker, Last, Premises, Resolved};
use crate::oracle::Told;

#[derive(Clone, Debug, Default)]
pub(super) struct AckedInLog;

impl Checker for AckedInLog {
    fn guarantee(&self) -> &'static str {
        "what is told OK is in the log once"
    }

    /// One machine's word is not enough, and without sequences a repetition is not noticed. An unclean election may
    /// lose anything, and a broker takes a batch twice that it does not recognise.
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
        // A leader that was replaced and does not know yet may tell it before its successor's high watermark has come
        // so far; the successor has the record all the same.
        if fate.copies == 0 {
            return Some(format!(
                "record {} is told OK and not in the log: {fate:?}",
                seen.id.0
            ));
        }
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
        let wrong = fates.filter(|(_, fate)| {
            let lost = matches!(fate.told, Told::Ok { .. }) && fate.committed == 0;
            lost || fate.copies > 1
        });
        wrong
            .map(|(id, fate)| format!("record {id} is in the log {} times: {fate:?}", fate.copies))
            .collect()
    }
}
