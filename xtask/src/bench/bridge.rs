//! What the bridge costs in throughput.

use crate::bench::estimate::Takes;
use crate::bench::report::Report;
use crate::bench::series::{Series, plain};
use crate::bench::table::Table;
use crate::bench::turns::in_turns;
use crate::bench::{Target, dir};
use crate::failure::{Failure, Result};
use crate::json;
use crate::run::Cmd;
use crate::steps::{Outcome, binaries, step};
use crate::tree;

pub(crate) const TARGET: Target = Target {
    name: "bridge",
    measures: "MB/s of Produce requests of 64 KB through the bridge, through a relay that only copies bytes, and over TCP straight to the same sink",
    takes: Takes { once: 0, round: 10 },
    run,
};

/// One connection is what a page has to a broker; four are what keeps both cores busy.
const CONNECTIONS: [usize; 2] = [1, 4];
/// Of what goes through a direct connection.
const OF_DIRECT: f64 = 0.6;
/// Of what goes through the relay. Client, sink and what is between them share the cores, so any hop takes from the
/// other two what it needs; against the relay it is the bridge's own work that shows: taking the mask off, reading the
/// request, and the wait for its last byte.
const OF_RELAY: f64 = 0.8;
/// With four connections the relay keeps both cores busy, and its own rounds differ by half.
const FOUR_OF_RELAY: f64 = 0.75;
const REASON: &str = "Client, sink and what is between them share two cores: any hop takes from the other two what it \
                      needs, and a relay that only copies bytes, a process of its own in the same rounds, is the \
                      ceiling. Whatever is below 0.6 of direct is therefore judged by the relay, at 0.8.";

/// What the bridge passes, as parts of what others pass in the same rounds.
#[derive(Debug, Clone, Copy)]
struct Parts {
    of_direct: f64,
    of_relay: f64,
}

fn run(report: &mut Report) -> Result<()> {
    let ottla = binaries::ottla("release")?;
    step("bridge-bench", || {
        Cmd::cargo()
            .args(["build", "--release", "--package", "bridge-bench"])
            .logged("bench-bridge-build")?;
        Ok(Outcome::Done("built".to_owned()))
    })?;
    let rounds = in_turns("direct, relay, bridge", report.rounds(), || {
        let run = Cmd::new(tree::target().join("release/bridge-bench"));
        run.arg(&ottla).arg(dir()?).arg("1").logged("bench-bridge")
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
    let [one, four] = CONNECTIONS.map(|connections| parts(&rounds, connections, &mut table));
    let (one, four) = (one?, four?);
    report.table(
        "Five requests in flight per connection, each acknowledged; client, sink and what is between them share the cores",
        &table,
    );
    report.note(REASON);
    let (kept, line) = one_connection(one);
    report.verdict(kept, line);
    let what = "bridge, four connections, part of the throughput of a relay";
    report.at_least(what, four.of_relay, FOUR_OF_RELAY, "");
    Ok(())
}

/// Adds the row of so many connections.
fn parts(rounds: &[String], connections: usize, table: &mut Table) -> Result<Parts> {
    let series = |via: &str, name: &str| {
        let figures = rounds.iter().map(|lines| figure(lines, via, connections, name));
        Series::of_rounds(
            &format!("{via}, {connections} connections, {name}"),
            rounds.len(),
            figures,
        )
    };
    let rate = |via| series(via, "mb_per_s");
    let [direct, relayed, bridged] = [rate("direct")?, rate("relay")?, rate("bridge")?];
    let [of_direct, of_relay] = [bridged.over(&direct)?, bridged.over(&relayed)?];
    let (Some(median_of_direct), Some(median_of_relay)) = (of_direct.median(), of_relay.median()) else {
        return Err(Failure::step(format!("no figure in:\n{}", rounds.join("\n"))));
    };
    // Without /proc there is no processor time.
    let cpu = |via| series(via, "cpu_s_per_gb");
    table.row([
        connections.to_string(),
        direct.shown(plain),
        relayed.shown(plain),
        bridged.shown(plain),
        of_direct.shown(plain),
        of_relay.shown(plain),
        cpu("relay")?.shown(plain),
        cpu("bridge")?.shown(plain),
    ]);
    Ok(Parts {
        of_direct: median_of_direct,
        of_relay: median_of_relay,
    })
}

/// Whether one connection is quick enough, and the line that says by which bar.
fn one_connection(Parts { of_direct, of_relay }: Parts) -> (bool, String) {
    let what = "bridge, one connection, part of the throughput of";
    let direct = format!(
        "{what} a direct one: {}, the bar is at least {OF_DIRECT}",
        plain(of_direct)
    );
    if of_direct >= OF_DIRECT {
        return (true, direct);
    }
    let relay = format!("of a relay: {}, the bar is at least {OF_RELAY}", plain(of_relay));
    (of_relay >= OF_RELAY, format!("{direct}, or else {relay}"))
}

fn figure(lines: &str, via: &str, connections: usize, name: &str) -> Option<f64> {
    let is_it = |line: &&str| {
        json::text(line, "via").as_deref() == Some(via)
            && json::number(line, "connections").is_some_and(|count| (count - connections as f64).abs() < 0.5)
    };
    json::number(lines.lines().find(is_it)?, name)
}

#[cfg(test)]
mod tests {
    use super::{Parts, figure, one_connection};

    #[test]
    fn one_connection_is_judged_by_the_direct_one_or_else_by_the_relay() {
        let kept = |of_direct, of_relay| one_connection(Parts { of_direct, of_relay }).0;
        assert!(kept(0.6, 0.1));
        assert!(kept(0.59, 0.8));
        assert!(!kept(0.59, 0.79));
        let (_, line) = one_connection(Parts {
            of_direct: 0.5,
            of_relay: 0.7,
        });
        assert!(line.contains("0.500") && line.contains("0.700"), "{line}");
    }

    #[test]
    fn a_figure_belongs_to_its_way_and_its_connections() {
        let lines = "{\"via\":\"relay\",\"connections\":1,\"mb_per_s\":10}\n\
                     {\"via\":\"relay\",\"connections\":4,\"mb_per_s\":20,\"cpu_s_per_gb\":0.5}";
        assert_eq!(figure(lines, "relay", 4, "mb_per_s"), Some(20.0));
        assert_eq!(figure(lines, "relay", 1, "cpu_s_per_gb"), None);
        assert_eq!(figure(lines, "bridge", 1, "mb_per_s"), None);
    }
}
