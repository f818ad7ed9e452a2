//! Which partition a record goes to (behaviours 1 to 6).

use ottla_core::extensions::Partitions;
use ottla_core::trace::Level;
use ottla_core::{Extensions, Record, RefuseReason, SendError};

use crate::common::{Bench, TOPIC};

/// Sends records one by one, and tells where each went.
fn places<X: Extensions>(bench: &mut Bench<X>, records: &[Record<'static>]) -> Vec<i32> {
    for record in records {
        bench.send(record.clone());
        bench.run();
        bench.answer_all();
    }
    let done = bench.done.drain(..);
    done.map(|(_, result)| result.expect("delivered").partition)
        .collect()
}

/// Puts what has the header `mine` into partition 3, and what has the header `wrong` into one that cannot be.
struct ByHeader;

impl Extensions for ByHeader {
    fn partition(&mut self, record: &Record<'_>, _topic: Partitions<'_>) -> Option<i32> {
        match record.headers.first().map(|header| &*header.key) {
            Some("mine") => Some(3),
            Some("wrong") => Some(-1),
            _ => None,
        }
    }
}

#[test]
fn explicit_partition_then_application_then_key_then_sticky() {
    let mut bench = Bench::with_extensions(10, &[("linger.ms", "0")], Level::Off, ByHeader);
    bench.warm_up(10);
    let keyed = || Record::to(TOPIC).key("354afe16-939a-4ea8-8e17-8bb0840b6886");
    let all = keyed().header("mine", "").partition(8);
    assert_eq!(places(&mut bench, &[all]), [8]);
    assert_eq!(places(&mut bench, &[keyed().header("mine", ""), keyed()]), [3, 4]);
    let sticky = places(&mut bench, &vec![Record::to(TOPIC); 4]);
    assert!(sticky.windows(2).all(|pair| pair[0] == pair[1]), "{sticky:?}");
    let refused = bench.producer.send(bench.now, keyed().header("wrong", ""));
    let Err(SendError::Refused { why, record }) = refused else {
        panic!("a partition of -1 is taken");
    };
    assert_eq!(why, RefuseReason::InvalidPartition { partition: -1 });
    assert!(record.key.is_some(), "given back");
}

/// Keys whose places were published for the Java client; the hash of the first is negative, and 32 shows it.
#[test]
fn keys_are_placed_by_murmur2_over_all_partitions() {
    let published = [
        ("fd7af248-ce5c-46a5-93d7-1c0c9005b99d", 32, 26),
        ("354afe16-939a-4ea8-8e17-8bb0840b6886", 10, 4),
        ("f562ac3b-2224-4e25-a0ab-56094e10c239", 10, 5),
        (
            "Struct{documentKey={\"_id\": \"638d1b94ce8def06be68b439\"}}",
            50,
            40,
        ),
        ("TT0124", 15, 10),
        // -973932308 without its sign bit; its absolute value gives 6, an unsigned modulo 5.
        ("21", 7, 3),
    ];
    for (key, partitions, expected) in published {
        let mut bench = Bench::new(partitions, &[("linger.ms", "0")]);
        // Only the right partition has a leader besides 0, so that counting the available ones would show.
        let mut leaders = vec![(-1, 0); partitions];
        leaders[0] = (1, 0);
        leaders[expected as usize] = (1, 0);
        bench.topics.insert(TOPIC.to_owned(), Ok(leaders));
        assert_eq!(
            places(&mut bench, &[Record::to(TOPIC).key(key)]),
            [expected],
            "{key}"
        );
    }
}

#[test]
fn an_empty_key_is_a_key_and_a_null_key_is_none() {
    let mut bench = Bench::warm(10, &[("linger.ms", "0"), ("batch.size", "1")]);
    let empty = places(&mut bench, &vec![Record::to(TOPIC).key(""); 20]);
    assert_eq!(empty, vec![0x106e_08d9 % 10; 20], "murmur2 of nothing");
    let mut null = places(&mut bench, &vec![Record::to(TOPIC); 40]);
    null.sort_unstable();
    null.dedup();
    assert!(null.len() > 5, "{null:?}");
}

/// A switch that is due while the open batch could still grow is made good when that batch is gone, and at twice
/// `batch.size` in any case.
#[test]
fn the_sticky_partition_is_kept_until_batch_size_bytes_and_a_full_batch() {
    let mut bench = Bench::warm(50, &[("linger.ms", "10"), ("batch.size", "1000")]);
    let send = |bench: &mut Bench, bytes: usize| {
        bench.send(Record::to(TOPIC).value("x".repeat(bytes)));
    };
    send(&mut bench, 800);
    bench.advance_ms(10);
    // A second batch: 1000 bytes have gone to the partition, and the batch is open.
    send(&mut bench, 300);
    send(&mut bench, 300);
    bench.advance_ms(10);
    // Nothing is open any more.
    send(&mut bench, 100);
    bench.advance_ms(10);
    let partitions: Vec<i32> = bench
        .pending
        .iter()
        .map(|request| request.batch().partition)
        .collect();
    assert_eq!(partitions.len(), 3);
    assert_eq!(partitions[0], partitions[1], "held back by an open batch");
    assert_ne!(partitions[1], partitions[2], "made good");
    bench.answer_all();
    bench.done.clear();

    // Each batch leaves before it is full and the next record opens another: at twice the size it switches anyway.
    let mut bench = Bench::warm(50, &[("linger.ms", "10"), ("batch.size", "1000")]);
    send(&mut bench, 850);
    bench.advance_ms(10);
    send(&mut bench, 900);
    send(&mut bench, 900);
    send(&mut bench, 50);
    bench.advance_ms(10);
    let mut partitions: Vec<(Vec<usize>, i32)> = Vec::new();
    while let Some(request) = bench.pending.pop_front() {
        for batch in request.batches() {
            partitions.push((batch.values.iter().map(String::len).collect(), batch.partition));
        }
        bench.ok(&request, 0);
        bench.run();
    }
    let of = |bytes: usize| {
        let found = partitions.iter().find(|(sizes, _)| sizes.contains(&bytes));
        found.unwrap_or_else(|| panic!("{partitions:?}")).1
    };
    assert_eq!(of(850), of(900));
    assert_ne!(of(900), of(50), "{partitions:?}");
}

/// Node 2 leads the odd partitions.
fn two_nodes(options: &[(&str, &str)]) -> Bench {
    let mut bench = Bench::new(4, options);
    bench.nodes = vec![1, 2];
    let leaders = vec![(1, 0), (2, 0), (1, 0), (2, 0)];
    bench.topics.insert(TOPIC.to_owned(), Ok(leaders));
    bench.warm_up(4);
    bench
}

/// Sends records without keys and answers node 1 only; returns how many went to each node's partitions.
fn spread(bench: &mut Bench, records: usize) -> (usize, usize) {
    let (mut one, mut two) = (0, 0);
    for _ in 0..records {
        bench.send(Record::to(TOPIC).value("x".repeat(100)));
        bench.advance_ms(1);
        while let Some(place) = bench.pending.iter().position(|request| request.node == Some(1)) {
            let request = bench.pending.remove(place).expect("it is there");
            bench.ok(&request, 0);
        }
    }
    for partition in bench.producer.snapshot().batches {
        if partition.partition % 2 == 1 {
            two += partition.count as usize;
        }
    }
    for (_, result) in bench.done.drain(..) {
        one += usize::from(result.expect("delivered").partition % 2 == 0);
    }
    (one, two)
}

#[test]
fn partitions_with_long_queues_are_chosen_less_often() {
    let options = [
        ("linger.ms", "0"),
        ("batch.size", "100"),
        ("request.timeout.ms", "60000"),
    ];
    let (one, two) = spread(&mut two_nodes(&options), 300);
    assert!(one > 5 * two, "adaptive: {one} and {two}");
    let uniform = [
        &options[..],
        &[("partitioner.adaptive.partitioning.enable", "false")],
    ]
    .concat();
    let (one, two) = spread(&mut two_nodes(&uniform), 300);
    assert!(one < 2 * two, "uniform: {one} and {two}");
}

#[test]
fn the_sticky_partition_is_drawn_among_those_with_a_leader() {
    for (adaptive, queues) in [("true", true), ("true", false), ("false", false)] {
        let options = [
            ("linger.ms", "0"),
            ("batch.size", "1"),
            ("delivery.timeout.ms", "1000000"),
            ("partitioner.adaptive.partitioning.enable", adaptive),
        ];
        let mut bench = Bench::new(10, &options);
        let mut leaders = vec![(-1, 0); 10];
        leaders[3] = (1, 0);
        leaders[7] = (1, 0);
        bench.topics.insert(TOPIC.to_owned(), Ok(leaders));
        bench.producer.want(bench.now, TOPIC).expect("a good name");
        bench.run();
        if queues {
            // A partition without a leader is none, however short its queue is beside the others.
            for partition in [0, 3, 3, 3, 7, 7] {
                bench.send_to(partition, "queued");
            }
        }
        let mut used = Vec::new();
        for _ in 0..60 {
            bench.send(Record::to(TOPIC).value("x"));
            bench.run();
            if !queues {
                bench.answer_all();
            }
        }
        for batch in bench.producer.snapshot().batches {
            used.push(batch.partition);
        }
        for (_, result) in bench.done.drain(..) {
            used.push(result.expect("delivered").partition);
        }
        used.sort_unstable();
        let without_leader = used.iter().filter(|place| ![3, 7].contains(*place)).count();
        assert_eq!(without_leader, usize::from(queues), "{adaptive}: {used:?}");
        used.dedup();
        assert!(used.contains(&3) && used.contains(&7), "{used:?}");
    }
}

#[test]
fn partitions_of_a_broker_that_takes_nothing_are_avoided_and_come_back() {
    let options = [
        ("linger.ms", "0"),
        ("batch.size", "100"),
        ("request.timeout.ms", "60000"),
        ("max.in.flight.requests.per.connection", "1"),
        ("partitioner.availability.timeout.ms", "200"),
    ];
    let mut bench = two_nodes(&options);
    // Node 2 holds back its answer, so that its connection takes no more.
    spread(&mut bench, 300);
    let (one, two) = spread(&mut bench, 300);
    let before = two;
    assert_eq!(one, 300);
    assert_eq!(spread(&mut bench, 100), (100, before), "nothing more goes there");
    bench.answer_all();
    bench.done.clear();
    let both = [0; 200].map(|_| places(&mut bench, &[Record::to(TOPIC).value("x".repeat(100))])[0] % 2);
    assert!(both.contains(&1), "it takes data again");
}

/// The records that are not resolved of each of node 2's partitions.
fn of_node_2(bench: &Bench) -> [usize; 10] {
    let mut counts = [0; 10];
    for batch in bench.producer.snapshot().batches {
        if batch.partition % 2 == 1 {
            counts[batch.partition as usize / 2] += batch.count as usize;
        }
    }
    counts
}

#[test]
fn of_a_broker_that_takes_nothing_partitions_without_a_queue_are_tried_and_then_left_out() {
    let options = [
        ("linger.ms", "0"),
        ("batch.size", "100"),
        ("request.timeout.ms", "60000"),
        ("max.in.flight.requests.per.connection", "1"),
        ("partitioner.availability.timeout.ms", "200"),
    ];
    let mut bench = Bench::new(20, &options);
    bench.nodes = vec![1, 2];
    let leaders = (0..20).map(|partition| (1 + partition % 2, 0)).collect();
    bench.topics.insert(TOPIC.to_owned(), Ok(leaders));
    bench.warm_up(20);
    spread(&mut bench, 10);
    bench.advance_ms(300);
    let before = of_node_2(&bench);
    assert!(
        before.contains(&0) && before.iter().sum::<usize>() > 1,
        "{before:?}"
    );
    spread(&mut bench, 300);
    let after = of_node_2(&bench);
    for (before, after) in before.into_iter().zip(after) {
        // The next place is drawn before the batch that fills this one is seen in its queue, so it may be the same.
        assert!(after > 0 && after - before <= 2, "{before} and then {after}");
    }
    spread(&mut bench, 100);
    assert_eq!(of_node_2(&bench), after, "now all of them are left out");
    bench.answer_all();
    bench.done.clear();
    let both = [0; 200].map(|_| places(&mut bench, &[Record::to(TOPIC).value("x".repeat(100))])[0] % 2);
    assert!(both.contains(&1), "it takes data again");
}

/// Nobody would notice that its broker is well again.
#[test]
fn a_partition_without_a_queue_is_tried_whatever_its_broker_did_before() {
    let options = [
        ("linger.ms", "0"),
        ("batch.size", "100"),
        ("request.timeout.ms", "1500"),
        ("delivery.timeout.ms", "2000"),
        ("max.in.flight.requests.per.connection", "1"),
        ("partitioner.availability.timeout.ms", "200"),
    ];
    let mut bench = two_nodes(&options);
    spread(&mut bench, 300);
    bench.opens = false;
    bench.advance_ms(2500);
    assert!(
        bench.producer.snapshot().batches.is_empty(),
        "what node 2 did not take has expired"
    );
    for _ in 0..40 {
        bench.send(Record::to(TOPIC).value("x".repeat(100)));
        bench.run();
    }
    let batches = bench.producer.snapshot().batches;
    let of = |partition| {
        batches
            .iter()
            .filter(|batch| batch.partition == partition)
            .count()
    };
    assert!(of(1) > 0 && of(3) > 0, "{} and {} to node 2", of(1), of(3));
    assert!(of(0) + of(2) > 30, "one without a queue, and no more");
}

#[test]
fn a_single_partition_with_a_queue_is_avoided_too() {
    let options = [
        ("linger.ms", "0"),
        ("batch.size", "1"),
        ("max.in.flight.requests.per.connection", "1"),
    ];
    let mut bench = Bench::warm(2, &options);
    let (mut beside, rounds) = (0, 30);
    for _ in 0..rounds {
        for _ in 0..20 {
            bench.send_to(0, "x");
        }
        bench.run();
        let chosen = bench.send(Record::to(TOPIC).value("y"));
        bench.answer_all();
        let mut told = bench.done.drain(..);
        let (_, result) = told.find(|(id, _)| *id == chosen).expect("told");
        beside += i32::from(result.expect("delivered").partition == 1);
    }
    assert!(beside > 25, "{beside} of {rounds} beside the queue");
}

#[test]
fn a_broker_starves_when_the_availability_timeout_is_over_and_not_before() {
    let options = [
        ("linger.ms", "0"),
        ("batch.size", "100"),
        ("max.in.flight.requests.per.connection", "1"),
        ("partitioner.availability.timeout.ms", "200"),
    ];
    for (millis, expected) in [(200, true), (201, false)] {
        let mut bench = two_nodes(&options);
        // It has taken data since, and begins anew.
        bench.advance_ms(1000);
        places(&mut bench, &[Record::to(TOPIC)]);
        for partition in [1, 1, 3] {
            bench.send_to(partition, "held back");
            bench.run();
        }
        bench.advance_ms(millis);
        for _ in 0..40 {
            bench.send(Record::to(TOPIC).value("x".repeat(100)));
            bench.run();
        }
        let batches = bench.producer.snapshot().batches;
        let more = batches.iter().filter(|batch| batch.partition % 2 == 1).count() - 3;
        assert_eq!(more > 1, expected, "{more} after {millis} ms");
    }
}
