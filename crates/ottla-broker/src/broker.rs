//! One broker process.

use std::{collections::VecDeque, ops::Range, sync::Arc};

use crate::{
    ConnId, Connection, ControllerAnswer, Effect, FULL, Image, Log, Micros, NodeId, Observation, Observed,
    PlannedFault, Settings, TopicId,
    faults::Faults,
    quota::Quota,
    replica::Replica,
    replication::{Fetcher, Parked},
};
use ottla_sorted::{SortedMap, SortedSet};

/// A partition: its topic's id and its number.
pub(crate) type PartitionKey = (TopicId, i32);

/// What survives a broker process.
#[derive(Clone, Debug, Default)]
pub struct Disk {
    pub(crate) logs: SortedMap<PartitionKey, Log>,
}

impl Disk {
    /// The log of a partition.
    #[must_use]
    pub fn log(&self, topic: &TopicId, partition: i32) -> Option<&Log> {
        self.logs.get(&(*topic, partition))
    }
}

/// How a broker process begins.
#[derive(Clone, Debug)]
pub struct Start {
    /// `node.id`.
    pub id: NodeId,
    /// `cluster.id`, as clients are told.
    pub cluster_id: Arc<str>,
    /// Settings.
    pub settings: Arc<Settings>,
    /// What an earlier process of this broker left.
    pub disk: Disk,
    /// The wall clock at `now` = 0, in milliseconds since the epoch.
    pub epoch_ms: i64,
    /// Producer ids that the controller set apart for this broker.
    pub producer_ids: Range<i64>,
    /// Whether [`Broker::take_observation`] is called.
    pub observe: bool,
}

/// One broker process: client connections, replicas, and what it knows about the cluster.
///
/// It does nothing by itself. Tell it what happens ([`receive`](Self::receive), [`apply_image`](Self::apply_image),
/// [`replica_fetch`](Self::replica_fetch), [`tick`](Self::tick), ...), then do what [`take_effect`](Self::take_effect)
/// says until it says nothing, and call [`tick`](Self::tick) when [`next_deadline`](Self::next_deadline) has come.
/// Time never goes backwards.
///
/// As in Kafka, a connection's next request is read when the one before it is answered.
#[derive(Clone, Debug)]
pub struct Broker {
    pub(crate) id: NodeId,
    pub(crate) cluster_id: Arc<str>,
    pub(crate) settings: Arc<Settings>,
    pub(crate) image: Arc<Image>,
    pub(crate) replicas: SortedMap<PartitionKey, Replica>,
    pub(crate) connections: SortedMap<ConnId, Connection>,
    /// Connections whose request is not answered yet.
    pub(crate) waiting: SortedSet<ConnId>,
    pub(crate) parked: SortedMap<NodeId, Parked>,
    pub(crate) fetchers: SortedMap<NodeId, Fetcher>,
    pub(crate) effects: VecDeque<Effect>,
    pub(crate) faults: Faults,
    pub(crate) quota: Quota,
    pub(crate) producer_ids: Range<i64>,
    pub(crate) creating: SortedSet<String>,
    pub(crate) next_token: u64,
    /// Something was appended since followers were last answered.
    pub(crate) appended: bool,
    /// A high watermark moved or a leadership changed since waiting requests were last looked at.
    pub(crate) advanced: bool,
    unopened: SortedMap<PartitionKey, Log>,
    observations: VecDeque<Observation>,
    pub(crate) observe: bool,
    epoch_ms: i64,
    next_lag_check: Micros,
    next_expiry_check: Micros,
    next_retention_check: Micros,
}

impl Broker {
    /// Starts a process. It knows of no topic until the first image comes.
    #[must_use]
    pub fn start(now: Micros, start: Start) -> Self {
        let next_lag_check = now + start.settings.replica_lag_time_max / 2;
        // Nothing expires and nothing is dropped in a page.
        let in_time = |interval| if FULL { now + interval } else { Micros::MAX };
        let next_expiry_check = in_time(start.settings.producer_id_expiration_check_interval);
        let next_retention_check = in_time(start.settings.retention_check_interval);
        Self {
            id: start.id,
            cluster_id: start.cluster_id,
            quota: Quota::new(start.settings.producer_byte_rate),
            settings: start.settings,
            image: Arc::default(),
            replicas: SortedMap::new(),
            connections: SortedMap::new(),
            waiting: SortedSet::new(),
            parked: SortedMap::new(),
            fetchers: SortedMap::new(),
            effects: VecDeque::new(),
            faults: Faults::default(),
            producer_ids: start.producer_ids,
            creating: SortedSet::new(),
            next_token: 0,
            appended: false,
            advanced: false,
            unopened: start.disk.logs,
            observations: VecDeque::new(),
            observe: start.observe,
            epoch_ms: start.epoch_ms,
            next_lag_check,
            next_expiry_check,
            next_retention_check,
        }
    }

    /// The process is killed: what it wrote is left.
    #[must_use]
    pub fn kill(self) -> Disk {
        let opened = self
            .replicas
            .into_iter()
            .map(|(key, replica)| (key, replica.into_log()));
        Disk {
            logs: self.unopened.into_iter().chain(opened).collect(),
        }
    }

    /// The process stops in order: it writes its checkpoints and snapshots first.
    #[must_use]
    pub fn stop(self) -> Disk {
        let opened = self
            .replicas
            .into_iter()
            .map(|(key, replica)| (key, replica.into_closed_log()));
        Disk {
            logs: self.unopened.into_iter().chain(opened).collect(),
        }
    }

    /// What to do next; `None` when all is done.
    pub fn take_effect(&mut self) -> Option<Effect> {
        self.effects.pop_front()
    }

    /// What happened, in order; only if [`Start::observe`].
    pub fn take_observation(&mut self) -> Option<Observation> {
        self.observations.pop_front()
    }

    /// The cluster as this broker knows it.
    #[must_use]
    pub fn image(&self) -> &Image {
        &self.image
    }

    /// The log of a partition, if this broker has a replica of it.
    #[must_use]
    pub fn log(&self, topic: &TopicId, partition: i32) -> Option<&Log> {
        let key = (*topic, partition);
        self.replicas
            .get(&key)
            .map(|replica| &replica.log)
            .or_else(|| self.unopened.get(&key))
    }

    /// The high watermark of a partition, as this broker knows it.
    #[must_use]
    pub fn high_watermark(&self, topic: &TopicId, partition: i32) -> Option<i64> {
        self.replicas
            .get(&(*topic, partition))
            .map(Replica::high_watermark)
    }

    /// Plans a fault for a Produce request to come.
    pub fn plan_fault(&mut self, fault: PlannedFault) {
        self.faults.plan(fault);
    }

    /// Gives the broker more producer ids to hand out.
    pub fn grant_producer_ids(&mut self, ids: Range<i64>) {
        self.producer_ids = ids;
    }

    /// Whether the producer ids are used up.
    #[must_use]
    pub fn needs_producer_ids(&self) -> bool {
        self.producer_ids.is_empty()
    }

    /// The controller's view of the cluster has arrived.
    pub fn apply_image(&mut self, now: Micros, image: &Arc<Image>) {
        if image.version < self.image.version {
            return;
        }
        self.image = image.clone();
        self.replicas
            .retain(|(topic, _), _| image.names.contains_key(topic));
        self.unopened
            .retain(|(topic, _), _| image.names.contains_key(topic));
        let now_ms = self.now_ms(now);
        for topic in image.topics.values() {
            for (index, partition) in (0..).zip(&topic.partitions) {
                if !partition.replicas.contains(&self.id) {
                    continue;
                }
                let key = (topic.id, index);
                let unopened = &mut self.unopened;
                let replica = self.replicas.entry(key).or_insert_with(|| {
                    Replica::open(
                        topic,
                        unopened.remove(&key).unwrap_or_default(),
                        now_ms,
                        &self.settings,
                    )
                });
                replica.apply(now, self.id, &topic.config, partition);
                if replica.advance_high_watermark(now, self.id) {
                    self.high_watermark_moved(topic.id, index);
                }
            }
        }
        self.advanced = true;
        // A parked follower may have to hear that this broker leads no more.
        self.appended = true;
        self.settle(now);
    }

    /// The controller has answered.
    pub fn controller_answer(&mut self, now: Micros, answer: ControllerAnswer) {
        match answer {
            ControllerAnswer::IsrRefused { topic, partition } => {
                if let Some(replica) = self.replicas.get_mut(&(topic, partition)) {
                    replica.proposal_refused();
                }
            }
            ControllerAnswer::Topics { token: None, results } => {
                results
                    .iter()
                    .for_each(|outcome| _ = self.creating.remove(&outcome.name));
            }
            ControllerAnswer::Topics {
                token: Some(token),
                results,
            } => self.topics_done(now, token, &results),
        }
        self.settle(now);
    }

    /// Time has passed.
    pub fn tick(&mut self, now: Micros) {
        if now >= self.next_lag_check {
            self.next_lag_check = now + (self.settings.replica_lag_time_max / 2).max(1);
            self.check_lag(now);
        }
        if FULL {
            self.clean_up(now);
        }
        if self.parked.values().any(|parked| now >= parked.deadline) {
            self.appended = true;
        }
        self.expire_waiting(now);
        self.unmute(now);
        self.settle(now);
    }

    /// When [`tick`](Self::tick) is due.
    #[must_use]
    pub fn next_deadline(&self) -> Micros {
        let parked = self.parked.values().map(|parked| parked.deadline);
        let backoff = self
            .fetchers
            .values()
            .map(|fetcher| fetcher.not_before)
            .filter(|&at| at > 0);
        let delayed = self
            .replicas
            .values()
            .filter_map(|replica| replica.follower().map(|it| it.delayed_until));
        let connections = self.connections.values().filter_map(Connection::deadline);
        let timers = parked
            .chain(backoff)
            .chain(delayed.filter(|&at| at > 0))
            .chain(connections);
        let checks = [self.next_expiry_check, self.next_retention_check];
        timers.chain(checks).fold(self.next_lag_check, Micros::min)
    }

    /// Lets everything happen that the last input made possible.
    pub(crate) fn settle(&mut self, now: Micros) {
        while self.appended || self.advanced {
            if std::mem::take(&mut self.appended) {
                self.answer_parked(now);
            }
            if std::mem::take(&mut self.advanced) {
                self.retry_waiting(now);
            }
        }
        self.clear_delays(now);
        self.start_fetches(now);
    }

    /// Timers that have passed are taken down, so that they are not due for ever.
    fn clear_delays(&mut self, now: Micros) {
        for fetcher in self
            .fetchers
            .values_mut()
            .filter(|fetcher| fetcher.not_before <= now)
        {
            fetcher.not_before = 0;
        }
        for replica in self.replicas.values_mut() {
            replica.clear_delay(now);
        }
    }

    /// Forgets the producers that have not written for `producer.id.expiration.ms` by the time of their records, and
    /// drops records that are not kept any longer, each when its check is due.
    fn clean_up(&mut self, now: Micros) {
        let (now_ms, settings) = (self.now_ms(now), &self.settings);
        if now >= self.next_expiry_check {
            self.next_expiry_check = now + settings.producer_id_expiration_check_interval.max(1);
            for replica in self.replicas.values_mut() {
                replica.expire_producers(now_ms, settings.producer_id_expiration_ms);
            }
        }
        if now >= self.next_retention_check {
            self.next_retention_check = now + settings.retention_check_interval.max(1);
            self.replicas.values_mut().for_each(Replica::retain);
        }
    }

    /// The wall clock is set forwards or backwards; time that is waited for is not.
    pub fn shift_clock(&mut self, by_ms: i64) {
        self.epoch_ms = self.epoch_ms.saturating_add(by_ms);
    }

    /// Takes other settings while it runs, as Kafka takes dynamic configurations and quotas.
    pub fn configure(&mut self, settings: Arc<Settings>) {
        self.quota.set_rate(settings.producer_byte_rate);
        self.settings = settings;
    }

    pub(crate) fn now_ms(&self, now: Micros) -> i64 {
        self.epoch_ms.saturating_add_unsigned(now / 1_000)
    }

    pub(crate) fn observe(&mut self, key: PartitionKey, what: Observed) {
        if self.observe
            && let Some(replica) = self.replicas.get(&key)
        {
            self.observations.push_back(Observation {
                topic: replica.topic.clone(),
                partition: key.1,
                what,
            });
        }
    }

    pub(crate) fn high_watermark_moved(&mut self, topic: TopicId, partition: i32) {
        self.advanced = true;
        if let Some(offset) = self.high_watermark(&topic, partition) {
            self.observe((topic, partition), Observed::HighWatermark { offset });
        }
    }
}
