//! The npm package `ottla` as a directory that npm can install: JavaScript, types, wasm, licences.

use std::path::{Path, PathBuf};

use crate::failure::{Result, at};
use crate::steps::wasm::WasmBuild;
use crate::steps::{Outcome, rust, step, tools};
use crate::tree;

/// Which package to build.
#[derive(Debug, Clone, Copy)]
pub(crate) enum NpmPackage {
    /// Quick to build, for tests: `target/npm/ottla`.
    Demo,
    /// As it is published: `target/npm-release/ottla`; needs wasm-opt from `npm ci`.
    Release,
}

/// What is copied from `crates/ottla-js/npm`.
const FILES: [&str; 5] = ["package.json", "README.md", "index.d.ts", "workerd.d.ts", "src"];
/// The compiler has inlined what is worth it. What wasm-opt inlines besides makes a smaller file that compresses worse:
/// by 5 KB of 119.
const WASM_OPT: [&str; 2] = ["-O3", "--skip-pass=inlining-optimizing"];
const LICENCES: [&str; 2] = ["LICENSE-APACHE", "LICENSE-MIT"];

impl NpmPackage {
    pub(crate) fn dir(self) -> PathBuf {
        let room = match self {
            Self::Demo => "npm",
            Self::Release => "npm-release",
        };
        tree::target().join(room).join("ottla")
    }

    /// Builds the package, tools included.
    pub(crate) fn build(self) -> Result<()> {
        rust::targets(&[rust::WASM])?;
        tools::bindgen()?;
        let release = matches!(self, Self::Release);
        WasmBuild {
            package: "ottla-js",
            artifact: "ottla_js",
            profile: if release { "wasm" } else { "demo" },
            cargo_args: &[],
            out_dir: self.dir().join("wasm"),
            out_name: "ottla",
            optimised: release.then_some(&WASM_OPT),
        }
        .run()?;
        step("npm package ottla", || {
            let source = tree::root().join("crates/ottla-js/npm");
            for name in FILES {
                copy(&source.join(name), &self.dir().join(name))?;
            }
            for name in LICENCES {
                copy(&tree::root().join(name), &self.dir().join(name))?;
            }
            Ok(Outcome::UpToDate(tree::shown(&self.dir())))
        })
    }
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    if from.is_dir() {
        at(to, std::fs::create_dir_all(to))?;
        for entry in at(from, std::fs::read_dir(from))? {
            let entry = at(from, entry)?;
            copy(&entry.path(), &to.join(entry.file_name()))?;
        }
        return Ok(());
    }
    at(from, std::fs::copy(from, to)).map(drop)
}
