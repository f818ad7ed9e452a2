//! What the bridge costs in throughput.

use crate::bench::report::Report;
use crate::bench::series::{Series, plain};
use crate::bench::table::Table;
use crate::bench::{Target, dir};
use crate::failure::{Failure, Result};
use crate::json;
use crate::run::Cmd;
use crate::steps::{Outcome, binaries, step};
use crate::tree;

pub(crate) const TARGET: Target = Target {
    name: "bridge",
    measures: "MB/s of Produce requests of 64 KB through the bridge, and over TCP straight to the same sink",
    run,
};

/// One connection is what a page has to a broker.
const CONNECTIONS: [usize; 2] = [1, 4];
/// Of what goes through a direct connection.
const BAR: f64 = 0.6;

fn run(report: &mut Report) -> Result<()> {
    let ottla = binaries::ottla("release")?;
    let mut lines = String::new();
    step("bridge-bench", || {
        Cmd::cargo()
            .args(["build", "--release", "--package", "bridge-bench"])
            .logged("bench-bridge-build")?;
        Ok(Outcome::Done("built".to_owned()))
    })?;
    step("direct and through the bridge in turns", || {
        let run = Cmd::new(tree::target().join("release/bridge-bench"));
        let run = run.arg(ottla).arg(dir()?).arg(report.rounds().to_string());
        lines = run.logged("bench-bridge")?;
        Ok(Outcome::Done(format!("{} rounds", report.rounds())))
    })?;
    let mut table = Table::new(&[
        "connections",
        "direct MB/s",
        "bridge MB/s",
        "ratio",
        "bridge's CPU s/GB",
    ]);
    for connections in CONNECTIONS {
        let [direct, bridged] = ["direct", "bridge"].map(|via| series(&lines, via, connections, "mb_per_s"));
        let ratio = bridged.over(&direct);
        let Some(median) = ratio.median() else {
            return Err(Failure::step(format!("no figure in:\n{lines}")));
        };
        table.row([
            connections.to_string(),
            direct.shown(plain),
            bridged.shown(plain),
            ratio.shown(plain),
            series(&lines, "bridge", connections, "cpu_s_per_gb").shown(plain),
        ]);
        if connections == 1 {
            report.at_least(
                "bridge, one connection, part of the direct throughput",
                median,
                BAR,
                "",
            );
        }
    }
    report.table(
        "Five requests in flight per connection, each acknowledged; client, sink and bridge share the cores",
        &table,
    );
    Ok(())
}

fn series(lines: &str, via: &str, connections: usize, figure: &str) -> Series {
    let is_it = |line: &&str| {
        json::text(line, "via").as_deref() == Some(via)
            && json::number(line, "connections").is_some_and(|count| (count - connections as f64).abs() < 0.5)
    };
    lines
        .lines()
        .filter(is_it)
        .filter_map(|line| json::number(line, figure))
        .collect()
}
