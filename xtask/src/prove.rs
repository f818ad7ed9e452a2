//! `cargo xtask prove`: long searches, resumable.

use crate::args::Args;
use crate::failure::{Failure, Result};

/// A long check.
struct Target {
    name: &'static str,
    proves: &'static str,
    /// Takes the hours to go on; `None`: until the target's own end.
    run: fn(Option<f64>) -> Result<()>,
}

const TARGETS: [Target; 0] = [];

pub(crate) fn main(mut args: Args) -> Result<()> {
    let hours = args.value("--hours")?;
    let hours = hours.map(|text| {
        text.parse()
            .map_err(|_| args.refusal(&format!("--hours {text}: not a number")))
    });
    let hours = hours.transpose()?;
    let named = args.targets();
    args.finish()?;
    if named.is_empty() {
        println!("cargo xtask prove TARGET...\n");
        for target in &TARGETS {
            println!("  {:<16} {}", target.name, target.proves);
        }
        return Ok(());
    }
    for name in named {
        let target = TARGETS.iter().find(|target| target.name == name);
        let target = target.ok_or_else(|| {
            Failure::usage(format!(
                "there is no target `{name}`; `cargo xtask prove` lists them"
            ))
        })?;
        println!("{name}: {}", target.proves);
        (target.run)(hours)?;
    }
    Ok(())
}
