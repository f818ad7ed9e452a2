//! The producer: wiring of its parts.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::time::Duration;

use bytes::Bytes;
use ottla_trace::event::TopicIx;
use ottla_trace::{Envelope, Event, Level, Snapshot};

use crate::accumulator::TopicKnowledge;
use crate::config::Config;
use crate::engine::Engine;
use crate::extensions::{Builtin, Extensions};
use crate::io::{FlushId, Input, NodeId, Output};
use crate::metrics::Counters;
use crate::record::{Record, RecordId};
pub use crate::send_error::{RefuseReason, SendError};
use crate::time::Instant;
#[cfg(feature = "journal")]
use crate::time::Timestamp;
use crate::wake::Wake;

/// Rounds without an output in one poll: each one does something that the next need not do again.
const MOST_ROUNDS: u32 = 10_000;

/// What is known of a partition, for [`Producer::partitions_for`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PartitionInfo {
    /// Its number.
    pub partition: i32,
    /// The leader, if there is one.
    pub leader: Option<NodeId>,
}

/// What [`Producer::partition_count`] knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PartitionCount {
    /// So many; at least one.
    Known(i32),
    /// Nothing yet: brokers are being asked.
    Asked,
    /// Nothing: nobody has asked, or brokers refused the topic, or it was not used for `metadata.max.idle.ms`.
    Unasked,
}

/// A Kafka producer as a state machine.
///
/// # Methods by class
///
/// - *Application*: [`send`](Self::send), [`flush`](Self::flush), [`close`](Self::close), [`want`](Self::want).
/// - *Shell*: [`handle`](Self::handle) for each thing that happened, [`poll`](Self::poll) until [`Output::Wait`].
/// - *Observation*: [`drain_trace`](Self::drain_trace), [`snapshot`](Self::snapshot) and the getters.
///
/// # Driving rule
///
/// Handle one input, poll until `Wait`, repeat. After `send` (or several of them), `flush` or `close` poll until
/// `Wait`, too. [`Input::Sealed`] alone may be handed in while polling. `now` never decreases from call to call.
/// Debug builds assert all of it.
///
/// ```
/// use ottla_core::{Config, Instant, Output, Producer, Record};
///
/// let config = Config::parse([("bootstrap.servers", "localhost:9092")]).unwrap();
/// let mut producer = Producer::new(config, 7);
/// let now = Instant::ZERO;
/// producer.send(now, Record::to("clicks").key("kim").value("{}")).unwrap();
/// assert!(matches!(producer.poll(now), Output::Dial { node: None, .. }));
/// assert!(matches!(producer.poll(now), Output::Wait { at: Some(_), .. }));
/// ```
#[derive(Clone, Debug)]
pub struct Producer<X: Extensions = Builtin> {
    config: Config,
    extensions: X,
    engine: Engine,
    /// The latest `now`, and whether everything was polled: only to assert the driving rule.
    last_now: Instant,
    drained: bool,
}

impl Producer {
    /// A producer with the built-in partitioners. `seed` decides every random choice.
    pub fn new(config: Config, seed: u64) -> Self {
        Self::with_extensions(config, seed, Builtin)
    }
}

impl<X: Extensions> Producer<X> {
    /// A producer with an application's own decisions.
    pub fn with_extensions(config: Config, seed: u64, extensions: X) -> Self {
        let engine = Engine::new(&config, seed);
        Self {
            config,
            extensions,
            engine,
            last_now: Instant::ZERO,
            drained: true,
        }
    }

    /// Takes a record, or gives it back. Never waits.
    ///
    /// # Errors
    /// [`SendError::Full`]: try again after [`Output::Room`]. [`SendError::Refused`]: never.
    #[inline]
    pub fn send(&mut self, now: Instant, record: Record<'_>) -> Result<RecordId, SendError> {
        self.send_since(now, now, record)
    }

    /// As [`send`](Self::send), for a record that already waited for room: its `max.block.ms`, which is one budget for
    /// room and metadata, began at `since`.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    pub fn send_since(
        &mut self,
        now: Instant,
        since: Instant,
        mut record: Record<'_>,
    ) -> Result<RecordId, SendError> {
        self.tick(now);
        self.extensions.on_send(&mut record);
        self.engine.admit(now, since, record, &mut self.extensions)
    }

    /// Notes that a sender whose record was given back waits for room no longer, and drops it: Kafka counts those, and
    /// how long they waited (`BufferPool.allocate`). Its place is another matter: [`leave_line`](Self::leave_line).
    pub fn gave_up(&mut self, now: Instant, since: Instant) {
        self.tick(now);
        if since < now {
            self.engine
                .recorder
                .waited_for_memory(now, now.saturating_since(since));
        }
        self.engine.recorder.exhausted(now);
        self.engine.recorder.failed(now, None, 1);
    }

    /// Lets others have the room that there is, although a record was given back first.
    ///
    /// Until [`Output::Room`] a smaller record does not get past one that was given back. That holds up everybody when
    /// nobody waits with it any more; so call this then, and let the next in line try. A shell that keeps those who
    /// wait in line itself, and lets only the first try, may call it whenever a record is given back.
    pub fn leave_line(&mut self) {
        self.engine.memory.leave();
    }

    /// Asks for a topic's metadata (and so connects) without sending anything. A topic that is known or already asked
    /// for changes nothing.
    ///
    /// # Errors
    /// When it cannot be a topic's name.
    pub fn want(&mut self, now: Instant, topic: &str) -> Result<(), RefuseReason> {
        self.tick(now);
        self.engine.want(now, topic)
    }

    /// How many partitions a topic has, for a shell that chooses among them before it sends.
    pub fn partition_count(&self, topic: &str) -> PartitionCount {
        let Some(ix) = self.engine.topics.find(topic) else {
            return PartitionCount::Unasked;
        };
        let topic = self.engine.topics.get(ix);
        match topic.knowledge {
            TopicKnowledge::Known if topic.count > 0 => PartitionCount::Known(topic.count),
            TopicKnowledge::Known | TopicKnowledge::Wanted { .. } => PartitionCount::Asked,
            TopicKnowledge::Unwanted => PartitionCount::Unasked,
        }
    }

    /// Keeps the last answer about the cluster for [`kept_metadata`](Self::kept_metadata).
    pub fn keep_metadata(&mut self) {
        self.engine.kept.wanted = true;
    }

    /// The last answer about the cluster that arrived since [`keep_metadata`](Self::keep_metadata), as bytes for
    /// [`preload_metadata`](Self::preload_metadata) of another producer, of the same version of this crate.
    pub fn kept_metadata(&self) -> Option<&Bytes> {
        self.engine.kept.answer.as_ref()
    }

    /// Begins with what another producer of the same cluster was told `age` ago, instead of with a Metadata request.
    /// A leader that has moved since, or a broker that is gone, makes this producer ask as usual. Returns whether
    /// anything was taken over: not from an answer that is older than `metadata.max.age.ms` or cannot be read.
    pub fn preload_metadata(&mut self, now: Instant, age: Duration, kept: &Bytes) -> bool {
        self.tick(now);
        self.engine.preload_metadata(now, age, kept)
    }

    /// Sends everything that was accepted so far without lingering. [`Output::Flushed`] says when all of it is resolved.
    pub fn flush(&mut self, now: Instant) -> FlushId {
        self.tick(now);
        self.engine.flush(now)
    }

    /// Takes no more records, delivers the accepted ones, then says [`Output::Closed`]. After `within` whatever is
    /// not delivered fails with `CLOSED`; `None` waits as long as the timeouts allow.
    pub fn close(&mut self, now: Instant, within: Option<Duration>) {
        self.tick(now);
        self.engine.close(now, within);
    }

    /// The next thing to do. Call until [`Output::Wait`].
    pub fn poll(&mut self, now: Instant) -> Output {
        self.tick(now);
        let mut rounds = 0u32;
        loop {
            rounds += 1;
            debug_assert!(rounds < MOST_ROUNDS, "the producer does not come to rest");
            if let Some(output) = self.engine.outbox.pop_front() {
                self.drained = false;
                return output;
            }
            let due = self.engine.dirty || self.engine.wake.is_due(now);
            if !due || self.engine.suspended.is_some() {
                break;
            }
            self.engine.progress(now);
            if self.engine.outbox.is_empty() && !self.engine.dirty {
                break;
            }
        }
        self.trace_snapshot(now);
        self.drained = true;
        let wake = match self.engine.suspended {
            // Timers that fire between freezing and thawing must not judge by a clock that jumped.
            Some(_) => Wake::default(),
            None => self.engine.wake,
        };
        Output::Wait {
            at: wake.at,
            why: wake.why,
        }
    }

    /// Tells the producer what happened. Inputs for connections that it has forgotten are ignored.
    pub fn handle(&mut self, now: Instant, input: Input) {
        debug_assert!(
            self.drained || matches!(input, Input::Sealed(_)),
            "driving rule: poll until Wait before the next input"
        );
        self.tick(now);
        let engine = &mut self.engine;
        if engine.wake.is_due(now) && engine.suspended.is_none() {
            // The shell was late: what ran out before this input came is told first, oldest first.
            engine.expire_batches(now);
        }
        match input {
            Input::Connected { conn } => engine.connected(now, conn),
            Input::Received { conn, bytes } => engine.received(now, conn, bytes),
            Input::Written { conn, count } => engine.written(now, conn, count),
            Input::Closed { conn, why } => engine.closed(now, conn, &why),
            #[cfg(feature = "sasl")]
            Input::Rejected { conn, why } => engine.rejected(now, conn, &why),
            #[cfg(feature = "sasl")]
            Input::Given { conn, given } => engine.given(now, conn, given),
            Input::Sealed(job) => engine.sealed(now, job),
            #[cfg(feature = "journal")]
            Input::Persisted { ticket } => engine.persisted(ticket),
            Input::Suspended => engine.suspend(now),
            Input::Resumed => engine.resume(now),
            Input::Timeout => engine.dirty = true,
        }
        if core::mem::take(&mut engine.refresh.news) {
            engine.admit_waiting(now, &mut self.extensions);
        }
    }

    /// Hands over what was traced since the last call.
    pub fn drain_trace(&mut self, sink: &mut impl FnMut(Envelope)) {
        let mut tracer = core::mem::take(&mut self.engine.tracer);
        tracer.drain(|tracer| self.engine.snapshot(&self.config, tracer), sink);
        self.engine.tracer = tracer;
    }

    /// Changes how much is traced. Unless that is nothing, the trace begins with the start and the state at `now`.
    pub fn set_trace(&mut self, now: Instant, level: Level) {
        self.tick(now);
        let was = self.engine.tracer.level();
        self.engine.tracer.set_level(level);
        if was == Level::Off && level != Level::Off {
            self.trace_start(now);
        }
    }

    fn trace_start(&mut self, now: Instant) {
        let client_id = (&*self.engine.settings.client_id).into();
        let config = crate::snapshot::entries(&self.config);
        self.engine.tracer.emit(now, || Event::Started {
            client_id,
            epoch_ms: None,
            config,
        });
        let snapshot = self.snapshot();
        self.engine.tracer.emit(now, || Event::Snapshot(snapshot));
    }

    fn trace_snapshot(&mut self, now: Instant) {
        if self.engine.tracer.wants_snapshot() {
            let snapshot = self.snapshot();
            self.engine.tracer.emit(now, || Event::Snapshot(snapshot));
        }
    }

    /// The whole state, as the trace shows it.
    pub fn snapshot(&self) -> Snapshot {
        self.engine.snapshot(&self.config, &self.engine.tracer)
    }

    /// The name of an interned topic.
    pub fn topic_name(&self, topic: TopicIx) -> Option<&Arc<str>> {
        self.engine.topics.name(topic)
    }

    /// The partitions of a topic, if its metadata is known.
    pub fn partitions_for(&self, topic: &str) -> Option<Vec<PartitionInfo>> {
        let topic = self.engine.topics.get(self.engine.topics.find(topic)?);
        topic.is_known().then(|| {
            let known = topic.partitions.iter().take(topic.count as usize);
            known
                .map(|ix| self.engine.partition(*ix))
                .map(|partition| PartitionInfo {
                    partition: partition.index,
                    leader: partition.leader,
                })
                .collect()
        })
    }

    /// Records that are accepted and not resolved.
    pub fn outstanding(&self) -> u64 {
        self.engine.outstanding
    }

    /// Bytes of `buffer.memory` in use.
    pub fn memory_used(&self) -> usize {
        self.engine.memory.used()
    }

    /// Requests that wait for their answer.
    pub fn in_flight(&self) -> usize {
        let streams = self.engine.network.conns().filter_map(|conn| conn.stream());
        streams.map(|stream| stream.in_flight()).sum()
    }

    /// When metadata last arrived.
    pub fn metadata_at(&self) -> Option<Instant> {
        self.engine.refresh.updated_at()
    }

    /// Whether the producer is closed: nothing happens any more.
    pub fn is_closed(&self) -> bool {
        self.engine.lifecycle.is_closed()
    }

    /// What was counted.
    pub fn metrics(&self) -> Counters {
        self.engine.counters
    }

    /// Kafka's metrics (`KafkaProducer.metrics`): averages, maxima and rates of the last minute, totals since the start.
    #[cfg(feature = "metrics")]
    pub fn kafka_metrics(&self, now: Instant) -> Vec<crate::metrics::Metric> {
        self.engine.report(now)
    }

    /// Switches the journal on, before the first record: from now on no batch is transmitted before
    /// [`Input::Persisted`] says that its identity and sequence ([`drain_journal`](Self::drain_journal)) are durable.
    ///
    /// A partition then has one batch in flight at a time, and a batch that may be in the log is never sent under
    /// another identity: it fails with `OUTCOME_UNKNOWN`. So it does when its newest record is older than
    /// `ottla.dedup.window.ms` by the wall clock, of which `wall` is the time at `now`.
    #[cfg(feature = "journal")]
    pub fn journal(&mut self, now: Instant, wall: Timestamp) {
        self.tick(now);
        let window = self.config.dedup_window();
        self.engine.start_journal(now, wall, window);
    }

    /// What the wall clock says at `now`: it runs on while a machine sleeps, the monotonic one may not.
    #[cfg(feature = "journal")]
    pub fn set_wall(&mut self, now: Instant, wall: Timestamp) {
        self.engine.set_wall(now, wall);
    }

    /// Hands over what the journal is to note since the last call, in the order in which it is to be noted.
    #[cfg(feature = "journal")]
    pub fn drain_journal(&mut self, sink: &mut impl FnMut(crate::journal::Stamped)) {
        self.engine.drain_journal(sink);
    }

    /// Takes a batch that an earlier process had stamped and did not see acknowledged (the bytes of
    /// [`Stamped::batch`](crate::journal::Stamped::batch)), to send it again as it was, under its own identity and
    /// before every other record of its partition. Returns the numbers of its records, in order.
    ///
    /// Give the batches of a partition in the order of their sequences, before the first `send`.
    ///
    /// # Errors
    /// When the bytes are no stamped batch, or the place cannot be one.
    #[cfg(feature = "journal")]
    pub fn replay(
        &mut self,
        now: Instant,
        topic: &str,
        partition: i32,
        batch: Bytes,
    ) -> Result<Vec<RecordId>, crate::journal::ReplayError> {
        self.tick(now);
        self.engine.replay(now, topic, partition, batch)
    }

    /// The application's own decisions.
    pub fn extensions_mut(&mut self) -> &mut X {
        &mut self.extensions
    }

    /// The configuration.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Lets a partition's sequences go on at this number, as if so many records had been delivered. For tests.
    #[cfg(feature = "mutants")]
    #[doc(hidden)]
    pub fn skip_sequences(&mut self, topic: &str, partition: i32, next: i32) {
        let topic = self.engine.topics.find(topic).expect("a known topic");
        let ix = self.engine.topics.get(topic).partitions[partition as usize];
        self.engine.partition_mut(ix).sequences.skip_to(next);
    }

    fn tick(&mut self, now: Instant) {
        debug_assert!(now >= self.last_now, "driving rule: now never decreases");
        self.last_now = self.last_now.max(now);
    }
}
