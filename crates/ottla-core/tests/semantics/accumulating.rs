//! From `send` to a closed batch (behaviours 7 to 19).

use ottla_core::trace::event::CloseReason;
use ottla_core::trace::{Event, Level};
use ottla_core::{Extensions, Record, RefuseReason, SendError, Timestamp};
use ottla_wire::batch::{HEADER_LEN, MAX_RECORD_OVERHEAD};
use ottla_wire::error_code::ErrorCode;

use crate::common::{Bench, TOPIC, text};

/// Makes values large, and counts.
struct Grow(usize);

impl Extensions for Grow {
    fn on_send(&mut self, record: &mut Record<'_>) {
        self.0 += 1;
        if record.value.is_none() {
            record.value = Some(vec![b'x'; 5000].into());
        } else {
            record.headers.push(ottla_core::Header {
                key: "seen".into(),
                value: Some(self.0.to_string().into_bytes().into()),
            });
        }
    }
}

#[test]
fn send_shows_the_record_to_the_application_then_checks_then_waits_then_appends() {
    let options = [("linger.ms", "0"), ("max.request.size", "4000")];
    let mut bench = Bench::with_extensions(1, &options, Level::Off, Grow(0));
    // What the application made of it is judged, before anything is known of the topic.
    let refused = bench.producer.send(bench.now, Record::to(TOPIC));
    assert!(matches!(
        refused,
        Err(SendError::Refused {
            why: RefuseReason::TooLarge { .. },
            ..
        })
    ));
    bench.run();
    assert!(bench.dialled.is_empty(), "a refused record asks for nothing");
    bench.send(Record::to(TOPIC).value("a"));
    bench.run();
    let request = bench.take();
    let bytes = request.request.topic_data[0].partition_data[0]
        .records
        .clone()
        .expect("a batch");
    let batch = ottla_wire::batch::read_batches(bytes)
        .next()
        .expect("one")
        .expect("whole");
    let records = batch.open(1 << 20).expect("records");
    let record = records.iter().next().expect("one").expect("whole");
    let headers: Vec<_> = record
        .headers
        .map(|header| text(header.value.unwrap_or(b"")))
        .collect();
    assert_eq!(headers, ["2"], "seen once, and changed for good");
    bench.producer.close(bench.now, None);
    let late = bench.producer.send(bench.now, Record::to(TOPIC).value("b"));
    let Err(SendError::Refused { record, why }) = late else {
        panic!("a closing producer takes records");
    };
    assert_eq!(
        (why, record.headers.len()),
        (RefuseReason::Closed, 1),
        "shown first, checked then"
    );
}

#[test]
fn the_size_check_uses_the_upper_bound_before_compression() {
    // One byte each for the lengths of the key and the headers, two for the value's.
    let bound = HEADER_LEN + MAX_RECORD_OVERHEAD + 1 + 3 + 2 + 1000 + 1;
    for (limit, fits) in [(bound, true), (bound - 1, false)] {
        for option in ["max.request.size", "buffer.memory"] {
            let limit = limit.to_string();
            let mut bench = Bench::new(1, &[(option, &limit), ("compression.type", "gzip")]);
            let record = Record::to(TOPIC).key("abc").value("x".repeat(1000));
            let sent = bench.producer.send(bench.now, record);
            assert_eq!(sent.is_ok(), fits, "{option}={limit}: {sent:?}");
            if let Err(SendError::Refused { why, record }) = sent {
                let named = matches!(why, RefuseReason::TooLarge { size, option: name, .. } if size == bound && name == option);
                assert!(named, "{why:?}");
                assert_eq!(record.value.map(|value| value.len()), Some(1000), "given back");
            }
        }
    }
}

#[test]
fn a_batch_holds_what_fits_into_batch_size_and_its_first_record_always() {
    // A record of 39 bytes: 1 length, 1 attributes, 1 timestamp, 1 offset, 1 key, 1 + 32 value, 1 headers.
    let value = "x".repeat(32);
    for (batch_size, together) in [(HEADER_LEN + 3 * 39 - 1, 2), (HEADER_LEN + 3 * 39, 3)] {
        let size = batch_size.to_string();
        let mut bench = Bench::warm(1, &[("batch.size", &size), ("linger.ms", "1000")]);
        for _ in 0..4 {
            bench.send_to(0, &value);
        }
        bench.run();
        assert_eq!(bench.take().values().len(), together, "batch.size={batch_size}");
    }
    let mut bench = Bench::warm(1, &[("batch.size", "200"), ("linger.ms", "1000")]);
    bench.send_to(0, "small");
    bench.send_to(0, &"x".repeat(5000));
    bench.send_to(0, "small");
    bench.run();
    let sizes: Vec<_> = bench
        .pending
        .iter()
        .map(|request| request.values().concat().len())
        .collect();
    assert_eq!(sizes, [5, 5000], "the small one behind it lingers");
}

/// How many records of [`TOPIC`] go into one batch now.
fn records_per_batch(bench: &mut Bench, fills: usize) -> usize {
    records_per_batch_of(bench, TOPIC, fills)
}

fn records_per_batch_of(bench: &mut Bench, topic: &'static str, fills: usize) -> usize {
    let before = bench.pending.len();
    for n in 0u64.. {
        bench.send(Record::to(topic).partition(0).value(format!("{n:090}")));
        bench.run();
        if bench.pending.len() >= before + fills {
            break;
        }
    }
    let first = bench.take().values().len();
    bench.answer_all();
    bench.advance_ms(100_000);
    bench.answer_all();
    first
}

#[test]
fn the_compression_ratio_is_learned_per_topic_slowly_down_and_at_once_up() {
    let options = [
        ("compression.type", "gzip"),
        ("batch.size", "2000"),
        ("linger.ms", "50000"),
        ("delivery.timeout.ms", "1000000"),
    ];
    let mut bench = Bench::new(1, &options);
    let naive = records_per_batch(&mut bench, 1);
    assert!(
        (17..=20).contains(&naive),
        "at first nothing is expected: {naive}"
    );
    for _ in 0..150 {
        records_per_batch(&mut bench, 1);
    }
    let learned = records_per_batch(&mut bench, 1);
    assert!(learned > 2 * naive, "{learned} after {naive}");
    bench.topics.insert("another".to_owned(), Ok(vec![(1, 0)]));
    assert_eq!(
        records_per_batch_of(&mut bench, "another", 1),
        naive,
        "of another topic nothing is known"
    );
    // A broker that finds the batch too large takes all of it back.
    for n in 0..learned {
        bench.send_to(0, &format!("{n:090}"));
    }
    bench.producer.flush(bench.now);
    bench.run();
    let whole = bench.take();
    bench.reply(&whole, ErrorCode::MESSAGE_TOO_LARGE, -1);
    bench.answer_all();
    let after = records_per_batch(&mut bench, 1);
    assert!(after < naive + 4, "{after} after the split");
}

/// An open batch that expires is sealed without compression: that says nothing about how its topic compresses.
#[test]
fn a_batch_that_expires_while_it_is_open_teaches_no_ratio() {
    let options = [
        ("compression.type", "gzip"),
        ("batch.size", "2000"),
        ("linger.ms", "50000"),
        ("delivery.timeout.ms", "1000000"),
    ];
    let mut bench = Bench::new(1, &options);
    for _ in 0..150 {
        records_per_batch(&mut bench, 1);
    }
    let learned = records_per_batch(&mut bench, 1);
    assert!(learned > 30, "{learned}");
    bench.opens = false;
    bench.cut_all();
    bench.done.clear();
    bench.send_to(0, "expires");
    bench.advance_ms(1_000_000);
    assert_eq!(bench.results(), ["DELIVERY_TIMEOUT No"]);
    let returned = bench.completions.pop().expect("told").records();
    assert_eq!(returned[0].1.value.as_deref(), Some(&b"expires"[..]));
    bench.opens = true;
    bench.advance_ms(60_000);
    let after = records_per_batch(&mut bench, 1);
    assert!(after >= learned, "{after} after {learned}");
}

#[test]
fn a_batch_that_refuses_a_record_is_closed_at_once() {
    let options = [("batch.size", "300"), ("linger.ms", "1000")];
    let mut bench = Bench::with_level(1, &options, Level::Batch);
    bench.warm_up(1);
    bench.trace.clear();
    bench.send_to(0, &"x".repeat(200));
    bench.poll_only();
    // It would not fit: the open batch is closed now, so that a smaller one behind it cannot slip in.
    bench.send_to(0, &"y".repeat(200));
    bench.send_to(0, "z");
    bench.run();
    let closed = bench.events(|event| {
        matches!(
            event,
            Event::BatchClosed {
                because: CloseReason::Full,
                ..
            }
        )
    });
    assert_eq!(closed, 1);
    assert_eq!(bench.take().values(), ["x".repeat(200)]);
    bench.advance_ms(1000);
    assert_eq!(bench.take().values(), ["y".repeat(200), "z".to_owned()]);
}

#[test]
fn a_batch_is_ready_when_it_is_full_or_old_or_flushed_but_never_while_it_backs_off() {
    let mut bench = Bench::warm(2, &[("linger.ms", "50")]);
    bench.send_to(0, "a");
    bench.advance_ms(49);
    assert!(bench.pending.is_empty());
    // The age is that of the first record.
    bench.send_to(0, "b");
    bench.advance_ms(1);
    let request = bench.take();
    assert_eq!(request.values(), ["a", "b"]);
    bench.reply(&request, ErrorCode::NOT_ENOUGH_REPLICAS, -1);
    bench.producer.flush(bench.now);
    bench.run();
    bench.advance_ms(79);
    assert!(bench.pending.is_empty(), "backoff beats flush");
    bench.advance_ms(41);
    assert_eq!(bench.take().values(), ["a", "b"]);
}

#[test]
fn a_batch_larger_than_a_request_goes_alone() {
    let options = [
        ("max.request.size", "3000"),
        ("batch.size", "5000"),
        ("linger.ms", "10"),
    ];
    let mut bench = Bench::warm(3, &options);
    for partition in 0..3 {
        for _ in 0..2 {
            bench.send_to(partition, &"x".repeat(if partition == 1 { 2000 } else { 400 }));
        }
    }
    bench.advance_ms(10);
    let mut requests: Vec<Vec<i32>> = bench
        .pending
        .iter()
        .map(|request| request.batches().iter().map(|batch| batch.partition).collect())
        .collect();
    requests.sort();
    assert!(requests.contains(&vec![1]), "{requests:?}");
    assert_eq!(requests.iter().flatten().count(), 3);
}

#[test]
fn batches_share_a_request_up_to_its_last_byte() {
    // 61 bytes of header and a record of 39.
    for (limit, requests) in [("200", 1), ("199", 2)] {
        let mut bench = Bench::warm(2, &[("max.request.size", limit), ("linger.ms", "10")]);
        for partition in 0..2 {
            bench.send_to(partition, &"x".repeat(32));
        }
        bench.advance_ms(10);
        assert_eq!(bench.pending.len(), requests, "max.request.size={limit}");
        assert_eq!(bench.take().batches()[0].header.total_len(), 100);
    }
}

#[test]
fn max_block_is_one_budget_and_carries_what_the_cluster_said() {
    let mut bench = Bench::new(1, &[("max.block.ms", "1000")]);
    bench
        .topics
        .insert(TOPIC.to_owned(), Err(ErrorCode::LEADER_NOT_AVAILABLE));
    // It waited for room before it was taken.
    let since = bench.now;
    bench.advance_ms(400);
    bench
        .producer
        .send_since(bench.now, since, Record::to(TOPIC).value("a"))
        .expect("accepted");
    bench.advance_ms(599);
    assert!(bench.done.is_empty());
    bench.advance_ms(1);
    assert_eq!(bench.results(), ["LEADER_NOT_AVAILABLE No"]);
}

#[test]
fn records_without_metadata_wait_in_order_and_none_overtakes() {
    let mut bench = Bench::new(1, &[("linger.ms", "0")]);
    bench.answers = false;
    for value in ["a", "b"] {
        bench.send_to(0, value);
    }
    bench.run();
    assert!(bench.producer.memory_used() > 0, "charged while it waits");
    bench.answers = true;
    bench.cut_all();
    bench.advance_ms(200);
    // Sent in the same moment in which metadata came: behind those that waited.
    bench.send_to(0, "c");
    let mut values = bench.take().values();
    bench.answer_all();
    bench.run();
    assert_eq!(values.drain(..2).collect::<Vec<_>>(), ["a", "b"]);
    let offsets = bench.done.iter().map(|(id, _)| id.0).collect::<Vec<_>>();
    assert!(offsets.is_sorted(), "{offsets:?}");
}

/// A record that is given back has not used up its turn: the round goes on where it was.
#[test]
fn a_record_that_waits_for_memory_is_placed_when_it_is_taken() {
    let options = [
        ("partitioner.class", "RoundRobinPartitioner"),
        ("linger.ms", "0"),
        ("buffer.memory", "1000"),
        ("max.request.size", "1000"),
    ];
    let mut bench = Bench::warm(3, &options);
    let record = || Record::to(TOPIC).value("x".repeat(700)).at(Timestamp(1));
    let mut places = Vec::new();
    for _ in 0..6 {
        bench.send(record());
        for _ in 0..2 {
            let full = bench.producer.send(bench.now, record());
            assert!(matches!(full, Err(SendError::Full { .. })));
        }
        bench.run();
        let request = bench.take();
        places.push(request.batch().partition);
        bench.ok(&request, 0);
    }
    assert_eq!(places, [0, 1, 2, 0, 1, 2]);
}

#[test]
fn memory_of_a_batch_in_flight_comes_back_with_its_answer_and_not_with_its_expiry() {
    let options = [
        ("linger.ms", "0"),
        ("delivery.timeout.ms", "1000"),
        ("request.timeout.ms", "1000"),
    ];
    let mut bench = Bench::warm(1, &options);
    bench.writes = false;
    bench.send_to(0, "a");
    bench.advance_ms(999);
    let held = bench.producer.memory_used();
    assert!(held > HEADER_LEN);
    let conn = bench.conn();
    bench.write(conn, bench.unwritten(conn));
    bench.advance_ms(1);
    assert_eq!(bench.results(), ["DELIVERY_TIMEOUT Possibly"]);
    assert_eq!(bench.producer.memory_used(), held, "its bytes may still be read");
    let request = bench.take();
    bench.ok(&request, 0);
    assert_eq!(bench.producer.memory_used(), 0);
    assert_eq!(bench.done.len(), 1);
}

#[test]
fn a_flush_ends_although_sending_does_not() {
    let mut bench = Bench::warm(2, &[("linger.ms", "1000")]);
    for n in 0..20 {
        bench.send_to(n % 2, &format!("before {n}"));
    }
    bench.producer.flush(bench.now);
    bench.run();
    let mut rounds = 0;
    while bench.flushed.is_empty() {
        rounds += 1;
        assert!(rounds < 5, "the flush waits for records behind it");
        for n in 0..20 {
            bench.send_to(n % 2, &format!("later {n}"));
        }
        bench.run();
        let request = bench.take();
        bench.ok(&request, 0);
    }
    let resolved = bench.done.iter().filter(|(id, _)| id.0 < 22).count();
    assert_eq!(resolved, 20, "all that were sent before it");
    assert!(bench.producer.outstanding() > 0, "and not all behind it");
}

#[test]
fn timestamps_are_the_senders_and_negative_ones_are_refused() {
    let mut bench = Bench::warm(1, &[("linger.ms", "0")]);
    bench.send(Record::to(TOPIC).value("a").at(Timestamp(0)));
    bench.run();
    let request = bench.take();
    assert_eq!(
        request.batch().header.base_timestamp,
        0,
        "the first millisecond is one"
    );
    bench.ok(&request, 0);
    bench
        .producer
        .send(bench.now, Record::to(TOPIC).value("b"))
        .expect("accepted");
    bench.run();
    assert_eq!(
        bench.take().batch().header.base_timestamp,
        -1,
        "without a time, the format's value for none"
    );
    let refused = bench
        .producer
        .send(bench.now, Record::to(TOPIC).at(Timestamp(-1)));
    assert!(matches!(
        refused,
        Err(SendError::Refused {
            why: RefuseReason::InvalidTimestamp { timestamp: -1 },
            ..
        })
    ));
}
