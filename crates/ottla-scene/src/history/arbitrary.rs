//! Arbitrary runs: about few enough things that they meet, in any order. Most are nonsense; none may panic.

use ottla_trace::{
    Envelope, Event, Source,
    event::{BrokerState, CloseReason, Define, Ledger, PartitionView, PartitionedBy, Persisted, Verdict},
};
use proptest::prelude::*;

fn any_event() -> impl Strategy<Value = Event> {
    prop_oneof![
        6 => any_record_event(),
        8 => any_batch_event(),
        4 => any_connection_event(),
        9 => any_cluster_event()
    ]
}

fn any_record_event() -> impl Strategy<Value = Event> {
    let id = 0..6_u64;
    let part = 0..3_i32;
    prop_oneof![
        (0..40_u64, 0..3_u32).prop_map(|(record, key)| Event::Accepted {
            record,
            topic: 0,
            key: Some(key),
            key_bytes: 1,
            value_bytes: 9,
            headers: 0,
            timestamp: 0
        }),
        (0..40_u64).prop_map(|record| Event::AwaitingMetadata { record }),
        (0..40_u64, part.clone()).prop_map(|(record, partition)| Event::Partitioned {
            record,
            partition,
            of: 3,
            by: PartitionedBy::Sticky
        }),
        (id.clone(), part.clone()).prop_map(|(batch, partition)| Event::BatchOpened {
            batch,
            topic: 0,
            partition,
            capacity: 160
        }),
        (0..40_u64, id.clone(), 0..5_u32).prop_map(|(record, batch, index)| Event::Appended {
            record,
            batch,
            index,
            bytes: 22
        }),
        (id.clone(), 0..5_u32).prop_map(|(batch, records)| Event::BatchClosed {
            batch,
            because: CloseReason::Full,
            records,
            bytes: 99
        }),
    ]
}

fn any_batch_event() -> impl Strategy<Value = Event> {
    let id = 0..6_u64;
    let node = 1..4_i32;
    prop_oneof![
        (id.clone(), node.clone(), 0..9_i32).prop_map(|(batch, node, correlation)| Event::Drained {
            batch,
            node,
            conn: node as u32,
            correlation,
            attempt: 0
        }),
        (id.clone(), 1..4_u32, 0..9_i32).prop_map(|(batch, conn, correlation)| Event::RequestQueued {
            conn,
            correlation,
            api: "Produce".into(),
            version: 13,
            bytes: 9,
            batches: vec![batch],
            in_flight: 1
        }),
        (1..4_u32, 0..9_i32).prop_map(|(conn, correlation)| Event::ResponseRead {
            conn,
            correlation,
            latency: 1,
            throttle_ms: 0
        }),
        (1..4_u32, 0..9_i32, any::<bool>(), node.clone(), 0..9_000_u64).prop_map(
            |(conn, correlation, answer, node, arrives)| Event::InFlight {
                conn,
                correlation,
                answer,
                node,
                arrives
            }
        ),
        (id.clone(), -1..90_i64).prop_map(|(batch, base_offset)| Event::Acked {
            batch,
            base_offset,
            log_append_time: -1
        }),
        id.clone().prop_map(|batch| Event::Retry {
            batch,
            because: "X".into(),
            attempt: 1,
            not_before: 7,
            persisted: Persisted::Possibly
        }),
        id.clone().prop_map(|batch| Event::Expired {
            batch,
            persisted: Persisted::No
        }),
        (id.clone(), id).prop_map(|(batch, other)| Event::Split {
            batch,
            into: vec![other]
        }),
    ]
}

fn any_connection_event() -> impl Strategy<Value = Event> {
    let node = 1..4_i32;
    let part = 0..3_i32;
    prop_oneof![
        (1..4_u32, node.clone()).prop_map(|(conn, node)| Event::Dialing {
            conn,
            node: Some(node),
            address: "a".into()
        }),
        (1..4_u32).prop_map(|conn| Event::Ready {
            conn,
            produce_version: 9
        }),
        (1..4_u32).prop_map(|conn| Event::Disconnected {
            conn,
            node: None,
            because: "x".into()
        }),
        (part.clone(), -1..4_i32).prop_map(|(partition, leader)| Event::MetadataUpdated {
            nodes: vec![1, 2],
            partitions: vec![PartitionView {
                topic: 0,
                partition,
                leader,
                leader_epoch: 1,
                isr: vec![1],
                replicas: vec![1, 2, 3]
            }]
        }),
    ]
}

fn any_cluster_event() -> impl Strategy<Value = Event> {
    let node = 1..4_i32;
    let part = 0..3_i32;
    prop_oneof![
        (part.clone(), -9..50_i64, 0..9_u32, 1..4_u32).prop_map(|(partition, base_offset, count, conn)| {
            Event::LogAppended {
                topic: 0,
                partition,
                base_offset,
                count,
                conn: Some(conn),
                correlation: 1,
                producer_id: 1,
                sequence: 0,
            }
        }),
        (part.clone(), -9..60_i64).prop_map(|(partition, log_end)| Event::Replicated {
            topic: 0,
            partition,
            log_end
        }),
        (part.clone(), -9..60_i64).prop_map(|(partition, log_end)| Event::Truncated {
            topic: 0,
            partition,
            log_end
        }),
        (part, node.clone()).prop_map(|(partition, leader)| Event::Leader {
            topic: 0,
            partition,
            leader,
            epoch: 3,
            replicas: vec![1, 2, 3],
            isr: vec![leader]
        }),
        node.prop_map(|node| Event::BrokerState {
            node,
            state: BrokerState::Killed,
            fenced_at: None
        }),
        (0..40_u64, 0..40_i64).prop_map(|(record, offset)| Event::Verdict {
            record,
            verdict: Verdict::Lost { offset }
        }),
        Just(Event::Ledger(Ledger::default())),
        Just(Event::Lost { count: 2 }),
        Just(Event::Snapshot(ottla_trace::Snapshot::default())),
        Just(Event::Define(Define::Key {
            id: 1,
            text: "k".into()
        })),
    ]
}

pub(super) fn any_run(max: usize) -> impl Strategy<Value = Vec<Envelope>> {
    let source = prop_oneof![
        3 => Just(Source::Client),
        1 => (1..4_i32).prop_map(Source::Broker),
        1 => Just(Source::World)
    ];
    prop::collection::vec((0..300_u64, source, any_event()), 1..max).prop_map(|events| {
        let mut t = 0;
        let numbered = events.into_iter().enumerate();
        numbered
            .map(|(seq, (wait, source, event))| {
                t += wait;
                Envelope {
                    t,
                    seq: seq as u64,
                    source,
                    event,
                }
            })
            .collect()
    })
}
