//! Sealing: once per batch, on whatever thread, in whatever order (behaviours 9 to 11).

mod common;

use common::{Bench, TOPIC};
use ottla_core::{Input, Output, Record};

#[test]
fn every_codec_arrives() {
    for codec in ["none", "gzip", "snappy", "lz4", "zstd"] {
        let mut bench = Bench::warm(1, &[("compression.type", codec)]);
        for n in 0..50 {
            bench.send_to(0, &format!("value {n}"));
        }
        bench.advance_ms(5);
        let batch = bench.take().batch();
        assert_eq!(batch.header.codec().expect("a codec").name(), codec);
        assert_eq!(batch.values.len(), 50);
        assert_eq!(batch.values[49], "value 49");
    }
}

#[test]
fn compressible_batches_fill_up_to_their_compressed_size() {
    let mut bench = Bench::warm(
        1,
        &[
            ("compression.type", "lz4"),
            ("batch.size", "2000"),
            ("linger.ms", "0"),
        ],
    );
    let mut sizes = Vec::new();
    for _ in 0..400 {
        for _ in 0..30 {
            bench.send_to(0, &"abcdefgh".repeat(10));
        }
        bench.run();
        while let Some(request) = bench.pending.pop_front() {
            sizes.push(request.values().len());
            bench.ok(&request, 0);
        }
    }
    assert!(sizes[0] < 25, "nothing is known at first: {}", sizes[0]);
    assert!(
        *sizes.iter().max().expect("some") >= 30,
        "the estimate has learned"
    );
}

#[test]
fn the_level_of_the_codec_is_used() {
    let [fast, small] = ["1", "9"].map(|level| {
        let options = [("compression.type", "gzip"), ("compression.gzip.level", level)];
        let mut bench = Bench::warm(1, &options);
        for n in 0..400u32 {
            bench.send_to(
                0,
                &format!("record {} of {}", n.wrapping_mul(2_654_435_761), n / 3),
            );
        }
        bench.advance_ms(5);
        bench.take().batch().header.total_len()
    });
    assert!(small < fast, "{small} bytes at level 9, {fast} at level 1");
}

/// A shell that compresses on other threads gets its jobs back in any order; partitions must keep theirs.
#[test]
fn jobs_may_come_back_late_and_in_any_order() {
    let mut bench = Bench::warm(
        1,
        &[
            ("compression.type", "lz4"),
            ("batch.size", "1"),
            ("linger.ms", "0"),
        ],
    );
    for value in ["a", "b", "c"] {
        bench.send(Record::to(TOPIC).partition(0).value(value));
    }
    let mut jobs = Vec::new();
    loop {
        match bench.producer.poll(bench.now) {
            Output::Seal(job) => jobs.push(job),
            Output::Wait { .. } => break,
            other => panic!("{other:?} before anything is sealed"),
        }
    }
    assert_eq!(jobs.len(), 3);
    for job in jobs.into_iter().rev() {
        bench.producer.handle(bench.now, Input::Sealed(job.run()));
    }
    bench.run();
    let values: Vec<_> = bench
        .pending
        .iter()
        .map(|request| request.values().concat())
        .collect();
    assert_eq!(values, ["a", "b", "c"]);
}

#[test]
fn records_of_a_batch_that_is_being_compressed_survive_a_hasty_close() {
    let mut bench = Bench::warm(1, &[("compression.type", "zstd"), ("linger.ms", "0")]);
    bench.send_to(0, "a");
    let job = loop {
        if let Output::Seal(job) = bench.producer.poll(bench.now) {
            break job;
        }
    };
    bench.producer.close(bench.now, Some(std::time::Duration::ZERO));
    bench.run();
    assert!(!bench.closed, "its records are with the shell");
    bench.producer.handle(bench.now, Input::Sealed(job.run()));
    bench.run();
    assert!(bench.closed);
    assert_eq!(bench.results(), ["CLOSED No"]);
    assert_eq!(
        bench.completions.remove(0).records()[0].1.value.as_deref(),
        Some(&b"a"[..])
    );
}

#[test]
fn results_keep_the_order_of_sending_though_a_batch_is_being_compressed() {
    let options = [
        ("compression.type", "lz4"),
        ("batch.size", "1"),
        ("linger.ms", "0"),
    ];
    let mut bench = Bench::warm(1, &options);
    for value in ["a", "b", "c"] {
        bench.send_to(0, value);
    }
    let mut jobs = Vec::new();
    while let Output::Seal(job) = bench.producer.poll(bench.now) {
        jobs.push(job);
    }
    let mut jobs = jobs.into_iter();
    let (first, second) = (jobs.next().expect("a"), jobs.next().expect("b"));
    bench.producer.handle(bench.now, Input::Sealed(second.run()));
    bench.producer.close(bench.now, Some(std::time::Duration::ZERO));
    bench.run();
    assert!(bench.done.is_empty(), "b is there, and waits for a");
    bench.producer.handle(bench.now, Input::Sealed(first.run()));
    bench.run();
    assert_eq!(bench.done.len(), 2);
    let last = jobs.next().expect("c");
    bench.producer.handle(bench.now, Input::Sealed(last.run()));
    bench.run();
    assert_eq!(bench.results(), ["CLOSED No"; 3]);
    assert!(bench.done.is_sorted_by_key(|(id, _)| id.0));
    assert!(bench.closed);
    assert_eq!(bench.producer.memory_used(), 0);
}
