//! `wasm-bindgen` as the workspace's lock file names it: what trunk and wasm-pack look for in `PATH`.
#![allow(clippy::print_stderr, reason = "a command line tool reports on stderr")]

use std::process::ExitCode;

fn main() -> ExitCode {
    match wasm_bindgen_cli::wasm_bindgen::run_cli_with_args(std::env::args_os()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:?}");
            ExitCode::FAILURE
        }
    }
}
