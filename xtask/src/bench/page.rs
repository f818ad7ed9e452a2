//! The page under load: it must stay as quick as it looks.

use std::process::Command;

use crate::bench::Target;
use crate::bench::report::Report;
use crate::bench::series::{Series, plain};
use crate::bench::server::{Kafka, Server};
use crate::bench::table::Table;
use crate::failure::{Failure, Result};
use crate::json;
use crate::run::Cmd;
use crate::steps::page::Page;
use crate::steps::{Outcome, binaries, node, step, system};

pub(crate) const TARGET: Target = Target {
    name: "page",
    measures: "50,000 records of 100 B over 200 keys from one tab, live, stage visible, through the bridge into Kafka; \
               and the frames of the sandbox",
    run,
};

const RECORDS: u64 = 50_000;
const TOPIC: &str = "load";
/// Beyond this (milliseconds) a browser calls a task long: the page misses frames.
const LONGEST_TASK: f64 = 50.0;

/// A frame at 60 Hz (milliseconds).
const LONGEST_FRAME: f64 = 16.7;
/// How long the sandbox plays.
const PLAYED_SECONDS: &str = "10";

fn run(report: &mut Report) -> Result<()> {
    system::CHROMIUM.require()?;
    node::packages()?;
    Page::Release.build()?;
    let ottla = binaries::ottla("release")?;
    let kafka = Kafka::start()?;
    let (mut loads, mut plays) = (Vec::new(), Vec::new());
    step("the page in Chromium", || {
        for _ in 0..report.rounds() {
            let mut demo = Command::new(&ottla);
            demo.args([
                "demo",
                "--port",
                "0",
                "--no-open",
                "--topic",
                TOPIC,
                "--kafka",
                &kafka.bootstrap,
            ]);
            demo.arg("--page").arg(Page::Release.dir());
            let (_demo, url) = Server::start(&mut demo)?;
            let load = Cmd::new("node").args(["tests/js/page_load.mjs", &url, TOPIC]);
            loads.push(
                load.args([&RECORDS.to_string(), "100", "200"])
                    .logged("bench-page")?,
            );
            let play = Cmd::new("node").args(["tests/js/page_frames.mjs", &url, PLAYED_SECONDS]);
            plays.push(play.logged("bench-frames")?);
        }
        Ok(Outcome::Done(format!("{} rounds", report.rounds())))
    })?;
    let figure = |lines: &[String], name: &str| -> Series {
        lines.iter().filter_map(|line| json::number(line, name)).collect()
    };
    let [rates, longest, cpu, acked] =
        ["perSecond", "longest", "longestCpu", "ok"].map(|name| figure(&loads, name));
    let [median, p99, worst] = ["median", "p99", "longestFrame"].map(|name| figure(&plays, name));
    let (Some(task), Some(ok), Some(frame)) = (longest.median(), acked.median(), p99.median()) else {
        let lines: Vec<_> = loads.into_iter().chain(plays).collect();
        return Err(Failure::step(format!("no figure in:\n{}", lines.join("\n"))));
    };
    let mut table = Table::new(&[
        "records/s",
        "told ok",
        "longest task, ms",
        "its processor time, ms",
    ]);
    table.row([
        rates.shown(plain),
        plain(ok),
        longest.shown(tenths),
        cpu.shown(tenths),
    ]);
    report.table("One tab of Chromium, live", &table);
    let mut table = Table::new(&["median, ms", "99 of 100, ms", "longest, ms"]);
    table.row([median.shown(tenths), p99.shown(tenths), worst.shown(tenths)]);
    report.table("The page's part of a frame, sandbox playing", &table);
    report.at_most("longest task of the page's main thread", task, LONGEST_TASK, "ms");
    report.at_most("99 of 100 frames of the sandbox", frame, LONGEST_FRAME, "ms");
    Ok(())
}

fn tenths(ms: f64) -> String {
    format!("{ms:.1}")
}
