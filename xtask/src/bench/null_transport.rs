//! The whole path of a record with a partner that costs nothing: what the producer itself takes.

use crate::bench::core::Build;
use crate::bench::estimate::Takes;
use crate::bench::report::Report;
use crate::bench::series::{Series, plain};
use crate::bench::table::Table;
use crate::bench::turns::in_turns;
use crate::bench::{Target, values};
use crate::failure::Result;
use crate::json;
use crate::run::Cmd;
use crate::steps::node;
use crate::steps::npm_package::NpmPackage;

pub(crate) const TARGET: Target = Target {
    name: "null-transport",
    measures: "ns per record from send to acknowledgement over a transport that answers at once: the core native, \
               and send and post of the npm package in Node",
    takes: Takes { once: 0, round: 15 },
    run,
};

const CODECS: [&str; 2] = ["none", "lz4"];
const VALUE_LENS: [usize; 2] = [100, 1000];
/// How an application hands records over in JavaScript; the names are those that the script prints.
const WAYS: [&str; 3] = ["post", "send, 1,000 a call", "send, 1 a call"];
const KINDS: [&str; 2] = ["bytes", "string"];

fn run(report: &mut Report) -> Result<()> {
    node::packages()?;
    NpmPackage::Release.build()?;
    let program = Build::Traced.program()?;
    let rounds = in_turns("native and in Node", report.rounds(), || {
        let mut lines = String::new();
        for codec in CODECS {
            let run = Cmd::new(&program).args(["time", codec, "off"]);
            lines += &run.logged("bench-null-native")?;
        }
        let node = Cmd::new("node").arg("benches/node/null-transport.mjs");
        let node = node.env("OTTLA_NPM", NpmPackage::Release.dir());
        let node = node.args([values::file(VALUE_LENS[0])?, values::file(VALUE_LENS[1])?]);
        lines += &node.logged("bench-null-node")?;
        Ok(lines)
    })?;
    let mut table = Table::new(&["ns per record", "100 B", "1,000 B"]);
    for codec in CODECS {
        row(
            &mut table,
            &format!("native, {codec}"),
            &rounds,
            &[("codec", codec)],
        )?;
    }
    for way in WAYS {
        for kind in KINDS {
            let name = format!("Node, {way}, {kind}");
            row(&mut table, &name, &rounds, &[("way", way), ("kind", kind)])?;
        }
    }
    report.table(
        "From send to acknowledgement, short keys, idempotent, batch.size=16384, one thread, with the answers",
        &table,
    );
    Ok(())
}

/// `wanted` are texts of the lines that count.
fn row(table: &mut Table, name: &str, rounds: &[String], wanted: &[(&str, &str)]) -> Result<()> {
    let series = |len| {
        let figures = rounds.iter().map(|lines| figure(lines, wanted, len));
        Series::of_all_rounds(name, rounds.len(), figures, &rounds.join("\n"))
    };
    let [small, large] = [series(VALUE_LENS[0])?, series(VALUE_LENS[1])?];
    table.row([name.to_owned(), small.shown(plain), large.shown(plain)]);
    Ok(())
}

fn figure(lines: &str, wanted: &[(&str, &str)], value_len: usize) -> Option<f64> {
    let is_it = |line: &&str| {
        let same = |(key, text): &(&str, &str)| json::text(line, key).as_deref() == Some(text);
        wanted.iter().all(same)
            && json::number(line, "value_len").is_some_and(|len| (len - value_len as f64).abs() < 0.5)
    };
    json::number(lines.lines().find(is_it)?, "ns_per_record")
}
