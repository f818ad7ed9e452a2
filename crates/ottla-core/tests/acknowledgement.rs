//! What counts as delivered: `acks` 0, 1 and all, offsets and timestamps (behaviours 27, 52).

mod common;

use common::{Bench, TOPIC};
use ottla_core::{Record, Timestamp};
use ottla_wire::messages::produce::PartitionProduceResponse;

#[test]
fn acks_is_sent_as_configured() {
    for (acks, wire) in [("0", 0), ("1", 1), ("all", -1)] {
        let mut bench = Bench::new(1, &[("acks", acks), ("linger.ms", "0")]);
        bench.send_to(0, "a");
        bench.run();
        assert_eq!(bench.take().request.acks, wire);
    }
}

#[test]
fn without_acks_a_record_is_done_when_its_last_byte_is_written() {
    let mut bench = Bench::warm_unanswered(&[("acks", "0"), ("linger.ms", "0")]);
    bench.writes = false;
    bench.send_to(0, "a");
    bench.run();
    let sent = bench.take();
    let bytes = bench.unwritten(sent.conn);
    bench.write(sent.conn, bytes - 1);
    assert!(bench.done.is_empty(), "one byte is missing");
    bench.write(sent.conn, 1);
    assert_eq!(bench.results(), ["0@-1"]);
    let metadata = bench.done[0].1.clone().expect("written");
    assert_eq!(metadata.timestamp, 1_700_000_000_000, "the record's own");
    assert_eq!(bench.producer.in_flight(), 0);
    assert_eq!(bench.producer.memory_used(), 0);
}

#[test]
fn without_acks_a_record_is_sent_again_when_the_connection_breaks_before_it_is_written() {
    let mut bench = Bench::warm_unanswered(&[("acks", "0"), ("linger.ms", "0")]);
    bench.writes = false;
    bench.send_to(0, "a");
    bench.run();
    let sent = bench.take();
    bench.writes = true;
    bench.cut(sent.conn);
    assert!(bench.done.is_empty());
    bench.advance_ms(1000);
    assert_eq!(bench.take().values(), ["a"]);
    assert_eq!(bench.results(), ["0@-1"]);
}

#[test]
fn offsets_count_up_from_the_base_and_timestamps_are_the_records_own() {
    let mut bench = Bench::warm(1, &[]);
    bench.send(
        Record::to(TOPIC)
            .partition(0)
            .key("k")
            .value("v1")
            .at(Timestamp(11)),
    );
    bench.send(Record::to(TOPIC).partition(0).value("").at(Timestamp(22)));
    bench.send(Record::to(TOPIC).partition(0).key("").at(Timestamp(9)));
    bench.advance_ms(5);
    let sent = bench.take();
    bench.ok(&sent, 40);
    let metadata: Vec<_> = bench
        .done
        .iter()
        .map(|(_, result)| result.clone().expect("delivered"))
        .collect();
    assert_eq!(
        metadata.iter().map(|m| m.offset).collect::<Vec<_>>(),
        [40, 41, 42]
    );
    assert_eq!(
        metadata.iter().map(|m| m.timestamp).collect::<Vec<_>>(),
        [11, 22, 9]
    );
    let sizes: Vec<_> = metadata
        .iter()
        .map(|m| (m.serialized_key_size, m.serialized_value_size))
        .collect();
    assert_eq!(sizes, [(1, 2), (-1, 0), (0, -1)]);
    assert_eq!(&*metadata[0].topic, TOPIC);
    assert!(
        bench.completions.remove(0).records().is_empty(),
        "nothing to give back"
    );
}

#[test]
fn log_append_time_is_the_brokers() {
    let mut bench = Bench::warm(1, &[]);
    bench.send_to(0, "a");
    bench.advance_ms(5);
    let sent = bench.take();
    bench.reply_with(&sent, |_, _| PartitionProduceResponse {
        base_offset: 5,
        log_append_time_ms: 99,
        ..Default::default()
    });
    assert_eq!(bench.done[0].1.as_ref().expect("delivered").timestamp, 99);
}

#[test]
fn results_come_in_the_order_of_sending_within_a_partition() {
    let mut bench = Bench::warm(2, &[("linger.ms", "0")]);
    let mut ids = Vec::new();
    for n in 0..20 {
        ids.push(bench.send_to(0, &format!("{n}")));
        if n % 3 == 0 {
            bench.run();
        }
    }
    bench.answer_all();
    let told: Vec<_> = bench.done.iter().map(|(id, _)| *id).collect();
    assert_eq!(told, ids);
}
