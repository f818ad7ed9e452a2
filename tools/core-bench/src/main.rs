//! The producer's core over a null transport, as JSON lines.
//!
//! ```text
//! core-bench time CODEC TRACE            nanoseconds per record, from send to acknowledgement
//! core-bench append CODEC TRACE RECORDS  only does it, for a tool that counts instructions
//! core-bench path CODEC TRACE RECORDS    likewise, from send to acknowledgement
//! ```
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program")]

mod world;

use std::hint::black_box;
use std::process::ExitCode;
use std::time::Instant;

use ottla_core::trace::Level;

use crate::world::World;

const VALUE_LENS: [usize; 2] = [100, 1000];
/// Bytes of values in one timed round.
const ROUND_BYTES: usize = 40_000_000;
const ROUNDS: usize = 9;
/// Different values: few enough for the second-level cache.
const VARIETY: usize = 500;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let ran = match words[..] {
        ["time", codec, trace] => level(trace).map(|trace| time(codec, trace)),
        [what @ ("append" | "path"), codec, trace, records] => level(trace)
            .zip(records.parse().ok())
            .map(|(trace, records)| count(what, codec, trace, records)),
        _ => None,
    };
    if ran.is_none() {
        eprintln!(
            "usage: core-bench time CODEC off|batch|record, or append|path CODEC off|batch|record RECORDS"
        );
        return ExitCode::from(2);
    }
    ExitCode::SUCCESS
}

fn level(word: &str) -> Option<Level> {
    match word {
        "off" => Some(Level::Off),
        "batch" => Some(Level::Batch),
        "record" => Some(Level::Record),
        _ => None,
    }
}

fn count(what: &str, codec: &str, trace: Level, records: usize) {
    let mut world = World::new(codec, trace);
    let values = values(VALUE_LENS[0]);
    match what {
        "append" => world.append_all(black_box(records), black_box(&values)),
        _ => {
            world.send_all(black_box(records), black_box(&values));
            world.flush();
        }
    }
    black_box(world.tally());
}

/// The best of several rounds: whatever else the machine does only adds.
fn time(codec: &str, trace: Level) {
    for value_len in VALUE_LENS {
        let values = values(value_len);
        let records = ROUND_BYTES / value_len;
        let mut world = World::new(codec, trace);
        let mut best = f64::INFINITY;
        for _ in 0..ROUNDS {
            let start = Instant::now();
            world.send_all(black_box(records), black_box(&values));
            world.flush();
            best = best.min(start.elapsed().as_secs_f64() * 1e9 / records as f64);
        }
        let tally = world.tally();
        println!(
            r#"{{"bench":"path","target":"native","codec":"{codec}","value_len":{value_len},"ns_per_record":{best:.1},"records_per_batch":{:.1},"batches_per_request":{:.2},"events":{}}}"#,
            tally.acked as f64 / tally.batches as f64,
            tally.batches as f64 / tally.requests as f64,
            tally.events,
        );
    }
}

/// Text in which a codec finds something and not everything: JSON with changing numbers.
fn values(len: usize) -> Vec<Vec<u8>> {
    let mut state = 1_u32;
    let mut value = || {
        let mut text = String::new();
        while text.len() < len {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            text += &format!(
                r#"{{"user":{},"page":"/item/{}","ms":{},"#,
                state >> 8,
                state >> 20,
                state % 997
            );
        }
        text.truncate(len);
        text.into_bytes()
    };
    (0..VARIETY).map(|_| value()).collect()
}
