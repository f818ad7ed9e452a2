//! `cargo xtask`: everything a developer or CI does with this repository, without anything installed globally.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command line program talks on its terminal"
)]

mod args;
mod bench;
mod demo;
mod dist;
mod doctor;
mod failure;
mod help;
mod json;
mod mutants;
mod prove;
mod run;
mod setup;
mod stamp;
mod steps;
mod test;
mod tree;

use std::process::ExitCode;

use crate::args::Args;
use crate::failure::{Failure, Result};

fn main() -> ExitCode {
    let mut words = std::env::args().skip(1);
    let Some(command) = words.next() else {
        eprintln!("{}", help::OVERVIEW);
        return ExitCode::from(2);
    };
    match dispatch(&command, words.collect()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("\nxtask: {}", failure.message());
            ExitCode::from(failure.exit_code())
        }
    }
}

fn dispatch(command: &str, words: Vec<String>) -> Result<()> {
    let help = match command {
        "help" | "--help" | "-h" => {
            println!("{}", help::OVERVIEW);
            return Ok(());
        }
        "bench" => help::BENCH,
        "demo" => help::DEMO,
        "dist" => help::DIST,
        "doctor" => help::DOCTOR,
        "mutants" => help::MUTANTS,
        "prove" => help::PROVE,
        "setup" => help::SETUP,
        "test" => help::TEST,
        other => {
            return Err(Failure::usage(format!(
                "there is no command `{other}`; `cargo xtask --help` lists them"
            )));
        }
    };
    if words.iter().any(|word| word == "--help" || word == "-h") {
        println!("{help}");
        return Ok(());
    }
    let args = Args::new(command, words);
    match command {
        "bench" => bench::main(args),
        "demo" => demo::main(args),
        "dist" => dist::main(args),
        "doctor" => doctor::main(args),
        "mutants" => mutants::main(args),
        "prove" => prove::main(args),
        "setup" => setup::main(args),
        _ => test::main(args),
    }
}
