//! Each accepted record is resolved, and once.

use super::{Checker, Last, Premises, Resolved};
use crate::oracle::Told;

#[derive(Clone, Debug, Default)]
pub(super) struct ResolvesOnce {
    resolved: Vec<bool>,
}

impl Checker for ResolvesOnce {
    fn guarantee(&self) -> &'static str {
        "each accepted record is resolved once"
    }

    fn holds_under(&self, _: &Premises) -> bool {
        true
    }

    fn resolved(&mut self, seen: &Resolved<'_>) -> Option<String> {
        let at = usize::try_from(seen.id.0).ok()?;
        if self.resolved.len() <= at {
            self.resolved.resize(at + 1, false);
        }
        let again = std::mem::replace(&mut self.resolved[at], true);
        if seen.oracle.fate(seen.id).is_none() {
            return Some(format!("record {at} was never accepted"));
        }
        again.then(|| format!("record {at} is resolved a second time: {:?}", seen.result))
    }

    fn finish(&mut self, last: &Last<'_>) -> Vec<String> {
        if last.resolved {
            return Vec::new();
        }
        let fates = last.oracle.fates().iter().enumerate();
        let waiting: Vec<usize> = fates
            .filter(|(_, fate)| fate.told == Told::Waiting)
            .map(|(id, _)| id)
            .collect();
        vec![format!(
            "{} records are never resolved, the first is {:?}",
            waiting.len(),
            waiting.first()
        )]
    }
}
