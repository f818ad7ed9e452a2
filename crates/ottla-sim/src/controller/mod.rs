//! The controller: which brokers live, who leads, who is in sync. One that never fails.
//!
//! By the rules of Kafka's `ReplicationControlManager` and `ClusterControlManager`. Deliberately absent: eligible leader
//! replicas (KIP-966; the same with `min.insync.replicas=1`), reassignment, automatic return to preferred leaders.

#[cfg(feature = "full")]
mod alteration;
mod election;
mod topics;

use std::{ops::Range, sync::Arc};

use ottla_broker::{
    ControllerAnswer, ControllerRequest, Endpoint, Image, NodeId, PartitionImage, Settings, TopicId,
    TopicImage,
};
use ottla_sorted::SortedMap;

use crate::Rng;

/// Producer ids that a broker gets at once (`ProducerIdsBlock.PRODUCER_ID_BLOCK_SIZE`).
const PRODUCER_ID_BLOCK: i64 = 1_000;

/// The controller's state.
#[derive(Clone, Debug)]
pub(crate) struct Controller {
    settings: Arc<Settings>,
    rng: Rng,
    endpoints: SortedMap<NodeId, Endpoint>,
    image: Image,
    changed: bool,
    next_producer_id: i64,
    topics_created: usize,
    changes: Vec<(Arc<str>, i32)>,
    deleted: Vec<Arc<str>>,
}

impl Controller {
    pub(crate) fn new(settings: Arc<Settings>, rng: Rng) -> Self {
        Self {
            settings,
            rng,
            endpoints: SortedMap::new(),
            image: Image::default(),
            changed: false,
            next_producer_id: 0,
            topics_created: 0,
            changes: Vec::new(),
            deleted: Vec::new(),
        }
    }

    pub(crate) fn register(&mut self, node: NodeId, endpoint: Endpoint) {
        self.endpoints.insert(node, endpoint);
    }

    pub(crate) fn is_fenced(&self, node: NodeId) -> bool {
        !self.image.brokers.contains_key(&node)
    }

    pub(crate) fn image(&self) -> &Image {
        &self.image
    }

    /// The image if it changed since this was last asked.
    pub(crate) fn take_image(&mut self) -> Option<Arc<Image>> {
        if !std::mem::take(&mut self.changed) {
            return None;
        }
        self.image.version += 1;
        Some(Arc::new(self.image.clone()))
    }

    /// The partitions that changed since this was last asked.
    pub(crate) fn take_changes(&mut self) -> Vec<(Arc<str>, i32)> {
        std::mem::take(&mut self.changes)
    }

    /// The topics that were deleted since this was last asked.
    pub(crate) fn take_deleted(&mut self) -> Vec<Arc<str>> {
        std::mem::take(&mut self.deleted)
    }

    pub(crate) fn producer_ids(&mut self) -> Range<i64> {
        let first = self.next_producer_id;
        self.next_producer_id += PRODUCER_ID_BLOCK;
        first..self.next_producer_id
    }

    /// The broker is alive and has caught up with the metadata.
    pub(crate) fn unfence(&mut self, node: NodeId) {
        if let Some(endpoint) = self.endpoints.get(&node) {
            self.image.brokers.insert(node, endpoint.clone());
            self.changed = true;
            self.update_partitions(election::joined);
        }
    }

    /// The broker is dead or silent: it leads nothing any more, and is in sync nowhere where others are.
    pub(crate) fn fence(&mut self, node: NodeId) {
        if self.image.brokers.remove(&node).is_some() {
            self.changed = true;
            self.update_partitions(|partition, alive, unclean| {
                election::left(partition, node, alive, unclean)
            });
        }
    }

    /// Moves every leadership to the preferred leader that is in sync (`kafka-leader-election`).
    pub(crate) fn elect_preferred(&mut self) {
        self.update_partitions(|partition, alive, _| election::prefer(partition, alive));
    }

    /// A broker asks. The answer, if there is one.
    pub(crate) fn request(&mut self, request: ControllerRequest) -> Option<ControllerAnswer> {
        let (token, results) = match request {
            ControllerRequest::CreateTopics {
                token,
                topics,
                validate_only,
            } => {
                let results = topics.iter().map(|topic| self.create_topic(topic, validate_only));
                (token, results.collect())
            }
            ControllerRequest::DeleteTopics { token, names } => {
                let results = names.iter().map(|name| self.delete_topic(name));
                (token, results.collect())
            }
            #[cfg(feature = "full")]
            ControllerRequest::CreatePartitions {
                token,
                topics,
                validate_only,
            } => {
                let results = topics.iter().map(|more| self.grow_topic(more, validate_only));
                (token, results.collect())
            }
            #[cfg(feature = "full")]
            ControllerRequest::AlterTopicConfigs {
                token,
                topics,
                validate_only,
            } => {
                let results = topics
                    .iter()
                    .map(|(name, changes)| self.configure_topic(name, changes, validate_only));
                (token, results.collect())
            }
            #[cfg(not(feature = "full"))]
            ControllerRequest::CreatePartitions { .. } | ControllerRequest::AlterTopicConfigs { .. } => {
                return None;
            }
            ControllerRequest::AlterIsr {
                topic,
                partition,
                leader_epoch,
                partition_epoch,
                isr,
            } => {
                let expected = (leader_epoch, partition_epoch);
                let done = self.alter_isr(&topic, partition, expected, &isr);
                return (!done).then_some(ControllerAnswer::IsrRefused { topic, partition });
            }
        };
        Some(ControllerAnswer::Topics { token, results })
    }

    fn alter_isr(&mut self, topic: &TopicId, index: i32, expected: (i32, i32), isr: &[NodeId]) -> bool {
        let alive = self.image.brokers.clone();
        let Some(name) = self.image.names.get(topic).cloned() else {
            return false;
        };
        let Some(partition) = self.partition_mut(&name, index) else {
            return false;
        };
        let current = (partition.leader_epoch, partition.partition_epoch) == expected;
        if !current
            || isr
                .iter()
                .any(|node| !alive.contains_key(node) || !partition.replicas.contains(node))
        {
            return false;
        }
        partition.isr = isr.to_vec();
        partition.partition_epoch += 1;
        self.note_change(&name, index);
        true
    }

    fn partition_mut(&mut self, name: &Arc<str>, index: i32) -> Option<&mut PartitionImage> {
        let topic = Arc::make_mut(self.image.topics.get_mut(name)?);
        topic.partitions.get_mut(usize::try_from(index).ok()?)
    }

    fn note_change(&mut self, name: &Arc<str>, index: i32) {
        self.changed = true;
        self.changes.push((name.clone(), index));
    }

    /// Lets `update` change every partition; it says whether it did.
    fn update_partitions(
        &mut self,
        update: impl Fn(&mut PartitionImage, &SortedMap<NodeId, Endpoint>, bool) -> bool,
    ) {
        let alive = &self.image.brokers;
        let mut changes = Vec::new();
        for topic in self.image.topics.values_mut() {
            let unclean = topic.config.unclean_leader_election;
            for index in 0..topic.partitions.len() {
                let mut partition = topic.partitions[index].clone();
                if update(&mut partition, alive, unclean) {
                    Arc::<TopicImage>::make_mut(topic).partitions[index] = partition;
                    changes.push((topic.name.clone(), index as i32));
                }
            }
        }
        changes
            .iter()
            .for_each(|(name, index)| self.note_change(name, *index));
    }
}

#[cfg(test)]
mod tests;
