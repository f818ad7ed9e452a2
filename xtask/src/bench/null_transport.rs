//! The whole path of a record with a partner that costs nothing: what the producer itself takes.

use crate::bench::Target;
use crate::bench::core::Build;
use crate::bench::report::Report;
use crate::bench::series::{Series, plain};
use crate::bench::table::Table;
use crate::failure::{Failure, Result};
use crate::json;
use crate::run::Cmd;
use crate::steps::{Outcome, step};

pub(crate) const TARGET: Target = Target {
    name: "null-transport",
    measures: "ns per record from send to acknowledgement over a transport that answers at once",
    run,
};

const CODECS: [&str; 2] = ["none", "lz4"];
const VALUE_LENS: [usize; 2] = [100, 1000];

fn run(report: &mut Report) -> Result<()> {
    let program = Build::Traced.program()?;
    let mut lines = String::new();
    step("native rounds", || {
        for _ in 0..report.rounds() {
            for codec in CODECS {
                let run = Cmd::new(&program).args(["time", codec, "off"]);
                lines += &run.logged("bench-null-native")?;
            }
        }
        Ok(Outcome::Done("ran".to_owned()))
    })?;
    let mut table = Table::new(&["ns per record", "100 B", "1,000 B", "records per batch"]);
    for codec in CODECS {
        let [small, large] = VALUE_LENS.map(|len| series(&lines, codec, len, "ns_per_record"));
        let per_batch = series(&lines, codec, VALUE_LENS[0], "records_per_batch");
        if small.is_empty() || large.is_empty() {
            return Err(Failure::step(format!("no figure for {codec} in:\n{lines}")));
        }
        table.row([
            format!("native, {codec}"),
            small.shown(plain),
            large.shown(plain),
            per_batch.shown(plain),
        ]);
    }
    report.table(
        "From send to acknowledgement, 10 B keys, idempotent, batch.size=16384, one thread",
        &table,
    );
    Ok(())
}

fn series(lines: &str, codec: &str, value_len: usize, figure: &str) -> Series {
    let is_it = |line: &&str| {
        json::text(line, "codec").as_deref() == Some(codec)
            && json::number(line, "value_len").is_some_and(|len| (len - value_len as f64).abs() < 0.5)
    };
    lines
        .lines()
        .filter(is_it)
        .filter_map(|line| json::number(line, figure))
        .collect()
}
