//! Prints nanoseconds per record of the native build, best of several rounds, as JSON lines. `run.mjs` prints the same
//! lines for the wasm build and for JavaScript clients; each gets the same records and the same number of rounds.
//!
//! ```text
//! cargo run --release -p encode-bench -- RECORDS ROUNDS
//! cargo build --profile wasm -p encode-bench --lib --target wasm32-unknown-unknown
//! node tools/encode-bench/run.mjs target/wasm32-unknown-unknown/wasm/encode_bench.wasm RECORDS ROUNDS [NODE_MODULES]
//! ```
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program")]

use std::hint::black_box;
use std::process::ExitCode;
use std::time::Instant;

use encode_bench::Workload;

fn main() -> ExitCode {
    let numbers: Result<Vec<usize>, _> = std::env::args().skip(1).map(|word| word.parse()).collect();
    let Ok(&[records @ 1..=usize::MAX, rounds @ 1..=usize::MAX]) = numbers.as_deref() else {
        eprintln!("usage: encode-bench RECORDS ROUNDS");
        return ExitCode::from(2);
    };
    for value_len in [100, 1000] {
        let workload = Workload::new(records, value_len);
        let mut best = f64::INFINITY;
        let mut bytes = 0;
        for _ in 0..rounds {
            let start = Instant::now();
            bytes = black_box(&workload).encode();
            best = best.min(start.elapsed().as_secs_f64() * 1e9 / records as f64);
        }
        println!(
            r#"{{"bench":"encode","target":"native","value_len":{value_len},"records":{records},"bytes":{bytes},"ns_per_record":{best:.1}}}"#
        );
    }
    ExitCode::SUCCESS
}
