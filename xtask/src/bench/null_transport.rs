//! The whole path of a record with a partner that costs nothing: what the producer itself takes.

use crate::bench::core::Build;
use crate::bench::report::Report;
use crate::bench::series::{Series, plain};
use crate::bench::table::Table;
use crate::bench::{Target, values};
use crate::failure::{Failure, Result};
use crate::json;
use crate::run::Cmd;
use crate::steps::npm_package::NpmPackage;
use crate::steps::{Outcome, node, step};

pub(crate) const TARGET: Target = Target {
    name: "null-transport",
    measures: "ns per record from send to acknowledgement over a transport that answers at once: the core native, \
               and send and post of the npm package in Node",
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
    let mut lines = String::new();
    step("native and in Node, in turns", || {
        for _ in 0..report.rounds() {
            for codec in CODECS {
                let run = Cmd::new(&program).args(["time", codec, "off"]);
                lines += &run.logged("bench-null-native")?;
            }
            let node = Cmd::new("node").arg("benches/node/null-transport.mjs");
            let node = node.env("OTTLA_NPM", NpmPackage::Release.dir());
            let node = node.args([values::file(VALUE_LENS[0])?, values::file(VALUE_LENS[1])?]);
            lines += &node.logged("bench-null-node")?;
        }
        Ok(Outcome::Done(format!("{} rounds", report.rounds())))
    })?;
    let mut table = Table::new(&["ns per record", "100 B", "1,000 B"]);
    for codec in CODECS {
        row(
            &mut table,
            &format!("native, {codec}"),
            &lines,
            &[("codec", codec)],
        )?;
    }
    for way in WAYS {
        for kind in KINDS {
            let name = format!("Node, {way}, {kind}");
            row(&mut table, &name, &lines, &[("way", way), ("kind", kind)])?;
        }
    }
    report.table(
        "From send to acknowledgement, short keys, idempotent, batch.size=16384, one thread, with the answers",
        &table,
    );
    Ok(())
}

/// `wanted` are texts of the lines that count.
fn row(table: &mut Table, name: &str, lines: &str, wanted: &[(&str, &str)]) -> Result<()> {
    let [small, large] = VALUE_LENS.map(|len| series(lines, wanted, len));
    if small.is_empty() || large.is_empty() {
        return Err(Failure::step(format!("no figure for {name} in:\n{lines}")));
    }
    table.row([name.to_owned(), small.shown(plain), large.shown(plain)]);
    Ok(())
}

fn series(lines: &str, wanted: &[(&str, &str)], value_len: usize) -> Series {
    let is_it = |line: &&str| {
        let same = |(key, text): &(&str, &str)| json::text(line, key).as_deref() == Some(text);
        wanted.iter().all(same)
            && json::number(line, "value_len").is_some_and(|len| (len - value_len as f64).abs() < 0.5)
    };
    let figures = lines.lines().filter(is_it);
    figures
        .filter_map(|line| json::number(line, "ns_per_record"))
        .collect()
}
