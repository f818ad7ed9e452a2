//! The explainer's page: wasm, its JavaScript, and `index.html` as plain HTML.

use std::path::PathBuf;

use crate::failure::{Failure, Result, at};
use crate::steps::wasm::WasmBuild;
use crate::steps::{Outcome, html, rust, step, tools};
use crate::tree;

/// The compiler has inlined what is worth it; see the npm package.
const WASM_OPT: [&str; 3] = ["-Oz", "--converge", "--skip-pass=inlining-optimizing"];

/// Which page to build.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Page {
    /// Quick to build, in `target/page`.
    Demo,
    /// As it would be served to the world, in `target/page-release`; needs wasm-opt from `npm ci`.
    Release,
}

impl Page {
    pub(crate) fn dir(self) -> PathBuf {
        tree::target().join(match self {
            Self::Demo => "page",
            Self::Release => "page-release",
        })
    }

    /// Builds everything that the page needs, tools included.
    pub(crate) fn build(self) -> Result<()> {
        rust::targets(&[rust::WASM])?;
        tools::bindgen()?;
        let release = matches!(self, Self::Release);
        WasmBuild {
            package: "ottla-web",
            artifact: "ottla-web",
            profile: if release { "page" } else { "demo" },
            cargo_args: &[],
            out_dir: self.dir(),
            out_name: "web",
            optimised: release.then_some(&WASM_OPT),
        }
        .run()?;
        step("index.html", || self.html())
    }

    fn html(self) -> Result<Outcome> {
        let source = tree::root().join("index.html");
        let text = std::fs::read_to_string(&source)
            .map_err(|error| Failure::step(format!("index.html: {error}")))?;
        let plain = html::plain(&text)?;
        let dir = self.dir();
        html::copy_all(&plain, &tree::root(), &dir)?;
        for (name, content) in [("start.js", html::START), ("index.html", &plain.html)] {
            let file = dir.join(name);
            at(&file, std::fs::write(&file, content))?;
        }
        Ok(Outcome::UpToDate(tree::shown(&dir)))
    }
}
