//! A build without the feature `hooks`, such as the explainer's page: nothing is around a record, and no code for it is
//! linked.

use ottla_core::config::Config;
use ottla_core::producer::PartitionCount;
use ottla_core::{Builtin, Completion, Extensions, Record, RecordId};

use crate::error::KafkaError;

/// No partitioner of the application.
#[derive(Default)]
pub(crate) struct Hooks(Builtin);

impl Extensions for Hooks {}

impl Hooks {
    pub(crate) fn close(&mut self) {}
}

#[derive(Default)]
pub(crate) struct Wanted(());

impl Wanted {
    pub(crate) fn parts(self, _config: &Config) -> (Hooks, Around, Interceptors, Listener) {
        (Hooks::default(), Around, Interceptors, Listener)
    }
}

pub(crate) struct Interceptors;

impl Interceptors {
    pub(crate) fn is_empty(&self) -> bool {
        true
    }

    pub(crate) fn on_send(&self, _record: &mut Record<'_>) -> Result<(), KafkaError> {
        Ok(())
    }

    pub(crate) fn given_back(&self, _error: &KafkaError) {}

    pub(crate) fn acknowledged(&self, batch: &Acknowledged) {
        match *batch {}
    }

    pub(crate) fn close(&self) {}
}

/// Never kept.
pub(crate) enum Sent {}

impl Sent {
    pub(crate) fn of(_record: &Record<'_>) -> Option<Self> {
        None
    }
}

/// Never told.
pub(crate) enum Acknowledged {}

impl Acknowledged {
    pub(crate) fn into_batch(self) -> Completion {
        match self {}
    }
}

pub(crate) struct Around;

impl Around {
    pub(crate) fn keep(&mut self, _id: RecordId, _kept: Option<Sent>) {}

    pub(crate) fn done(
        &mut self,
        batch: Completion,
        _count: impl FnOnce(&str) -> PartitionCount,
        _told: &mut Told,
    ) -> Option<Completion> {
        Some(batch)
    }
}

#[derive(Default)]
pub(crate) struct Told(());

impl Told {
    pub(crate) fn is_empty(&self) -> bool {
        true
    }

    pub(crate) fn next(&mut self) -> Option<Acknowledged> {
        None
    }
}

#[derive(Default)]
pub(crate) struct Listener;

impl Listener {
    pub(crate) fn hear(&mut self, _told: &mut Told) {}
}
