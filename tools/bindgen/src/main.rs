//! Makes the JavaScript around a wasm file, with the very `wasm-bindgen` that the workspace's lock file names.
//!
//! `bindgen-tool INPUT.wasm OUT_DIR OUT_NAME [--typescript] [--slim]`, always for the target `web`: its output also
//! loads in Node, in workers and in workerd, by `initSync`. `--slim` is for what is served: smaller, and for nobody to read.
#![allow(clippy::print_stderr, reason = "a command line tool reports on stderr")]

mod glue;
mod imports;
mod slim;
mod slots;

use std::path::Path;
use std::process::ExitCode;

use wasm_bindgen_cli_support::Bindgen;

const USAGE: &str = "usage: bindgen-tool INPUT.wasm OUT_DIR OUT_NAME [--typescript] [--slim]";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let (flags, paths): (Vec<_>, Vec<_>) = args.iter().partition(|arg| arg.starts_with("--"));
    let is_set = |flag: &str| flags.iter().any(|other| *other == flag);
    let known = flags
        .iter()
        .all(|flag| ["--typescript", "--slim"].contains(&flag.as_str()));
    let ([input, out_dir, out_name], true) = (&paths[..], known) else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    let mut bindgen = Bindgen::new();
    let result = bindgen.web(true).and_then(|bindgen| {
        let mut output = bindgen
            .input_path(input)
            .out_name(out_name)
            .typescript(is_set("--typescript"))
            // The library's default drops the path that `init()` without arguments needs.
            .omit_default_module_path(false)
            .generate_output()?;
        if !is_set("--slim") {
            return output.emit(out_dir);
        }
        slim::slim(output.wasm_mut());
        slots::prune(output.wasm_mut());
        let names = imports::Names::shorten(output.wasm_mut(), &format!("{out_name}_bg.js"));
        output.emit(out_dir)?;
        let script = Path::new(out_dir).join(format!("{out_name}.js"));
        let renamed = names.apply(&std::fs::read_to_string(&script)?);
        std::fs::write(&script, renamed.map_err(std::io::Error::other)?)?;
        glue::strip_file(&script)?;
        Ok(())
    });
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bindgen-tool: {input}: {error:?}");
            ExitCode::FAILURE
        }
    }
}
