//! Prints nanoseconds per record of the native build, best of several rounds, as JSON lines. `run.mjs` prints the same
//! lines for the wasm build and for JavaScript clients.
//!
//! ```text
//! cargo run --release -p encode-bench
//! cargo build --profile wasm -p encode-bench --lib --target wasm32-unknown-unknown
//! node tools/encode-bench/run.mjs target/wasm32-unknown-unknown/wasm/encode_bench.wasm [NODE_MODULES]
//! ```
#![allow(clippy::print_stdout, reason = "the result")]

use std::hint::black_box;
use std::time::Instant;

const ROUNDS: usize = 15;

fn main() {
    for value_len in [100, 1000] {
        let value = vec![0x61; value_len];
        let records = 50_000_000 / (value_len + 25);
        let mut best = f64::INFINITY;
        let mut bytes = 0;
        for _ in 0..ROUNDS {
            let start = Instant::now();
            bytes = encode_bench::encode_records(black_box(records), black_box(&value));
            best = best.min(start.elapsed().as_secs_f64() * 1e9 / records as f64);
        }
        println!(
            r#"{{"bench":"encode","target":"native","value_len":{value_len},"records":{records},"bytes":{bytes},"ns_per_record":{best:.1}}}"#
        );
    }
}
