//! Which partition a record goes to (behaviours 1 to 5).

mod common;

use common::{Bench, TOPIC};
use ottla_core::extensions::{Extensions, Partitions};
use ottla_core::{Config, Input, Instant, Output, Producer, Record};

/// Sends records and returns the partitions that they went to, in order of sending.
fn partitions(bench: &mut Bench, records: impl IntoIterator<Item = Record<'static>>) -> Vec<i32> {
    for record in records {
        bench.send(record);
        bench.run();
        bench.answer_all();
    }
    let partition = |(_, result): &(_, common::Outcome)| result.as_ref().expect("delivered").partition;
    bench.done.drain(..).map(|done| partition(&done)).collect()
}

#[test]
fn a_key_decides_by_its_murmur2_hash_and_an_empty_key_is_a_key() {
    let mut bench = Bench::warm(10, &[("linger.ms", "0")]);
    let keys = [
        "354afe16-939a-4ea8-8e17-8bb0840b6886",
        "f562ac3b-2224-4e25-a0ab-56094e10c239",
        "",
    ];
    let records = keys.map(|key| Record::to(TOPIC).key(key).value("x"));
    assert_eq!(partitions(&mut bench, records), [4, 5, 0x106e_08d9 % 10]);
}

#[test]
fn the_records_own_partition_wins_over_its_key() {
    let mut bench = Bench::warm(10, &[("linger.ms", "0")]);
    let record = Record::to(TOPIC)
        .key("354afe16-939a-4ea8-8e17-8bb0840b6886")
        .partition(7);
    assert_eq!(partitions(&mut bench, [record]), [7]);
}

#[test]
fn keys_count_all_partitions_even_those_without_a_leader() {
    let mut bench = Bench::new(10, &[("linger.ms", "0")]);
    let mut leaders = vec![(-1, 0); 10];
    leaders[4] = (1, 0);
    bench.topics.insert(TOPIC.to_owned(), Ok(leaders));
    let record = Record::to(TOPIC).key("354afe16-939a-4ea8-8e17-8bb0840b6886");
    assert_eq!(partitions(&mut bench, [record]), [4]);
}

#[test]
fn ignored_keys_do_not_decide() {
    let mut bench = Bench::warm(
        10,
        &[
            ("linger.ms", "0"),
            ("partitioner.ignore.keys", "true"),
            ("batch.size", "10"),
        ],
    );
    let records = std::iter::repeat_n(Record::to(TOPIC).key("same").value("0123456789"), 100);
    let mut used = partitions(&mut bench, records);
    used.sort_unstable();
    used.dedup();
    assert!(used.len() > 5, "{used:?}");
}

#[test]
fn round_robin_takes_turns() {
    let mut bench = Bench::warm(
        3,
        &[("linger.ms", "0"), ("partitioner.class", "RoundRobinPartitioner")],
    );
    let records = std::iter::repeat_n(Record::to(TOPIC).key("same").value("x"), 6);
    assert_eq!(partitions(&mut bench, records), [0, 1, 2, 0, 1, 2]);
}

#[test]
fn without_a_key_a_partition_is_kept_until_its_batch_is_full() {
    let mut bench = Bench::warm(5, &[("batch.size", "1000"), ("linger.ms", "1000")]);
    for _ in 0..60 {
        bench.send(Record::to(TOPIC).value("x".repeat(90)));
    }
    bench.answer_all();
    bench.advance_ms(1000);
    bench.answer_all();
    let places: Vec<_> = bench
        .done
        .iter()
        .map(|(id, r)| (id.0, r.as_ref().expect("ok").partition))
        .collect();
    let mut places = places;
    places.sort_unstable();
    let switches = places.windows(2).filter(|pair| pair[0].1 != pair[1].1).count();
    assert!(
        (2..=7).contains(&switches),
        "60 records, about 9 to a batch: {places:?}"
    );
}

struct Last;

impl Extensions for Last {
    fn on_send(&mut self, record: &mut Record<'_>) {
        record.value = Some(b"changed".to_vec().into());
    }

    fn partition(&mut self, record: &Record<'_>, topic: Partitions<'_>) -> Option<i32> {
        record.key.as_ref().map(|_| topic.count - 1)
    }
}

#[test]
fn an_application_decides_before_the_key_does() {
    // The bench drives the built-in producer only; here a few answers are enough.
    let config =
        Config::parse([("bootstrap.servers", "b1:9092"), ("enable.idempotence", "false")]).expect("good");
    let mut producer = Producer::with_extensions(config, 1, Last);
    producer
        .send(Instant::ZERO, Record::to(TOPIC).key("k").value("v"))
        .expect("accepted");
    let Output::Dial { conn, .. } = producer.poll(Instant::ZERO) else {
        panic!("nothing is dialled");
    };
    while !matches!(producer.poll(Instant::ZERO), Output::Wait { .. }) {}
    producer.handle(Instant::ZERO, Input::Connected { conn });
    let bench = Bench::new(4, &[]);
    for answer in bench.first_answers() {
        while !matches!(producer.poll(Instant::ZERO), Output::Wait { .. }) {}
        producer.handle(Instant::ZERO, Input::Received { conn, bytes: answer });
    }
    let view = producer.snapshot();
    let batch = &view.batches[0];
    assert_eq!((batch.partition, batch.count), (3, 1));
}
