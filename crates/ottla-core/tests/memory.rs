//! `buffer.memory`: full, room, and nothing left over (behaviours 8, 16, 17).

mod common;

use common::{Bench, TOPIC};
use ottla_core::{Record, RefuseReason, SendError};
use ottla_wire::error_code::ErrorCode;

const SMALL: [(&str, &str); 4] = [
    ("buffer.memory", "4000"),
    ("batch.size", "1000"),
    ("linger.ms", "0"),
    ("max.request.size", "3000"),
];

/// Sends records of 900 bytes until there is no room; returns how many were taken.
fn fill(bench: &mut Bench) -> usize {
    for taken in 0.. {
        let value = "x".repeat(900);
        match bench
            .producer
            .send(bench.now, Record::to(TOPIC).partition(0).value(value))
        {
            Ok(_) => {}
            Err(SendError::Full { record }) => {
                assert_eq!(record.value.map(|value| value.len()), Some(900), "given back");
                return taken;
            }
            Err(other) => panic!("{other}"),
        }
    }
    unreachable!("the loop ends with a full buffer")
}

#[test]
fn a_full_buffer_gives_records_back_and_room_is_announced_once() {
    let mut bench = Bench::warm(1, &SMALL);
    let taken = fill(&mut bench);
    assert_eq!(taken, 4);
    bench.run();
    assert_eq!(bench.rooms, 0);
    let request = bench.take();
    bench.ok(&request, 0);
    assert_eq!(bench.rooms, 1);
    assert!(
        bench
            .producer
            .send(bench.now, Record::to(TOPIC).value("again"))
            .is_ok()
    );
    bench.answer_all();
    assert_eq!(bench.rooms, 1, "nobody waits any more");
    assert_eq!(bench.producer.memory_used(), 0);
}

#[test]
fn a_small_record_does_not_overtake_one_that_waits_for_room() {
    let mut bench = Bench::warm(1, &SMALL);
    fill(&mut bench);
    let small = bench.producer.send(bench.now, Record::to(TOPIC).value("s"));
    assert!(matches!(small, Err(SendError::Full { .. })));
}

#[test]
fn a_large_record_that_nobody_waits_with_holds_up_no_small_one() {
    let mut bench = Bench::warm(1, &SMALL);
    let send = |bench: &mut Bench, size: usize| {
        let record = Record::to(TOPIC).partition(0).value("x".repeat(size));
        bench.producer.send(bench.now, record).is_ok()
    };
    assert!(send(&mut bench, 2500));
    assert!(!send(&mut bench, 2000));
    assert!(!send(&mut bench, 1), "the large one is first");
    bench.producer.gave_up(bench.now, bench.now);
    bench.producer.leave_line();
    assert!(send(&mut bench, 1), "there are more than 1000 bytes");
    assert!(!send(&mut bench, 1400), "but not so many");
    assert!(!send(&mut bench, 1), "and now this one is first");
    bench.run();
    let request = bench.take();
    assert_eq!(bench.rooms, 0);
    bench.ok(&request, 0);
    assert_eq!(bench.rooms, 1, "told to the one who waits, once");
    assert!(send(&mut bench, 1400));
}

#[test]
fn batches_do_not_linger_while_somebody_waits_for_memory() {
    let options = [
        ("buffer.memory", "4000"),
        ("batch.size", "5000"),
        ("linger.ms", "60000"),
        ("max.request.size", "3600"),
        ("delivery.timeout.ms", "120000"),
    ];
    let mut bench = Bench::warm(1, &options);
    fill(&mut bench);
    bench.run();
    assert_eq!(bench.pending.len(), 1);
}

#[test]
fn records_that_wait_for_metadata_are_charged() {
    let mut bench = Bench::new(1, &SMALL);
    bench.topics.clear();
    assert_eq!(fill(&mut bench), 4);
    assert!(bench.producer.memory_used() > 3600);
    bench.advance_ms(60_000);
    assert_eq!(bench.done.len(), 4);
    assert_eq!((bench.producer.memory_used(), bench.rooms), (0, 1));
}

#[test]
fn waiting_records_find_memory_for_their_batches_when_metadata_comes() {
    let mut bench = Bench::new(1, &SMALL);
    let leaders = bench
        .topics
        .insert(TOPIC.to_owned(), Err(ErrorCode::LEADER_NOT_AVAILABLE));
    fill(&mut bench);
    bench.topics.insert(TOPIC.to_owned(), leaders.expect("the topic"));
    bench.advance_ms(200);
    bench.answer_all();
    assert_eq!(bench.done.len(), 4);
    assert_eq!(bench.producer.memory_used(), 0);
}

#[test]
fn a_compressed_batch_is_charged_what_it_takes() {
    let mut bench = Bench::warm(1, &[("compression.type", "lz4"), ("linger.ms", "0")]);
    bench.send_to(0, &"x".repeat(10_000));
    bench.run();
    let used = bench.producer.memory_used();
    assert!((61..1000).contains(&used), "{used}");
    bench.answer_all();
    assert_eq!(bench.producer.memory_used(), 0);
}

#[test]
fn a_record_that_can_never_fit_is_refused_with_the_limit() {
    let mut bench = Bench::new(1, &[]);
    let refused = bench
        .producer
        .send(bench.now, Record::to(TOPIC).value("x".repeat(2 << 20)));
    let Err(SendError::Refused { record, why }) = refused else {
        panic!("taken");
    };
    assert_eq!(record.value.map(|value| value.len()), Some(2 << 20));
    assert!(matches!(
        why,
        RefuseReason::TooLarge {
            limit: 1_048_576,
            option: "max.request.size",
            ..
        }
    ));
    assert_eq!(why.to_string().lines().count(), 1);
}

#[test]
fn what_can_never_be_sent_is_refused() {
    let mut bench = Bench::warm(1, &[]);
    let records = [
        (Record::to("a b").value("x"), "INVALID_TOPIC_EXCEPTION"),
        (Record::to(TOPIC).partition(-1), "INVALID_PARTITION"),
        (
            Record::to(TOPIC).at(ottla_core::Timestamp(-5)),
            "INVALID_TIMESTAMP",
        ),
    ];
    for (record, code) in records {
        let refused = bench.producer.send(bench.now, record).expect_err("refused");
        let SendError::Refused { why, .. } = refused else {
            panic!("{refused:?}");
        };
        assert_eq!(why.code(), code);
    }
    assert_eq!(bench.producer.outstanding(), 0);
}
