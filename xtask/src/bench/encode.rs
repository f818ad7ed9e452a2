//! Records into batches: the one loop that every record passes.

use crate::bench::Target;
use crate::bench::report::Report;
use crate::failure::{Failure, Result};
use crate::json;
use crate::run::Cmd;
use crate::steps::{Outcome, node, rust, step};
use crate::tree;

pub(crate) const TARGET: Target = Target {
    name: "encode",
    measures: "ns per record to encode 10 B keys and 100 B or 1,000 B values into 64 KB batches with CRC: \
               ottla native and wasm in Node, beside kafkajs and @platformatic/kafka",
    run,
};

/// What kafkajs takes, divided by what we may take.
const BARS: [(&str, f64); 2] = [("native", 60.0), ("wasm", 30.0)];

fn run(report: &mut Report) -> Result<()> {
    rust::targets(&[rust::WASM])?;
    node::packages()?;
    let mut lines = String::new();
    step("encode-bench", || {
        let build = ["build", "--release", "--package", "encode-bench"];
        Cmd::cargo().args(build).logged("bench-encode-build")?;
        Cmd::cargo()
            .args(build)
            .args(["--lib", "--target", rust::WASM])
            .logged("bench-encode-build-wasm")?;
        lines += &Cmd::new(tree::target().join("release/encode-bench")).logged("bench-encode-native")?;
        let wasm = tree::target().join(rust::WASM).join("release/encode_bench.wasm");
        let node = Cmd::new("node")
            .args(["tools/encode-bench/run.mjs"])
            .arg(wasm)
            .arg(tree::root().join("node_modules"));
        lines += &node.logged("bench-encode-node")?;
        Ok(Outcome::Done("ran".to_owned()))
    })?;
    for value_len in [100.0, 1000.0] {
        let figures: Vec<(String, f64)> = lines.lines().filter_map(|line| figure(line, value_len)).collect();
        for (target, ns) in &figures {
            report.figure(&format!("{target}, {value_len} B values"), *ns, "ns/record");
        }
        // The bars are for the size that most records have; large values only measure the CRC.
        if value_len > 100.0 {
            continue;
        }
        let of = |name: &str| {
            let found = figures
                .iter()
                .find(|(target, _)| target == name)
                .map(|(_, ns)| *ns);
            found.ok_or_else(|| Failure::step(format!("no figure for {name} in:\n{lines}")))
        };
        let kafkajs = of("kafkajs")?;
        for (target, ratio) in BARS {
            report.at_most(
                &format!("{target} against 1/{ratio} of kafkajs"),
                of(target)?,
                kafkajs / ratio,
                "ns/record",
            );
        }
    }
    Ok(())
}

fn figure(line: &str, value_len: f64) -> Option<(String, f64)> {
    let same = json::number(line, "value_len").is_some_and(|length| (length - value_len).abs() < 0.5);
    if same {
        Some((json::text(line, "target")?, json::number(line, "ns_per_record")?))
    } else {
        None
    }
}
