//! Makes the JavaScript around a wasm file, with the very `wasm-bindgen` that the workspace's lock file names.
//!
//! `bindgen-tool INPUT.wasm OUT_DIR OUT_NAME [--typescript]`, always for the target `web`: its output also
//! loads in Node, in workers and in workerd, by `initSync`.
#![allow(clippy::print_stderr, reason = "a command line tool reports on stderr")]

use std::process::ExitCode;

use wasm_bindgen_cli_support::Bindgen;

const USAGE: &str = "usage: bindgen-tool INPUT.wasm OUT_DIR OUT_NAME [--typescript]";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let (typescript, paths): (Vec<_>, Vec<_>) = args.iter().partition(|arg| *arg == "--typescript");
    let [input, out_dir, out_name] = paths[..] else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    let mut bindgen = Bindgen::new();
    let result = bindgen.web(true).and_then(|bindgen| {
        bindgen
            .input_path(input)
            .out_name(out_name)
            .typescript(!typescript.is_empty())
            // The library's default drops the path that `init()` without arguments needs.
            .omit_default_module_path(false)
            .generate(out_dir)
    });
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bindgen-tool: {input}: {error:?}");
            ExitCode::FAILURE
        }
    }
}
