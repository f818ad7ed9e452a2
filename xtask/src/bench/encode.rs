//! Records into batches: the one loop that every record passes.

use crate::bench::Target;
use crate::bench::report::Report;
use crate::bench::series::{Series, plain};
use crate::bench::table::Table;
use crate::failure::{Failure, Result};
use crate::json;
use crate::run::Cmd;
use crate::steps::{Outcome, node, rust, step};
use crate::tree;

pub(crate) const TARGET: Target = Target {
    name: "encode",
    measures: "ns per record to encode 10 B keys and 100 B or 1,000 B values into 64 KB batches with CRC: \
               ottla native and wasm in Node, beside kafkajs and @platformatic/kafka",
    run,
};

const PEERS: [&str; 4] = ["native", "wasm", "@platformatic/kafka", "kafkajs"];
const VALUE_LENS: [usize; 2] = [100, 1000];
/// The profile of what is served.
const WASM_PROFILE: &str = "wasm";
/// What kafkajs takes, divided by what we may take.
const BARS: [(&str, f64); 2] = [("native", 60.0), ("wasm", 30.0)];

fn run(report: &mut Report) -> Result<()> {
    rust::targets(&[rust::WASM])?;
    node::packages()?;
    build()?;
    let mut rounds = Vec::new();
    step("encoding in turns", || {
        for _ in 0..report.rounds() {
            rounds.push(round()?);
        }
        Ok(Outcome::Done(format!("{} rounds", rounds.len())))
    })?;
    let figures = |peer: &str, value_len: usize| -> Result<Series> {
        let series: Series = rounds
            .iter()
            .filter_map(|lines| figure(lines, peer, value_len))
            .collect();
        if series.is_empty() {
            return Err(Failure::step(format!(
                "no figure for {peer} in:\n{}",
                rounds.join("\n")
            )));
        }
        Ok(series)
    };
    let mut table = Table::new(&["ns per record", "100 B", "1,000 B", "of kafkajs at 100 B"]);
    for peer in PEERS {
        let [small, large] = [figures(peer, VALUE_LENS[0])?, figures(peer, VALUE_LENS[1])?];
        let ratio = figures("kafkajs", VALUE_LENS[0])?.over(&small);
        let ratio = ratio
            .median()
            .map_or("-".to_owned(), |times| format!("1/{}", plain(times)));
        table.row([peer.to_owned(), small.shown(plain), large.shown(plain), ratio]);
    }
    report.table("Encoding into 64 KB batches, header and CRC included", &table);
    for (peer, times) in BARS {
        let ratio = figures("kafkajs", VALUE_LENS[0])?.over(&figures(peer, VALUE_LENS[0])?);
        let what = format!("{peer}, 100 B values: times faster than kafkajs");
        report.at_least(&what, ratio.median().unwrap_or(0.0), times, "");
    }
    Ok(())
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
    let mut lines = Cmd::new(tree::target().join("release/encode-bench")).logged("bench-encode-native")?;
    let wasm = tree::target()
        .join(rust::WASM)
        .join(WASM_PROFILE)
        .join("encode_bench.wasm");
    let node = Cmd::new("node").args(["tools/encode-bench/run.mjs"]).arg(wasm);
    lines += &node
        .arg(tree::root().join("node_modules"))
        .logged("bench-encode-node")?;
    Ok(lines)
}

fn figure(lines: &str, peer: &str, value_len: usize) -> Option<f64> {
    let is_it = |line: &&str| {
        json::text(line, "target").as_deref() == Some(peer)
            && json::number(line, "value_len").is_some_and(|len| (len - value_len as f64).abs() < 0.5)
    };
    json::number(lines.lines().find(is_it)?, "ns_per_record")
}
