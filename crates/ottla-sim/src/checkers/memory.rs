//! `buffer.memory` comes back.

use super::{Checker, Last, Premises};

#[derive(Clone, Debug, Default)]
pub(super) struct Memory;

impl Checker for Memory {
    fn guarantee(&self) -> &'static str {
        "memory comes back"
    }

    fn holds_under(&self, _: &Premises) -> bool {
        true
    }

    fn finish(&mut self, last: &Last<'_>) -> Vec<String> {
        let (used, outstanding) = (last.producer.memory_used(), last.producer.outstanding());
        if !last.resolved || (used, outstanding) == (0, 0) {
            return Vec::new();
        }
        vec![format!(
            "everything is resolved; {used} bytes are in use, {outstanding} records outstanding"
        )]
    }
}
