//! The bridge before a real Kafka that is stopped with SIGSTOP while 100 clients push: what it costs, and that nothing
//! is lost.

use std::collections::HashMap;
use std::time::Duration;

use ottla_tests::bridge::{Bridge, Pieces, Pusher};
use ottla_tests::kafka::Kafka;
use ottla_tests::kcat;
use ottla_tests::wait::wait_until;
use ottla_wire::batch::BatchBuilder;
use ottla_wire::codec::Codec;
use ottla_wire::messages::produce::{PartitionProduceData, ProduceRequest, TopicProduceData};

const CLIENTS: usize = 100;
/// KiB of resident memory that a client may cost.
const MOST_PER_CLIENT: f64 = 256.0;
/// Rounds without a byte from anybody to anybody after which nothing moves.
const QUIET_ROUNDS: usize = 40;
const PRODUCE: i16 = 12;
/// Bytes of a request.
const SIZE: usize = 64 * 1024;
const LIMIT: Duration = Duration::from_secs(120);
const REQUEST_MEMORY: &str = "ottla_bridge_request_memory_bytes";
/// Nothing but back-pressure may stop a client here: not the number of its requests in flight, whose default would
/// stop it earlier and so cost less, and not the patience of the bridge, which a slow machine could use up.
const LIMITS: &str = "[limits]\nin_flight = 1000\nconnections_per_ip = 200\nhandshakes_per_second_per_ip = 1000\n\
                      stall_timeout_ms = 600000\nping_interval_ms = 600000\nframe_timeout_ms = 600000\n\
                      first_request_timeout_ms = 600000\n";
/// Bytes of the system's buffers, at the bridge and at Kafka. What they take from a client before it has to wait is seven
/// times as much in messages of one byte, and is not what is measured.
const KERNEL_BUFFER: &str = "16384";

/// A request of exactly [`SIZE`] bytes, whose only record has the client's number for its key.
fn request(topic: &str, client: usize) -> Vec<u8> {
    let key = format!("{client:03}");
    let of_value = |value: &[u8]| {
        let mut builder = BatchBuilder::new(2 * SIZE);
        builder
            .append(
                1_700_000_000_000,
                Some(key.as_bytes()),
                Some(value),
                std::iter::empty(),
            )
            .expect("the first record fits");
        let batch = builder.seal(Codec::None, None).expect("no codec, no limit");
        let request = ProduceRequest {
            acks: -1,
            timeout_ms: 600_000,
            topic_data: vec![TopicProduceData {
                name: topic.to_owned(),
                partition_data: vec![PartitionProduceData {
                    index: 0,
                    records: Some(batch.to_bytes()),
                }],
                ..Default::default()
            }],
            ..Default::default()
        };
        ottla_wire::encode_request(0, Some("test"), PRODUCE, &request).expect("fields of that version")
    };
    // What comes on top of a value of that size, its length's length included, is the same for one a little smaller.
    let rest = of_value(&vec![b'x'; SIZE - 1024]).len() - (SIZE - 1024);
    let request = of_value(&vec![b'x'; SIZE - rest]);
    assert_eq!(request.len(), SIZE);
    request
}

/// Lets everybody push until nothing moves any more: no client can write a byte, and the bridge neither reads nor
/// writes one.
fn push_until_nothing_moves(bridge: &Bridge, pushers: &mut [Pusher]) {
    let mut quiet_rounds = 0;
    let mut last = [0.0; 2];
    wait_until("nothing to move any more", LIMIT, || {
        let taken: usize = pushers.iter_mut().map(Pusher::push).sum();
        let passed = ["from_clients", "to_brokers"]
            .map(|way| bridge.metric(&format!("ottla_bridge_{way}_bytes_total")));
        quiet_rounds = if taken == 0 && passed == last {
            quiet_rounds + 1
        } else {
            0
        };
        last = passed;
        quiet_rounds == QUIET_ROUNDS
    });
}

/// Every request was acknowledged under an offset of its own, and the log has exactly them, by a client that is not
/// ours.
fn all_are_there_once(kafka: &Kafka, topic: &str, pushers: &[Pusher]) {
    let mut offsets: Vec<i64> = pushers
        .iter()
        .flat_map(|pusher| pusher.acked().iter().map(|acked| acked.offset))
        .collect();
    offsets.sort_unstable();
    let count = offsets.len() as i64;
    assert!(
        offsets.iter().copied().eq(0..count),
        "{count} requests have other offsets than 0 to {count}"
    );
    let mut found: HashMap<String, usize> = HashMap::new();
    for key in kcat::consume(kafka.bootstrap(), topic, 0, &["-f", "%k\n"]).lines() {
        *found.entry(key).or_default() += 1;
    }
    let expected = pushers
        .iter()
        .enumerate()
        .map(|(client, pusher)| (format!("{client:03}"), pusher.acked().len()));
    assert_eq!(found, expected.collect());
}

/// Everybody has had an answer to a request.
fn all_are_answered(pushers: &mut [Pusher]) {
    wait_until("every client to have an answer", LIMIT, || {
        for pusher in &mut *pushers {
            if pusher.begun() == 0 {
                pusher.push();
            }
            pusher.finish();
            pusher.read();
        }
        pushers.iter().all(|pusher| !pusher.acked().is_empty())
    });
}

/// Everybody pushes into a Kafka that stops, and is acknowledged when it goes on.
#[allow(
    clippy::print_stdout,
    reason = "the figure is wanted, not only that it is small enough"
)]
fn costs_little_and_loses_nothing(kafka: &Kafka, pieces: Pieces) {
    let topic = match pieces {
        Pieces::Whole => "whole",
        Pieces::Bytes => "bytes",
    };
    kafka.tools().create_topic(topic, 1, &[]);
    let bridge = Bridge::start_with(
        kafka.bootstrap(),
        &[topic],
        &[ottla_tests::bridge::ORIGIN],
        &format!("{LIMITS}kernel_buffer_bytes = {KERNEL_BUFFER}\n"),
    );
    let open = |client| Pusher::open(&bridge, "1", PRODUCE, &request(topic, client), pieces);
    let mut pushers: Vec<Pusher> = vec![open(0)];
    all_are_answered(&mut pushers);
    // What only the first client needs is there, such as the pages of the program's code.
    let before = bridge.memory("VmRSS");
    pushers.extend((1..CLIENTS).map(open));
    all_are_answered(&mut pushers);
    kafka.node(1).pause();
    push_until_nothing_moves(&bridge, &mut pushers);
    let stalled = bridge.memory("VmRSS");
    let answered: usize = pushers.iter().map(|pusher| pusher.acked().len()).sum();
    let begun: usize = pushers.iter().map(Pusher::begun).sum();
    // Each client waits for the broker's socket with one request, whose length is not counted with it.
    assert_eq!(bridge.metric(REQUEST_MEMORY), (CLIENTS * (SIZE - 4)) as f64);
    assert!(pushers.iter_mut().all(|pusher| pusher.push() == 0));
    // Bridge::memory gives no figure, and says so, only where the system has none.
    if let (Some(before), Some(stalled)) = (before, stalled) {
        let each = (stalled - before) / (CLIENTS - 1) as f64;
        println!(
            "{pieces:?}: resident: {before} KiB with one idle client, {stalled} with {CLIENTS} clients that push {} requests of \
             {SIZE} bytes into a stopped Kafka: {each} KiB each",
            begun - answered
        );
        assert!(each <= MOST_PER_CLIENT, "{pieces:?}: {each} KiB for each client");
    }
    kafka.node(1).resume();
    wait_until("every request to be acknowledged", LIMIT, || {
        pushers.iter_mut().fold(true, |all, pusher| {
            let written = pusher.finish();
            pusher.read();
            all & (written && pusher.acked().len() == pusher.begun())
        })
    });
    all_are_there_once(kafka, topic, &pushers);
    for memory in [REQUEST_MEMORY, "ottla_bridge_answer_memory_bytes"] {
        assert_eq!(bridge.metric(memory), 0.0, "{memory}");
    }
    assert_eq!(bridge.metric("ottla_bridge_connections"), CLIENTS as f64);
}

#[test]
fn a_broker_stopped_under_100_clients_costs_little_and_loses_nothing() {
    // The controller is in the same process: when both wake up it must not think that the broker has died.
    let kafka = Kafka::options()
        .config("broker.session.timeout.ms", "600000")
        .config("socket.receive.buffer.bytes", KERNEL_BUFFER)
        .start();
    for pieces in Pieces::ALL {
        costs_little_and_loses_nothing(&kafka, pieces);
    }
}
