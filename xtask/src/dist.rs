//! `cargo xtask dist`: what is given to others.

use crate::args::Args;
use crate::failure::{Result, at};
use crate::steps::{Outcome, binaries, step};
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
    })
}
