//! The whole state, as the trace shows it.

use alloc::string::String;
use alloc::vec::Vec;

use ottla_trace::Snapshot;
use ottla_trace::event::TopicIx;
use ottla_trace::snapshot::{BatchView, ConnectionView};

use crate::accumulator::{BatchKey, BatchState, Partition};
use crate::config::Config;
use crate::connection::Connection;
use crate::engine::Engine;
use crate::tracer::Tracer;

impl Engine {
    pub(crate) fn snapshot(&self, config: &Config, tracer: &Tracer) -> Snapshot {
        let identity = self.identity.current();
        Snapshot {
            client_id: (&*self.settings.client_id).into(),
            config: entries(config),
            topics: self
                .topics
                .iter()
                .map(|(ix, topic)| (ix, (&*topic.name).into()))
                .collect::<Vec<(TopicIx, String)>>(),
            keys: tracer.keys(),
            nodes: self
                .network
                .nodes
                .iter()
                .map(|(id, node)| (*id, node.host.clone(), node.port))
                .collect(),
            partitions: self.partition_views(),
            batches: self
                .active
                .iter()
                .flat_map(|ix| self.batch_views(self.partition(*ix), tracer.records()))
                .collect(),
            connections: self.network.conns().map(connection_view).collect(),
            producer_id: identity.map_or(-1, |identity| identity.id),
            epoch: identity.map_or(-1, |identity| identity.epoch),
            memory_used: self.memory.used() as u64,
            memory_total: self.memory.total() as u64,
            accepted: self.next_record,
            acked: self.counters.record_acks,
            failed: self.next_record - self.outstanding - self.counters.record_acks,
        }
    }

    fn batch_views(&self, partition: &Partition, records: bool) -> Vec<BatchView> {
        let closed = partition.in_flight.iter().chain(&partition.queue);
        let mut views: Vec<_> = closed
            .filter_map(|key| self.batch_view(partition, *key, records))
            .collect();
        if let Some(open) = &partition.open {
            views.push(BatchView {
                batch: open.id,
                topic: partition.topic,
                partition: partition.index,
                opened: open.created.as_micros(),
                capacity: open.builder.limit() as u32,
                bytes: open.builder.uncompressed_size() as u32,
                records: ids(&open.slots, records),
                count: open.slots.len() as u32,
                open: true,
                attempts: 0,
                sequence: -1,
                in_flight: None,
            });
        }
        views
    }

    fn batch_view(&self, partition: &Partition, key: BatchKey, records: bool) -> Option<BatchView> {
        let batch = self.batches.get(key)?;
        if matches!(batch.state, BatchState::Abandoned) {
            return None;
        }
        Some(BatchView {
            batch: batch.id,
            topic: partition.topic,
            partition: partition.index,
            opened: batch.created.as_micros(),
            capacity: batch.charge as u32,
            bytes: batch.charge as u32,
            records: ids(&batch.slots, records),
            count: batch.count,
            open: false,
            attempts: batch.attempts,
            sequence: batch.stamp.map_or(-1, |stamp| stamp.first.get()),
            in_flight: match &batch.state {
                BatchState::InFlight {
                    conn, correlation, ..
                } => Some((conn.0, *correlation)),
                _ => None,
            },
        })
    }
}

fn ids(slots: &[crate::delivery::RecordSlot], wanted: bool) -> Vec<u64> {
    slots.iter().filter(|_| wanted).map(|slot| slot.id.0).collect()
}

fn connection_view(connection: &Connection) -> ConnectionView {
    ConnectionView {
        conn: connection.id.0,
        node: connection.peer.node(),
        address: alloc::format!("{}", connection.address),
        ready: connection.ready().is_some(),
        in_flight: connection
            .stream()
            .map(|stream| stream.requests().map(|request| request.correlation).collect())
            .unwrap_or_default(),
    }
}

pub(crate) fn entries(config: &Config) -> Vec<(String, String)> {
    config
        .entries()
        .map(|(name, value)| (name.into(), value))
        .collect()
}
