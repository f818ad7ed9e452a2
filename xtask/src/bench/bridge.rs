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
    measures: "MB/s of Produce requests of 64 KB through the bridge, through a relay that only copies bytes, and over TCP straight to the same sink",
    run,
};

/// One connection is what a page has to a broker.
const CONNECTIONS: [usize; 2] = [1, 4];
/// Of what goes through a direct connection.
const OF_DIRECT: f64 = 0.6;
/// Of what goes through the relay. Client, sink and what is between them share the cores, so any hop takes from the
/// other two what it needs; against the relay it is the bridge's own work that shows: taking the mask off, reading the
/// request, and the wait for its last byte.
const OF_RELAY: f64 = 0.8;

fn run(report: &mut Report) -> Result<()> {
    let ottla = binaries::ottla("release")?;
    let mut lines = String::new();
    step("bridge-bench", || {
        Cmd::cargo()
            .args(["build", "--release", "--package", "bridge-bench"])
            .logged("bench-bridge-build")?;
        Ok(Outcome::Done("built".to_owned()))
    })?;
    step("direct, through a relay and through the bridge in turns", || {
        let run = Cmd::new(tree::target().join("release/bridge-bench"));
        let run = run.arg(ottla).arg(dir()?).arg(report.rounds().to_string());
        lines = run.logged("bench-bridge")?;
        Ok(Outcome::Done(format!("{} rounds", report.rounds())))
    })?;
    let mut table = Table::new(&[
        "connections",
        "direct MB/s",
        "relay MB/s",
        "bridge MB/s",
        "bridge/direct",
        "bridge/relay",
        "relay's CPU s/GB",
        "bridge's CPU s/GB",
    ]);
    for connections in CONNECTIONS {
        let [direct, relayed, bridged] =
            ["direct", "relay", "bridge"].map(|via| series(&lines, via, connections, "mb_per_s"));
        let [of_direct, of_relay] = [&direct, &relayed].map(|other| bridged.over(other));
        let (Some(median_of_direct), Some(median_of_relay)) = (of_direct.median(), of_relay.median()) else {
            return Err(Failure::step(format!("no figure in:\n{lines}")));
        };
        let [relay_cpu, bridge_cpu] =
            ["relay", "bridge"].map(|via| series(&lines, via, connections, "cpu_s_per_gb").shown(plain));
        table.row([
            connections.to_string(),
            direct.shown(plain),
            relayed.shown(plain),
            bridged.shown(plain),
            of_direct.shown(plain),
            of_relay.shown(plain),
            relay_cpu,
            bridge_cpu,
        ]);
        if connections == 1 {
            let what = "bridge, one connection, part of the throughput of";
            report.at_least(&format!("{what} a direct one"), median_of_direct, OF_DIRECT, "");
            report.at_least(&format!("{what} a relay"), median_of_relay, OF_RELAY, "");
        }
    }
    report.table(
        "Five requests in flight per connection, each acknowledged; client, sink and what is between them share the cores",
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
