//! Asking for metadata.

use alloc::vec::Vec;

use ottla_trace::Event;
use ottla_trace::event::TopicIx;
use ottla_wire::messages::metadata::{MetadataRequest, MetadataRequestTopic};

use super::refresh::Want;
use crate::accumulator::TopicKnowledge;
use crate::connection::RequestKind;
use crate::engine::Engine;
use crate::time::Instant;

impl Engine {
    /// Sends a metadata request when one is due and somebody can be asked.
    pub(crate) fn ask_for_metadata(&mut self, now: Instant) {
        if !self.refresh.is_due(now) {
            return;
        }
        self.consider_rebootstrap(now);
        let Some(conn) = self.any_connection(now) else {
            self.refresh.nobody_to_ask(now);
            return;
        };
        let Some((_, versions)) = self.network.conn(conn).and_then(|conn| conn.ready()) else {
            return;
        };
        let version = versions.metadata;
        let (want, because) = self.refresh.asked(now);
        let topics = self.topics_to_ask(now, want);
        let request = MetadataRequest {
            topics: Some(topics.iter().map(|ix| self.ask_topic(*ix)).collect()),
            allow_auto_topic_creation: true,
            ..Default::default()
        };
        self.tracer.emit(now, || Event::MetadataRequested {
            topics: topics.clone(),
            because: because.into(),
        });
        self.request(now, conn, version, &request, RequestKind::Metadata { topics });
    }

    fn ask_topic(&self, ix: TopicIx) -> MetadataRequestTopic {
        MetadataRequestTopic {
            name: Some((&*self.topics.get(ix).name).into()),
            ..Default::default()
        }
    }

    /// New topics, or all in use. One that was not used for `metadata.max.idle.ms` is forgotten on this occasion
    /// (KIP-526).
    fn topics_to_ask(&mut self, now: Instant, want: Want) -> Vec<TopicIx> {
        let idle = self.settings.metadata_max_idle;
        let partitions = &self.partitions;
        let mut asked = Vec::new();
        for (ix, topic) in self.topics.iter_mut() {
            let in_use = topic
                .partitions
                .iter()
                .any(|partition| partitions[partition.0 as usize].listed);
            if !mutant!(IdleTopicsKept)
                && topic.is_known()
                && (!in_use || mutant!(BusyTopicForgotten))
                && (topic.waiting.is_empty() || mutant!(AwaitedTopicForgotten))
                && topic.last_used + idle <= now
            {
                topic.knowledge = TopicKnowledge::Unwanted;
            }
            if topic.is_wanted() || ((want == Want::All || mutant!(NewTopicsAskForAll)) && topic.is_known()) {
                asked.push(ix);
            }
        }
        asked
    }

    /// When metadata cannot be had for `metadata.recovery.rebootstrap.trigger.ms`, although some node may take
    /// connections: begins again (KIP-1102).
    fn consider_rebootstrap(&mut self, now: Instant) {
        let since = self.refresh.failing_since();
        if let (Some(limit), Some(since)) = (self.settings.rebootstrap_after, since)
            && since + limit <= now
        {
            self.rebootstrap(now);
        }
    }

    /// Forgets the nodes and their connections, so that the bootstrap addresses are asked who the cluster is.
    pub(crate) fn rebootstrap(&mut self, now: Instant) {
        for conn in self.network.conn_ids() {
            let peer = self.network.conn(conn).map(|conn| conn.peer);
            if peer.is_some_and(|peer| peer.node().is_some()) {
                self.hang_up(now, conn, "begins again from bootstrap.servers");
            }
        }
        self.network.nodes.clear();
        self.refresh.begun_again(now);
    }
}
