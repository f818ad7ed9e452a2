//! What is expected of a topic's compression (behaviour 10).

use ottla_core::Record;
use ottla_core::trace::{Event, Level};
use ottla_wire::batch::HEADER_LEN;

use crate::common::{Bench, TOPIC};

const BATCH_SIZE: usize = 4000;
/// A record with a value of this many bytes, and what is around it.
const VALUE: usize = 40;
const RECORD: usize = VALUE + 8;
/// Kafka expects a batch to come out a little larger than its estimate says.
const SAFETY: f64 = 1.05;

/// Sends records until one more batch is compressed; `noise` bytes of each do not compress. Returns the bytes of its
/// records before and after.
fn fill(bench: &mut Bench, noise: usize, seed: &mut u64) -> (usize, usize) {
    bench.trace.clear();
    loop {
        let mut value = String::new();
        while value.len() < noise {
            *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            value.push(char::from(b'!' + (*seed >> 33) as u8 % 64));
        }
        bench.send(Record::to(TOPIC).partition(0).value(format!("{value:.<VALUE$}")));
        bench.answer_all();
        for envelope in &bench.trace {
            if let Event::Sealed { raw_bytes, bytes, .. } = envelope.event {
                return (raw_bytes as usize - HEADER_LEN, bytes as usize - HEADER_LEN);
            }
        }
    }
}

#[test]
fn a_worse_ratio_counts_at_once_and_a_little_more_and_a_better_one_by_half_a_percent() {
    let size = BATCH_SIZE.to_string();
    let options = [
        ("compression.type", "gzip"),
        ("batch.size", &*size),
        ("linger.ms", "50000"),
        ("delivery.timeout.ms", "1000000"),
    ];
    let mut bench = Bench::with_level(1, &options, Level::Batch);
    let (mut expected, mut seed) = (1.0, 1);
    let (mut slowly, mut little_more, mut at_once) = (0, 0, 0);
    let widths = [
        &[20; 130][..],
        &[21],
        &[20; 20],
        &[21],
        &[20; 10],
        &[40],
        &[20; 20],
    ]
    .concat();
    for noise in widths {
        let (raw, compressed) = fill(&mut bench, noise, &mut seed);
        // The last record that went in had room, and one more had none.
        let most = (BATCH_SIZE - HEADER_LEN - RECORD) as f64 / (expected * SAFETY) + RECORD as f64;
        let range = most - 1.5 * RECORD as f64..=most + 0.5 * RECORD as f64;
        assert!(
            range.contains(&(raw as f64)),
            "{raw} bytes, not {range:?}, at {expected}"
        );
        let ratio = compressed as f64 / raw as f64;
        slowly += i32::from(ratio < expected - 0.005);
        little_more += i32::from(ratio > expected && ratio < expected + 0.03);
        at_once += i32::from(ratio > expected + 0.08);
        expected = if ratio > expected {
            ratio.max(expected + 0.05)
        } else {
            ratio.max(expected - 0.005)
        };
    }
    assert!(
        slowly > 100 && little_more > 1 && at_once == 1,
        "{slowly}, {little_more}, {at_once}"
    );
}
