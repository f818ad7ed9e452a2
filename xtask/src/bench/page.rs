//! The page under load: it must stay as quick as it looks.

use std::path::Path;
use std::process::Command;

use crate::bench::Target;
use crate::bench::estimate::Takes;
use crate::bench::report::Report;
use crate::bench::series::{Series, plain};
use crate::bench::server::{Kafka, Server};
use crate::bench::table::Table;
use crate::bench::turns::in_turns;
use crate::failure::{Failure, Result};
use crate::json;
use crate::run::Cmd;
use crate::steps::page::Page;
use crate::steps::{binaries, node, system};

pub(crate) const TARGET: Target = Target {
    name: "page",
    measures: "50,000 records of 100 B over 200 keys from one tab, live, stage visible, through the bridge into Kafka; \
               and the frames of the sandbox",
    takes: Takes { once: 15, round: 35 },
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
/// Where a round has what the scripts printed.
const LOAD: usize = 0;
const PLAY: usize = 1;

fn run(report: &mut Report) -> Result<()> {
    system::CHROMIUM.require()?;
    node::packages()?;
    Page::Release.build()?;
    let ottla = binaries::ottla("release")?;
    let kafka = Kafka::start()?;
    let rounds = in_turns("the page in Chromium", report.rounds(), || {
        one_round(&ottla, &kafka)
    })?;
    let said: Vec<&str> = rounds.iter().flatten().map(String::as_str).collect();
    let said = said.join("\n");
    let figures = |script: usize, name: &str| {
        let figures = rounds.iter().map(|lines| json::number(&lines[script], name));
        Series::of_all_rounds(name, rounds.len(), figures, &said)
    };
    let (rates, acked) = (figures(LOAD, "perSecond")?, figures(LOAD, "ok")?);
    let (longest, cpu) = (figures(LOAD, "longest")?, figures(LOAD, "longestCpu")?);
    let (median, p99, worst) = (
        figures(PLAY, "median")?,
        figures(PLAY, "p99")?,
        figures(PLAY, "longestFrame")?,
    );
    let (Some(task), Some(task_cpu), Some(ok), Some(frame)) =
        (longest.median(), cpu.most(), acked.least(), p99.median())
    else {
        return Err(Failure::step(format!("no figure in:\n{said}")));
    };
    let mut table = Table::new(&[
        "records/s",
        "told ok, least",
        "longest task, ms",
        "most processor time of a task, ms",
    ]);
    table.row([
        rates.shown(plain),
        whole(ok),
        longest.shown(tenths),
        cpu.shown(tenths),
    ]);
    report.table("One tab of Chromium, live", &table);
    report.note(
        "A task by the clock has in it whatever else ran on the machine meanwhile (Kafka, the bridge and Chromium's \
         other processes share its cores), so the median of the rounds is judged; its processor time, which is the \
         page's own work, in every round.",
    );
    let mut table = Table::new(&["median, ms", "99 of 100, ms", "longest, ms"]);
    table.row([median.shown(tenths), p99.shown(tenths), worst.shown(tenths)]);
    report.table("The page's part of a frame, sandbox playing", &table);
    report.at_least("records told ok in every round", ok, RECORDS as f64, "");
    report.at_most(
        "longest task of the page's main thread, by the clock",
        task,
        LONGEST_TASK,
        "ms",
    );
    report.at_most(
        "processor time of any task of the page's main thread in any round",
        task_cpu,
        LONGEST_TASK,
        "ms",
    );
    report.at_most("99 of 100 frames of the sandbox", frame, LONGEST_FRAME, "ms");
    Ok(())
}

/// What the scripts printed, at [`LOAD`] and [`PLAY`].
fn one_round(ottla: &Path, kafka: &Kafka) -> Result<[String; 2]> {
    let mut demo = Command::new(ottla);
    demo.args(["demo", "--port", "0", "--no-open", "--topic", TOPIC, "--kafka"])
        .arg(&kafka.bootstrap)
        .arg("--page")
        .arg(Page::Release.dir());
    let (_demo, url) = Server::start(&mut demo)?;
    let load = Cmd::new("node").args(["tests/js/page_load.mjs", &url, TOPIC]);
    let load = load.args([&RECORDS.to_string(), "100", "200"]);
    let play = Cmd::new("node").args(["tests/js/page_frames.mjs", &url, PLAYED_SECONDS]);
    Ok([load.logged("bench-page")?, play.logged("bench-frames")?])
}

/// Counts are compared to the last one, so none of their digits may be left out.
fn whole(count: f64) -> String {
    format!("{count:.0}")
}

fn tenths(ms: f64) -> String {
    format!("{ms:.1}")
}
