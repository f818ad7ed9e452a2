//! `wasm-bindgen-test-runner` as the workspace's lock file names it: runs wasm tests in Node or a browser.
#![allow(clippy::print_stderr, reason = "a command line tool reports on stderr")]

use std::process::ExitCode;

fn main() -> ExitCode {
    match wasm_bindgen_cli::wasm_bindgen_test_runner::run_cli_with_args(std::env::args_os()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:?}");
            ExitCode::FAILURE
        }
    }
}
