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
    measures: "50,000 records of 100 B over 200 keys from one tab, live, stage visible, through the bridge into Kafka",
    run,
};

const RECORDS: u64 = 50_000;
const TOPIC: &str = "load";
/// Beyond this (milliseconds) a browser calls a task long: the page misses frames.
const LONGEST_TASK: f64 = 50.0;

fn run(report: &mut Report) -> Result<()> {
    system::CHROMIUM.require()?;
    node::packages()?;
    Page::Release.build()?;
    let ottla = binaries::ottla("release")?;
    let kafka = Kafka::start()?;
    let mut lines = Vec::new();
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
            lines.push(
                load.args([&RECORDS.to_string(), "100", "200"])
                    .logged("bench-page")?,
            );
        }
        Ok(Outcome::Done(format!("{} rounds", report.rounds())))
    })?;
    let figure =
        |name: &str| -> Series { lines.iter().filter_map(|line| json::number(line, name)).collect() };
    let [rates, longest, acked] = ["perSecond", "longest", "ok"].map(figure);
    let (Some(task), Some(ok)) = (longest.median(), acked.median()) else {
        return Err(Failure::step(format!("no figure in:\n{}", lines.join("\n"))));
    };
    let mut table = Table::new(&["records/s", "told ok", "longest task, ms (0: none over 50)"]);
    table.row([rates.shown(plain), plain(ok), longest.shown(plain)]);
    report.table("One tab of Chromium", &table);
    report.at_most("longest task of the page's main thread", task, LONGEST_TASK, "ms");
    Ok(())
}
