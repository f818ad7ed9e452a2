//! Records into batches: the one loop that every record passes.

use crate::bench::Target;
use crate::bench::estimate::Takes;
use crate::bench::report::Report;
use crate::bench::series::{Series, plain};
use crate::bench::table::Table;
use crate::bench::turns::in_turns;
use crate::failure::{Failure, Result};
use crate::json;
use crate::run::Cmd;
use crate::steps::{Outcome, node, rust, step};
use crate::tree;

pub(crate) const TARGET: Target = Target {
    name: "encode",
    measures: "ns per record to encode 10 B keys and 100 B or 1,000 B values into 64 KB batches with CRC: \
               ottla native and wasm in Node, beside kafkajs and @platformatic/kafka",
    takes: Takes { once: 0, round: 10 },
    run,
};

/// As the tools name them, and as a table does.
const PEERS: [(&str, &str); 5] = [
    ("native", "ottla native"),
    ("wasm-core", "ottla wasm, records in its memory"),
    ("wasm-js", "ottla wasm, from JS Buffers"),
    ("@platformatic/kafka", "@platformatic/kafka"),
    ("kafkajs", "kafkajs"),
];
const VALUE_LENS: [usize; 2] = [100, 1000];
/// For every peer the same records, each with a key and a value of its own.
const RECORDS: usize = 30_000;
/// Of one run of a peer; the best one counts, so that every engine has compiled what it wants to compile.
const REPEATS: usize = 15;
/// The profile of what is served.
const WASM_PROFILE: &str = "wasm";
/// What kafkajs takes, divided by what we may take. Its encoder begins with batches of Buffers, and so does what is
/// judged beside it.
const BARS: [(&str, f64); 2] = [("native", 60.0), ("wasm-js", 30.0)];
/// Clients end their batches at slightly different sizes.
const SAME_BYTES: f64 = 0.01;

fn run(report: &mut Report) -> Result<()> {
    rust::targets(&[rust::WASM])?;
    node::packages()?;
    build()?;
    let rounds = in_turns("encoding", report.rounds(), round)?;
    let said = rounds.join("\n");
    for lines in &rounds {
        for value_len in VALUE_LENS {
            let bytes = PEERS.map(|(peer, _)| figure(lines, peer, value_len, "bytes"));
            if !same_work(&bytes) {
                return Err(Failure::step(format!(
                    "the peers did not encode the same records: {bytes:?} bytes in:\n{lines}"
                )));
            }
        }
    }
    let figures = |peer: &str, value_len: usize| {
        let figures = rounds
            .iter()
            .map(|lines| figure(lines, peer, value_len, "ns_per_record"));
        Series::of_all_rounds(peer, report.rounds(), figures, &said)
    };
    let kafkajs = figures("kafkajs", VALUE_LENS[0])?;
    let mut table = Table::new(&["ns per record", "100 B", "1,000 B", "of kafkajs at 100 B"]);
    for (peer, shown) in PEERS {
        let [small, large] = [figures(peer, VALUE_LENS[0])?, figures(peer, VALUE_LENS[1])?];
        let ratio = kafkajs.over(&small)?.median();
        let ratio = ratio.map_or("-".to_owned(), |times| format!("1/{}", plain(times)));
        table.row([shown.to_owned(), small.shown(plain), large.shown(plain), ratio]);
    }
    let mut verdicts = Vec::new();
    for (peer, times) in BARS {
        let ratio = kafkajs.over(&figures(peer, VALUE_LENS[0])?)?;
        verdicts.push((peer, ratio.median().unwrap_or(0.0), times));
    }
    report.table("Encoding into 64 KB batches, header and CRC included", &table);
    report.note(&format!(
        "Each peer encodes the same {RECORDS} records {REPEATS} times, and its best time counts."
    ));
    report.note(
        "From JS Buffers: each batch is copied into wasm memory and encoded in one call. The package's `send` and \
         `post` hand over record by record, which takes longer: null-transport measures them.",
    );
    for (peer, value, times) in verdicts {
        let shown = PEERS.iter().find(|(name, _)| *name == peer);
        let shown = shown.map_or(peer, |(_, shown)| *shown);
        report.at_least(
            &format!("{shown}, 100 B values: times faster than kafkajs"),
            value,
            times,
            "",
        );
    }
    Ok(())
}

/// Every peer printed how many bytes its batches have, and they are about the same.
fn same_work(bytes: &[Option<f64>]) -> bool {
    let known: Series = bytes.iter().flatten().copied().collect();
    match (known.least(), known.most()) {
        (Some(least), Some(most)) => bytes.iter().all(Option::is_some) && most <= least * (1.0 + SAME_BYTES),
        _ => false,
    }
}

fn build() -> Result<()> {
    step("encode-bench, native and wasm", || {
        let build = ["build", "--package", "encode-bench", "--profile"];
        Cmd::cargo()
            .args(build)
            .arg("release")
            .logged("bench-encode-build")?;
        // As the page and the npm package are served.
        Cmd::cargo()
            .args(build)
            .args([WASM_PROFILE, "--lib", "--target", rust::WASM])
            .logged("bench-encode-build-wasm")?;
        Ok(Outcome::Done("built".to_owned()))
    })
}

/// The lines of all peers.
fn round() -> Result<String> {
    let work = [RECORDS, REPEATS].map(|number| number.to_string());
    let native = Cmd::new(tree::target().join("release/encode-bench"));
    let mut lines = native.args(&work).logged("bench-encode-native")?;
    let wasm = tree::target()
        .join(rust::WASM)
        .join(WASM_PROFILE)
        .join("encode_bench.wasm");
    let node = Cmd::new("node").args(["tools/encode-bench/run.mjs"]).arg(wasm);
    lines += &node
        .args(work)
        .arg(tree::root().join("node_modules"))
        .logged("bench-encode-node")?;
    Ok(lines)
}

fn figure(lines: &str, peer: &str, value_len: usize, name: &str) -> Option<f64> {
    let is_it = |line: &&str| {
        json::text(line, "target").as_deref() == Some(peer)
            && json::number(line, "value_len").is_some_and(|len| (len - value_len as f64).abs() < 0.5)
    };
    json::number(lines.lines().find(is_it)?, name)
}

#[cfg(test)]
mod tests {
    use super::{figure, same_work};

    #[test]
    fn a_figure_is_its_peers_at_its_length() {
        let lines = "{\"target\":\"wasm-js\",\"value_len\":100,\"bytes\":7}\n\
                     {\"target\":\"wasm-js\",\"value_len\":1000,\"bytes\":9}";
        assert_eq!(figure(lines, "wasm-js", 1000, "bytes"), Some(9.0));
        assert_eq!(figure(lines, "wasm-core", 1000, "bytes"), None);
    }

    #[test]
    fn peers_that_encode_something_else_are_found() {
        assert!(same_work(&[Some(1000.0), Some(1009.0)]));
        assert!(!same_work(&[Some(1000.0), Some(1011.0)]));
        assert!(!same_work(&[Some(1000.0), None]) && !same_work(&[]));
    }
}
