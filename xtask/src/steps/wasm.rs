//! A package as wasm with its JavaScript, optionally through wasm-opt.

use std::path::{Path, PathBuf};

use crate::failure::{Result, at};
use crate::run::Cmd;
use crate::stamp::Stamp;
use crate::steps::{Outcome, order, rust, step};
use crate::tree;

/// What to build, and where its JavaScript goes.
#[derive(Debug)]
pub(crate) struct WasmBuild {
    pub(crate) package: &'static str,
    /// The file that cargo makes, without `.wasm`.
    pub(crate) artifact: &'static str,
    /// `demo` (fast to build) or `wasm` (small).
    pub(crate) profile: &'static str,
    /// Extra arguments of cargo, such as features.
    pub(crate) cargo_args: &'static [&'static str],
    pub(crate) out_dir: PathBuf,
    pub(crate) out_name: &'static str,
    /// What wasm-opt is told, if what only the message of a panic needs is taken out and it runs on the result.
    pub(crate) optimised: Option<&'static [&'static str]>,
}

impl WasmBuild {
    /// Compiles, binds and optimises; skips the last two while the compiled file is the same.
    pub(crate) fn run(&self) -> Result<()> {
        let Self { package, profile, .. } = self;
        step(&format!("{package}, profile {profile}"), || {
            let args = [
                "build",
                "--package",
                package,
                "--target",
                rust::WASM,
                "--profile",
                profile,
            ];
            Cmd::cargo()
                .args(args)
                .args(self.cargo_args)
                .logged(&format!("wasm-{package}-{profile}"))?;
            let compiled = tree::target()
                .join(rust::WASM)
                .join(profile)
                .join(format!("{}.wasm", self.artifact));
            let stamp = Stamp::new(self.out_dir.join(format!(".{}-stamp", self.out_name)))
                .text(&self.optimised.map_or_else(String::new, |flags| {
                    format!("--slim, wasm-opt {}, ordered", flags.join(" "))
                }))
                .input(&tree::tool("bindgen-tool"))?
                .input(&compiled)?;
            let bound = self.out_dir.join(format!("{}_bg.wasm", self.out_name));
            let outcome = if stamp.is_fresh() && bound.is_file() {
                Outcome::UpToDate
            } else {
                self.bind(&compiled, &bound)?;
                stamp.leave()?;
                Outcome::Done
            };
            let bytes = at(&bound, std::fs::metadata(&bound))?.len();
            Ok(outcome(format!("{} of {} KB", tree::shown(&bound), bytes / 1000)))
        })
    }

    fn bind(&self, compiled: &Path, bound: &Path) -> Result<()> {
        at(&self.out_dir, std::fs::create_dir_all(&self.out_dir))?;
        Cmd::new(tree::tool("bindgen-tool"))
            .arg(compiled)
            .arg(&self.out_dir)
            .arg(self.out_name)
            .args(self.optimised.map(|_| "--slim"))
            .logged(&format!("bindgen-{}", self.package))?;
        if let Some(flags) = self.optimised {
            // Without feature flags: wasm-opt reads them from the module. `--all-features` makes files that
            // browsers refuse.
            let input = bound.with_extension("unoptimised");
            at(bound, std::fs::rename(bound, &input))?;
            let optimise = |flags: &[&str], name: &str| {
                Cmd::new(tree::npm_bin("wasm-opt"))
                    .args(flags)
                    .arg(&input)
                    .arg("-o")
                    .arg(bound)
                    .logged(&format!("wasm-opt-{name}"))
            };
            optimise(flags, self.package)?;
            if let Some(named) = order::named(&at(bound, std::fs::read(bound))?) {
                at(&input, std::fs::write(&input, named))?;
                optimise(&["--reorder-functions-by-name", "--strip-debug"], "order")?;
            }
            at(&input, std::fs::remove_file(&input))?;
        }
        Ok(())
    }
}
