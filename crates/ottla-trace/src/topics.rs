//! Renumbering of topics, for whoever merges the traces of several sources into one.
//!
//! The numbers in one trace mean the same for every source. A source that numbers by itself is renumbered when its
//! events join the others.

use crate::{
    Event,
    event::{Define, TopicIx},
};

impl Event {
    /// Calls `visit` with every topic number in the event, so that it can be replaced.
    pub fn for_each_topic_mut(&mut self, mut visit: impl FnMut(&mut TopicIx)) {
        match self {
            Self::Define(Define::Topic { id, .. }) => visit(id),
            Self::Accepted { topic, .. }
            | Self::BatchOpened { topic, .. }
            | Self::LogAppended { topic, .. }
            | Self::LogRefused { topic, .. }
            | Self::Replicated { topic, .. }
            | Self::HighWatermark { topic, .. }
            | Self::Truncated { topic, .. }
            | Self::Leader { topic, .. } => visit(topic),
            Self::MetadataRequested { topics, .. } => topics.iter_mut().for_each(visit),
            Self::MetadataUpdated { partitions, .. } => {
                partitions
                    .iter_mut()
                    .for_each(|partition| visit(&mut partition.topic));
            }
            Self::Snapshot(snapshot) => {
                snapshot.topics.iter_mut().for_each(|(id, _)| visit(id));
                snapshot
                    .partitions
                    .iter_mut()
                    .for_each(|partition| visit(&mut partition.topic));
                snapshot
                    .batches
                    .iter_mut()
                    .for_each(|batch| visit(&mut batch.topic));
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use alloc::{string::ToString, vec, vec::Vec};

    use super::*;
    use crate::{Envelope, Source, event::PartitionView, jsonl};

    #[test]
    fn every_topic_number_in_the_json_is_visited() {
        let view = PartitionView {
            topic: 7,
            partition: 0,
            leader: 1,
            leader_epoch: 0,
            isr: vec![],
            replicas: vec![],
        };
        let snapshot = crate::Snapshot {
            topics: vec![(7, "orders".to_string())],
            partitions: vec![view.clone()],
            ..crate::Snapshot::default()
        };
        let events: Vec<Event> = vec![
            Event::Define(Define::Topic {
                id: 7,
                name: "orders".to_string(),
            }),
            Event::BatchOpened {
                batch: 0,
                topic: 7,
                partition: 0,
                capacity: 0,
            },
            Event::Replicated {
                topic: 7,
                partition: 0,
                log_end: 0,
            },
            Event::HighWatermark {
                topic: 7,
                partition: 0,
                offset: 0,
            },
            Event::Truncated {
                topic: 7,
                partition: 0,
                log_end: 0,
            },
            Event::MetadataRequested {
                topics: vec![7, 7],
                because: "test".to_string(),
            },
            Event::MetadataUpdated {
                nodes: vec![],
                partitions: vec![view],
            },
            Event::Snapshot(snapshot),
        ];
        for mut event in events {
            event.for_each_topic_mut(|topic| *topic = 8);
            let line = jsonl::envelope_line(&Envelope {
                t: 0,
                seq: 0,
                source: Source::Client,
                event,
            });
            assert!(line.contains('8') && !line.contains('7'), "{line}");
        }
    }
}
