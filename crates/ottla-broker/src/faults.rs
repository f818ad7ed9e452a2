//! Faults that a broker was told to commit on the Produce requests that come next.

use std::{collections::VecDeque, sync::Arc};

use ottla_wire::error_code::ErrorCode;

/// A fault, committed once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The connection is cut when the request has arrived; nothing is appended.
    CutBeforeAppend,
    /// The connection is cut when the batches are appended; nobody hears of it.
    CutAfterAppend,
    /// The request is answered with an error.
    Answer {
        /// The error.
        error: ErrorCode,
        /// Whether the batches are appended all the same.
        append: bool,
    },
}

/// A fault and the partition that it waits for; any when `None`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlannedFault {
    /// What to do.
    pub fault: Fault,
    /// Topic and partition.
    pub partition: Option<(Arc<str>, i32)>,
}

impl PlannedFault {
    /// Whether the fault is for this partition.
    pub(crate) fn concerns(&self, topic: &str, partition: i32) -> bool {
        self.partition
            .as_ref()
            .is_none_or(|(name, index)| &**name == topic && *index == partition)
    }
}

/// The faults that are planned, in order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Faults {
    planned: VecDeque<PlannedFault>,
}

impl Faults {
    pub(crate) fn plan(&mut self, fault: PlannedFault) {
        self.planned.push_back(fault);
    }

    pub(crate) fn is_planned(&self) -> bool {
        !self.planned.is_empty()
    }

    /// The first fault that a request with these partitions meets.
    pub(crate) fn take(&mut self, partitions: &[(&str, i32)]) -> Option<PlannedFault> {
        let meets = |fault: &PlannedFault| {
            partitions
                .iter()
                .any(|(topic, index)| fault.concerns(topic, *index))
        };
        let at = self.planned.iter().position(meets)?;
        self.planned.remove(at)
    }
}
