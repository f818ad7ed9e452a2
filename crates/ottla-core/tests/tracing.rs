//! The trace says what happened, and changes nothing.

mod common;

use common::{Bench, TOPIC};
use ottla_core::Record;
use ottla_core::trace::event::{CloseReason, Define, PartitionedBy};
use ottla_core::trace::{Event, Level, Source};
use ottla_wire::error_code::ErrorCode;

/// A run with retries, a cut connection, several partitions and compression.
fn eventful(level: Level) -> Bench {
    let mut bench = Bench::with_level(3, &[("compression.type", "lz4"), ("linger.ms", "2")], level);
    for n in 0..60 {
        bench.send(
            Record::to(TOPIC)
                .key(format!("key {}", n % 7))
                .value(format!("value {n}")),
        );
        bench.advance_ms(1);
        match (n, bench.pending.pop_front()) {
            (30, Some(request)) => bench.cut(request.conn),
            (_, Some(request)) if n % 5 == 0 => bench.reply(&request, ErrorCode::NOT_ENOUGH_REPLICAS, -1),
            (_, Some(request)) => bench.ok(&request, n),
            _ => {}
        }
    }
    for _ in 0..50 {
        bench.answer_after_ms(100);
    }
    bench
}

#[test]
fn the_same_bytes_leave_with_and_without_a_trace() {
    let silent = eventful(Level::Off);
    let batches = eventful(Level::Batch);
    let records = eventful(Level::Record);
    assert_eq!(silent.done.len(), 60);
    assert!(silent.written_bytes == batches.written_bytes);
    assert!(silent.written_bytes == records.written_bytes);
    assert!(silent.trace.is_empty());
    assert!(records.trace.len() > batches.trace.len());
}

#[test]
fn the_same_seed_gives_the_same_run() {
    let (one, other) = (eventful(Level::Record), eventful(Level::Record));
    assert!(one.trace == other.trace);
    assert!(one.written_bytes == other.written_bytes);
}

#[test]
fn sequence_numbers_of_events_count_up_and_time_does_not_run_backwards() {
    let bench = eventful(Level::Record);
    for (index, envelope) in bench.trace.iter().enumerate() {
        assert_eq!(envelope.seq, index as u64);
        assert_eq!(envelope.source, Source::Client);
    }
    assert!(bench.trace.windows(2).all(|pair| pair[0].t <= pair[1].t));
}

#[test]
fn every_record_and_batch_has_its_whole_life_in_the_trace() {
    let bench = eventful(Level::Record);
    let count = |filter: fn(&Event) -> bool| bench.events(filter);
    assert_eq!(count(|event| matches!(event, Event::Accepted { .. })), 60);
    assert_eq!(
        count(|event| matches!(
            event,
            Event::Partitioned {
                by: PartitionedBy::KeyHash { .. },
                ..
            }
        )),
        60
    );
    assert_eq!(count(|event| matches!(event, Event::Appended { .. })), 60);
    let opened = count(|event| matches!(event, Event::BatchOpened { .. }));
    assert!(opened > 3);
    assert_eq!(count(|event| matches!(event, Event::BatchClosed { .. })), opened);
    assert_eq!(count(|event| matches!(event, Event::Sealed { .. })), opened);
    assert_eq!(count(|event| matches!(event, Event::Acked { .. })), opened);
    assert!(count(|event| matches!(event, Event::Retry { .. })) > 0);
    assert_eq!(
        count(|event| matches!(event, Event::Define(Define::Key { .. }))),
        7
    );
    let queued = count(|event| matches!(event, Event::RequestQueued { .. }));
    assert_eq!(
        count(|event| matches!(event, Event::RequestWritten { .. })),
        queued
    );
}

#[test]
fn a_record_says_which_place_it_has_in_its_batch() {
    let mut bench = Bench::warm(1, &[("linger.ms", "5")]);
    bench.producer.set_trace(bench.now, Level::Record);
    for value in ["a", "b", "c"] {
        bench.send_to(0, value);
    }
    bench.run();
    let places: Vec<u32> = bench
        .trace
        .iter()
        .filter_map(|envelope| match envelope.event {
            Event::Appended { index, .. } => Some(index),
            _ => None,
        })
        .collect();
    assert_eq!(places, [0, 1, 2]);
}

#[test]
fn memory_is_told_when_a_batch_takes_some_and_when_it_comes_back() {
    let mut bench = Bench::with_level(
        1,
        &[("buffer.memory", "5000"), ("max.request.size", "5000")],
        Level::Batch,
    );
    bench.warm_up(1);
    let told: Vec<_> = bench
        .trace
        .iter()
        .filter_map(|envelope| match envelope.event {
            Event::Memory { used, total } => Some((used, total)),
            _ => None,
        })
        .collect();
    assert!(told.len() > 1 && told[0].0 > 0, "{told:?}");
    assert_eq!(told.last(), Some(&(0, 5000)));
}

#[test]
fn a_batch_says_why_it_was_closed() {
    let reason = |options: &[(&str, &str)], act: fn(&mut Bench)| {
        let mut bench = Bench::warm(1, options);
        bench.producer.set_trace(bench.now, Level::Batch);
        bench.send_to(0, &"x".repeat(100));
        bench.run();
        act(&mut bench);
        bench.run();
        bench.trace.iter().find_map(|envelope| match envelope.event {
            Event::BatchClosed { because, .. } => Some(because),
            _ => None,
        })
    };
    let linger = [("linger.ms", "50")];
    assert_eq!(
        reason(&linger, |bench| bench.advance_ms(50)),
        Some(CloseReason::Linger)
    );
    assert_eq!(
        reason(&linger, |bench| {
            bench.producer.flush(bench.now);
        }),
        Some(CloseReason::Flush)
    );
    assert_eq!(
        reason(&linger, |bench| bench.producer.close(bench.now, None)),
        Some(CloseReason::Close)
    );
    assert_eq!(reason(&[("batch.size", "100")], |_| {}), Some(CloseReason::Full));
    assert_eq!(reason(&[("linger.ms", "0")], |_| {}), Some(CloseReason::NoLinger));
}

/// A cold producer dials its leader once a batch is ready: that one waited for more than `linger.ms`.
#[test]
fn a_batch_that_waited_longer_than_it_lingered_says_so() {
    for linger in ["50", "0"] {
        let mut bench = Bench::with_level(1, &[("linger.ms", linger)], Level::Batch);
        bench.opens = false;
        bench.send_to(0, "a");
        bench.run();
        bench.open(bench.conn());
        bench.advance_ms(51);
        assert_eq!(
            bench.events(|event| matches!(event, Event::BatchClosed { .. })),
            0,
            "its leader is being dialled"
        );
        bench.open(bench.conn());
        let held = |event: &Event| matches!(event, Event::BatchClosed { because, .. } if *because == CloseReason::Held);
        assert_eq!(bench.events(held), 1, "linger.ms={linger}");
    }
}

#[test]
fn a_trace_that_is_switched_on_late_begins_with_the_state() {
    let mut bench = Bench::warm(2, &[]);
    bench.send_to(1, "a");
    bench.producer.set_trace(bench.now, Level::Record);
    bench.run();
    let snapshot = bench
        .trace
        .iter()
        .find_map(|envelope| match &envelope.event {
            Event::Snapshot(snapshot) => Some(snapshot.clone()),
            _ => None,
        })
        .expect("a snapshot");
    assert_eq!(snapshot.topics, [(0, TOPIC.to_owned())]);
    assert_eq!((snapshot.partitions.len(), snapshot.batches.len()), (2, 1));
    assert_eq!((snapshot.accepted, snapshot.acked, snapshot.failed), (3, 2, 0));
    assert_eq!(snapshot.producer_id, 7000);
    assert!(
        snapshot
            .connections
            .iter()
            .any(|conn| conn.node == Some(1) && conn.ready)
    );
}

#[test]
fn events_that_nobody_reads_are_counted_and_followed_by_a_snapshot() {
    let mut bench = Bench::with_level(1, &[("linger.ms", "1000")], Level::Record);
    for _ in 0..40_000 {
        bench.send_to(0, "a");
    }
    bench.run();
    let lost = bench
        .trace
        .iter()
        .position(|envelope| matches!(envelope.event, Event::Lost { .. }));
    let lost = lost.expect("the buffer is smaller than that");
    let Event::Lost { count } = bench.trace[lost].event else {
        unreachable!("it was found as one");
    };
    assert_eq!(bench.trace[lost].seq, bench.trace[lost - 1].seq + 1 + count);
    assert!(matches!(bench.trace[lost + 1].event, Event::Snapshot(_)));
}

#[test]
fn a_clone_goes_on_as_the_original_does() {
    let mut bench = Bench::warm(2, &[("linger.ms", "5"), ("compression.type", "gzip")]);
    bench.send_to(0, "a");
    bench.send_to(1, "b");
    bench.run();
    let mut twin = bench.producer.clone();
    bench.written_bytes.clear();
    bench.advance_ms(5);
    let now = bench.now;
    twin.handle(now, ottla_core::Input::Timeout);
    let mut written = Vec::new();
    loop {
        match twin.poll(now) {
            ottla_core::Output::Transmit { chunks, .. } => written.extend_from_slice(&chunks.into_bytes()),
            ottla_core::Output::Seal(job) => twin.handle(now, ottla_core::Input::Sealed(job.run())),
            ottla_core::Output::Wait { .. } => break,
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(written, bench.written_bytes);
}
