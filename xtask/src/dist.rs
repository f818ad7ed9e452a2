//! `cargo xtask dist`: what is given to others.

use crate::args::Args;
use crate::failure::{Result, at};
use crate::run::Cmd;
use crate::steps::npm_package::NpmPackage;
use crate::steps::{Outcome, binaries, node, step};
use crate::tree;

pub(crate) fn main(args: Args) -> Result<()> {
    args.finish()?;
    let dist = tree::target().join("dist");
    at(&dist, std::fs::create_dir_all(&dist))?;
    let program = binaries::ottla("release")?;
    step("target/dist", || {
        let copy = dist.join(program.file_name().unwrap_or(program.as_os_str()));
        at(&copy, std::fs::copy(&program, &copy))?;
        Ok(Outcome::Done(tree::shown(&copy)))
    })?;
    node::packages()?;
    NpmPackage::Release.build()?;
    step("npm tarball", || {
        Cmd::new("npm")
            .arg("pack")
            .arg(NpmPackage::Release.dir())
            .arg("--pack-destination")
            .arg(&dist)
            .logged("npm-pack")?;
        Ok(Outcome::Done(tree::shown(&dist)))
    })
}
