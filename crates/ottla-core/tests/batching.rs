//! When a batch leaves: `linger.ms`, `batch.size`, and what else makes a broker ready (behaviours 9, 11 to 13).

mod common;

use common::{Bench, TOPIC};
use ottla_core::{Instant, Record, Timer};

#[test]
fn a_batch_leaves_when_linger_is_over_and_not_before() {
    let mut bench = Bench::warm(1, &[("linger.ms", "50")]);
    let began = bench.now;
    bench.send_to(0, "a");
    bench.run();
    assert_eq!(bench.wait.0, Some(Instant::from_millis(began.as_millis() + 50)));
    assert!(matches!(bench.wait.1, Timer::Linger(_)), "{:?}", bench.wait);
    bench.advance_ms(49);
    bench.send_to(0, "b");
    bench.run();
    assert!(bench.pending.is_empty(), "49 ms after the first record");
    bench.advance_ms(1);
    assert_eq!(bench.take().values(), ["a", "b"]);
}

#[test]
fn a_leader_is_dialled_when_a_batch_is_ready_and_not_before() {
    let mut bench = Bench::new(1, &[("linger.ms", "50")]);
    bench.send_to(0, "a");
    bench.advance_ms(49);
    let nodes = |bench: &Bench| bench.dialled.iter().filter(|(_, node, _)| node.is_some()).count();
    assert_eq!(nodes(&bench), 0, "{:?}", bench.dialled);
    bench.advance_ms(1);
    assert_eq!(nodes(&bench), 1, "{:?}", bench.dialled);
}

#[test]
fn linger_zero_sends_at_once() {
    let mut bench = Bench::warm(1, &[("linger.ms", "0")]);
    bench.send_to(0, "a");
    bench.run();
    assert_eq!(bench.take().values(), ["a"]);
}

#[test]
fn a_full_batch_does_not_linger() {
    let mut bench = Bench::warm(1, &[("linger.ms", "1000"), ("batch.size", "200")]);
    for _ in 0..3 {
        bench.send_to(0, &"x".repeat(60));
    }
    bench.run();
    let sent = bench.take().batch();
    assert_eq!(
        sent.values.len(),
        2,
        "61 + 2 * 67 fits into 200, a third record does not"
    );
    assert!(bench.pending.is_empty(), "the third lingers");
    bench.advance_ms(1000);
    assert_eq!(bench.take().batch().values.len(), 1);
}

#[test]
fn a_record_larger_than_batch_size_goes_alone() {
    let mut bench = Bench::warm(1, &[("linger.ms", "1000"), ("batch.size", "100")]);
    bench.send_to(0, "small");
    bench.send_to(0, &"x".repeat(5000));
    bench.run();
    let sizes: Vec<_> = bench
        .pending
        .iter()
        .map(|pending| pending.values()[0].len())
        .collect();
    assert_eq!(sizes, [5, 5000]);
}

#[test]
fn a_broker_that_gets_a_request_gets_the_lingering_batches_too() {
    let mut bench = Bench::warm(3, &[("linger.ms", "1000"), ("batch.size", "200")]);
    bench.send_to(1, "lingering");
    bench.advance_ms(1);
    bench.send_to(0, &"x".repeat(300));
    bench.run();
    let batches = bench.take().batches();
    let partitions: Vec<_> = batches.iter().map(|batch| batch.partition).collect();
    assert_eq!(partitions, [1, 0], "one request, one batch per partition");
    assert!(bench.pending.is_empty());
}

#[test]
fn requests_stay_below_max_request_size_and_the_next_round_begins_where_the_last_ended() {
    let options = [
        ("max.request.size", "3000"),
        ("batch.size", "1000"),
        ("linger.ms", "1000"),
    ];
    let mut bench = Bench::warm(6, &options);
    for partition in 0..6 {
        bench.send_to(partition, &"x".repeat(900));
    }
    bench.producer.flush(bench.now);
    bench.run();
    let rounds: Vec<Vec<i32>> = bench
        .pending
        .iter()
        .map(|pending| pending.batches().iter().map(|batch| batch.partition).collect())
        .collect();
    assert_eq!(rounds.len(), 2, "{rounds:?}");
    let mut all = rounds.concat();
    all.sort_unstable();
    assert_eq!(all, [0, 1, 2, 3, 4, 5]);
}

#[test]
fn no_more_than_max_in_flight_requests_are_out() {
    let mut bench = Bench::warm(
        1,
        &[("linger.ms", "0"), ("max.in.flight.requests.per.connection", "2")],
    );
    for value in ["a", "b", "c", "d"] {
        bench.send_to(0, value);
        bench.run();
    }
    assert_eq!(bench.pending.len(), 2);
    let first = bench.take();
    bench.ok(&first, 0);
    assert_eq!(bench.pending.len(), 2);
    assert_eq!(
        bench.pending[1].values(),
        ["c", "d"],
        "what waited was gathered meanwhile"
    );
}

#[test]
fn batches_of_several_topics_share_a_request() {
    let mut bench = Bench::warm(1, &[("linger.ms", "10")]);
    bench.topics.insert("orders".to_owned(), Ok(vec![(1, 0)]));
    bench.send_to(0, "a");
    bench.send(Record::to("orders").value("b"));
    bench.advance_ms(10);
    let sent = bench.take();
    let topics: Vec<_> = sent.batches().into_iter().map(|batch| batch.topic).collect();
    assert_eq!(topics, [TOPIC, "orders"]);
}
