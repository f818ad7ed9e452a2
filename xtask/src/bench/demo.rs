//! How long a newcomer waits for the page.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use crate::bench::Target;
use crate::bench::estimate::Takes;
use crate::bench::report::Report;
use crate::bench::series::plain;
use crate::bench::server::Server;
use crate::bench::table::Table;
use crate::failure::{Failure, Result, at};

pub(crate) const TARGET: Target = Target {
    name: "demo",
    measures: "from `cargo xtask demo` to a served page: with nothing built, and again",
    takes: Takes { once: 200, round: 3 },
    run,
};

/// Seconds.
const COLD: f64 = 240.0;
const WARM: f64 = 5.0;

fn run(report: &mut Report) -> Result<()> {
    let dir = super::dir()?.join("demo");
    if dir.exists() {
        at(&dir, std::fs::remove_dir_all(&dir))?;
    }
    let cold = until_served(&dir)?;
    let mut warm: f64 = 0.0;
    for _ in 0..report.rounds() {
        warm = warm.max(until_served(&dir)?);
    }
    at(&dir, std::fs::remove_dir_all(&dir))?;
    let mut table = Table::new(&["nothing built, s", "again, s"]);
    table.row([plain(cold), plain(warm)]);
    report.table("cargo xtask demo", &table);
    report.note("Crates and npm packages were there already; \"again\" is the slowest of all rounds.");
    report.at_most("demo with nothing built", cold, COLD, "s");
    report.at_most("demo again", warm, WARM, "s");
    Ok(())
}

/// Seconds until the page and its wasm were read from the address that the demo printed.
fn until_served(target: &Path) -> Result<f64> {
    let start = Instant::now();
    let mut demo = Command::new("cargo");
    demo.args(["xtask", "demo", "--no-open", "--port", "0"])
        .env("CARGO_TARGET_DIR", target);
    let (_demo, line) = Server::start_until(&mut demo, |line| line.contains("http://"))?;
    let host = line
        .split("http://")
        .nth(1)
        .and_then(|rest| rest.split(['/', ' ']).next())
        .ok_or_else(|| Failure::step(format!("no address in: {line}")))?;
    for path in ["/", "/web_bg.wasm"] {
        get(host, path).map_err(|error| Failure::step(format!("http://{host}{path}: {error}")))?;
    }
    Ok(start.elapsed().as_secs_f64())
}

/// Fails on everything but an answer 200 with a body.
fn get(host: &str, path: &str) -> std::io::Result<()> {
    let mut stream = TcpStream::connect(host)?;
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
    )?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    let body = answer
        .windows(4)
        .position(|four| four == b"\r\n\r\n")
        .map_or(0, |at| answer.len() - at - 4);
    if answer.starts_with(b"HTTP/1.1 200 ") && body > 0 {
        return Ok(());
    }
    let status = String::from_utf8_lossy(&answer[..answer.len().min(60)]).into_owned();
    Err(std::io::Error::other(status))
}
