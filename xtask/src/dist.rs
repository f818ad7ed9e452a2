//! `cargo xtask dist`: what is given to others.

use std::ffi::OsStr;
use std::fs::File;
use std::path::Path;
use std::process::Command;

use crate::args::Args;
use crate::bench::server::Server;
use crate::failure::{Failure, Result, at};
use crate::run::{Cmd, log_path};
use crate::steps::npm_package::NpmPackage;
use crate::steps::{Outcome, binaries, node, step};
use crate::tree;

pub(crate) fn main(args: Args) -> Result<()> {
    args.finish()?;
    let dist = tree::target().join("dist");
    at(&dist, std::fs::create_dir_all(&dist))?;
    let program = binaries::ottla("release")?;
    step("target/dist", || {
        let copy = dist.join(file_name(&program));
        at(&copy, std::fs::copy(&program, &copy))?;
        Ok(Outcome::Done(tree::shown(&copy)))
    })?;
    let tried = dist.join(file_name(&program));
    manual(&tried, &dist)?;
    node::packages()?;
    NpmPackage::Release.build()?;
    let tarball = dist.join(concat!("ottla-", env!("CARGO_PKG_VERSION"), ".tgz"));
    step("npm tarball", || {
        Cmd::new("npm")
            .arg("pack")
            .arg(NpmPackage::Release.dir())
            .arg("--pack-destination")
            .arg(&dist)
            .logged("npm-pack")?;
        Ok(Outcome::Done(tree::shown(&tarball)))
    })?;
    try_out(&tried, &tarball)
}

/// Manual pages and completions, which the program writes itself.
fn manual(program: &Path, dist: &Path) -> Result<()> {
    step("manual pages", || {
        let pages = dist.join("man/man1");
        // A command that is gone leaves no page behind.
        if pages.exists() {
            at(&pages, std::fs::remove_dir_all(&pages))?;
        }
        Cmd::new(program)
            .args(["man", "--out-dir"])
            .arg(&pages)
            .logged("dist-man")?;
        let topics = pages.join("ottla-topics.1");
        at(&topics, std::fs::metadata(&topics))?;
        Ok(Outcome::Done(tree::shown(&pages)))
    })?;
    step("completions", || {
        let scripts = dist.join("completions");
        at(&scripts, std::fs::create_dir_all(&scripts))?;
        for (shell, file) in [("bash", "ottla.bash"), ("zsh", "_ottla"), ("fish", "ottla.fish")] {
            let file = scripts.join(file);
            let script = Cmd::new(program)
                .args(["completions", shell])
                .logged("dist-completions")?;
            at(&file, std::fs::write(&file, script))?;
        }
        Ok(Outcome::Done(tree::shown(&scripts)))
    })
}

/// What was made is used once as those do who get it: the program runs, and npm installs the package into a directory
/// that has nothing else, from where a record goes to a cluster of the program.
fn try_out(program: &Path, tarball: &Path) -> Result<()> {
    step("program", || {
        let version = Cmd::new(program).arg("--version").logged("dist-version")?;
        Ok(Outcome::Done(version.trim().to_owned()))
    })?;
    step("installed package", || {
        let dir = tree::target().join("dist-try");
        // What an earlier run left would hide what is missing now.
        if dir.exists() {
            at(&dir, std::fs::remove_dir_all(&dir))?;
        }
        at(&dir, std::fs::create_dir_all(&dir))?;
        // Without a package.json of its own, npm would install into the checkout.
        let manifest = dir.join("package.json");
        at(
            &manifest,
            std::fs::write(&manifest, r#"{"private":true,"type":"module"}"#),
        )?;
        let flags = ["--offline", "--no-audit", "--no-fund", "--ignore-scripts"];
        let install = Cmd::new("npm").arg("install").arg(tarball).args(flags);
        install.dir(&dir).logged("dist-install")?;
        let script = dir.join("send.mjs");
        at(
            &script,
            std::fs::copy(tree::root().join("tests/js/installed/send.mjs"), &script),
        )?;
        let mut cluster = Command::new(program);
        let log = log_path("dist-cluster")?;
        cluster
            .args(["dev-cluster", "--port-base", "0", "--topic", "clicks:1"])
            .stderr(at(&log, File::create(&log))?);
        let (_cluster, bootstrap) = Server::start(&mut cluster)?;
        let send = Cmd::new("node").args(["send.mjs", &bootstrap, "clicks"]);
        let place = send.dir(&dir).logged("dist-send")?;
        match place.trim() {
            "0 0" => Ok(Outcome::Done("sent a record to the dev-cluster".to_owned())),
            other => Err(Failure::step(format!(
                "send.mjs printed `{other}`, not the place of the first record, `0 0`"
            ))),
        }
    })
}

fn file_name(path: &Path) -> &OsStr {
    path.file_name().unwrap_or(path.as_os_str())
}
