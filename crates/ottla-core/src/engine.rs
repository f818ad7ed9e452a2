//! The state behind [`crate::Producer`]. Its behaviour is spread over the folders by subject; each file that says
//! `impl Engine` owns one of them.

use alloc::collections::VecDeque;
use alloc::vec::Vec;

use ottla_trace::event::{BatchId, TopicIx};

use crate::accumulator::{Batches, Memory, Partition, PartitionIx, Topics};
use crate::config::Config;
use crate::connection::{Network, Wants};
use crate::delivery::RecordSlot;
use crate::identity::Identity;
use crate::io::{FlushId, Output};
use crate::journal::Gate;
use crate::lifecycle::{Flushes, Lifecycle};
use crate::metadata::{Kept, Refresh};
use crate::metrics::{Counters, Recorder};
use crate::partitioner::{Load, Rng};
use crate::record::RecordId;
use crate::settings::Settings;
use crate::time::Instant;
use crate::tracer::Tracer;
use crate::wake::Wake;

#[derive(Clone, Debug)]
pub(crate) struct Engine {
    pub(crate) settings: Settings,
    pub(crate) topics: Topics,
    pub(crate) partitions: Vec<Partition>,
    /// Partitions that have work, in the order in which they got it.
    pub(crate) active: Vec<PartitionIx>,
    /// Topics with records that wait for metadata.
    pub(crate) waiting: Vec<TopicIx>,
    pub(crate) batches: Batches,
    pub(crate) memory: Memory,
    pub(crate) identity: Identity,
    /// Partitions whose sequences begin anew under the next identity, and why.
    pub(crate) bumps: Vec<(PartitionIx, &'static str)>,
    pub(crate) network: Network,
    pub(crate) refresh: Refresh,
    pub(crate) kept: Kept,
    pub(crate) flushes: Flushes,
    pub(crate) lifecycle: Lifecycle,
    pub(crate) suspended: Option<Instant>,
    pub(crate) tracer: Tracer,
    pub(crate) counters: Counters,
    pub(crate) recorder: Recorder,
    pub(crate) journal: Gate,
    pub(crate) rng: Rng,
    /// What the shell is to do, in order.
    pub(crate) outbox: VecDeque<Output>,
    /// Something changed that [`Engine::progress`] has not looked at.
    pub(crate) dirty: bool,
    pub(crate) wake: Wake,
    pub(crate) next_record: u64,
    pub(crate) next_batch: BatchId,
    /// Records that are accepted and not resolved.
    pub(crate) outstanding: u64,
    /// Leaders that should be connected.
    pub(crate) wants: Wants,
    pub(crate) scratch: Scratch,
    /// Records of the last batch: the next one will have about as many.
    pub(crate) slots_hint: usize,
}

/// Buffers that are reused from call to call.
#[derive(Clone, Debug, Default)]
pub(crate) struct Scratch {
    pub(crate) load: Vec<Load>,
}

impl Engine {
    pub(crate) fn new(config: &Config, seed: u64) -> Self {
        let settings = Settings::new(config);
        Self {
            topics: Topics::default(),
            partitions: Vec::new(),
            active: Vec::new(),
            waiting: Vec::new(),
            batches: Batches::default(),
            memory: Memory::new(settings.buffer_memory),
            identity: Identity::new(config.idempotent()),
            bumps: Vec::new(),
            network: Network::new(config.bootstrap_servers()),
            refresh: Refresh::default(),
            kept: Kept::default(),
            flushes: Flushes::default(),
            lifecycle: Lifecycle::Running,
            suspended: None,
            tracer: Tracer::default(),
            counters: Counters::default(),
            recorder: Recorder::default(),
            journal: Gate::default(),
            rng: Rng::new(seed),
            outbox: VecDeque::new(),
            dirty: false,
            wake: Wake::default(),
            next_record: 0,
            next_batch: 0,
            outstanding: 0,
            wants: Wants::default(),
            scratch: Scratch::default(),
            slots_hint: 0,
            settings,
        }
    }

    #[inline]
    pub(crate) fn partition(&self, ix: PartitionIx) -> &Partition {
        &self.partitions[ix.0 as usize]
    }

    #[inline]
    pub(crate) fn partition_mut(&mut self, ix: PartitionIx) -> &mut Partition {
        &mut self.partitions[ix.0 as usize]
    }

    pub(crate) fn take_record_id(&mut self) -> RecordId {
        let id = RecordId(self.next_record);
        self.next_record += 1;
        self.outstanding += 1;
        #[cfg(feature = "sasl")]
        {
            self.network.locked_out = false;
        }
        id
    }

    pub(crate) fn take_batch_id(&mut self) -> BatchId {
        let id = self.next_batch;
        self.next_batch += 1;
        id
    }

    /// Does everything that is possible now, and finds out when there is more to do.
    ///
    /// The order matters: what has run out makes room, metadata goes before batches (a connection that takes
    /// a batch would have taken the metadata request that is due, so none overtakes it; as in `NetworkClient.isReady`),
    /// and a bumped epoch must be in place before the batches that bear it are drained.
    pub(crate) fn progress(&mut self, now: Instant) {
        self.dirty = false;
        if self.lifecycle.is_closed() {
            self.wake = Wake::default();
            return;
        }
        #[cfg(feature = "sasl")]
        self.renew_sessions(now);
        self.expire_waiting(now);
        // Before connections: the batches of one that timed out would be told before older ones that back off.
        self.expire_batches(now);
        self.expire_connections(now);
        self.resolve_sequences(now);
        self.apply_bumps(now);
        if mutant!(MetadataLast) {
            self.send_ready(now);
        }
        self.ask_for_metadata(now);
        self.ask_for_identity(now);
        self.send_ready(now);
        if self.memory.room() {
            self.outbox.push_back(Output::Room);
        }
        self.advance_lifecycle(now);
        if self.lifecycle.is_closed() {
            self.wake = Wake::default();
        } else if !self.dirty {
            self.wake = self.next_wake(now);
        }
    }

    /// Books resolved records, and returns the flushes that waited for them.
    pub(crate) fn book(&mut self, slots: &[RecordSlot]) -> Vec<(FlushId, Instant)> {
        self.outstanding -= slots.len() as u64;
        self.dirty = true;
        self.flushes.resolved(slots)
    }

    pub(crate) fn flushed(&mut self, now: Instant, flush: FlushId, since: Instant) {
        self.recorder.flushed(now, now.saturating_since(since));
        self.tracer
            .emit(now, || ottla_trace::Event::Flushed { flush: flush.0 });
        self.outbox.push_back(Output::Flushed(flush));
    }
}
