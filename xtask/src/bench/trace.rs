//! What tracing costs, in instructions: time is too noisy for differences of one percent.

use std::path::Path;

use crate::bench::Target;
use crate::bench::core::Build;
use crate::bench::estimate::Takes;
use crate::bench::report::Report;
use crate::bench::series::plain;
use crate::bench::table::Table;
use crate::failure::{Failure, Result};
use crate::run::Cmd;
use crate::steps::{Outcome, step, system};

pub(crate) const TARGET: Target = Target {
    name: "trace",
    measures: "instructions per record of tracing off and at level batch, against tracing compiled out",
    // Instructions are counted once: they hardly differ from run to run.
    takes: Takes { once: 30, round: 0 },
    run,
};

/// The difference between two runs leaves out what happens once, such as connecting.
const RECORDS: [u64; 2] = [20_000, 60_000];
/// At most this much more than with tracing compiled out.
const BARS: [(&str, f64); 2] = [("off", 1.0), ("batch", 3.0)];

fn run(report: &mut Report) -> Result<()> {
    system::VALGRIND.require()?;
    let untraced = Build::Untraced.program()?;
    let traced = Build::Traced.program()?;
    let variants: [(&str, &Path, &str); 4] = [
        ("compiled out", &untraced, "off"),
        ("off", &traced, "off"),
        ("batch", &traced, "batch"),
        ("record", &traced, "record"),
    ];
    let mut figures = Vec::new();
    for (name, program, level) in variants {
        step(&format!("counting instructions, {name}"), || {
            figures.push((
                name,
                [
                    per_record(program, "append", level)?,
                    per_record(program, "path", level)?,
                ],
            ));
            Ok(Outcome::Done("counted".to_owned()))
        })?;
    }
    let (_, base) = figures[0];
    let over = |value: f64, base: f64| (value / base - 1.0) * 100.0;
    let mut table = Table::new(&["tracing", "append", "over", "send to acknowledgement", "over"]);
    for (name, [append, path]) in &figures {
        let percent = |value: f64, base: f64| format!("{:+.2} %", over(value, base));
        table.row([
            (*name).to_owned(),
            plain(*append),
            percent(*append, base[0]),
            plain(*path),
            percent(*path, base[1]),
        ]);
    }
    report.table(
        "Instructions per record of 10 B key and 100 B value, batches of 16 KB, not compressed",
        &table,
    );
    for (level, limit) in BARS {
        let figure = figures.iter().find(|(name, _)| *name == level);
        let (_, [append, _]) = figure.expect("both levels are variants above");
        report.at_most(
            &format!("append, tracing {level}: more than compiled out"),
            over(*append, base[0]),
            limit,
            "%",
        );
    }
    Ok(())
}

/// `what` is `append` or `path`.
fn per_record(program: &Path, what: &str, level: &str) -> Result<f64> {
    let [few, many] = RECORDS;
    let more = count(program, what, level, many)?.saturating_sub(count(program, what, level, few)?);
    Ok(more as f64 / (many - few) as f64)
}

fn count(program: &Path, what: &str, level: &str, records: u64) -> Result<u64> {
    let log = Cmd::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(program)
        .args([what, "none", level, &records.to_string()])
        .logged("bench-callgrind")?;
    let collected = log.lines().find_map(|line| line.split("Collected : ").nth(1));
    collected
        .and_then(|text| text.trim().parse().ok())
        .ok_or_else(|| Failure::step(format!("callgrind counted nothing:\n{log}")))
}
