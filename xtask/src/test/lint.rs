//! Everything that reads the sources without running them.

use crate::bench::peers;
use crate::failure::{Failure, Result};
use crate::run::Cmd;
use crate::steps::{Outcome, rust, step, wheels};
use crate::test::{apart, links, native};
use crate::tree;

/// Directories with a `tsconfig.json`.
const TYPED: [&str; 2] = ["crates/ottla-js/npm", "examples/typescript"];

pub(crate) fn fmt() -> Result<()> {
    step("rustfmt", || {
        Cmd::cargo()
            .args(["fmt", "--all", "--check"])
            .logged("fmt")
            .map_err(|failure| Failure::step(format!("{}\nto repair: cargo fmt --all", failure.message())))?;
        for apart in apart::ALL {
            let manifest = format!("{}/Cargo.toml", apart.dir);
            Cmd::cargo()
                .args(["fmt", "--check", "--manifest-path", &manifest])
                .logged(&format!("fmt-{}", apart.name))?;
        }
        Ok(Outcome::Done("clean".to_owned()))
    })
}

pub(crate) fn clippy() -> Result<()> {
    step("clippy, native", || {
        let clippy = Cmd::cargo()
            .arg("clippy")
            .args(native::selection())
            .arg("--all-targets");
        clippy
            .args(["--", "--deny", "warnings"])
            .logged("clippy-native")?;
        Ok(Outcome::Done("clean".to_owned()))
    })?;
    // In the profile of their tests, so that their dependencies are configured the same.
    step("clippy, tools", || {
        let packages = ["--package", "bindgen-tool", "--package", "wasm-tool"];
        let clippy = Cmd::cargo().arg("clippy").args(packages);
        clippy
            .args(["--profile", "tool", "--all-targets", "--", "--deny", "warnings"])
            .logged("clippy-tools")?;
        Ok(Outcome::Done("clean".to_owned()))
    })?;
    // What is in fuzz/libfuzzer are twenty lines: not worth all of its dependencies.
    step("clippy, librdkafka's mock", || {
        apart::LIBRDKAFKA
            .cargo("clippy")
            .args(["--locked", "--all-targets", "--", "--deny", "warnings"])
            .logged("clippy-librdkafka")?;
        Ok(Outcome::Done("clean".to_owned()))
    })?;
    step("clippy, wasm", || {
        let packages = ["--package", "ottla-js", "--package", "ottla-web"];
        let clippy =
            Cmd::cargo()
                .arg("clippy")
                .args(packages)
                .args(["--target", rust::WASM, "--all-targets"]);
        clippy.args(["--", "--deny", "warnings"]).logged("clippy-wasm")?;
        Ok(Outcome::Done("clean".to_owned()))
    })
}

pub(crate) fn doc() -> Result<()> {
    links::check()?;
    step("rustdoc", || {
        // Libraries only: the program `ottla` and the library `ottla` would write the same pages.
        let doc = Cmd::cargo()
            .args(["doc", "--no-deps", "--lib"])
            .args(native::selection());
        doc.env("RUSTDOCFLAGS", "--deny warnings").logged("doc")?;
        Ok(Outcome::Done("clean".to_owned()))
    })
}

/// Licences, sources and forbidden crates. Advisories are a repository on the network, so they are not here.
pub(crate) fn deny() -> Result<()> {
    step("cargo-deny", || {
        let dirs = apart::ALL.map(|apart| apart.dir).into_iter();
        let manifests = dirs
            .chain([peers::LIBRDKAFKA])
            .map(|dir| format!("{dir}/Cargo.toml"));
        for manifest in std::iter::once("Cargo.toml".to_owned()).chain(manifests) {
            // An absolute path: it is looked for beside the manifest.
            let config = tree::root().join("deny.toml");
            Cmd::new(wheels::deny_program())
                .args(["--all-features", "--manifest-path", &manifest, "--config"])
                .arg(config)
                .args(["check", "licenses", "bans", "sources"])
                .logged("deny")?;
        }
        Ok(Outcome::Done("clean".to_owned()))
    })
}

/// The hand-written TypeScript types, and the files that use them as a caller would.
pub(crate) fn types() -> Result<()> {
    step("TypeScript types", || {
        for dir in TYPED {
            Cmd::new(tree::npm_bin("tsc"))
                .args(["--noEmit", "--project", dir])
                .logged("tsc")?;
        }
        Ok(Outcome::Done("clean".to_owned()))
    })
}
