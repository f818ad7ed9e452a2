//! Taking in what brokers say about the cluster.

use alloc::vec::Vec;

use ottla_trace::Event;
use ottla_trace::event::{Define, PartitionView, TopicIx};
use ottla_wire::error_code::ErrorCode;
use ottla_wire::messages::metadata::{MetadataResponse, MetadataResponsePartition, MetadataResponseTopic};
use ottla_wire::messages::produce::{LeaderIdAndEpoch, NodeEndpoint};

use crate::accumulator::{Partition, PartitionIx, TopicKnowledge};
use crate::delivery::{DeliveryError, DeliveryErrorKind, Persisted};
use crate::engine::Engine;
use crate::error::lookup;
use crate::io::{ConnId, NodeId};
use crate::time::Instant;

impl Engine {
    pub(crate) fn metadata_failed(&mut self, now: Instant, _topics: &[TopicIx]) {
        self.refresh
            .failed(now, &self.settings.retry_backoff, &mut self.rng);
    }

    pub(crate) fn metadata_answered(
        &mut self,
        now: Instant,
        conn: ConnId,
        asked: &[TopicIx],
        answer: &MetadataResponse,
    ) {
        if answer.error_code == ErrorCode::REBOOTSTRAP_REQUIRED && self.settings.rebootstrap_after.is_some() {
            self.metadata_failed(now, asked);
            return self.rebootstrap(now);
        }
        // A broker that starts knows of nobody, not even itself.
        if !answer.error_code.is_ok() || answer.brokers.is_empty() {
            return self.metadata_failed(now, asked);
        }
        let mut changed = self.learn_nodes(now, conn, answer);
        let mut missing = false;
        for topic in &answer.topics {
            let ix = topic.name.as_deref().and_then(|name| self.topics.find(name));
            let Some(ix) = ix.filter(|ix| asked.contains(ix)) else {
                continue;
            };
            if topic.error_code.is_ok() && !topic.partitions.is_empty() {
                changed |= self.learn_topic(ix, topic);
            } else {
                missing |= self.topic_refused(now, ix, topic.error_code);
            }
        }
        let settings = &self.settings;
        let (age, backoff) = (settings.metadata_max_age, &settings.retry_backoff);
        self.refresh
            .succeeded(now, changed && !missing, age, backoff, &mut self.rng);
        if missing {
            self.refresh.want_new_topics();
        }
        self.trace_cluster(now);
    }

    fn learn_nodes(&mut self, now: Instant, conn: ConnId, answer: &MetadataResponse) -> bool {
        let known: Vec<NodeId> = self.network.nodes.keys().copied().collect();
        self.trace_nodes(now, answer);
        self.network.learn(
            conn,
            answer
                .brokers
                .iter()
                .map(|broker| (broker.node_id, broker.host.clone(), broker.port)),
        );
        !self.network.nodes.keys().eq(&known)
    }

    /// Defines the nodes that are new or elsewhere.
    pub(super) fn trace_nodes(&mut self, now: Instant, answer: &MetadataResponse) {
        if !self.tracer.is_on() {
            return;
        }
        for broker in &answer.brokers {
            let known = self.network.nodes.get(&broker.node_id);
            if known.is_none_or(|node| node.host != broker.host || node.port != broker.port) {
                self.trace_node(now, broker.node_id, &broker.host, broker.port);
            }
        }
    }

    fn trace_node(&mut self, now: Instant, id: NodeId, host: &str, port: i32) {
        self.tracer.emit(now, || {
            Event::Define(Define::Node {
                id,
                host: host.into(),
                port,
            })
        });
    }

    /// Notes a topic's error. Returns whether it should be asked for again.
    fn topic_refused(&mut self, now: Instant, ix: TopicIx, code: ErrorCode) -> bool {
        // A topic without partitions is being created.
        let code = if code.is_ok() {
            ErrorCode::LEADER_NOT_AVAILABLE
        } else {
            code
        };
        let row = lookup(code.0);
        let topic = self.topics.get_mut(ix);
        if row.retriable || mutant!(ForbiddenTopicWaits) {
            // A topic that was known stays usable: its partitions decide what becomes of its batches.
            if topic.is_known() && !mutant!(TopicErrorBelieved) {
                return false;
            }
            topic.knowledge = TopicKnowledge::Wanted {
                last_error: Some(code),
            };
            return true;
        }
        let error = DeliveryError {
            code: row.name,
            kind: match code {
                ErrorCode::TOPIC_AUTHORIZATION_FAILED => DeliveryErrorKind::Authorization,
                _ => DeliveryErrorKind::Broker,
            },
            message: alloc::format!("topic {}: {}", topic.name, row.advice).into(),
            persisted: Persisted::No,
        };
        self.fail_topic(now, ix, &error);
        false
    }

    /// Takes over a topic's partitions. Returns whether anything is new.
    pub(super) fn learn_topic(&mut self, ix: TopicIx, answer: &MetadataResponseTopic) -> bool {
        let topic = self.topics.get_mut(ix);
        let recreated = topic.id != [0; 16] && answer.topic_id.0 != [0; 16] && topic.id != answer.topic_id.0;
        let was_known = topic.is_known();
        topic.id = answer.topic_id.0;
        // Numbers are dense: a peer that names number 2^30 in a short answer is not believed.
        let count = answer.partitions.len() as i32;
        let mut changed = !was_known || recreated || topic.count != count;
        topic.count = count;
        topic.knowledge = TopicKnowledge::Known;
        for index in topic.partitions.len() as i32..count {
            topic.partitions.push(PartitionIx(self.partitions.len() as u32));
            self.partitions.push(Partition::new(ix, index));
        }
        for partition in &answer.partitions {
            changed |= self.learn_partition(ix, partition, recreated);
        }
        self.refresh_available(ix);
        changed
    }

    /// A leader of an older epoch is news from the past and not believed, unless the topic was created anew.
    fn learn_partition(
        &mut self,
        topic: TopicIx,
        answer: &MetadataResponsePartition,
        recreated: bool,
    ) -> bool {
        let Some(ix) = self
            .topics
            .get(topic)
            .partitions
            .get(answer.partition_index as usize)
            .copied()
        else {
            return false;
        };
        let partition = self.partition_mut(ix);
        let outdated = answer.leader_epoch >= 0 && answer.leader_epoch < partition.leader_epoch;
        if outdated && (!recreated || mutant!(RecreatedTopicDistrusted)) && !mutant!(OldLeaderBelieved) {
            return false;
        }
        let leader = Some(answer.leader_id).filter(|leader| *leader >= 0);
        let changed = partition.leader != leader || partition.leader_epoch != answer.leader_epoch;
        partition.leader = leader;
        partition.leader_epoch = answer.leader_epoch;
        partition.isr.clone_from(&answer.isr_nodes);
        partition.replicas.clone_from(&answer.replica_nodes);
        changed
    }

    fn refresh_available(&mut self, ix: TopicIx) {
        let partitions = &self.partitions;
        let topic = self.topics.get_mut(ix);
        topic.available.clear();
        let with_leader = topic
            .partitions
            .iter()
            .take(topic.count as usize)
            .map(|partition| &partitions[partition.0 as usize])
            .filter(|partition| partition.leader.is_some() || mutant!(LeaderlessChosen));
        topic
            .available
            .extend(with_leader.map(|partition| partition.index));
    }

    /// The new leader that a Produce answer names (KIP-951). Believed if it is newer and can be reached; metadata is
    /// asked for nevertheless.
    pub(crate) fn learn_leader(
        &mut self,
        now: Instant,
        ix: PartitionIx,
        leader: &LeaderIdAndEpoch,
        nodes: &[NodeEndpoint],
    ) {
        if leader.leader_id < 0
            || (leader.leader_epoch <= self.partition(ix).leader_epoch && !mutant!(InlineLeaderBelieved))
        {
            return;
        }
        match nodes.iter().find(|node| node.node_id == leader.leader_id) {
            Some(node) => {
                if self.network.place_node(node.node_id, &node.host, node.port) {
                    self.trace_node(now, node.node_id, &node.host, node.port);
                }
            }
            None if self.network.nodes.contains_key(&leader.leader_id) => {}
            None => return,
        }
        let partition = self.partition_mut(ix);
        partition.leader = Some(leader.leader_id);
        partition.leader_epoch = leader.leader_epoch;
        let topic = partition.topic;
        self.refresh_available(topic);
        self.trace_cluster(now);
    }

    pub(super) fn trace_cluster(&mut self, now: Instant) {
        if !self.tracer.is_on() {
            return;
        }
        let nodes = self.network.nodes.keys().copied().collect();
        let partitions = self.partition_views();
        self.tracer
            .emit(now, || Event::MetadataUpdated { nodes, partitions });
    }

    /// Every partition of every topic in use.
    pub(crate) fn partition_views(&self) -> Vec<PartitionView> {
        let mut views = Vec::new();
        for (ix, topic) in self.topics.iter().filter(|(_, topic)| topic.is_known()) {
            for partition in topic.partitions.iter().take(topic.count as usize) {
                let partition = self.partition(*partition);
                views.push(PartitionView {
                    topic: ix,
                    partition: partition.index,
                    leader: partition.leader.unwrap_or(-1),
                    leader_epoch: partition.leader_epoch,
                    isr: partition.isr.clone(),
                    replicas: partition.replicas.clone(),
                });
            }
        }
        views
    }
}
